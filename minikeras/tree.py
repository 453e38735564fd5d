"""Nested structures of lists, tuples and dicts: `keras.tree`.

A node is a `list`, `tuple`, `namedtuple`, `dict`, `OrderedDict`, `defaultdict` or `deque`;
everything else, `None` and subclasses of those types included, is a leaf. Leaves are visited in
order, those of a dict by sorted key, those of an `OrderedDict` in its own order.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from typing import Any

from minikeras.common.traceback_utils import warn

_DICTS = frozenset({dict, OrderedDict, defaultdict})
_NODES = frozenset({list, tuple, deque}) | _DICTS
_MISMATCH = "The structures don't have the same nested structure: "


class MAP_TO_NONE:
    """What the function given to `traverse` returns to put `None` in a sub-structure's place.

    Example:

    >>> from minikeras import tree
    >>> tree.traverse(lambda x: tree.MAP_TO_NONE if x == 1 else None, [1, 2])
    [None, 2]
    """


def is_nested(structure: Any) -> bool:
    """Return whether `structure` is a node rather than a leaf.

    Example:

    >>> from minikeras import tree
    >>> tree.is_nested(42), tree.is_nested({"a": 42}), tree.is_nested(None)
    (False, True, False)
    """
    kind = type(structure)
    # The second half recognizes namedtuples, each of which is a class of its own.
    return kind in _NODES or (isinstance(structure, tuple) and hasattr(kind, "_fields"))


def flatten(structure: Any) -> list:
    """Return the leaves of `structure` as a list.

    Example:

    >>> from minikeras import tree
    >>> tree.flatten({"b": 1, "a": [2, (3, None)]})
    [2, 3, None, 1]
    >>> tree.flatten("leaf")
    ['leaf']
    """
    if not is_nested(structure):
        return [structure]
    leaves: list = []
    _collect(structure, leaves)
    return leaves


def flatten_with_path(structure: Any) -> list[tuple[tuple, Any]]:
    """Return the leaves of `structure` as a list of pairs `(path, leaf)`.

    A path is the tuple of keys and indices that leads to the leaf.

    Example:

    >>> from minikeras import tree
    >>> tree.flatten_with_path({"a": [5, 6], "b": 7})
    [(('a', 0), 5), (('a', 1), 6), (('b',), 7)]
    """
    pairs: list = []
    _collect_paths(structure, (), pairs)
    return pairs


def map_structure(func: Callable, *structures: Any, none_is_leaf: bool = True) -> Any:
    """Apply `func` to the leaves of one structure, or to the matching leaves of several.

    Args:
        func: called with one leaf of each structure.
        *structures: structures of the same layout (see `assert_same_structure`).
        none_is_leaf: if False, `None` is left alone and `func` never sees it.

    Returns:
        A structure laid out as the first, of what `func` returned.

    Raises:
        TypeError: if `func` is not callable.
        ValueError: if no structure is given, or if their layouts differ.

    Example:

    >>> from minikeras import tree
    >>> tree.map_structure(lambda x, y: x + y, {"a": 1, "b": [2]}, {"a": 10, "b": [20]})
    {'a': 11, 'b': [22]}
    """
    if not callable(func):
        raise TypeError(f"tree.map_structure: `func` must be callable. Received: {func!r}")
    if len(structures) == 1:
        (structure,) = structures
        if not is_nested(structure):
            return None if structure is None and not none_is_leaf else func(structure)
        return _map_one(func, structure, none_is_leaf)
    if not structures:
        raise ValueError("tree.map_structure: at least one structure is needed.")
    return _map_many(func, structures, none_is_leaf)


def map_structure_up_to(shallow_structure: Any, func: Callable, *structures: Any) -> Any:
    """Apply `func` to whatever lies where `shallow_structure` has its leaves.

    Args:
        shallow_structure: the layout that is followed; its leaves are not used.
        func: called with one sub-structure of each of `structures`.
        *structures: structures laid out as `shallow_structure` as far as it goes.

    Returns:
        A structure laid out as `shallow_structure`, of what `func` returned.

    Raises:
        TypeError: if `func` is not callable.
        ValueError: if no structure is given, or if one is shallower than `shallow_structure`.

    Example:

    >>> from minikeras import tree
    >>> tree.map_structure_up_to([None, None], len, [[1, 2], {"a": 3}])
    [2, 1]
    """
    if not callable(func):
        raise TypeError(f"tree.map_structure_up_to: `func` must be callable. Received: {func!r}")
    if not structures:
        raise ValueError("tree.map_structure_up_to: at least one structure is needed.")
    return _map_up_to(shallow_structure, func, structures)


def pack_sequence_as(structure: Any, flat_sequence: Iterable) -> Any:
    """Return the items of `flat_sequence` laid out as `structure`: the inverse of `flatten`.

    Args:
        structure: the layout; its leaves are not used.
        flat_sequence: as many items as `structure` has leaves.

    Raises:
        TypeError: if `flat_sequence` is not iterable.
        ValueError: if it has too few or too many items.

    Example:

    >>> from minikeras import tree
    >>> tree.pack_sequence_as({"b": None, "a": [None]}, [1, 2])
    {'b': 2, 'a': [1]}
    """
    try:
        items = iter(flat_sequence)
    except TypeError:
        raise TypeError(
            "tree.pack_sequence_as: `flat_sequence` must be iterable. "
            f"Received: {flat_sequence!r} of type {type(flat_sequence).__name__}"
        ) from None
    # Counted first, so that the error can say how many there were.
    items = list(items)
    expected = len(flatten(structure))
    if len(items) != expected:
        raise ValueError(
            f"tree.pack_sequence_as: `structure` has {expected} leaves, "
            f"but `flat_sequence` has {len(items)} items."
        )
    rest = iter(items)
    return _map_one(lambda _: next(rest), structure, True)


def assert_same_structure(a: Any, b: Any, check_types: bool | None = None) -> None:
    """Raise unless `a` and `b` are nested in the same way.

    At each level the types and lengths must agree, and for dicts the keys. The three kinds of
    dict count as one; `list`, `tuple`, `deque` and every `namedtuple` are different.

    Args:
        a: a structure.
        b: another.
        check_types: has no effect, deprecated.

    Raises:
        ValueError: if they differ.

    Example:

    >>> from minikeras import tree
    >>> tree.assert_same_structure([(1, 2)], [("x", None)])
    >>> tree.assert_same_structure([1, 2], (1, 2))
    Traceback (most recent call last):
    ...
    ValueError: The structures don't have the same nested structure: expected list, got tuple (1, 2).
    """
    if check_types is not None:
        warn(
            "tree.assert_same_structure: `check_types` is deprecated and has no effect. "
            "Use `tree.assert_same_paths` to compare without regard to types.",
            DeprecationWarning,
        )
    _map_many(lambda *_: None, (a, b), True)


def assert_same_paths(a: Any, b: Any) -> None:
    """Raise unless `a` and `b` have leaves at the same paths, whatever the containers' types.

    Raises:
        ValueError: naming the paths that only one of them has.

    Example:

    >>> from minikeras import tree
    >>> tree.assert_same_paths([1, (2,)], (1, [2]))
    """
    # Dicts as ordered sets: the message lists the paths in order.
    a_paths = dict(flatten_with_path(a))
    b_paths = dict(flatten_with_path(b))
    only_a = [path for path in a_paths if path not in b_paths]
    only_b = [path for path in b_paths if path not in a_paths]
    if only_a or only_b:
        message = "`a` and `b` don't have the same paths."
        if only_a:
            message += f"\nPaths only in `a`: {only_a}"
        if only_b:
            message += f"\nPaths only in `b`: {only_b}"
        raise ValueError(message)


def lists_to_tuples(structure: Any) -> Any:
    """Return `structure` with a tuple in place of every list.

    Example:

    >>> from minikeras import tree
    >>> tree.lists_to_tuples([1, {"a": [2, 3]}])
    (1, {'a': (2, 3)})
    """
    return traverse(
        lambda node: tuple(node) if isinstance(node, list) else None, structure, top_down=False
    )


def map_shape_structure(func: Callable, structure: Any) -> Any:
    """Apply `func` to every shape, that is every list or tuple of ints and Nones.

    Example:

    >>> from minikeras import tree
    >>> tree.map_shape_structure(lambda shape: shape[1:], {"a": (None, 3), "b": [(2, 4, 5)]})
    {'a': (3,), 'b': [(4, 5)]}
    """
    if not callable(func):
        raise TypeError(f"tree.map_shape_structure: `func` must be callable. Received: {func!r}")
    return _map_one(func, structure, True, is_leaf=_is_shape)


def traverse(func: Callable, structure: Any, top_down: bool = True) -> Any:
    """Call `func` on every node and leaf, depth first, and put what it returns in their place.

    Args:
        func: called with a sub-structure. Where it returns `None` the sub-structure stays (going
            down, its children come next); anything else replaces it (going down, its children
            are then skipped). `MAP_TO_NONE` replaces it with `None`.
        structure: what to walk through.
        top_down: whether parents come before their children.

    Returns:
        The resulting structure. The given one is not changed.

    Raises:
        TypeError: if `func` is not callable.

    Example:

    >>> from minikeras import tree
    >>> tree.traverse(lambda x: x * 10 if isinstance(x, int) else None, [1, {"a": 2}])
    [10, {'a': 20}]
    """
    if not callable(func):
        raise TypeError(f"tree.traverse: `func` must be callable. Received: {func!r}")
    return _traverse(func, structure, top_down)


def _traverse(func: Callable, structure: Any, top_down: bool) -> Any:
    if top_down:
        result = func(structure)
        if result is None:
            return _map_children(lambda child: _traverse(func, child, True), structure)
    else:
        structure = _map_children(lambda child: _traverse(func, child, False), structure)
        result = func(structure)
        if result is None:
            return structure
    return None if result is MAP_TO_NONE else result


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:97]}..."


def _is_shape(structure: Any) -> bool:
    return isinstance(structure, (list, tuple)) and all(
        size is None or isinstance(size, int) for size in structure
    )


def _keys(mapping: dict) -> list:
    """The keys of a dict in the order in which its leaves are visited."""
    if type(mapping) is OrderedDict:
        return list(mapping)
    try:
        return sorted(mapping)
    except TypeError:  # keys of several types
        return sorted(mapping, key=lambda key: (type(key).__qualname__, key))


def _children(node: Any) -> Iterable:
    if type(node) in _DICTS:
        return [node[key] for key in _keys(node)]
    return node


def _rebuild(node: Any, children: Iterable) -> Any:
    """A node like `node`, with other children (given in visiting order)."""
    kind = type(node)
    if kind is list:
        return list(children)
    if kind is tuple:
        return tuple(children)
    if kind in _DICTS:
        new = dict(zip(_keys(node), children))
        pairs = [(key, new[key]) for key in node]  # keep the dict's own order
        return defaultdict(node.default_factory, pairs) if kind is defaultdict else kind(pairs)
    if kind is deque:
        return deque(children, maxlen=node.maxlen)
    return kind._make(children)


def _map_children(func: Callable, structure: Any) -> Any:
    if not is_nested(structure):
        return structure
    return _rebuild(structure, [func(child) for child in _children(structure)])


def _collect(node: Any, leaves: list) -> None:
    for child in _children(node):
        if is_nested(child):
            _collect(child, leaves)
        else:
            leaves.append(child)


def _collect_paths(structure: Any, path: tuple, pairs: list) -> None:
    if not is_nested(structure):
        pairs.append((path, structure))
        return
    keys = _keys(structure) if type(structure) in _DICTS else range(len(structure))
    for key in keys:
        _collect_paths(structure[key], (*path, key), pairs)


def _map_one(
    func: Callable,
    structure: Any,
    none_is_leaf: bool,
    is_leaf: Callable[[Any], bool] | None = None,
) -> Any:
    if not is_nested(structure) or (is_leaf is not None and is_leaf(structure)):
        return None if structure is None and not none_is_leaf else func(structure)
    return _rebuild(
        structure,
        [_map_one(func, child, none_is_leaf, is_leaf) for child in _children(structure)],
    )


def _map_many(func: Callable, structures: tuple, none_is_leaf: bool) -> Any:
    first, *others = structures
    if not is_nested(first):
        for other in others:
            # Where None is no leaf it is a node without children: only None matches it.
            if is_nested(other) or (not none_is_leaf and (first is None) != (other is None)):
                raise ValueError(
                    f"{_MISMATCH}expected a leaf like {_short(first)}, got {_short(other)}."
                )
        return None if first is None and not none_is_leaf else func(*structures)
    columns = [_children(first), *(_matching_children(first, other) for other in others)]
    return _rebuild(first, [_map_many(func, row, none_is_leaf) for row in zip(*columns)])


def _map_up_to(shallow: Any, func: Callable, structures: tuple) -> Any:
    if not is_nested(shallow):
        return func(*structures)
    columns = [_children(shallow), *(_matching_children(shallow, other) for other in structures)]
    return _rebuild(shallow, [_map_up_to(child, func, rest) for child, *rest in zip(*columns)])


def _matching_children(node: Any, other: Any) -> Iterable:
    """The children of `other`, in the visiting order of `node`, which it must resemble."""
    kind = type(node)
    if kind in _DICTS:
        if type(other) not in _DICTS:
            raise ValueError(
                f"{_MISMATCH}expected {kind.__name__}, got {type(other).__name__} {_short(other)}."
            )
        if node.keys() != other.keys():
            raise ValueError(
                f"{_MISMATCH}expected the keys {list(node)}, got the keys {list(other)}."
            )
        return [other[key] for key in _keys(node)]
    if type(other) is not kind:
        raise ValueError(
            f"{_MISMATCH}expected {kind.__name__}, got {type(other).__name__} {_short(other)}."
        )
    if len(other) != len(node):
        raise ValueError(
            f"{_MISMATCH}expected {len(node)} items in a {kind.__name__}, "
            f"got {len(other)}: {_short(other)}."
        )
    return other
