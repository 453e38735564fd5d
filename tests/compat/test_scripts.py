"""Scripts in the manner of each period's tutorials run as they are, and learn.

Each asserts at its end that it learnt. Those of Keras 3 run on Keras itself, too: who changes one looks
with `MINIKERAS_SCRIPTS=1`.
"""

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

SCRIPTS = sorted(Path(__file__).with_name("scripts").rglob("*.py"))
OF_KERAS_3 = [path for path in SCRIPTS if path.parent.name == "keras3"]
ROOT = Path(__file__).parents[2]
OPTIONAL = (
    "h5py",
    "pandas",
    "PIL",
    "sklearn",
    "matplotlib",
    "tqdm",
    "optuna",
    "optuna_integration",
)
# What is learnt is the same with any number of threads, and the cores have other tests to run.
ONE_THREAD = {"MINIKERAS_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

pytestmark = pytest.mark.slow


def run(command, script, folder, **env):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", *command, script],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, **ONE_THREAD, "MPLBACKEND": "agg", "PYTHONPATH": str(ROOT), **env},
    )
    missing = re.search(r"This needs (\w+), which is not|No module named '(\w+)'", done.stderr)
    library = missing and (missing[1] or missing[2])
    if done.returncode and library in OPTIONAL and find_spec(library) is None:
        pytest.skip(f"needs {library}")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_script_runs_and_learns(script, tmp_path):
    run(["-m", "minikeras"], script, tmp_path)


@pytest.mark.skipif("MINIKERAS_SCRIPTS" not in os.environ, reason="only scripts can change it")
@pytest.mark.parametrize("script", OF_KERAS_3, ids=lambda path: path.stem)
def test_on_keras_itself(script, tmp_path):
    pytest.importorskip("keras")
    run([], script, tmp_path, KERAS_BACKEND="jax", JAX_PLATFORMS="cpu")


def test_there_are_scripts_of_every_period():
    counts = dict.fromkeys(("keras1", "keras2", "keras3", "tensorflow"), 0)
    for path in SCRIPTS:
        counts[path.parent.name] += 1
    assert min(counts.values()) >= 10 and sum(counts.values()) >= 60
