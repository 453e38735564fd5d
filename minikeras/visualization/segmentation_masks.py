"""Segmentation masks on images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from minikeras import ops
from minikeras.common.arguments import checked
from minikeras.visualization.image_gallery import as_bytes, image_batch, plot_image_gallery

# Multiples of it, modulo 255, are the classes' colours: neighbours differ much.
_STEP = np.array([2**25 - 1, 2**15 - 1, 2**21 - 1])


@checked
def draw_segmentation_masks(
    images: Any,
    segmentation_masks: Any,
    num_classes: int | None = None,
    color_mapping: Mapping | None = None,
    alpha: float = 0.8,
    blend: bool = True,
    ignore_index: int = -1,
    data_format: str | None = None,
) -> np.ndarray:
    """Lay the colours of classes over images.

    The classes' colours are those of Keras. Class 0, the background, is black, so it is darkened;
    `ignore_index=0` leaves it as it is.

    Differences from Keras: class `num_classes` is drawn too (Keras leaves the greatest class out), a
    class without a colour in `color_mapping` stays as it is (an error in Keras), masks of rank 3 are
    taken, what is to be ignored is ignored with `blend=False` as well, and values are rounded, not
    cut.

    Args:
        images: tensor or array of shape `(batch, height, width, 3)` with values 0..255.
        segmentation_masks: integers of shape `(batch, height, width)` or `(batch, height, width, 1)`:
            the class of each pixel. Pixels of other classes than 0..`num_classes` stay as they are.
        num_classes: the greatest class that is drawn; by default the greatest in the masks.
        color_mapping: dict from classes to red, green and blue in 0..255.
        alpha: opacity of the colours, 0..1.
        blend: whether `alpha` counts. If False, the colours hide the images.
        ignore_index: a class that is not drawn.
        data_format: of `images` and of masks of rank 4: `"channels_last"` or `"channels_first"`; the
            global setting if None.

    Returns:
        An array of shape `(batch, height, width, 3)`, whatever `data_format` is: bytes, or float32 if
        `blend` is False.

    Raises:
        TypeError: if the masks are not integers.
        ValueError: if shapes do not fit, or `alpha` is not in 0..1.

    Example:

    >>> import numpy as np
    >>> from minikeras.visualization import draw_segmentation_masks
    >>> white = np.full((1, 1, 3, 3), 255, "uint8")
    >>> colors = {1: (255, 0, 0), 2: (0, 0, 255)}
    >>> draw_segmentation_masks(white, [[[0, 1, 2]]], color_mapping=colors, alpha=0.6)[0, 0].tolist()
    [[255, 255, 255], [255, 102, 102], [102, 102, 255]]
    """
    name = "draw_segmentation_masks"
    images = image_batch(name, images, data_format)
    if images.shape[-1] != 3:
        raise ValueError(
            f"{name}: argument `images` must have 3 channels: red, green and blue. "
            f"Received: {images.shape[-1]} channels"
        )
    masks = _classes(name, "segmentation_masks", segmentation_masks, images.shape[:3])
    if masks.dtype.kind not in "iu":
        raise TypeError(
            f"{name}: argument `segmentation_masks` must be integers. Received: dtype={masks.dtype}"
        )
    if not 0 <= alpha <= 1:
        raise ValueError(f"{name}: argument `alpha` must be in 0..1. Received: alpha={alpha}")
    if num_classes is None:
        num_classes = max(int(masks.max(initial=0)), 0)
    table, drawn = _colours(name, num_classes, color_mapping)
    if 0 <= ignore_index <= num_classes:
        drawn[ignore_index] = False

    rows = np.where(
        (masks < 0) | (masks > num_classes), num_classes + 1, masks
    )  # the last is empty
    opacity = np.where(drawn, alpha if blend else 1, 0).astype("float32")[:, None]
    result = images * (1 - opacity)[rows]
    result += (table * opacity)[rows]
    return np.rint(np.clip(result, 0, 255, out=result)).astype("uint8") if blend else result


def _classes(function: str, argument: str, masks: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Return masks in the shape of the images without their channels."""
    masks = ops.convert_to_numpy(masks)
    batch, *size = shape
    # One class for each pixel: it does not matter where the axis of length 1 is.
    if masks.shape not in (shape, (*shape, 1), (batch, 1, *size)):
        raise ValueError(
            f"{function}: argument `{argument}` must have a class for each pixel of the images, shape "
            f"{shape} or {(*shape, 1)}; of probabilities, take `argmax(axis=-1)`. "
            f"Received: shape {masks.shape}"
        )
    return masks.reshape(shape)


