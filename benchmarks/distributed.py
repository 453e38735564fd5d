"""Time a training step on several ranks, as MPI starts them, and say what a model of it predicts.

    python benchmarks/distributed.py                      # mlp, vgg, resnet and lstm
    python benchmarks/distributed.py mlp --ranks 1 2 --python .torch/bin/python
    python benchmarks/distributed.py --scale              # what the model says of many machines

Each run may use as many cores as there are ranks, one for each. Strong scaling: the ranks share the
workload's batch. Weak: each has as many rows as one had alone. Beside it are one process with as many
threads, and PyTorch's DistributedDataParallel over gloo. The prediction is the time of the arithmetic,
measured with the same number of processes that train models of their own, plus what the reductions
take by the latency and bandwidth that are measured first. Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from cores import cores_in_order
from peers import TorchPeer, environment, interpreter_for
from workloads import WORKLOADS, find

EPOCHS = 4
"""One is left out."""
SIZES = [8, 1 << 10, 1 << 13, 1 << 16, 1 << 18, 1 << 20, 1 << 22, 1 << 24]
"""Bytes of the arrays whose reductions are timed."""


# What runs on each rank. Rank 0 prints a line of JSON.


def train(name: str, batch: int, shared: bool) -> dict[str, Any]:
    """Train a workload and return the seconds of a step, epoch by epoch, and what was exchanged."""
    import minikeras as keras
    from minikeras.common import ranks as of_ranks

    if shared:
        keras.distribution.set_distribution(keras.distribution.DataParallel())
    else:
        keras.distribution.initialize()  # for its share of the cores
    exchanged: list[int] = []
    reduce, rows = of_ranks.Ranks._reduce, of_ranks.Ranks.rows

    def counted(function: Callable) -> Callable:
        def call(self: Any, array: np.ndarray, *args: Any) -> Any:
            exchanged.append(array.nbytes)
            return function(self, array, *args)

        return call

    of_ranks.Ranks._reduce, of_ranks.Ranks.rows = counted(reduce), counted(rows)
    work = find(name)
    x, y = work["data"]()
    model = work["keras"](keras)
    starts, times, counts = [], [], []

    def begin(epoch: int, logs: Any) -> None:
        exchanged.clear()
        starts.append(time.perf_counter())

    def end(epoch: int, logs: Any) -> None:
        times.append(time.perf_counter() - starts[-1])
        counts[:] = exchanged

    clock = keras.callbacks.LambdaCallback(on_epoch_begin=begin, on_epoch_end=end)
    epochs = EPOCHS
    model.fit(x, y, batch_size=batch, epochs=epochs, verbose=0, callbacks=[clock])
    steps = -(-len(y) // batch)
    return {
        "seconds": [t / steps for t in times[1:]],
        "messages": len(counts) / steps,
        "bytes": sum(counts) / steps,
        "parameters": model.count_params(),
    }


def reductions() -> list[tuple[int, float]]:
    """Return how long a sum over ranks takes, for arrays of several sizes."""
    from minikeras.common.ranks import ranks

    everybody, found = ranks(), []
    for size in SIZES:
        array = np.zeros(size // 4, np.float32)
        times = []
        for _ in range(max(8, min(300, (1 << 27) // size))):
            everybody.barrier()
            start = time.perf_counter()
            everybody.add(array)
            times.append(time.perf_counter() - start)
        found.append((size, statistics.median(times)))
    return found


def train_torch(name: str, batch: int) -> dict[str, Any]:
    """Do the same with PyTorch: each rank has its rows of each batch."""
    import torch

    rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo")
    torch.manual_seed(0)  # one order of the examples on all ranks
    work = find(name)
    peer = TorchPeer(work)
    peer.model = torch.nn.parallel.DistributedDataParallel(peer.model)
    whole = torch.randperm

    class Own:
        """A permutation whose batches are this rank's rows of them."""

        def __init__(self, order: Any) -> None:
            self.order = order

        def split(self, n: int) -> list:
            return [part.chunk(size)[rank] for part in self.order.split(n)]

    peer.torch = type("torch", (), {"randperm": lambda n: Own(whole(n)), "zeros": torch.zeros})
    peer.torch.no_grad = torch.no_grad
    times = peer.fit(batch, EPOCHS)
    steps = -(-peer.rows // batch)
    torch.distributed.destroy_process_group()
    return {"seconds": [t / steps for t in times[1:]]}


def on_rank(task: str, *arguments: str) -> None:
    answers, sys.stdout = sys.stdout, sys.stderr  # where libraries may print what they like
    if task == "reductions":
        found: Any = reductions()
    elif task == "torch":
        found = train_torch(arguments[0], int(arguments[1]))
    else:
        found = train(arguments[0], int(arguments[1]), shared=task == "shared")
    rank = os.environ.get("RANK")
    if rank is None:
        from minikeras.common.ranks import ranks

        rank = str(ranks().rank)
    if rank == "0":
        print(json.dumps(found), file=answers, flush=True)


# Starting them.


class Launcher:
    """Starts ranks on some of the cores.

    Args:
        python: the interpreter that has PyTorch, None for none.
    """

    def __init__(self, python: str | None) -> None:
        self.torch = python
        beside = Path(sys.executable).with_name("mpiexec")
        self.mpiexec = str(beside) if beside.exists() else shutil.which("mpiexec")
        if self.mpiexec is None:
            raise SystemExit("needs MPI: pip install mpi4py mpich")
        self.cores = cores_in_order()

    def mpi(self, n: int, cores: int, *task: Any) -> Any:
        command = [sys.executable, __file__, "--on-rank", *map(str, task)]
        if n > 1:
            command = [self.mpiexec, "-n", str(n), *command]
        return self._output([(command, environment("minikeras"))], cores)

    def ddp(self, n: int, *task: Any) -> Any:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [self.torch, __file__, "--on-rank", "torch", *map(str, task)]
        about = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(n)}
        environs = [{**environment("torch"), **about, "RANK": str(rank)} for rank in range(n)]
        return self._output([(command, environ) for environ in environs], n)

    def _output(self, commands: list[tuple[list[str], dict]], cores: int) -> Any:
        processes = [
            subprocess.Popen(
                command,
                env=environ,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                preexec_fn=lambda: os.sched_setaffinity(0, self.cores[:cores]),
            )
            for command, environ in commands
        ]
        outputs = [process.communicate() for process in processes]
        for process, (_, errors) in zip(processes, outputs):
            if process.returncode:
                raise RuntimeError(f"{' '.join(process.args)} failed:\n{errors[-2000:]}")
        return json.loads(outputs[0][0].splitlines()[-1])


