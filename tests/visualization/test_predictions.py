"""Decision boundaries and confusion matrices: colours and numbers are those of the model."""

import numpy as np
import pytest

import minikeras
from minikeras.visualization import plot_confusion_matrix, plot_decision_boundary
from minikeras.visualization.style import background, brightness, colours

plt = pytest.importorskip("matplotlib.pyplot")

X = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
LEFT_OR_RIGHT = [0, 0, 1, 1]


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def right(x):
    """The probability of being right of x = 0.25."""
    return sigmoid(20 * (x[:, :1] - 0.25))


def quarters(x):
    """Logits of four classes, the quarters of the plane."""
    signs = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]])
    return 9 * x @ signs.T


def colour_at(ax, x, y):
    image = np.asarray(ax.images[0].get_array())
    left, width, low, high = ax.images[0].get_extent()
    rows, columns = image.shape[:2]
    row, column = int((y - low) / (high - low) * rows), int((x - left) / (width - left) * columns)
    return image[row, column]


def nearest_class(ax, x, y, classes):
    """The class whose colour a place has: that of the direction away from the background."""
    tint = colour_at(ax, x, y) - background(ax)
    away = colours(ax, classes) - background(ax)
    return int(np.argmax(away @ tint / np.linalg.norm(away, axis=1)))


def boundaries(ax):
    """The points of the lines that are drawn."""
    paths = [p for c in ax.collections if hasattr(c, "levels") for p in c.get_paths()]
    return np.concatenate([p.vertices for p in paths])


@pytest.mark.parametrize("style", ["default", "dark_background"])
def test_two_classes(style):
    with plt.style.context(style):
        ax = plot_decision_boundary(right, X, LEFT_OR_RIGHT)
        assert nearest_class(ax, -0.5, 0, 2) == 0
        assert nearest_class(ax, 0.8, 0, 2) == 1
        np.testing.assert_allclose(colour_at(ax, 0.25, 0), background(ax), atol=0.1)
        np.testing.assert_allclose(boundaries(ax)[:, 0], 0.25, atol=0.01)
        ax.figure.canvas.draw()


def test_logits_and_two_columns_give_the_same_boundary():
    def logits(x):
        return 20 * (x[:, :1] - 0.25)

    def columns(x):
        return np.concatenate([1 - right(x), right(x)], axis=1)

    for model in (logits, columns, lambda x: right(x)[:, 0]):
        ax = plot_decision_boundary(model, X, LEFT_OR_RIGHT)
        np.testing.assert_allclose(boundaries(ax)[:, 0], 0.25, atol=0.01)


def test_small_logits_are_told_from_probabilities_on_request():
    def logits(x):  # 0.5 at x = 0, and not below 0
        return 0.5 + 0.2 * x[:, :1]

    assert boundaries(plot_decision_boundary(logits, X, LEFT_OR_RIGHT)).shape[1] == 2
    ax = plot_decision_boundary(logits, X, LEFT_OR_RIGHT, from_logits=True)
    assert not [c for c in ax.collections if hasattr(c, "levels")]  # all are of class 1


def test_several_classes():
    ax = plot_decision_boundary(quarters, X, np.eye(4), labels=["sw", "nw", "se", "ne"])
    for c, (x, y) in enumerate(0.6 * X):
        assert nearest_class(ax, x, y, 4) == c
    near = np.abs(boundaries(ax)).min(axis=1)
    assert near.max() < 0.02  # each line is one of the two axes
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["sw", "nw", "se", "ne"]


def test_points_have_the_colours_of_their_classes_on_the_background():
    ax = plot_decision_boundary(right, X, ["a", "a", "b", "b"])
    points = [c for c in ax.collections if c.get_label() in ("a", "b")]
    for c, (group, label) in enumerate(zip(points, "ab")):
        assert group.get_label() == label
        np.testing.assert_allclose(group.get_offsets(), X[2 * c : 2 * c + 2])
        np.testing.assert_allclose(group.get_facecolor()[0, :3], colours(ax, 2)[c])
        around = colour_at(ax, *X[2 * c])
        assert abs(brightness(around) - brightness(group.get_facecolor()[0])) > 0.1
    ax.figure.canvas.draw()
    assert not ax.get_legend().get_window_extent().overlaps(ax.bbox)


