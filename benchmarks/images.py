"""Steps of `preprocessing.py` on images: 64 of 224x224x3, and a folder of files.

Of TensorFlow's Keras (2.15), which has no `ops.image`, TensorFlow's own functions are timed.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from typing import Any

import numpy as np

BATCH = (64, 224, 224, 3)
FOLDER = "BENCHMARK_IMAGES"
"""Environment variable that names the folder of JPEG files, which `write_folder` makes."""

FACTOR = {"factor": 0.3}
LAYERS: dict[str, dict] = {
    "AugMix": FACTOR,
    "AutoContrast": {},
    "CenterCrop": {"height": 200, "width": 200},
    "ContrastLimitedAdaptiveHistogramEqualization": {},
    "CutMix": {},
    "Equalization": {},
    "MixUp": {},
    "RandAugment": FACTOR,
    "RandomBrightness": FACTOR,
    "RandomColorDegeneration": FACTOR,
    "RandomColorJitter": {
        "brightness_factor": 0.3,
        "contrast_factor": 0.3,
        "saturation_factor": (0.3, 0.7),
        "hue_factor": 0.3,
    },
    "RandomContrast": FACTOR,
    "RandomCrop": {"height": 200, "width": 200},
    "RandomElasticTransform": {"scale": (0.5, 0.5)},
    "RandomErasing": {},
    "RandomFlip": {},
    "RandomGaussianBlur": {},
    "RandomGrayscale": {},
    "RandomHue": FACTOR,
    "RandomInvert": {},
    "RandomPerspective": {"factor": 1.0, "scale": 0.3},
    "RandomPosterization": {"factor": 6},
    "RandomRotation": FACTOR,
    "RandomSaturation": {"factor": (0.3, 0.7)},
    "RandomSharpness": FACTOR,
    "RandomShear": {"x_factor": 0.3, "y_factor": 0.3},
    "RandomTranslation": {"height_factor": 0.3, "width_factor": 0.3},
    "RandomZoom": {"height_factor": 0.3, "width_factor": 0.3},
    "Rescaling": {"scale": 1 / 255},
    "Resizing": {"height": 160, "width": 160},
    "Solarization": {"addition_factor": 0.3, "threshold_factor": 0.3},
}
SLOW = {
    "AugMix": "draws layers, of which each has a row of its own",
    "ContrastLimitedAdaptiveHistogramEqualization": "10 GB of one-hot vectors",
    "Equalization": "goes through the batch once for each of 256 values",
    "RandAugment": "computes all layers for each one that it applies",
    "RandomElasticTransform": "loops over images and channels",
}
"""What Keras needs more than ten seconds for, and why."""


def images() -> np.ndarray:
    return np.random.default_rng(0).random(BATCH, "float32")


def functions(library: Any) -> Any:
    """Return the library's functions of images: `ops.image`, or TensorFlow's where there is none."""
    if hasattr(library, "ops"):
        return library.ops.image
    return importlib.import_module("tensorflow").image


def tensor(library: Any, x: np.ndarray) -> Any:
    if hasattr(library, "ops"):
        return library.ops.convert_to_tensor(x)
    return importlib.import_module("tensorflow").constant(x)


def layer_step(name: str) -> Callable:
    def make(library: Any) -> Callable:
        if name in SLOW and library.__name__ != "minikeras":
            raise AttributeError(SLOW[name])
        layer, x = getattr(library.layers, name)(**LAYERS[name]), images() * 255
        return lambda: np.asarray(layer(x, training=True) if takes_training(name) else layer(x))

    return make


def takes_training(name: str) -> bool:
    return name not in ("CenterCrop", "Rescaling", "Resizing")


def resize_step(kind: str, size: int, dtype: str) -> Callable:
    def make(library: Any) -> Callable:
        x = images() if dtype == "float32" else (images() * 255).astype(dtype)
        resize, x = functions(library).resize, tensor(library, x)
        return lambda: np.asarray(resize(x, (size, size), kind))

    return make


def function_step(name: str, *arguments: Any) -> Callable:
    def make(library: Any) -> Callable:
        function, x = getattr(functions(library), name), tensor(library, images())
        given = [tensor(library, a) if isinstance(a, np.ndarray) else a for a in arguments]
        return lambda: np.asarray(function(x, *given))

    return make


def affine_step(kind: str) -> Callable:
    def make(library: Any) -> Callable:
        if hasattr(library, "ops"):
            return function_step("affine_transform", _TURN, kind, "reflect")(library)
        transform = importlib.import_module("tensorflow").raw_ops.ImageProjectiveTransformV3
        given = {"interpolation": kind.upper(), "fill_mode": "REFLECT", "fill_value": 0.0}
        x, turn = tensor(library, images()), tensor(library, _TURN)
        return lambda: transform(
            images=x, transforms=turn, output_shape=BATCH[1:3], **given
        ).numpy()

    return make


def folder_step(size: int) -> Callable:
    def make(library: Any) -> Callable:
        read = library.utils.image_dataset_from_directory
        folder = os.environ[FOLDER]

        def run() -> None:
            given = {"labels": None, "image_size": (size, size), "shuffle": False, "verbose": False}
            if library.__name__ != "minikeras" and not hasattr(library, "ops"):
                del given["verbose"]
            for batch in read(folder, **given):
                np.asarray(batch)

        return run

    return make


def write_folder(folder: str, count: int = 200) -> None:
    """Write JPEG files of smooth noise, 500 by 375 pixels, as photographs of ImageNet are."""
    image = importlib.import_module("PIL.Image")
    rng = np.random.default_rng(0)
    for i in range(count):
        rough = image.fromarray(rng.integers(0, 256, (24, 32, 3), dtype="uint8"))
        smooth = np.asarray(rough.resize((500, 375), image.Resampling.BICUBIC), "float32")
        noisy = np.clip(smooth + rng.normal(0, 6, smooth.shape), 0, 255).astype("uint8")
        image.fromarray(noisy).save(os.path.join(folder, f"{i:04}.jpg"), quality=90)


_TURN = np.tile(np.array([[1.1, 0.1, -5, -0.1, 0.9, 3, 0, 0]], "float32"), (BATCH[0], 1))
_CORNERS = np.array([[0, 0], [223, 0], [0, 223], [223, 223]], "float32")
_MOVED = np.array([[9, 4], [210, 12], [3, 219], [215, 205]], "float32")


def steps() -> dict[str, Callable]:
    """Return what is timed, by name."""
    found = {
        f"resize {dtype}, {kind}, {size}": resize_step(kind, size, dtype)
        for dtype, kinds in (
            ("float32", ("nearest", "bilinear", "bicubic", "lanczos3")),
            ("uint8", ("nearest", "bilinear")),
        )
        for kind in kinds
        for size in (112, 160, 448)
    }
    for kind in ("nearest", "bilinear"):
        found[f"affine_transform, {kind}"] = affine_step(kind)
    corners = [np.tile(c, (BATCH[0], 1, 1)) for c in (_CORNERS, _MOVED)]
    found["perspective_transform"] = function_step("perspective_transform", *corners)
    for name in ("rgb_to_hsv", "hsv_to_rgb", "rgb_to_grayscale", "sobel_edges"):
        found[name] = function_step(name)
    found["extract_patches, 16"] = function_step("extract_patches", 16)
    found["gaussian_blur, 3"] = function_step("gaussian_blur")
    found["gaussian_blur, 9"] = function_step("gaussian_blur", (9, 9), (2.0, 2.0))
    found |= {name: layer_step(name) for name in LAYERS}
    for size in (128, 224, 256):
        found[f"image_dataset_from_directory, 200 files, {size}"] = folder_step(size)
    return {f"images: {name}": make for name, make in found.items()}
