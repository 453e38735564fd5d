"""What benchmarks time: models that train, and figures that are put together rightly."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import minikeras

FOLDER = Path(__file__).resolve().parent.parent / "benchmarks"


@pytest.fixture
def script(monkeypatch):
    """Import scripts by their names."""
    monkeypatch.syspath_prepend(str(FOLDER))
    floatx = minikeras.config.floatx()
    yield import_module
    minikeras.config.set_floatx(floatx)


def test_workloads_train(script):
    workloads = script("workloads")
    sized = ("dense 2x8x16", "conv 2x8x12x8", "lstm 5x8x8", "gru 5x8x8", "simplernn 5x8x8")
    for name in (*workloads.WORKLOADS, *sized):
        workload = workloads.find(name)
        x, y = workload["data"]()
        parts = x if isinstance(x, list) else [x]
        assert {len(part) for part in parts} == {len(y)}, name
        assert len(y) >= max(workload["many"], 2 * workload["batch"]), name
        model = workload["keras"](minikeras)
        loss = np.ravel(model.train_on_batch(workloads.first(x, 2), y[:2]))
        assert np.isfinite(loss).all(), name
        dtype = "float64" if name == "mlp64" else "float32"
        assert {w.dtype for w in model.trainable_weights} == {dtype}, name
        minikeras.config.set_floatx("float32")


def test_torch_has_the_same_weights(script):
    torch = pytest.importorskip("torch")
    workloads = script("workloads")
    for name in workloads.WORKLOADS:
        ours = workloads.WORKLOADS[name]["keras"](minikeras)
        theirs, _, _ = workloads.WORKLOADS[name]["torch"](torch)
        count = sum(p.numel() for p in theirs.parameters())
        for cell in theirs.modules():
            if isinstance(cell, torch.nn.LSTM):  # which has two vectors of biases that are added
                count -= sum(b.numel() for n, b in cell.named_parameters() if "bias_hh" in n)
        assert count == sum(np.prod(w.shape) for w in ours.trainable_weights), name
        minikeras.config.set_floatx("float32")
        torch.set_default_dtype(torch.float32)


def test_sizes_are_drawn_alike_for_a_seed(script):
    points = script("sweep").points
    every = list(points(["dense", "conv", "recurrent"], 5, seed=1))
    assert [p for p in every if p[0] == "conv"] == list(points(["conv"], 5, seed=1))
    assert every != list(points(["dense", "conv", "recurrent"], 5, seed=2))
    for _, name, _ in every:
        assert script("drawn").drawn(name)["name"] == name


@pytest.mark.parametrize("name", ["mlpp", "dense", "dense 3x4", "conv 3x4x5", "lstm axbxc"])
def test_an_unknown_workload_is_named(script, name):
    with pytest.raises(ValueError, match=f"unknown workload '{name}'"):
        script("workloads").find(name)


def test_the_summary_of_a_sweep(script):
    sweep = script("sweep")
    made = [
        sweep.Point("dense", "dense 1x8x8", False, {"minikeras": 50.0, "torch": 100.0}),
        sweep.Point("dense", "dense 2x8x8", True, {"minikeras": 200.0, "torch": 100.0}),
        sweep.Point("conv", "conv 1x8x8x8", False, {"minikeras": 100.0, "torch": 100.0}),
    ]
    assert sweep.summary(made, ["torch"]).splitlines() == [
        "dense, to torch: geometric mean 1.00, worst 2.00 (dense 2x8x8), of 2",
        "conv, to torch: geometric mean 1.00, worst 1.00 (conv 1x8x8x8), of 1",
        "all, to torch: geometric mean 1.00, worst 2.00 (dense 2x8x8), of 3",
    ]


def test_a_run_from_beginning_to_end():
    command = [sys.executable, "run.py", "moons", "--what", "predict", "--rounds", "1"]
    done = subprocess.run(
        [*command, "--peers", "minikeras"], cwd=FOLDER, capture_output=True, text=True
    )
    assert not done.returncode, done.stderr
    assert "predict, batch 256" in done.stdout and "predict, batch 1\n" in done.stdout
    assert done.stdout.count("  minikeras ") == 2
