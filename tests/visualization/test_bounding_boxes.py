"""Boxes on images: which pixels they paint. OpenCV, by which Keras draws, is not needed."""

import numpy as np
import pytest

import minikeras
from minikeras.visualization import draw_bounding_boxes, plot_bounding_box_gallery

RED = (255, 0, 0)
FORMATS = ["xyxy", "yxyx", "xywh", "center_xywh", "center_yxhw", "rel_xyxy", "rel_yxyx"]
FORMATS += ["rel_xywh", "rel_center_xywh"]


def boxes(*corners, label=0):
    return {"boxes": np.array([corners], float), "labels": np.full((1, len(corners)), label)}


def painted(image):
    return (image == RED).all(axis=-1)


def drawn(*corners, size=(24, 40), source="xyxy", **options):
    """Where red boxes are on a black image."""
    black = np.zeros((1, *size, 3), "uint8")
    return painted(draw_bounding_boxes(black, boxes(*corners), source, color=RED, **options)[0])


def frame(size, left, top, right, bottom, inner):
    """A rectangle without `right` and `bottom`, with an empty one in it."""
    expected = np.zeros(size, bool)
    expected[top:bottom, left:right] = True
    left, top, right, bottom = inner
    expected[top:bottom, left:right] = False
    return expected


@pytest.mark.parametrize("source", FORMATS)
def test_every_format_paints_the_same_pixels(source):
    corners = minikeras.utils.bounding_boxes.convert_format(
        np.array([[8.0, 4.0, 24.0, 16.0]]), "xyxy", source, height=32, width=64
    )
    expected = frame((32, 64), 8, 4, 25, 17, inner=(9, 5, 24, 16))
    found = drawn(np.asarray(corners)[0], size=(32, 64), source=source, line_thickness=1)
    np.testing.assert_array_equal(found, expected)


def test_lines_have_their_thickness_around_the_corners():
    expected = frame((24, 40), 9, 4, 32, 22, inner=(12, 7, 29, 19))
    np.testing.assert_array_equal(drawn([10, 5, 30, 20], line_thickness=3), expected)
    np.testing.assert_array_equal(drawn([30, 20, 10, 5], line_thickness=3), expected)
    filled = frame((24, 40), 10, 5, 31, 21, inner=(0, 0, 0, 0))
    np.testing.assert_array_equal(drawn([10, 5, 30, 20], line_thickness=-1), filled)


def test_what_lies_outside_is_cut_off():
    expected = np.zeros((24, 40), bool)
    expected[6, :21] = expected[:7, 20] = True
    np.testing.assert_array_equal(drawn([-5, -7, 20, 6], line_thickness=1), expected)
    assert not drawn([-1e30, -9, 1e30, 1e30], line_thickness=1).any()
    assert not drawn([100, 100, 120, 120]).any()


def test_padding_is_not_drawn_and_the_images_stay():
    images = np.full((2, 20, 20, 3), 7, "uint8")
    given = {
        "boxes": np.array([[[2, 2, 9, 9], [np.nan] * 4], [[4, 4, 12, 12], [1, 1, 15, 15]]]),
        "labels": np.array([[0, -1], [-1.0, 3]]),
    }
    result = draw_bounding_boxes(images, given, "xyxy", color=RED, line_thickness=1)
    assert (images == 7).all()
    assert painted(result[0]).sum() == 28
    assert painted(result[1]).sum() == 56
    assert (result[0][~painted(result[0])] == 7).all()


def test_kinds_of_images():
    box = boxes([2, 2, 6, 6])
    floats = np.full((1, 9, 9, 3), 0.2)
    assert draw_bounding_boxes(floats, box, "xyxy")[0, 0, 0].tolist() == [51] * 3
    assert draw_bounding_boxes(floats * 255, box, "xyxy")[0, 0, 0].tolist() == [51] * 3
    clear = draw_bounding_boxes(np.zeros((1, 9, 9, 4), "uint8"), box, "xyxy", color=RED)
    assert clear[0, 2, 2].tolist() == [255, 0, 0, 255]
    grey = draw_bounding_boxes(np.zeros((1, 9, 9, 1), "uint8"), box, "xyxy", color=RED)
    assert grey[0, 2, 2].tolist() == [76]
    first = np.zeros((1, 3, 9, 11), "uint8")
    result = draw_bounding_boxes(first, box, "xyxy", color=RED, data_format="channels_first")
    assert result.shape == first.shape
    assert result[0, :, 2, 2].tolist() == [255, 0, 0]


def labelled(size, corners, color=(0, 0, 200), **options):
    pytest.importorskip("matplotlib")
    picture = np.full((1, *size, 3), 90, "uint8")
    options = {"class_mapping": {0: "cat"}, "font_scale": 0.4, "line_thickness": 1, **options}
    return draw_bounding_boxes(picture, boxes(corners), "xyxy", color=color, **options)[0]


