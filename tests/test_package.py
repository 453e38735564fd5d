"""The package as it is handed out: its name in every command, its metadata, platforms that lack things."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from minikeras.common import extras
from minikeras.version import DISTRIBUTION, __version__

ROOT = Path(__file__).resolve().parent.parent
PROJECT = (ROOT / "pyproject.toml").read_text()

FOLDERS = ("minikeras", "tests", "examples", "docs", "benchmarks")
"""What is ours: an environment or a built package may lie beside them."""
FILES = sorted(
    path
    for pattern in (
        *("*.md", "*.toml", ".ci/run"),
        *(f"{folder}/**/*.{ending}" for folder in FOLDERS for ending in ("py", "md")),
    )
    for path in ROOT.glob(pattern)
    if path.resolve() != Path(__file__)
)


def test_every_command_that_installs_names_the_package():
    """`minikeras` on the public index is somebody else's project."""
    assert re.search(r'^name = "(.*)"', PROJECT, re.MULTILINE)[1] == DISTRIBUTION
    extras_there = re.search(r"optional-dependencies\]\n(.*?)\n\n", PROJECT, re.DOTALL)[1]
    known = set(re.findall(r"^(\w+) = \[", extras_there, re.MULTILINE))
    commands = 0
    for path in FILES:
        for name, named in re.findall(
            r"\b(?<![./])(minikeras[\w-]*)\\?\[([a-z,]+)\\?\]", path.read_text(encoding="utf-8")
        ):
            assert name == DISTRIBUTION, f"{path}: {name}[{named}]"
            assert set(named.split(",")) <= known, f"{path}: {named}"
            commands += 1
    assert commands > 50


def test_a_library_that_is_missing_says_how_to_install_it():
    with pytest.raises(ImportError, match=re.escape(f'pip install "{DISTRIBUTION}[onnx]"')):
        extras.require("a_library_that_nobody_has", "onnx")


def test_the_citation_is_of_this_version():
    citation = (ROOT / "CITATION.cff").read_text()
    assert f"\nversion: {__version__}\n" in citation
    assert f"\n## {__version__}" in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.slow
def test_without_threads_and_ctypes():
    """As in a browser's Python. NumPy and SciPy have what they need of ctypes; nobody else has."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["learnt", "same", "lists", "sequence"]


WITHOUT = """
import builtins, sys, threading

import_ = builtins.__import__

def lacking(name, namespace=None, *args):
    importer = (namespace or {}).get("__name__", "")
    missing = {"ctypes", "_multiprocessing", "fcntl", "resource", "ssl", "termios"}
    if importer.startswith("minikeras") and name.partition(".")[0] in missing:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    return import_(name, namespace, *args)

builtins.__import__ = lacking

def cannot_start(thread):
    raise RuntimeError("can't start new thread")

threading.Thread.start = cannot_start

import numpy as np
import minikeras
from minikeras import layers

minikeras.utils.set_random_seed(0)
x = np.random.default_rng(0).normal(size=(512, 12, 12, 3)).astype("float32")
y = (x.mean((1, 2, 3)) > 0).astype("float32")
model = minikeras.Sequential([
    layers.Conv2D(8, 3, activation="relu"), layers.GlobalAveragePooling2D(),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(minikeras.optimizers.Adam(0.05), "binary_crossentropy", metrics=["accuracy"])
history = model.fit(x, y, epochs=8, batch_size=64, verbose=0)
if history.history["accuracy"][-1] > 0.8:
    print("learnt")
predicted = model.predict(x, verbose=0)
if np.allclose(predicted, model(x).numpy(), atol=1e-6):
    print("same")

from minikeras.data import AUTOTUNE, Dataset
squares = Dataset.range(5).map(lambda i: i * i, num_parallel_calls=3).prefetch(AUTOTUNE)
if [int(i) for i in squares] == [0, 1, 4, 9, 16]:
    print("lists")

class Halves(minikeras.utils.PyDataset):
    def __len__(self):
        return 2
    def __getitem__(self, i):
        return x[i::2], y[i::2]

if model.evaluate(Halves(workers=4), verbose=0, return_dict=True)["accuracy"] > 0.8:
    print("sequence")
"""