def _colours(
    function: str, num_classes: int, color_mapping: Mapping | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the colours of classes 0..`num_classes` and of none, and which of them are drawn."""
    table = np.zeros((num_classes + 2, 3), "float32")
    drawn = np.zeros(num_classes + 2, bool)
    if color_mapping is None:
        table[:-1] = np.arange(num_classes + 1)[:, None] * _STEP % 255
        drawn[:-1] = True
        return table, drawn
    for index in range(num_classes + 1):
        if index in color_mapping:
            colour = color_mapping[index]
            if np.shape(colour) != (3,):
                raise ValueError(
                    f"{function}: a colour in `color_mapping` must be red, green and blue. "
                    f"Received: {colour!r} for class {index}"
                )
            table[index], drawn[index] = colour, True
    return table, drawn


@checked
def plot_segmentation_mask_gallery(
    images: Any,
    num_classes: int,
    value_range: Sequence[float] = (0, 255),
    y_true: Any = None,
    y_pred: Any = None,
    color_mapping: Mapping | None = None,
    blend: bool = True,
    alpha: float = 0.8,
    ignore_index: int = -1,
    data_format: str | None = None,
    **kwargs: Any,
) -> None:
    """Show each image beside its true and its predicted segmentation.

    An image is a row: as it is, with the true masks, with the predicted ones.

    Args:
        images: tensor or array of shape `(batch, height, width, 3)`.
        num_classes: the greatest class that is drawn.
        value_range: the values in `images` that are black and full brightness.
        y_true: the true classes, shape `(batch, height, width)` or `(batch, height, width, 1)`.
        y_pred: the predicted classes, likewise.
        color_mapping: as in `draw_segmentation_masks`, as are the next three.
        blend: whether the images are seen through the colours.
        alpha: opacity of the colours, 0..1.
        ignore_index: a class that is not drawn.
        data_format: of images and of masks of rank 4; the global setting if None.
        **kwargs: for `plot_image_gallery`: `path`, `show`, `scale`, `dpi`, ...

    Raises:
        ValueError: if shapes do not fit.
        ImportError: if matplotlib is not installed.

    Example:

    >>> import numpy as np
    >>> from minikeras.visualization import plot_segmentation_mask_gallery
    >>> images = np.random.default_rng(0).uniform(size=(2, 8, 8, 3))
    >>> truth = np.zeros((2, 8, 8), int)
    >>> truth[:, 2:6, 2:6] = 1
    >>> plot_segmentation_mask_gallery(images, 1, (0, 1), truth, ignore_index=0, show=False)
    """
    name = "plot_segmentation_mask_gallery"
    images = as_bytes(name, image_batch(name, images, data_format), value_range)
    columns = [images]
    for argument, masks in (("y_true", y_true), ("y_pred", y_pred)):
        if masks is not None:
            masks = _classes(name, argument, masks, images.shape[:3]).astype("int32")
            options = {"alpha": alpha, "blend": blend, "ignore_index": ignore_index}
            options |= {"color_mapping": color_mapping, "data_format": "channels_last"}
            drawn = draw_segmentation_masks(images, masks, num_classes, **options)
            columns.append(drawn.astype("uint8"))
    gallery = np.stack(columns, axis=1).reshape(-1, *images.shape[1:])
    shape = {"rows": len(images), "cols": len(columns)}
    plot_image_gallery(gallery, **shape, data_format="channels_last", **kwargs)
