"""Colours of classes over images: pixels, beside Keras's where it draws."""

import numpy as np
import pytest

from minikeras.visualization import draw_segmentation_masks, plot_segmentation_mask_gallery

RED, BLUE = (255, 0, 0), (0, 0, 255)


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (2, 6, 7, 3)).astype("uint8")


@pytest.fixture
def masks():
    return np.random.default_rng(1).integers(0, 6, (2, 6, 7, 1)).astype("int32")


@pytest.mark.parametrize("options", [{}, {"ignore_index": 2, "alpha": 0.3}, {"blend": False}])
def test_pixels_are_those_of_keras(keras, images, masks, options):
    """With one class more: ours draws the greatest class, too."""
    theirs = keras.visualization.draw_segmentation_masks(images, masks, num_classes=6, **options)
    ours = draw_segmentation_masks(images, masks, num_classes=6, **options)
    theirs = np.asarray(theirs)
    assert ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours.astype(float), theirs.astype(float), atol=1)


def test_what_is_not_a_class_stays_and_the_greatest_is_drawn(images):
    masks = np.zeros((2, 6, 7), int)
    masks[:, 0, :4] = [1, 2, 9, -3]
    drawn = draw_segmentation_masks(images, masks, 2, {1: RED, 2: BLUE}, blend=False)
    assert drawn[:, 0, :2].tolist() == [[[255, 0, 0], [0, 0, 255]]] * 2
    drawn[:, 0, :2] = images[:, 0, :2]
    np.testing.assert_array_equal(drawn, images)
    inferred = draw_segmentation_masks(images, masks.clip(0, 2), alpha=1)
    assert inferred[0, 0, 1].tolist() == [(2 * (2**n - 1)) % 255 for n in (25, 15, 21)]
    kept = draw_segmentation_masks(images, masks, 2, ignore_index=2, blend=False)
    np.testing.assert_array_equal(kept[:, 0, 1], images[:, 0, 1])


def test_channels_first(images, masks):
    expected = draw_segmentation_masks(images, masks)
    first = images.transpose(0, 3, 1, 2), masks.transpose(0, 3, 1, 2)
    np.testing.assert_array_equal(
        draw_segmentation_masks(*first, data_format="channels_first"), expected
    )


def test_bad_arguments_are_named(images, masks):
    with pytest.raises(TypeError, match="segmentation_masks.*integers.*float"):
        draw_segmentation_masks(images, masks.astype("float32"))
    with pytest.raises(ValueError, match="segmentation_masks.*argmax"):
        draw_segmentation_masks(images, np.zeros((2, 6, 7, 4), int))
    with pytest.raises(ValueError, match="images.*rank 4"):
        draw_segmentation_masks(images[0], masks[0])
    with pytest.raises(ValueError, match="3 channels"):
        draw_segmentation_masks(images[..., :1], masks)
    with pytest.raises(ValueError, match="alpha"):
        draw_segmentation_masks(images, masks, alpha=1.5)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_a_row_of_the_gallery_is_image_truth_prediction(images, masks, data_format):
    plt = pytest.importorskip("matplotlib.pyplot")
    other = 5 - masks
    given = [images / 255.0, masks.astype(float), other]
    if data_format == "channels_first":
        given = [x.transpose(0, 3, 1, 2) for x in given]
    picture, truth, guess = given
    plot_segmentation_mask_gallery(
        picture, 5, (0, 1), truth, guess, data_format=data_format, show=False
    )
    shown = [ax.images[0].get_array() for ax in plt.gcf().axes]
    plt.close("all")
    drawn = [images, *(draw_segmentation_masks(images, m, 5) for m in (masks, other))]
    assert len(shown) == 6
    for place, array in enumerate(shown):
        np.testing.assert_array_equal(array, drawn[place % 3][place // 3])