def bar(image):
    """Rows and columns that more than a box's lines have changed: where the label is."""
    changed = (image != 90).any(axis=-1)
    rows = np.flatnonzero(changed.sum(axis=1) > 12)
    return rows, np.flatnonzero(changed[rows[len(rows) // 2]])


def test_a_label_is_written_above_its_box():
    image = labelled((80, 120), [30, 50, 34, 70])
    rows, columns = bar(image)
    assert rows.max() == 49
    assert rows.min() in range(34, 40)
    assert columns[0] == 30
    cell = image[rows][:, columns].reshape(-1, 3)
    assert (cell.max(axis=0) == 255).all()  # white letters
    assert 0.05 < (cell[:, 0] > 150).mean() < 0.4
    assert (cell == [0, 0, 200]).all(axis=1).mean() > 0.4
    bold = labelled((80, 120), [30, 50, 34, 70], text_thickness=3)
    assert (bold[..., 0] > 150).sum() > 1.5 * (image[..., 0] > 150).sum()
    dark = labelled((80, 120), [30, 50, 34, 70], color=(255, 255, 0))
    assert (dark == 0).all(axis=-1).any()


def test_a_label_stays_in_the_image():
    rows, columns = bar(labelled((80, 120), [115, 5, 118, 70]))
    assert rows.min() == 5  # no room above: inside
    assert columns[-1] == 119
    assert labelled((8, 10), [1, 1, 8, 6]).shape == (8, 10, 3)  # smaller than the label


def test_confidences_make_a_label_longer():
    plain = labelled((80, 200), [30, 50, 34, 70])
    given = boxes([30, 50, 34, 70]) | {"confidences": np.array([[0.875]])}
    options = {"class_mapping": {0: "cat"}, "font_scale": 0.4, "line_thickness": 1}
    images = np.full((1, 80, 200, 3), 90, "uint8")
    sure = draw_bounding_boxes(images, given, "xyxy", color=(0, 0, 200), **options)[0]
    assert len(bar(sure)[1]) > 2 * len(bar(plain)[1])
    options["class_mapping"] = {0: "cat | 0.88"}
    named = draw_bounding_boxes(
        images, boxes([30, 50, 34, 70]), "xyxy", color=(0, 0, 200), **options
    )
    np.testing.assert_array_equal(sure, named[0])


def test_bad_arguments_are_named():
    images, good = np.zeros((1, 9, 9, 3)), boxes([1, 1, 5, 5])
    with pytest.raises(TypeError, match="bounding_boxes.*dict"):
        draw_bounding_boxes(images, good["boxes"], "xyxy")
    with pytest.raises(ValueError, match="'labels'"):
        draw_bounding_boxes(images, {"boxes": good["boxes"]}, "xyxy")
    with pytest.raises(ValueError, match="batch of 1"):
        draw_bounding_boxes(images, {**good, "boxes": good["boxes"][0]}, "xyxy")
    with pytest.raises(ValueError, match="'confidences'.*each box"):
        draw_bounding_boxes(images, {**good, "confidences": [0.5]}, "xyxy")
    with pytest.raises(ValueError, match="source"):
        draw_bounding_boxes(images, good, "diagonal")
    with pytest.raises(ValueError, match="finite"):
        draw_bounding_boxes(images, boxes([1, 1, np.nan, 5]), "xyxy")
    with pytest.raises(ValueError, match="images.*rank 4"):
        draw_bounding_boxes(images[0], good, "xyxy")
    with pytest.raises(ValueError, match="color"):
        draw_bounding_boxes(images, good, "xyxy", color=(0, 300, 0))


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_gallery(data_format):
    plt = pytest.importorskip("matplotlib.pyplot")
    images = np.full((2, 20, 30, 3), 0.5)
    truth = {"boxes": [[[2, 2, 9, 9]], [[4, 4, 9, 9]]], "labels": [[0], [1]]}
    guess = {"boxes": [[[2, 2, 9, 9]], [[12, 8, 17, 11]]], "labels": [[0], [0]]}
    if data_format == "channels_first":
        images = images.transpose(0, 3, 1, 2)
    options = {"value_range": (0, 1), "legend": True, "data_format": data_format, "show": False}
    plot_bounding_box_gallery(images, "xyxy", truth, guess, cols=2, **options)
    figure = plt.gcf()
    first, second = (np.asarray(ax.images[0].get_array()) for ax in figure.axes)
    assert first[2, 2].tolist() == second[8, 12].tolist() == [255, 235, 59]  # on top
    assert second[4, 4].tolist() == [0, 188, 212]
    assert first[0, 20].tolist() == [128, 128, 128]
    texts = [t.get_text() for t in figure.legends[0].get_texts()]
    plt.close("all")
    assert texts == ["Ground Truth", "Prediction"]
    with pytest.raises(ValueError, match="legend_handles"):
        plot_bounding_box_gallery(images, "xyxy", legend=True, legend_handles=[1])
