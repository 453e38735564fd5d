"""Batches that ranks share: what `fit`, `evaluate` and `predict` do so that all learn one thing.

Every rank runs the script, and its step works on its rows of each batch (`common/ranks.py: running`).
Its loss is the mean over them. What makes of it what one process computes on the whole batch:

- the tape weights it by the share of the rows (`autodiff/tape.py: loss_seed`), so gradients are terms of
  one sum. The optimizer adds them when an update is due; where a step of the user's asks the tape for
  gradients by variables, the tape does;
- metrics that are sums of what examples give are added; other metrics, and losses that are no mean of
  what examples give, are computed on the outputs of all ranks (`over_ranks.py`);
- batch statistics are those of all rows (`kernels/normalization.py`); draws are made for all rows, and
  each rank takes its own (`kernels/random.py`).
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import os
import platform
import sys
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from typing import Any

import numpy as np

from minikeras import tree
from minikeras.autodiff.tensor import to_array
from minikeras.autodiff.variable import Variable, is_split
from minikeras.callbacks import (
    BackupAndRestore,
    CSVLogger,
    LambdaCallback,
    LivePlot,
    ModelCheckpoint,
    OrbaxCheckpoint,
    ProgbarLogger,
    RemoteMonitor,
    TensorBoard,
)
from minikeras.common.ranks import OwnRows, Ranks, Rows, ranks, rows_of, running
from minikeras.data.dataset import Dataset
from minikeras.distribution.distribution_lib import DataParallel, ModelParallel, distribution
from minikeras.distribution.splitting import group
from minikeras.random.random_state import get_random_state, set_random_state
from minikeras.random.seed_generator import get_global_draws, set_global_draws
from minikeras.trainers.data_adapters import ArrayDataAdapter, unpack_x_y_sample_weight
from minikeras.trainers.epoch_iterator import to_tensors
from minikeras.trainers.over_ranks import (
    add_metrics,
    asked,
    is_ours,
    note_metrics,
    whole_outputs,
)
from minikeras.trainers.rehearsal import unchanged, without_warnings
from minikeras.version import __version__

_OF_THE_FIRST = (CSVLogger, LivePlot, ModelCheckpoint, ProgbarLogger, RemoteMonitor, TensorBoard)
"""Callbacks that write and show, and change nothing: rank 0 has them."""

_SAVERS = (BackupAndRestore, ModelCheckpoint, OrbaxCheckpoint)
"""Callbacks that look at the optimizer's state."""

_FAILED = -1
"""The size of a batch that could not be made."""


