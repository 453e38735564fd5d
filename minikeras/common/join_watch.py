"""Ends a rank that waits for others which do not come to join it.

A rank inside of `MPI_Init` hears nothing, and no thread of it runs. So a process beside it keeps watch
until its input is closed, which says that all have joined. It is run as a script, and imports nothing of
minikeras.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

_LAUNCHERS = ("hydra_pmi_proxy", "mpiexec", "mpirun", "orted", "prted", "prterun")
"""Beginnings of the names of programs whose children are ranks."""

_PLACES = {
    "PMI_RANK": "MPI_LOCALNRANKS",
    "OMPI_COMM_WORLD_RANK": "OMPI_COMM_WORLD_LOCAL_SIZE",
}
"""Variables of the environment that say which rank a process is, and how many its machine has."""

_LOOK = 1.0
"""Seconds between two looks at the others."""


def gone(rank: int, size: int) -> str | None:
    """Say which ranks of this machine have ended, None if none has, or nobody can tell.

    Args:
        rank: the place of the rank that is watched.
        size: how many ranks there are.
    """
    known = [(name, os.environ[count]) for name, count in _PLACES.items() if count in os.environ]
    try:
        launcher = _status(os.getppid())[1]
        with open(f"/proc/{launcher}/comm") as file:
            if not known or not file.read().startswith(_LAUNCHERS):
                return None
        name, here = known[0][0], int(known[0][1])
        alive = {rank}
        for process in filter(str.isdigit, os.listdir("/proc")):
            alive.update(_place(process, launcher, name))
    except (OSError, ValueError):  # not a Linux
        return None
    if len(alive) >= here:
        return None
    if here == size:
        missing = [str(i) for i in range(size) if i not in alive]
        return f"rank{'s' * (len(missing) > 1)} {', '.join(missing)}"
    return f"{here - len(alive)} of the {here} ranks of this machine"


def _status(process: int | str) -> tuple[str, str]:
    """Return the state of a process, and the number of its parent."""
    with open(f"/proc/{process}/stat") as file:
        state, parent = file.read().rpartition(")")[2].split()[:2]
    return state, parent


def _place(process: str, launcher: str, name: str) -> list[int]:
    """Return which rank a process is, if it is one that the launcher has started and has not ended."""
    try:
        state, parent = _status(process)
        if parent != launcher or state in "ZX":
            return []
        with open(f"/proc/{process}/environ", "rb") as file:
            pairs = file.read().decode(errors="replace").split("\0")
    except OSError:  # it has ended meanwhile
        return []
    return [int(pair.partition("=")[2]) for pair in pairs if pair.startswith(f"{name}=")]


def main(arguments: list[str]) -> None:
    """Watch the parent of this process: its rank, how many there are or 0, the seconds it may take."""
    rank, size, limit = int(arguments[0]), int(arguments[1]), float(arguments[2])
    watched = os.getppid()
    joined = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), joined.set()), daemon=True).start()
    begun, before = time.monotonic(), None
    while not joined.wait(min(_LOOK, limit or _LOOK)):
        found = gone(rank, size)
        seconds = time.monotonic() - begun
        # Twice, since the launcher may be about to start or to end them.
        if found is not None and found == before:
            why = f"{found} ended before joining. If by an error, it is shown above."
        elif limit and seconds > limit:
            why = (
                f"not all ranks have joined within {limit:g} seconds. One may have failed, be still at "
                "work before the line that joins it, or not come to it. MINIKERAS_JOIN_SECONDS allows for "
                "more."
            )
        else:
            before = found
            continue
        who = f"Rank {rank} of {size}" if size else f"Rank {rank}"
        sys.stderr.write(f"{who} ends all: {why}\n")
        sys.stderr.flush()
        os.kill(watched, getattr(signal, "SIGKILL", signal.SIGTERM))
        return


if __name__ == "__main__":
    main(sys.argv[1:])
