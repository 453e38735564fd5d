"""Scripts run on several ranks, as `mpiexec -n` starts them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TIMEOUT = 300
"""Seconds after which a run is taken to hang."""

_OPEN_MPI = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMPI_MCA_mpi_yield_when_idle": "1",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
}
"""More ranks than cores, as any user."""


def mpiexec() -> str | None:
    """Return the launcher that stands beside this Python, or is on the path."""
    beside = Path(sys.executable).with_name("mpiexec")
    return str(beside) if beside.exists() else shutil.which("mpiexec")


@pytest.fixture(scope="session")
def launcher():
    """The path of mpiexec; skips where ranks cannot be started."""
    pytest.importorskip("mpi4py", reason="needs mpi4py: pip install mpi4py mpich")
    found = mpiexec()
    if found is None:
        pytest.skip("needs mpiexec: pip install mpich")
    return found


@pytest.fixture
def run_ranks(launcher, tmp_path):
    """Run a script on `n` ranks and return the completed process, whose output is text."""

    def run(n, script, *arguments, timeout=TIMEOUT):
        path = tmp_path / "script.py"
        if isinstance(script, Path):
            path = script
        else:
            path.write_text(script)
        environ = {**os.environ, **_OPEN_MPI, "PYTHONPATH": str(ROOT)}
        command = [launcher, "-n", str(n), sys.executable, str(path), *map(str, arguments)]
        return subprocess.run(
            command,
            cwd=tmp_path,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    return run
