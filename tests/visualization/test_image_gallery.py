"""Many images in one figure: which are where, in which brightness, under which title."""

import numpy as np
import pytest

from minikeras.visualization import plot_image_gallery

plt = pytest.importorskip("matplotlib.pyplot")

NAMES = {0: "cat", 1: "dog"}


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (5, 4, 6, 3)).astype("uint8")


def shown():
    return [np.asarray(ax.images[0].get_array()) for ax in plt.gcf().axes if ax.images]


@pytest.mark.parametrize(
    ("grid", "expected", "count"),
    [({}, (3, 2), 5), ({"cols": 5}, (1, 5), 5), ({"rows": 2, "cols": 2}, (2, 2), 4)],
)
def test_all_images_are_shown_in_their_order(images, grid, expected, count):
    plot_image_gallery(images, show=False, **grid)
    place = plt.gcf().axes[0].get_subplotspec().get_gridspec()
    assert (place.nrows, place.ncols) == expected
    np.testing.assert_array_equal(shown(), images[:count])


def test_titles_and_size(images):
    plot_image_gallery(
        images, [0, 1, 1, 0, 7], np.array([0, 0, 1, 1, 1]), NAMES, show=False, scale=3
    )
    titles = [ax.get_title() for ax in plt.gcf().axes[:5]]
    assert titles[1] == "Label: dog  Pred: cat"
    assert titles[4] == "Label: Unknown  Pred: dog"
    assert plt.gcf().get_size_inches().tolist() == [6, 9]


def test_brightness_follows_the_value_range(images):
    plot_image_gallery(images / 127.5 - 1, value_range=(-1, 1), show=False)
    np.testing.assert_array_equal(shown(), images)
    plot_image_gallery(images.astype("float32"), show=False)
    np.testing.assert_array_equal(shown(), images)


def test_grey_images_are_grey_and_channels_may_come_first(images):
    plot_image_gallery(
        images[..., :1].transpose(0, 3, 1, 2), data_format="channels_first", show=False
    )
    np.testing.assert_array_equal(shown(), images[..., 0])
    picture = plt.gcf().axes[0].images[0]
    np.testing.assert_allclose(picture.cmap(picture.norm(51))[:3], [0.2] * 3, atol=0.01)


def test_a_file_has_the_images(images, tmp_path):
    path = tmp_path / "gallery.png"
    red = np.zeros((1, 4, 4, 3), "uint8") + np.uint8([255, 0, 0])
    handles = [plt.Line2D([], [], label="a line")]
    plot_image_gallery(red, path=path, legend_handles=handles)
    assert not plt.get_fignums()
    picture = plt.imread(path)
    assert picture.shape[2] == 4
    height, width = picture.shape[:2]
    np.testing.assert_allclose(picture[height // 3, width // 2], [1, 0, 0, 1], atol=0.01)


def test_show(images, monkeypatch):
    calls = []
    monkeypatch.setattr(plt, "show", lambda: calls.append(len(plt.get_fignums())))
    plot_image_gallery(images)
    assert calls == [1]
    assert not plt.get_fignums()


def test_bad_arguments_are_named(images):
    with pytest.raises(ValueError, match="path.*show"):
        plot_image_gallery(images, path="a.png", show=True)
    with pytest.raises(ValueError, match="label_map"):
        plot_image_gallery(images, [0, 1, 1, 0, 1])
    with pytest.raises(ValueError, match="y_pred.*5 images"):
        plot_image_gallery(images, y_pred=[0, 1], label_map=NAMES)
    with pytest.raises(ValueError, match="images.*rank 4"):
        plot_image_gallery(images[0])
    with pytest.raises(ValueError, match="value_range.*lesser first"):
        plot_image_gallery(images, value_range=(1, 0))
    with pytest.raises(ValueError, match="rows"):
        plot_image_gallery(images, rows=0)
    assert not plt.get_fignums()
