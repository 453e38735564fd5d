"""`image_dataset_from_directory`: images in folders, one for each class."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from minikeras.common.arguments import ArgumentError, PositiveInt, Truth, checked, is_integer
from minikeras.common.extras import require
from minikeras.common.settings import standardize_data_format
from minikeras.data.dataset import Dataset
from minikeras.data.dataset_utils import Format, LabelMode, Reading, Subset, dataset_of_files
from minikeras.data.spec import TensorSpec
from minikeras.kernels.resampling import METHODS, resample
from minikeras.ops.resizing import middle_box

_FORMATS = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
_MODES = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}


@checked
def image_dataset_from_directory(
    directory: Any,
    labels: Any = "inferred",
    label_mode: LabelMode = "int",
    class_names: Sequence[str] | None = None,
    color_mode: Literal["grayscale", "rgb", "rgba"] = "rgb",
    batch_size: PositiveInt | None = 32,
    image_size: Any = (256, 256),
    shuffle: Truth = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: Subset = None,
    interpolation: str = "bilinear",
    follow_links: Truth = False,
    crop_to_aspect_ratio: Truth = False,
    pad_to_aspect_ratio: Truth = False,
    data_format: str | None = None,
    format: Format = "tf",
    verbose: Truth = True,
) -> Dataset | tuple[Dataset, Dataset]:
    """Make a data set of the images in a folder, which threads read while a model trains.

    A folder that holds the folders `cats` and `dogs` gives images with the labels 0 and 1. Files may lie
    deeper. Taken are those that end in `.jpg`, `.jpeg`, `.png`, `.bmp` and `.gif` (the first picture).
    Pillow reads them: `pip install "minikeras-numpy[image]"`.

    Args:
        directory: the folder.
        labels: `"inferred"`: the folders in it are the classes. None: no labels. Or a list of them, one
            for each file in sorted order, wherever it lies.
        label_mode: `"int"`: labels are int32 of shape `(batch,)`. `"binary"`: float32 zeros and ones of
            shape `(batch, 1)`. `"categorical"`: float32 of shape `(batch, classes)`, one-hot. None: no
            labels.
        class_names: the folders to take, in the order of their numbers; all of them, sorted, if None.
        color_mode: `"grayscale"`, `"rgb"` or `"rgba"`: 1, 3 or 4 channels.
        batch_size: images in a batch; None for single images.
        image_size: `(height, width)` that they are resized to, or one number for both.
        shuffle: whether to bring files into random order, and to shuffle them anew in each pass. Else they
            are sorted.
        seed: seed of both. `file_paths` has the order that Keras gives it for this seed.
        validation_split: the fraction of the files that is kept for validation.
        subset: `"training"`, `"validation"` or `"both"`, with `validation_split`.
        interpolation: `"bilinear"`, `"nearest"`, `"bicubic"`, `"area"`, `"lanczos3"`, `"lanczos5"`,
            `"gaussian"` or `"mitchellcubic"`, as `tf.image.resize` has them, without antialiasing.
        follow_links: whether to go into folders that links point to.
        crop_to_aspect_ratio: whether to cut off what does not fit the proportions of `image_size`, rather
            than distort the image.
        pad_to_aspect_ratio: whether to put zeros around instead.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.
        format: `"tf"` and `"grain"` give the same: a `minikeras.data.Dataset`.
        verbose: whether to print how many files there are.

    Returns:
        A `Dataset` of float32 images from 0 to 255 (of uint8 for `"nearest"`), of shape
        `(batch, height, width, channels)`, or of pairs of them and labels. It has the attributes
        `class_names` and `file_paths`. For `subset="both"` two of them, the second one not shuffled anew.

    Raises:
        FileNotFoundError: if there is no such folder.
        ValueError: if it holds no images, or if an argument is not as described. A file that is no image
            raises one when its turn comes.

    Example:

    >>> import os, tempfile
    >>> import numpy as np
    >>> from minikeras.utils import image_dataset_from_directory, save_img
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("cats", "dogs"):
    ...         os.mkdir(os.path.join(folder, name))
    ...         save_img(os.path.join(folder, name, "1.png"), np.random.rand(9, 12, 3))
    ...     dataset = image_dataset_from_directory(folder, image_size=(8, 8))
    ...     for images, labels in dataset:
    ...         print(images.shape, sorted(labels.tolist()), dataset.class_names)
    Found 2 files belonging to 2 classes.
    (2, 8, 8, 3) [0, 1] ['cats', 'dogs']
    """
    owner = "image_dataset_from_directory"
    size = (image_size, image_size) if is_integer(image_size) else image_size
    if (
        not isinstance(size, (list, tuple))
        or len(size) != 2
        or not all(is_integer(n) and n > 0 for n in size)
    ):
        raise ArgumentError(owner, "image_size", "two positive integers", image_size)
    method = interpolation.lower() if isinstance(interpolation, str) else interpolation
    if method not in METHODS:
        raise ArgumentError(owner, "interpolation", f"one of {list(METHODS)}", interpolation)
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ValueError(
            f"{owner}: of `crop_to_aspect_ratio` and `pad_to_aspect_ratio` only one can be True."
        )
    require("PIL.Image", "image")
    height, width = map(int, size)
    fit = "crop" if crop_to_aspect_ratio else "pad" if pad_to_aspect_ratio else "stretch"
    first = standardize_data_format(data_format) == "channels_first"
    mode = _MODES[color_mode]
    shape = (len(mode), height, width) if first else (height, width, len(mode))
    reading = Reading(
        functools.partial(_read, mode=mode, method=method, fit=fit, first=first),
        TensorSpec(shape, "uint8" if method == "nearest" else "float32"),
        _FORMATS,
        "image",
    )
    return dataset_of_files(
        owner,
        reading,
        directory,
        labels=labels,
        label_mode=label_mode,
        class_names=class_names,
        batch_size=batch_size,
        shuffle=shuffle,
        seed=seed,
        validation_split=validation_split,
        subset=subset,
        follow_links=follow_links,
        verbose=verbose,
    )


def _read(path: str, out: np.ndarray, mode: str, method: str, fit: str, first: bool) -> None:
    """Put the image in a file, brought to a size, into an array.

    Args:
        path: the file.
        out: the array.
        mode: Pillow's name of the colours.
        method: how it is resized.
        fit: how it becomes of other proportions: `"stretch"`, `"crop"` or `"pad"`.
        first: whether channels come first.
    """
    out = out.transpose(1, 2, 0) if first else out
    image = decode(path, mode)
    (rows, columns), (height, width) = image.shape[:2], out.shape[:2]
    if fit == "crop":
        top, left, rows, columns = middle_box(rows, columns, (height, width))
        image = image[top : top + rows, left : left + columns]
    if fit == "pad":
        tall = min(height, max(1, rows * width // columns))
        wide = min(width, max(1, columns * height // rows))
        top = max(0, height * columns - rows * width) // (2 * columns)
        left = max(0, width * rows - columns * height) // (2 * rows)
        out[...] = 0
        out = out[top : top + tall, left : left + wide]
    resample(image, *out.shape[:2], method, out)


def decode(path: str, mode: str) -> np.ndarray:
    """Return the pixels of an image file, uint8 of shape `(height, width, channels)`.

    Args:
        path: the file.
        mode: Pillow's name of the colours: `"L"`, `"RGB"` or `"RGBA"`.

    Raises:
        ValueError: if Pillow cannot read it.
    """
    pillow = require("PIL.Image", "image")
    try:
        with pillow.open(path) as image:
            if mode == "L":
                image.draft("L", image.size)  # JPEG has the brightness beside the colours
            if image.mode.startswith("I"):  # grey of 16 bits, of which the upper 8 are taken
                image = pillow.fromarray((np.asarray(image) >> 8).astype(np.uint8))
            pixels = np.asarray(image if image.mode == mode else image.convert(mode))
    except FileNotFoundError:
        raise
    except (OSError, SyntaxError, ValueError, pillow.DecompressionBombError) as error:
        raise ValueError(f"image_dataset_from_directory: {path!r} is no image: {error}") from error
    return pixels[:, :, None] if mode == "L" else pixels
