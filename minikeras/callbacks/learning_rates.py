"""Reading the learning rates of a model's optimizers, of which there may be several."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from minikeras.callbacks.callback import Logs


def optimizers_of(model: Any) -> Iterator[tuple[str, Any]]:
    """Yield pairs of a name and an optimizer; a single one has no name."""
    optimizer = model.optimizer
    if hasattr(optimizer, "optimizers"):
        for inner in optimizer.optimizers:
            yield inner.name, inner
    else:
        yield "", optimizer


def learning_rate_of(optimizer: Any) -> float:
    """Return the current learning rate as a float."""
    return float(np.asarray(optimizer.learning_rate))


def log_learning_rates(model: Any, logs: Logs) -> None:
    """Put the learning rates into `logs`."""
    for name, optimizer in optimizers_of(model):
        key = f"learning_rate_{name}" if name else "learning_rate"
        logs[key] = learning_rate_of(optimizer)