# The model.


class Network(NamedTuple):
    latency: float
    """Seconds of one message between two ranks."""
    bandwidth: float
    """Bytes a second of a rank."""

    def reduction(self, size: float, n: int) -> float:
        """Return the seconds of a sum of `size` bytes over `n` ranks.

        Of two ways that are in use the faster: each rank sends all to one partner after the other,
        log2(n) of them; or the ranks first add up a part each and then gather the parts, which sends
        2 (n - 1) / n of the bytes in 2 log2(n) messages.
        """
        if n == 1:
            return 0.0
        steps = np.ceil(np.log2(n))
        at_once = steps * (self.latency + size / self.bandwidth)
        in_parts = 2 * steps * self.latency + 2 * (n - 1) / n * size / self.bandwidth
        return float(min(at_once, in_parts))

    @classmethod
    def fitted(cls, found: list[tuple[int, float]], n: int) -> Network:
        """Choose latency and bandwidth by the smallest and the largest of some reductions."""
        steps = np.ceil(np.log2(n))
        latency = found[0][1] / steps
        size, seconds = found[-1]
        return cls(float(latency), float(2 * (n - 1) / n * size / (seconds - 2 * steps * latency)))


MACHINES = [10, 100, 1000]
NETWORKS = {"10 Gbit/s": Network(30e-6, 1.1e9), "100 Gbit/s": Network(3e-6, 11e9)}
"""Ethernet through the kernel, and what bypasses it; a tenth of the bandwidth is lost on headers."""
PARAMETERS = [1e5, 1e6, 1e7, 1e8, 1e9]


def print_scale(seconds: list[float]) -> None:
    """Print the part of the time that is arithmetic, by network, size of the model and machines."""
    for compute in seconds:
        print(f"\n{compute:g} s of arithmetic a step on each machine\n")
        print("| parameters | network | " + " | ".join(f"{n}" for n in MACHINES) + " |")
        print("| ---: | --- |" + " ---: |" * len(MACHINES))
        for parameters in PARAMETERS:
            size = f"{parameters:,.0f}"
            for name, network in NETWORKS.items():
                cells = [
                    f"{compute / (compute + network.reduction(4 * parameters, n)):.2f}"
                    for n in MACHINES
                ]
                print(f"| {size} | {name} | " + " | ".join(cells) + " |")


