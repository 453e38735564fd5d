"""Time one training step of minikeras and of its peers, on the same work, in one run.

    python benchmarks/run.py                      # every workload, every peer that is installed
    python benchmarks/run.py mlp --peers torch    # one of each, beside minikeras
    python benchmarks/run.py --python ~/peers/bin/python   # look there for peers too

A peer runs in a process of its own. The peers take turns, `--rounds` times over, so that a slow
spell of the machine hits them all. An epoch's time divided by its steps is one figure; the first
epoch of a process (compilation, warming up) is left out; the table shows the median of the rest,
its ratio to the best peer's, and the most memory that the process used.
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
from workloads import WORKLOADS

ROOT = Path(__file__).resolve().parent.parent


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

    model, loss_fn, optimizer = workload["torch"](torch)
    x, y = (torch.from_numpy(part) for part in workload["data"]())
    binary = isinstance(loss_fn, torch.nn.BCEWithLogitsLoss)
    labels = y.ndim == 1  # not images to be restored
    x, y = (t.permute(0, 3, 1, 2).contiguous() if t.ndim == 4 else t for t in (x, y))
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
                if labels:
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


def measure(python: str, peer: str, workload: str) -> tuple[list[float], float]:
    """Run one peer in a process of its own: its seconds per step, an epoch each, and peak in MB."""
    command = [python, __file__, workload, "--child", peer]
    out = subprocess.run(command, env=environment(peer), capture_output=True, text=True)
    if out.returncode:
        raise RuntimeError(f"{peer} failed on {workload}:\n{out.stderr[-2000:]}")
    return json.loads(out.stdout.splitlines()[-1])


def child(peer: str, name: str) -> None:
    workload = WORKLOADS[name]
    steps = -(-len(workload["data"]()[0]) // workload["batch"])
    times = PEERS[peer][2](workload)
    print(json.dumps([[t / steps for t in times[1:]], peak_memory()]))


def peak_memory() -> float:
    """Return the most memory that this process has had in use, in MB."""
    if sys.platform == "win32":
        return float("nan")
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


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

    results: dict[str, dict[str, dict]] = {}
    for name in args.workloads or WORKLOADS:
        able = [p for p in peers if PEERS[p][1] in WORKLOADS[name]]
        results[name] = {p: {"times": [], "peak": 0.0} for p in able}
        for _ in range(args.rounds):
            for peer in able:
                times, peak = measure(pythons[peer], peer, name)
                found = results[name][peer]
                found["times"] += times
                found["peak"] = max(found["peak"], peak)
        report(name, results[name])
    if args.json:
        Path(args.json).write_text(json.dumps(results))


def report(name: str, results: dict[str, dict]) -> None:
    """Print the medians of one workload, their ratios to the best peer's, and the memory used."""
    medians = {p: statistics.median(found["times"]) for p, found in results.items()}
    best = min([m for p, m in medians.items() if p != "minikeras"] or medians.values())
    print(f"\n{name}: {WORKLOADS[name]['what']}")
    columns = ("us/step", "fastest", "slowest", "to best peer", "peak MB")
    print(" " * 20 + "".join(f"{column:>14}" for column in columns))
    for peer, median in sorted(medians.items(), key=lambda item: item[1]):
        times, peak = results[peer]["times"], results[peer]["peak"]
        figures = "".join(f"{1e6 * t:>14.0f}" for t in (median, min(times), max(times)))
        print(f"  {peer:18}{figures}{median / best:>14.2f}{peak:>14.0f}", flush=True)


if __name__ == "__main__":
    main()
