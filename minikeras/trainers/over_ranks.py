"""Losses, metrics and outputs of a batch that ranks share; see `data_parallel.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from minikeras import tree
from minikeras.autodiff.journal import note_change
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.autodiff.variable import Variable
from minikeras.common.ranks import running, sharers, unshared
from minikeras.distribution.collectives import whole
from minikeras.losses.circle_loss import circle
from minikeras.losses.segmentation_losses import dice, tversky
from minikeras.metrics.metric import Metric
from minikeras.metrics.reduction_metrics import MeanMetricWrapper

_WHOLE = {getattr(f, "__wrapped__", f) for f in (dice, tversky, circle)}
"""Functions of minikeras's that do not give a number for each example."""


def whole_outputs(outputs: Any) -> Any:
    """Return outputs for all ranks' rows; what has not this rank's number of rows stays as it is."""
    flat = list(map(to_array, tree.flatten(outputs)))
    fit = [a.ndim > 0 and a.shape[0] == running.rows.count for a in flat]
    fits = sharers().rows(np.array([fit])).all(axis=0)  # on all ranks, not by chance on one
    gathered = [Tensor(sharers().rows(a) if by_row else a) for a, by_row in zip(flat, fits)]
    return tree.pack_sequence_as(outputs, gathered)


def needs_all_rows(loss: Any) -> bool:
    """Whether a loss is no mean of numbers that minikeras knows to come from one example each."""
    loss = getattr(loss, "loss", loss)  # one over a part of the outputs
    if getattr(loss, "reduction", "mean") in (None, "none") or not is_ours(type(loss)):
        return True
    function = getattr(loss, "fn", None)
    return function is not None and _mixes(function)


def _mixes(function: Any) -> bool:
    return getattr(function, "__wrapped__", function) in _WHOLE or not is_ours(function)


def is_ours(thing: Any) -> bool:
    """Whether a class or function is one of minikeras's."""
    return str(getattr(thing, "__module__", "")).partition(".")[0] == "minikeras"


def is_summed(metric: Any) -> bool:
    """Whether a metric's variables are sums of what examples give, so that ranks' can be added."""
    if isinstance(metric, MeanMetricWrapper) and _mixes(metric._fn):
        return False
    return is_ours(getattr(type(metric), "update_state", None))


def loss_of_all_rows(loss: Any, y_true: Any, y_pred: Any, sample_weight: Any) -> Any:
    """Compute a loss on the targets and outputs of all ranks; each has the gradient by its own."""
    everything = whole((y_true, y_pred, sample_weight))
    with unshared():
        return loss(*everything[:2], sample_weight=everything[2])


def update_metric(metric: Any, y_true: Any, y_pred: Any, sample_weight: Any) -> None:
    """Update a metric by this rank's rows, or by those of all ranks where it is no sum."""
    if is_summed(metric):
        metric.update_state(y_true, y_pred, sample_weight)
        return
    everything = whole((y_true, y_pred, sample_weight))
    with unshared():
        metric.update_state(*everything)


def _metrics(model: Any) -> Iterator[Metric]:
    """Yield the metrics of a model, each once."""
    for part in model.metrics:
        yield from getattr(part, "metrics", [part]) if not isinstance(part, Metric) else [part]


class _Sums:
    """The variables of a model's metrics that are added over ranks, as one vector.

    Args:
        model: the model.

    Raises:
        ValueError: if nobody knows how ranks' states of a metric are put together.
    """

    def __init__(self, model: Any) -> None:
        compiled = {id(m) for m in getattr(model._compile_metrics, "metrics", ())}
        variables: list[Variable] = []
        for metric in _metrics(model):
            if is_summed(metric):
                variables += metric.variables
            elif id(metric) not in compiled:
                raise ValueError(
                    f"Metric '{metric.name}' of class {type(metric).__name__} is updated by code of your "
                    "own, so that ranks cannot tell how to put together what each has. Give it to "
                    "`compile`, or use one of minikeras's metrics."
                )
        self.variables = list(dict.fromkeys(variables))
        self.bounds = [0, *np.cumsum([v.array.size for v in self.variables], dtype=int).tolist()]

    def get(self) -> np.ndarray:
        """Return their exact values."""
        result = np.empty(self.bounds[-1])
        for v, a, b in zip(self.variables, self.bounds, self.bounds[1:]):
            total = v.total
            result[a:b] = np.ravel(v.array if total is None else total)
        return result

    def set(self, values: np.ndarray) -> None:
        """Give them exact values."""
        for v, a, b in zip(self.variables, self.bounds, self.bounds[1:]):
            total, dtype = values[a:b].reshape(v.array.shape), v.array.dtype
            note_change(v)
            v.array = total.astype(dtype)
            if dtype.kind in "fV":
                v.exact = v.array, total if total.ndim else total.item()


def asked(model: Any) -> dict[int, Callable[[], Any]]:
    """Return, by the id of what a metric of the model has said in this step, how to ask it again.

    Those that would say something else by now, since they have been reset, are left out.

    Args:
        model: the model, whose metrics have not yet been added over ranks.
    """
    metrics, found = set(map(id, _metrics(model))), {}
    noted, running.results = running.results or [], None
    for metric, result in noted:
        if id(metric) in metrics:
            now = _parts(metric.result())
            for key, value in _parts(result).items():
                if key in now and np.array_equal(np.asarray(value), np.asarray(now[key]), True):
                    found[id(value)] = partial(_part, metric, key)
    return found


def _parts(result: Any) -> dict:
    return result if isinstance(result, dict) else {None: result}


def _part(metric: Metric, key: Any) -> Any:
    return _parts(metric.result())[key]


def _sums(model: Any) -> _Sums:
    structure = model._structure
    if structure is None:
        return _Sums(model)
    if structure.sums is None:
        structure.sums = _Sums(model)
    return structure.sums


def note_metrics(model: Any) -> None:
    """Note how far the sums of a model's metrics are when a step begins."""
    sums = _sums(model)
    running.totals, running.results = (sums, sums.get()), []


def add_metrics(model: Any) -> None:
    """Add to the metrics of each rank what the others' rows gave them in this step."""
    sums, (noted, before) = _sums(model), running.totals
    if list(map(id, sums.variables)) != list(map(id, noted.variables)):
        # Some were made in this step, and began with 0.
        known = dict(zip(noted.variables, np.split(before, noted.bounds[1:-1])))
        zeros = [np.zeros(v.array.size) for v in sums.variables]
        before = np.concatenate([known.get(v, z) for v, z in zip(sums.variables, zeros)] or [[]])
    after = before + sharers().add(sums.get() - before)
    sums.set(after)
    running.totals = sums, after
