"""What a thread is doing right now: which tapes record, which layer runs.

Per thread, so that a worker that prepares data never records on the trainer's tape.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any


class State:
    """What one thread is doing.

    Attributes:
        tapes: tapes that record, innermost last.
        training: the `training` argument of the outermost layer call, None outside.
        layers: layers being called, outermost first; for names in messages and variable paths.
        autocast: NumPy dtype that float variables are cast to while a mixed-precision layer runs.
        following: operations of a graph whose work the one that runs may take over (`ops/function.py`).
        describing: whether a step of a graph is being described: ops that it calls are part of it.
        journal: who notes what changes, None for nobody (`autodiff/journal.py`).
        rematerializing: whether what runs will be computed again for its gradient, or is.
        in_call: whether a layer call is under way on this thread.
        new_nodes: makes the list of a new tape; `inspection` gives tapes one that notes what it gets.
        play: `play(node, g, saved, needs, out)`, which runs a recorded call's backward for whoever
            watches; None for nobody.
        scopes: open name scopes; variables created inside carry them in their path.
        scope: who opened the innermost one and how it is called, and how many layers ran then.
    """

    __slots__ = (
        "autocast",
        "describing",
        "following",
        "in_call",
        "journal",
        "layers",
        "new_nodes",
        "play",
        "rematerializing",
        "scope",
        "scopes",
        "tapes",
        "training",
    )

    def __init__(self) -> None:
        self.tapes: list[Any] = []
        self.training: bool | None = None
        self.layers: list[Any] = []
        self.autocast: Any = None
        self.following: tuple = ()
        self.describing = False
        self.in_call = False
        self.journal: Any = None
        self.new_nodes: Callable = list
        self.play: Callable | None = None
        self.rematerializing = False
        self.scopes: list[str] = []
        self.scope: tuple[Any, str | None, int] = (None, None, 0)

    def open_names(self) -> list[str]:
        """Return the names that the path of a layer begins with: of scopes, and of layers around."""
        return [*self.scopes, *[layer.name for layer in self.layers[self.scope[2] :]]]


class _Thread(threading.local):
    """Holds the state of the thread that asks.

    An attribute of a thread-local object takes eight times as long to read as one of a plain object,
    so functions that run at every step read `state` once.
    """

    def __init__(self) -> None:
        self.state = State()


thread = _Thread()


def where_am_i() -> str:
    """Name the layer being called, for messages; empty outside any layer."""
    if not thread.state.layers:
        return ""
    layer = thread.state.layers[-1]
    return f"layer '{getattr(layer, 'path', None) or layer.name}'"
