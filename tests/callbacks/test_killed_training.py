"""A training that is killed at any moment and started again ends with the same bits.

25 moments in the suite; more with `MINIKERAS_KILLS=200`.
"""

import importlib.util
import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import minikeras
from minikeras.saving.saving_lib import open_weights

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("killed_training.py")
KILLS = int(os.environ.get("MINIKERAS_KILLS", 25))
SCENARIOS = ("by_epochs", "by_batches", "by_dataset", "by_generator", "in_half_precision")
IN_A_ROW = 4
"""How often a training is killed before it is let come to its end."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGKILL"),
]


def run(scenario, folder, moment, files):
    """Train in a process that kills itself at a moment; return whether it came to its end."""
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, SCRIPT, scenario, folder, str(moment), *(["files"] if files else [])],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode == 0


def check_files(folder):
    """Check that the files that are there can be read; return what is in them."""
    found = []
    if (folder / "best.keras").exists():
        model = minikeras.saving.load_model(folder / "best.keras")
        found += [*model.get_weights(), *map(np.asarray, model.optimizer.variables)]
    if (folder / "last.weights.h5").exists():
        with open_weights(str(folder / "last.weights.h5")) as reader:
            paths = sorted(reader.paths())
            found += [np.array(a) for path in paths for a in reader.read(path).values()]
    return [(a.dtype.name, a.shape, a.tobytes()) for a in found]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_ends_with_the_same_bits(tmp_path, scenario):
    files = scenario in ("by_epochs", "by_batches") and bool(importlib.util.find_spec("h5py"))
    assert run(scenario, tmp_path / "whole", 0, files)
    expected, about = json.loads((tmp_path / "whole" / "result.json").read_text())
    in_files = check_files(tmp_path / "whole")
    assert len(about["saves"]) > 5
    draw = random.Random(scenario)
    share = KILLS // len(SCENARIOS) + (SCENARIOS.index(scenario) < KILLS % len(SCENARIOS))
    killed = 0
    while killed < share:
        folder = tmp_path / f"after {killed}"
        moments = []
        for turn in range(IN_A_ROW + 1):
            moment = 0
            if turn < IN_A_ROW and killed < share:
                # Every second time while a file is written, which is most of what can go wrong.
                near = draw.choice(about["saves"]) + draw.randrange(-50, 500)
                moment = draw.choice([near, draw.randrange(1, about["moments"])])
            ended = run(scenario, folder, moment, files)
            check_files(folder)
            if ended:
                break
            moments.append(moment)
            killed += 1
        got, _ = json.loads((folder / "result.json").read_text())
        # Compared as text, for NaN is like itself here.
        assert {k: repr(v) for k, v in got.items()} == {k: repr(v) for k, v in expected.items()}, (
            f"killed at {moments}"
        )
        assert check_files(folder) == in_files
        kept = {"log.csv", "result.json", "best.keras", "last.weights.h5"}
        assert {path.name for path in folder.rglob("*")} <= kept, "something was left behind"
