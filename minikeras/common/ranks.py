"""Ranks: the processes of one training that MPI started, and what they say to each other.

No other file knows of MPI. It is imported only in a process that an MPI launcher has started (or
that has imported it already): any other is the only rank, and exchanges nothing. What is sent are
buffers of numbers and texts, never pickles.
"""

from __future__ import annotations

import atexit
import copy
import functools
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np

from minikeras.common import join_watch
from minikeras.common.extras import require

_RANK_SIGNS = ("PMI_RANK", "OMPI_COMM_WORLD_RANK", "MV2_COMM_WORLD_RANK", "PMIX_RANK")
_SIZE_SIGNS = ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "MV2_COMM_WORLD_SIZE")
_SIGNS = (*_RANK_SIGNS, *_SIZE_SIGNS)
"""Variables of the environment by which launchers tell a process of its place."""

_JOIN_SECONDS = 300.0
"""Seconds that ranks wait for each other to join; `MINIKERAS_JOIN_SECONDS` says otherwise, 0 for ever."""


_PATIENCE = 2.0
"""Seconds that a rank which has called `sys.exit` with an error waits for the others to do the same, and
that an exchange may take before ranks tell each other which one they wait in."""

_LOOK = 0.25
"""Seconds between two looks at what other ranks tell."""

_SILENCE = 30.0
"""Seconds after which a rank that is at its end says that it waits."""


class Rows:
    """The rows of a global batch that the running step of this rank works on.

    Args:
        start: number of the first of them.
        stop: number of the one behind the last.
        total: rows of the global batch.

    Attributes:
        count: how many they are; a rank may have none of a small batch.
        share: their part of the batch: what this rank's loss, the mean over the rows, counts for in that
            of the whole batch.
        thread: the thread that makes the step. Others, which prepare data, work on whole batches.
    """

    __slots__ = ("count", "share", "start", "stop", "thread", "total")

    def __init__(self, start: int, stop: int, total: int) -> None:
        self.start, self.stop, self.total = start, stop, total
        self.count = stop - start
        self.share = self.count / max(total, 1)
        self.thread = threading.get_ident()

    @property
    def slice(self) -> slice:
        """The place of the rows in the global batch."""
        return slice(self.start, self.stop)

    @property
    def inverse(self) -> float:
        """One over the share, 0 where there are no rows: sums over no rows are nothing anyway."""
        return self.total / self.count if self.count else 0.0


class OwnRows:
    """This rank's part of a batch that ranks share.

    Args:
        rows: which rows it is.
        batch: the rows, packed like a batch.
    """

    __slots__ = ("batch", "rows")

    def __init__(self, rows: Rows, batch: Any) -> None:
        self.rows, self.batch = rows, batch


class Split(NamedTuple):
    """How an array is split: along one axis, in equal parts, over the ranks of a group."""

    axis: int
    ranks: Ranks

    def whole(self, shape: tuple) -> tuple:
        """Return the shape of the whole array, of whose parts one has this shape."""
        axis, parts = self.axis, self.ranks.size
        return (*shape[:axis], shape[axis] * parts, *shape[axis + 1 :])

    def part(self, array: np.ndarray) -> np.ndarray:
        """Return this rank's part of a whole array, as a view."""
        n = array.shape[self.axis] // self.ranks.size
        places = [slice(None)] * array.ndim
        places[self.axis] = slice(self.ranks.rank * n, (self.ranks.rank + 1) * n)
        return array[tuple(places)]


class _Running:
    """What the running step works on."""

    rows: Rows | None = None
    """The rows, None unless ranks share a batch."""
    totals: Any = None
    """The variables of metrics, and their exact values when the step began."""
    ranks: Ranks | None = None
    """Those that share the batch, None if all do."""
    results: list[tuple[Any, Any]] | None = None
    """Metrics that were asked in this step, with what they said of this rank's rows."""
    gradient = False
    """Whether `GradientTape.gradient` is under way."""

    def __init__(self) -> None:
        self.parted: list[Any] = []
        """Optimizers whose accumulated gradients are each rank's own."""


