"""What normalization layers say about axes."""

from __future__ import annotations

from typing import Any


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


def checked_axis(kind: str, axis: Any) -> int | list[int]:
    """Return a constructor's `axis` argument, lists for tuples.

    Raises:
        TypeError: if it is no integer or list of them.
    """
    if isinstance(axis, (list, tuple)):
        return list(axis)
    if isinstance(axis, int):
        return axis
    raise TypeError(
        f"{kind}: argument `axis` must be an integer or a list of integers. Received: axis={axis!r}"
    )
