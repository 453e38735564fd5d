"""Where elements come from: arrays, generators, numbers, lists of files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from minikeras import tree
from minikeras.common.dtypes import to_np_dtype
from minikeras.data.elements import (
    count_rows,
    is_dataset,
    kind_of_strings,
    map_leaves,
    to_element,
    to_leaf,
)
from minikeras.data.spec import TensorSpec, spec_of
from minikeras.data.stage import (
    INFINITE_CARDINALITY,
    UNKNOWN_CARDINALITY,
    Progression,
    RandomStage,
    Run,
    Stage,
    Strings,
    Table,
    counting,
    generator,
)


class FromElements(Stage):
    """Elements that are there already.

    Args:
        elements: the elements.
        spec: returns their spec, if more is known than the elements show.
    """

    def __init__(self, elements: Sequence[Any], spec: Callable[[], Any] | None = None) -> None:
        self._elements = elements
        self._spec = spec

    def elements(self, run: Run) -> Iterator[Any]:
        return iter(self._elements)

    def cardinality(self) -> int:
        return len(self._elements)

    def spec(self) -> Any:
        return spec_of(self._elements[0]) if self._spec is None else self._spec()


class FromSlices(Stage):
    """Rows of arrays."""

    def __init__(self, tensors: Any) -> None:
        arrays = map_leaves(_to_column, tensors)
        self._count = count_rows(arrays, "from_tensor_slices")
        columns = [_as_column(leaf) for leaf in tree.flatten(arrays) if leaf is not None]
        self.table = Table(tree.map_structure(lambda a: a if a is None else 0, arrays), columns)

    def numbers(self, run: Run) -> Iterator[np.ndarray]:
        return counting(self._count)

    def cardinality(self) -> int:
        return self._count

    def spec(self) -> Any:
        return self.table.spec()


def _to_column(value: Any) -> Any:
    """`to_leaf`, which leaves strings as Python has them: no row is as long as the longest."""
    if isinstance(value, (list, tuple)) and value and isinstance(value[0], str):
        value = np.array(value, dtype=object)
    if getattr(value, "dtype", None) == np.dtype(object):  # a pandas Series, say
        array = np.asarray(value)
        kind_of_strings(array)
        return array
    return to_leaf(value)


def _as_column(array: np.ndarray) -> Any:
    if array.dtype.kind == "O" and kind_of_strings(array) is str:
        return Strings(array)
    view = array.view()  # elements are views: who writes into one must not change the user's data
    view.flags.writeable = False
    return view


class Range(Stage):
    """Evenly spaced integers, perhaps without an end."""

    def __init__(self, start: int, stop: int | None, step: int, dtype: Any) -> None:
        self._count = None if stop is None else len(range(start, stop, step))
        self.table = Table(0, [Progression(start, step, to_np_dtype(dtype))])

    def numbers(self, run: Run) -> Iterator[np.ndarray]:
        return counting(self._count)

    def cardinality(self) -> int:
        return INFINITE_CARDINALITY if self._count is None else self._count

    def spec(self) -> Any:
        return self.table.spec()


class RandomNumbers(RandomStage):
    """Random integers without an end."""

    def elements(self, run: Run) -> Iterator[Any]:
        stream = generator(run.key(self))
        while True:
            for number in stream.integers(2**32, size=256):
                yield np.asarray(number)

    def cardinality(self) -> int:
        return INFINITE_CARDINALITY

    def spec(self) -> Any:
        return TensorSpec((), "int64")


class FromGenerator(Stage):
    """What a function that makes iterators gives."""

    def __init__(self, make: Callable, args: tuple, signature: Any) -> None:
        self._make, self._args, self._signature = make, args, signature

    def elements(self, run: Run) -> Iterator[Any]:
        for value in self._make(*self._args):
            yield self._to_element(value)

    def _to_element(self, value: Any) -> Any:
        spec = self._signature
        if spec is None:
            return to_element(value)
        try:
            return tree.map_structure_up_to(spec, _to_leaf_of, spec, value)
        except (ValueError, TypeError) as error:
            kind = ValueError if isinstance(error, ValueError) else TypeError
            raise kind(
                f"from_generator: the generator gave what does not fit the signature {spec!r}: {error}"
            ) from error

    def cardinality(self) -> int:
        return UNKNOWN_CARDINALITY

    def spec(self) -> Any:
        return spec_of(self.first()) if self._signature is None else self._signature


def _to_leaf_of(spec: Any, value: Any) -> Any:
    """Return a value as a leaf of the dtype and shape that a spec asks for."""
    if spec is None or is_dataset(value):
        return value
    leaf = to_leaf(value)
    if spec.dtype == "string":
        if leaf.dtype.kind not in "USO":
            raise TypeError(f"expected {spec!r}. Received: {value!r}")
    elif leaf.dtype.kind in "USO":
        raise TypeError(f"expected {spec!r}. Received: {value!r}")
    else:
        leaf = leaf.astype(to_np_dtype(spec.dtype), copy=False)
    if not spec.fits(leaf.shape):
        raise ValueError(f"expected {spec!r}. Received: an array of shape {leaf.shape}")
    return leaf
