"""The libraries that are timed, behind one face: each trains, predicts and evaluates the same workloads.

Scripts call `measure`, which runs a peer in a process of its own: this file, with the peer's name.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import importlib
import importlib.util
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from workloads import WORKLOADS, find, first

ROOT = Path(__file__).resolve().parent.parent
CALLS = 6
"""How often `predict` and `evaluate` are called; the first call, which may compile, is left out."""
MOST_STEPS = 10
ONE_BY_ONE = 100
"""Steps of a call, where batches are of several examples and where they are of one."""


def listed(x: Any) -> list:
    """Return the inputs of a model, which may be one array or a list of them."""
    return x if isinstance(x, list) else [x]


def slices(rows: int, batch: int) -> Iterator[slice]:
    return (slice(i, i + batch) for i in range(0, rows, batch))


# Each class makes data and model of a workload. `fit` returns the seconds that each epoch took; `predict`
# and `evaluate` go through the first rows in batches.


class KerasPeer:
    """Keras, or minikeras, which takes the same words."""

    def __init__(self, workload: dict, module: str) -> None:
        self.keras = importlib.import_module(module)
        self.x, self.y = workload["data"]()
        self.rows = len(self.y)
        self.model = workload["keras"](self.keras)

    def fit(self, batch: int, epochs: int) -> list[float]:
        class Clock(self.keras.callbacks.Callback):
            def __init__(self) -> None:
                super().__init__()
                self.times: list[float] = []

            def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
                self.start = time.perf_counter()

            def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
                self.times.append(time.perf_counter() - self.start)

        clock = Clock()
        options = {"batch_size": batch, "epochs": epochs, "verbose": 0}
        self.model.fit(self.x, self.y, callbacks=[clock], **options)
        return clock.times

    def predict(self, rows: int, batch: int) -> Any:
        return self.model.predict(first(self.x, rows), batch_size=batch, verbose=0)

    def evaluate(self, rows: int, batch: int) -> Any:
        return self.model.evaluate(first(self.x, rows), self.y[:rows], batch_size=batch, verbose=0)


class TorchPeer:
    """PyTorch's own modules, in an ordinary eager loop that notes what Keras's notes."""

    def __init__(self, workload: dict) -> None:
        self.torch = torch = importlib.import_module("torch")
        self.model, self.loss_fn, self.optimizer = workload["torch"](torch)
        self.channels_first = any(
            isinstance(part, (torch.nn.Conv1d, torch.nn.Conv2d)) for part in self.model.modules()
        )
        x, y = workload["data"]()
        self.inputs = [self._tensor(part) for part in listed(x)]
        kind = next(self.model.parameters()).dtype
        self.binary = isinstance(self.loss_fn, torch.nn.BCEWithLogitsLoss)
        classes = isinstance(self.loss_fn, torch.nn.CrossEntropyLoss)
        self.targets = self._tensor(y).to(torch.long if classes else kind)
        self.rows = len(y)
        self.labels = classes or (self.binary and y.ndim == 1)  # not images to be restored

    def _tensor(self, array: np.ndarray) -> Any:
        """Put channels, which Keras has last, where PyTorch's convolutions want them."""
        tensor = self.torch.from_numpy(array)
        if tensor.ndim > 2 and self.channels_first:
            return tensor.movedim(-1, 1).contiguous()
        return tensor

    def fit(self, batch: int, epochs: int) -> list[float]:
        self.model.train()
        times = []
        for _ in range(epochs):
            start = time.perf_counter()
            self._begin()
            for rows in self.torch.randperm(len(self.targets)).split(batch):
                self.optimizer.zero_grad()
                out = self.model(*[part[rows] for part in self.inputs])
                y = self.targets[rows]
                loss = self.loss_fn(out, y)
                loss.backward()
                self.optimizer.step()
                with self.torch.no_grad():
                    self._note(loss, out, y)
            self._end()
            times.append(time.perf_counter() - start)
        return times

    def _begin(self) -> None:
        self.total, self.right = self.torch.zeros(()), self.torch.zeros(())

    def _note(self, loss: Any, out: Any, y: Any) -> None:
        self.total += loss * len(y)
        if self.labels:
            self.right += (((out > 0) if self.binary else out.argmax(1)) == y).sum()

    def _end(self) -> list[float]:
        return [self.total.item(), self.right.item()]

    def predict(self, rows: int, batch: int) -> Any:
        self.model.eval()
        with self.torch.inference_mode():
            parts = [
                self.model(*[part[some] for part in self.inputs]) for some in slices(rows, batch)
            ]
            return self.torch.cat(parts).numpy()

    def evaluate(self, rows: int, batch: int) -> Any:
        self.model.eval()
        self._begin()
        with self.torch.inference_mode():
            for some in slices(rows, batch):
                out = self.model(*[part[some] for part in self.inputs])
                self._note(self.loss_fn(out, self.targets[some]), out, self.targets[some])
        return self._end()


