"""`RandomHeight` and `RandomWidth` of tf.keras 2, and where augmenting layers were found then."""

import numpy as np
import pytest

import minikeras
from minikeras.compat.keras2 import layers
from minikeras.compat.keras2.random_sizes import RandomHeight, RandomWidth


@pytest.mark.parametrize("cls, axis", [(RandomHeight, 1), (RandomWidth, 2)])
def test_one_axis_gets_a_random_size(cls, axis):
    images = np.arange(2 * 8 * 8 * 1, dtype="float32").reshape(2, 8, 8, 1)
    layer = cls((-0.5, 0.5), seed=1)
    sizes = {layer(images).shape[axis] for _ in range(60)}
    assert sizes == set(range(4, 12))
    shape = list(images.shape)
    shape[axis] = 12
    wanted = minikeras.ops.image.resize(images, shape[1:3], data_format="channels_last")
    np.testing.assert_array_equal(cls((0.5, 0.5))(images), wanted)
    np.testing.assert_array_equal(layer(images, training=False), images)
    shape[axis] = None
    assert layer.compute_output_shape(images.shape) == tuple(shape)
    again = minikeras.layers.deserialize(minikeras.layers.serialize(layer))
    assert type(again) is cls and again.factor == layer.factor
    with pytest.raises(ValueError, match="factor"):
        cls((0.5, -0.5))


def test_they_have_their_names():
    assert {"RandomHeight", "RandomWidth"} <= set(layers.NAMES)
