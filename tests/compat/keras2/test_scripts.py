"""Scripts in the manner of the tutorials of 2017 to 2020 run as they are, and learn."""

import pathlib
import subprocess
import sys

import pytest

SCRIPTS = sorted((pathlib.Path(__file__).parent.parent / "scripts" / "keras2").glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_script(script, tmp_path):
    if any(word in script.read_text() for word in (".h5", ".hdf5")):
        pytest.importorskip("h5py")
    done = subprocess.run(
        [sys.executable, "-m", "minikeras", str(script)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
