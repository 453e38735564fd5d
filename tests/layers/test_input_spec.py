"""What layers say about inputs that do not fit."""

from __future__ import annotations

import numpy as np
import pytest

import minikeras
from minikeras import layers


@pytest.fixture(autouse=True)
def fresh_names():
    minikeras.utils.clear_session()


@pytest.mark.parametrize(
    ("make", "name", "first", "then"),
    [
        (lambda: layers.Dense(3), "dense", (2, 4), (2, 5)),
        (lambda: layers.EinsumDense("ab,bc->ac", 3), "einsum_dense", (2, 4), (2, 5)),
        (lambda: layers.EinsumDense("...b,bc->...c", 3), "einsum_dense", (2, 2, 4), (2, 2, 5)),
        (lambda: layers.LayerNormalization(), "layer_normalization", (2, 4), (2, 5)),
        (lambda: layers.LayerNormalization(axis=1), "layer_normalization", (2, 4, 3), (2, 5, 3)),
        (lambda: layers.SimpleRNN(2), "simple_rnn", (2, 4, 3), (2, 4, 5)),
        (lambda: layers.LSTM(2), "lstm", (2, 4, 3), (2, 4, 5)),
        (lambda: layers.GRU(2), "gru", (2, 4, 3), (2, 4, 5)),
        (lambda: layers.Bidirectional(layers.LSTM(2)), "bidirectional", (2, 4, 3), (2, 4, 5)),
        (lambda: layers.TimeDistributed(layers.Dense(2)), "dense", (2, 4, 3), (2, 4, 5)),
    ],
)
def test_a_built_layer_names_itself_when_an_axis_has_another_size(make, name, first, then):
    layer = make()
    layer(np.ones(first, "float32"))
    with pytest.raises(ValueError, match=f"layer '{name}' is incompatible.*to have value"):
        layer(np.ones(then, "float32"))


def test_axes_without_weights_may_change_their_size():
    norm = layers.LayerNormalization()
    norm(np.ones((2, 4), "float32"))
    assert norm(np.ones((3, 5, 4), "float32")).shape == (3, 5, 4)
    lstm = layers.LSTM(2)
    lstm(np.ones((2, 4, 3), "float32"))
    assert lstm(np.ones((1, 7, 3), "float32")).shape == (1, 2)
    dense = layers.EinsumDense("abc,cd->abd", (None, 2))
    dense(np.ones((2, 4, 3), "float32"))
    assert dense(np.ones((1, 7, 3), "float32")).shape == (1, 7, 2)


def test_strings_are_refused_by_layers_that_compute():
    with pytest.raises(ValueError, match="layer 'dense' is incompatible.*found strings"):
        layers.Dense(2)(np.array([["a", "b"]]))
