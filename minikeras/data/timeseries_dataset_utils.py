"""`timeseries_dataset_from_array`: windows that slide over a series."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from minikeras.common.arguments import Count, PositiveInt, Truth, checked
from minikeras.data.dataset import AUTOTUNE, Dataset
from minikeras.data.dataset_utils import BUFFER, Format
from minikeras.data.elements import to_leaf
from minikeras.data.stage import CHUNK, Column, Run, Stage, Table


@checked
def timeseries_dataset_from_array(
    data: Any,
    targets: Any,
    sequence_length: PositiveInt,
    sequence_stride: PositiveInt = 1,
    sampling_rate: PositiveInt = 1,
    batch_size: PositiveInt | None = 128,
    shuffle: Truth = False,
    seed: int | None = None,
    start_index: Count | None = None,
    end_index: Count | None = None,
    format: Format = "tf",
) -> Dataset:
    """Make a data set of windows that slide over a series, each with its target.

    Windows are cut out when their batch is made: they need no memory before.

    Args:
        data: array of shape `(steps, ...)`.
        targets: array of shape `(steps, ...)`: `targets[i]` belongs to the window that begins at step `i`.
            None for windows alone. Windows for which there is no target are left out.
        sequence_length: steps in a window.
        sequence_stride: steps from the beginning of a window to that of the next.
        sampling_rate: steps from one row of a window to the next: with 2 every other one is taken.
        batch_size: windows in a batch; None for single windows.
        shuffle: whether to bring windows into random order, and to shuffle them anew in each pass.
        seed: seed of both.
        start_index: steps before this one are not used.
        end_index: steps from this one on are not used.
        format: `"tf"` and `"grain"` give the same: a `minikeras.data.Dataset`.

    Returns:
        A `Dataset` of windows of shape `(batch, sequence_length, ...)`, or of pairs of them and targets. It
        is empty if the series is shorter than a window.

    Raises:
        ValueError: if an argument is not as described, or is larger than the series allows.

    Example:

    The next value of a series, from three values before:

    >>> import numpy as np
    >>> from minikeras.utils import timeseries_dataset_from_array
    >>> series = np.arange(6.0)
    >>> dataset = timeseries_dataset_from_array(series[:-1], series[3:], sequence_length=3)
    >>> for windows, following in dataset:
    ...     print(windows.tolist(), following.tolist())
    [[0.0, 1.0, 2.0], [1.0, 2.0, 3.0], [2.0, 3.0, 4.0]] [3.0, 4.0, 5.0]
    """
    series = _column("data", data)
    n = len(series)
    limits = {"sequence_stride": sequence_stride, "sampling_rate": sampling_rate}
    limits |= {"start_index": start_index, "end_index": end_index}
    for name, value in limits.items():
        if value is not None and value >= n:
            raise ValueError(
                f"timeseries_dataset_from_array: argument `{name}` must be lower than the length of "
                f"`data`, {n}. Received: {name}={value}"
            )
    start, end = start_index or 0, n if end_index is None else end_index
    if end <= start:
        raise ValueError(
            "timeseries_dataset_from_array: argument `end_index` must be higher than `start_index`. "
            f"Received: start_index={start_index} and end_index={end_index}"
        )
    columns: list[Any] = [Windows(series[start:end], sequence_length, sampling_rate)]
    count = end - start - (sequence_length - 1) * sampling_rate
    if targets is not None:
        columns.append(_column("targets", targets)[start:end])
        count = min(count, len(columns[1]))
    starts = np.arange(0, count, sequence_stride)
    if shuffle:
        if seed is None:
            seed = int(np.random.randint(10**6))
        np.random.RandomState(seed).shuffle(starts)
    dataset = Dataset(_FromStarts(starts, columns))
    if shuffle:
        dataset = dataset.shuffle(BUFFER if batch_size is None else 8 * batch_size, seed)
    return dataset.prefetch(AUTOTUNE) if batch_size is None else dataset.batch(batch_size)


def _column(name: str, value: Any) -> np.ndarray:
    array = to_leaf(value)
    if not isinstance(array, np.ndarray) or array.ndim == 0:
        raise ValueError(
            f"timeseries_dataset_from_array: argument `{name}` must be an array with an axis of time. "
            f"Received: {name}={value!r}"
        )
    view = array.view()  # elements are views: who writes into one must not change the user's data
    view.flags.writeable = False
    return view


class Windows(Column):
    """Windows of an array, by the rows that they begin with.

    Args:
        array: shape `(steps, ...)`.
        length: rows in a window.
        rate: from one of them to the next.
    """

    def __init__(self, array: np.ndarray, length: int, rate: int) -> None:
        self._array, self._offsets = array, np.arange(length) * rate
        self._rate = rate
        self.dtype, self.shape = array.dtype, (len(array), length, *array.shape[1:])

    def __getitem__(self, key: tuple) -> np.ndarray:
        return self._array[key[0] : key[0] + self._offsets[-1] + 1 : self._rate]

    def gather(self, numbers: np.ndarray) -> np.ndarray:
        return self._array.take(numbers[:, None] + self._offsets, axis=0)


class _FromStarts(Stage):
    """Rows of columns, by numbers that are given."""

    def __init__(self, starts: np.ndarray, columns: list[Any]) -> None:
        self._starts = starts
        self.table = Table(tuple(range(len(columns))) if len(columns) > 1 else 0, columns)

    def numbers(self, run: Run) -> Iterator[np.ndarray]:
        for first in range(0, len(self._starts), CHUNK):
            yield self._starts[None, first : first + CHUNK]

    def cardinality(self) -> int:
        return len(self._starts)

    def spec(self) -> Any:
        return self.table.spec()
