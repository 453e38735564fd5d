"""Window functions: vectors of factors that fade in and out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import WithoutGradient, without_gradient
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.dtypes import floatx_dtype
from minikeras.ops.symbolic import TensorLike, op


def _length(x: Any, name: str) -> int:
    n = to_array(x)
    if n.ndim != 0 or n != int(n):
        raise ValueError(f"{name}: the length must be an integer. Received: {x!r}")
    return int(n)


def _window(function: Callable) -> WithoutGradient:
    name = function.__name__

    def forward(x: Any, *more: Any) -> np.ndarray:
        return function(_length(x, name), *[float(to_array(v)) for v in more]).astype(
            floatx_dtype()
        )

    return without_gradient(name, forward, lambda *_: KerasTensor((None,), floatx_dtype()))


_BARTLETT, _BLACKMAN, _HAMMING, _HANNING, _KAISER = [
    _window(f) for f in (np.bartlett, np.blackman, np.hamming, np.hanning, np.kaiser)
]


@op
def bartlett(x: TensorLike) -> Tensor:
    """Return the triangular window of length `x`."""
    return _BARTLETT(x)


@op
def blackman(x: TensorLike) -> Tensor:
    """Return the Blackman window of length `x`, a sum of three cosines."""
    return _BLACKMAN(x)


@op
def hamming(x: TensorLike) -> Tensor:
    """Return the Hamming window of length `x`: a raised cosine that does not reach zero."""
    return _HAMMING(x)


@op
def hanning(x: TensorLike) -> Tensor:
    """Return the Hann window of length `x`: a raised cosine."""
    return _HANNING(x)


@op
def kaiser(x: TensorLike, beta: float) -> Tensor:
    """Return the Kaiser window of length `x`, narrower the greater `beta` is."""
    return _KAISER(x, beta)