running = _Running()


def shared_rows() -> Rows | None:
    """Return the rows that the calling thread's step works on, None unless ranks share a batch."""
    rows = running.rows
    return rows if rows is not None and threading.get_ident() == rows.thread else None


def sharers() -> Ranks:
    """Return the ranks that share the running step's batch: all, or those on a line of the mesh."""
    everybody = running.ranks or ranks()
    return everybody.of_gradients if running.gradient else everybody


class own_exchanges:
    """A context in which ranks exchange what `GradientTape.gradient` needs, and nothing else.

    Users call it, and may call it on some ranks only. Messages of its own then meet no others of another
    size, for which MPI would end the script in its own words: these ranks wait, and `_Watch` says for whom.
    """

    def __enter__(self) -> None:
        self.before, running.gradient = running.gradient, True

    def __exit__(self, *error: object) -> None:
        running.gradient = self.before


class unshared:
    """A context in which work is on whole batches, in the thread that makes the step."""

    def __enter__(self) -> None:
        self.before = shared_rows()
        if self.before is not None:
            running.rows = None

    def __exit__(self, *error: object) -> None:
        if self.before is not None:
            running.rows = self.before


class among(unshared):
    """A context in which a step works on some of its rows, and draws for them alone.

    Where ranks share a batch, all of them enter it together.

    Args:
        chosen: for each of this rank's rows, whether it is one of them.
    """

    def __init__(self, chosen: np.ndarray) -> None:
        self.chosen = chosen

    def __enter__(self) -> None:
        super().__enter__()
        if self.before is None:
            return
        everybody = sharers()
        counts = everybody.all(int(np.count_nonzero(self.chosen)))
        start = sum(counts[: everybody.rank])
        running.rows = Rows(start, start + counts[everybody.rank], sum(counts))


