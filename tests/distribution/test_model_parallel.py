"""Models whose kernels are split over ranks train as in one process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

CASES = Path(__file__).with_name("split_cases.py")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What one process gets."""
    folder = tmp_path_factory.mktemp("whole")
    subprocess.run([sys.executable, str(CASES), str(folder)], check=True, timeout=120)
    return np.load(folder / "one.npz")


@pytest.mark.parametrize("meshes", [["1,2"], ["1,3"], ["1,4", "2,2"]], ids=" ".join)
def test_same_as_one_process(run_ranks, whole, tmp_path, meshes):
    parts = [int(n) for n in meshes[0].split(",")]
    done = run_ranks(parts[0] * parts[1], CASES, after=[str(tmp_path), *meshes])
    assert done.returncode == 0, done.stderr
    for mesh in meshes:
        found = np.load(tmp_path / f"{mesh}.npz")
        assert sorted(found) == sorted(whole)
        for key in whole:
            expected = whole[key]
            limit = 3e-2 if "rough" in key else 3e-5
            np.testing.assert_allclose(found[key], expected, limit, limit, err_msg=f"{mesh}: {key}")
        checkpoint = [np.load(f) for f in ()]
        assert checkpoint == []
