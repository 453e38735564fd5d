"""Tables of patients: spaces of features and a model of raw columns; a search over processes."""

import re
import runpy
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
SMALL = ["--patients", "2000", "--epochs", "6", "--target", "0.03"]


def test_patients_draws_a_picture(run_example, tmp_path):
    pytest.importorskip("matplotlib")
    pytest.importorskip("h5py")
    done = run_example("patients.py", *SMALL, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    areas = dict(re.findall(r"^([a-z ]+?) +0\.\d+ +(0\.\d+)$", done.stdout, flags=re.MULTILINE))
    # Each space knows more than the one before.
    numbers, columns, cross, best = map(float, areas.values())
    assert numbers + 0.1 < columns and columns + 0.02 < cross < best
    asked = re.search(r"predicted (0\.\d+)\n.* saved and loaded: (0\.\d+)\n", done.stdout)
    assert asked[1] == asked[2]
    assert (tmp_path / "patients.png").read_bytes().startswith(b"\x89PNG")


def test_patients_needs_no_optional_packages_and_fails_above_its_target(run_example, tmp_path):
    arguments = ["--patients", "300", "--epochs", "1"]
    done = run_example("patients.py", *arguments, folder=tmp_path, blocked=["matplotlib", "h5py"])
    assert done.returncode == 1
    assert "is above 0.01" in done.stderr
    assert 'pip install "minikeras-numpy[plot]"' in done.stdout
    assert 'pip install "minikeras-numpy[io]"' in done.stdout
    assert not list(tmp_path.iterdir())


def test_the_medicine_helps_men_only():
    example = runpy.run_path(str(EXAMPLES / "patients.py"))
    table, risk = example["make_patients"](5000, np.random.default_rng(0))
    treated, men = table["medicine"] == 2, table["sex"] == "m"
    means = {(m, t): risk[(men == m) & (treated == t)].mean() for m in (0, 1) for t in (0, 1)}
    assert means[1, 1] < means[1, 0] - 0.2 and means[0, 1] > means[0, 0] + 0.2


SMALL_GRID = ["--units", "2", "4", "--folds", "2", "--epochs", "10", "--target", "-9"]


def test_a_grid_search_finds_the_same_in_any_number_of_processes(run_example, tmp_path):
    pytest.importorskip("sklearn")
    pytest.importorskip("matplotlib")
    found = []
    for jobs in ("1", "2"):
        done = run_example("grid_search.py", *SMALL_GRID, "--jobs", jobs, folder=tmp_path)
        assert done.returncode == 0, done.stderr
        assert f". {jobs} at work for" in done.stdout
        found.append(done.stdout.splitlines()[1:])
    assert found[0] == found[1] and found[0][0].startswith("best: {'units': ")
    assert (tmp_path / "grid_search.png").read_bytes().startswith(b"\x89PNG")


def test_a_grid_search_says_what_is_missing_and_fails_below_its_target(run_example, tmp_path):
    pytest.importorskip("sklearn")
    arguments = ["--units", "1", "--folds", "2", "--epochs", "1", "--jobs", "1"]
    done = run_example("grid_search.py", *arguments, folder=tmp_path, blocked=["matplotlib"])
    assert done.returncode == 1
    assert "is below 0.45" in done.stderr
    assert 'pip install "minikeras-numpy[plot]"' in done.stdout
    done = run_example("grid_search.py", *arguments, folder=tmp_path, blocked=["sklearn"])
    assert 'pip install "minikeras-numpy[sklearn]"' in done.stderr
    assert not list(tmp_path.iterdir())
