"""Files of known data sets: found in the folder where Keras keeps them, or downloaded into it."""

from __future__ import annotations

import hashlib
import os
from typing import NamedTuple

from minikeras.common.atomic_file import atomic_path
from minikeras.common.traceback_utils import warn
from minikeras.utils.io_utils import print_msg
from minikeras.utils.progbar import Progbar

GOOGLE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
TORONTO = "https://www.cs.toronto.edu/~kriz/"
_PIECE = 1 << 20
_TIMEOUT = 30.0  # seconds without a byte


class RemoteFile(NamedTuple):
    """A file that lies somewhere in the net.

    Args:
        url: where it is; begins with `https:`.
        digest: its SHA-256 or MD5 as hexadecimal digits, None if nobody has published it.
        folder: folder of the cache that it is kept in.
    """

    url: str
    digest: str | None = None
    folder: str = "datasets"


def cached_file(remote: RemoteFile, name: str, *other_names: str) -> str:
    """Return the path of a file in the cache, which is downloaded if it is not there.

    The cache is `$KERAS_HOME`, or `~/.keras`, and files have the names that Keras gives them.

    Args:
        remote: the file.
        name: its name in the cache.
        *other_names: names that it may have there as well.

    Raises:
        ValueError: if the name is a path.
        OSError: if the file is not there and could not be downloaded, or is not what it should be.
    """
    if not isinstance(name, (str, os.PathLike)):
        raise TypeError(f"`path` must be the name of a file. Received: {name!r}")
    name = os.fspath(name)
    if not name or os.path.basename(name) != name:
        raise ValueError(
            f"`path` must be the name of a file in {_folder(remote)}, without a folder. "
            f"Received: {name!r}"
        )
    folder = _folder(remote)
    spoilt = None
    for known in (name, *other_names):
        path = os.path.join(folder, known)
        if os.path.isfile(path):
            if remote.digest is None or _digest_of(path, remote.digest) == remote.digest:
                return path
            spoilt = path
    if spoilt is not None:
        warn(
            f"{spoilt} is incomplete or outdated: its hash is not {remote.digest}. Downloading it."
        )
    path = os.path.join(folder, name)
    try:
        os.makedirs(folder, exist_ok=True)
        with atomic_path(path) as temporary:
            _download(remote, temporary)
    except OSError as error:  # URLError and time-outs are such, too
        raise OSError(_advice(remote, path, error)) from error
    return path


def _folder(remote: RemoteFile) -> str:
    home = os.environ.get("KERAS_HOME") or os.path.join("~", ".keras")
    return os.path.join(os.path.expanduser(home), remote.folder)


def _download(remote: RemoteFile, path: str) -> None:
    """Write a file of the net to a path and check what came."""
    import http.client
    import urllib.request

    try:
        answer = urllib.request.urlopen(remote.url, timeout=_TIMEOUT)
    except OSError as error:  # without its number, which would read as one of the disk
        raise OSError(str(error)) from error
    with answer, open(path, "wb") as file:
        if not answer.geturl().startswith("https:"):
            raise OSError(f"it was moved to {answer.geturl()}, which is not https")
        print_msg(f"Downloading {remote.url}")
        total = int(answer.headers.get("Content-Length") or 0) or None
        bar, done = Progbar(total, unit_name="byte"), 0
        while True:
            try:
                piece = answer.read(_PIECE)
            except (OSError, http.client.HTTPException) as error:
                raise OSError(f"the connection broke: {error!r}") from error
            if not piece:
                break
            file.write(piece)
            done += len(piece)
            bar.update(done)
    if total is not None and done != total:
        raise OSError(f"only {done} of {total} bytes came")
    if remote.digest is not None:
        found = _digest_of(path, remote.digest)
        if found != remote.digest:
            raise OSError(f"what came has the hash {found}")


def _digest_of(path: str, like: str) -> str:
    """Return the hash of a file, of the kind that another one is."""
    kind = "sha256" if len(like) == 64 else "md5"
    with open(path, "rb") as file:
        digest = hashlib.new(kind, usedforsecurity=False)
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _advice(remote: RemoteFile, path: str, error: OSError) -> str:
    kind = "" if remote.digest is None else "SHA-256" if len(remote.digest) == 64 else "MD5"
    hashed = f" ({kind} {remote.digest})" if kind else ""
    folder, name = os.path.split(path)
    return (
        f"There is no sound {name} in {folder}, and it could not be downloaded: {error}. "
        f"Get {remote.url}{hashed} on a machine that reaches it, and put it into {folder} "
        f"under the name {name}. The environment "
        "variable KERAS_HOME chooses another folder than ~/.keras."
    )
