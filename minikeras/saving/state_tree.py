"""The objects that hold state in a model, each under the path that it has in files of weights.

The paths are Keras's. An attribute that holds a layer or an optimizer is a folder of its name; one
that holds several is a folder with a folder for each, named after their classes and counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from minikeras.autodiff.tracking import Trackable
from minikeras.autodiff.variable import Variable
from minikeras.common.naming import to_snake_case
from minikeras.metrics.metric import Metric
from minikeras.ops.operation import Operation

_CONTAINERS = (list, tuple, dict, set)


def state_tree(root: Trackable) -> Iterator[tuple[str, Trackable]]:
    """Yield a path and the object that is saved there: parents before children, each object once.

    Args:
        root: model, layer or optimizer; its own path is empty.
    """
    seen = {id(root)}
    todo: list[tuple[str, Any]] = [("", root)]
    while todo:
        path, held = todo.pop()
        if isinstance(held, _CONTAINERS):
            inner = _members(held)
        else:
            if path and id(held) in seen:
                continue
            seen.add(id(held))
            yield path, held
            inner = held.saved_attributes()
        children = [
            (f"{path}/{name}" if path else name, child) for name, child in inner if _is_saved(child)
        ]
        todo += reversed(children)


def _members(held: Any) -> Iterator[tuple[str, Any]]:
    """Yield the members of a list, tuple or dict, named after their classes."""
    counts: Counter[str] = Counter()
    for child in held.values() if isinstance(held, dict) else held:
        if not _is_saved(child):
            continue
        many = isinstance(child, _CONTAINERS)
        named = child.default_name() if isinstance(child, Operation) else type(child).__name__
        name = "container" if many else to_snake_case(named)
        yield (f"{name}_{counts[name]}" if counts[name] else name), child
        counts[name] += 1


def _is_saved(value: Any) -> bool:
    # Keras leaves metrics out: they start anew in the next epoch.
    return isinstance(value, (Trackable, *_CONTAINERS)) and not isinstance(
        value, (Variable, Metric)
    )


_OLDER_NAMES = {
    "layers": "_layer_checkpoint_dependencies",  # before Keras 2.14
    "key_dense": "_key_dense",  # and these before Keras 3
    "output_dense": "_output_dense",
    "query_dense": "_query_dense",
    "value_dense": "_value_dense",
}
"""Folders that had another name in files of older versions."""


def older_paths(path: str) -> Iterator[str]:
    """Yield the paths that an object may have in files of older versions of Keras."""
    parts = path.split("/")
    if not _OLDER_NAMES.keys() & set(parts):
        return
    yield "/".join([part if part == "layers" else _OLDER_NAMES.get(part, part) for part in parts])
    renamed = [_OLDER_NAMES.get(part, part) for part in parts]
    # Keras 2.12 counted each layer of a model twice.
    yield "/".join(
        [_doubled(p) if before == "layers" else p for p, before in zip(renamed, ["", *parts])]
    )


def _doubled(name: str) -> str:
    base, _, number = name.rpartition("_")
    return f"{base}_{2 * int(number)}" if number.isdecimal() else name
