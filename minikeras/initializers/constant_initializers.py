"""Initializers without chance."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.arguments import ArgumentError, Numbers
from minikeras.common.dtypes import np_dtype, standardize_dtype
from minikeras.initializers.initializer import Initializer


def _dtype(dtype: Any) -> np.dtype:
    return np_dtype(standardize_dtype(dtype))


class Constant(Initializer):
    """A value everywhere.

    Args:
        value: number, or array that broadcasts to the shape.

    Example:

    >>> from minikeras import initializers
    >>> initializers.Constant(3.0)((2,))
    <Tensor shape=(2,) dtype=float32 [3. 3.]>
    """

    def __init__(self, value: Numbers = 0.0) -> None:
        self.value = value

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        dtype = _dtype(dtype)
        value = to_array(self.value, dtype)
        try:
            return Tensor(value * np.ones(shape, dtype))
        except ValueError:
            expected = f"a number, or an array that broadcasts to the shape {tuple(shape)}"
            raise ArgumentError("Constant", "value", expected, self.value) from None


class Zeros(Initializer, aliases=["zero"]):
    """Zeros.

    Example:

    >>> from minikeras import initializers
    >>> initializers.Zeros()((2,))
    <Tensor shape=(2,) dtype=float32 [0. 0.]>
    """

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        return Tensor(np.zeros(shape, _dtype(dtype)))


class Ones(Initializer, aliases=["one"]):
    """Ones.

    Example:

    >>> from minikeras import initializers
    >>> initializers.Ones()((2,))
    <Tensor shape=(2,) dtype=float32 [1. 1.]>
    """

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        return Tensor(np.ones(shape, _dtype(dtype)))


class Identity(Initializer, aliases=["IdentityInitializer"]):
    """The identity matrix, times a gain. For matrices only.

    Args:
        gain: factor.

    Example:

    >>> from minikeras import initializers
    >>> initializers.Identity(gain=2.0)((2, 2)).tolist()
    [[2.0, 0.0], [0.0, 2.0]]
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        if len(shape) != 2:
            raise ValueError(
                "Identity matrix initializer can only be used for 2D matrices. "
                f"Received: shape={tuple(shape)} of rank {len(shape)}."
            )
        return Tensor((self.gain * np.eye(*shape)).astype(_dtype(dtype)))


class STFT(Initializer, aliases=["STFTInitializer"]):
    """Kernels of a convolution that computes a short-time Fourier transform.

    Args:
        side: `"real"` or `"imag"`, the part of the transform.
        window: name of a window of `scipy.signal.get_window`, an array of the frame's length, or
            None.
        scaling: `"density"`, `"spectrum"` or None, how the window is normalized.
        periodic: whether the window is periodic rather than symmetric.

    Raises:
        ValueError: if `side`, `window` or `scaling` is not valid.

    Example:

    >>> from minikeras import initializers
    >>> initializers.STFT("real")((8, 1, 5)).shape  # frame length, 1, frequencies
    (8, 1, 5)
    """

    def __init__(
        self,
        side: str = "real",
        window: str | Numbers | None = "hann",
        scaling: str | None = "density",
        periodic: bool = False,
    ) -> None:
        if side not in ("real", "imag"):
            raise ValueError(
                f"STFT: argument `side` must be 'real' or 'imag'. Received: side={side!r}"
            )
        if isinstance(window, str):
            _window(window, 1, bool(periodic))
        if scaling not in (None, "density", "spectrum"):
            raise ValueError(
                "STFT: argument `scaling` must be None, 'density' or 'spectrum'. "
                f"Received: scaling={scaling!r}"
            )
        self.side, self.window, self.scaling = side, window, scaling
        self.periodic = bool(periodic)

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        length, _, frequencies = shape
        dtype = _dtype(dtype)
        angle = np.outer(np.arange(length), np.arange(frequencies)) * (-np.pi / (frequencies - 1))
        kernel = np.cos(angle) if self.side == "real" else np.sin(angle)
        if self.window is not None:
            if isinstance(self.window, str):
                window = _window(self.window, length, self.periodic)
            else:
                window = np.asarray(to_array(self.window), np.float64)
            if window.shape != (length,):
                raise ValueError(
                    f"STFT: the window must have shape ({length},), as the kernel's frames. "
                    f"Received: window of shape {window.shape}"
                )
            scale = 1.0
            if self.scaling == "density":
                scale = np.sqrt(np.square(window).sum())
            elif self.scaling == "spectrum":
                scale = np.abs(window).sum()
            kernel *= window[:, None] / scale
        return Tensor(np.broadcast_to(kernel[:, None, :], tuple(shape)).astype(dtype))


def _window(name: str, length: int, periodic: bool) -> np.ndarray:
    from scipy.signal import get_window

    try:
        return get_window(name, length, periodic)
    except ValueError as error:
        raise ValueError(f"STFT: argument `window` is not valid. {error}") from error
