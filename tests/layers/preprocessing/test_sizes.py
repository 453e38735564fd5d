"""Boxes and masks in `Resizing` and `CenterCrop`, as in Keras, and sizes that are none."""

import numpy as np
import pytest

import minikeras

BOXES = [
    [[1.0, 1.0, 6.0, 5.0], [0.0, 0.0, 10.0, 8.0], [7.0, 5.0, 9.5, 7.5], [-1.0, -1.0, -1.0, -1.0]],
    [[4.0, 2.0, 5.0, 3.0], [3.0, 0.0, 4.0, 8.0], [0.0, 0.0, 0.0, 0.0], [9.0, 7.0, 10.0, 8.0]],
]
CALLS = [
    ("Resizing", {"height": 4, "width": 6}),
    ("Resizing", {"height": 5, "width": 5, "pad_to_aspect_ratio": True}),
    ("Resizing", {"height": 12, "width": 5, "crop_to_aspect_ratio": True}),
    ("CenterCrop", {"height": 4, "width": 7}),
    ("CenterCrop", {"height": 9, "width": 5}),
]


@pytest.mark.parametrize("format", ["xyxy", "rel_yxyx", "center_xywh"])
@pytest.mark.parametrize(("name", "kwargs"), CALLS)
def test_boxes_and_masks_as_in_keras(keras, name, kwargs, format):
    images = np.random.default_rng(0).random((2, 8, 10, 3)).astype("float32")
    convert = minikeras.utils.bounding_boxes.convert_format
    boxes = convert(np.array(BOXES, "float32"), "xyxy", format, height=8, width=10)
    results = []
    for library in (minikeras, keras):
        layer = getattr(library.layers, name)(bounding_box_format=format, **kwargs)
        data = {
            "images": images,
            "labels": np.array([1, 0]),
            "bounding_boxes": {"boxes": np.asarray(boxes), "labels": np.array([[0, 1, 2, 3]] * 2)},
            "segmentation_masks": np.arange(160, dtype="float32").reshape(2, 8, 10, 1) % 7,
        }
        results.append(layer(data))
    ours, theirs = results
    for key in ("boxes", "labels"):
        got, wanted = [np.asarray(r["bounding_boxes"][key]) for r in results]
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5)
    for key in ("images", "labels", "segmentation_masks"):
        np.testing.assert_allclose(np.asarray(ours[key]), np.asarray(theirs[key]), atol=1e-5)


@pytest.mark.parametrize("size", [3, np.int64(3), None, "ab", (4,), (4, None)])
def test_sizes_are_two_numbers(size):
    with pytest.raises(ValueError, match="resize: argument `size` must be"):
        minikeras.ops.image.resize(np.zeros((4, 4, 1)), size)
