"""Ops that make tensors of no tensors, which the registry of ops does not hold, against Keras."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from minikeras import ops
from minikeras.ops.symbolic import OPS

CALLS = [
    ("arange", (5,), {}),
    ("arange", (2, 9, 3), {}),
    ("arange", (9, 2, -3), {}),
    ("arange", (3, 3), {}),
    ("arange", (0.1, 1.1, 0.1), {}),
    ("arange", (0, 0.3, 0.1), {}),
    ("arange", (4,), {"dtype": "float16"}),
    ("arange", (1.5,), {"dtype": "int32"}),
    ("array", ([[1, 2], [3, 4]],), {}),
    ("array", ([1.5, 2],), {"dtype": "int32"}),
    ("eye", (3,), {}),
    ("eye", (2, 4), {"k": 1}),
    ("eye", (4, 2), {"k": -1, "dtype": "int32"}),
    ("full", ((2, 3), 1.5), {}),
    ("full", (2, 7), {}),
    ("full", ((2, 3), np.array([1, 2, 3])), {"dtype": "float32"}),
    ("full", ((), True), {"dtype": "bool"}),
    ("geomspace", (1, 256, 9), {}),
    ("geomspace", (np.float32([1, 2]), np.float32([8, 32])), {"num": 4, "axis": -1}),
    ("geomspace", (1, 1000, 3), {"endpoint": False}),
    ("identity", (3,), {}),
    ("identity", (2,), {"dtype": "bool"}),
    ("ones", ((2, 3),), {}),
    ("ones", (3,), {"dtype": "int8"}),
    ("ones", ((),), {}),
    ("tri", (3,), {}),
    ("tri", (2, 4), {"k": 1}),
    ("tri", (4, 2), {"k": -1, "dtype": "uint8"}),
    ("zeros", ((2, 0),), {}),
    ("zeros", ((2,),), {"dtype": "bool"}),
]
LEFT_OUT = {
    "empty": "its values are whatever was there; its shape is tested below",
    **dict.fromkeys(
        ("convert_to_tensor", "convert_to_numpy", "dtype", "is_tensor", "ndim", "shape", "size"),
        "tested in test_core.py",
    ),
    **dict.fromkeys(
        ("custom_gradient", "jvp", "vectorize"), "take functions; tested by themselves"
    ),
    **dict.fromkeys(("hard_swish", "swish"), "other names of ops in the registry"),
}


def test_every_op_is_here_or_in_the_registry():
    names = {
        name
        for name, value in vars(ops).items()
        if not name.startswith("_") and callable(value) and not inspect.isclass(value)
    }
    assert names - set(OPS) == {name for name, _, _ in CALLS} | set(LEFT_OUT)


@pytest.mark.parametrize(("name", "args", "kwargs"), CALLS)
def test_makes_what_keras_makes(narrow_keras, name, args, kwargs):
    ours = getattr(ops, name)(*args, **kwargs)
    with narrow_keras() as keras:
        theirs = getattr(keras.ops, name)(*args, **kwargs)
        dtype = keras.backend.standardize_dtype(theirs.dtype)
    assert ours.dtype == dtype
    assert ours.shape == tuple(theirs.shape)
    np.testing.assert_allclose(ours.numpy(), np.asarray(theirs), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", [None, "int32"])
def test_empty_has_its_shape_and_dtype(dtype):
    y = ops.empty((2, 3), dtype)
    assert y.shape == (2, 3) and y.dtype == (dtype or "float32")
