"""Images on the way into networks for ImageNet, and names for what comes out."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from minikeras import ops
from minikeras.common.arguments import ArgumentError, PositiveInt, checked
from minikeras.common.dtypes import standardize_dtype
from minikeras.common.settings import settings
from minikeras.utils.file_utils import RemoteFile, cached_file

__all__ = ["decode_predictions", "preprocess_input"]

DataFormat = Literal["channels_first", "channels_last"] | None

_CLASS_INDEX = RemoteFile(
    "https://storage.googleapis.com/download.tensorflow.org/data/imagenet_class_index.json",
    "c2c37ea517e94d9795004a39431a14cb",
    "models",
)
_MEAN_BGR = (103.939, 116.779, 123.68)
MEAN_RGB = (0.485, 0.456, 0.406)  # of pixels between 0 and 1
STDDEV_RGB = (0.229, 0.224, 0.225)


@checked
def preprocess_input(
    x: Any, data_format: DataFormat = None, mode: Literal["caffe", "tf", "torch"] = "caffe"
) -> Any:
    """Bring pixels into the range that a network was trained on.

    Args:
        x: images, one or a batch, with 3 channels of values from 0 to 255: an array, a tensor or a
            KerasTensor. An array of floats is overwritten; pass a copy to keep it.
        data_format: `"channels_first"` or `"channels_last"`; `image_data_format` if None.
        mode: `"caffe"`: the channels are reversed, RGB to BGR, and ImageNet's mean is taken from
            each. `"tf"`: values from -1 to 1. `"torch"`: values from 0 to 1, then each channel is
            brought to ImageNet's mean 0 and deviation 1.

    Returns:
        The images, as floats.

    Raises:
        ValueError: if an argument is not what it may be.

    Example:

    >>> import numpy as np
    >>> preprocess_input(np.array([[[0, 127.5, 255]]]), mode="tf")
    array([[[-1.,  0.,  1.]]])
    """
    first = (data_format or settings.image_data_format) == "channels_first"
    axis = (-3 if first else -1) + len(x.shape)
    if len(x.shape) not in (3, 4):
        raise ArgumentError("preprocess_input", "x", "one image or a batch of them", x)
    if isinstance(x, np.ndarray):
        return _preprocess_array(x, axis, mode)
    return _preprocess_tensor(x, axis, mode)


def _preprocess_array(x: np.ndarray, axis: int, mode: str) -> np.ndarray:
    if not np.issubdtype(x.dtype, np.floating) and standardize_dtype(x.dtype) != "bfloat16":
        x = x.astype(settings.floatx)
    if mode == "tf":
        x /= 127.5
        x -= 1.0
        return x
    if mode == "caffe":
        mean, x = _MEAN_BGR, np.flip(x, axis)
    else:
        mean = MEAN_RGB
        x /= 255.0
    # One channel after the other: rows of three numbers would be slow.
    for channel, of_channel in enumerate(np.moveaxis(x, axis, 0)):
        of_channel -= mean[channel]
        if mode == "torch":
            of_channel /= STDDEV_RGB[channel]
    return x


def _preprocess_tensor(x: Any, axis: int, mode: str) -> Any:
    if "float" not in standardize_dtype(x.dtype):
        x = ops.cast(x, settings.floatx)
    if mode == "tf":
        return x / 127.5 - 1.0
    shape = [3 if i == axis else 1 for i in range(len(x.shape))]
    if mode == "caffe":
        return ops.flip(x, axis) - np.reshape(_MEAN_BGR, shape).astype(x.dtype)
    x = x / 255.0 - np.reshape(MEAN_RGB, shape).astype(x.dtype)
    return x / np.reshape(STDDEV_RGB, shape).astype(x.dtype)


@checked
def decode_predictions(preds: Any, top: PositiveInt = 5) -> list[list[tuple[str, str, Any]]]:
    """Name the most probable classes of each image.

    Args:
        preds: what a network for ImageNet predicts, of shape `(images, 1000)`.
        top: how many classes are wanted, the most probable first.

    Returns:
        For each image a list of tuples `(id in WordNet, English name, score)`.

    Raises:
        ValueError: if `preds` is of another shape.
        OSError: if the file of the names, `imagenet_class_index.json` in `~/.keras/models`, is not
            there and could not be downloaded.

    Example:

    ```python
    model = minikeras.applications.MobileNetV2()
    images = minikeras.applications.mobilenet_v2.preprocess_input(images)
    decode_predictions(model.predict(images), top=1)  # [[("n02504458", "African_elephant", 0.9)]]
    ```
    """
    shape = tuple(getattr(preds, "shape", ()))
    if len(shape) != 2 or shape[1] != 1000:
        raise ArgumentError(
            "decode_predictions", "preds", "a batch of predictions, of shape (images, 1000)", preds
        )
    named = _class_index()
    answers = []
    for scores in ops.convert_to_numpy(preds):
        best = np.argsort(-scores, kind="stable")[:top]
        answers.append([(*named[str(i)], scores[i]) for i in best])
    return answers


@functools.cache
def _class_index() -> dict[str, list[str]]:
    """Return identifier and name of each class, by its number."""
    with open(cached_file(_CLASS_INDEX, "imagenet_class_index.json"), encoding="utf-8") as file:
        return json.load(file)


_SAID = {
    "caffe": "the channels are reversed, RGB to BGR, and ImageNet's mean is taken from each.",
    "tf": "values from -1 to 1.",
    "torch": "values from 0 to 1, and then ImageNet's mean 0 and deviation 1 in each channel.",
}


def preprocessing(mode: Literal["caffe", "tf", "torch"] | None) -> Callable:
    """Return the `preprocess_input` of a family of networks.

    Args:
        mode: as `preprocess_input` takes it; None for networks that scale pixels themselves.
    """

    def preprocess(x: Any, data_format: DataFormat = None) -> Any:
        return x if mode is None else preprocess_input(x, data_format, mode)

    said = "nothing, since the network has layers for it." if mode is None else _SAID[mode]
    preprocess.__name__ = preprocess.__qualname__ = "preprocess_input"
    preprocess.__doc__ = f"""Bring pixels into the range that the network was trained on: {said}

    Args:
        x: images, one or a batch, with 3 channels of values from 0 to 255: an array, a tensor or a
            KerasTensor. An array of floats is overwritten; pass a copy to keep it.
        data_format: `"channels_first"` or `"channels_last"`; `image_data_format` if None.

    Returns:
        The images, as floats.
    """
    return checked(preprocess)