class SklearnPeer:
    """scikit-learn's models, an epoch at a time."""

    def __init__(self, workload: dict) -> None:
        self.x, self.y = workload["data"]()
        self.rows = len(self.y)
        self.model = workload["sklearn"]()
        self.classes = np.unique(self.y)

    def fit(self, batch: int, epochs: int) -> list[float]:
        if hasattr(self.model, "batch_size"):  # else it learns from one row at a time
            self.model.batch_size = batch
        times = []
        for _ in range(epochs):
            start = time.perf_counter()
            self.model.partial_fit(self.x, self.y, classes=self.classes)  # one epoch in batches
            times.append(time.perf_counter() - start)
        return times

    def predict(self, rows: int, batch: int) -> Any:
        if not hasattr(self.model, "classes_"):
            self.fit(128, 1)  # it predicts nothing before
        parts = [self.model.predict_proba(self.x[some]) for some in slices(rows, batch)]
        return np.concatenate(parts)

    def evaluate(self, rows: int, batch: int) -> Any:
        from sklearn.metrics import accuracy_score, log_loss

        found = self.predict(rows, batch)
        y = self.y[:rows]
        loss = log_loss(y, found, labels=self.classes)
        return [loss, accuracy_score(y, self.classes[found.argmax(1)])]


class OnnxRuntimePeer:
    """ONNX Runtime with what `model.export` wrote: it predicts only."""

    def __init__(self, workload: dict) -> None:
        import onnxruntime

        x, _ = workload["data"]()
        self.inputs = listed(x)
        self.rows = len(self.inputs[0])
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "model.onnx")
            # In another process, whose memory does not count.
            spawn = multiprocessing.get_context("spawn")
            with concurrent.futures.ProcessPoolExecutor(1, mp_context=spawn) as executor:
                executor.submit(export, workload["name"], path).result()
            self.session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        self.names = [one.name for one in self.session.get_inputs()]

    def predict(self, rows: int, batch: int) -> Any:
        parts = [
            self.session.run(None, {n: x[some] for n, x in zip(self.names, self.inputs)})[0]
            for some in slices(rows, batch)
        ]
        return np.concatenate(parts)


def export(name: str, path: str) -> None:
    """Write minikeras's model of a workload as ONNX."""
    import minikeras

    find(name)["keras"](minikeras).export(path, format="onnx", verbose=False)


class Peer(NamedTuple):
    needs: tuple[str, ...]
    """What must be importable."""
    part: str
    """The entry that a workload must have."""
    make: Callable[[dict], Any]
    whats: tuple[str, ...]
    """What it can be timed at."""


MARKS = ("onnxruntime",)
"""What minikeras is shown beside and not compared with: it does not train."""
EVERYTHING = ("fit", "predict", "evaluate", "start")


def _keras(*backend: str) -> Peer:
    return Peer(("keras", *backend), "keras", lambda w: KerasPeer(w, "keras"), EVERYTHING)


