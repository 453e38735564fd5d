"""TensorFlow's checkpoints: which one is the newest, and what became of one that was read."""

from __future__ import annotations

import json
import os
from typing import Any

from minikeras.common.atomic_file import write_text


class Status:
    """What became of a checkpoint."""

    def __init__(self, left: list[str]) -> None:
        self._left = left

    def assert_consumed(self) -> Status:
        """Raise AssertionError if something in the file was not restored."""
        if self._left:
            raise AssertionError(f"Nothing took what the checkpoint has of: {self._left}")
        return self

    def expect_partial(self) -> Status:
        """Return itself."""
        return self

    assert_existing_objects_matched = expect_partial
    assert_nontrivial_match = expect_partial

    def initialize_or_restore(self, session: Any = None) -> None:
        """Do nothing: it is done."""


def note_newest(path: str) -> None:
    """Write down which checkpoint of a folder is the newest."""
    folder = os.path.dirname(path) or "."
    if os.path.basename(path) == "checkpoint":
        return  # the note would be in its place
    write_text(os.path.join(folder, "checkpoint"), json.dumps({"latest": os.path.basename(path)}))
