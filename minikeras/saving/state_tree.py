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
