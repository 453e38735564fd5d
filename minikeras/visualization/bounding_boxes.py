"""Bounding boxes on images."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from minikeras import ops
from minikeras.common.arguments import checked
from minikeras.common.extras import require
from minikeras.common.settings import standardize_data_format
from minikeras.utils.bounding_boxes import convert_format
from minikeras.visualization.image_gallery import as_bytes, image_batch, plot_image_gallery
from minikeras.visualization.style import brightness

LETTERS = 30
"""Size of the font in pixels at `font_scale` 1. Capital letters are 22 high, as OpenCV's."""


@checked
def draw_bounding_boxes(
    images: Any,
    bounding_boxes: Mapping,
    bounding_box_format: str,
    class_mapping: Mapping | None = None,
    color: Sequence[float] = (128, 128, 128),
    line_thickness: int = 2,
    text_thickness: int | None = 1,
    font_scale: float = 1.0,
    data_format: str | None = None,
) -> np.ndarray:
    """Draw bounding boxes on images, with their labels if wanted.

    Keras draws with OpenCV; this is NumPy, so some pixels differ. Lines are exactly `line_thickness`
    wide and corners are square (OpenCV rounds thick ones). Labels are black or white on a bar in
    the boxes' colour (in Keras, coloured and without a bar), in a font that has accents and other
    scripts. A bar is above its box, or inside where there is no room above, and never leaves the
    image. `"channels_first"` works.

    Args:
        images: tensor or array of shape `(batch, height, width, channels)` with 1, 3 or 4 channels.
            Values are 0..255; floats that are all at most 1 are taken to be 0..1.
        bounding_boxes: dict with `"boxes"` of shape `(batch, boxes, 4)` and `"labels"`, classes of
            shape `(batch, boxes)`; a box of class -1 is not drawn. It may have `"confidences"`, too,
            of the shape of the labels.
        bounding_box_format: format of the boxes, as in `utils.bounding_boxes.convert_format`.
        class_mapping: dict from classes to names. The name of a class that is in it, and its
            confidence, is written at the box.
        color: red, green and blue in 0..255.
        line_thickness: width of the lines in pixels; a negative one fills the boxes.
        text_thickness: width of the letters' lines; from 3 on they are bold. `line_thickness` if None.
        font_scale: size of the text, see above; 1 makes capital letters 22 pixels high.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Returns:
        An array of bytes of the shape of `images`, which stay as they are.

    Raises:
        ValueError: if shapes do not fit, the format is unknown, or a key is missing.
        TypeError: if `bounding_boxes` is not a dict.
        ImportError: if there are labels to write, and matplotlib, which brings Pillow and a font, is
            not installed.

    Example:

    >>> import numpy as np
    >>> from minikeras.visualization import draw_bounding_boxes
    >>> image = np.zeros((1, 5, 6, 1), "uint8")
    >>> boxes = {"boxes": [[[1, 0, 4, 3]]], "labels": [[0]]}
    >>> draw_bounding_boxes(image, boxes, "xyxy", color=(9, 9, 9), line_thickness=1)[0, :, :, 0]
    array([[0, 9, 9, 9, 9, 0],
           [0, 9, 0, 0, 9, 0],
           [0, 9, 0, 0, 9, 0],
           [0, 9, 9, 9, 9, 0],
           [0, 0, 0, 0, 0, 0]], dtype=uint8)
    """
    name = "draw_bounding_boxes"
    images = image_batch(name, images, data_format)
    boxes, labels, confidences = _boxes(name, bounding_boxes, bounding_box_format, images.shape)
    if line_thickness == 0:
        raise ValueError(f"{name}: argument `line_thickness` must not be 0.")
    if font_scale <= 0:
        raise ValueError(
            f"{name}: argument `font_scale` must be greater than 0. Received: font_scale={font_scale}"
        )
    if images.dtype.kind == "f" and images.size and images.max() <= 1:
        pictures = as_bytes(name, images, (0, 1))
    else:
        pictures = as_bytes(name, images, (0, 255))
    pictures = pictures.copy()
    paint = _in_channels(name, color, images.shape[-1])
    bold = (abs(text_thickness or line_thickness) - 1) // 2  # on each side of a line
    size = max(1, round(LETTERS * font_scale))
    for index, row in zip(*np.nonzero(labels != -1)):
        box, label = boxes[index, row].tolist(), int(labels[index, row])
        _rectangle(pictures[index], box, paint, line_thickness)
        if class_mapping and label in class_mapping:
            text = str(class_mapping[label])
            if confidences is not None:
                text += f" | {confidences[index, row]:.2f}"
            _label(pictures[index], box, paint, line_thickness, _lettering(text, size, bold))
    if standardize_data_format(data_format) == "channels_first":
        pictures = np.ascontiguousarray(pictures.transpose(0, 3, 1, 2))
    return pictures


