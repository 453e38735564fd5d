"""`OrbaxCheckpoint`, which minikeras leaves out."""

from __future__ import annotations

from typing import Any

from minikeras.common.left_out import LeftOut


class OrbaxCheckpoint(LeftOut):
    """Keras's callback that saves through Orbax, a library for JAX."""

    reason = "it saves through Orbax, which needs JAX"
    instead = (
        "Use `callbacks.ModelCheckpoint`, or `callbacks.BackupAndRestore` to go on where it was."
    )

    def __init__(
        self,
        directory: Any,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        mode: str = "auto",
        save_freq: Any = "epoch",
        initial_value_threshold: float | None = None,
        max_to_keep: int = 1,
        save_on_background: bool = True,
        save_weights_only: bool = False,
    ) -> None: ...
