"""Training and test: the learning phase, and what depends on it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.state import thread
from minikeras.compat.graph_session import (
    LEARNING_PHASE,
    learning_phase_is_set,
    learning_phase_value,
    set_learning_phase_value,
)
from minikeras.compat.keras_backend import control


def learning_phase() -> Any:
    """Return whether layers behave as in training.

    Returns:
        Inside a layer 1 or 0. Outside it is the number that `set_learning_phase` set, else a placeholder,
        to be given to `K.function` among the inputs; nothing fed for it means 0.
    """
    here = thread.state
    if (here.in_call or here.describing) and here.training is not None:
        return int(here.training)
    if here.in_call or here.describing or learning_phase_is_set():
        return learning_phase_value()
    return LEARNING_PHASE


def symbolic_learning_phase() -> KerasTensor:
    """Return the placeholder of the learning phase."""
    return LEARNING_PHASE


def set_learning_phase(value: int) -> None:
    """Set the learning phase for expressions and functions that nothing else is fed for.

    Args:
        value: 0 for test, 1 for training.
    """
    if value not in (0, 1):
        raise ValueError(f"The learning phase is 0 or 1. Received: {value!r}")
    set_learning_phase_value(value)


def forget_learning_phase() -> None:
    """Go back to a learning phase that is not set."""
    set_learning_phase_value(None)


@contextlib.contextmanager
def learning_phase_scope(value: int) -> Iterator[None]:
    """Set the learning phase within a `with` statement."""
    before = learning_phase_value() if learning_phase_is_set() else None
    set_learning_phase(value)
    try:
        yield
    finally:
        set_learning_phase_value(before)


def in_train_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """Return `x` in training, else `alt`.

    Args:
        x: tensor, or a function that gives it.
        alt: tensor, or a function that gives it.
        training: whether it is training; the learning phase if None.
    """
    if training is None:
        training = learning_phase()
    if isinstance(training, KerasTensor):
        return control.switch(training, x, alt)
    return control.value_of(x if bool(training) else alt)


def in_test_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """Return `x` in a test, else `alt`; see `in_train_phase`."""
    return in_train_phase(alt, x, training)
