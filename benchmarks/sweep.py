"""Time a training step of models of many sizes: minikeras beside Keras on JAX, and PyTorch.

    python benchmarks/sweep.py                              # what is listed in drawn.py, and some drawn
    python benchmarks/sweep.py --only dense --points 30     # 30 drawn sizes of dense networks
    python benchmarks/sweep.py --busy                       # while another process keeps a core busy
    python benchmarks/sweep.py --picture sweep.png

Each peer runs in a process of its own, which goes from size to size; at each of them the peers take turns.
As in run.py the median of all epochs but the first counts. A row is printed when it is there; at the end,
for each kind of model, the geometric mean of the ratios and the worst one. The picture shows each ratio
over what a step of the peer takes.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from drawn import KINDS, draw, listed
from peers import Worker, add_arguments, in_turns, installed

US = "minikeras"
BUSY = """
import os
parent = os.getppid()
while os.getppid() == parent:
    for _ in range(1_000_000):
        pass
"""


class Point(NamedTuple):
    kind: str
    name: str
    drawn: bool
    microseconds: dict[str, float]
    """Of a step, by peer."""

    def ratio(self, peer: str) -> float:
        return self.microseconds[US] / self.microseconds[peer]


@contextlib.contextmanager
def busy_process(wanted: bool) -> Iterator[None]:
    """Let another process compute all the while; it ends with this one."""
    process = subprocess.Popen([sys.executable, "-c", BUSY]) if wanted else None
    try:
        yield
    finally:
        if process:
            process.terminate()
            process.wait()


def points(kinds: list[str], drawn: int, seed: int) -> Iterator[tuple[str, str, bool]]:
    """Yield kind, name and whether it was drawn; the same for the same seed, whatever the kinds are."""
    for kind in kinds:
        rng = np.random.default_rng([seed, KINDS.index(kind)])
        yield from ((kind, name, False) for name in listed(kind))
        yield from ((kind, draw(kind, rng), True) for _ in range(drawn))


def row(point: Point, peers: list[str]) -> str:
    times = "".join(f"{point.microseconds[p]:>14.0f}" for p in [US, *peers])
    ratios = "".join(f"{point.ratio(p):>14.2f}" for p in peers)
    return f"{point.name + ' *' * point.drawn:24}{times}{ratios}"


def summary(measured: list[Point], peers: list[str]) -> str:
    """Return lines of the geometric mean and the worst of the ratios, by kind and of all."""
    lines = []
    kinds = list(dict.fromkeys(point.kind for point in measured))
    for kind in [*kinds, *(["all"] if len(kinds) > 1 else [])]:
        mine = [point for point in measured if kind in (point.kind, "all")]
        for peer in peers:
            mean = statistics.geometric_mean(point.ratio(peer) for point in mine)
            worst = max(mine, key=lambda point: point.ratio(peer))
            lines.append(
                f"{kind}, to {peer}: geometric mean {mean:.2f}, worst {worst.ratio(peer):.2f} "
                f"({worst.name}), of {len(mine)}"
            )
    return "\n".join(lines)


COLORS = ("#1f6fb4", "#d9731a", "#3a923a", "#8a5fb0")


def picture(measured: list[Point], peers: list[str], path: str, title: str) -> None:
    """Draw each ratio over what a step of the peer takes, a kind of model in each field."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    kinds = list(dict.fromkeys(point.kind for point in measured))
    size = (1.5 + 4 * len(kinds), 4.5)
    figure, fields = pyplot.subplots(1, len(kinds), sharey=True, squeeze=False, figsize=size)
    for kind, field in zip(kinds, fields[0]):
        mine = [point for point in measured if point.kind == kind]
        for peer, color in zip(peers, COLORS):
            for drawn in (False, True):
                some = [point for point in mine if point.drawn is drawn]
                field.scatter(
                    [point.microseconds[peer] for point in some],
                    [point.ratio(peer) for point in some],
                    s=30,
                    edgecolors=color,
                    facecolors="none" if drawn else color,
                    label=f"to {peer}, {'drawn' if drawn else 'listed'}" if some else None,
                )
            worst = max(mine, key=lambda point: point.ratio(peer))
            field.annotate(
                worst.name.removeprefix(f"{kind} "),
                (worst.microseconds[peer], worst.ratio(peer)),
                xytext=(0, 7),
                textcoords="offset points",
                ha="center",
                fontsize=8,
                color=color,
            )
        field.axhline(1, color="0.5", linewidth=1)
        field.set(title=kind, xscale="log", yscale="log", xlabel="microseconds a step, the peer's")
        field.margins(x=0.15, y=0.12)
        field.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        for axis in (field.xaxis, field.yaxis):
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axis.set_minor_formatter(NullFormatter())
        field.grid(color="0.92", linewidth=0.8)
        field.set_axisbelow(True)
    fields[0][0].set_ylabel("minikeras's time to the peer's\n(below 1 minikeras is faster)")
    handles, labels = fields[0][0].get_legend_handles_labels()
    figure.suptitle(title)
    figure.legend(handles, labels, loc="lower center", ncols=len(labels), frameon=False)
    figure.tight_layout(rect=(0, 0.06, 1, 1))
    figure.savefig(path, dpi=150)
    pyplot.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--points", type=int, default=8, help="drawn sizes of each kind")
    parser.add_argument("--seed", type=int, default=0, help="of the drawn sizes")
    parser.add_argument("--busy", action="store_true", help="beside a process that computes")
    parser.add_argument("--picture", metavar="FILE", default="sweep.svg", help="SVG, PNG or PDF")
    add_arguments(parser, [US, "keras-jax", "torch"], rounds=2)
    args = parser.parse_args()
    pythons = installed([US, *args.peers], args.python)
    peers = [peer for peer in pythons if peer != US]
    if not peers:
        parser.error("no peer is installed, so there is nothing to compare with")

    columns = [f"{p} us" for p in [US, *peers]] + [f"to {p}" for p in peers]
    print(f"{'(* drawn)':24}" + "".join(f"{column:>14}" for column in columns), flush=True)
    measured = []
    with contextlib.ExitStack() as stack:
        stack.enter_context(busy_process(args.busy))
        workers = {p: stack.enter_context(Worker(pythons[p], p)) for p in pythons}
        for kind, name, drawn in points(args.only, args.points, args.seed):
            measures = {p: partial(worker.measure, name) for p, worker in workers.items()}
            found = in_turns(measures, args.rounds)
            medians = {p: 1e6 * statistics.median(f.seconds) for p, f in found.items()}
            measured.append(Point(kind, name, drawn, medians))
            print(row(measured[-1], peers), flush=True)
    print("\n" + summary(measured, peers))
    if args.json:
        Path(args.json).write_text(json.dumps([point._asdict() for point in measured]))
    if importlib.util.find_spec("matplotlib"):
        title = "A training step" + (", beside a busy process" if args.busy else "")
        picture(measured, peers, args.picture, title)
        print(f"drawn: {args.picture}")
    else:
        print("no picture: matplotlib is not installed")


if __name__ == "__main__":
    main()
