"""Stages that keep elements: ahead of time, in memory, in files."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO

import numpy as np

from minikeras import tree
from minikeras.common.atomic_file import atomic_path
from minikeras.common.dtypes import to_np_dtype
from minikeras.common.packing import packer
from minikeras.data.elements import is_dataset
from minikeras.data.selecting import Selection
from minikeras.data.spec import TensorSpec, common_spec, spec_of
from minikeras.data.stage import OneInput, Run, Stage, random_stages
from minikeras.data.threads import ahead


class Prefetch(Selection):
    """Elements made ahead by a thread. Row numbers are had at once, and need none."""

    hands_on = True

    def __init__(self, source: Stage, size: int) -> None:
        super().__init__(source)
        self._size = size

    def elements(self, run: Run) -> Iterator[Any]:
        elements = self.source.elements(run)
        return ahead(elements, self._size) if self._size else elements

    def numbers(self, run: Run) -> Iterator[np.ndarray]:
        return self.source.numbers(run)


class Cache(Selection):
    """Elements as they came in the first pass that went through to the end.

    Attributes:
        filled_in: for each stage before that draws, the number of the pass that filled the cache; None
            as long as it is not full.
    """

    def __init__(self, source: Stage) -> None:
        super().__init__(source)
        self._kept: list = []
        self.filled_in: dict[Stage, int] | None = None

    def forget(self) -> None:
        self._kept, self.filled_in = [], None

    def some(self, run: Run) -> Iterator[Any]:
        return self._through(run, self.source.elements)

    def numbers(self, run: Run) -> Iterator[np.ndarray]:
        return self._through(run, self.source.numbers)

    def _through(self, run: Run, begin: Callable[[Run], Iterator]) -> Iterator[Any]:
        if self.filled_in is not None:
            yield from self._kept
            return
        kept = []
        for item in begin(run):
            kept.append(item)
            yield item
        if self.filled_in is None:
            self._kept = kept
            self.filled_in = {s: run.counts[s] for s in random_stages(self) if s in run.counts}


class FileCache(OneInput):
    """Elements as they came in the first pass that went through to the end, in a file."""

    def __init__(self, source: Stage, path: str) -> None:
        super().__init__(source)
        self._path = path

    def elements(self, run: Run) -> Iterator[Any]:
        if os.path.exists(self._path):
            yield from FromFile(self._path).elements(run)
            return
        yield from _written(self.source.elements(run), self._path)


def _written(elements: Iterable[Any], path: str) -> Iterator[Any]:
    """Give elements, and write them into a file, which is there when all have been given."""
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        writer = Writer(file)
        for element in elements:
            writer.write(element)
            yield element
        writer.finish()


def save_elements(elements: Iterable[Any], path: str) -> None:
    """Write elements into a file, for `FromFile`."""
    for _ in _written(elements, path):
        pass


class FromFile(Stage):
    """Elements that `Writer` has written."""

    def __init__(self, path: str) -> None:
        self._path = path
        with open(path, "rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                raise ValueError(f"load: {path!r} is no file of elements.")
            file.seek(-8, os.SEEK_END)
            self._end = int.from_bytes(file.read(8), "little")
            file.seek(self._end)
            tail = json.loads(file.read()[:-8])
        self._count, self._spec = tail["count"], _from_json(tail["spec"])

    def elements(self, run: Run) -> Iterator[Any]:
        pack = packer(self._spec)
        leaves = [leaf for leaf in tree.flatten(self._spec) if leaf is not None]
        with open(self._path, "rb") as file:
            file.seek(len(_MAGIC))
            for _ in range(self._count):
                yield pack([_read(file, leaf.dtype) for leaf in leaves])

    def cardinality(self) -> int:
        return self._count

    def spec(self) -> Any:
        if self._count == 0:
            raise ValueError(f"load: there are no elements in {self._path!r}.")
        return self._spec


_MAGIC = b"minikeras elements 1\n"


class Writer:
    """Writes elements into a file one by one: their arrays, and at the end what they have in common.

    Args:
        file: open for writing.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._count, self._spec = file, 0, None
        file.write(_MAGIC)

    def write(self, element: Any) -> None:
        """Write an element.

        Raises:
            TypeError: if it holds data sets or namedtuples, or if it is of another kind than those
                before.
        """
        spec = spec_of(element)
        self._spec = spec if self._count == 0 else common_spec(self._spec, spec)
        for leaf in tree.flatten(element):
            if is_dataset(leaf):
                raise TypeError(
                    "Data sets within elements cannot be written. Use `flat_map` first."
                )
            if leaf is not None:
                _write(self._file, leaf)
        self._count += 1

    def finish(self) -> None:
        """Write what the elements have in common. Without it they cannot be read."""
        end = self._file.tell()
        tail = {"count": self._count, "spec": _to_json(self._spec)}
        self._file.write(json.dumps(tail).encode() + end.to_bytes(8, "little"))


def _write(file: BinaryIO, array: np.ndarray) -> None:
    if array.dtype.kind == "O":  # bytes, which NumPy would pickle: their lengths, and all in a row
        parts = array.ravel().tolist()
        lengths = np.reshape([len(part) for part in parts], array.shape).astype(np.int64)
        np.lib.format.write_array(file, lengths, allow_pickle=False)
        array = np.frombuffer(b"".join(parts), np.uint8)
    elif array.dtype.kind == "V":  # bfloat16, a stranger to NumPy
        array = array.view(np.uint16)
    np.lib.format.write_array(file, array, allow_pickle=False)


def _read(file: BinaryIO, dtype: str) -> np.ndarray:
    array = np.lib.format.read_array(file, allow_pickle=False)
    if dtype == "bfloat16":
        return array.view(to_np_dtype(dtype))
    if dtype == "string" and array.dtype.kind not in "US":
        rest = memoryview(np.lib.format.read_array(file, allow_pickle=False))
        ends = np.cumsum(array.ravel()).tolist()
        parts = [bytes(rest[a:b]) for a, b in zip([0, *ends], ends)]
        filled = np.empty(len(parts), object)
        filled[:] = parts
        return filled.reshape(array.shape)
    return array


def _to_json(spec: Any) -> Any:
    if spec is None:
        return None
    if isinstance(spec, TensorSpec):
        return {"shape": spec.shape, "dtype": spec.dtype}
    if type(spec) is tuple:
        return [_to_json(part) for part in spec]
    if isinstance(spec, dict) and all(isinstance(key, str) for key in spec):
        return {"dict": [[key, _to_json(part)] for key, part in spec.items()]}
    raise TypeError(f"Elements of this structure cannot be written: {spec!r}")


def _from_json(config: Any) -> Any:
    if config is None:
        return None
    if isinstance(config, list):
        return tuple(map(_from_json, config))
    if "dict" in config:
        return {key: _from_json(part) for key, part in config["dict"]}
    return TensorSpec(config["shape"], config["dtype"])
