"""`tf.io`: files, and what is read from them."""

from __future__ import annotations

import builtins
import csv
import glob as globbing
import os
import shutil
from collections.abc import Iterator
from typing import Any

import numpy as np

from minikeras.autodiff import Tensor
from minikeras.autodiff.tensor import to_array
from minikeras.common.dtypes import standardize_dtype
from minikeras.compat.tensorflow.images import encoded
from minikeras.compat.tensorflow.table import add, named
from minikeras.compat.tensorflow.tensors import FileContents, StringTensor, texts


def path_of(path: Any) -> str:
    """Return a path that may be a tensor, bytes, or a `pathlib.Path`."""
    if isinstance(path, os.PathLike):
        return os.fspath(path)
    return str(texts(path))


@named("io.read_file read_file")
def read_file(filename: Any) -> FileContents:
    """Return the bytes of a file."""
    with builtins.open(path_of(filename), "rb") as file:
        return FileContents(file.read())


@named("io.write_file write_file")
def write_file(filename: Any, contents: Any) -> None:
    """Write bytes to a file, and make its folder."""
    path = path_of(filename)
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    value = contents.numpy() if isinstance(contents, StringTensor) else contents
    with builtins.open(path, "wb") as file:
        file.write(value.encode() if isinstance(value, str) else value)


@named("io.matching_files")
def matching_files(pattern: Any) -> StringTensor:
    """Return the files whose paths match a pattern, sorted."""
    patterns = [str(p) for p in np.atleast_1d(texts(pattern))]
    return StringTensor(np.asarray(sorted(f for p in patterns for f in globbing.glob(p)), str))


@named("io.decode_raw decode_raw")
def decode_raw(input_bytes: Any, out_type: Any, little_endian: bool = True, **options: Any) -> Any:
    """Read bytes as numbers."""
    value = input_bytes.numpy() if hasattr(input_bytes, "numpy") else input_bytes
    dtype = np.dtype(standardize_dtype(out_type)).newbyteorder("<" if little_endian else ">")
    return Tensor(np.frombuffer(value, dtype).astype(dtype.newbyteorder("=")))


@named("io.encode_jpeg image.encode_jpeg")
def encode_jpeg(image: Any, format: str = "", quality: int = 95, **options: Any) -> FileContents:
    """Return the bytes of a JPEG file."""
    return FileContents(encoded(image, "JPEG", quality=quality))


@named("io.encode_png image.encode_png")
def encode_png(image: Any, compression: int = -1) -> FileContents:
    """Return the bytes of a PNG file."""
    return FileContents(encoded(image, "PNG"))


@named("io.decode_csv")
def decode_csv(
    records: Any,
    record_defaults: list,
    field_delim: str = ",",
    use_quote_delim: bool = True,
    na_value: str = "",
    select_cols: Any = None,
) -> list:
    """Return the columns of lines of CSV, in the dtypes of their defaults."""
    given = texts(records)
    quoting = csv.QUOTE_MINIMAL if use_quote_delim else csv.QUOTE_NONE
    rows = list(csv.reader(given.reshape(-1).tolist(), delimiter=field_delim, quoting=quoting))
    columns = []
    for place, default in enumerate(record_defaults):
        at = place if select_cols is None else select_cols[place]
        columns.append(_column([row[at] for row in rows], default, na_value, given.shape))
    return columns


def _column(cells: list[str], default: Any, na_value: str, shape: tuple) -> Any:
    if isinstance(default, type) or (
        isinstance(default, str) and hasattr(default, "as_numpy_dtype")
    ):
        dtype, fill = standardize_dtype(default), None
    else:
        value = default[0] if isinstance(default, list) and default else default
        text = isinstance(value, (str, bytes, StringTensor))
        dtype = "string" if text else standardize_dtype(to_array(value).dtype)
        fill = str(texts(value)) if text else str(np.asarray(to_array(value)).item())
    if fill is None and any(c in ("", na_value) for c in cells):
        raise ValueError("tf.io.decode_csv: a field is empty, and its column has no default.")
    cells = [fill if c in ("", na_value) else c for c in cells]
    if dtype == "string":
        return StringTensor(np.asarray(cells, str).reshape(shape))
    read = int if "int" in dtype else float
    return Tensor(np.asarray([read(c) for c in cells], dtype).reshape(shape))


# `tf.io.gfile`, `tf.gfile`: files of this machine.


class GFile:
    """A file, opened as `open` does.

    Args:
        name: its path.
        mode: `"r"`, `"w"`, `"rb"`, ...
    """

    def __init__(self, name: Any, mode: str = "r") -> None:
        self._file = builtins.open(path_of(name), mode)  # noqa: SIM115

    def __enter__(self) -> GFile:
        return self

    def __exit__(self, *exc: Any) -> None:
        self._file.close()

    def __iter__(self) -> Iterator:
        return iter(self._file)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._file, name)

    def size(self) -> int:
        """Return its size in bytes."""
        return os.fstat(self._file.fileno()).st_size


def _glob(pattern: Any) -> list[str]:
    patterns = pattern if isinstance(pattern, (list, tuple)) else [pattern]
    return [f for p in patterns for f in sorted(globbing.glob(path_of(p)))]


def _target(dst: Any, overwrite: bool) -> str:
    path = path_of(dst)
    if os.path.exists(path) and not overwrite:
        raise FileExistsError(f"{path} is there already; `overwrite=True` replaces it.")
    return path


def _copy(src: Any, dst: Any, overwrite: bool = False) -> None:
    shutil.copyfile(path_of(src), _target(dst, overwrite))


def _rename(src: Any, dst: Any, overwrite: bool = False) -> None:
    os.replace(path_of(src), _target(dst, overwrite))


_GFILE = {
    "GFile Open FastGFile": GFile,
    "exists Exists": lambda path: os.path.exists(path_of(path)),
    "isdir IsDirectory": lambda path: os.path.isdir(path_of(path)),
    "listdir ListDirectory": lambda path: os.listdir(path_of(path)),
    "glob Glob": _glob,
    "makedirs MakeDirs": lambda path: os.makedirs(path_of(path), exist_ok=True),
    "mkdir MkDir": lambda path: os.mkdir(path_of(path)),
    "remove Remove": lambda path: os.remove(path_of(path)),
    "rmtree DeleteRecursively": lambda path: shutil.rmtree(path_of(path)),
    "copy Copy": _copy,
    "rename Rename": _rename,
    "stat Stat": lambda path: os.stat(path_of(path)),
    "walk Walk": lambda top, topdown=True, onerror=None: os.walk(path_of(top), topdown),
    "join": lambda path, *paths: os.path.join(path_of(path), *map(path_of, paths)),
}
for _names, _function in _GFILE.items():
    for _name in _names.split():
        add(f"io.gfile.{_name} gfile.{_name}", _function)
