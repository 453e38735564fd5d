"""Layers that change images: with Keras's own draws they do what Keras does."""

from __future__ import annotations

import numpy as np
import pytest

import minikeras
from minikeras import layers

N, HEIGHT, WIDTH = 3, 8, 6
GEOMETRIC = {"height_factor": (-0.3, 0.4), "width_factor": (0.1, 0.2)}
HIGH = {"value_range": (0, 255)}
LOW = {"value_range": (0, 1)}

CASES: dict[str, list[dict]] = {
    "AutoContrast": [HIGH, LOW],
    "ContrastLimitedAdaptiveHistogramEqualization": [
        {"tile_grid_size": (2, 3), "clip_limit": 2.0, **HIGH},
        {"tile_grid_size": (3, 2), "clip_limit": 0.0, **LOW},
    ],
    "CutMix": [{"factor": 1.0}],
    "Equalization": [HIGH, {"bins": 16, **LOW}],
    "MixUp": [{"alpha": 1.0}],
    "RandAugment": [{"num_ops": 3, "factor": (0.2, 0.6), **HIGH}],
    "RandomBrightness": [{"factor": 0.5, **HIGH}, {"factor": (0.1, 0.3), **LOW}],
    "RandomColorDegeneration": [{"factor": 1.0, **HIGH}, {"factor": (0.2, 0.5), **LOW}],
    "RandomContrast": [{"factor": 0.9, **HIGH}, {"factor": (0.2, 0.8), **LOW}],
    "RandomCrop": [{"height": 4, "width": 3}, {"height": 9, "width": 4}],
    "RandomErasing": [
        {"factor": 1.0, "fill_value": 7.0},
        {"factor": (0.5, 1.0), "scale": (0.2, 0.6), "fill_value": 300},
        {"factor": 1.0, "scale": 0.5, **LOW},
    ],
    "RandomFlip": [{"mode": m} for m in ("horizontal", "vertical", "horizontal_and_vertical")],
    "RandomGaussianBlur": [
        {"factor": 1.0, "sigma": (0.3, 0.9)},
        {"factor": (1.0, 1.0), "kernel_size": (3, 5), **LOW},
    ],
    "RandomGrayscale": [{"factor": 0.5}],
    "RandomHue": [{"factor": 1.0, **HIGH}, {"factor": (0.2, 0.4), **LOW}],
    "RandomInvert": [{"factor": 1.0, **HIGH}, {"factor": (0.5, 1.0), **LOW}],
    "RandomPerspective": [
        {"factor": (0.7, 0.9), "scale": 0.6, "fill_value": 3.0},
        {"factor": (1.0, 1.0), "scale": 0.2, "interpolation": "nearest"},
    ],
    "RandomPosterization": [{"factor": 5, **HIGH}, {"factor": (2, 6), **LOW}],
    "RandomRotation": [
        {"factor": 0.2},
        {"factor": (0.1, 0.4), "fill_mode": "constant", "fill_value": 2.0},
        {"factor": 0.5, "fill_mode": "wrap", "interpolation": "nearest"},
    ],
    "RandomSaturation": [{"factor": (0.2, 0.8), **LOW}, {"factor": (0.5, 0.7), **HIGH}],
    "RandomSharpness": [{"factor": 1.0, **HIGH}, {"factor": (0.2, 0.4), **LOW}],
    "RandomShear": [{"x_factor": 0.4, "y_factor": (0.1, 0.3)}, {"fill_mode": "nearest", "x_factor": 0.5}],
    "RandomTranslation": [GEOMETRIC, {**GEOMETRIC, "fill_mode": "wrap", "interpolation": "nearest"}],
    "RandomZoom": [GEOMETRIC, {"height_factor": 0.5, "fill_mode": "constant", "fill_value": 4.0}],
    "Solarization": [
        {"addition_factor": 0.5, "threshold_factor": 0.8, **HIGH},
        {"addition_factor": (0.1, 0.2), **LOW},
    ],
}  # fmt: skip
ONLY_IMAGES = {"ContrastLimitedAdaptiveHistogramEqualization"}
BOXES_OTHERWISE = {
    "CutMix": "Keras has none",
    "MixUp": "Keras puts the labels below each other, the boxes beside each other",
    "RandomCrop": "Keras moves x by what y is to be moved by",
    "RandomGrayscale": "Keras fails",
}
CALLS = [pytest.param(n, k, id=f"{n}-{i}") for n, ks in CASES.items() for i, k in enumerate(ks)]


