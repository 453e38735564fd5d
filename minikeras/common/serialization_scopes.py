"""What holds while a whole object is written or read: whether code is trusted, what was met before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minikeras.common.settings import get_local, set_local, settings


class SafeModeScope:
    """Carries `safe_mode` into the deserialization of what is inside an object, on this thread."""

    def __init__(self, safe_mode: bool = True) -> None:
        self.safe_mode = safe_mode

    def __enter__(self) -> SafeModeScope:
        self._outer = get_local("safe_mode")
        set_local("safe_mode", self.safe_mode)
        return self

    def __exit__(self, *exc: Any) -> None:
        set_local("safe_mode", self._outer)


def in_safe_mode() -> bool:
    """Return whether an object is being deserialized that may neither revive code nor read files."""
    return bool(get_local("safe_mode")) and not settings.unsafe_deserialization


class WeightsToComeScope:
    """Lets layers make weights without values, which a file is about to give them, on this thread.

    Args:
        take: function that is told the bytes of each weight and what it is, and raises if they are
            more than the file can hold.
    """

    def __init__(self, take: Callable[[int, str], None]) -> None:
        self.take = take

    def __enter__(self) -> WeightsToComeScope:
        self._outer = get_local("weights_to_come")
        set_local("weights_to_come", self)
        return self

    def __exit__(self, *exc: Any) -> None:
        set_local("weights_to_come", self._outer)


class ObjectSharingScope:
    """Makes an object that is met twice be written, and read, as one object, on this thread."""

    def __enter__(self) -> ObjectSharingScope:
        self._outer = get_local("shared_objects")
        set_local("shared_objects", ({}, {}))
        return self

    def __exit__(self, *exc: Any) -> None:
        set_local("shared_objects", self._outer)


def note_written(obj: Any, entry: dict) -> None:
    scope = get_local("shared_objects")
    if scope is None:
        return
    written = scope[0]
    if id(obj) in written:
        _, first = written[id(obj)]
        entry["shared_object_id"] = first.setdefault("shared_object_id", id(obj))
    else:
        written[id(obj)] = (obj, entry)  # the object is kept, so that its id stays its own


def revived_before(config: dict) -> Any:
    scope = get_local("shared_objects")
    return None if scope is None else scope[1].get(config.get("shared_object_id"))


def note_revived(config: dict, obj: Any) -> None:
    scope = get_local("shared_objects")
    if scope is not None and "shared_object_id" in config:
        scope[1][config["shared_object_id"]] = obj