class Sharing:
    """How the ranks share the batches of one `fit`, `evaluate` or `predict`.

    Args:
        model: the model.
        distribution: the distribution in use.
    """

    def __init__(self, model: Any, distribution: Any) -> None:
        if not isinstance(distribution, (DataParallel, ModelParallel)):
            raise ValueError(
                f"{type(distribution).__name__} cannot train on several ranks. Use DataParallel or "
                "ModelParallel."
            )
        self.model = model
        self.ranks = ranks()
        if isinstance(distribution, DataParallel):
            devices = distribution.device_mesh.devices.ravel().tolist()
            if devices != [f"cpu:{i}" for i in range(ranks().size)]:
                raise ValueError(
                    f"DataParallel: the mesh must hold every rank once, in order. Received: {devices}. "
                    f"Start as many ranks as there are devices: `mpiexec -n {len(devices)}`."
                )
            self.sharers = self.ranks
        else:  # those of a line along the batch axis share batches, others compute with them
            self.sharers = group(distribution.device_mesh, distribution.batch_dim_name)
        self.whole_data = distribution.auto_shard_dataset
        self.asks = not self.whole_data
        """Whether ranks have to ask each other, before each step, if there is one."""
        self.callbacks: Any = None
        self.joins = True
        """Whether somebody may look at what optimizers have accumulated, after each step."""

    # Before the first step.

    def check_call(self, method: str, data: Any, **arguments: Any) -> None:
        """Make sure that all ranks do the same with the same, before anything is computed.

        Raises:
            ValueError: on all ranks, if they do not; it names the rank and what differs.
        """
        leaves = [leaf for leaf in tree.flatten(data) if leaf is not None]
        rows = slice(0 if self.whole_data else 1, None)
        shapes = [
            [*map(int, leaf.shape[rows])] if hasattr(leaf, "shape") else type(leaf).__name__
            for leaf in leaves
        ]
        self.ranks.agree(
            f"{type(self.model).__name__}.{method}",
            {
                "the version of minikeras": __version__,
                "the version of NumPy": np.__version__,
                "the version of Python": platform.python_version(),
                "the script": _script(),
                "the method": method,
                "the shapes of the data": shapes,
                "the dtypes of the data": [str(getattr(leaf, "dtype", "")) for leaf in leaves],
                "the values of the data": [_sample(leaf) for leaf in leaves if self.whole_data],
                "the seeds of the data, which need to be given": [
                    leaf.get_state()
                    for leaf in leaves
                    if self.whole_data and isinstance(leaf, Dataset)
                ],
                **{f"argument {name}": str(value) for name, value in arguments.items()},
            },
        )

    def begin(self, iterators: Iterable[Any], callbacks: Any = None) -> None:
        """Let all ranks have the weights, the optimizer's state and the random streams of rank 0.

        Args:
            iterators: the `EpochIterator`s of the run.
            callbacks: its `CallbackList`.
        """
        model, self.callbacks = self.model, callbacks
        self.join_accumulated()  # of a training that an error has ended
        for layer in model._flatten_layers():
            if getattr(layer, "stateful", False) is True and hasattr(layer, "states"):
                raise ValueError(
                    f"Layer '{layer.name}': stateful=True keeps a state for each row of a batch, which "
                    "ranks cannot share. Use stateful=False."
                )
        iterators = [i for i in iterators if i is not None]
        for iterator in iterators:
            adapter = iterator.data_adapter
            if not isinstance(adapter, ArrayDataAdapter):
                self.asks = True
            if self.whole_data:  # a resumed pass begins before the first step does
                adapter.cut = self.sharers.rank, self.sharers.size
        # Callbacks of others may stop a rank by itself.
        others = getattr(callbacks, "callbacks", ())
        if any(isinstance(c, LambdaCallback) or not is_ours(type(c)) for c in others):
            self.asks = True
        # One rank may have callbacks that others have not: where one asks, all have to answer.
        self.asks = any(self.ranks.all(int(self.asks)))
        optimizer = model.optimizer
        variables = _variables(model)
        for c in getattr(callbacks, "callbacks", ()):
            if isinstance(c, TensorBoard) and (c.histogram_freq or c.embeddings_freq):
                for v in filter(lambda v: v._split is not None, variables):
                    raise ValueError(
                        f"TensorBoard: rank 0 cannot show weights such as '{v.path}', which is split over "
                        "ranks. Use histogram_freq=0 and embeddings_freq=0."
                    )
        self.ranks.agree(
            type(model).__name__,
            {
                "the optimizer": type(optimizer).__name__,
                "the shapes of variables": [list(v.array.shape) for v in variables],
                "the dtypes of variables": [str(v.array.dtype) for v in variables],
                "the number of batches": [i.num_batches for i in iterators if self.whole_data],
            },
        )
        for everybody, same in self._alike():
            if len(set(everybody.all(_fingerprint(v.array for v in same)))) > 1:
                for v in same:
                    value = everybody.broadcast(np.array(v.array))
                    if value.tobytes() != v.array.tobytes():
                        (v.assign if v._split is None else v.assign_part)(value)
        _share_random_state()

    def check_losses(self, batch: Any, training: bool) -> None:
        """Find out which numbers that layers add as losses are means over examples, and which sums.

        The first batch is tried as a whole and in the ranks' parts; everything is put back.

        Args:
            batch: a batch that all ranks have.
            training: whether layers are called for training.

        Raises:
            ValueError: if what ranks have found is put together neither as a mean nor as a sum.
        """
        model = self.model
        model._losses_summed = frozenset()
        # Those of activity regularizers are known: they are divided by the number of examples.
        own = any(
            x.added_losses and x.activity_regularizer is None for x in model._flatten_layers()
        )
        if not model._has_call() or not self.whole_data:
            return
        if not own and not model._has_own_steps():  # the model has been called by now
            return
        parts = self.own_rows(batch)
        try:
            whole_values = self._added_losses(None, batch, training)
        except Exception:
            if not model._has_own_steps():
                raise
            # A step of the user's may call the model with something else of the data.
            model._losses_summed = _Untried(model)
            return
        values = self._added_losses(parts.rows, parts.batch, training)
        sums, means = (self.sharers.add(np.array(values) * f) for f in (1.0, parts.rows.share))
        found = set()
        for i, (one, total, mean) in enumerate(zip(whole_values, sums, means)):
            if np.isclose(mean, one, 1e-3, 1e-6) or not np.isfinite(one):
                continue
            if not np.isclose(total, one, 1e-3, 1e-6):
                layers = [x for x in model._flatten_layers() for _ in x.added_losses]
                raise ValueError(
                    f"Layer '{layers[i].name}' adds a loss that is neither the mean nor the sum of what "
                    f"examples give: of a batch it is {one:.4g}; of the ranks' rows the mean is "
                    f"{mean:.4g}, the sum {total:.4g}. Ranks cannot share such a batch."
                )
            found.add(i)
        model._losses_summed = frozenset(found)

    def _added_losses(self, rows: Rows | None, batch: Any, training: bool) -> list[float]:
        """Return the numbers that layers add for a batch, or for this rank's rows of it."""
        model = self.model
        x, _, _ = unpack_x_y_sample_weight(to_tensors(batch))
        passing = [v for layer in model._flatten_layers() for v in layer.passing_variables()]
        numpy_draws, draws = np.random.get_state(), get_global_draws()
        running.rows, running.ranks = rows, self.sharers
        try:
            with unchanged(model, [*model.variables, *passing]), without_warnings():
                _ = model(x, training=training) if model.call_signature.training else model(x)
                found = [a for layer in model._flatten_layers() for a in layer.added_losses]
        finally:
            running.rows = running.ranks = None
            np.random.set_state(numpy_draws)
            set_global_draws(draws)
        empty = rows is not None and not rows.count
        return [0.0 if a.ndim or empty else float(to_array(a)) for a in found]

    # The steps of an epoch.

    def epoch(self, batches: Iterator[tuple[int, Any]]) -> Iterator[tuple[int, Any]]:
        """Give steps, and this rank's part of their batches."""
        last: Any = None
        if self.callbacks is not None:  # hooks may come and go between epochs
            self.joins = any(self.ranks.all(int(self._is_watched())))
        while True:
            try:
                step, batch = next(batches, (None, None))
            except Exception:
                if self.asks:
                    self._sizes(_FAILED)
                raise
            sizes = []
            if self.asks:
                sizes = self._sizes(0 if step is None else _size(batch))
            if step is None:
                if self.whole_data or not any(sizes):
                    return
                if last is None:
                    raise ValueError(f"Rank {self.ranks.rank} has no data, and other ranks have.")
                # The others have more: this rank takes part without rows.
                step, batch = last[0] + 1, tree.map_structure(lambda a: a[:0], last[1])
            last = step, batch
            if type(batch) is OwnRows:
                yield step, batch
            elif self.whole_data:
                yield step, self.own_rows(batch)
            else:
                place = self.sharers.rank
                start = sum(sizes[:place])
                rows = Rows(start, start + sizes[place], sum(sizes))
                yield step, OwnRows(rows, batch)

    def _sizes(self, size: int) -> list[int]:
        """Return how many rows each rank that shares batches was given; refuse those that differ."""
        sizes = (self.ranks if self.whole_data else self.sharers).all(size)
        if _FAILED in sizes:
            if len(sizes) == self.ranks.size:
                self.join_accumulated()
            if size != _FAILED:
                raise ValueError(f"Rank {sizes.index(_FAILED)} could not make its next batch.")
            return sizes
        if not self.whole_data:
            lines = [0] if self.sharers is self.ranks else self.ranks.all(hash(tuple(sizes)))
            if len(set(lines)) > 1:
                raise ValueError(
                    "Ranks that hold parts of the same weights must bring the same rows. Received: batches "
                    f"of different sizes; along the batch axis rank {self.ranks.rank} sees {sizes}."
                )
            return sizes
        wrong = [n != sizes[0] for n in sizes]
        if any(wrong):
            rank = wrong.index(True)
            raise ValueError(
                f"The batch of rank {rank} has {sizes[rank]} rows, that of rank 0 has {sizes[0]}. All "
                "ranks must be given the same batches; a generator must give the same on each."
            )
        return sizes

    def own_rows(self, batch: Any) -> OwnRows:
        """Return this rank's part of a batch that all ranks were given."""
        rows = rows_of(_size(batch), self.sharers.rank, self.sharers.size)
        own = tree.map_structure(lambda a: a if a is None else a[rows.slice], batch)
        return OwnRows(rows, own)

    def reading(self, read: Callable) -> Callable:
        """Return a function that reads a part of a batch, with which the step begins."""

        def begin(own: OwnRows) -> Any:
            own.rows.thread = threading.get_ident()  # another may have made the batch
            running.rows, running.ranks = own.rows, self.sharers
            note_metrics(self.model)
            return read(own.batch)

        return begin

    def batches(self, batch: Any, later: Iterator, read: Callable) -> Iterator[Any]:
        """Return an iterator over this batch and those after it, read when they are asked for."""
        return map(self.reading(read), itertools.chain((batch,), map(itemgetter(1), later)))

    def run(self, function: Callable, batches: Iterator[Any], outputs: bool = False) -> Any:
        """Call the function of an execution, and return what it returns for all ranks."""
        try:
            result = function(batches)
            if running.rows is None:  # it took no batch
                return result
            if self.joins:
                self.join_accumulated()
            if not outputs:
                return self._whole_logs(result)
            own = function == self.model._run_predict_steps
            return result if own else whole_outputs(result)
        finally:
            running.rows = running.ranks = running.totals = running.results = None

    def _is_watched(self) -> bool:
        """Whether a callback may look at the optimizer's state between two steps."""
        hooks = getattr(self.callbacks, "_hooks", None)
        if hooks is None:  # a container of somebody else's
            return True
        watching = [*hooks["on_train_batch_begin"], *hooks["on_train_batch_end"]]
        owners = [getattr(hook, "__self__", None) for hook, _ in watching]
        return any(
            not is_ours(type(c)) or isinstance(c, (LambdaCallback, *_SAVERS)) for c in owners
        )

    def join_accumulated(self) -> None:
        """Give all ranks what each has accumulated of gradients for the next update."""
        while running.parted:
            running.parted.pop()._join_accumulated(self.sharers)

    def stops(self, wanted: bool) -> bool:
        """Whether to stop after this step, which one of the ranks may have decided."""
        return bool(max(self.ranks.all(int(wanted)))) if self.asks else wanted

    # Metrics.

    def _whole_logs(self, logs: Any) -> Any:
        """Return the logs of a step of the user's, with values over all ranks.

        Metrics know theirs, by their names or as what `result` gave, also in dicts inside. Other numbers,
        as the loss that a step computes and returns, are taken for means over the rank's rows.
        """
        model, rows = self.model, running.rows
        if not model._has_own_steps() or not isinstance(logs, dict):
            return logs
        answers = asked(model)
        add_metrics(model)
        current = dict(model.get_metrics_result())
        tracker = model._loss_tracker
        if tracker is not None and not tracker.count.array.any():
            # Such a step does not count in it. Another metric may have its name.
            others = [m.name for m in model.metrics if m is not tracker]
            current = {n: v for n, v in current.items() if n != tracker.name or n in others}
        others = {n: v for n, v in _leaves(logs) if n not in current}
        numbers = {n: np.asarray(v) for n, v in others.items()}
        numbers = {n: a for n, a in numbers.items() if a.size == 1 and a.dtype.kind in "fiu"}
        if numbers:
            parts = [a.item() * rows.share if rows.count else 0.0 for a in numbers.values()]
            known = [id(others[n]) in answers for n in numbers]
            means, agreed = np.split(self.sharers.add(np.array([*parts, *known])), 2)
            for n, mean, votes in zip(numbers, means, agreed):
                current[n] = answers[id(others[n])]() if votes == self.sharers.size else mean
        return _with_values(logs, current)

    # After an epoch.

    def check_weights(self) -> None:
        """Make sure that all ranks still have the same weights."""
        self.join_accumulated()
        for everybody, same in self._alike():
            if len(set(everybody.all(_fingerprint(v.array for v in same)))) > 1:
                everybody.agree(
                    f"{type(self.model).__name__}.fit",
                    {
                        f"the value of '{v.path}' after an epoch": _fingerprint([v.array])
                        for v in same
                    },
                    "Layers must not change variables by what they see of one rank's rows, and gradients "
                    "that `optimizer.apply` is given must be a tape's, or alike on all ranks.",
                )

    def _alike(self) -> list[tuple[Ranks, list[Variable]]]:
        """Return ranks, and the variables whose arrays they must have alike.

        Of a variable that is split, those along the batch axis have the same part.
        """
        variables = _variables(self.model)
        whole = [v for v in variables if v._split is None]
        parts = [v for v in variables if v._split is not None]
        return [(self.ranks, whole), *([(self.sharers, parts)] if parts else [])]


