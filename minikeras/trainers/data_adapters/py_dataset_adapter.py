"""`PyDataset`: batches by index, prepared ahead by threads or processes."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any

import numpy as np

from minikeras.kernels.parallel import get_threads, set_threads, start_thread
from minikeras.saving.plain_data import automatic, plain_attributes, put_back_attributes
from minikeras.trainers.data_adapters.data_adapter import DataAdapter
from minikeras.trainers.data_adapters.data_adapter_utils import add_class_weight, batch_to_numpy

_MOST_STATE = 16 << 20
"""Size in bytes of an array that may be part of a data set's state, rather than data."""


class PyDataset(ABC):
    """Base class of data sets that prepare their batches in Python, on several workers.

    Subclasses implement `__getitem__(index)`, which returns a whole batch, and `__len__`, the
    number of batches (or the property `num_batches`, where None means without end).
    `on_epoch_begin` and `on_epoch_end` may change the data between epochs.

    Args:
        workers: how many threads or processes prepare batches ahead of `fit`. With one thread
            (the default) or none, batches are made when they are needed.
        use_multiprocessing: whether the workers are processes. The data set is then copied to
            each, at the start of every epoch, and they share the threads that minikeras computes on
            (`config.get_threads`).
        max_queue_size: how many batches may be prepared ahead; 0 for one on each worker.

    Example:

    >>> import numpy as np
    >>> import minikeras
    >>> class Squares(minikeras.utils.PyDataset):
    ...     def __len__(self):
    ...         return 3
    ...     def __getitem__(self, index):
    ...         x = np.arange(2) + 2 * index
    ...         return x, x**2
    >>> [y.tolist() for _, y in Squares(workers=2)]
    [[0, 1], [4, 9], [16, 25]]
    """

    # Here too for subclasses whose __init__ does not call this one's.
    workers: int = 1
    use_multiprocessing: bool = False
    max_queue_size: int = 10

    def __init__(
        self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10
    ) -> None:
        if workers < 0:
            raise ValueError(f"PyDataset: `workers` must be at least 0. Received: {workers!r}")
        if max_queue_size < 0:
            raise ValueError(
                f"PyDataset: `max_queue_size` must be at least 0. Received: {max_queue_size!r}"
            )
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    @abstractmethod
    def __getitem__(self, index: int) -> Any:
        """Return batch number `index`: `(x,)`, `(x, y)` or `(x, y, sample_weight)`."""

    @property
    def num_batches(self) -> int | None:
        """Number of batches, `len(self)` unless overridden or set. None means without end."""
        if "_num_batches_set" in self.__dict__:
            return self._num_batches_set
        if not hasattr(self, "__len__"):
            raise TypeError(
                f"{type(self).__name__} must define `__len__`, or the property `num_batches` "
                "(None for a data set without end)."
            )
        return len(self)  # type: ignore[arg-type]

    @num_batches.setter
    def num_batches(self, value: int | None) -> None:
        self._num_batches_set = value

    def __iter__(self) -> Iterator[Any]:
        """Give the batches in order, without workers."""
        return map(self.__getitem__, _indices(self.num_batches))

    @automatic
    def get_state(self) -> dict[str, Any]:
        """Return what changes in the course of training, as plain data, for `BackupAndRestore`.

        By default it is every attribute that has changed since training began, if it is a number,
        string, array, random generator, or a list, dict or the like of them. Arrays above 16 MiB
        are taken for the data itself, which stays as it is.
        """
        return plain_attributes(self, most=_MOST_STATE)

    def set_state(self, state: dict[str, Any]) -> None:
        """Put back what `get_state` returned, in a training that is taken up again."""
        put_back_attributes(self, state)

    def on_epoch_begin(self) -> None:  # noqa: B027 - for subclasses that need it
        """Called before an epoch's first batch."""

    def on_epoch_end(self) -> None:  # noqa: B027
        """Called after an epoch's last batch."""


_MEMBERS = ("__getitem__", "num_batches", "workers", "use_multiprocessing", "max_queue_size")


