"""Many images in one figure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from minikeras import ops
from minikeras.common.arguments import checked
from minikeras.common.extras import require
from minikeras.common.settings import standardize_data_format


def image_batch(function: str, images: Any, data_format: str | None) -> np.ndarray:
    """Return images as an array of shape `(batch, height, width, channels)`.

    Args:
        function: of whom messages speak.
        images: tensor or array.
        data_format: of `images`; the global setting if None.
    """
    images = ops.convert_to_numpy(images)
    if images.ndim != 4:
        raise ValueError(
            f"{function}: argument `images` must be a batch of images, of rank 4. "
            f"Received: images.shape={images.shape}"
        )
    if standardize_data_format(data_format) == "channels_first":
        images = images.transpose(0, 2, 3, 1)
    if images.shape[-1] not in (1, 3, 4):
        raise ValueError(
            f"{function}: argument `images` must have 1, 3 or 4 channels: grey, RGB or RGBA. "
            f"Received: {images.shape[-1]} channels (data_format={data_format!r})"
        )
    return images


def as_bytes(function: str, images: np.ndarray, value_range: Sequence[float]) -> np.ndarray:
    """Return images with values in `value_range` as bytes; what lies outside counts as its ends."""
    low, high = value_range
    if not low < high:
        raise ValueError(
            f"{function}: argument `value_range` must be two numbers, the lesser first. "
            f"Received: value_range={value_range!r}"
        )
    if images.dtype == np.uint8 and (low, high) == (0, 255):
        return images
    values = (images.astype("float32") - low) * (255 / (high - low))
    return np.rint(np.clip(values, 0, 255)).astype("uint8")


@checked
def plot_image_gallery(
    images: Any,
    y_true: Any = None,
    y_pred: Any = None,
    label_map: Mapping | None = None,
    rows: int | None = None,
    cols: int | None = None,
    value_range: Sequence[float] = (0, 255),
    scale: float = 2,
    path: Any = None,
    show: bool | None = None,
    transparent: bool = True,
    dpi: float = 60,
    legend_handles: Sequence[Any] | None = None,
    data_format: str | None = None,
) -> None:
    """Show images side by side in a new figure, with their labels if wanted.

    Args:
        images: tensor or array of shape `(batch, height, width, channels)` with 1, 3 or 4 channels.
        y_true: true classes, shape `(batch,)`, written above the images.
        y_pred: predicted classes, likewise.
        label_map: dict from classes to names; a class that is not in it is "Unknown".
        rows: how many rows; by default as many as make all images fit, in about a square. With both
            `rows` and `cols` given, so many images are shown and no more.
        cols: how many columns, likewise.
        value_range: the values in `images` that are black and full brightness.
        scale: side of an image in inches.
        path: file to save the figure in. Its ending tells the format.
        show: whether to call `plt.show()` and close the figure; by default, if there is no `path`. If
            False, the figure stays matplotlib's current one: `plt.gcf()`.
        transparent: whether the saved figure has a clear background.
        dpi: dots per inch of the saved figure.
        legend_handles: matplotlib artists with labels, for a legend below the images.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Raises:
        ValueError: if `images` is not a batch of images, labels come without `label_map`, or both
            `path` and `show` are given.
        ImportError: if matplotlib is not installed.

    Example:

    >>> import numpy as np
    >>> from matplotlib import pyplot as plt
    >>> from minikeras.visualization import plot_image_gallery
    >>> images = np.random.default_rng(0).uniform(size=(6, 8, 8, 3))
    >>> names = {0: "cat", 1: "dog"}
    >>> plot_image_gallery(images, [0, 1, 1, 0, 0, 1], label_map=names, value_range=(0, 1), show=False)
    >>> [ax.get_title() for ax in plt.gcf().axes[:2]]
    ['Label: cat', 'Label: dog']
    """
    name = "plot_image_gallery"
    if path is not None and show:
        raise ValueError(f"{name}: give either `path` or `show=True`, not both. Received: {path=}")
    labels = {"Label": y_true, "Pred": y_pred}
    labels = {kind: ops.convert_to_numpy(y) for kind, y in labels.items() if y is not None}
    if labels and label_map is None:
        raise ValueError(
            f"{name}: `y_true` and `y_pred` need `label_map`, the names of the classes."
        )
    images = image_batch(name, images, data_format)
    rows, cols = _grid(name, len(images), rows, cols)
    images = as_bytes(name, images[: rows * cols], value_range)
    for kind, y in labels.items():
        if y.ndim != 1 or len(y) < len(images):
            raise ValueError(
                f"{name}: argument `{'y_true' if kind == 'Label' else 'y_pred'}` must be a class for "
                f"each of the {len(images)} images. Received: shape {y.shape}"
            )

    plt = require("matplotlib.pyplot", "plot")
    legend_height = 0.4 if legend_handles is not None else 0  # inches
    figure, axes = plt.subplots(
        rows,
        cols,
        figsize=(cols * scale, rows * scale + legend_height),
        frameon=False,
        layout="constrained",
        squeeze=False,
    )
    above_legend = legend_height / (rows * scale + legend_height)
    figure.get_layout_engine().set(
        w_pad=0.02, h_pad=0.02, wspace=0, hspace=0, rect=(0, above_legend, 1, 1 - above_legend)
    )
    for index, ax in enumerate(axes.flat):
        ax.axis("off")
        if index >= len(images):
            continue
        image = images[index]
        ax.imshow(image[..., 0] if image.shape[-1] == 1 else image, cmap="gray", vmin=0, vmax=255)
        said = [f"{kind}: {label_map.get(y[index], 'Unknown')}" for kind, y in labels.items()]
        if said:
            ax.set_title("  ".join(said), fontsize=8)
    if legend_handles is not None:
        figure.legend(handles=legend_handles, loc="lower center", ncols=len(legend_handles))

    if path is not None:
        figure.savefig(path, pad_inches=0, bbox_inches="tight", transparent=transparent, dpi=dpi)
    elif show is not False:
        plt.show()
    else:
        return
    plt.close(figure)


def _grid(function: str, count: int, rows: int | None, cols: int | None) -> tuple[int, int]:
    """Return how many rows and columns hold so many images."""
    for argument, value in (("images", count), ("rows", rows), ("cols", cols)):
        if value is not None and value < 1:
            raise ValueError(
                f"{function}: there must be at least one of `{argument}`. Received: {value}"
            )
    if rows is None:
        rows = math.ceil(count / cols if cols else math.sqrt(count))
    return rows, cols or math.ceil(count / rows)
