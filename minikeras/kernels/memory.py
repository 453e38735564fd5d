"""What the C library does with memory that is given back, and where arrays begin.

Every training step asks for the same large arrays and gives them back. GNU's `malloc` maps the
largest one by one, unmaps them when they are freed, and hands what is at the end of its heap to the
system at once: the next step takes all of it anew, page by page, which can take a third of the step.
Told to keep it, the process is no larger at its peak.
"""

from __future__ import annotations

import functools
import math
import os
from collections.abc import Callable
from typing import Any

import numpy as np

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4  # from malloc.h
_KEPT = 1 << 30


@functools.lru_cache(maxsize=1)
def keep_freed() -> bool:
    """Let the process keep up to a GiB that it has freed; return whether that could be arranged.

    Only GNU's C library is asked. A user's own choice in the environment stays.
    """
    if any(name.startswith("MALLOC_") for name in os.environ):
        return False
    try:
        import ctypes  # which Python in a browser may lack

        if not os.confstr("CS_GNU_LIBC_VERSION"):
            return False
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, ImportError, OSError, TypeError, ValueError):
        return False
    mallopt.argtypes, mallopt.restype = [ctypes.c_int, ctypes.c_int], ctypes.c_int
    # The most arrays that are mapped: where the heap cannot grow, it maps them all the same.
    return bool(mallopt(_MMAP_MAX, 0)) and bool(mallopt(_TRIM_THRESHOLD, _KEPT))


UNBUFFERED = np.getbufsize()
"""Elements from which a line that is repeated, as an operand, is not copied into NumPy's buffer again and
again: the operation takes two thirds of the time."""

_SHORT = 512
"""Elements from which an inner loop of NumPy is long enough without a buffer."""


def unbuffered(task: Callable) -> Callable:
    """Return a function that calls `task` with a small buffer for NumPy's operations.

    NumPy copies operands of which no piece as long as its buffer lies in one piece, such as some rows of
    each matrix, into that buffer, 8192 elements long. With a small one it looks at rows of a thousand
    elements where they are, in less than half of the time.
    """

    def run(*args: Any) -> Any:
        before = np.setbufsize(_SHORT)
        try:
            return task(*args)
        finally:
            np.setbufsize(before)

    return run


_LINE = 64
"""Bytes of a line of the cache, and of the widest vectors."""


def aligned(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Return a new array, uninitialized, that begins with a line of the cache.

    `np.empty` gives what begins somewhere in one: each vector that is read from it lies in two lines then,
    and a product with a vector takes a tenth longer.
    """
    dtype = np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    memory = np.empty(size + _LINE, np.uint8)
    start = -memory.__array_interface__["data"][0] % _LINE
    return memory[start : start + size].view(dtype).reshape(shape)
