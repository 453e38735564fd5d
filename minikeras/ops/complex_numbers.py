"""Complex numbers: parts, conjugates, angles.

The gradient by a complex input follows JAX: the derivative by its real part less `i` times that by
its imaginary part.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import as_tensor, elementary
from minikeras.autodiff.tensor import Tensor
from minikeras.common.dtypes import standardize_dtype
from minikeras.ops.families import as_floating, unary
from minikeras.ops.symbolic import TensorLike, op
from minikeras.ops.trigonometry import arctan2

PARTS = {"complex64": "float32", "complex128": "float64"}

_WHOLE = {
    "bfloat16": "complex64",
    "float16": "complex64",
    "float32": "complex64",
    "float64": "complex128",
}


def _part_rule(x: KerasTensor) -> KerasTensor:
    return KerasTensor(x.shape, PARTS.get(x.dtype, x.dtype))


def _real(x: np.ndarray) -> np.ndarray:
    return np.array(x.real, order="C") if x.dtype.kind == "c" else x


def _imag(x: np.ndarray) -> np.ndarray:
    return np.array(x.imag, order="C") if x.dtype.kind == "c" else np.zeros_like(x)


def _real_vjp(g: Any, x: Any) -> Any:
    return g.astype(x.dtype)


def _imag_vjp(g: Any, x: Any) -> Any:
    if x.dtype.kind != "c":
        return g * 0
    return g.astype(x.dtype) * np.asarray(-1j, x.dtype)


_REAL = elementary("real", _real, _real_vjp, rule=_part_rule)
_IMAG = elementary("imag", _imag, _imag_vjp, rule=_part_rule)


@op
def real(x: TensorLike) -> Tensor:
    """Return the real part."""
    return _REAL(as_tensor(x))


@op
def imag(x: TensorLike) -> Tensor:
    """Return the imaginary part."""
    return _IMAG(as_tensor(x))


def _conjugate(x: np.ndarray) -> np.ndarray:
    return np.conjugate(x) if x.dtype.kind == "c" else x


@unary(_conjugate, lambda g: np.conjugate(g), floating=False)
def conj(x: TensorLike) -> Tensor:
    """Change the sign of the imaginary part."""


@unary(_conjugate, lambda g: np.conjugate(g), floating=False)
def conjugate(x: TensorLike) -> Tensor:
    """Change the sign of the imaginary part."""


@op
def angle(x: TensorLike) -> Tensor:
    """Return the angle of complex numbers in the plane, in radians; pi for negative real ones."""
    x = as_floating(x)
    return arctan2(imag(x), real(x))


_COMPLEX = elementary(
    "make_complex",
    lambda re, im: re + np.asarray(1j, np.result_type(re.dtype, np.complex64)) * im,
    lambda g, re: np.real(g).astype(re.dtype),
    lambda g, im: -np.imag(g).astype(im.dtype),
    inputs=("re", "im"),
    rule=lambda re, im: KerasTensor(re.shape, _WHOLE[standardize_dtype(re.dtype)]),
)


def make_complex(re: Tensor, im: Tensor) -> Tensor:
    """Return complex numbers of these parts."""
    return _COMPLEX(re, im)
