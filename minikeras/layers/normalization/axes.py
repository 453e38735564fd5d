"""What normalization layers say about axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minikeras.common.arguments import ArgumentError, is_integer, kind_of


def check_axes(layer: Any, input_shape: tuple) -> None:
    """Check that a layer's `axis` lies within the inputs' shape.

    Raises:
        ValueError: if it does not.
    """
    axes = [layer.axis] if isinstance(layer.axis, int) else layer.axis
    n = len(input_shape)
    for axis in axes:
        if not -n <= axis < n:
            raise ValueError(
                f"Layer '{layer.name}': axis {axis} is out of bounds for inputs of shape "
                f"{input_shape}. Received: axis={layer.axis}"
            )
    if len({axis % n for axis in axes}) < len(axes):
        raise ArgumentError(f"Layer '{layer.name}'", "axis", "axes without repetitions", layer.axis)


def checked_axis(kind: str, axis: Any) -> int | list[int]:
    """Return a constructor's `axis` argument, lists for tuples.

    Raises:
        ArgumentError: if it is no integer or list of them.
    """
    kind_of(int | Sequence[int]).check(axis, "axis", kind)
    return int(axis) if is_integer(axis) else list(axis)
