"""The code in the documentation runs, and does what the assertions in it say."""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import minikeras

ROOT = Path(__file__).resolve().parent.parent
PAGES = [
    "README.md",
    "docs/training_loops.md",
    "docs/data.md",
    "docs/options.md",
    "docs/interop.md",
    "docs/inside.md",
    "docs/quantization.md",
]
NEEDED = {"docs/interop.md": ("pandas", "polars", "jax", "sklearn")}


@pytest.mark.parametrize("page", PAGES)
def test_python_blocks_run_in_order(page):
    for library in NEEDED.get(page, ()):
        pytest.importorskip(library)
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = list(re.finditer(r"```python\n(.*?)```", text, re.DOTALL))
    assert blocks
    names = {"__name__": "page"}
    minikeras.utils.set_random_seed(0)  # with others, some trainings end in a worse minimum
    for block in blocks:
        line = text.count("\n", 0, block.start(1))
        # Padded with empty lines, so that a traceback shows the page's line numbers.
        exec(compile("\n" * line + block[1], str(ROOT / page), "exec"), names)
    if page == "README.md":
        assert names["accuracy"] >= 0.99


def test_the_page_of_files_goes_to_keras_and_back(keras, tmp_path, monkeypatch):
    pytest.importorskip("h5py")
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs/files.md").read_text(encoding="utf-8")
    names = {"here": {"__name__": "page"}, "keras": {"__name__": "page"}}
    blocks = list(re.finditer(r"```python(?: title=\"(\w+)\")?\n(.*?)```", text, re.DOTALL))
    assert sorted(b[1] for b in blocks if b[1]) == ["keras", "onnx"]
    for block in blocks:
        if block[1] == "onnx" and not (find_spec("onnx") and find_spec("onnxruntime")):
            continue
        exec(block[2], names["keras" if block[1] == "keras" else "here"])


def test_the_page_of_dialects_runs(tmp_path):
    text = (ROOT / "docs/dialects.md").read_text(encoding="utf-8")
    script, cell = re.findall(r"```python(?: title=\"script\")?\n(.*?)```", text, re.DOTALL)
    (tmp_path / "script.py").write_text(script)
    command = [sys.executable, "-m", "minikeras", "script.py"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = re.search(r"```text\n(.*?)```", text, re.DOTALL)[1]
    assert told.strip() in done.stderr  # with the line that it names
    after = "from keras.optimizers import Adam\nprint(Adam(lr=0.5).learning_rate.numpy())"
    done = subprocess.run([sys.executable, "-c", cell + after], capture_output=True, text=True)
    assert done.stdout == "0.5\n", done.stderr


def test_the_script_of_the_page_of_others_runs(tmp_path):
    for library in ("optuna", "optuna_integration", "tqdm"):
        pytest.importorskip(library)
    text = (ROOT / "docs/interop.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"```python title=\"script\"\n(.*?)```", text, re.DOTALL)
    (tmp_path / "script.py").write_text(script)
    command = [sys.executable, "-m", "minikeras", "script.py"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert 1e-4 <= float(done.stdout) <= 0.1
