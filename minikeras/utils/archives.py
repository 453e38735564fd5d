"""Archives of others: unpacked without harm; arrays out of npz files and pickles, which execute nothing."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from minikeras.common.atomic_file import scratch_folder

_NUMBERS = re.compile(r"[?]|[biufc][0-9]*|O8?")
_NDARRAY = "numpy.ndarray"


def read_npz(path: str, names: Iterable[str]) -> list[np.ndarray]:
    """Return arrays of an npz file, arrays of lists among them.

    Args:
        path: the file.
        names: the arrays that are wanted.

    Raises:
        ValueError: if one is missing.
        pickle.UnpicklingError: if there is something else in the file than arrays of numbers and lists.
    """
    with np.load(path, allow_pickle=False) as file:
        arrays = []
        for name in names:
            if name not in file.files:
                raise ValueError(f"{path} holds no array {name!r}, only {sorted(file.files)}.")
            with file.zip.open(f"{name}.npy") as member:
                arrays.append(_read_array(io.BytesIO(member.read())))
    return arrays


def read_pickles(path: str, members: Iterable[str]) -> list[Any]:
    """Return what is pickled in files of a tar archive. Strings of Python 2 become bytes.

    Args:
        path: the archive. It is read in memory and never unpacked.
        members: the files that are wanted.

    Raises:
        ValueError: if one is missing or no ordinary file.
        pickle.UnpicklingError: if one holds something else than arrays and plain data.
    """
    import tarfile

    wanted = list(members)
    found: dict[str, Any] = {}
    with tarfile.open(path, "r:*") as archive:
        for member in archive:  # in the order of the archive: going back would unpack it again
            if member.name in wanted and member.isreg():
                file = archive.extractfile(member)
                found[member.name] = RestrictedUnpickler(file, encoding="bytes").load()
    missing = [name for name in wanted if name not in found]
    if missing:
        raise ValueError(f"{path} holds no ordinary files {missing}.")
    return [found[name] for name in wanted]


def _read_array(file: BinaryIO) -> np.ndarray:
    """Read what `np.save` wrote."""
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    else:
        shape, _, dtype = np.lib.format.read_array_header_2_0(file)
    if not dtype.hasobject:
        file.seek(0)
        return np.lib.format.read_array(file, allow_pickle=False)
    array = RestrictedUnpickler(file).load()
    if not isinstance(array, np.ndarray) or array.shape != shape:
        raise pickle.UnpicklingError(f"An array of shape {shape} was announced, but is not there.")
    return array.view(np.ndarray)


class RestrictedUnpickler(pickle.Unpickler):
    """Reads pickles of numbers, strings, lists, dicts and NumPy's arrays, and nothing else.

    A pickle is a program: it may call whatever it can name. Here it can name five things, and they are
    not NumPy's but ours: NumPy's own take a dtype's flags on trust, and with wrong ones an array of
    bytes becomes one of pointers.
    """

    def find_class(self, module: str, name: str) -> Any:
        """Return what a pickle means by a name."""
        module = module.replace("numpy._core.", "numpy.core.")
        known = {
            "numpy.ndarray": _NDARRAY,
            "numpy.dtype": self._dtype,
            "numpy.core.multiarray._reconstruct": self._array,
            "numpy.core.multiarray.scalar": self._scalar,
            "_codecs.encode": self._bytes,
        }
        value = known.get(f"{module}.{name}")
        if value is None:
            raise pickle.UnpicklingError(
                f"The file asks for `{module}.{name}`, which has no place in a data set. "
                "It may be damaged or malicious, and was not read."
            )
        return value

    def _dtype(self, code: str | bytes, align: object = 0, copy: object = 1) -> _Dtype:
        return _Dtype(code)

    def _array(self, kind: object, shape: object, code: object) -> _Array:
        if kind is not _NDARRAY:
            raise pickle.UnpicklingError(f"The file asks for an array of the class {kind!r}.")
        return _Array((0,))  # the rest comes with its state

    def _scalar(self, dtype: _Dtype, data: bytes) -> Any:
        return _filled((), dtype, data, "C")[()]

    def _bytes(self, text: str, encoding: str | bytes) -> bytes:
        if encoding not in ("latin1", b"latin1"):
            raise pickle.UnpicklingError(f"The file holds bytes in the encoding {encoding!r}.")
        return text.encode("latin1")


class _Dtype:
    """A dtype of numbers or objects that is being read."""

    def __init__(self, code: str | bytes) -> None:
        code = code.decode("ascii") if isinstance(code, bytes) else code
        if not isinstance(code, str) or not _NUMBERS.fullmatch(code):
            raise pickle.UnpicklingError(f"The file holds an array of the dtype {code!r}.")
        self.dtype = np.dtype("O" if code[0] == "O" else code)

    def __setstate__(self, state: tuple) -> None:
        order, *structure = state[1:5]
        if any(part is not None for part in structure):
            raise pickle.UnpicklingError("The file holds an array with fields.")
        order = order.decode("ascii") if isinstance(order, bytes) else order
        self.dtype = self.dtype.newbyteorder(order)


class _Array(np.ndarray):
    """An array that is being read."""

    def __setstate__(self, state: tuple) -> None:
        version, shape, dtype, by_columns, data = state
        array = _filled(shape, dtype, data, "F" if by_columns else "C")
        super().__setstate__((version, array.shape, array.dtype, bool(by_columns), data))


def _filled(shape: tuple, dtype: _Dtype, data: bytes | list, order: str) -> np.ndarray:
    """Return a new array of what a pickle says of it."""
    if not isinstance(dtype, _Dtype):
        raise pickle.UnpicklingError(f"The file holds an array of the dtype {dtype!r}.")
    if dtype.dtype.hasobject:
        if not isinstance(data, list):
            raise pickle.UnpicklingError("The file holds objects that are no list.")
        array = np.empty(len(data), dtype.dtype)
        array[:] = data
    else:
        if not isinstance(data, bytes):
            raise pickle.UnpicklingError("The file holds numbers that are no bytes.")
        array = np.frombuffer(data, dtype.dtype)
    return array.reshape(shape, order=order)


# Unpacking.

_PIECE = 1 << 20
_LARGEST_HEADER = 1 << 24
_ALWAYS = 1 << 30
_RATIO = 100
_LEAST = 1 << 10
_DEPTH = 100
_LINKS_TO_LINKS = 40


class UnsafeArchive(ValueError):
    """An archive that would do harm, or may."""


class _Member(NamedTuple):
    """A part of an archive.

    Args:
        name: its name there.
        kind: `"file"`, `"folder"`, `"link"` (symbolic), `"same"` (another name of a file), or what it is.
        target: what a link points to.
        content: the open file.
        executable: whether it is a program.
    """

    name: str
    kind: str
    target: str = ""
    content: BinaryIO | None = None
    executable: bool = False


def extract_archive(path: str, folder: str, formats: tuple[str, ...] = ("tar", "zip")) -> bool:
    """Unpack an archive into a folder, beside what is there.

    It is unpacked elsewhere first: if anything about it is not safe, nothing is changed. Nothing is written
    through a link: links are made last, to what lies in the archive and is there by then. Owners, times and
    permissions (but that to run a program) are not taken over.

    Args:
        path: the archive.
        folder: the folder, which is made if need be.
        formats: which formats to try.

    Returns:
        Whether it is an archive of one of the formats.

    Raises:
        UnsafeArchive: if a member would lie outside the folder, links to outside or to nothing, is a device
            or the like, or if there is much more in it than archives of its size have: a hundred times as
            much, and a gigabyte.
        ValueError: if it is damaged.
    """
    import lzma
    import tarfile
    import zipfile
    import zlib

    limit = _ALWAYS + _RATIO * os.path.getsize(path)
    damages = (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError)
    for kind in formats:
        members = _tar_members(path, limit) if kind == "tar" else _zip_members(path)
        with contextlib.closing(members):
            try:
                if not next(members):
                    continue
                top = os.path.realpath(folder)
                os.makedirs(os.path.dirname(top), exist_ok=True)
                with scratch_folder(top) as scratch:
                    content = os.path.join(scratch, "content")
                    os.mkdir(content)
                    _unpack(members, content, limit)
                    _move(content, top)
                return True
            except UnsafeArchive as error:
                raise UnsafeArchive(f"{path} was not unpacked: {error}") from None
            except (*damages, RuntimeError) as error:  # zipfile's, where a password is needed
                raise ValueError(f"{path} cannot be unpacked: {error!r}") from error
    return False


def _unpack(members: Iterator[_Member], root: str, limit: int) -> None:
    """Put members of an archive into an empty folder."""
    links: dict[str, tuple[str, str]] = {}
    for member in members:
        parts = _parts(member.name, member.name)
        place = os.path.join(root, *parts)
        limit -= _LEAST
        if member.kind == "folder":
            os.makedirs(place, exist_ok=True)
            continue
        if not parts:
            raise UnsafeArchive(f"its member {member.name!r} is no file")
        os.makedirs(os.path.dirname(place), exist_ok=True)
        if os.path.isfile(place):  # the last one of a name counts
            os.remove(place)
        links.pop(place, None)
        if member.kind == "file":
            limit = _copy(member.content, place, limit)
            if member.executable:
                os.chmod(place, 0o755)
        elif member.kind == "same":
            source = os.path.join(root, *_parts(member.target, member.name))
            if not os.path.isfile(source):
                raise UnsafeArchive(
                    f"its member {member.name!r} stands for {member.target!r}, which is no file in it"
                )
            os.link(source, place)
        elif member.kind == "link":
            inside = (*parts[:-1], *member.target.split("/"))
            where = os.path.join(root, *_parts("/".join(inside), member.name, up=True))
            # What `folder/..` is shows only once it is known whether the folder is a link.
            upward = re.match(r"(\.{1,2}/+)*", member.target).end()
            if os.path.isabs(member.target) or "/.." in member.target[upward:]:
                raise UnsafeArchive(f"its member {member.name!r} is a link to {member.target!r}")
            links[place] = (member.target, where)
        else:
            raise UnsafeArchive(f"its member {member.name!r} is a {member.kind}")
        if limit < 0:
            raise UnsafeArchive(
                "much more is in it than archives of its size have. Unpack it yourself if that is right"
            )
    for _ in range(_LINKS_TO_LINKS):
        ready = [place for place, (_, where) in links.items() if _is_there(where, root)]
        for place in ready:
            if os.path.lexists(place) or not _is_there(os.path.dirname(place), root):
                break
            os.symlink(links.pop(place)[0], place)
    if links:
        place, (target, _) = next(iter(links.items()))
        raise UnsafeArchive(
            f"its member {os.path.relpath(place, root)!r} is a link to {target!r}, which is not in it, or "
            "lies behind a link, or comes in the place of something else"
        )


def _parts(name: str, member: str, up: bool = False) -> list[str]:
    """Return the folders and the name of a path in an archive.

    Args:
        name: the path.
        member: the member that it is of, for messages.
        up: whether `..` may lead to a folder of the archive.
    """
    parts: list[str] = []
    for part in re.split(r"[/\\]" if os.sep == "\\" else "/", name):
        if part == ".." and up and parts:
            parts.pop()
        elif part == ".." or "\0" in part or (os.name == "nt" and ":" in part):
            raise UnsafeArchive(f"its member {member!r} lies, or points, outside")
        elif part not in ("", "."):
            parts.append(part)
    if (name.startswith("/") and not up) or len(parts) > _DEPTH:
        raise UnsafeArchive(
            f"its member {member!r} lies, or points, outside, or in too many folders"
        )
    return parts


def _is_there(place: str, root: str) -> bool:
    """Whether something lies there, in folders that are no links."""
    if not os.path.lexists(place):
        return False
    while len(place := os.path.dirname(place)) > len(root):
        if os.path.islink(place):
            return False
    return True


def _copy(content: BinaryIO, place: str, limit: int) -> int:
    """Write a file, and return how many bytes may follow."""
    with open(place, "xb") as file:
        while limit >= 0 and (piece := content.read(_PIECE)):
            file.write(piece)
            limit -= len(piece)
    return limit


def _move(source: str, target: str) -> None:
    """Move a folder into the place of another one, beside what only that one has."""
    if os.path.islink(target) or not os.path.isdir(target):
        if os.path.lexists(target):
            os.remove(target)
        os.rename(source, target)
        return
    for entry in os.scandir(source):
        place = os.path.join(target, entry.name)
        if entry.is_dir(follow_symlinks=False):
            _move(entry.path, place)
        else:
            os.replace(entry.path, place)


def _tar_members(path: str, limit: int) -> Iterator[Any]:
    """Give whether a file is a tar archive, and then its members."""
    import tarfile

    with open(path, "rb") as file:
        try:
            archive = tarfile.TarFile(fileobj=_Bounded(_decompressed(file), limit))
        except (tarfile.ReadError, OSError, EOFError):
            yield False
            return
        yield True
        for member in archive:
            archive.members = []  # else all of them are kept
            kinds = {"file": member.isreg(), "folder": member.isdir(), "link": member.issym()}
            kinds["same"] = member.islnk()
            kind = next((kind for kind, is_one in kinds.items() if is_one), "device, or a pipe")
            content = archive.extractfile(member) if kind == "file" else None
            program = bool(member.mode & 0o100)
            yield _Member(member.name, kind, member.linkname, content, program)


def _decompressed(file: BinaryIO) -> BinaryIO:
    import bz2
    import gzip
    import lzma

    start = file.read(6)
    file.seek(0)
    if start.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=file)
    if start.startswith(b"BZh"):
        return bz2.BZ2File(file)
    return lzma.LZMAFile(file) if start == b"\xfd7zXZ\0" else file


class _Bounded:
    """A stream of which only so much is read, and not too much at once."""

    def __init__(self, stream: BinaryIO, limit: int) -> None:
        self._stream, self._limit = stream, limit
        self._at_once = 0
        self.tell = stream.tell

    def seek(self, place: int) -> int:
        if place > self._limit:
            raise UnsafeArchive("much more is in it than archives of its size have")
        self._at_once = 0
        return self._stream.seek(place)

    def read(self, size: int) -> bytes:
        self._at_once += size  # later versions of tarfile read a long header in pieces
        if self._at_once > _LARGEST_HEADER:
            raise UnsafeArchive(f"it has a header of {self._at_once} bytes or more")
        return self._stream.read(size)


def _zip_members(path: str) -> Iterator[Any]:
    """Give whether a file is a zip archive, and then its members."""
    import zipfile

    if not zipfile.is_zipfile(path):
        yield False
        return
    yield True
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if member.is_dir():
                yield _Member(member.filename, "folder")
                continue
            with archive.open(member) as content:
                program = bool(member.external_attr >> 16 & 0o100)
                yield _Member(member.filename, "file", content=content, executable=program)
