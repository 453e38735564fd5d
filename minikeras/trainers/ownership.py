"""One thread at a time trains a model."""

from __future__ import annotations

import functools
from collections.abc import Callable
from threading import get_ident
from typing import Any, TypeVar

_Method = TypeVar("_Method", bound=Callable)

_owners: dict[int, int] = {}
"""The thread that trains or evaluates a model, by the model's id. Its methods are atomic."""


def owned_by_one_thread(method: _Method) -> _Method:
    """Let a method of a model that changes weights or metrics run in one thread at a time.

    Two trainings of a model at once would mix their gradients, and an evaluation beside a training
    would count in the same metrics. Within its thread a model may be trained from its own callbacks.
    Calls of the model and `predict` change nothing, so they need no owner.
    """

    @functools.wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        me = get_ident()
        if _owners.get(id(self)) == me:
            return method(self, *args, **kwargs)
        if _owners.setdefault(id(self), me) != me:
            raise RuntimeError(
                f"{method.__name__}: model '{self.name}' is being trained or evaluated in another "
                "thread. Wait until that has ended, or give each thread a copy "
                "(`copy.deepcopy(model)`). `predict` may run in any number of threads."
            )
        try:
            return method(self, *args, **kwargs)
        finally:
            del _owners[id(self)]

    return call


def owns_a_model() -> bool:
    """Whether this thread is within the training or the evaluation of a model."""
    return get_ident() in _owners.values()