def test_a_model_and_given_axes():
    model = minikeras.Sequential([minikeras.Input((2,)), minikeras.layers.Dense(1)])
    model.set_weights([np.array([[1.0], [0.0]]), np.array([-0.25])])
    figure, ax = plt.subplots()
    assert plot_decision_boundary(model, X, LEFT_OR_RIGHT, ax=ax, colorbar=False) is ax
    np.testing.assert_allclose(boundaries(ax)[:, 0], 0.25, atol=0.01)
    assert plt.get_fignums() == [figure.number] and figure.axes == [ax]


def test_points_that_lie_on_a_line():
    ax = plot_decision_boundary(right, [[0.0, 1.0], [1.0, 1.0]], [0, 1])
    low, high = ax.get_ylim()
    assert low < 1 < high


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"X": np.ones((4, 3))}, r"shape \(samples, 2\). Received: X of shape \(4, 3\)"),
        ({"X": np.ones((0, 2))}, r"Received: X of shape \(0, 2\)"),
        ({"y": [0, 1]}, r"a label for each of the 4 examples.*shape \(2,\)"),
        ({"y": [0, 1, 2, 1]}, r"knows 2 classes.*Received: 3 kinds: \[0, 1, 2\]"),
        ({"labels": ["one"]}, "each of the 2 classes. Received: 1 names"),
        ({"resolution": 1}, "`resolution` must be at least 2. Received: 1"),
        (
            {"model": lambda x: x[:, None]},
            r"one per class.*Received: outputs of shape \(40000, 1, 2",
        ),
    ],
)
def test_bad_arguments(change, message):
    arguments = {"model": right, "X": X, "y": LEFT_OR_RIGHT, **change}
    with pytest.raises(ValueError, match=message):
        plot_decision_boundary(**arguments)


def test_what_is_no_model():
    with pytest.raises(TypeError, match="must be a model or a function. Received: str"):
        plot_decision_boundary("model", X, LEFT_OR_RIGHT)


def cells(ax):
    n = len(ax.get_xticks())
    return np.array([float(t.get_text()) for t in ax.texts]).reshape(n, n).tolist()


def test_confusion_matrix():
    truth = np.array([0, 0, 0, 1, 2, 2])
    said = np.array([0, 1, 0, 1, 2, 0])
    ax = plot_confusion_matrix(lambda x: np.eye(3)[said], np.zeros((6, 5)), truth)
    assert cells(ax) == [[2, 1, 0], [0, 1, 0], [1, 0, 1]]
    assert ax.get_title() == "Accuracy: 0.6667"
    np.testing.assert_allclose(ax.images[0].get_array()[0], [2 / 3, 1 / 3, 0])
    ax = plot_confusion_matrix(lambda x: np.eye(3)[said], np.zeros((6, 5)), truth, normalize=True)
    assert cells(ax) == [[67, 33, 0], [0, 100, 0], [50, 0, 50]]


def test_confusion_matrix_is_that_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    logits, truth = rng.normal(size=(200, 6)), rng.integers(6, size=200)
    ax = plot_confusion_matrix(lambda x: logits, np.zeros((200, 1)), truth)
    assert cells(ax) == metrics.confusion_matrix(truth, logits.argmax(1)).tolist()


def test_confusion_of_a_model_with_names():
    model = minikeras.Sequential([minikeras.Input((2,)), minikeras.layers.Dense(1, "sigmoid")])
    model.set_weights([np.array([[9.0], [0.0]]), np.array([0.0])])
    ax = plot_confusion_matrix(model, X, ["no", "yes", "yes", "yes"])
    assert cells(ax) == [[1, 0], [1, 2]]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["no", "yes"]


@pytest.mark.parametrize("style", ["default", "dark_background"])
def test_numbers_can_be_read_on_their_cells(style):
    with plt.style.context(style):
        said = np.eye(2)[[0, 0, 1, 1, 1, 0]]
        ax = plot_confusion_matrix(lambda x: said, np.zeros((6, 1)), [0, 0, 0, 1, 1, 1])
        shades = ax.images[0].cmap(ax.images[0].get_array())
        for shade, text in zip(shades.reshape(-1, 4), ax.texts):
            ink = plt.matplotlib.colors.to_rgb(text.get_color())
            assert abs(brightness(shade) - brightness(ink)) > 0.4


def test_many_classes_have_no_numbers():
    ax = plot_confusion_matrix(lambda x: np.eye(50), np.zeros((50, 1)), range(50))
    assert not ax.texts
    ax.figure.canvas.draw()
