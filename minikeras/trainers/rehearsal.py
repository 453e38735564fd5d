"""A step tried out before training: what does not fit shows while nothing has changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from minikeras import tree
from minikeras.autodiff.variable import Variable
from minikeras.random.seed_generator import get_global_draws, set_global_draws
from minikeras.trainers.data_adapters import PyDatasetAdapter, unpack_x_y_sample_weight
from minikeras.trainers.epoch_iterator import EpochIterator, to_filled_tensors
from minikeras.trainers.steps import Steps


def rehearse_first(model: Any, iterator: EpochIterator, kind: str) -> None:
    """Try a step on the first batch of data: see `rehearse`."""
    # A data set may take long to make a batch: one look at it is enough.
    once = isinstance(iterator.data_adapter, PyDatasetAdapter)
    if not once or all(k != kind for k, *_ in model._rehearsed):
        rehearse(model, iterator.peek(), kind)


def rehearse(model: Any, batch: Any, kind: str) -> None:
    """Try forward pass, loss and metrics on a batch, and put everything back.

    Batches of the shapes and dtypes of one that has been tried are not tried again. A step of the
    user's is not tried: nobody knows what it would change.

    Args:
        model: the model, compiled and built.
        batch: a batch, as data adapters give it.
        kind: `"train"` or `"test"`.

    Raises:
        Exception: what the step raises.
    """
    if getattr(type(model), f"{kind}_step") is not getattr(Steps, f"{kind}_step"):
        return
    like = [None if a is None else (a.shape[1:], a.dtype) for a in tree.flatten(batch)]
    signature = (kind, *like)
    if signature in model._rehearsed:
        return
    x, y, sample_weight = unpack_x_y_sample_weight(to_filled_tensors(batch))
    training = kind == "train"
    numpy_draws, draws = np.random.get_state(), get_global_draws()
    try:
        passing = [v for layer in model._flatten_layers() for v in layer.passing_variables()]
        everything = [*model.variables, *model.metrics_variables, *passing]
        with unchanged(model, everything), without_warnings():
            y_pred = model(x, training=training) if model.call_signature.training else model(x)
            model.compute_loss(
                x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=training
            )
            model.compute_metrics(x, y, y_pred, sample_weight)
    finally:
        np.random.set_state(numpy_draws)
        set_global_draws(draws)
    model._rehearsed.add(signature)


@contextmanager
def unchanged(
    model: Any, variables: Iterable[Variable], unless_done: bool = False
) -> Iterator[None]:
    """Put variables back when what runs inside has ended.

    After an error, losses and metrics that were matched with outputs inside are matched anew.

    Args:
        model: the model.
        variables: variables of the model.
        unless_done: whether only an error is to put them back.
    """
    parts = [p for p in (model._compile_loss, model._compile_metrics) if p is not None]
    unbuilt = [p for p in parts if not p.built]
    # Arrays of variables never change; only optimizers change weights in place.
    held = [(v, v.array) for v in variables]
    put_back = True
    try:
        yield
        put_back = not unless_done
    except BaseException:
        for part in unbuilt:
            part.unbuild()
        raise
    finally:
        if put_back:
            for v, value in held:
                v.array = value


def without_warnings() -> Any:
    """A context without NumPy's warnings: an overflow shows in the loss, as in Keras.

    Debug numerics say where it was.
    """
    return np.errstate(all="ignore")
