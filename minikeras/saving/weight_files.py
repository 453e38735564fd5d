"""Files of weights: HDF5 and NumPy's npz, with a folder of arrays for each object.

A writer has `write(path, arrays, name)`, a reader `read(path)`, which gives the arrays of an object by
their keys, and both are context managers. Readers take nothing on trust: a file may be cut, damaged
or made to harm.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from minikeras.common.atomic_file import atomic_path, write_text
from minikeras.common.dtypes import standardize_dtype, to_np_dtype
from minikeras.common.extras import require

_LEEWAY = 64 << 20
"""Bytes that reading may take beside twice the size of the file."""


class DamagedFileError(OSError, ValueError):
    """A file is not what it says: cut, damaged, or made to harm.

    Keras raises OSError for files of one kind and ValueError for others; code that catches either
    catches this.
    """


def parse_json(text: str, path: str, what: str) -> dict:
    """Return the dict that a part of a file is, as JSON.

    Args:
        text: the part.
        path: path of the file, for messages.
        what: name of the part, for messages.

    Raises:
        DamagedFileError: if it is something else.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DamagedFileError(f"File {path!r}: '{what}' is damaged: {error!r}") from error
    if not isinstance(found, dict):
        raise DamagedFileError(f"File {path!r}: '{what}' is damaged: it is no dict.")
    return found


class Allowance:
    """How many bytes a file of a size may still declare.

    Args:
        path: name of the file, for messages.
        size: its size in bytes.
    """

    def __init__(self, path: str, size: int) -> None:
        self.path = path
        self.left = 2 * size + _LEEWAY

    def take(self, nbytes: int, what: str) -> None:
        """Count some bytes.

        Raises:
            DamagedFileError: if that is more than a file of this size can hold.
        """
        self.left -= nbytes
        if self.left < 0:
            raise DamagedFileError(
                f"File {self.path!r}: {what} declares {nbytes} bytes, more than a file of this size "
                "can hold. It is damaged or made to fill the memory."
            )


