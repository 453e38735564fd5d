"""Files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
import threading
import time
import zlib
from collections.abc import Iterator

_DAY = 24 * 3600.0

_lock = threading.Lock()
_in_use: set[str] = set()
"""Temporary files and folders of this process."""
_cleaned: set[str] = set()
"""Files whose leftovers this process has looked for."""


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike) -> Iterator[str]:
    """Give the path of a temporary file beside `path`, and rename it to `path` at the end.

    What was there before is replaced only when the new file is complete and on the disk. If the
    block raises, the new file is deleted and the old one stays. Each writer has a temporary file of
    its own, so that two that write the same file do not mix. Temporary files of processes that were
    killed are deleted by the next process that writes the same file.

    Args:
        path: where the file is to be.

    Raises:
        OSError: if the directory is missing or cannot be written into, or the disk is full.
    """
    path = os.path.realpath(path)  # through a link: the file behind it is replaced
    remove_leftovers(path, once=True)
    temporary = None
    try:
        temporary = _make(path, folder=False)
        _take_mode(temporary, path)
        yield temporary
        _flush(temporary)
        os.replace(temporary, path)
    except BaseException as error:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.remove(temporary)
        number = _errno_of(error)
        if number is not None and getattr(error, "filename", None) in (None, temporary):
            raise _failure(number, path) from error
        raise
    finally:
        _in_use.discard(temporary)
    with contextlib.suppress(OSError):  # Windows cannot open folders; the rename is done
        _flush(os.path.dirname(path))


@contextlib.contextmanager
def scratch_folder(path: str | os.PathLike) -> Iterator[str]:
    """Give a folder beside a file, for its parts, and delete it at the end."""
    folder = _make(os.path.realpath(path), folder=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _in_use.discard(folder)


def write_text(path: str | os.PathLike, text: str) -> None:
    """Write a text file, whole or not at all."""
    with atomic_path(path) as temporary, open(temporary, "w", encoding="utf-8") as file:
        file.write(text)


def remove_leftovers(path: str | os.PathLike, once: bool = False) -> None:
    """Delete temporary files of `path` whose processes are no more.

    Those of another machine or container, whose processes nobody here can see, are taken for
    abandoned after a day.

    Args:
        path: the file that they were to become.
        once: whether to do nothing if this process has done it for this file.
    """
    path = os.path.realpath(path)
    if once and path in _cleaned:
        return
    start, end = _start_and_end(path)
    name = re.compile(
        f"{re.escape(start)}([0-9a-f]{{8}})-([0-9]+)\\.\\w+(\\.parts|{re.escape(end)})"
    )
    with _lock, contextlib.suppress(OSError):
        _cleaned.add(path)
        for entry in os.scandir(os.path.dirname(path)):
            found = name.fullmatch(entry.name)
            if found is None or entry.path in _in_use:
                continue
            if _is_abandoned(entry, found[1], int(found[2])):
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, ignore_errors=True)
                else:
                    with contextlib.suppress(OSError):
                        os.remove(entry.path)


def _make(path: str, folder: bool) -> str:
    """Make an empty temporary file or folder whose name tells what it is for and whose it is."""
    start, end = _start_and_end(path)
    start += f"{_machine()}-{os.getpid()}."
    place = os.path.dirname(path)
    with _lock:
        if folder:
            made = tempfile.mkdtemp(".parts", start, place)
        else:
            try:
                handle, made = tempfile.mkstemp(end, start, place)
            except OSError as error:
                error.filename = None  # of a file that nobody knows
                raise
            os.close(handle)
        _in_use.add(made)
    return made


def _start_and_end(path: str) -> tuple[str, str]:
    """Return how names of temporary files of `path` begin and end."""
    stem, end = os.path.splitext(os.path.basename(path))
    return f".{stem[:100]}.", end


def _machine() -> str:
    """Return a name for where process numbers count: the machine, or the container on it."""
    name = os.uname().nodename if hasattr(os, "uname") else ""
    with contextlib.suppress(OSError):
        name += os.readlink("/proc/self/ns/pid")
    return f"{zlib.crc32(name.encode()):08x}"


def _is_abandoned(entry: os.DirEntry, machine: str, process: int) -> bool:
    if hasattr(os, "uname") and machine == _machine():
        if process == os.getpid():
            return True  # not in use: of a process that had the same number before
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        except (OSError, OverflowError):
            return False  # of another user's
        return False
    return time.time() - entry.stat(follow_symlinks=False).st_mtime > _DAY


def _errno_of(error: BaseException) -> int | None:
    """Return the number of the system's error behind an error, None if there is none.

    HDF5 and safetensors tell of it in their messages only, not always in an OSError.
    """
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    found = re.search(r"(?:errno = |os error )([0-9]+)", str(error))
    return None if found is None else int(found[1])


def _failure(number: int, path: str) -> OSError:
    """Return the error that says which file could not be written."""
    kept = "; what was there before is unchanged" if os.path.exists(path) else ""
    return OSError(number, f"Could not write the file ({os.strerror(number)}){kept}", path)


def _take_mode(temporary: str, path: str) -> None:
    """Give a temporary file, which is private, the permissions that a new file would have."""
    try:
        mode = os.stat(path).st_mode & 0o777
    except OSError:
        umask = os.umask(0)
        os.umask(umask)
        mode = 0o666 & ~umask
    os.chmod(temporary, mode)


def _flush(path: str) -> None:
    handle = os.open(path, os.O_RDONLY if os.path.isdir(path) else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
