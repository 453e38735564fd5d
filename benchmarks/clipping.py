"""What clipping each example's gradient costs: a step with it to a plain step.

    python benchmarks/clipping.py            # mlp, convnet, lstm, transformer, autoencoder
    python benchmarks/clipping.py --noise    # with the noise of DP-SGD too

Both models take turns on one batch; the medians of their steps are compared. The first steps, in which
everything is built and looked up, are left out.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Any

from workloads import WORKLOADS, first

import minikeras

NAMES = ("mlp", "convnet", "lstm", "transformer", "autoencoder")


def compiled(name: str, **options: Any) -> Any:
    """Return a workload's model, whose optimizer has got more arguments."""
    model = WORKLOADS[name]["keras"](minikeras)
    kept = model.optimizer.get_config()
    optimizer = type(model.optimizer).from_config({**kept, **options})
    model.compile(optimizer, model.loss, metrics=["accuracy"])
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", default=NAMES, metavar="workload")
    parser.add_argument("--noise", action="store_true", help="add noise too")
    parser.add_argument("--seconds", type=float, default=6.0, help="for each workload")
    args = parser.parse_args()
    options = {"clipnorm_per_sample": 1.0, **({"noise_multiplier": 1.0} if args.noise else {})}
    print("| | plain, ms | clipped, ms | ratio |\n| --- | ---: | ---: | ---: |")
    for name in args.names:
        x, y = WORKLOADS[name]["data"]()
        rows = WORKLOADS[name]["batch"]
        batch = first(x, rows), y[:rows]
        models = [compiled(name), compiled(name, **options)]
        times: list[list[float]] = [[], []]
        for model in models:
            for _ in range(4):
                model.train_on_batch(*batch)
        end = time.perf_counter() + args.seconds
        while time.perf_counter() < end:
            for model, of_model in zip(models, times):
                start = time.perf_counter()
                model.train_on_batch(*batch)
                of_model.append(1e3 * (time.perf_counter() - start))
        plain, clipped = map(statistics.median, times)
        print(f"| {name} | {plain:.2f} | {clipped:.2f} | {clipped / plain:.2f} |", flush=True)


if __name__ == "__main__":
    main()
