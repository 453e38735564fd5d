"""Questions about graphs of symbolic calls."""

from __future__ import annotations

from typing import Any


def get_source_inputs(tensor: Any) -> list:
    """Return the inputs that a symbolic tensor is computed from, in the order in which they are met.

    Args:
        tensor: a KerasTensor. Anything else is returned as it is.

    Example:

    >>> from minikeras import Input, layers, utils
    >>> a, b = Input((2,), name="a"), Input((2,), name="b")
    >>> total = layers.Dense(3)(layers.Add()([b, layers.Add()([a, b])]))
    >>> [t.name for t in utils.get_source_inputs(total)]
    ['b', 'a']
    """
    if not getattr(tensor, "_is_keras_tensor", False):
        return tensor
    if getattr(tensor, "_keras_history", None) is None:
        return [tensor]
    found: list = []
    seen: set[int] = set()
    waiting = [tensor]
    while waiting:  # depth first, without recursion: graphs may be deep
        node = waiting.pop()._keras_history.node
        if id(node) in seen:
            continue
        seen.add(id(node))
        if node.is_input:
            found.extend(node.output_tensors)
        else:
            waiting.extend(reversed(node.input_tensors))
    return found
