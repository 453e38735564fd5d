"""Scripts in the manner of Keras 3's guides: they run on Keras, and on minikeras as they are.

Each asserts at its end that it learnt.
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = sorted(Path(__file__).with_name("scripts").joinpath("keras3").glob("*.py"))
NEEDED = ("sklearn", "h5py")


def run(command, script, folder, **env):
    source = script.read_text()
    for library in NEEDED:
        if (library in source or (library == "h5py" and ".keras" in source)) and (
            importlib.util.find_spec(library) is None
        ):
            pytest.skip(f"needs {library}")
    done = subprocess.run(
        [sys.executable, *command, script],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONWARNINGS": "ignore", **env},
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda p: p.stem)
def test_on_minikeras(script, tmp_path):
    run(["-m", "minikeras"], script, tmp_path)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda p: p.stem)
def test_on_keras_itself(script, tmp_path):
    pytest.importorskip("keras")
    run([], script, tmp_path, KERAS_BACKEND="jax", JAX_PLATFORMS="cpu")
