"""Questions about the graph behind a KerasTensor."""

from __future__ import annotations

from typing import Any


def get_source_inputs(tensor: Any) -> list:
    """Return the inputs that a symbolic tensor is computed from, in the order in which they are met.

    Args:
        tensor: a KerasTensor; an input is its own source. Anything else is returned as it is.

    Example:

    >>> from minikeras import Input, layers, utils
    >>> a, b = Input((2,), name="a"), Input((2,), name="b")
    >>> total = layers.Dense(3)(layers.Add()([b, layers.Add()([a, b])]))
    >>> [t.name for t in utils.get_source_inputs(total)]
    ['b', 'a']
    """
    if not getattr(tensor, "_is_keras_tensor", False):
        return tensor
    found: list = []
    seen: set[int] = set()
    waiting = [tensor]
    while waiting:  # depth first, without recursion: graphs may be deep
        t = waiting.pop()
        history = getattr(t, "_keras_history", None)
        node = None if history is None else history.node
        if id(node or t) in seen:
            continue
        seen.add(id(node or t))
        if node is None:
            found.append(t)
        elif node.is_input:
            found.extend(node.output_tensors)
        else:
            waiting.extend(reversed(node.input_tensors))
    return found
