"""Questions about the graph behind a KerasTensor."""

from __future__ import annotations

from minikeras.autodiff.keras_tensor import KerasTensor


def get_source_inputs(tensor: KerasTensor) -> list[KerasTensor]:
    """Return the inputs that a KerasTensor was computed from, each once.

    Args:
        tensor: KerasTensor; an input is its own source.

    Example:

    >>> import minikeras
    >>> x = minikeras.Input((2,), name="x")
    >>> [t.name for t in get_source_inputs(x + 2 * x)]
    ['x']
    """
    found, seen, stack = [], set(), [tensor]
    while stack:
        t = stack.pop()
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
            stack.extend(reversed(node.input_tensors))
    return found