def rows_of(total: int, rank: int, size: int) -> Rows:
    """Return the rows of a batch that belong to a rank: contiguous, and as even as can be.

    Example:

    >>> [rows_of(7, rank, 3).slice for rank in range(3)]
    [slice(0, 2, None), slice(2, 4, None), slice(4, 7, None)]
    """
    return Rows(total * rank // size, total * (rank + 1) // size, total)


class Ranks:
    """All ranks, as one of them sees them; without MPI there is one.

    All methods but `rank` and `size` are called by all ranks together, in the same order.

    Args:
        mpi: the module `mpi4py.MPI`, None for a process by itself.

    Example:

    >>> from minikeras.common.ranks import Ranks
    >>> alone = Ranks()
    >>> alone.rank, alone.size, alone.texts("here")
    (0, 1, ['here'])
    """

    def __init__(self, mpi: Any = None) -> None:
        self._mpi = mpi
        # A communicator of our own: messages of the script's do not get among ours.
        self._comm = None if mpi is None else mpi.COMM_WORLD.Dup()
        self.rank = 0 if mpi is None else self._comm.rank
        self.size = 1 if mpi is None else self._comm.size
        self._place, self._members = 0, range(self.size)
        self._process = os.getpid()
        if self.size > 1:
            self._watch = _Watch(mpi, self._tell)
            self._separate()
            sys.excepthook = functools.partial(self._end_all, sys.excepthook)
            sys.exit = functools.partial(self._exit, sys.exit)
            atexit.register(self._leave)  # before MPI's own farewell, which waits for all

    _of_gradients: Ranks | None = None

    @property
    def of_gradients(self) -> Ranks:
        """The same ranks, whose exchanges never meet those of others; see `own_exchanges`."""
        return self._of_gradients or self

    def _separate(self) -> None:
        twin = copy.copy(self)
        twin._comm = self._comm.Dup()
        twin._number_place()
        twin._of_gradients = None  # a part's copy has that of all ranks
        self._of_gradients = twin

    def _number_place(self) -> None:
        """Count exchanges of this group of ranks by themselves; all ranks make groups in the same order."""
        self._place = len(self._watch.counts)
        self._watch.counts.append(0)

    _status: Any = None
    """What `sys.exit` was given."""

    def _exit(self, leave: Callable, status: Any = None, /) -> None:
        self._status = status
        leave(status)

    def _leave(self) -> None:
        """Wait for the others at the end of the script, but not if this rank has failed."""
        if os.getpid() != self._process:  # in a fork of it MPI's own farewell would wait for ever
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(self._status if isinstance(self._status, int) else bool(self._status))
        self._watch.say_goodbye()
        request = self._comm.Ibarrier()
        failed, begun, told = self._status not in (None, 0), time.monotonic(), False
        while not request.Test():
            waited = time.monotonic() - begun
            if failed and waited > _PATIENCE:
                self._tell(f"ends all: sys.exit({self._status!r})")
                self._comm.Abort(1)
            if waited > _SILENCE and not told:
                self._tell("is at the end of its script, and waits for the others.")
                told = True
            time.sleep(0.01)  # `Wait` would keep a core busy that another rank may need
        self._watch.end()

    def _tell(self, text: str) -> None:
        sys.stdout.flush()  # which ends with the process if that is aborted
        sys.stderr.write(f"Rank {self.rank} of {self.size} {text}\n")
        sys.stderr.flush()

    def _end_all(
        self,
        show: Callable,
        kind: type[BaseException],
        error: BaseException,
        traceback: TracebackType | None,
    ) -> None:
        """Show an error that nobody has caught, and end all ranks: the others would wait for ever."""
        if os.getpid() != self._process:
            show(kind, error, traceback)
            self._status = 1
            return
        try:
            sys.stderr.write(f"Rank {self.rank} of {self.size} ends all:\n")
            show(kind, error, traceback)
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            self._comm.Abort(1)

    def _together(self, what: str, size: int, function: Callable, *arguments: Any) -> None:
        """Call a function that returns when all ranks have called it.

        Args:
            what: what ranks do there.
            size: of how many numbers, rows or bytes. Both are the same on all ranks.
            function: the function.
            *arguments: its arguments.
        """
        watch, place = self._watch, self._place
        watch.counts[place] = number = watch.counts[place] + 1
        watch.waits_in = (place, number, what, size), self._members
        function(*arguments)
        watch.waits_in = None

    # Numbers.

    def add(self, array: np.ndarray) -> np.ndarray:
        """Put the sum of an array over all ranks in its place; all get the same bits.

        Args:
            array: C-contiguous array of the same shape and dtype on every rank.

        Returns:
            The array.
        """
        return self._reduce(array, "SUM")

    def maximum(self, array: np.ndarray) -> np.ndarray:
        """Put the elementwise maximum over all ranks in an array's place; return the array."""
        return self._reduce(array, "MAX")

    def _reduce(self, array: np.ndarray, operation: str) -> np.ndarray:
        if self.size == 1 or not array.size:
            return array
        if array.dtype.kind == "V" or (array.dtype.itemsize < 4 and array.dtype.kind == "f"):
            wide = array.astype(np.float32)  # MPI knows no half precision
            array[...] = self._reduce(wide, operation).astype(array.dtype)
            return array
        here, operator = self._mpi.IN_PLACE, getattr(self._mpi, operation)
        self._together(operation, array.size, self._comm.Allreduce, here, array, operator)
        return array

    def broadcast(self, array: np.ndarray) -> np.ndarray:
        """Put rank 0's values in the place of an array's; return the array."""
        if self.size > 1 and array.nbytes:
            self._together("broadcast", array.nbytes, self._comm.Bcast, _as_bytes(array), 0)
        return array

    def rows(self, array: np.ndarray) -> np.ndarray:
        """Return the rows of all ranks' arrays, rank by rank, which may have different numbers of them.

        Args:
            array: array whose shape after the first axis, and dtype, are the same on all ranks.

        Raises:
            TypeError: if it holds texts or objects.
        """
        if self.size == 1:
            return array
        if array.dtype.kind in "OT":
            raise TypeError(f"Ranks exchange numbers. Received: an array of dtype {array.dtype}")
        array = np.ascontiguousarray(array)
        counts = self.all(len(array))
        whole = np.empty((sum(counts), *array.shape[1:]), array.dtype)
        row = whole.nbytes // max(len(whole), 1)
        if whole.nbytes:
            sizes = [count * row for count in counts]
            target = [_as_bytes(whole), sizes]
            function = self._comm.Allgatherv
            self._together("rows", whole.nbytes, function, _as_bytes(array), target)
        return whole

    def stack(self, array: np.ndarray) -> np.ndarray:
        """Return the arrays of all ranks, which have the same shape, along a new first axis."""
        if self.size == 1:
            return array[None]
        array = np.ascontiguousarray(array)
        stacked = np.empty((self.size, *array.shape), array.dtype)
        if array.nbytes:
            source, target = _as_bytes(array), _as_bytes(stacked)
            self._together("stack", array.nbytes, self._comm.Allgather, source, target)
        return stacked

    def part(self, number: int, place: int) -> Ranks:
        """Return those of the ranks that give the same number as this one, in the order of their places."""
        if self.size == 1:
            return self
        everybodys = list(zip(self.all(number), self.all(place), self._members))
        part = copy.copy(self)

        def split() -> None:
            part._comm = self._comm.Split(number, place)

        self._together("part", 0, split)
        part.rank, part.size = part._comm.rank, part._comm.size
        part._members = [member for n, _, member in sorted(everybodys) if n == number]
        part._number_place()
        part._separate()
        return part

    def all(self, number: int) -> list[int]:
        """Return an integer of every rank."""
        if self.size == 1:
            return [number]
        result = np.empty(self.size, np.int64)
        own = np.array([number], np.int64)
        self._together("all", 1, self._comm.Allgather, own, result)
        return result.tolist()

    def barrier(self) -> None:
        """Wait for all ranks."""
        if self.size > 1:
            self._together("barrier", 0, self._comm.Barrier)

    # Texts, and what can be written as one.

    def texts(self, text: str) -> list[str]:
        """Return a text of every rank."""
        if self.size == 1:
            return [text]
        raw = text.encode()
        lengths = self.all(len(raw))
        joined = self.rows(np.frombuffer(raw, np.uint8)).tobytes()
        ends = np.cumsum(lengths).tolist()
        return [joined[end - n : end].decode() for n, end in zip(lengths, ends)]

    def text_of_first(self, text: str) -> str:
        """Return rank 0's text."""
        if self.size == 1:
            return text
        raw = np.frombuffer(text.encode(), np.uint8).copy()
        size = self.broadcast(np.array([raw.size], np.int64)).item()
        return (
            self.broadcast(raw if self.rank == 0 else np.empty(size, np.uint8)).tobytes().decode()
        )

    def agree(
        self,
        what: str,
        facts: dict[str, Any],
        hint: str = "All ranks must run the same script on the same data.",
    ) -> None:
        """Make sure that all ranks say the same.

        Args:
            what: what the facts are about, for the message.
            facts: dict of what JSON can hold, by what it is.
            hint: what to do about it, for the message.

        Raises:
            ValueError: on all ranks, if one of them differs from rank 0; names it and what differs.
        """
        if self.size == 1:
            return
        first, *others = map(json.loads, self.texts(json.dumps(facts, default=str)))
        for rank, other in enumerate(others, 1):
            for name in {**first, **other}:
                a, b = first.get(name), other.get(name)
                if a != b:
                    raise ValueError(
                        f"{what}: rank {rank} differs from rank 0 in {name}. Rank 0: {a}. "
                        f"Rank {rank}: {b}. {hint}"
                    )

    def share_of_cores(self, available: int) -> int:
        """Return how many cores this rank should use, so that those of its machine are in use once.

        Args:
            available: cores that this process may use, by its affinity and its control groups.
        """
        cores = _cores()
        if self.size == 1:
            return available
        here: Any = None

        def meet() -> None:
            nonlocal here
            here = self._comm.Split_type(self._mpi.COMM_TYPE_SHARED)

        self._together("share_of_cores", 0, meet)
        mask = np.zeros(max(os.cpu_count() or 1, max(cores) + 1), np.int32)
        mask[list(cores)] = 1
        size = np.array([mask.size], np.int64)
        here.Allreduce(self._mpi.IN_PLACE, size, self._mpi.MAX)
        mask = np.pad(mask, (0, size.item() - mask.size))
        here.Allreduce(self._mpi.IN_PLACE, mask, self._mpi.SUM)
        neighbours = here.size
        here.Free()
        everybodys = int(np.count_nonzero(mask))
        if available < len(cores):  # a control group, which the ranks are in together
            everybodys = min(everybodys, available)
        # A launcher that binds ranks to cores has shared them out already.
        return max(1, min(available, everybodys // neighbours))


class _Watch:
    """Ends all ranks where one waits for another that will not come.

    A rank that waits is inside a function of MPI's and hears nothing, so a thread listens for it. Ranks
    tell each other when they are at the end of the script, and what they wait in if that takes long.
    Both are told once, and stay true until the wait has ended.

    Args:
        mpi: the module `mpi4py.MPI`.
        tell: prints what is wrong, with the number of this rank.

    Attributes:
        counts: how many exchanges this rank has begun, for each group of ranks it is in.
        waits_in: the exchange that it is in, as its group, its number there, what it is, and its size;
            and who takes part.
    """

    def __init__(self, mpi: Any, tell: Callable[[str], None]) -> None:
        self._mpi, self._tell = mpi, tell
        self._comm = mpi.COMM_WORLD.Dup()
        self.counts = [0]
        self.waits_in: tuple[tuple[int, int, str, int], Sequence[int]] | None = None
        self._told: dict[int, dict] = {}
        self._sent: list = []
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        if mpi.Query_thread() == mpi.THREAD_MULTIPLE:
            self._thread = threading.Thread(target=self._run, name="minikeras-ranks", daemon=True)
            self._thread.start()

    def say_goodbye(self) -> None:
        """Tell the others that this rank is at the end of the script."""
        self._send(range(self._comm.size), None)

    def end(self) -> None:
        """End the watch, when all have said goodbye."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()
        for _ in range(self._comm.size - 1 - sum(m["waits"] is None for m in self._told.values())):
            while self._receive()["waits"] is not None:
                pass
        self._mpi.Request.Waitall([request for _, request in self._sent])

    def _send(self, to: Sequence[int], waits: Any) -> None:
        message = {"counts": self.counts, "waits": waits}
        raw = np.frombuffer(json.dumps(message).encode(), np.uint8)
        own = self._comm.rank
        self._sent += [(raw, self._comm.Isend(raw, rank)) for rank in to if rank != own]

    def _receive(self) -> dict:
        """Wait for the next message, and note it."""
        status = self._mpi.Status()
        self._comm.Probe(status=status)
        raw = np.empty(status.Get_count(self._mpi.BYTE), np.uint8)
        self._comm.Recv(raw, status.Get_source())
        self._told[status.Get_source()] = message = json.loads(raw.tobytes())
        return message

    def _run(self) -> None:
        seen, since, told = None, 0.0, True
        while not self._over.wait(_LOOK):
            while self._comm.Iprobe():
                self._receive()
            waits = self.waits_in
            if waits is not seen:
                seen, since, told = waits, time.monotonic(), False
            if waits is None:
                continue
            exchange, members = waits
            for rank in members:
                if rank in self._told and (why := self._in_vain(exchange, self._told[rank])):
                    self._tell(
                        f"ends all: it waits for rank {rank} ({_named(*exchange[2:])}), which {why}. All "
                        "ranks must call fit, evaluate, predict, tape.gradient and all else that exchanges "
                        "data, in the same order."
                    )
                    self._comm.Abort(1)
            if not told and time.monotonic() - since > _PATIENCE:
                self._send(members, exchange)
                told = True

    def _in_vain(self, exchange: tuple, message: dict) -> str:
        """Say why a rank that has told this does not come into an exchange, if that is sure."""
        (place, number, *what), counts = exchange, message["counts"]
        begun = _begun(counts, place)
        if message["waits"] is None:
            return "is at the end of its script" if begun < number else ""
        other_place, other_number, *other_what = message["waits"]
        if (place, number) == (other_place, other_number):
            return (
                "" if what == other_what else f"waits for another exchange ({_named(*other_what)})"
            )
        # It waits for this one in another group of ranks, and neither can go on.
        if begun < number and _begun(self.counts, other_place) < other_number:
            return f"waits for this one ({_named(*other_what)})"
        return ""


def _begun(counts: Sequence[int], place: int) -> int:
    """Return how many exchanges of a group have begun: none, if the group is newer than the counts."""
    return counts[place] if place < len(counts) else 0


def _named(what: str, size: int) -> str:
    return f"{what.lower()} of {size}" if size else what


def _as_bytes(array: np.ndarray) -> np.ndarray:
    return array.reshape(-1).view(np.uint8)


def _cores() -> set[int]:
    if hasattr(os, "sched_getaffinity"):
        return set(os.sched_getaffinity(0))
    return set(range(os.cpu_count() or 1))


@contextmanager
def _watched_joining() -> Iterator[None]:
    """A context in which ranks join, and end if others do not come; see `join_watch.py`.

    Raises:
        ValueError: if `MINIKERAS_JOIN_SECONDS` is no number of seconds.
    """
    given = os.environ.get("MINIKERAS_JOIN_SECONDS", _JOIN_SECONDS)
    try:
        limit = float(given)
    except ValueError:
        limit = -1.0
    if not 0 <= limit < float("inf"):
        raise ValueError(
            "The environment variable MINIKERAS_JOIN_SECONDS must be the seconds that ranks wait for each "
            f"other at the start, 0 for ever. Received: {given!r}"
        )
    places = [os.environ[name] for name in _RANK_SIGNS if name in os.environ]
    sizes = [os.environ[name] for name in _SIZE_SIGNS if name in os.environ]
    size = sizes[0] if sizes else "0"  # PMIx does not say
    if not (places and sys.executable) or size == "1":
        yield
        return
    command = [sys.executable, "-I", "-S", join_watch.__file__, places[0], size, str(limit)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL):
        yield  # at the end its input is closed


@functools.cache
def ranks() -> Ranks:
    """Return the ranks of this process; the first call joins those that MPI started with it.

    Raises:
        ImportError: if a launcher started this process and mpi4py is not installed.
    """
    launched = any(sign in os.environ for sign in _SIGNS) or "mpi4py.MPI" in sys.modules
    if not launched:
        return Ranks()
    with _watched_joining():
        return Ranks(require("mpi4py.MPI", "mpi"))


def joined() -> bool:
    """Whether this process has joined more than one rank."""
    return ranks.cache_info().currsize > 0 and ranks().size > 1


def without_rows(parts: Sequence[np.ndarray], rows: Rows) -> None:
    """Put zeros in the place of gradients of a rank that has no rows: a mean over nothing may be NaN."""
    if not rows.count:
        for part in parts:
            part.fill(0)


def add_over_ranks(parts: Sequence[np.ndarray]) -> None:
    """Put the sums over the ranks that share the batch in the place of C-contiguous arrays."""
    everybody = sharers()
    for part in parts:
        everybody.add(part)


def sums_over_ranks(arrays: Sequence[np.ndarray], rows: Rows) -> list[np.ndarray]:
    """Return the sums of arrays over the ranks that share the batch, exchanged in one message by dtype.

    Args:
        arrays: this rank's terms, which are left as they are.
        rows: this rank's rows; without any, its terms are nothing.
    """
    found = list(arrays)
    for dtype in dict.fromkeys(a.dtype for a in arrays):
        places = [i for i, a in enumerate(arrays) if a.dtype == dtype]
        joined = np.concatenate([np.ravel(arrays[i]) for i in places])
        without_rows([joined], rows)
        add_over_ranks([joined])
        ends = np.cumsum([arrays[i].size for i in places])
        for i, part in zip(places, np.split(joined, ends[:-1])):
            found[i] = part.reshape(np.shape(arrays[i]))
    return found
