"""How many processor cores this process may use: the machine's, less what it has been denied."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator


def count_cores() -> int:
    """Return how many cores this process may use, by its affinity and its control groups."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return min([cores, *cgroup_limits()])


def cgroup_limits(root: str = "/") -> Iterator[int]:
    """Yield to how many cores each control group of this process limits it.

    Time on one and a half cores counts as two: so much can be in use at once.

    Args:
        root: where the system's files lie.
    """
    mounts = os.path.join(root, "sys", "fs", "cgroup")
    for line in _read(os.path.join(root, "proc", "self", "cgroup")).splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers:  # version 2: one tree for everything
            trees = [mounts]
        elif "cpu" in controllers.split(","):
            trees = [os.path.join(mounts, controllers), os.path.join(mounts, "cpu")]
        else:
            continue
        # A group has no more than the groups that it lies in. Inside a container the path may be
        # one of the host's, which is not there; the container's own group is then the tree's root.
        names = [name for name in path.split("/") if name not in ("", "..")]
        for tree in trees:
            for depth in range(len(names) + 1):
                yield from _limit_in(os.path.join(tree, *names[:depth]))


def _limit_in(folder: str) -> Iterator[int]:
    quota, _, period = _read(os.path.join(folder, "cpu.max")).partition(" ")
    if not quota:  # version 1
        quota = _read(os.path.join(folder, "cpu.cfs_quota_us"))
        period = _read(os.path.join(folder, "cpu.cfs_period_us"))
    try:
        microseconds, of = int(quota), int(period)
    except ValueError:  # "max", or no such files
        return
    if microseconds > 0 and of > 0:  # -1 is no limit
        yield max(math.ceil(microseconds / of), 1)


def _read(path: str) -> str:
    """Return a file's text, nothing if it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""
