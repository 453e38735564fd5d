"""A layer says of an input of integers, before there is data, the dtype that it then has."""

import numpy as np
import pytest

from minikeras import KerasTensor, layers

MADE = {
    "Dense": (lambda: layers.Dense(2), (3,)),
    "EinsumDense": (lambda: layers.EinsumDense("ab,bc->ac", (2,)), (3,)),
    "Conv1D": (lambda: layers.Conv1D(2, 2), (5, 3)),
    "Conv2D": (lambda: layers.Conv2D(2, 2), (5, 5, 3)),
    "Conv2DTranspose": (lambda: layers.Conv2DTranspose(2, 2), (5, 5, 3)),
    "DepthwiseConv2D": (lambda: layers.DepthwiseConv2D(2), (5, 5, 3)),
    "SeparableConv2D": (lambda: layers.SeparableConv2D(2, 2), (5, 5, 3)),
}


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "int64"])
@pytest.mark.parametrize("name", MADE)
def test_integers_become_floats_before_there_is_data(name, dtype):
    make, shape = MADE[name]
    layer = make()
    described = layer(KerasTensor((4, *shape), dtype))
    assert described.dtype == layer(np.ones((4, *shape), dtype)).dtype == "float32"
