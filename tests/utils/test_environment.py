import importlib.util
import platform
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from minikeras.utils import environment
from minikeras.utils.environment import EXTRAS, environment_report
from minikeras.version import __version__

ROOT = Path(__file__).parents[2]


def facts():
    return dict(re.split(" +", line, maxsplit=1) for line in environment_report().splitlines())


def test_python_m_minikeras_shows_it():
    command = [sys.executable, "-m", "minikeras"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    *lines, usage = done.stdout.splitlines()
    assert [line.split()[0] for line in lines[:7]] == [
        *("minikeras", "Python", "NumPy", "BLAS", "threads", "devices", "extras")
    ]
    assert "\n".join(lines) == environment_report()
    assert "python -m minikeras [--dialect 1|2|3]" in usage


def test_versions():
    found = facts()
    assert found["minikeras"].startswith(__version__)
    assert found["Python"].startswith(platform.python_version())
    assert found["NumPy"].startswith(np.__version__)


def test_missing_extras_come_with_the_command(monkeypatch):
    find = importlib.util.find_spec
    missing = {"h5py", "libcst"}
    monkeypatch.setattr(
        environment, "find_spec", lambda name: None if name in missing else find(name)
    )
    found = facts()
    assert re.search(r'"\S+\[(\w+,)*io(,\w+)*,modernize(,\w+)*\]"$', found["missing"])
    assert "io (" not in found["extras"] and "modernize" not in found["extras"]
    monkeypatch.setattr(environment, "find_spec", lambda name: None)
    assert facts()["extras"] == "none"
    monkeypatch.setattr(environment, "find_spec", lambda name: True)
    assert "missing" not in facts()


def test_the_extras_are_those_of_the_package():
    tomllib = pytest.importorskip("tomllib")
    with open(ROOT / "pyproject.toml", "rb") as file:
        extras = tomllib.load(file)["project"]["optional-dependencies"]
    for name in ("test", "lint", "docs"):  # for who works on minikeras
        del extras[name]
    bare = {k: {re.split("[<>=\\[]", v)[0].lower() for v in vs} for k, vs in extras.items()}
    assert bare == {k: {name.lower() for name in names} for k, names in EXTRAS.items()}
