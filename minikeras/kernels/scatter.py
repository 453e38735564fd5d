"""Adding rows to those of a table, by index.

SciPy multiplies a sparse matrix by a dense one in compiled code. The matrix that has a single one in each
column, in the row that an index says, adds rows to where they belong: in their order, so that the bits are
always the same, and without the interpreter's lock.
"""

from __future__ import annotations

import functools
import importlib
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Callable
from typing import Any

import numpy as np


@functools.cache
def _product() -> Callable | None:
    """Return `csc_matvecs` of SciPy's `_sparsetools`, None if there is no such in this SciPy.

    The file alone is loaded: `scipy.sparse` itself would take a tenth of a second.
    """
    known = sys.modules.get("scipy.sparse._sparsetools")
    if known is not None:
        return getattr(known, "csc_matvecs", None)
    try:
        if os.name == "nt":  # where SciPy itself says in which folder its libraries are
            importlib.import_module("scipy")
        scipy: Any = importlib.util.find_spec("scipy")
        folder = os.path.join(scipy.submodule_search_locations[0], "sparse")
        spec: Any = importlib.machinery.PathFinder.find_spec("_sparsetools", [folder])
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    except (ImportError, AttributeError):
        return None
    return getattr(module, "csc_matvecs", None)


_longest: dict[tuple, tuple[np.ndarray, np.ndarray]] = {}
"""The longest arrays that `_single_ones` has made, by their dtypes."""


def _single_ones(n: int, index: np.dtype, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """Return where columns begin, and their numbers, in a matrix of one number a column."""
    made = _longest.get((index, dtype))
    if made is None or made[1].size < n:
        made = _longest[index, dtype] = np.arange(n + 1, dtype=index), np.ones(n, dtype)
    begins, ones = made
    return begins[: n + 1], ones[:n]


def add_rows(table: np.ndarray, indices: np.ndarray, rows: np.ndarray) -> bool:
    """Add each of some rows to that row of a table which its index says.

    Args:
        table: `(n, dim)`, changed in place.
        indices: integers `(m,)`.
        rows: `(m, dim)`.

    Returns:
        Whether it could be done: for other arrays than C-contiguous tables of float32 or float64, or
        where SciPy lacks the function, nothing is changed.

    Raises:
        IndexError: if an index lies outside `[0, n)`.
    """
    dtype = table.dtype
    add = _product()
    if add is None or dtype.char not in "fd" or rows.dtype != dtype or not table.flags.c_contiguous:
        return False
    if indices.dtype.char not in _SIGNED:
        indices = indices.astype(np.int64)
    if not all_below(indices, table.shape[0]):  # SciPy would not notice
        raise IndexError(f"an index is out of range for a table of {table.shape[0]} rows")
    begins, ones = _single_ones(indices.size, indices.dtype, dtype)
    n, dim = table.shape
    flat, into = rows.reshape(-1), table.reshape(-1)
    add(n, indices.size, dim, begins, indices, ones, flat, into)
    return True


_SIGNED = "ilq"
"""Integers of 4 and 8 bytes, as SciPy takes them."""
_UNSIGNED = {n: np.dtype(f"u{n}") for n in (4, 8)}


def unsigned(indices: np.ndarray) -> np.ndarray:
    """View integers as those of 4 or 8 bytes without a sign: one below zero is large there."""
    if indices.dtype.itemsize < 4:
        indices = indices.astype(np.int32)
    return indices.view(_UNSIGNED[indices.dtype.itemsize])


def all_below(indices: np.ndarray, n: int) -> bool:
    """Whether all indices lie in `[0, n)`."""
    return not indices.size or bool(np.maximum.reduce(unsigned(indices), axis=None) < n)
