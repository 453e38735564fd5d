"""Time minikeras and its peers on the same work, in one run.

    python benchmarks/run.py                      # a training step of every workload, with every peer
    python benchmarks/run.py mlp --peers torch    # one of each, beside minikeras
    python benchmarks/run.py --what predict evaluate start
    python benchmarks/run.py --python ~/peers/bin/python   # look there for peers too

A peer runs in a process of its own. The peers take turns, `--rounds` times over, so that a slow
spell of the machine hits them all. The time of an epoch, or of a call of `predict` or `evaluate`,
divided by its steps is one figure; the first of a process (compilation, warming up) is left out; the
table shows the median of the rest, its ratio to the best peer's, and the most memory that the process
used. `start` is the time from the start of a process to the end of its first epoch: the interpreter,
imports, data, compilation and all.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
from peers import (
    EVERYTHING,
    MARKS,
    PEERS,
    Figures,
    add_arguments,
    add_workloads,
    in_turns,
    installed,
    measure,
    suited,
)
from workloads import WORKLOADS


def tasks(what: str, name: str) -> list[tuple[str, int | None, str]]:
    """Return what of a workload gets a table each: words, the batch size, and the unit."""
    if what == "start":
        return [("from the start to the end of the first epoch", None, "s")]
    if what == "fit":
        return [("fit", None, "us/step")]
    many = WORKLOADS[name]["many"]
    return [(f"{what}, batch {batch}", batch, "us/step") for batch in (many, 1)]


def report(title: str, unit: str, found: Mapping[str, Figures]) -> None:
    """Print the medians of one task, their ratios to the best peer's, and the memory used."""
    medians = {peer: statistics.median(figures.seconds) for peer, figures in found.items()}
    rivals = [m for peer, m in medians.items() if peer not in ("minikeras", *MARKS)]
    best = min(rivals or medians.values())
    print(f"\n{title}")
    columns = (unit, "fastest", "slowest", "to best peer", "peak MB")
    print(" " * 20 + "".join(f"{column:>14}" for column in columns))
    for peer, median in sorted(medians.items(), key=lambda item: item[1]):
        seconds, peak = found[peer]
        times = (median, min(seconds), max(seconds))
        row = "".join(f"{t:>14.2f}" if unit == "s" else f"{1e6 * t:>14.0f}" for t in times)
        print(f"  {peer:18}{row}{median / best:>14.2f}{peak:>14.0f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add_workloads(parser)
    parser.add_argument("--what", nargs="+", choices=EVERYTHING, default=["fit"])
    add_arguments(parser, list(PEERS), rounds=3)
    args = parser.parse_args()
    pythons = installed(args.peers, args.python)
    print(f"{os.cpu_count()} cores, {platform.machine()}, numpy {np.__version__}")

    results = []
    for what in args.what:
        for name in args.workloads:
            able = suited(pythons, name, what)
            for words, batch, unit in tasks(what, name):
                found = in_turns(
                    {
                        peer: partial(measure, python, peer, name, what, batch)
                        for peer, python in able.items()
                    },
                    args.rounds,
                )
                title = f"{name}: {WORKLOADS[name]['what']}"
                report(title if what == "fit" else f"{title}\n{words}", unit, found)
                task = {"workload": name, "what": what, "batch": batch}
                results += [{**task, "peer": p, **f._asdict()} for p, f in found.items()]
    if args.json:
        Path(args.json).write_text(json.dumps(results))


if __name__ == "__main__":
    main()
