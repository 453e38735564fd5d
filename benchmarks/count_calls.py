"""Files and Python calls that one training step of a small model goes through.

    python benchmarks/count_calls.py          # two figures
    python benchmarks/count_calls.py --list   # and the calls, one a line

The step is one in the middle of an epoch of `fit`, without callbacks for batches: two Dense layers,
Adam, one metric. Calls into C (NumPy) are not counted, generators that go on are.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

import minikeras

PACKAGE = Path(minikeras.__file__).parent
CHOSEN = 5
"""The number of the step that is looked at; by then everything is built and looked up."""


def calls_of_one_step() -> list[tuple[str, str]]:
    """Return the file and the function of every Python call, in order."""
    layers = minikeras.layers
    model = minikeras.Sequential(
        [
            minikeras.Input((4,)),
            layers.Dense(8, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    x, y = np.ones((320, 4), "float32"), np.ones((320, 1), "float32")
    model.fit(x, y, verbose=0)

    calls: list[tuple[str, str]] = []
    step = 0

    def note(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal step
        path = Path(frame.f_code.co_filename)
        if event != "call" or PACKAGE not in path.parents:
            return
        # A step begins where the next batch is asked for.
        step += frame.f_code.co_name == "epoch"
        if step == CHOSEN:
            calls.append((str(path.relative_to(PACKAGE)), frame.f_code.co_name))

    sys.setprofile(note)
    try:
        model.fit(x, y, verbose=0)
    finally:
        sys.setprofile(None)
    return calls


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", action="store_true", help="print every call")
    calls = calls_of_one_step()
    if parser.parse_args().list:
        print(*(f"{path}: {name}" for path, name in calls), sep="\n")
    print(f"{len({path for path, _ in calls})} files, {len(calls)} Python calls")


if __name__ == "__main__":
    main()
