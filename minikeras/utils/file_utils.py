"""Files of the net: found in the folder where Keras keeps them, or downloaded into it. `get_file`."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterable
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

from minikeras.common.arguments import ArgumentError, PathLike, Truth, checked
from minikeras.common.atomic_file import atomic_path
from minikeras.common.traceback_utils import warn
from minikeras.utils.archives import extract_archive
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
        _download(remote.url, path, remote.digest)
    except OSError as error:  # URLError and time-outs are such, too
        raise OSError(_advice(remote, path, error)) from error
    return path


def keras_home() -> str:
    """Return the folder where Keras keeps files: `$KERAS_HOME`, or `~/.keras`."""
    return os.environ.get("KERAS_HOME") or os.path.join(os.path.expanduser("~"), ".keras")


def _folder(remote: RemoteFile) -> str:
    return os.path.join(os.path.expanduser(keras_home()), remote.folder)


class WrongHash(OSError):
    """What was downloaded is not what was expected."""


def _download(url: str, path: str, digest: str | None) -> None:
    """Put a file of the net in place, once it is whole and has the right hash.

    Of a download that broke off, what came is kept if the server says by which sign it knows this version
    of the file. The next one then asks for the rest.

    Args:
        url: where it is.
        path: where it is put.
        digest: its SHA-256 or MD5; None not to check.

    Raises:
        WrongHash: if it has another hash.
        OSError: if it did not come.
    """
    with atomic_path(path) as temporary:
        print_msg(f"Downloading data from {url}")
        with _opened(url) as answer:
            size = _length(answer)
            sign = _sign(answer)
            part = None
            if sign is not None:
                key = hashlib.sha256(f"{url} {sign}".encode()).hexdigest()[:16]
                part = f"{path}.{key}.part"
                with contextlib.suppress(FileNotFoundError):
                    os.replace(part, temporary)  # by one process, if several come
            done = os.path.getsize(temporary)
            rest = None
            if size is not None and 0 < done < size:
                rest = _opened(url, {"Range": f"bytes={done}-", "If-Range": sign})
                if rest.status != 206 or not _begins_at(rest, done):
                    rest.close()
                    rest = None
            try:
                if rest is None:
                    _store(answer, temporary, size, 0)
                else:
                    with rest:
                        _store(rest, temporary, size, done)
            except BaseException:
                if part is not None and os.path.getsize(temporary):
                    os.replace(temporary, part)
                raise
        if digest is not None:
            found = _digest_of(temporary, digest)
            if found != digest:
                raise WrongHash(f"what came has the hash {found}")


def _opened(url: str, headers: dict[str, str] | None = None) -> Any:
    """Return the answer to a request; who asked over https gets none over another way."""
    import urllib.request

    request = url if headers is None else urllib.request.Request(url, headers=headers)
    try:
        answer = urllib.request.urlopen(request, timeout=_TIMEOUT)
    except OSError as error:  # without its number, which would read as one of the disk
        raise OSError(str(error)) from error
    if url.startswith("https:") and not answer.geturl().startswith("https:"):
        answer.close()
        raise OSError(f"it was moved to {answer.geturl()}, which is not https")
    return answer


def _length(answer: Any) -> int | None:
    return int(answer.headers.get("Content-Length") or 0) or None


def _sign(answer: Any) -> str | None:
    """Return how a server tells versions of a file apart, None if it does not."""
    tag = answer.headers.get("ETag")
    return tag if tag and not tag.startswith("W/") else answer.headers.get("Last-Modified")


def _begins_at(answer: Any, place: int) -> bool:
    return (answer.headers.get("Content-Range") or "").startswith(f"bytes {place}-")


def _store(answer: Any, path: str, size: int | None, done: int) -> None:
    """Write what a server sends into a file, from a place on, and show how far it got."""
    import http.client

    bar = Progbar(size, unit_name="byte")
    with open(path, "r+b") as file:
        file.seek(done)
        file.truncate()
        while size is None or done < size:
            try:
                piece = answer.read(_PIECE if size is None else min(_PIECE, size - done))
            except (OSError, http.client.HTTPException) as error:
                raise OSError(f"the connection broke: {error!r}") from error
            if not piece:
                break
            file.write(piece)
            done += len(piece)
            bar.update(done)
    if size is not None and done != size:
        raise OSError(f"only {done} of {size} bytes came")


def _digest_of(path: str, like: str) -> str:
    """Return the hash of a file, of the kind that another one is."""
    kind = "sha256" if len(like) == 64 else "md5"
    with open(path, "rb") as file:
        digest = hashlib.new(kind, usedforsecurity=False)
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


@checked
def get_file(
    fname: PathLike | None = None,
    origin: str | None = None,
    untar: Truth = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: PathLike = "datasets",
    hash_algorithm: Literal["auto", "md5", "sha256"] = "auto",
    extract: Truth = False,
    archive_format: Any = "auto",
    cache_dir: PathLike | None = None,
    force_download: Truth = False,
) -> str:
    """Return the path of a file of the net, which is downloaded once and kept.

    A download that broke off goes on where it was, if the server can do that. Archives are unpacked
    with care: one with a member that would come to lie outside the folder, with a link to outside, a
    device, or far more in it than its size lets expect, is refused as a whole. Still, give `file_hash`
    for files of others: it is the one proof that a file is what you mean.

    Args:
        fname: name that it is kept under; the last part of `origin` if None. Of an archive, what comes
            before the first dot is the name of the folder that it is unpacked into, with `_extracted`
            after it; a name without a dot is the folder's own.
        origin: where it is: a URL that begins with `https:`, `http:`, `ftp:` or `file:`.
        untar: `extract`, for tar archives alone.
        md5_hash: `file_hash`, for MD5.
        file_hash: its SHA-256 or MD5 as hexadecimal digits. A file that is there already and has another
            hash is downloaded anew.
        cache_subdir: folder in the cache, or an absolute path.
        hash_algorithm: `"sha256"`, `"md5"`, or `"auto"` to tell by the length of the hash.
        extract: whether to unpack it, if it is a tar (perhaps compressed) or zip archive.
        archive_format: `"tar"`, `"zip"`, a list of them, or `"auto"` for either.
        cache_dir: the cache; `$KERAS_HOME`, or `~/.keras`, if None.
        force_download: whether to download it even if it is there.

    Returns:
        The path of the file; with `extract` or `untar` that of the folder.

    Raises:
        ValueError: if an argument is not as described, if what came has another hash, or if the archive
            is none, or not safe.
        OSError: if it could not be downloaded.

    Example:

    >>> import os, pathlib, tempfile
    >>> from minikeras.utils import get_file
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     source = pathlib.Path(folder, "words.txt")
    ...     _ = source.write_text("to be or not to be")
    ...     path = get_file(origin=source.as_uri(), cache_dir=folder)  # doctest: +ELLIPSIS
    ...     print(os.path.relpath(path, folder).replace(os.sep, "/"))
    Downloading data from file:///...
    datasets/words.txt
    """
    path, name = fetched_file(
        fname,
        origin,
        expected_hash(file_hash, md5_hash, hash_algorithm),
        cache_subdir,
        cache_dir,
        force_download,
        lambda name: f"{name}_archive" if extract or untar else name,
    )
    if not extract and not untar:
        return path
    stem = name[: name.find(".")] + "_extracted" if fname and "." in name else name
    folder = os.path.join(os.path.dirname(path), stem)
    unpack(path, folder, "tar" if untar else archive_format)
    return folder


def fetched_file(
    fname: Any,
    origin: str | None,
    digest: str | None,
    cache_subdir: Any,
    cache_dir: Any,
    force: bool,
    stored_as: Any,
) -> tuple[str, str]:
    """Return the path of a file of the net in the cache, and its name.

    Args:
        fname, origin, cache_subdir, cache_dir, force: see `get_file`.
        digest: its hash, None not to check.
        stored_as: returns the file's name in the cache for the name that is not given, or has no dot.
    """
    if not origin:
        raise ValueError(f"get_file: argument `origin` must be a URL. Received: origin={origin!r}")
    scheme = urlsplit(origin).scheme
    if scheme not in ("https", "http", "ftp", "file"):
        raise ArgumentError("get_file", "origin", "a URL of https, http, ftp or file", origin)
    name = os.fspath(fname) if fname else os.path.basename(urlsplit(origin).path)
    if not name and not fname:
        raise ValueError(
            f"get_file: `origin` does not end in a name, so `fname` must be given: {origin}"
        )
    if name in (".", "..") or re.search(r"[/\\\0]", name) or os.path.splitdrive(name)[0]:
        raise ValueError(
            "get_file: argument `fname` must be a name without a folder; `cache_subdir` and `cache_dir` "
            f"say where. Received: {name!r}"
        )
    home = keras_home() if cache_dir is None else os.fspath(cache_dir)
    folder = os.path.join(os.path.expanduser(home), os.fspath(cache_subdir))
    path = os.path.join(folder, name if fname and "." in name else stored_as(name))
    if not force and os.path.isfile(path):
        if digest is None or _digest_of(path, digest) == digest:
            return path, name
        print_msg(
            f"{path} is incomplete or outdated: its hash is not {digest}. It is downloaded again."
        )
    os.makedirs(folder, exist_ok=True)
    try:
        _download(origin, path, digest)
    except WrongHash as error:
        raise ValueError(
            f"get_file: {origin} is incomplete or corrupted: {error}, not {digest}."
        ) from None
    except OSError as error:
        raise OSError(f"get_file: URL fetch failure on {origin}: {error}") from error
    return path, name


def expected_hash(file_hash: str | None, md5_hash: str | None, algorithm: str) -> str | None:
    """Return the hash that a file must have, None for any.

    Raises:
        ValueError: if it is none of the algorithm.
    """
    if file_hash is None and md5_hash is not None:
        file_hash, algorithm = md5_hash, "md5"
    if file_hash is None:
        return None
    lengths = {"md5": (32,), "sha256": (64,), "auto": (32, 64)}[algorithm]
    digest = str(file_hash).lower()
    if len(digest) not in lengths or not re.fullmatch("[0-9a-f]*", digest):
        raise ArgumentError(
            "get_file",
            "file_hash",
            f"{' or '.join(map(str, lengths))} hexadecimal digits for hash_algorithm={algorithm!r}",
            file_hash,
        )
    return digest


def unpack(path: str, folder: str, archive_format: Any) -> None:
    """Unpack an archive into a folder.

    Args:
        path: the archive.
        folder: the folder, which is made if need be.
        archive_format: see `get_file`.

    Raises:
        ValueError: if it is none of these formats, or not safe.
    """
    one = isinstance(archive_format, str)
    formats = [archive_format] if one else archive_format
    if archive_format == "auto":
        formats = ["tar", "zip"]
    if not isinstance(formats, Iterable) or not set(formats) <= {"tar", "zip"}:
        if archive_format is not None:
            raise ArgumentError(
                "get_file",
                "archive_format",
                "'auto', 'tar', 'zip', or a list of these",
                archive_format,
            )
        formats = ()
    if not extract_archive(path, folder, tuple(formats)):
        raise ValueError(
            f"get_file: {path} is no archive of the format that was asked for, "
            f"archive_format={archive_format!r}, and was not unpacked."
        )


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
