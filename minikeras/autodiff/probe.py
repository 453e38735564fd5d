"""Shapes by trying: run a function on small arrays where no rule says what it gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minikeras import tree
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.tape import no_recording
from minikeras.autodiff.tensor import Tensor
from minikeras.common.dtypes import np_dtype

_SIZES = (2, 3)


def probe(function: Callable, args: tuple, kwargs: dict) -> Any:
    """Return the output spec of `function` by running it on arrays of ones.

    Raises:
        ValueError: if the function fails on such arrays, with its message.
    """
    unknown = any(
        None in t.shape for t in tree.flatten((args, kwargs)) if isinstance(t, KerasTensor)
    )
    runs = []
    for size in _SIZES if unknown else _SIZES[:1]:
        concrete_args, concrete_kwargs = tree.map_structure(
            lambda t, size=size: _ones(t, size) if isinstance(t, KerasTensor) else t,
            (args, kwargs),
        )
        with no_recording(), np.errstate(all="ignore"):
            runs.append(function(*concrete_args, **concrete_kwargs))
    if len(runs) == 1:
        return tree.map_structure(_spec, runs[0])
    return tree.map_structure(_merge, *runs)


def _ones(t: KerasTensor, size: int) -> Tensor:
    return Tensor(np.ones([size if d is None else d for d in t.shape], np_dtype(t.dtype)))


def _spec(x: Any) -> Any:
    if isinstance(x, (Tensor, np.ndarray)):
        return KerasTensor(x.shape, x.dtype)
    return x


def _merge(a: Any, b: Any) -> Any:
    if not isinstance(a, (Tensor, np.ndarray)):
        if a == b:
            return a
        return None
    if len(a.shape) != len(b.shape):
        raise ValueError("The number of axes of the output depends on an unknown size.")
    shape = [m if m == n else None for m, n in zip(a.shape, b.shape)]
    return KerasTensor(shape, a.dtype)
