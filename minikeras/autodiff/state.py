"""What a thread is doing right now: which tapes record, which layer runs.

Per thread, so that a worker that prepares data never records on the trainer's tape.
"""

from __future__ import annotations

import threading
from typing import Any


class _State(threading.local):
    tapes: list[Any]
    """Tapes that record, innermost last."""
    training: bool | None
    """The `training` argument of the outermost layer call, None outside."""
    layers: list[Any]
    """Layers being called, outermost first; for names in messages and variable paths."""
    autocast: Any
    """NumPy dtype that float variables are cast to while a mixed-precision layer runs."""
    in_call: bool
    """Whether a layer call is under way on this thread."""
    scopes: list[str]
    """Open name scopes; variables created inside carry them in their path."""

    def __init__(self) -> None:
        self.tapes = []
        self.training = None
        self.layers = []
        self.autocast = None
        self.in_call = False
        self.scopes = []


state = _State()


def where_am_i() -> str:
    """Name the layer being called, for messages; empty outside any layer."""
    if not state.layers:
        return ""
    layer = state.layers[-1]
    return f"layer '{getattr(layer, 'path', None) or layer.name}'"