class Arrays(Mapping):
    """The arrays of one object by their keys, read when they are asked for.

    Args:
        reader: the reader of the file.
        members: what the reader knows them by.
    """

    arrays_are_new = True
    """Each is read from the file anew."""

    def __init__(self, reader: Any, members: Mapping[str, Any]) -> None:
        self._reader = reader
        self._members = members

    def __getitem__(self, key: str) -> np.ndarray:
        return self._reader.array(self._members[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def shapes(self) -> dict[str, tuple]:
        """Return the shapes of the arrays, having made sure that they can be read."""
        return {key: self._reader.shape(member) for key, member in self._members.items()}


class H5Writer:
    """Writes weights into an HDF5 file.

    Args:
        file: path, or an open binary file.
    """

    def __init__(self, file: Any) -> None:
        self._h5py = h5py = require("h5py", "io")
        self._h5 = h5py.File(file, "w")
        self._scalar = h5py.h5s.create(h5py.h5s.SCALAR)
        self._text = h5py.string_dtype()
        self._text_type = h5py.h5t.py_create(self._text, logical=True)
        self._with_parents = h5py.h5p.create(h5py.h5p.LINK_CREATE)
        self._with_parents.set_create_intermediate_group(True)
        self._undated = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        self._undated.set_obj_track_times(False)  # equal weights make equal files

    # HDF5's own functions, since h5py's objects for groups, datasets and attributes take as long
    # as writing what is in them does.

    def write(self, path: str, arrays: Mapping[str, np.ndarray], name: str) -> None:
        """Write the arrays of an object into its folder.

        Args:
            path: path of the object.
            arrays: its arrays by key.
            name: its name, kept as an attribute.
        """
        place = f"{path}/vars" if path else "vars"
        group = self._h5py.h5g.create(self._h5.id, _encoded(place), lcpl=self._with_parents)
        self._name(group, b"name", name)
        for key, value in arrays.items():
            array = np.asarray(value)
            if standardize_dtype(array.dtype) == "bfloat16":  # which HDF5 does not know
                self._name(self._dataset(group, key, array.view("V2")), b"dtype", "bfloat16")
            else:
                self._dataset(group, key, array)

    def _dataset(self, group: Any, key: str, array: np.ndarray) -> Any:
        h5s = self._h5py.h5s
        dtype = self._h5py.h5t.py_create(array.dtype, logical=True)
        space = h5s.create_simple(array.shape) if array.shape else self._scalar
        dataset = self._h5py.h5d.create(group, _encoded(key), dtype, space, self._undated)
        if array.size:
            dataset.write(h5s.ALL, h5s.ALL, np.ascontiguousarray(array))
        return dataset

    def _name(self, item: Any, key: bytes, text: str) -> None:
        attribute = self._h5py.h5a.create(item, key, self._text_type, self._scalar)
        attribute.write(np.array(text, self._text))

    def __enter__(self) -> H5Writer:
        return self

    def __exit__(self, *exc: Any) -> None:
        self._h5.close()


class _Block(NamedTuple):
    """A dataset whose numbers stand one after the other in a file, as they do in memory.

    They are read without HDF5, which needs longer to prepare than to read.
    """

    shape: tuple[int, ...]
    dtype: np.dtype
    offset: int
    """Where in the file it begins, in bytes."""
    nbytes: int

    def read(self, descriptor: int, name: str) -> np.ndarray:
        """Return the array.

        Args:
            descriptor: of the file, open for reading.
            name: of the file, for messages.

        Raises:
            DamagedFileError: if the file ends before.
        """
        array = np.empty(self.shape, self.dtype)
        view = memoryview(array.reshape(-1).view(np.uint8))
        done = 0
        while done < self.nbytes:
            count = os.preadv(descriptor, [view[done:]], self.offset + done)
            if not count:
                raise DamagedFileError(f"File {name!r} is damaged: it ends within an array.")
            done += count
        return array


def _plain_dtype(h5py: Any, kind: Any) -> np.dtype | None:
    """Return the dtype of numbers that HDF5 keeps as NumPy does, None for others."""
    dtype = kind.dtype
    plain = dtype.kind in "iuf" and dtype.isnative and h5py.h5t.py_create(dtype) == kind
    return dtype if plain else None


def _encoded(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


class H5Reader:
    """Reads weights from an HDF5 file.

    Args:
        file: path, or an open binary file.
        name: what to call it in messages.
        size: its size in bytes.

    Raises:
        DamagedFileError: if it is no HDF5 file; when reading, if something in it is not plain data.
    """

    def __init__(self, file: Any, name: str, size: int) -> None:
        self._h5py = require("h5py", "io")
        self._file = file
        self.name = name
        self._groups: dict[str, Any] = {}
        self._last_type: tuple[Any, np.dtype | None] = (None, None)
        self._allowance = Allowance(name, size)
        self._size = size
        self._size_limit = self._allowance.left
        try:
            self._h5 = self._h5py.File(file, "r")
        except OSError as error:
            raise DamagedFileError(
                f"File {name!r} is no HDF5 file, or is damaged: {error}"
            ) from error
        self._descriptor = self._descriptor_of_plain_file()

    def _descriptor_of_plain_file(self) -> int | None:
        """Return the descriptor of the open file, None where HDF5 alone knows how to read it."""
        file = self._h5.id
        plain = file.get_access_plist().get_driver() == self._h5py.h5fd.SEC2
        return file.get_vfd_handle() if plain and hasattr(os, "preadv") else None

    def read(self, path: str) -> Arrays:
        """Return the arrays of the object with a path."""
        group = self._group(f"{path}/vars" if path else "vars")
        names = [] if group is None else self._names(group)
        return Arrays(self, {name: self._opened(group, name) for name in names})

    def _opened(self, group: Any, key: str) -> Any:
        """Return what a group holds under a key: a `_Block`, or an object of h5py's."""
        if self._descriptor is None:
            return self.member(group, key)
        with self._naming_damage(group):
            self._check_link(group, key)
            item = self._h5py.h5o.open(group.id, _encoded(key))
            block = self._block(item) if isinstance(item, self._h5py.h5d.DatasetID) else None
            return group[key] if block is None else block

    def _block(self, item: Any) -> _Block | None:
        """Return where a dataset's numbers stand as they do in memory, None if they do not."""
        offset, kind = item.get_offset(), item.get_type()
        if offset is None:  # in chunks, among the properties, or in another file
            return None
        if kind != self._last_type[0]:  # most are like the one before
            self._last_type = kind, _plain_dtype(self._h5py, kind)
        dtype, shape = self._last_type[1], item.shape
        if dtype is None:
            return None
        nbytes = math.prod(shape) * dtype.itemsize
        if item.get_storage_size() != nbytes or offset + nbytes > self._size:
            return None  # what h5py says of it
        return _Block(shape, dtype, offset, nbytes)

    def paths(self) -> list[str]:
        """Return the paths of all objects in the file, parents before children."""
        found: list[str] = []
        seen: set[int] = set()
        todo = [("", self._h5)]
        while todo:
            path, group = todo.pop()
            with self._naming_damage(group):
                address = self._h5py.h5o.get_info(group.id).addr
            if address in seen or not isinstance(group, self._h5py.Group):
                continue
            seen.add(address)
            names = self._names(group)
            if "vars" in names:
                found.append(path)
            children = [(f"{path}/{n}" if path else n, n) for n in names if n != "vars"]
            todo += [(p, self.member(group, n)) for p, n in reversed(children)]
        return found

    def _names(self, group: Any) -> list[str]:
        with self._naming_damage(group):
            return [name for name in group]  # noqa: C416 (a list would ask for the length first)

    def name_of(self, path: str) -> str:
        """Return the name of the object with a path."""
        group = self._group(f"{path}/vars" if path else "vars")
        return "" if group is None else str(self.attribute(group, "name") or "")

    def _group(self, path: str) -> Any:
        if path in self._groups:
            return self._groups[path]
        above, _, last = path.rpartition("/")
        group = self._group(above) if above else self._h5
        if group is not None:
            group = self.member(group, last)
        if not (group is None or isinstance(group, self._h5py.Group)):
            raise DamagedFileError(f"File {self.name!r} is damaged: '{path}' is no group.")
        self._groups[path] = group
        return group

    @property
    def root(self) -> Any:
        """The group that holds all others."""
        return self._h5

    def attribute(self, group: Any, name: str) -> Any:
        """Return an attribute of a group as text or as an array, None if there is none."""
        with self._naming_damage(group):
            value = group.attrs.get(name)
            return value.decode("utf-8") if isinstance(value, bytes) else value

    def member(self, group: Any, key: str) -> Any:
        """Return what a group holds under a key, None if nothing."""
        with self._naming_damage(group):
            return group[key] if self._check_link(group, key) else None

    def _check_link(self, group: Any, key: str) -> bool:
        """Return whether a group holds something under a key, which must stand in this file."""
        links, name = group.id.links, _encoded(key)
        if not links.exists(name):
            return False
        if links.get_info(name).type != self._h5py.h5l.TYPE_HARD:
            raise DamagedFileError(f"'{key}' is a link to another place, which is not followed")
        return True

    def shape(self, dataset: Any) -> tuple:
        """Return the shape of a dataset, having made sure that its data can be read."""
        if isinstance(dataset, _Block):
            return dataset.shape
        with self._naming_damage(dataset):
            self._check(dataset)
            if dataset.chunks is not None:  # compressed data shows its damage when it is read
                for piece in dataset.iter_chunks():
                    dataset[piece]
            return dataset.shape

    def array(self, dataset: Any) -> np.ndarray:
        """Return the array of a dataset."""
        if isinstance(dataset, _Block):
            self._allowance.take(dataset.nbytes, f"a dataset of shape {dataset.shape}")
            return dataset.read(self._descriptor, self.name)
        with self._naming_damage(dataset):
            dtype = self._check(dataset)
            self._allowance.take(dataset.size * dtype.itemsize, f"dataset '{dataset.name}'")
            return dataset[()].view(dtype)

    def _check(self, dataset: Any) -> np.dtype:
        """Return the dtype of a dataset, which must be numbers that stand in this file."""
        if not isinstance(dataset, self._h5py.Dataset):
            raise DamagedFileError("it is no dataset")
        if dataset.shape is None or dataset.is_virtual or dataset.external:
            raise DamagedFileError("its data stand elsewhere")
        dtype = dataset.dtype
        if dtype.kind == "V" and dtype.itemsize == 2 and dataset.attrs.get("dtype") == "bfloat16":
            dtype = to_np_dtype("bfloat16")
        elif dtype.kind not in "biufc":
            raise DamagedFileError(f"its dtype is {dtype}, which no weight has")
        if dataset.size * dtype.itemsize > self._size_limit:
            raise DamagedFileError(
                f"it declares {dataset.size * dtype.itemsize} bytes, more than a file of this size "
                "can hold"
            )
        return dtype

    @contextlib.contextmanager
    def _naming_damage(self, item: Any) -> Iterator[None]:
        """Let errors say which part of the file is damaged."""
        try:
            yield
        except (KeyError, OSError, RuntimeError, TypeError, ValueError) as error:
            place = getattr(item, "name", None)
            raise DamagedFileError(
                f"File {self.name!r} is damaged at {place!r}: {error}"
            ) from error

    def __enter__(self) -> H5Reader:
        return self

    def __exit__(self, *exc: Any) -> None:
        self._h5.close()
        if not isinstance(self._file, str):
            self._file.close()


class NpzWriter:
    """Writes weights into an npz file, which NumPy alone reads.

    Args:
        file: path, or an open binary file.
    """

    def __init__(self, file: Any) -> None:
        self._zip = zipfile.ZipFile(file, "w")

    def write(self, path: str, arrays: Mapping[str, np.ndarray], name: str) -> None:
        """Write the arrays of an object into its folder; see `H5Writer.write`."""
        folder = f"{path}/vars" if path else "vars"
        for key, value in arrays.items():
            array = np.asarray(value)
            if standardize_dtype(array.dtype) == "bfloat16":  # which npy files do not know
                key, array = f"{key}.bfloat16", array.view(np.uint16)
            with self._zip.open(f"{folder}/{key}.npy", "w", force_zip64=True) as out:
                np.lib.format.write_array(out, array, allow_pickle=False)

    def __enter__(self) -> NpzWriter:
        return self

    def __exit__(self, *exc: Any) -> None:
        self._zip.close()


class NpzReader:
    """Reads weights from an npz file.

    Args:
        file: path, or an open binary file.
        name: what to call it in messages.
        size: its size in bytes.

    Raises:
        DamagedFileError: if it is no npz file; when reading, if an array is damaged.
    """

    def __init__(self, file: Any, name: str, size: int) -> None:
        self.name = name
        self._allowance = Allowance(name, size)
        self._zip = open_zip(file, name)
        self._members: dict[str, dict[str, str]] = {}
        for member in self._zip.namelist():
            folder, _, key = member.removesuffix(".npy").rpartition("/")
            self._members.setdefault(folder, {})[key.removesuffix(".bfloat16")] = member

    def read(self, path: str) -> Arrays:
        """Return the arrays of the object with a path."""
        return Arrays(self, self._members.get(f"{path}/vars" if path else "vars", {}))

    def shape(self, member: str) -> tuple:
        """Return the shape of an array, having made sure that it can be read."""
        return self._read(member, keep=False)[0]

    def array(self, member: str) -> np.ndarray:
        """Return an array."""
        shape, order, dtype, data = self._read(member, keep=True)
        self._allowance.take(len(data), f"'{member}'")
        array = np.frombuffer(data, dtype).reshape(shape, order=order)
        return array.view(to_np_dtype("bfloat16")) if member.endswith(".bfloat16.npy") else array

    def _read(self, member: str, keep: bool) -> tuple:
        formats = np.lib.format
        headers = {(1, 0): formats.read_array_header_1_0, (2, 0): formats.read_array_header_2_0}
        try:
            with self._zip.open(member) as file:
                version = formats.read_magic(file)
                if version not in headers:
                    raise ValueError(f"version {version} of the format is not known")
                shape, fortran, dtype = headers[version](file)
                if dtype.kind not in "biufc":
                    raise ValueError(f"its dtype is {dtype}, which no weight has")
                expected = math.prod(shape) * dtype.itemsize
                if not 0 <= expected <= self._zip.getinfo(member).file_size:
                    raise ValueError(f"an array of shape {shape} cannot stand in it")
                data, length = b"", 0
                if keep:
                    data = file.read(expected + 1)
                    length = len(data)
                else:  # to the end, where the checksum is compared
                    while piece := file.read(1 << 20):
                        length += len(piece)
                if length != expected:
                    raise ValueError(f"an array of shape {shape} cannot stand in it")
        except (*READ_ERRORS, SyntaxError) as error:
            raise DamagedFileError(
                f"File {self.name!r} is damaged at {member!r}: {error}"
            ) from error
        return shape, "F" if fortran else "C", dtype, data

    def __enter__(self) -> NpzReader:
        return self

    def __exit__(self, *exc: Any) -> None:
        self._zip.close()


class ShardWriter:
    """Writes weights into several HDF5 files, and a JSON file that says which holds what.

    Args:
        path: path of the JSON file, `name.weights.json`; the others are `name_00000.weights.h5`, ...
        max_size: size in GB that the arrays of a file are limited to.
    """

    def __init__(self, path: str, max_size: float) -> None:
        self._path = path
        self._limit = max_size * 1024**3
        self._stack = contextlib.ExitStack()
        self._writer: H5Writer | None = None
        self._files: list[str] = []
        self._size, self._total = 0, 0
        self._map: dict[str, list[str]] = {}

    def write(self, path: str, arrays: Mapping[str, np.ndarray], name: str) -> None:
        """Write the arrays of an object; see `H5Writer.write`.

        Raises:
            ValueError: if one array alone is larger than the limit.
        """
        folder = f"{path}/vars" if path else "vars"
        if self._writer is None:
            self._next_file()
        part: dict[str, np.ndarray] = {}
        for key, value in arrays.items():
            size = np.asarray(value).nbytes
            if size > self._limit:
                raise ValueError(
                    f"Array '{folder}/{key}' has {size} bytes, more than `max_shard_size` allows: "
                    f"{self._limit:.0f} bytes. Increase `max_shard_size`."
                )
            if self._size + size > self._limit:
                self._write_part(path, folder, part, name)
                part = {}
                self._next_file()
            part[key] = value
            self._size += size
            self._total += size
        if part or not arrays:
            self._write_part(path, folder, part, name)

    def _write_part(self, path: str, folder: str, part: dict, name: str) -> None:
        self._writer.write(path, part, name)
        files = self._map.setdefault(f"/{folder}", []) if part else []
        if part and self._files[-1] not in files:
            files.append(self._files[-1])

    def _next_file(self) -> None:
        folder, name = os.path.split(self._path)
        stem = name.removesuffix(".weights.json")
        self._files.append(f"{stem}_{len(self._files):05d}.weights.h5")
        temporary = self._stack.enter_context(atomic_path(os.path.join(folder, self._files[-1])))
        self._writer = self._stack.enter_context(H5Writer(temporary))
        self._size = 0

    def __enter__(self) -> ShardWriter:
        return self

    def __exit__(self, *exc: Any) -> None:
        if self._stack.__exit__(*exc) or exc[0] is not None:
            return
        index = {"metadata": {"total_size": float(self._total)}, "weight_map": self._map}
        write_text(self._path, json.dumps(index, indent=4))


class ShardReader:
    """Reads weights from several HDF5 files.

    Args:
        path: path of the JSON file that says which holds what.

    Raises:
        DamagedFileError: if that file is damaged, or names files outside its folder.
    """

    def __init__(self, path: str) -> None:
        self.name = path
        self._stack = contextlib.ExitStack()
        try:
            with open(path, encoding="utf-8") as file:
                index = json.load(file)
            self._map = {
                key.removeprefix("/"): [names] if isinstance(names, str) else list(names)
                for key, names in index["weight_map"].items()
            }
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise DamagedFileError(f"File {path!r} is damaged: {error!r}") from error
        self._readers: dict[str, H5Reader] = {}
        folder = os.path.dirname(path)
        with contextlib.ExitStack() as opened:
            for name in dict.fromkeys(n for names in self._map.values() for n in names):
                if not isinstance(name, str) or os.path.basename(name) != name or "\\" in name:
                    raise DamagedFileError(
                        f"File {path!r} names a file outside its folder: {name!r}"
                    )
                file = os.path.join(folder, name)
                reader = H5Reader(file, file, os.path.getsize(file))
                self._readers[name] = opened.enter_context(reader)
            self._stack = opened.pop_all()

    def read(self, path: str) -> Arrays:
        """Return the arrays of the object with a path."""
        names = self._map.get(f"{path}/vars" if path else "vars", [])
        parts = [self._readers[name].read(path) for name in names]
        return Arrays(self, {key: (part, key) for part in parts for key in part})

    def shape(self, member: tuple) -> tuple:
        """Return the shape of an array, having made sure that it can be read."""
        part, key = member
        return part.shapes()[key]

    def array(self, member: tuple) -> np.ndarray:
        """Return an array."""
        part, key = member
        return part[key]

    def __enter__(self) -> ShardReader:
        return self

    def __exit__(self, *exc: Any) -> None:
        self._stack.__exit__(*exc)


READ_ERRORS = (
    KeyError,
    OSError,
    ValueError,
    EOFError,
    RuntimeError,
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What reading a damaged zip file raises."""


class StoredMember(io.RawIOBase):
    """A member of a zip file that is not compressed, as a file of its own for reading.

    Args:
        path: path of the zip file.
        archive: the zip file, open.
        info: the member.

    Raises:
        DamagedFileError: if the member is not what was written.
    """

    def __init__(self, path: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
        super().__init__()
        try:
            with archive.open(info):  # looks whether the header is sound
                pass
            self._file = open(path, "rb")  # noqa: SIM115 - closed by close()
            self._file.seek(info.header_offset + 26)
            lengths = struct.unpack("<HH", self._file.read(4))
        except (*READ_ERRORS, struct.error) as error:
            raise DamagedFileError(
                f"File {path!r} is damaged at {info.filename!r}: {error}"
            ) from error
        self._start = info.header_offset + 30 + sum(lengths)
        self._size = info.file_size
        self._place = 0
        self._check(path, info)

    def _check(self, path: str, info: zipfile.ZipInfo) -> None:
        self._file.seek(self._start)
        crc, left = 0, self._size
        # A large buffer, once freed, would leave a hole in memory.
        buffer = memoryview(bytearray(1 << 16))
        while left > 0 and (count := self._file.readinto(buffer[: min(left, len(buffer))])):
            crc = zlib.crc32(buffer[:count], crc)
            left -= count
        if left or crc != info.CRC:
            self.close()
            raise DamagedFileError(f"File {path!r} is damaged at {info.filename!r}: wrong checksum")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._size}[whence]
        self._place = max(0, origin + offset)
        return self._place

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")[: max(0, self._size - self._place)]
        self._file.seek(self._start + self._place)
        count = self._file.readinto(view)
        self._place += count
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


def open_zip(file: Any, name: str) -> zipfile.ZipFile:
    """Open a zip file whose members have each a name of their own, inside it.

    Args:
        file: path, or an open binary file.
        name: what to call it in messages.

    Raises:
        FileNotFoundError: if there is none.
        DamagedFileError: if it is no zip file, or a name appears twice or points out of it.
    """
    try:
        archive = zipfile.ZipFile(file)
    except FileNotFoundError:
        raise
    except READ_ERRORS as error:
        raise DamagedFileError(f"File {name!r} is no zip file, or is damaged: {error}") from error
    seen: set[str] = set()
    for info in archive.infolist():
        problem = _problem_of(info, seen)
        if problem:
            archive.close()
            raise DamagedFileError(f"File {name!r}: member {info.filename!r} {problem}.")
        seen.add(info.filename)
    return archive


def _problem_of(info: zipfile.ZipInfo, seen: set[str]) -> str | None:
    """Say what is wrong with a member of a zip file, None if nothing."""
    parts = info.filename.replace("\\", "/").split("/")
    if info.filename in seen:
        return "appears twice"
    if ".." in parts or not parts[0] or ":" in parts[0]:
        return "points out of the archive"
    if info.external_attr >> 28 not in (0, 4, 8):  # Unix: a folder is 4, a regular file 8
        return "is a link or a device"
    if info.flag_bits & 1:
        return "is encrypted"
    return None
