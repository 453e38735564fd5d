"""What it costs to begin: time and memory of `import minikeras`, and a whole make_moons script.

    python benchmarks/import_time.py
    python benchmarks/import_time.py --also keras   # the script on Keras too, for comparison

Every figure comes from fresh processes: the median of `--repeat` of them.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

IMPORT = """
import resource, sys, time
start = time.perf_counter()
import {module}
took = time.perf_counter() - start
unit = 1 if sys.platform == "darwin" else 1024
print(took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20)
"""

SCRIPT = """
import time
start = time.perf_counter()
import numpy as np
from {module}.models import Sequential
from {module}.layers import Dense, Input
from {module}.optimizers import Adam
angle = np.linspace(0, np.pi, 500)
c, s = np.cos(angle), np.sin(angle)
X = np.concatenate([np.c_[c, s], np.c_[1 - c, 0.5 - s]])
X += np.random.default_rng(0).normal(scale=0.05, size=X.shape)
y = np.repeat([0, 1], 500)
model = Sequential([Input((2,)), Dense(4, activation="tanh"), Dense(2, activation="tanh"),
                    Dense(1, activation="sigmoid")])
model.compile(Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
history = model.fit(X, y, epochs=100, verbose=0)
print(time.perf_counter() - start, history.history["accuracy"][-1])
"""


def run(code: str) -> tuple[list[float], float]:
    """Run code in a fresh process; return the numbers it printed and the wall time."""
    env = dict(os.environ, PYTHONPATH=str(ROOT), TF_CPP_MIN_LOG_LEVEL="3", JAX_PLATFORMS="cpu")
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "JAX_ENABLE_X64"):
        env.pop(name, None)
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, check=True, stdout=subprocess.PIPE, text=True
    )
    return [float(n) for n in done.stdout.split()], time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--also", nargs="*", default=[], help="other modules with Keras's API")
    args = parser.parse_args()
    os.environ.setdefault("KERAS_BACKEND", "jax")

    for module in ("numpy", "minikeras", *args.also):
        run(IMPORT.format(module=module))  # the first run writes bytecode
        figures = [run(IMPORT.format(module=module))[0] for _ in range(args.repeat)]
        seconds, megabytes = (statistics.median(column) for column in zip(*figures))
        print(f"import {module}: {seconds:.3f} s, peak memory {megabytes:.0f} MB")
    for module in ("minikeras", *args.also):
        runs = [run(SCRIPT.format(module=module)) for _ in range(args.repeat)]
        inside = statistics.median(numbers[0] for numbers, _ in runs)
        whole = statistics.median(wall for _, wall in runs)
        print(
            f"make_moons on {module}: {inside:.2f} s from the import to the last of 100 epochs, "
            f"{whole:.2f} s for the process; accuracy {runs[-1][0][1]:.3f}"
        )


if __name__ == "__main__":
    main()
