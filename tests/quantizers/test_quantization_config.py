"""The configs of `quantize` are made, refused and written as in Keras."""

from __future__ import annotations

import pytest

from minikeras import quantizers
from minikeras.common.serialization import deserialize_keras_object, serialize_keras_object

CONFIGS = [
    lambda q: q.Int8QuantizationConfig(),
    lambda q: q.Int8QuantizationConfig(q.AbsMaxQuantizer(axis=0), None),
    lambda q: q.Int4QuantizationConfig(),
    lambda q: q.Int4QuantizationConfig(
        q.AbsMaxQuantizer(axis=0, value_range=(-8, 7)), block_size=None
    ),
    lambda q: q.Int4QuantizationConfig(block_size=-1),
    lambda q: q.Float8QuantizationConfig(),
]
WRONG = [
    lambda q: q.Int8QuantizationConfig(q.AbsMaxQuantizer(axis=0, output_dtype="int32")),
    lambda q: q.Int4QuantizationConfig(q.AbsMaxQuantizer(axis=0, value_range=(-8, 7))),
    lambda q: q.Int4QuantizationConfig(q.AbsMaxQuantizer(axis=0), block_size=None),
    lambda q: q.Int4QuantizationConfig(block_size=0),
]


@pytest.mark.parametrize("make", CONFIGS)
def test_config_is_keras(keras, make):
    ours, theirs = make(quantizers), make(keras.quantizers)
    assert ours.mode == theirs.mode
    written = serialize_keras_object(ours)
    assert written == keras.saving.serialize_keras_object(theirs)
    again = deserialize_keras_object(written)
    assert type(again) is type(ours)
    assert again.get_config() == ours.get_config()


@pytest.mark.parametrize("make", WRONG)
def test_wrong_configs_are_refused(make):
    with pytest.raises(ValueError, match="Received"):
        make(quantizers)


@pytest.mark.parametrize("make", WRONG)
def test_keras_refuses_them_too(keras, make):
    with pytest.raises(ValueError):
        make(keras.quantizers)


def test_old_int4_configs_have_no_groups():
    assert quantizers.Int4QuantizationConfig.from_config({}).block_size is None
