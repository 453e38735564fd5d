"""Functions of `keras.utils.bounding_boxes` that say how well boxes overlap."""

from __future__ import annotations

import math
from typing import Any

from minikeras import ops
from minikeras.common.settings import settings
from minikeras.layers.preprocessing.image_preprocessing.bounding_boxes.converters import (
    convert_format,
    sizes_of,
)


def compute_iou(
    boxes1: Any,
    boxes2: Any,
    bounding_box_format: str,
    use_masking: bool = False,
    mask_val: float = -1,
    image_shape: tuple | None = None,
) -> Any:
    """Return how much of their union each box shares with each other box.

    Args:
        boxes1: tensor of shape `(m, 4)` or `(batch, m, 4)`.
        boxes2: tensor of shape `(n, 4)` or `(batch, n, 4)`.
        bounding_box_format: format of both, see `convert_format`.
        use_masking: whether boxes below 0 are no boxes.
        mask_val: what stands in the result for them.
        image_shape: `(height, width, channels)`, for relative formats.

    Returns:
        A tensor of shape `(m, n)` or `(batch, m, n)`, values from 0 to 1.

    Raises:
        ValueError: if a shape or the format is not valid.

    Example:

    >>> from minikeras.utils import bounding_boxes
    >>> bounding_boxes.compute_iou([[0, 0, 2, 2]], [[1, 0, 3, 2], [4, 4, 5, 5]], "xyxy")
    <Tensor shape=(1, 2) dtype=float32 [[0.333333 0.      ]]>
    """
    boxes1, boxes2 = _corners(boxes1, boxes2, bounding_box_format, image_shape, "compute_iou")
    for name, boxes in (("boxes1", boxes1), ("boxes2", boxes2)):
        if boxes.ndim not in (2, 3):
            raise ValueError(
                f"compute_iou: argument `{name}` must have shape (boxes, 4) or (batch, boxes, 4). "
                f"Received: {name}.shape={tuple(boxes.shape)}"
            )
    of_first, of_second = boxes1[..., :, None, :], boxes2[..., None, :, :]
    overlap = _area(
        ops.maximum(of_first[..., :2], of_second[..., :2]),
        ops.minimum(of_first[..., 2:], of_second[..., 2:]),
    )
    areas = [(b[..., 2] - b[..., 0]) * (b[..., 3] - b[..., 1]) for b in (of_first, of_second)]
    result = overlap / (areas[0] + areas[1] - overlap + settings.epsilon)
    if not use_masking:
        return result
    missing = [ops.max(b, axis=-1) < 0 for b in (of_first, of_second)]
    return ops.where(ops.logical_or(*missing), ops.cast(mask_val, result.dtype), result)


def compute_ciou(
    boxes1: Any, boxes2: Any, bounding_box_format: str, image_shape: tuple | None = None
) -> Any:
    """Return how well pairs of boxes fit each other: overlap, distance and shape in one number.

    Args:
        boxes1: tensor of shape `(..., 4)`.
        boxes2: tensor that broadcasts with it.
        bounding_box_format: format of both, see `convert_format`.
        image_shape: `(height, width, channels)`, for relative formats.

    Returns:
        A tensor without the last axis, 1 for equal boxes and less for others.

    Raises:
        ValueError: if the format is not valid.

    Source: Zheng et al., 2020.

    Example:

    >>> from minikeras.utils import bounding_boxes
    >>> bounding_boxes.compute_ciou([[0, 0, 2, 2]], [[1, 0, 3, 2]], "xyxy").numpy().round(4)
    array([0.2564], dtype=float32)
    """
    boxes1, boxes2 = _corners(boxes1, boxes2, bounding_box_format, image_shape, "compute_ciou")
    epsilon = settings.epsilon
    low1, high1, low2, high2 = boxes1[..., :2], boxes1[..., 2:], boxes2[..., :2], boxes2[..., 2:]
    (width1, height1), (width2, height2) = [
        (high[..., 0] - low[..., 0], high[..., 1] - low[..., 1] + epsilon)
        for low, high in ((low1, high1), (low2, high2))
    ]
    overlap = _area(ops.maximum(low1, low2), ops.minimum(high1, high2))
    union = width1 * height1 + width2 * height2 - overlap + epsilon
    iou = overlap / (union + epsilon)
    diagonal = ops.sum((ops.maximum(high1, high2) - ops.minimum(low1, low2)) ** 2, axis=-1)
    distance = ops.sum(((low1 + high1) / 2 - (low2 + high2) / 2) ** 2, axis=-1)
    angle = ops.arctan(width2 / height2) - ops.arctan(width1 / height1)
    shape = 4 / math.pi**2 * angle**2
    weight = shape / (shape - iou + (1 + epsilon))
    return iou - (distance / (diagonal + epsilon) + shape * weight)


def _corners(
    boxes1: Any, boxes2: Any, bounding_box_format: str, image_shape: Any, owner: str
) -> list:
    sizes = sizes_of(image_shape, owner)
    if str(bounding_box_format).startswith("rel") and not sizes:
        raise ValueError(
            f"{owner}: argument `image_shape` must be given for relative formats. Received: "
            f"bounding_box_format={bounding_box_format!r}, image_shape=None"
        )
    return [convert_format(b, bounding_box_format, "xyxy", **sizes) for b in (boxes1, boxes2)]


def _area(low: Any, high: Any) -> Any:
    """Return the area between corners, 0 where they are the wrong way round."""
    size = ops.maximum(high - low, 0)
    return size[..., 0] * size[..., 1]