def sharing_of(model: Any) -> Sharing | None:
    """Return how ranks share the batches of a model, None where there is one rank or no distribution."""
    current = distribution()
    if current is None or ranks().size == 1 or running.rows is not None:
        return None
    return Sharing(model, current)


def callbacks_of_rank(model: Any, callbacks: Any) -> Any:
    """Return those of some callbacks that this rank is to have: rank 0 writes and shows for all."""
    if ranks().rank == 0 or callbacks is None:
        return callbacks
    # What a checkpoint of split weights saves, all ranks have to gather.
    shared = ModelCheckpoint if is_split(model.variables) else ()
    return [
        c
        for c in tree.flatten(callbacks)
        if not isinstance(c, _OF_THE_FIRST) or isinstance(c, shared)
    ]


# What all ranks are to have alike.


def _leaves(logs: dict) -> Iterator[tuple[str, Any]]:
    """Return names and values of logs, those of dicts inside too, which logs merge."""
    for name, value in logs.items():
        if isinstance(value, dict):
            yield from _leaves(value)
        else:
            yield name, value


def _with_values(logs: dict, values: dict) -> dict:
    """Return logs with these values in the place of those of the same names."""
    return {
        name: _with_values(value, values) if isinstance(value, dict) else values.get(name, value)
        for name, value in logs.items()
    }


