"""What data sets give: arrays in tuples and dicts, as pipelines keep them and as users see them.

Inside a pipeline the leaves of an element are NumPy arrays (of no axes for numbers), `None`, or data
sets, in tuples, namedtuples and dicts. Users' functions get tensors instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minikeras import tree
from minikeras.autodiff.tape import no_recording
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.foreign_arrays import foreign_array, holds_array

_ARRAY = frozenset({np.ndarray})
_TENSOR = frozenset({Tensor})


def is_dataset(value: Any) -> bool:
    """Whether a leaf is a `Dataset` (which is defined above this file)."""
    return hasattr(value, "_stage")


def is_node(value: Any) -> bool:
    """Whether a value is a part of an element's structure. Lists are not: they become arrays."""
    return tree.is_nested(value) and isinstance(value, (tuple, dict))


def map_leaves(function: Callable, value: Any) -> Any:
    """Apply a function to the leaves of what may become an element."""
    if not is_node(value):
        return function(value)
    if isinstance(value, dict):
        items = {key: map_leaves(function, part) for key, part in value.items()}
        return items if type(value) is dict else tree.pack_sequence_as(value, tree.flatten(items))
    parts = [map_leaves(function, part) for part in value]
    return tuple(parts) if type(value) is tuple else type(value)(*parts)


def to_element(value: Any) -> Any:
    """Return what a user gave, or a user's function returned, as an element.

    Python's numbers become float32 and int32 (as `ops.convert_to_tensor` has it), arrays keep their
    dtype, lists become arrays.

    Raises:
        TypeError: if a part of it is neither a number, a string nor an array.
    """
    kind = type(value)
    if kind is Tensor:
        return np.asarray(value.array)  # which of no axes may be one of NumPy's scalars
    if kind is tuple and _TENSOR.issuperset(map(type, value)):
        return tuple([np.asarray(t.array) for t in value])
    return map_leaves(to_leaf, value)


def to_leaf(value: Any) -> Any:
    """`to_element` for what is not a tuple or a dict."""
    if value is None or is_dataset(value):
        return value
    if isinstance(value, bytes):
        return np.array(value, dtype=object)  # NumPy's own type of bytes loses zeros at the end
    if isinstance(value, (list, tuple)) and isinstance(_first(value), bytes):
        return np.array(value, dtype=object)
    if isinstance(value, list) and isinstance(_first(value), (Tensor, np.ndarray, np.generic)):
        return np.stack([to_leaf(part) for part in value])  # of their own dtype
    array = value if isinstance(value, np.ndarray) else None
    if array is None and not isinstance(value, Tensor) and holds_array(value):
        array = foreign_array(value)  # a pandas Series, say
    if array is not None and array.dtype.kind == "O":
        return strings(array)
    # A Variable, or a scalar of NumPy's, gives no ndarray of type by itself.
    return np.asarray(to_array(value if array is None else array))


def strings(array: np.ndarray) -> np.ndarray:
    """Return an array of objects as one of strings, or as it is if it holds bytes.

    Raises:
        TypeError: if it holds anything else.
    """
    return array.astype(str) if kind_of_strings(array) is str else array


def kind_of_strings(array: np.ndarray) -> type:
    """Return which of `str` and `bytes` an array of objects holds.

    Raises:
        TypeError: if it is neither.
    """
    kinds = set(map(type, array.flat))
    for kind, scalar in ((str, np.str_), (bytes, np.bytes_)):
        if kinds <= {kind, scalar}:
            return kind
    raise TypeError(
        "Expected numbers or strings. Received: an array of objects of type "
        f"{', '.join(sorted(kind.__name__ for kind in kinds))}"
    )


def _first(value: Any) -> Any:
    while isinstance(value, (list, tuple)) and value:
        value = value[0]
    return value


def to_tensors(element: Any) -> Any:
    """Return an element as users see it, with tensors in place of arrays."""
    kind = type(element)
    if kind is np.ndarray:
        return Tensor(element)
    if kind is tuple and _ARRAY.issuperset(map(type, element)):
        return tuple(map(Tensor, element))
    return tree.map_structure(lambda a: Tensor(a) if isinstance(a, np.ndarray) else a, element)


def to_numpy(element: Any) -> Any:
    """Return an element for NumPy: read-only arrays, and scalars in place of arrays of no axes."""
    return tree.map_structure(_to_numpy, element)


def _to_numpy(leaf: Any) -> Any:
    if is_dataset(leaf):
        return leaf.as_numpy_iterator()
    if not isinstance(leaf, np.ndarray):
        return leaf
    if leaf.ndim == 0:
        return leaf[()]
    view = leaf.view()
    view.flags.writeable = False
    return view


def call(function: Callable, *parts: Any) -> Any:
    """Call a user's function with elements, on tensors that no tape follows."""
    with no_recording():
        return function(*map(to_tensors, parts))


def call_with(function: Callable, element: Any) -> Any:
    """Call a user's function with one element. One that is a tuple gives an argument for each part."""
    with no_recording():
        return spread(function, to_tensors(element))


def spread(function: Callable, element: Any) -> Any:
    """Call a function with an element, or with the parts of one that is a tuple."""
    return function(*element) if type(element) is tuple else function(element)


def result_of(value: Any) -> Any:
    """Return what a user's function returned as an element. A list is a tuple there."""
    return to_element(tuple(value) if type(value) is list else value)


def stack(elements: Sequence[Any], what: str = "batch") -> Any:
    """Return elements as one, with an axis in front that numbers them.

    Raises:
        ValueError: if their structures or shapes differ.
        TypeError: if they hold data sets.
    """
    first = elements[0]
    if type(first) is tuple and _ARRAY.issuperset(map(type, first)):
        if {len(e) if type(e) is tuple else -1 for e in elements} == {len(first)}:
            return tuple([_stack(leaves, what) for leaves in zip(*elements)])
    elif type(first) is np.ndarray and _ARRAY.issuperset(map(type, elements)):
        return _stack(elements, what)
    return tree.map_structure(lambda *leaves: _stack(leaves, what), *elements)


def _stack(leaves: Sequence[Any], what: str) -> Any:
    first = leaves[0]
    if first is None:
        return None
    if is_dataset(first):
        raise TypeError(f"{what}: data sets cannot be put into one array. Use `flat_map` first.")
    try:
        return np.stack(leaves)
    except ValueError:
        shapes = list(dict.fromkeys(np.shape(leaf) for leaf in leaves))
        raise ValueError(
            f"{what}: elements of different shapes do not fit into one array: "
            f"{', '.join(map(str, shapes[:5]))}. Use `padded_batch`, or bring them to one size."
        ) from None


def count_rows(element: Any, what: str) -> int:
    """Return the common size of the first axis of an element's arrays.

    Raises:
        ValueError: if there is none.
    """
    leaves = [leaf for leaf in tree.flatten(element) if leaf is not None]
    if not leaves:
        raise ValueError(f"{what}: there must be at least one array. Received: {element!r}")
    if any(is_dataset(leaf) or leaf.ndim == 0 for leaf in leaves):
        raise ValueError(
            f"{what}: every array needs a first axis to be cut along. Received shapes: "
            f"{[getattr(leaf, 'shape', None) for leaf in leaves]}"
        )
    counts = {leaf.shape[0] for leaf in leaves}
    if len(counts) > 1:
        raise ValueError(
            f"{what}: the first axes of all arrays must be equally long. Received shapes: "
            f"{[leaf.shape for leaf in leaves]}"
        )
    return counts.pop()
