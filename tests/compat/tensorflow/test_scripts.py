"""Scripts in the manner of TensorFlow's and Keras's tutorials run as they are, and learn."""

import os
import pathlib
import subprocess
import sys

import pytest

import minikeras

SCRIPTS = sorted((pathlib.Path(__file__).parent.parent / "scripts" / "tensorflow").glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_script(script, tmp_path):
    text = script.read_text(encoding="utf-8")
    for module, sign in (("sklearn", "sklearn"), ("PIL", "decode_image")):
        if sign in text:
            pytest.importorskip(module)
    done = subprocess.run(
        [sys.executable, "-m", "minikeras", str(script)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(pathlib.Path(minikeras.__file__).parent.parent)},
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
