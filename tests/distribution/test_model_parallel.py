"""Models whose kernels are split over ranks train as in one process."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import minikeras as keras

sys.path.insert(0, str(Path(__file__).parent))
from split_cases import outcome

CASES = Path(__file__).with_name("split_cases.py")


ENVIRON = {**os.environ, "PYTHONPATH": str(CASES.parents[2])}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def of_one_process(launcher, tmp_path_factory):
    """The folder of what one process gets."""
    folder = tmp_path_factory.mktemp("whole")
    for name in ("h5py", "safetensors", "onnx"):
        pytest.importorskip(name, reason="files are compared, and some refused")
    command = [sys.executable, str(CASES), str(folder)]
    subprocess.run(command, env=ENVIRON, check=True, timeout=120)
    return folder


@pytest.mark.parametrize("mesh", ["1,3", "2,2"])
def test_same_as_one_process(run_ranks, of_one_process, tmp_path, mesh):
    whole = np.load(of_one_process / "one.npz")
    done = run_ranks(math.prod(map(int, mesh.split(","))), CASES, tmp_path, mesh)
    assert done.returncode == 0, done.stderr
    found = np.load(tmp_path / f"{mesh}.npz")
    assert sorted(found) == sorted(whole)
    for key in whole:
        expected = whole[key]
        limit = 3e-2 if "rough" in key else 1e-6
        np.testing.assert_allclose(found[key], expected, limit, limit, err_msg=key)
    for name in ("best.keras", "whole.keras", "w.h5"):  # files are those of one process
        model = keras.models.load_model(tmp_path / mesh / name)
        saved = outcome(model)
        assert saved
        for key, value in outcome(keras.models.load_model(of_one_process / "one" / name)).items():
            np.testing.assert_allclose(saved[key], value, 1e-6, 1e-6, err_msg=f"{name}: {key}")


@pytest.mark.skipif(
    not all(map(find_spec, ("keras", "jax", "h5py"))), reason="needs Keras, on JAX, and h5py"
)
def test_keras_goes_on_with_the_same_script(run_ranks, tmp_path):
    script = CASES.with_name("goes_on.py")
    begun = run_ranks(2, script, "minikeras", tmp_path)
    assert begun.returncode == 0, begun.stderr
    ours = shutil.copytree(tmp_path, tmp_path / "ours")
    there = {"KERAS_BACKEND": "jax", "XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
    keras_ran = subprocess.run(
        [sys.executable, str(script), "keras", str(tmp_path)],
        env={**ENVIRON, **there},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert keras_ran.returncode == 0, keras_ran.stderr
    ours_ran = run_ranks(2, script, "minikeras", ours)
    assert ours_ran.returncode == 0, ours_ran.stderr
    files = (tmp_path / "keras.json", ours / "minikeras.json")
    losses = [json.loads(file.read_text()) for file in files]
    assert len(losses[0]) == 2
    np.testing.assert_allclose(losses[1], losses[0], 1e-5)