def _variables(model: Any) -> list[Variable]:
    """Return all numbers that a model and its optimizer hold."""
    found = list(model.variables)
    if model.optimizer is not None:
        found += model.optimizer.variables
    return [v for v in dict.fromkeys(found) if v.array.dtype.kind not in "TOUS"]


def _share_random_state() -> None:
    """Let the global random streams go on from where they are on rank 0."""
    state = get_random_state()
    version, words, gauss = state["python"]
    name, key, place, has_gauss, cached = state["numpy"]
    own = np.zeros(3, np.uint32)
    if state["minikeras"] is not None:
        own[:] = 1, *state["minikeras"]
    numbers = np.array([place, has_gauss, cached, gauss is not None, gauss or 0.0])
    for array in (words, key, own, numbers):
        ranks().broadcast(array)
    set_random_state(
        {
            "python": (version, words, float(numbers[4]) if numbers[3] else None),
            "numpy": (name, key, int(numbers[0]), int(numbers[1]), float(numbers[2])),
            "minikeras": own[1:] if own[0] else None,
        }
    )


@functools.cache
def _script() -> str:
    """Return name and fingerprint of the script that runs."""
    path = getattr(sys.modules.get("__main__"), "__file__", None)
    if not path or not os.path.isfile(path):
        return "none"
    with open(path, "rb") as file:
        return f"{os.path.basename(path)} {hashlib.sha256(file.read()).hexdigest()[:16]}"