PEERS = {
    "minikeras": Peer((), "keras", lambda w: KerasPeer(w, "minikeras"), EVERYTHING),
    "keras-jax": _keras("jax"),
    "keras-tensorflow": _keras("tensorflow"),
    "keras-torch": _keras("torch"),
    "torch": Peer(("torch",), "torch", TorchPeer, EVERYTHING),
    "sklearn": Peer(("sklearn",), "sklearn", SklearnPeer, EVERYTHING),
    "onnxruntime": Peer(("onnxruntime", "onnx"), "keras", OnnxRuntimePeer, ("predict",)),
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


def interpreter_for(peer: str, pythons: Sequence[str]) -> str | None:
    """Return the first interpreter that has what the peer needs."""
    needs = PEERS[peer].needs
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


def add_arguments(parser: argparse.ArgumentParser, peers: Sequence[str], rounds: int) -> None:
    """Add the arguments that all scripts share: which peers, where they are, how many turns."""
    parser.add_argument("--peers", nargs="+", choices=list(PEERS), default=list(peers))
    parser.add_argument("--rounds", type=int, default=rounds, help="turns of each peer")
    parser.add_argument("--python", action="append", default=[], help="another interpreter")
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")


def add_workloads(parser: argparse.ArgumentParser) -> None:
    """Add the names of workloads, all of `WORKLOADS` if none is given."""

    def known(name: str) -> str:
        if name not in WORKLOADS:
            names = ", ".join(WORKLOADS)
            raise argparse.ArgumentTypeError(f"unknown workload {name!r}; known: {names}")
        return name

    text = f"of {', '.join(WORKLOADS)}; all if none"
    parser.add_argument("workloads", nargs="*", type=known, default=list(WORKLOADS), help=text)


def installed(names: Sequence[str], pythons: Sequence[str]) -> dict[str, str]:
    """Return the interpreter of each peer that is installed, and name the others.

    Args:
        names: the peers.
        pythons: other interpreters to look for them, after this one.
    """
    found = {}
    for peer in dict.fromkeys(names):
        python = interpreter_for(peer, [sys.executable, *pythons])
        if python is None:
            print(f"skipped: {peer} ({' and '.join(PEERS[peer].needs)} not installed)")
        else:
            found[peer] = python
    return found


class Figures(NamedTuple):
    seconds: list[float]
    """Of a step, one figure for each epoch or call; with "start", of the whole."""
    peak: float
    """The most memory that the process had in use, in MB."""


class Worker:
    """A process that measures one peer, workload after workload; it ends with its context.

    Args:
        python: the interpreter.
        peer: name of the peer.
        cores: numbers of the processor cores that the process may run on; any if None.
    """

    def __init__(self, python: str, peer: str, cores: Sequence[int] | None = None) -> None:
        self.peer, self.began = peer, time.time()
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115, closed with the worker
        self.process = subprocess.Popen(
            [python, __file__, peer],
            env=environment(peer),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            preexec_fn=(lambda: os.sched_setaffinity(0, cores)) if cores else None,
        )

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *error: object) -> None:
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.errors.close()

    def measure(self, workload: str, what: str = "fit", batch: int | None = None) -> Figures:
        """Measure a workload.

        Args:
            workload: its name, as `workloads.find` takes it.
            what: "fit", "predict", "evaluate" or "start", which wants a worker that has just begun.
            batch: size of a batch, the workload's own if None.
        """
        request = {"workload": workload, "what": what, "batch": batch, "began": self.began}
        print(json.dumps(request), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            self.errors.seek(0)
            text = self.errors.read()[-2000:]
            raise RuntimeError(f"{self.peer} failed on {workload}, {what}:\n{text}")
        return Figures(*json.loads(line))


def measure(
    python: str, peer: str, *task: Any, cores: Sequence[int] | None = None, **options: Any
) -> Figures:
    """Measure a peer in a process of its own; for the arguments see `Worker` and its `measure`."""
    with Worker(python, peer, cores) as worker:
        return worker.measure(*task, **options)


def suited(pythons: Mapping[str, str], workload: str, what: str) -> dict[str, str]:
    """Leave out the peers that cannot do this."""
    parts = find(workload)
    return {
        peer: python
        for peer, python in pythons.items()
        if PEERS[peer].part in parts and what in PEERS[peer].whats
    }


def in_turns(measures: Mapping[str, Callable[[], Figures]], rounds: int) -> dict[str, Figures]:
    """Let peers be measured by turns, each so many times."""
    found = {peer: Figures([], 0.0) for peer in measures}
    for _ in range(rounds):
        for peer, measure_it in measures.items():
            seconds, peak = measure_it()
            before = found[peer]
            found[peer] = Figures(before.seconds + seconds, max(before.peak, peak))
    return found


def answer(peer: str, workload: str, what: str, batch: int | None, began: float) -> Figures:
    """Do what a request asks for, in this process."""
    work = find(workload)
    runner = PEERS[peer].make(work)
    batch = batch or work["batch"]
    if what == "start":
        runner.fit(batch, 1)
        return Figures([time.time() - began], peak_memory())
    rows = runner.rows
    if what == "fit":
        times = runner.fit(batch, work["epochs"])
    else:
        rows = min(rows // batch, ONE_BY_ONE if batch == 1 else MOST_STEPS) * batch
        times = []
        for _ in range(CALLS):
            start = time.perf_counter()
            getattr(runner, what)(rows, batch)
            times.append(time.perf_counter() - start)
    return Figures([t / -(-rows // batch) for t in times[1:]], peak_memory())


def peak_memory() -> float:
    """Return the most memory that this process has had in use, in MB."""
    if sys.platform == "win32":
        return float("nan")
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def serve(peer: str) -> None:
    """Answer requests, a line of JSON each, until there are no more."""
    answers, sys.stdout = sys.stdout, sys.stderr  # where libraries may print what they like
    for line in sys.stdin:
        print(json.dumps(answer(peer, **json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    serve(sys.argv[1])
