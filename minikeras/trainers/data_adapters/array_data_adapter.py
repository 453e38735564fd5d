"""Batches out of arrays that fit into memory."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterator
from typing import Any

import numpy as np

from minikeras import tree
from minikeras.common.packing import only, packer
from minikeras.common.ranks import OwnRows, rows_of
from minikeras.trainers.data_adapters.data_adapter import DataAdapter
from minikeras.trainers.data_adapters.data_adapter_utils import (
    as_floatx,
    class_weight_to_sample_weights,
    is_array_like,
    is_scipy_sparse,
    pack_x_y_sample_weight,
    to_array,
)

# Samples are gathered and cast so many bytes at a time and handed out as views: one call of NumPy
# for many batches, and still no copy of the data set.
_CHUNK_BYTES = 4 << 20


class ArrayDataAdapter(DataAdapter):
    """Batches of arrays, or of nested structures of arrays.

    Floats are cast to `floatx()` a few batches at a time. Batches are views wherever possible;
    views of the user's own arrays are read-only.

    Args:
        x: inputs: an array (anything with `__array__`, pandas, SciPy sparse, a column of a
            Hugging Face data set) or a nested structure of them, with samples along the first axis.
        y: targets, likewise, or None.
        sample_weight: weights of the samples, one array for each of `y` or one for all.
        batch_size: samples in a batch, 32 by default.
        steps: number of batches to divide the samples into, where `batch_size` is None.
        shuffle: True for a new order of the samples in every epoch; `"batch"` to shuffle only
            within each batch.
        class_weight: a dict from class to weight, instead of `sample_weight`.
        rng: a `np.random.Generator` that shuffles, by default NumPy's global state.

    Raises:
        ValueError: if there are no samples, if the numbers of samples differ, or if an argument
            does not fit another.
    """

    def __init__(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        batch_size: int | None = None,
        steps: int | None = None,
        shuffle: bool | str = False,
        class_weight: dict[int, float] | None = None,
        rng: np.random.Generator | None = None,
    ) -> None:
        if isinstance(shuffle, str) and shuffle != "batch":
            raise ValueError(f"`shuffle` must be True, False or 'batch'. Received: {shuffle!r}")
        if batch_size is not None and (
            not isinstance(batch_size, numbers.Integral) or batch_size <= 0
        ):
            raise ValueError(f"`batch_size` must be a positive integer. Received: {batch_size!r}")
        x, y, sample_weight = (
            _to_arrays(name, part)
            for name, part in (("x", x), ("y", y), ("sample_weight", sample_weight))
        )
        if y is None and (sample_weight is not None or class_weight is not None):
            name = "sample_weight" if class_weight is None else "class_weight"
            raise ValueError(f"`{name}` was given without `y`: there is nothing to weigh.")
        if class_weight is not None:
            if sample_weight is not None:
                raise ValueError(
                    "`class_weight` and `sample_weight` cannot be given at the same time."
                )
            if tree.is_nested(y):
                raise ValueError("`class_weight` works only with a single target array.")
            sample_weight = class_weight_to_sample_weights(y, class_weight)
        elif sample_weight is not None:
            sample_weight = _weights_for(y, sample_weight)

        self._num_samples = _count_samples(x, y, sample_weight)
        if batch_size is None:
            batch_size = math.ceil(self._num_samples / steps) if steps else 32
        self._batch_size = int(batch_size)
        self._shuffle = shuffle
        self._permutation = np.random.permutation if rng is None else rng.permutation

        packed = pack_x_y_sample_weight(x, y, sample_weight)
        self._arrays = [_protect(leaf) for leaf in tree.flatten(packed) if leaf is not None]
        self._ready = all(map(_is_ready, self._arrays))
        self._pack = packer(packed)

    @property
    def num_batches(self) -> int:
        return -(-self._num_samples // self._batch_size)

    @property
    def num_samples(self) -> int:
        return self._num_samples

    @property
    def batch_size(self) -> int:
        return self._batch_size

    @property
    def partial_batch_size(self) -> int | None:
        return self._num_samples % self._batch_size or None

    @property
    def has_partial_batch(self) -> bool:
        return self._num_samples % self._batch_size > 0

    def peek(self) -> Any:
        first = slice(0, self._batch_size)
        return self._pack([_gather(array, first) for array in self._arrays])

    def __iter__(self) -> Iterator[Any]:
        size, pack = self._batch_size, self._pack
        if self.cut is not None:
            yield from self._own_rows(*self.cut)
            return
        for arrays in self._chunks():
            starts = range(0, arrays[0].shape[0], size)
            # The two commonest cases spelled out, for they are most of what a batch costs here.
            if pack is tuple and len(arrays) == 2:
                x, y = arrays
                for start in starts:
                    batch = slice(start, start + size)
                    yield x[batch], y[batch]
            elif pack is only:
                (x,) = arrays
                for start in starts:
                    yield x[start : start + size]
            else:
                for start in starts:
                    batch = slice(start, start + size)
                    yield pack([array[batch] for array in arrays])

    def _own_rows(self, rank: int, ranks: int) -> Iterator[OwnRows]:
        """Give a rank's rows of each batch, and touch no others."""
        n, size = self._num_samples, self._batch_size
        order = self._order() if self._shuffle else None
        own_bytes = self._sample_bytes() * -(-size // ranks)
        step = size * max(1, _CHUNK_BYTES // max(1, own_bytes)) if self._shuffle else size
        for first in range(0, n, step):
            starts = range(first, min(first + step, n), size)
            parts = [rows_of(min(size, n - start), rank, ranks) for start in starts]
            if order is None:
                index: Any = slice(first + parts[0].start, first + parts[0].stop)
            else:
                own = [order[s + r.start : s + r.stop] for s, r in zip(starts, parts)]
                index = np.concatenate(own)
            arrays = [_gather(array, index) for array in self._arrays]
            low = 0
            for rows in parts:
                batch = slice(low, low + rows.count)
                low += rows.count
                yield OwnRows(rows, self._pack([array[batch] for array in arrays]))

    def _sample_bytes(self) -> int:
        return sum(a.dtype.itemsize * math.prod(a.shape[1:]) for a in self._arrays)

    def _chunks(self) -> Iterator[list[np.ndarray]]:
        """The epoch's samples as dense arrays, in pieces of whole batches, in order."""
        arrays, n = self._arrays, self._num_samples
        if not self._shuffle and self._ready:
            yield arrays
            return
        order = self._order() if self._shuffle else None
        batches = max(1, _CHUNK_BYTES // max(1, self._sample_bytes() * self._batch_size))
        step = batches * self._batch_size
        for start in range(0, n, step):
            stop = min(start + step, n)
            index = slice(start, stop) if order is None else order[start:stop]
            yield [_gather(array, index) for array in arrays]

    def _order(self) -> np.ndarray:
        """Draw the order of an epoch, all of it at once: draws of others do not come between."""
        n, size = self._num_samples, self._batch_size
        if self._shuffle != "batch":
            return self._permutation(n)
        starts = range(0, n, size)
        return np.concatenate([s + self._permutation(min(size, n - s)) for s in starts])


def _to_arrays(name: str, part: Any) -> Any:
    """Convert the leaves of `x`, `y` or `sample_weight`, and say which it is in errors."""
    for leaf in tree.flatten(part):
        if not is_array_like(leaf):
            raise ValueError(
                f"`{name}` must be made of arrays. Received: {leaf!r} of type "
                f"{type(leaf).__name__}. Use `np.array` on lists of numbers."
            )
    try:
        return tree.map_structure(to_array, part, none_is_leaf=False)
    except ValueError as error:
        raise ValueError(f"`{name}`: {error}") from error


def _weights_for(y: Any, sample_weight: Any) -> Any:
    """Return weights structured as `y`, one array serving for all."""
    if not tree.is_nested(y):
        return sample_weight
    if tree.is_nested(sample_weight):
        try:
            tree.assert_same_structure(y, sample_weight)
        except ValueError as error:
            raise ValueError(
                f"`sample_weight` must have one array for each of `y`. {error}"
            ) from error
        return sample_weight
    if sample_weight.ndim != 1 and sample_weight.shape[1:] != (1,):
        raise ValueError(
            "One `sample_weight` for several targets must have shape (n,) or (n, 1). "
            f"Received: shape {sample_weight.shape}. Give one array for each target instead."
        )
    return tree.map_structure(lambda _: sample_weight, y)


def _count_samples(x: Any, y: Any, sample_weight: Any) -> int:
    sizes = {}
    for name, part in (("x", x), ("y", y), ("sample_weight", sample_weight)):
        counts = [leaf.shape[0] for leaf in tree.flatten(part) if leaf is not None]
        if counts:
            sizes[name] = counts
    distinct = {count for counts in sizes.values() for count in counts}
    if len(distinct) > 1:
        listed = "; ".join(f"'{name}' sizes: {', '.join(map(str, c))}" for name, c in sizes.items())
        raise ValueError(
            "Data cardinality is ambiguous: all arrays must have the same number of samples. "
            f"Received {listed}."
        )
    if not distinct:
        raise ValueError("`x` holds no array.")
    (count,) = distinct
    if count == 0:
        raise ValueError(f"There is no data: 0 samples in {', '.join(f'`{n}`' for n in sizes)}.")
    return count


def _protect(array: Any) -> Any:
    """A read-only view, so that writing into a batch cannot change the user's data."""
    if isinstance(array, np.ndarray):
        array = array.view()
        array.flags.writeable = False
    return array


def _is_ready(array: Any) -> bool:
    """Whether batches are just slices of an array: it is dense, and not to be cast."""
    return not is_scipy_sparse(array) and as_floatx(array[:0]).dtype == array.dtype


def _gather(array: Any, index: np.ndarray | slice) -> np.ndarray:
    """Return some samples as a dense array that has the dtype of batches."""
    # `take` is the fastest, but would first copy all of an array that is not contiguous.
    if not isinstance(index, slice) and isinstance(array, np.ndarray) and array.flags.c_contiguous:
        return as_floatx(array.take(index, axis=0))
    samples = array[index]
    return as_floatx(samples.toarray() if is_scipy_sparse(samples) else samples)