# The table.


def us(seconds: list[float]) -> float:
    return 1e6 * statistics.median(seconds)


def measure(launcher: Launcher, name: str, n: int, batch: int, rounds: int) -> dict[str, Any]:
    """Measure all that stands in a row, by turns."""
    tasks: dict[str, Callable] = {"ranks": lambda: launcher.mpi(n, n, "shared", name, batch)}
    if n > 1:
        tasks["alone"] = lambda: launcher.mpi(n, n, "alone", name, batch // n)
        tasks["threads"] = lambda: launcher.mpi(1, n, "alone", name, batch)
    if launcher.torch:
        tasks["torch"] = lambda: launcher.ddp(n, name, batch)
    found: dict[str, Any] = {}
    for _ in range(rounds):
        for key, task in tasks.items():
            result = task()
            seconds = found.get(key, {}).get("seconds", []) + result["seconds"]
            found[key] = {**result, "seconds": seconds}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("workloads", nargs="*", default=["mlp", "vgg", "resnet", "lstm"])
    parser.add_argument("--ranks", nargs="+", type=int, default=[1, 2, 4, 8, 16])
    parser.add_argument(
        "--kinds", nargs="+", choices=["strong", "weak"], default=["strong", "weak"]
    )
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--python", action="append", default=[], help="an interpreter with PyTorch")
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")
    parser.add_argument("--scale", action="store_true", help="print what the model says, and end")
    args = parser.parse_args()
    unknown = [name for name in args.workloads if name not in WORKLOADS]
    if unknown:
        parser.error(f"unknown workloads {unknown}; known: {', '.join(WORKLOADS)}")
    if args.scale:
        print_scale([0.1, 1.0])
        return
    launcher = Launcher(interpreter_for("torch", [sys.executable, *args.python]))
    numbers = [n for n in args.ranks if 0 < n <= len(launcher.cores)]
    print(f"{len(launcher.cores)} cores\n")
    networks = {}
    for n in numbers:
        if n > 1:
            found = launcher.mpi(n, n, "reductions")
            networks[n] = Network.fitted(found, n)
            listed = ", ".join(f"{size} B {1e6 * seconds:.0f} us" for size, seconds in found)
            print(f"{n} ranks, a sum: {listed}: {networks[n]}\n")

    columns = ["us/step", "efficiency", "predicted", "one process", "DDP", "DDP efficiency"]
    columns += ["messages", "kB"]
    print("| workload | scaling | ranks | batch | " + " | ".join(columns) + " |")
    print("| --- | --- |" + " ---: |" * (len(columns) + 2), flush=True)
    results = []
    for name in args.workloads:
        first: dict[str, float] = {}
        for n in numbers:
            for kind in args.kinds if n > 1 else ["strong"]:
                batch = find(name)["batch"] * (n if kind == "weak" else 1)
                found = measure(launcher, name, n, batch, args.rounds)
                times = {key: us(one["seconds"]) for key, one in found.items()}
                first = first or times
                ideal = n if kind == "strong" else 1
                cells = [f"{times['ranks']:.0f}", f"{first['ranks'] / ideal / times['ranks']:.2f}"]
                messages, size = found["ranks"]["messages"], found["ranks"]["bytes"]
                if n > 1:
                    network = networks[n]
                    small = (messages - 1) * network.reduction(8, n)
                    predicted = times["alone"] + 1e6 * (small + network.reduction(size, n))
                    cells += [f"{predicted:.0f}", f"{times['threads']:.0f}"]
                else:
                    cells += ["", ""]
                if "torch" in times:
                    share = first["torch"] / ideal / times["torch"]
                    cells += [f"{times['torch']:.0f}", f"{share:.2f}"]
                else:
                    cells += ["", ""]
                cells += [f"{messages:.0f}", f"{size / 1e3:.0f}"]
                print(
                    f"| {name} | {kind} | {n} | {batch} | " + " | ".join(cells) + " |", flush=True
                )
                results.append({"workload": name, "scaling": kind, "ranks": n, **found})
    if args.json:
        Path(args.json).write_text(json.dumps(results))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--on-rank"]:
        on_rank(*sys.argv[2:])
    else:
        main()
