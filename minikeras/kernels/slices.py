"""Elementwise functions of large arrays, slice by slice on several threads.

What a function makes on its way to the result stays in a core's cache.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minikeras.kernels import parallel

_SLICE = 1 << 16
"""Elements of a slice. Each call of NumPy begins and ends with the interpreter's lock: with fewer, threads
wait for each other."""
_MANY = 1 << 18
"""Elements from which waking another thread pays."""


def by_slices(function: Callable) -> Callable:
    """Return a function that gives what another one gives, and computes it on slices of large arrays.

    Args:
        function: elementwise: each element of its result follows from those in the same place. Beside
            arrays of one shape it may take numbers. NumPy must have nothing to warn of, since only the
            calling thread would.

    Example:

    >>> by_slices(lambda x, y: np.exp(x) * y)(np.zeros(1 << 18), np.full(1 << 18, 2.0)).sum()
    np.float64(524288.0)
    """

    @functools.wraps(function)
    def call(*values: Any, **params: Any) -> Any:
        if type(values[0]) is np.ndarray and values[0].size >= _MANY and _alike(values):
            return _sliced(function, values, params)
        return function(*values, **params)

    return call


def _alike(values: tuple) -> bool:
    """Whether values are numbers and arrays of one shape, in memory as they are read."""
    shape = values[0].shape
    return all(
        a.shape == shape and a.flags.c_contiguous
        if type(a) is np.ndarray
        else isinstance(a, (int, float))
        for a in values
    )


def _sliced(function: Callable, values: tuple, params: dict) -> np.ndarray:
    flat = [a.reshape(-1) if type(a) is np.ndarray else a for a in values]

    def of(some: slice) -> np.ndarray:
        return function(*[a[some] if type(a) is np.ndarray else a for a in flat], **params)

    n = len(flat[0])
    y = np.empty(n, of(slice(0, 1)).dtype)

    def work(slices: Iterator[slice]) -> None:
        for some in slices:
            y[some] = of(some)

    parallel.run_slices(n, _SLICE, work)
    return y.reshape(values[0].shape)
