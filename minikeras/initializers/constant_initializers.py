"""Initializers without chance."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.dtypes import to_np_dtype
from minikeras.initializers.initializer import Initializer


class Constant(Initializer):
    """A constant everywhere.

    Args:
        value: number, or array that broadcasts to the shape.

    Example:

    >>> from minikeras import initializers
    >>> initializers.Constant(3.0)((2,))
    <Tensor shape=(2,) dtype=float32 [3. 3.]>
    """

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        dtype = to_np_dtype(dtype)
        value = np.broadcast_to(to_array(self.value).astype(dtype), tuple(shape))
        return Tensor(np.array(value))

    def get_config(self) -> dict:
        return {"value": self.value}


class Zeros(Initializer):
    """Zeros."""

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        return Tensor(np.zeros(tuple(shape), to_np_dtype(dtype)))


class Ones(Initializer):
    """Ones."""

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        return Tensor(np.ones(tuple(shape), to_np_dtype(dtype)))


class Identity(Initializer):
    """The identity matrix, times a gain.

    Args:
        gain: factor.
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        if len(shape) != 2:
            raise ValueError(
                "Identity initializer can only be used for 2D matrices. "
                f"Received: shape={tuple(shape)} of rank {len(shape)}."
            )
        dtype = to_np_dtype(dtype)
        return Tensor((self.gain * np.eye(*shape)).astype(dtype))

    def get_config(self) -> dict:
        return {"gain": self.gain}