def _fingerprint(arrays: Iterable[np.ndarray]) -> int:
    """Return a number that is another one if the arrays have other bits."""
    found = 0
    for a in arrays:
        found = zlib.crc32(np.ascontiguousarray(a).reshape(-1).view(np.uint8), found)
    return found


def _sample(leaf: Any) -> int | None:
    """Return a fingerprint of the first and last values of an array, None for other data."""
    if not isinstance(leaf, np.ndarray) or leaf.dtype.kind not in "biufc" or not leaf.ndim:
        return None
    return _fingerprint([leaf[:8], leaf[-8:]])


class _Untried(frozenset):
    """Stands for the losses that are sums where no loss could be tried."""

    def __new__(cls, model: Any) -> _Untried:
        self = super().__new__(cls)
        self._model = model
        return self

    def __contains__(self, place: Any) -> bool:
        """Refuse those of layers; those of weights, which come after them, are no sums over rows."""
        if place >= sum(len(layer.added_losses) for layer in self._model._flatten_layers()):
            return False
        raise ValueError(
            f"Model '{self._model.name}' cannot be called with the first part of the data, so nobody "
            "knows whether the losses that its layers add are means over examples or sums. Ranks "
            "cannot share such a batch."
        )


def _size(batch: Any) -> int:
    if type(batch) is OwnRows:
        return batch.rows.total
    return next((a.shape[0] for a in tree.flatten(batch) if np.ndim(a)), 0)
