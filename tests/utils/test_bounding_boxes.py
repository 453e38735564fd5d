"""`utils.bounding_boxes`: what Keras gives, in all formats."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from minikeras.layers.preprocessing.image_preprocessing.bounding_boxes.converters import FORMATS
from minikeras.utils import bounding_boxes

SIZE = {"height": 40, "width": 60}
BOXES = np.array(
    [[[4.0, 6.0, 30.0, 20.0], [0.0, 1.0, 60.0, 40.0]], [[10.0, 9.0, 12.0, 39.0]] * 2], "float32"
)
OTHERS = BOXES[:, ::-1] + np.array([1.0, 2.0, 5.0, -3.0], "float32")


@pytest.fixture
def theirs(keras):
    return keras.utils.bounding_boxes


def assert_alike(got, wanted, tolerance=1e-5):
    got, wanted = np.asarray(got), np.asarray(wanted)
    assert got.shape == wanted.shape and got.dtype == wanted.dtype
    np.testing.assert_allclose(got, wanted, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("source, target", itertools.product(FORMATS, FORMATS))
def test_formats(theirs, source, target):
    given = theirs.convert_format(BOXES, "xyxy", source, **SIZE)
    got = bounding_boxes.convert_format(np.asarray(given), source, target, **SIZE)
    assert_alike(got, theirs.convert_format(given, source, target, **SIZE))


def test_formats_of_dicts_and_of_bad_calls():
    given = {"boxes": BOXES, "labels": np.ones((2, 2))}
    got = bounding_boxes.convert_format(given, "xyxy", "XYWH")
    assert got["labels"] is given["labels"] and given["boxes"] is BOXES
    np.testing.assert_allclose(got["boxes"][0, 0], [4, 6, 26, 14])
    with pytest.raises(ValueError, match="source"):
        bounding_boxes.convert_format(BOXES, "abc", "xyxy")
    with pytest.raises(ValueError, match="last axis"):
        bounding_boxes.convert_format(BOXES[..., :3], "xyxy", "xywh")
    with pytest.raises(ValueError, match="height"):
        bounding_boxes.convert_format(BOXES, "xyxy", "rel_xyxy", width=3)


def test_clipped_cropped_and_padded(theirs):
    wide = BOXES * 1.5 - 5
    for form, scale in (("xyxy", 1), ("rel_xyxy", 40)):
        given = {"boxes": wide / scale, "labels": np.array([[0, 1], [2, 3]])}
        given["boxes"][1, 0] += 100  # nothing of it is left
        got = bounding_boxes.clip_to_image_size(dict(given), **SIZE, bounding_box_format=form)
        wanted = theirs.clip_to_image_size(dict(given), **SIZE, bounding_box_format=form)
        assert_alike(got["boxes"], wanted["boxes"])
        assert np.asarray(got["labels"]).tolist() == np.asarray(wanted["labels"]).tolist()
        assert got["labels"][1, 0] == -1
        given["labels"] = np.full((2, 2, 3), 0.5)  # one for each class
        got = bounding_boxes.clip_to_image_size(given, **SIZE, bounding_box_format=form)
        assert got["labels"].tolist() == [[[0.5] * 3] * 2, [[-1] * 3, [0.5] * 3]]
    assert_alike(bounding_boxes.crop(BOXES, 5, 3, 20, 10), theirs.crop(BOXES, 5, 3, 20, 10))
    assert_alike(bounding_boxes.pad(BOXES, 5, 3), theirs.pad(BOXES, 5, 3))
    for call in (
        lambda: bounding_boxes.clip_to_image_size({"boxes": BOXES}),
        lambda: bounding_boxes.crop(BOXES, 1, 1, 2, 2, bounding_box_format="xywh"),
        lambda: bounding_boxes.pad(BOXES, 1, 1, bounding_box_format="xywh"),
    ):
        with pytest.raises(ValueError):
            call()


@pytest.mark.parametrize("center", [{}, {"center_x": 0.25, "center_y": 0.75}])
def test_affine(keras, theirs, center):
    numbers = [
        np.array(v, "float32")
        for v in ([30.0, -100.0], [0.1, 0.0], [0.0, -0.2], [1.0, 0.5], [10.0, 0.0], [0.0, 20.0])
    ]
    got = bounding_boxes.affine_transform(BOXES, *numbers, **SIZE, **center)
    tensors = [keras.ops.convert_to_tensor(v) for v in numbers]
    assert_alike(got, theirs.affine_transform(BOXES, *tensors, **SIZE, **center), 1e-4)


@pytest.mark.parametrize("batched", [True, False])
def test_overlap(theirs, batched):
    a, b = (BOXES, OTHERS) if batched else (BOXES[0], OTHERS[1, :1])
    for form in ("xyxy", "center_yxhw"):
        assert_alike(bounding_boxes.compute_iou(a, b, form), theirs.compute_iou(a, b, form))
    shape = (40, 60, 3)
    relative = a / 60, b / 60
    assert_alike(
        bounding_boxes.compute_iou(*relative, "rel_yxyx", image_shape=shape),
        theirs.compute_iou(*relative, "rel_yxyx", image_shape=shape),
    )
    assert_alike(bounding_boxes.compute_ciou(a, b, "xywh"), theirs.compute_ciou(a, b, "xywh"), 1e-4)
    missing = np.concatenate([a, -np.ones_like(a[..., :1, :])], axis=-2)
    got = bounding_boxes.compute_iou(a, missing, "xyxy", use_masking=True, mask_val=-7)
    assert (np.asarray(got)[..., -1] == -7).all() and (np.asarray(got)[..., :-1] >= 0).all()
    with pytest.raises(ValueError, match="image_shape"):
        bounding_boxes.compute_iou(a, b, "rel_xyxy")
    with pytest.raises(ValueError, match="boxes1"):
        bounding_boxes.compute_iou(a.ravel()[:4], b, "xyxy")


@pytest.mark.parametrize("encoding", ["center_yxhw", "center_xywh"])
@pytest.mark.parametrize("variance", [None, [0.1, 0.1, 0.2, 0.2]])
def test_boxes_as_differences_from_anchors(theirs, encoding, variance):
    options = {"variance": variance, "image_shape": (40, 60, 3)}
    forms = {"anchor_format": "xyxy", "box_format": "rel_xyxy"}
    boxes = OTHERS / 60
    got = bounding_boxes.encode_box_to_deltas(
        BOXES, boxes, **forms, encoding_format=encoding, **options
    )
    wanted = theirs.encode_box_to_deltas(BOXES, boxes, **forms, encoding_format=encoding, **options)
    assert_alike(got, wanted, 1e-4)
    levels = {"a": BOXES, "b": BOXES[:1]}
    deltas = {"a": got, "b": got[:1]}
    back = bounding_boxes.decode_deltas_to_boxes(
        levels, deltas, **forms, encoded_format=encoding, **options
    )
    np.testing.assert_allclose(back["a"], boxes, atol=1e-5)
    np.testing.assert_allclose(back["b"], boxes[:1], atol=1e-5)
    with pytest.raises(ValueError, match="variance"):
        bounding_boxes.encode_box_to_deltas(BOXES, BOXES, "xyxy", "xyxy", variance=[1.0])
