"""Scripts in the manner of the tutorials of 2015 to 2017 run as they are, and learn."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = sorted((Path(__file__).parents[1] / "scripts" / "keras1").glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_runs_and_learns(script):
    if "sklearn" in script.read_text():
        pytest.importorskip("sklearn")
    command = [sys.executable, "-W", "ignore", "-m", "minikeras", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]


def test_there_are_scripts():
    assert len(SCRIPTS) >= 12
