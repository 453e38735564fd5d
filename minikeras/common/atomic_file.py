"""Files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike) -> Iterator[str]:
    """Give the path of a temporary file beside `path`, and rename it to `path` at the end.

    What was there before is replaced only when the new file is complete and on the disk. If the
    block raises, the new file is deleted and the old one stays. Each writer has a temporary file of
    its own, so that two that write the same file do not mix.

    Args:
        path: where the file is to be.

    Raises:
        OSError: if the directory is missing or cannot be written into, or the disk is full.
    """
    path = os.path.realpath(path)  # through a link: the file behind it is replaced
    folder, name = os.path.split(path)
    stem, suffix = os.path.splitext(name)
    handle, temporary = tempfile.mkstemp(suffix, f".{stem[:100]}.", folder)
    os.close(handle)
    try:
        _take_mode(temporary, path)
        yield temporary
        _flush(temporary)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.remove(temporary)
        raise
    with contextlib.suppress(OSError):  # Windows cannot open folders; the rename is done
        _flush(folder)


def write_text(path: str | os.PathLike, text: str) -> None:
    """Write a text file, whole or not at all."""
    with atomic_path(path) as temporary, open(temporary, "w", encoding="utf-8") as file:
        file.write(text)


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
