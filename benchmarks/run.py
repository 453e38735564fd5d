"""Time one training step of minikeras and of its peers, on the same work, in one run.

    python benchmarks/run.py                      # every workload, every peer that is installed
    python benchmarks/run.py mlp --peers torch    # one of each, beside minikeras
    python benchmarks/run.py --python ~/peers/bin/python   # look there for peers too

A peer runs in a process of its own. The peers take turns, `--rounds` times over, so that a slow
spell of the machine hits them all. An epoch's time divided by its steps is one figure; the first
epoch of a process (compilation, warming up) is left out; the table shows the median of the rest,
and its ratio to the best peer's.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent


# Workloads. Each has data, and how to make the model for Keras's API (minikeras or Keras itself,
# handed over as `keras`), for PyTorch and for scikit-learn. Leave out what a peer cannot do.


def moons_data() -> tuple[np.ndarray, np.ndarray]:
    angle = np.linspace(0, np.pi, 500)
    outer = np.stack([np.cos(angle), np.sin(angle)], 1)
    inner = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], 1)
    x = np.concatenate([outer, inner]) + np.random.default_rng(0).normal(scale=0.05, size=(1000, 2))
    return x.astype("float32"), np.repeat([0, 1], 500).astype("int32")


def moons_keras(keras: Any) -> Any:
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((2,)),
            layers.Dense(4, activation="tanh"),
            layers.Dense(2, activation="tanh"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    return model


def moons_torch(torch: Any) -> tuple:
    nn = torch.nn
    model = nn.Sequential(
        *(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 2), nn.Tanh(), nn.Linear(2, 1), nn.Flatten(0))
    )
    return model, nn.BCEWithLogitsLoss(), torch.optim.Adam(model.parameters(), 0.01)


def moons_sklearn() -> Any:
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier((4, 2), activation="tanh", learning_rate_init=0.01, random_state=0)


def mlp_data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.random((12_800, 784), dtype=np.float32)
    return x, (x @ rng.normal(size=(784, 10))).argmax(1).astype("int32")


def mlp_keras(keras: Any) -> Any:
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((784,)),
            layers.Dense(512, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(512, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def mlp_torch(torch: Any) -> tuple:
    nn = torch.nn
    model = nn.Sequential(
        *(nn.Linear(784, 512), nn.ReLU(), nn.Dropout(0.2)),
        *(nn.Linear(512, 512), nn.ReLU(), nn.Dropout(0.2)),
        nn.Linear(512, 10),
    )
    return model, nn.CrossEntropyLoss(), torch.optim.RMSprop(model.parameters(), 0.001, alpha=0.9)


def mlp_sklearn() -> Any:
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier((512, 512), random_state=0)  # without Dropout, and with Adam


WORKLOADS: dict[str, dict[str, Any]] = {
    "moons": {
        "what": "2-4-2-1, tanh, sigmoid, Adam, 1,000 rows, batch 32",
        "data": moons_data,
        "batch": 32,
        "epochs": 31,
        "keras": moons_keras,
        "torch": moons_torch,
        "sklearn": moons_sklearn,
    },
    "mlp": {
        "what": "784-512-512-10, relu, Dropout 0.2, RMSprop, 12,800 rows, batch 128",
        "data": mlp_data,
        "batch": 128,
        "epochs": 4,
        "keras": mlp_keras,
        "torch": mlp_torch,
        "sklearn": mlp_sklearn,
    },
}


# Drivers. Each trains for the workload's epochs and returns the seconds that each epoch took.


def time_keras(workload: dict, module: str) -> list[float]:
    keras = __import__(module)

    class Clock(keras.callbacks.Callback):
        def __init__(self) -> None:
            super().__init__()
            self.times: list[float] = []

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.start = time.perf_counter()

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.times.append(time.perf_counter() - self.start)

    x, y = workload["data"]()
    model, clock = workload["keras"](keras), Clock()
    fit_options = {"batch_size": workload["batch"], "epochs": workload["epochs"], "verbose": 0}
    model.fit(x, y, callbacks=[clock], **fit_options)
    return clock.times


def time_torch(workload: dict) -> list[float]:
    import torch

    data = workload["data"]()
    model, loss_fn, optimizer = workload["torch"](torch)
    x, y = torch.from_numpy(data[0]), torch.from_numpy(data[1])
    binary = isinstance(loss_fn, torch.nn.BCEWithLogitsLoss)
    y = y.float() if binary else y.long()
    model.train()
    times = []
    for _ in range(workload["epochs"]):
        start = time.perf_counter()
        total, right = torch.zeros(()), torch.zeros(())
        for rows in torch.randperm(len(x)).split(workload["batch"]):
            xb, yb = x[rows], y[rows]
            optimizer.zero_grad()
            out = model(xb)
            loss = loss_fn(out, yb)
            loss.backward()
            optimizer.step()
            with torch.no_grad():  # what `fit` reports too
                total += loss * len(rows)
                right += (((out > 0) if binary else out.argmax(1)) == yb).sum()
        total.item(), right.item()
        times.append(time.perf_counter() - start)
    return times


def time_sklearn(workload: dict) -> list[float]:
    x, y = workload["data"]()
    model = workload["sklearn"]()
    model.batch_size = workload["batch"]
    classes = np.unique(y)
    times = []
    for _ in range(workload["epochs"]):
        start = time.perf_counter()
        model.partial_fit(x, y, classes=classes)  # one epoch in batches
        times.append(time.perf_counter() - start)
    return times


# Peers: what must be importable, the workload's entry that they need, and the driver.

PEERS: dict[str, tuple[tuple[str, ...], str, Callable[[dict], list[float]]]] = {
    "minikeras": ((), "keras", lambda w: time_keras(w, "minikeras")),
    "keras-jax": (("keras", "jax"), "keras", lambda w: time_keras(w, "keras")),
    "keras-tensorflow": (("keras", "tensorflow"), "keras", lambda w: time_keras(w, "keras")),
    "keras-torch": (("keras", "torch"), "keras", lambda w: time_keras(w, "keras")),
    "torch": (("torch",), "torch", time_torch),
    "sklearn": (("sklearn",), "sklearn", time_sklearn),
}


def environment(peer: str) -> dict[str, str]:
    env = dict(os.environ)
    # Settings for other BLAS builds would slow NumPy's own.
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        env.pop(name, None)
    env.update(PYTHONPATH=str(ROOT), TF_CPP_MIN_LOG_LEVEL="3", JAX_PLATFORMS="cpu")
    env.pop("JAX_ENABLE_X64", None)
    if peer.startswith("keras-"):
        env["KERAS_BACKEND"] = peer.removeprefix("keras-")
    return env


def interpreter_for(peer: str, pythons: list[str]) -> str | None:
    """Return the first interpreter that has what the peer needs."""
    needs = PEERS[peer][0]
    for python in pythons:
        if python == sys.executable:
            found = all(importlib.util.find_spec(n) for n in needs)
        else:
            code = (
                "import importlib.util as u, sys; "
                f"sys.exit(not all(u.find_spec(n) for n in {needs!r}))"
            )
            found = subprocess.run([python, "-c", code]).returncode == 0
        if found:
            return python
    return None


def measure(python: str, peer: str, workload: str) -> list[float]:
    """Run one peer in a process of its own and return the seconds per step, an epoch each."""
    command = [python, __file__, workload, "--child", peer]
    out = subprocess.run(command, env=environment(peer), capture_output=True, text=True)
    if out.returncode:
        raise RuntimeError(f"{peer} failed on {workload}:\n{out.stderr[-2000:]}")
    return json.loads(out.stdout.splitlines()[-1])


def child(peer: str, name: str) -> None:
    workload = WORKLOADS[name]
    steps = -(-len(workload["data"]()[0]) // workload["batch"])
    times = PEERS[peer][2](workload)
    print(json.dumps([t / steps for t in times[1:]]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("workloads", nargs="*", help=f"of {', '.join(WORKLOADS)}; all if none")
    parser.add_argument("--peers", nargs="+", choices=list(PEERS), default=list(PEERS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--python", action="append", default=[], help="another interpreter")
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    args = parser.parse_args()
    for name in args.workloads:
        if name not in WORKLOADS:
            parser.error(f"unknown workload {name!r}; known: {', '.join(WORKLOADS)}")
    if args.child:
        return child(args.child, args.workloads[0])

    pythons = {}
    for peer in dict.fromkeys(args.peers):
        pythons[peer] = interpreter_for(peer, [sys.executable, *args.python])
        if pythons[peer] is None:
            print(f"skipped: {peer} ({' and '.join(PEERS[peer][0])} not installed)")
    peers = [p for p in pythons if pythons[p]]
    print(f"{os.cpu_count()} cores, {platform.machine()}, numpy {np.__version__}")

    results: dict[str, dict[str, list[float]]] = {}
    for name in args.workloads or WORKLOADS:
        able = [p for p in peers if PEERS[p][1] in WORKLOADS[name]]
        results[name] = {p: [] for p in able}
        for _ in range(args.rounds):
            for peer in able:
                results[name][peer] += measure(pythons[peer], peer, name)
        report(name, results[name])
    if args.json:
        Path(args.json).write_text(json.dumps(results))


def report(name: str, times: dict[str, list[float]]) -> None:
    """Print the medians of one workload, and their ratios to the best peer's."""
    medians = {p: statistics.median(t) for p, t in times.items()}
    best = min([m for p, m in medians.items() if p != "minikeras"] or medians.values())
    print(f"\n{name}: {WORKLOADS[name]['what']}")
    print(f"  {'':18}{'us/step':>10}{'fastest':>10}{'slowest':>10}{'to best peer':>14}")
    for peer, median in sorted(medians.items(), key=lambda item: item[1]):
        low, high = min(times[peer]), max(times[peer])
        figures = "".join(f"{1e6 * t:>10.0f}" for t in (median, low, high))
        print(f"  {peer:18}{figures}{median / best:>14.2f}")


if __name__ == "__main__":
    main()