def is_py_dataset(x: Any) -> bool:
    """Return whether something is a `PyDataset`, ours or Keras's own, by what it offers."""
    return isinstance(x, PyDataset) or all(hasattr(type(x), name) for name in _MEMBERS)


class PyDatasetAdapter(DataAdapter):
    """Batches of a `PyDataset`.

    Args:
        x: the data set.
        class_weight: a dict from class to weight, for batches without sample weights.
        shuffle: whether to take the batches in a new order in every epoch.
        rng: a `np.random.Generator` that shuffles, by default NumPy's global state.

    Raises:
        ValueError: if the data set is empty.
    """

    def __init__(
        self,
        x: PyDataset,
        class_weight: dict[int, float] | None = None,
        shuffle: bool | str = False,
        rng: np.random.Generator | None = None,
    ) -> None:
        self.py_dataset = x
        self._source = f"{type(x).__name__}.__getitem__"
        self._class_weight = class_weight
        self._shuffle = shuffle
        self._permutation = np.random.permutation if rng is None else rng.permutation
        if self.num_batches == 0:
            raise ValueError(
                f"The {type(x).__name__} given as `x` has no batches: its length is 0."
            )

    @property
    def num_batches(self) -> int | None:
        return self.py_dataset.num_batches

    def peek(self) -> Any:
        return self._standardize(self.py_dataset[0])

    def __iter__(self) -> Iterator[Any]:
        return self._batches(self._order())

    def iter_from(self, start: int) -> Iterator[Any]:
        return self._batches(itertools.islice(self._order(), start, None))

    def _order(self) -> Iterable[int]:
        n = self.num_batches
        return self._permutation(n).tolist() if self._shuffle and n is not None else _indices(n)

    def _batches(self, indices: Iterable[int]) -> Iterator[Any]:
        dataset = self.py_dataset
        if dataset.use_multiprocessing:
            ahead = dataset.workers > 0
        else:  # a thread that ends at once tells whether there are any on this platform
            ahead = dataset.workers > 1 and start_thread(int, "minikeras-trial")
        if ahead:
            with closing(_prefetch(dataset, indices)) as batches:
                yield from map(self._standardize, batches)
        else:
            yield from map(self._standardize, map(dataset.__getitem__, indices))

    def _standardize(self, batch: Any) -> Any:
        return add_class_weight(batch_to_numpy(batch, self._source), self._class_weight)

    def on_epoch_begin(self) -> None:
        self.py_dataset.on_epoch_begin()

    def on_epoch_end(self) -> None:
        self.py_dataset.on_epoch_end()


def _indices(num_batches: int | None) -> Iterable[int]:
    return itertools.count() if num_batches is None else range(num_batches)


def _prefetch(dataset: PyDataset, indices: Iterable[int]) -> Iterator[Any]:
    """Give the batches in order while workers prepare the next ones.

    An exception in a worker is raised where its batch is due. The workers are gone when this ends,
    is closed or is garbage.
    """
    if dataset.use_multiprocessing:
        from concurrent.futures import ProcessPoolExecutor

        share = max(get_threads() // dataset.workers, 1)
        executor: Any = ProcessPoolExecutor(
            dataset.workers, initializer=_set_worker_dataset, initargs=(dataset, share)
        )
        get_batch = _get_worker_batch
    else:
        from concurrent.futures import ThreadPoolExecutor

        executor = ThreadPoolExecutor(dataset.workers, thread_name_prefix=type(dataset).__name__)
        get_batch = dataset.__getitem__
    try:
        ahead = (executor.submit(get_batch, index) for index in indices)
        pending = deque(itertools.islice(ahead, dataset.max_queue_size or dataset.workers))
        while pending:
            batch = pending.popleft().result()
            pending.extend(itertools.islice(ahead, 1))
            yield batch
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


# A worker process serves one data set, which it receives once rather than with every index.
_worker_dataset: PyDataset | None = None


def _set_worker_dataset(dataset: PyDataset, threads: int) -> None:
    global _worker_dataset
    _worker_dataset = dataset
    set_threads(threads)


def _get_worker_batch(index: int) -> Any:
    return _worker_dataset[index]
