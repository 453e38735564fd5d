"""Functions of `keras.utils.bounding_boxes` that bring boxes into another form."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minikeras import ops
from minikeras.common.arguments import ArgumentError, one_of
from minikeras.common.settings import settings

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


def clip_to_image_size(
    bounding_boxes: dict, height: Any = None, width: Any = None, bounding_box_format: str = "xyxy"
) -> dict:
    """Clip bounding boxes to their image. The label of a box of which nothing is left becomes -1.

    Args:
        bounding_boxes: dict with `"boxes"`, `(..., boxes, 4)`, and perhaps `"labels"`, `(..., boxes)` or
            `(..., boxes, classes)`.
        height: height of the image in pixels; needed for `"xyxy"`.
        width: its width, likewise.
        bounding_box_format: `"xyxy"` or `"rel_xyxy"`.

    Returns:
        A dict like `bounding_boxes`.

    Raises:
        ValueError: if the format is another one, or a size is missing.

    Example:

    >>> import numpy as np
    >>> from minikeras.utils import bounding_boxes
    >>> boxes = {"boxes": np.array([[-5.0, 2.0, 8.0, 30.0]]), "labels": np.array([3])}
    >>> bounding_boxes.clip_to_image_size(boxes, height=20, width=10)["boxes"].tolist()
    [[0.0, 2.0, 8.0, 20.0]]
    """
    one_of("xyxy", "rel_xyxy").check(
        bounding_box_format, "bounding_box_format", "clip_to_image_size"
    )
    if bounding_box_format == "rel_xyxy":
        height = width = 1.0
    elif height is None or width is None:
        raise ValueError(
            "clip_to_image_size: `height` and `width` are needed for 'xyxy'. Received: "
            f"height={height}, width={width}"
        )
    boxes = ops.convert_to_tensor(bounding_boxes["boxes"])
    height, width = ops.cast(height, boxes.dtype), ops.cast(width, boxes.dtype)
    left, top, right, bottom = [
        ops.clip(value, 0, limit)
        for value, limit in zip(ops.split(boxes, 4, axis=-1), (width, height, width, height))
    ]
    result = {**bounding_boxes, "boxes": ops.concatenate([left, top, right, bottom], axis=-1)}
    labels = bounding_boxes.get("labels")
    if labels is not None:
        left_over = (right - left) * (bottom - top) > 0
        if np.ndim(labels) < boxes.ndim:
            left_over = ops.squeeze(left_over, axis=-1)
        result["labels"] = ops.where(left_over, labels, -1)
    return result


def affine_transform(
    boxes: Any,
    angle: Any,
    translate_x: Any,
    translate_y: Any,
    scale: Any,
    shear_x: Any,
    shear_y: Any,
    height: Any,
    width: Any,
    center_x: Any = None,
    center_y: Any = None,
    bounding_box_format: str = "xyxy",
) -> Any:
    """Return the boxes around what bounding boxes become when their images are rotated and moved.

    Args:
        boxes: tensor of shape `(batch, boxes, 4)`.
        angle: degrees for each image, `(batch,)`.
        translate_x: shift to the right, as a share of `width - 1`, `(batch,)`.
        translate_y: shift downwards, as a share of `height - 1`, `(batch,)`.
        scale: scale for each image, `(batch,)`.
        shear_x: degrees of shear along x, `(batch,)`.
        shear_y: degrees of shear along y, `(batch,)`.
        height: height of the images in pixels.
        width: their width.
        center_x: what it turns around, as a share of the width; 0.5 if None.
        center_y: as a share of the height; 0.5 if None.
        bounding_box_format: `"xyxy"`.

    Returns:
        A tensor of the shape of `boxes`, not clipped to the images.

    Raises:
        ValueError: if the format is another one.

    Example:

    >>> import numpy as np
    >>> from minikeras.utils import bounding_boxes
    >>> zero, one = np.zeros(1), np.ones(1)
    >>> boxes = bounding_boxes.affine_transform(
    ...     np.array([[[0.0, 0.0, 2.0, 4.0]]]), one * 90, zero, zero, one, zero, zero, 11, 11
    ... )
    >>> (boxes.numpy().round(3) + 0).tolist()
    [[[0.0, 8.0, 4.0, 10.0]]]
    """
    one_of("xyxy").check(bounding_box_format, "bounding_box_format", "affine_transform")
    angle = ops.convert_to_tensor(angle)
    matrix = _inverse_affine_matrix(
        *(0.5 if center_x is None else center_x, 0.5 if center_y is None else center_y),
        *(angle, translate_x, translate_y, scale, shear_x, shear_y, height, width),
    )
    boxes = ops.cast(boxes, angle.dtype)
    left, top, right, bottom = [boxes[..., i] for i in range(4)]
    x = ops.stack([left, right, right, left], axis=-1)
    y = ops.stack([top, top, bottom, bottom], axis=-1)
    (a0, a1, a2), (b0, b1, b2) = [[m[:, None, None] for m in row] for row in matrix]
    x, y = a0 * x + a1 * y + a2, b0 * x + b1 * y + b2
    return around(x, y)


def around(x: Any, y: Any) -> Any:
    """Return the boxes around points: the last axes of `x` and `y` hold those of one box."""
    corners = [reduce(values, axis=-1) for reduce in (ops.min, ops.max) for values in (x, y)]
    return ops.stack(corners, axis=-1)


def _inverse_affine_matrix(
    center_x: Any,
    center_y: Any,
    angle: Any,
    translate_x: Any,
    translate_y: Any,
    scale: Any,
    shear_x: Any,
    shear_y: Any,
    height: Any,
    width: Any,
) -> list[list]:
    """Return the two rows of the matrix that brings points to where their pixels go."""
    radians = math.pi / 180
    turn = ops.multiply(-angle, radians)
    shear_x, shear_y = ops.multiply(shear_x, -radians), ops.multiply(shear_y, -radians)
    center_x, center_y = ops.multiply(center_x, width - 1), ops.multiply(center_y, height - 1)
    x = center_x - ops.multiply(translate_x, width - 1)
    y = center_y - ops.multiply(translate_y, height - 1)
    a = ops.cos(turn - shear_y) / ops.cos(shear_y)
    b = a * ops.tan(shear_x) + ops.sin(turn)
    c = -ops.sin(turn - shear_y) / ops.cos(shear_y)
    d = ops.cos(turn) - c * ops.tan(shear_x)
    a0, a1, b0, b1 = d * scale, -b * scale, -c * scale, a * scale
    return [[a0, a1, center_x - a0 * x - a1 * y], [b0, b1, center_y - b0 * x - b1 * y]]


def crop(
    boxes: Any, top: Any, left: Any, height: Any, width: Any, bounding_box_format: str = "xyxy"
) -> Any:
    """Return bounding boxes in a part of their image, clipped to it.

    Args:
        boxes: tensor of shape `(..., 4)`.
        top: where the part begins, in pixels.
        left: likewise.
        height: height of the part.
        width: its width.
        bounding_box_format: `"xyxy"`.

    Returns:
        A tensor of the shape of `boxes`.

    Raises:
        ValueError: if the format is another one.

    Example:

    >>> import numpy as np
    >>> from minikeras.utils import bounding_boxes
    >>> bounding_boxes.crop(np.array([[10.0, 20.0, 50.0, 40.0]]), 15, 30, 10, 10).tolist()
    [[0.0, 5.0, 10.0, 10.0]]
    """
    one_of("xyxy").check(bounding_box_format, "bounding_box_format", "crop")
    numbers = ops.split(ops.convert_to_tensor(boxes), 4, axis=-1)
    starts, sizes = (left, top, left, top), (width, height, width, height)
    numbers = [ops.clip(x - start, 0, size) for x, start, size in zip(numbers, starts, sizes)]
    return ops.concatenate(numbers, axis=-1)


def pad(
    boxes: Any,
    top: Any,
    left: Any,
    height: Any = None,
    width: Any = None,
    bounding_box_format: str = "xyxy",
) -> Any:
    """Return bounding boxes in their image once it has been padded.

    Args:
        boxes: tensor of shape `(..., 4)`.
        top: how many pixels were added above.
        left: how many were added to the left.
        height: not used.
        width: not used.
        bounding_box_format: `"xyxy"`.

    Returns:
        A tensor of the shape of `boxes`.

    Raises:
        ValueError: if the format is another one.

    Example:

    >>> import numpy as np
    >>> from minikeras.utils import bounding_boxes
    >>> bounding_boxes.pad(np.array([[10.0, 20.0, 50.0, 40.0]]), top=1, left=2).tolist()
    [[12.0, 21.0, 52.0, 41.0]]
    """
    one_of("xyxy").check(bounding_box_format, "bounding_box_format", "pad")
    numbers = ops.split(ops.convert_to_tensor(boxes), 4, axis=-1)
    return ops.concatenate([x + by for x, by in zip(numbers, (left, top, left, top))], axis=-1)


def encode_box_to_deltas(
    anchors: Any,
    boxes: Any,
    anchor_format: str,
    box_format: str,
    encoding_format: str = "center_yxhw",
    variance: Any = None,
    image_shape: tuple | None = None,
) -> Any:
    """Say boxes as differences from anchors, which is what object detectors learn.

    A center becomes its distance from the anchor's center, divided by the anchor's size, a size the
    logarithm of its ratio to the anchor's.

    Args:
        anchors: tensor of shape `(..., 4)`.
        boxes: tensor that broadcasts with it.
        anchor_format: format of `anchors`, see `convert_format`.
        box_format: format of `boxes`.
        encoding_format: `"center_yxhw"` or `"center_xywh"`, the order of the differences.
        variance: four numbers that the differences are divided by, or None.
        image_shape: `(height, width, channels)`, for relative formats.

    Returns:
        A tensor of shape `(..., 4)`.

    Raises:
        ValueError: if a format or `variance` is not valid.

    Example:

    >>> from minikeras.utils import bounding_boxes
    >>> bounding_boxes.encode_box_to_deltas(
    ...     [[0.0, 0.0, 10.0, 20.0]], [[5.0, 0.0, 15.0, 20.0]], "xyxy", "xyxy"
    ... ).tolist()
    [[0.0, 0.5, 0.0, 0.0]]
    """
    owner = "encode_box_to_deltas"
    one_of("center_xywh", "center_yxhw").check(encoding_format, "encoding_format", owner)
    variance, sizes = _checked_variance(variance, owner), sizes_of(image_shape, owner)
    anchors = convert_format(anchors, anchor_format, encoding_format, **sizes)
    boxes = convert_format(boxes, box_format, encoding_format, **sizes)
    anchor_sizes = ops.maximum(anchors[..., 2:], settings.epsilon)
    box_sizes = ops.maximum(boxes[..., 2:], settings.epsilon)
    centers = (boxes[..., :2] - anchors[..., :2]) / anchor_sizes
    deltas = ops.concatenate([centers, ops.log(box_sizes / anchor_sizes)], axis=-1)
    return deltas if variance is None else deltas / variance


def decode_deltas_to_boxes(
    anchors: Any,
    boxes_delta: Any,
    anchor_format: str,
    box_format: str,
    encoded_format: str = "center_yxhw",
    variance: Any = None,
    image_shape: tuple | None = None,
) -> Any:
    """Return the boxes that differences from anchors stand for: undoes `encode_box_to_deltas`.

    Args:
        anchors: tensor of shape `(..., 4)`, or a dict of them, one for each level of a pyramid.
        boxes_delta: differences, of that structure.
        anchor_format: format of `anchors`, see `convert_format`.
        box_format: format of the result.
        encoded_format: `"center_yxhw"` or `"center_xywh"`, the order of the differences.
        variance: four numbers that the differences were divided by, or None.
        image_shape: `(height, width, channels)`, for relative formats.

    Returns:
        A tensor of shape `(..., 4)`, or a dict of them.

    Raises:
        ValueError: if a format or `variance` is not valid.

    Example:

    >>> from minikeras.utils import bounding_boxes
    >>> bounding_boxes.decode_deltas_to_boxes(
    ...     [[0.0, 0.0, 10.0, 20.0]], [[0.0, 0.5, 0.0, 0.0]], "xyxy", "xyxy"
    ... ).tolist()
    [[5.0, 0.0, 15.0, 20.0]]
    """
    owner = "decode_deltas_to_boxes"
    one_of("center_xywh", "center_yxhw").check(encoded_format, "encoded_format", owner)
    variance, sizes = _checked_variance(variance, owner), sizes_of(image_shape, owner)

    def decoded(anchor: Any, delta: Any) -> Any:
        anchor = convert_format(anchor, anchor_format, encoded_format, **sizes)
        delta = ops.convert_to_tensor(delta)
        delta = delta if variance is None else delta * variance
        centers = delta[..., :2] * anchor[..., 2:] + anchor[..., :2]
        box = ops.concatenate([centers, ops.exp(delta[..., 2:]) * anchor[..., 2:]], axis=-1)
        return convert_format(box, encoded_format, box_format, **sizes)

    if isinstance(anchors, dict) and isinstance(boxes_delta, dict):
        return {level: decoded(anchor, boxes_delta[level]) for level, anchor in anchors.items()}
    return decoded(anchors, boxes_delta)


def _checked_variance(variance: Any, owner: str) -> Any:
    if variance is None:
        return None
    values = ops.cast(variance, "float32")
    if values.ndim == 0 or values.shape[-1] != 4:
        raise ArgumentError(owner, "variance", "four numbers", variance)
    return values


def sizes_of(image_shape: Any, owner: str) -> dict[str, Any]:
    """Return the `height` and `width` of an image's shape."""
    if image_shape is None:
        return {}
    if not isinstance(image_shape, (list, tuple)) or len(image_shape) != 3:
        raise ArgumentError(owner, "image_shape", "(height, width, channels)", image_shape)
    return {"height": image_shape[0], "width": image_shape[1]}