def _boxes(
    function: str, bounding_boxes: Mapping, source: str, shape: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Return the corners of boxes as whole numbers, the labels, and the confidences if there are."""
    missing = {"boxes", "labels"} - set(bounding_boxes)
    if missing:
        raise ValueError(
            f"{function}: bounding boxes must have 'boxes' and 'labels'. "
            f"Received: a dict with {sorted(map(str, bounding_boxes))}"
        )
    batch, height, width, _ = shape
    corners = convert_format(bounding_boxes["boxes"], source, "xyxy", height, width)
    corners = ops.convert_to_numpy(corners)
    if corners.ndim != 3 or len(corners) != batch:
        raise ValueError(
            f"{function}: 'boxes' must have the shape (batch, boxes, 4) with a batch of {batch}, as "
            f"the images have. Received: shape {corners.shape}"
        )
    beside = {}
    for key in ("labels", "confidences"):
        value = bounding_boxes.get(key)
        beside[key] = None if value is None else ops.convert_to_numpy(value)
        if (value is not None or key == "labels") and np.shape(beside[key]) != corners.shape[:2]:
            raise ValueError(
                f"{function}: '{key}' must have one number for each box, shape {corners.shape[:2]}. "
                f"Received: shape {np.shape(beside[key])}"
            )
    labels = beside["labels"].astype("int64")
    if not np.isfinite(corners[labels != -1]).all():
        raise ValueError(
            f"{function}: 'boxes' must be finite numbers, but for those whose label is -1."
        )
    # What is far outside of the image is outside anyway; as floats it might not fit an integer.
    far = 2 * max(height, width) + 2**15
    corners = np.clip(np.nan_to_num(corners), -far, far).astype("int64")
    low, high = np.minimum(corners[..., :2], corners[..., 2:]), corners[..., :2] + corners[..., 2:]
    return np.concatenate([low, high - low], axis=-1), labels, beside["confidences"]


def _in_channels(function: str, color: Any, channels: int) -> np.ndarray:
    """Return red, green and blue as a pixel of an image."""
    color = np.asarray(color)
    if color.shape != (3,) or not ((color >= 0) & (color <= 255)).all():
        raise ValueError(
            f"{function}: argument `color` must be red, green and blue in 0..255. "
            f"Received: {color.tolist()}"
        )
    if channels == 1:
        color = np.round(brightness(color))[None]
    return np.append(color, [255] * (channels == 4)).astype("uint8")


def _fill(picture: np.ndarray, left: int, top: int, right: int, bottom: int, paint: Any) -> None:
    """Paint a rectangle, without `right` and `bottom`; parts of it may be outside of the picture."""
    picture[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = paint


def _rectangle(picture: np.ndarray, box: list[int], paint: np.ndarray, thickness: int) -> None:
    """Draw lines whose middles go through the corners of a box."""
    left, top, right, bottom = box
    if thickness < 0:
        _fill(picture, left, top, right + 1, bottom + 1, paint)
        return
    before, after = thickness // 2, thickness - thickness // 2
    for y in (top, bottom):
        _fill(picture, left - before, y - before, right + after, y + after, paint)
    for x in (left, right):
        _fill(picture, x - before, top - before, x + after, bottom + after, paint)


@functools.lru_cache(maxsize=256)
def _lettering(text: str, size: int, bold: int) -> np.ndarray:
    """Return how much of each pixel a text covers, 0..1, with a margin around it; shape (height, width)."""
    data = require("matplotlib", "plot").get_data_path()
    pillow = require("PIL.Image", "plot")
    font = require("PIL.ImageFont", "plot").truetype(
        os.path.join(data, "fonts", "ttf", "DejaVuSans.ttf"), size
    )
    ascent, descent = font.getmetrics()
    margin = bold + max(1, size // 10)
    width = round(font.getlength(text)) + 2 * margin
    canvas = pillow.new("L", (width, ascent + descent + 2 * bold))
    draw = require("PIL.ImageDraw", "plot").Draw(canvas)
    draw.text((margin, bold + ascent), text, fill=255, font=font, stroke_width=bold, anchor="ls")
    return np.asarray(canvas, "float32") / 255


def _label(
    picture: np.ndarray, box: list[int], paint: np.ndarray, thickness: int, text: np.ndarray
) -> None:
    """Write a text on a bar at the upper edge of a box."""
    height, width = text.shape
    edge = max(thickness, 0) // 2
    left, top = box[0] - edge, box[1] - edge - height
    if top < 0:
        top = box[1] - edge  # inside: over the upper line
    left = max(0, min(left, picture.shape[1] - width))
    top = max(0, min(top, picture.shape[0] - height))
    place = picture[top : top + height, left : left + width]
    cover = text[: place.shape[0], : place.shape[1], None]
    bright = brightness(paint) if len(paint) > 1 else paint[0]
    ink = paint.copy()
    ink[:3] = 0 if bright > 127 else 255
    place[:] = np.round(paint + cover * (ink.astype("float32") - paint))


@checked
def plot_bounding_box_gallery(
    images: Any,
    bounding_box_format: str,
    y_true: Mapping | None = None,
    y_pred: Mapping | None = None,
    value_range: Sequence[float] = (0, 255),
    true_color: Sequence[float] = (0, 188, 212),
    pred_color: Sequence[float] = (255, 235, 59),
    line_thickness: int = 2,
    font_scale: float = 1.0,
    text_thickness: int | None = None,
    class_mapping: Mapping | None = None,
    ground_truth_mapping: Mapping | None = None,
    prediction_mapping: Mapping | None = None,
    legend: bool = False,
    legend_handles: Sequence[Any] | None = None,
    rows: int | None = None,
    cols: int | None = None,
    data_format: str | None = None,
    **kwargs: Any,
) -> None:
    """Show images with their true and their predicted bounding boxes.

    Args:
        images: tensor or array of shape `(batch, height, width, channels)`.
        bounding_box_format: format of the boxes, as in `utils.bounding_boxes.convert_format`.
        y_true: the true boxes, as `draw_bounding_boxes` takes them.
        y_pred: the predicted boxes, likewise; they are drawn over the true ones.
        value_range: the values in `images` that are black and full brightness.
        true_color: red, green and blue of true boxes, 0..255.
        pred_color: colour of predicted boxes, likewise.
        line_thickness: as in `draw_bounding_boxes`, as are the next two.
        font_scale: size of the labels.
        text_thickness: how bold they are.
        class_mapping: dict from classes to the names that are written at the boxes.
        ground_truth_mapping: another one, for true boxes.
        prediction_mapping: another one, for predicted boxes.
        legend: whether to tell what the colours are.
        legend_handles: matplotlib artists with labels, for a legend of your own.
        rows: how many rows of images, as in `plot_image_gallery`.
        cols: how many columns, likewise.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.
        **kwargs: for `plot_image_gallery`: `path`, `show`, `scale`, `dpi`, ...

    Raises:
        ValueError: if shapes do not fit, or both `legend` and `legend_handles` are given.
        ImportError: if matplotlib is not installed.

    Example:

    >>> import numpy as np
    >>> from minikeras.visualization import plot_bounding_box_gallery
    >>> images = np.random.default_rng(0).uniform(size=(2, 64, 64, 3))
    >>> truth = {"boxes": np.array([[[8, 30, 40, 24]]] * 2), "labels": np.array([[0], [1]])}
    >>> names = {0: "cat", 1: "dog"}
    >>> options = {"value_range": (0, 1), "font_scale": 0.4, "class_mapping": names, "legend": True}
    >>> plot_bounding_box_gallery(images, "xywh", truth, **options, show=False)
    """
    name = "plot_bounding_box_gallery"
    patch = require("matplotlib.patches", "plot").Patch
    if legend and legend_handles:
        raise ValueError(f"{name}: give either `legend` or `legend_handles`, not both.")
    images = image_batch(name, images, data_format)
    kinds = (
        ("Ground Truth", y_true, true_color, ground_truth_mapping or class_mapping),
        ("Prediction", y_pred, pred_color, prediction_mapping or class_mapping),
    )
    if tuple(value_range) != (0, 255) or (y_true is None and y_pred is None):
        images = as_bytes(name, images, value_range)
    for _, boxes, color, mapping in kinds:
        if boxes is not None:
            images = draw_bounding_boxes(
                images,
                boxes,
                bounding_box_format,
                class_mapping=mapping,
                color=color,
                line_thickness=line_thickness,
                text_thickness=text_thickness,
                font_scale=font_scale,
                data_format="channels_last",
            )
    if legend:
        legend_handles = [
            patch(color=np.array(color) / 255, label=label) for label, _, color, _ in kinds
        ]
    shape = {"rows": rows, "cols": cols, "legend_handles": legend_handles}
    plot_image_gallery(images, **shape, data_format="channels_last", **kwargs)
