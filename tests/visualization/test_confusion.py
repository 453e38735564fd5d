"""Confusion matrices as notebooks and terminals show them."""

import numpy as np
import pytest

import minikeras
from minikeras.visualization import ConfusionMatrix, confusion, confusion_matrix


def test_counts_are_those_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    p = rng.random((50, 4))
    truth = rng.integers(0, 4, 50)
    matrix = confusion_matrix(lambda x: x, p, truth)
    expected = metrics.confusion_matrix(truth, p.argmax(axis=1), labels=range(4))
    assert np.array_equal(matrix.counts, expected)
    assert matrix.accuracy == pytest.approx(metrics.accuracy_score(truth, p.argmax(axis=1)))
    normalized = metrics.confusion_matrix(truth, p.argmax(axis=1), normalize="true")
    assert np.allclose(matrix.shares, normalized)


def test_of_a_model():
    model = minikeras.Sequential([minikeras.Input((1,)), minikeras.layers.Dense(1)])
    model.set_weights([np.ones((1, 1), "float32"), np.zeros(1, "float32")])
    matrix = confusion_matrix(model, np.array([[-2.0], [-1.0], [3.0]]), [0, 1, 1])
    assert matrix.counts.tolist() == [[1, 0], [1, 1]]


def test_html_is_a_table_with_names_escaped_and_cells_coloured():
    html = ConfusionMatrix([[3, 1], [0, 4]], ["<i>", "b&c"])._repr_html_()
    assert "&lt;i&gt;" in html and "<i>" not in html and "b&amp;c" in html
    assert '<td title="25.0%" style="background:rgba(42,132,200,0.19)">1</td>' in html
    assert "Accuracy: 0.875" in html


def test_html_of_many_classes_lists_mistakes(monkeypatch):
    monkeypatch.setattr(confusion, "MOST_CELLS", 2)
    html = ConfusionMatrix([[5, 0, 2], [7, 5, 0], [0, 0, 9]], ["a", "b", "<c>"])._repr_html_()
    rows = html.split("<tbody>")[1]
    assert rows.count("<tr>") == 2
    assert '<td class="l">b</td><td class="l">a</td><td>7</td>' in rows.split("</tr>")[0]
    assert "&lt;c&gt;" in rows


def test_texts_and_no_examples():
    matrix = ConfusionMatrix(np.zeros((2, 2), int))
    assert np.isnan(matrix.accuracy) and matrix.shares.sum() == 0
    assert repr(ConfusionMatrix([[1, 0], [0, 1]])) == "<ConfusionMatrix of 2 classes, accuracy=1>"
    assert (
        str(ConfusionMatrix([[1, 22], [0, 1]], ["no", "y"])) == "    no   y\nno   1  22\n y   0   1"
    )


def test_plot_is_the_picture():
    pytest.importorskip("matplotlib")
    ax = ConfusionMatrix([[3, 1], [0, 4]], ["no", "yes"]).plot(normalize=True)
    assert [t.get_text() for t in ax.texts] == ["75", "25", "0", "100"]
    assert ax.get_title() == "Accuracy: 0.875"


@pytest.mark.parametrize(
    "counts, labels, message",
    [
        ([[1, 2]], None, r"as many rows as columns. Received: shape \(1, 2\)"),
        ([], None, "as many rows as columns"),
        ([[1, 0], [0, 1]], ["a"], "each of the 2 classes. Received: 1 names"),
    ],
)
def test_refuses_what_is_no_matrix(counts, labels, message):
    with pytest.raises(ValueError, match=message):
        ConfusionMatrix(counts, labels)
