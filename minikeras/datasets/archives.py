"""Arrays out of npz files, pickles and tar archives; nothing in them is executed."""

from __future__ import annotations

import io
import pickle
import re
from collections.abc import Iterable
from typing import Any, BinaryIO

import numpy as np

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
