"""Window functions: vectors of factors that fade in and out."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.dtypes import floatx_dtype
from minikeras.ops.symbolic import TensorLike, op


def _length(x: Any, name: str) -> int:
    n = to_array(x)
    if n.ndim != 0 or n != int(n):
        raise ValueError(f"{name}: the length must be an integer. Received: {x!r}")
    return int(n)


def _rule(x: Any, *_: Any, **__: Any) -> KerasTensor:
    return KerasTensor((None,), floatx_dtype())


def _window(values: np.ndarray) -> Tensor:
    return Tensor(values.astype(floatx_dtype()))


@op(rule=_rule)
def bartlett(x: TensorLike) -> Tensor:
    """Return the triangular window of length `x`."""
    return _window(np.bartlett(_length(x, "bartlett")))


@op(rule=_rule)
def blackman(x: TensorLike) -> Tensor:
    """Return the Blackman window of length `x`, a sum of three cosines."""
    return _window(np.blackman(_length(x, "blackman")))


@op(rule=_rule)
def hamming(x: TensorLike) -> Tensor:
    """Return the Hamming window of length `x`: a raised cosine that does not reach zero."""
    return _window(np.hamming(_length(x, "hamming")))


@op(rule=_rule)
def hanning(x: TensorLike) -> Tensor:
    """Return the Hann window of length `x`: a raised cosine."""
    return _window(np.hanning(_length(x, "hanning")))


@op(rule=_rule)
def kaiser(x: TensorLike, beta: float) -> Tensor:
    """Return the Kaiser window of length `x`, narrower the greater `beta` is."""
    return _window(np.kaiser(_length(x, "kaiser"), float(to_array(beta))))