def inputs(high=255, data_format="channels_last", mask_channels=1):
    """Return images with labels, boxes and masks."""
    rng = np.random.default_rng(3)
    images = rng.uniform(0, high, (N, HEIGHT, WIDTH, 3)).astype("float32")
    masks = rng.integers(0, 4, (N, HEIGHT, WIDTH, mask_channels)).astype("float32")
    if data_format == "channels_first":
        images, masks = np.moveaxis(images, -1, 1), np.moveaxis(masks, -1, 1)
    boxes = [
        [[0, 1, 3, 5], [2, 0, 6, 8]],
        [[1, 2, 4, 4], [0, 0, 1, 1]],
        [[4, 4, 6, 7], [1, 1, 5, 6]],
    ]
    return {
        "images": images,
        "labels": np.eye(N, 4, dtype="float32"),
        "bounding_boxes": {
            "boxes": np.array(boxes, "float32"),
            "labels": np.array([[0, 1], [2, 3], [1, 2]], "int32"),
        },
        "segmentation_masks": masks,
    }


def plain(value):
    """Return drawn tensors as arrays."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)([plain(v) for v in value])
    return np.asarray(value) if hasattr(value, "shape") else value


def assert_alike(got, wanted, tolerance=1e-4):
    got, wanted = np.asarray(got), np.asarray(wanted)
    assert got.shape == wanted.shape
    assert got.dtype == wanted.dtype
    np.testing.assert_allclose(got, wanted, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name, kwargs", CALLS)
def test_keras_draws_give_what_keras_gives(keras, name, kwargs):
    kwargs = {**kwargs, "bounding_box_format": "xyxy"}
    data = inputs(
        kwargs.get("value_range", (0, 255))[1], mask_channels=3 if name == "CutMix" else 1
    )
    theirs, ours = getattr(keras.layers, name)(**kwargs), getattr(layers, name)(**kwargs)
    drawn = theirs.get_random_transformation(data if name != "RandomGrayscale" else data["images"])
    own = plain(drawn)
    if name == "RandomCrop":
        own = (int(own[0]), int(own[1]), HEIGHT, WIDTH)
    assert_alike(
        ours.transform_images(data["images"], own),
        theirs.transform_images(keras.ops.convert_to_tensor(data["images"]), drawn),
        # Keras brings the range to [0, 255] in float32 as well
        2e-3 if kwargs.get("value_range") == (0, 255) or name in ONLY_IMAGES else 1e-4,
    )
    if name in ONLY_IMAGES:
        return
    assert_alike(
        ours.transform_labels(data["labels"], own),
        theirs.transform_labels(keras.ops.convert_to_tensor(data["labels"]), drawn),
    )
    if name != "MixUp":  # Keras takes pixels of the flat masks in place of whole masks
        assert_alike(
            ours.transform_segmentation_masks(data["segmentation_masks"], own),
            theirs.transform_segmentation_masks(
                keras.ops.convert_to_tensor(data["segmentation_masks"]), drawn
            ),
        )
    if name not in BOXES_OTHERWISE:
        wanted = {k: keras.ops.convert_to_tensor(v) for k, v in data["bounding_boxes"].items()}
        tensors = {k: minikeras.ops.convert_to_tensor(v) for k, v in data["bounding_boxes"].items()}
        got = ours.transform_bounding_boxes(tensors, own)
        wanted = theirs.transform_bounding_boxes(wanted, drawn)
        assert_alike(got["boxes"], wanted["boxes"], 1e-3)
        assert_alike(got["labels"], wanted["labels"])
