"""Saving and loading of ResNet-50: 25.6 million parameters, 320 arrays.

    python benchmarks/files.py

Prints how long `save_weights`, `load_weights`, `save` and `load_model` take beside Keras (the backend in
KERAS_BACKEND, JAX if that is not set), and beside h5py with the same arrays: as safely as minikeras, which
flushes a new file to the disk and renames it, and in place without waiting for the disk. The first time in
a process, into a file that is not there, and the next times, over the file before; and the most memory that
the first time takes beyond what there was, as a multiple of the size of the weights. Each figure is the
median of several processes; the peers take turns. Memory is read from /proc, so this runs on Linux.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

TASKS = ("save_weights", "load_weights", "save", "load_model")


def resnet50(keras: Any) -> Any:
    """Make ResNet-50 (He et al., "Deep Residual Learning for Image Recognition", 2015)."""
    layers = keras.layers

    def convolution(x: Any, filters: int, size: int, strides: int = 1) -> Any:
        x = layers.Conv2D(filters, size, strides, padding="same", use_bias=False)(x)
        return layers.BatchNormalization()(x)

    inputs = keras.Input((224, 224, 3))
    x = layers.ReLU()(convolution(inputs, 64, 7, 2))
    x = layers.MaxPooling2D(3, 2, padding="same")(x)
    for filters, blocks, strides in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for block in range(blocks):
            step = strides if block == 0 else 1
            y = layers.ReLU()(convolution(x, filters, 1, step))
            y = layers.ReLU()(convolution(y, filters, 3))
            y = convolution(y, 4 * filters, 1)
            short = convolution(x, 4 * filters, 1, step) if block == 0 else x
            x = layers.ReLU()(layers.Add()([y, short]))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(1000, activation="softmax")(x))


def prepared(kind: str, task: str, folder: Path) -> Callable[[], Any] | None:
    """Return what is timed, None for what the peer cannot do; what it needs is made here."""
    if kind.startswith("h5py"):
        import h5py
        import numpy as np

        path = folder / file_of(kind, task)
        shapes = json.loads((folder / "shapes.json").read_text())
        arrays = [np.full(shape, 0.5, "float32") for shape in shapes]

        def write(safely: bool = True) -> None:
            target = path.with_suffix(".new") if safely else path
            with h5py.File(target, "w") as file:
                for i, a in enumerate(arrays):
                    file.create_dataset(str(i), data=a)
            if safely:  # as minikeras writes: to the disk, and then over the file before
                with open(target, "rb+") as file:
                    os.fsync(file.fileno())
                os.replace(target, path)

        def read() -> list:
            with h5py.File(path) as file:
                return [file[str(i)][()] for i in range(len(shapes))]

        if kind == "h5py":
            return {"save_weights": write, "load_weights": read}.get(task)
        return {"save_weights": lambda: write(safely=False)}.get(task)
    importlib.import_module("h5py")  # which is not what is measured
    keras = importlib.import_module(kind)
    path = folder / file_of(kind, task)
    if task == "load_model":
        return lambda: keras.models.load_model(path)
    model = resnet50(keras)
    return {
        "save_weights": lambda: model.save_weights(path, overwrite=True),
        "load_weights": lambda: model.load_weights(path),
        "save": lambda: model.save(path, overwrite=True),
    }[task]


def file_of(kind: str, task: str) -> str:
    """Return the name of the file that a task of a peer writes or reads."""
    return f"{kind}.keras" if task in ("save", "load_model") else f"{kind}.weights.h5"


def measure(kind: str, task: str, folder: Path) -> None:
    """Run one task, and print its seconds, those of the next times, and bytes."""
    run = prepared(kind, task, folder)
    if run is None:
        print("null")
        return
    if task.startswith("save"):
        (folder / file_of(kind, task)).unlink(missing_ok=True)
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = peak()
    seconds = []
    for _ in range(1 if task == "load_model" else 4):
        start = time.perf_counter()
        kept = run()
        seconds.append(time.perf_counter() - start)
        if len(seconds) == 1:
            memory = peak() - before
        del kept
    print(json.dumps([seconds[0], statistics.median(seconds[1:] or seconds), memory]))


def peak() -> int:
    """Return the most memory in use, in bytes, since the peak began anew."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="how often each task is measured")
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        kind, task, folder = arguments.measure
        measure(kind, task, Path(folder))
        return
    import minikeras

    model = resnet50(minikeras)
    size = 4 * model.count_params()
    env = {"KERAS_BACKEND": "jax", "TF_CPP_MIN_LOG_LEVEL": "3", **os.environ}
    results: dict = {}
    with tempfile.TemporaryDirectory() as folder:
        shapes = [w.shape for w in model.weights]
        Path(folder, "shapes.json").write_text(json.dumps(shapes))
        kinds = ["h5py", "h5py in place", "minikeras", "keras"]
        for _ in range(arguments.rounds):
            kinds.append(kinds.pop(0))  # the disk is busy with what the one before wrote
            for task in TASKS:
                for kind in kinds:
                    command = [sys.executable, __file__, "--measure", kind, task, folder]
                    done = subprocess.run(command, env=env, capture_output=True, text=True)
                    if done.returncode:
                        sys.exit(done.stderr[-2000:])
                    figures = json.loads(done.stdout.splitlines()[-1])
                    if figures is not None:
                        results.setdefault((task, kind), []).append(figures)
    print(f"{len(shapes)} arrays, {size / 2**20:.0f} MiB")
    for (task, kind), figures in results.items():
        first, again, memory = (statistics.median(f[i] for f in figures) for i in range(3))
        print(
            f"{task:13} {kind:14} {first * 1e3:8.0f} ms, again {again * 1e3:8.0f} ms   "
            f"peak {memory / size:5.2f} x weights"
        )


if __name__ == "__main__":
    main()
