"""Bad calls: a wrong value for each argument of every public constructor and function.

Each is refused with a ValueError or TypeError that names the argument, or is accepted, as Keras
accepts it, and something sane follows. `python -m pytest tests/test_bad_calls.py -s` prints counts.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np

for folder in ("layers", "ops"):  # `layer_cases`, `op_cases`
    sys.path.append(str(Path(__file__).parent / folder))


class Strange:
    """Something that no argument means."""

    def __repr__(self) -> str:
        return "<Strange>"


WRONG = {
    "none": None,
    "text": "abc",
    "empty text": "",
    "bytes": b"x",
    "true": True,
    "zero": 0,
    "minus one": -1,
    "big": 7,
    "half": 0.5,
    "negative": -1.5,
    "above one": 2.5,
    "nan": float("nan"),
    "inf": float("inf"),
    "complex": 1j,
    "list": [1, "a"],
    "empty list": [],
    "tuple": (1, 2, 3, 4, 5, 6, 7),
    "zeros": (0, 0),
    "negatives": (-1, -5),
    "dict": {"a": 1},
    "array": np.ones((2, 2)),
    "object": Strange(),
    "class": Strange,
}


def names_argument(error: BaseException, name: str) -> bool:
    """Whether an error is a ValueError or TypeError whose text names an argument."""
    return isinstance(error, (ValueError, TypeError)) and bool(
        re.search(rf"(?<![a-z_]){name}(?![a-z_])", str(error))
    )
