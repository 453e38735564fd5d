"""Functions of `keras.utils.bounding_boxes` that bring boxes into another form."""

from __future__ import annotations

from typing import Any

from minikeras import ops
from minikeras.common.arguments import one_of

FORMATS = (
    *("xyxy", "yxyx", "xywh", "center_xywh", "center_yxhw"),
    *("rel_xyxy", "rel_yxyx", "rel_xywh", "rel_center_xywh"),
)


def convert_format(
    boxes: Any,
    source: str,
    target: str,
    height: Any = None,
    width: Any = None,
    dtype: str = "float32",
) -> Any:
    """Convert bounding boxes from one format into another.

    | format | four numbers of a box |
    | --- | --- |
    | `"xyxy"` | left, top, right, bottom |
    | `"yxyx"` | top, left, bottom, right |
    | `"xywh"` | left, top, width, height |
    | `"center_xywh"` | x and y of the center, width, height |
    | `"center_yxhw"` | y and x of the center, height, width |

    `"rel_xyxy"`, `"rel_yxyx"`, `"rel_xywh"` and `"rel_center_xywh"` are the same in shares of the
    image's width and height; the others are in pixels.

    Args:
        boxes: tensor of shape `(..., 4)`, or a dict that has one as `"boxes"`.
        source: format of `boxes`.
        target: format of the result.
        height: height of the image in pixels, for relative formats; a number, or a tensor that
            broadcasts to `(..., 1)`.
        width: its width, likewise.
        dtype: dtype of the result.

    Returns:
        A tensor of the shape of `boxes`, or a dict with it as `"boxes"` and all else as it was.

    Raises:
        ValueError: if a format is unknown, the last axis is not 4 long, or a relative format lacks
            `height` and `width`.

    Example:

    >>> import minikeras
    >>> convert = minikeras.utils.bounding_boxes.convert_format
    >>> convert([[10.0, 20.0, 30.0, 60.0]], "xyxy", "center_xywh").tolist()
    [[20.0, 40.0, 20.0, 40.0]]
    >>> convert([[10.0, 20.0, 30.0, 60.0]], "xyxy", "rel_xyxy", height=80, width=40).tolist()
    [[0.25, 0.25, 0.75, 0.75]]
    """
    if isinstance(boxes, dict):
        changed = convert_format(boxes["boxes"], source, target, height, width, dtype)
        return {**boxes, "boxes": changed}
    boxes = ops.cast(boxes, dtype)
    if not boxes.ndim or boxes.shape[-1] != 4:
        raise ValueError(
            "convert_format: the last axis of `boxes` must have 4 entries. Received: boxes.shape="
            f"{tuple(boxes.shape)}"
        )
    source, target = _checked(source, "source"), _checked(target, "target")
    relative = source.startswith("rel_"), target.startswith("rel_")
    if any(relative) and (height is None or width is None):
        raise ValueError(
            "convert_format: relative formats need the `height` and `width` of the images. Received: "
            f"source={source!r}, target={target!r}, height={height}, width={width}"
        )
    if source == target:
        return boxes
    scales = None
    if relative[0] != relative[1]:
        width, height = ops.cast(width, dtype), ops.cast(height, dtype)
        scales = (width, height, width, height)
    corners = _to_corners(ops.split(boxes, 4, axis=-1), source)
    if relative[0] and scales:
        corners = [a * s for a, s in zip(corners, scales)]
    numbers = _from_corners(corners, target, scales if relative[1] else None)
    return ops.concatenate(numbers, axis=-1)


def _checked(name: str, argument: str) -> str:
    value = name.lower() if isinstance(name, str) else name
    one_of(*FORMATS).check(value, argument, "convert_format")
    return value


def _to_corners(numbers: list, source: str) -> list:
    """Return left, top, right, bottom."""
    a, b, c, d = numbers
    if source.endswith(("yxyx", "yxhw")):
        a, b, c, d = b, a, d, c
    if "center" in source:
        half_width, half_height = c / 2, d / 2
        return [a - half_width, b - half_height, a + half_width, b + half_height]
    return [a, b, a + c, b + d] if source.endswith("wh") else [a, b, c, d]


def _from_corners(corners: list, target: str, scales: tuple | None) -> list:
    """Return the four numbers of a format, divided by `scales` if there are any."""
    a, b, right, bottom = corners
    c, d = right, bottom
    if not target.endswith(("xyxy", "yxyx")):
        c, d = right - a, bottom - b
    if "center" in target:
        a, b = a + c / 2, b + d / 2
    if scales:
        a, b, c, d = [value / scale for value, scale in zip((a, b, c, d), scales)]
    return [b, a, d, c] if target.endswith(("yxyx", "yxhw")) else [a, b, c, d]
