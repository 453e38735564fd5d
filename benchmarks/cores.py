"""Time a training step on 1, 2, 4, 8 and 16 cores, as far as the machine has them.

    python benchmarks/cores.py                    # every workload
    python benchmarks/cores.py mlp lstm --cores 1 2 --peers torch

Each process may run on so many cores and no others (`os.sched_setaffinity`, as `taskset` does; Linux only),
which all libraries see when they start. Cores that are two halves of one are taken last. Otherwise it is
measured as in run.py; a row is printed when it is there: microseconds a step, the ratio of minikeras to
the best of the others, and the most memory that each process used.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
from functools import partial
from pathlib import Path

from peers import add_arguments, add_workloads, in_turns, installed, measure, suited

US = "minikeras"


def cores_in_order() -> list[int]:
    """Return the numbers of the cores that may be used, the second halves of cores last."""

    def is_second(core: int) -> bool:
        path = Path(f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list")
        try:
            return int(path.read_text().replace("-", ",").split(",")[0]) != core
        except (OSError, ValueError):
            return False

    return sorted(os.sched_getaffinity(0), key=lambda core: (is_second(core), core))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add_workloads(parser)
    parser.add_argument("--cores", nargs="+", type=int, default=[1, 2, 4, 8, 16])
    add_arguments(parser, [US, "keras-jax", "torch"], rounds=2)
    args = parser.parse_args()
    if not hasattr(os, "sched_setaffinity"):
        parser.error("this system does not let a process be kept on some cores")
    available = cores_in_order()
    numbers = [n for n in args.cores if 0 < n <= len(available)]
    pythons = installed([US, *args.peers], args.python)
    peers = list(pythons)
    print(f"{len(available)} cores; us/step, and MB at the peak\n")

    columns = [*peers, f"{US} to best", *(f"{peer} MB" for peer in peers)]
    print("| workload | cores | " + " | ".join(columns) + " |")
    print("| --- |" + " ---: |" * (len(columns) + 1), flush=True)
    results = []
    for name in args.workloads:
        for n in numbers:
            measures = {
                peer: partial(measure, python, peer, name, cores=available[:n])
                for peer, python in suited(pythons, name, "fit").items()
            }
            found = in_turns(measures, args.rounds)
            times = {p: 1e6 * statistics.median(f.seconds) for p, f in found.items()}
            others = [t for p, t in times.items() if p != US]
            cells = [f"{times[p]:.0f}" if p in times else "" for p in peers]
            cells.append(f"{times[US] / min(others):.2f}" if others else "")
            cells += [f"{found[p].peak:.0f}" if p in found else "" for p in peers]
            print(f"| {name} | {n} | " + " | ".join(cells) + " |", flush=True)
            task = {"workload": name, "cores": n}
            results += [{**task, "peer": p, **f._asdict()} for p, f in found.items()]
    if args.json:
        Path(args.json).write_text(json.dumps(results))


if __name__ == "__main__":
    main()
