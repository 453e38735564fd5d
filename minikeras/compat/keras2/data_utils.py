"""`keras.utils.data_utils` and `io_utils` of Keras 2: files of the net, queues of batches, HDF5 files."""

from __future__ import annotations

import itertools
import os
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from minikeras.common.extras import require
from minikeras.utils.file_utils import expected_hash, fetched_file, unpack


def get_file(
    fname: Any = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: Any = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: Any = "auto",
    cache_dir: Any = None,
) -> str:
    """Return the path of a file of the net. Archives are unpacked beside it, as Keras 2 did.

    See `minikeras.utils.get_file`. With `untar` the result is the path without `.tar.gz`, where archives
    of one folder have that folder; with `extract` it is the archive's own.
    """
    if untar and fname:
        fname = str(fname).removesuffix(".tar.gz")
    digest = expected_hash(file_hash, md5_hash, hash_algorithm)
    path, _ = fetched_file(
        f"{fname}.tar.gz" if untar and fname else fname,
        origin,
        digest,
        cache_subdir,
        cache_dir,
        False,
        lambda name: name,
    )
    folder = os.path.dirname(path)
    if untar:
        inside = path.removesuffix(".tar.gz").removesuffix(".tgz")
        if not os.path.exists(inside) or inside == path:
            unpack(path, folder, "tar")
        return inside
    if extract:
        unpack(path, folder, archive_format)
    return path


class OrderedEnqueuer:
    """Prepares the batches of a `Sequence` ahead, on threads, and gives them in order, over and over.

    Args:
        sequence: the `Sequence`.
        use_multiprocessing: accepted: threads do the work.
        shuffle: whether the batches come in another order in each pass.

    Example:

    >>> enqueuer = OrderedEnqueuer(["a", "b"])
    >>> enqueuer.start(workers=2)
    >>> batches = enqueuer.get()
    >>> [next(batches) for _ in range(3)]
    ['a', 'b', 'a']
    >>> enqueuer.stop()
    """

    def __init__(
        self, sequence: Any, use_multiprocessing: bool = False, shuffle: bool = False
    ) -> None:
        self.sequence = sequence
        self.shuffle = shuffle
        self._pool: ThreadPoolExecutor | None = None
        self._ahead = 10

    def is_running(self) -> bool:
        """Whether it was started and not stopped."""
        return self._pool is not None

    def start(self, workers: int = 1, max_queue_size: int = 10) -> None:
        """Begin to prepare batches.

        Args:
            workers: number of threads.
            max_queue_size: number of batches that are prepared ahead.
        """
        self._pool = ThreadPoolExecutor(max(workers, 1))
        self._ahead = max(max_queue_size, 1)

    def _order(self) -> list[int]:
        order = np.arange(len(self.sequence))
        if self.shuffle:
            np.random.shuffle(order)
        return order.tolist()

    def get(self) -> Iterator[Any]:
        """Yield batches without end."""
        while self.is_running():
            order = iter(self._order())
            coming = deque(
                self._pool.submit(self.sequence.__getitem__, i)
                for i in itertools.islice(order, self._ahead)
            )
            while coming and self.is_running():
                batch = coming.popleft().result()
                following = next(order, None)
                if following is not None:
                    coming.append(self._pool.submit(self.sequence.__getitem__, following))
                if batch is not None:
                    yield batch
            if hasattr(self.sequence, "on_epoch_end"):
                self.sequence.on_epoch_end()

    def stop(self, timeout: float | None = None) -> None:
        """Stop preparing batches."""
        if self._pool is not None:
            pool, self._pool = self._pool, None
            pool.shutdown(wait=True, cancel_futures=True)


class GeneratorEnqueuer:
    """Draws batches from a generator ahead, on a thread.

    Args:
        generator: gives the batches.
        use_multiprocessing, wait_time, random_seed: accepted, without effect.

    Example:

    >>> enqueuer = GeneratorEnqueuer(iter("ab"))
    >>> enqueuer.start()
    >>> list(enqueuer.get())
    ['a', 'b']
    """

    def __init__(
        self,
        generator: Iterable[Any],
        use_multiprocessing: bool = False,
        wait_time: float = 0.05,
        random_seed: int | None = None,
    ) -> None:
        self.generator = generator
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._batches: queue.Queue = queue.Queue()

    def is_running(self) -> bool:
        """Whether it was started and not stopped."""
        return self._thread is not None and not self._stopped.is_set()

    def start(self, workers: int = 1, max_queue_size: int = 10) -> None:
        """Begin to draw batches, at most `max_queue_size` ahead."""
        self._stopped.clear()
        self._batches = queue.Queue(max(max_queue_size, 1))
        self._thread = threading.Thread(target=self._draw, daemon=True)
        self._thread.start()

    def _draw(self) -> None:
        try:
            for batch in self.generator:
                if not self._put((True, batch)):
                    return
            self._put((False, None))
        except BaseException as error:  # told to whoever waits
            self._put((False, error))

    def _put(self, item: tuple[bool, Any]) -> bool:
        while not self._stopped.is_set():
            try:
                self._batches.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def get(self) -> Iterator[Any]:
        """Yield the batches, until the generator ends."""
        while self.is_running():
            more, batch = self._batches.get()
            if more:
                yield batch
            elif batch is not None:
                raise batch
            else:
                return

    def stop(self, timeout: float | None = None) -> None:
        """Stop drawing."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(timeout)
            self._thread = None


class HDF5Matrix:
    """Part of a data set in an HDF5 file, read where it is indexed.

    Args:
        datapath: the file.
        dataset: name of the data set in it.
        start: first row.
        end: row before which it ends, None for all rows.
        normalizer: function that rows are passed through when they are read.
    """

    def __init__(
        self,
        datapath: str,
        dataset: str,
        start: int = 0,
        end: int | None = None,
        normalizer: Callable[[Any], Any] | None = None,
    ) -> None:
        self.data = require("h5py", "io").File(datapath, "r")[dataset]
        self.start = start
        self.end = self.data.shape[0] if end is None else end
        self.normalizer = normalizer

    def __len__(self) -> int:
        return self.end - self.start

    def __getitem__(self, key: Any) -> Any:
        rows = np.arange(len(self))[key]
        if np.ndim(rows) == 0:
            found = self.data[int(rows) + self.start]
        else:
            unique, places = np.unique(rows + self.start, return_inverse=True)  # h5py reads upwards
            found = self.data[unique][places] if len(unique) else self.data[0:0]
        return found if self.normalizer is None else self.normalizer(found)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self[:], dtype)

    @property
    def shape(self) -> tuple:
        """The shape of the part."""
        return (len(self), *self[0:1].shape[1:])

    @property
    def dtype(self) -> Any:
        """The dtype of what is read."""
        return self[0:1].dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return int(np.prod(self.shape))


def threadsafe_iterator(iterator: Iterable[Any]) -> Iterator[Any]:
    """Yield what an iterator gives; only one thread asks it at a time."""
    lock, iterator = threading.Lock(), iter(iterator)
    while True:
        with lock:
            try:
                item = next(iterator)
            except StopIteration:
                return
        yield item
