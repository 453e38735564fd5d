"""`CompileLoss` and `CompileMetrics`: matching with outputs, names, errors."""

from __future__ import annotations

import numpy as np
import pytest

import minikeras
from minikeras import ops
from minikeras.trainers.compile_utils import CompileLoss, CompileMetrics

one = ops.convert_to_tensor(np.array([[1.0], [2.0]], "float32"))
two = ops.convert_to_tensor(np.array([[3.0], [5.0]], "float32"))
zero = ops.zeros((2, 1))


def test_one_loss_for_all_outputs():
    loss = CompileLoss("mse")
    assert float(loss([zero, zero], [one, two])) == pytest.approx(2.5 + 17)
    assert [m.name for m in loss.metrics] == ["mse_loss", "mse_loss_1"]
    assert [float(m.result()) for m in loss.metrics] == [2.5, 17]


@pytest.mark.parametrize(
    "given, weights",
    [
        (["mse", "mae"], [2.0, 0.5]),
        ({"a": "mse", "b": "mae"}, {"a": 2.0, "b": 0.5}),
        ({"b": "mae", "a": "mse"}, {"b": 0.5, "a": 2.0}),
    ],
)
def test_losses_and_weights_by_place_and_by_name(given, weights):
    total = 2.0 * 2.5 + 0.5 * 4
    loss = CompileLoss(given, weights, output_names=["a", "b"])
    assert float(loss([zero, zero], [one, two])) == pytest.approx(total)
    assert float(loss({"b": zero, "a": zero}, [one, two])) == pytest.approx(total)
    if isinstance(given, dict):
        loss = CompileLoss(given, weights)
        assert float(loss({"a": zero, "b": zero}, {"a": one, "b": two})) == pytest.approx(total)


def test_nested_outputs():
    loss = CompileLoss({"a": ["mse", "mae"], "b": "mse"})
    pred = {"a": [one, two], "b": one}
    true = {"a": [zero, zero], "b": zero}
    assert float(loss(true, pred)) == pytest.approx(2.5 + 4 + 2.5)
    assert len(loss.metrics) == 3


def test_outputs_without_a_loss():
    loss = CompileLoss([None, "mse"], output_names=["a", "b"])
    assert float(loss([zero, zero], [one, two])) == 17
    assert float(loss([zero], [one, two])) == 17  # the only target is that of the only loss
    assert loss.metrics == []
    with pytest.raises(ValueError, match="no loss"):
        CompileLoss([None, None])([zero, zero], [one, two])


@pytest.mark.parametrize("name", ["crossentropy", "ce", "CE"])
def test_crossentropy_fits_the_targets(name):
    p = ops.convert_to_tensor(np.array([[0.2, 0.8], [0.6, 0.4]], "float32"))
    expected = -(np.log(0.8) + np.log(0.6)) / 2
    assert float(CompileLoss(name)(np.array([1, 0]), p)) == pytest.approx(expected, rel=1e-5)
    assert float(CompileLoss(name)(np.eye(2)[[1, 0]], p)) == pytest.approx(expected, rel=1e-5)
    b = ops.convert_to_tensor(np.array([[0.8], [0.4]], "float32"))
    assert float(CompileLoss(name)(np.array([[1.0], [0.0]]), b)) == pytest.approx(
        expected, rel=1e-5
    )


def test_sample_weights_by_output():
    weights = [np.array([1.0, 0.0]), np.array([0.0, 1.0])]
    loss = CompileLoss("mse", output_names=["a", "b"])
    assert float(loss([zero, zero], [one, two], weights)) == pytest.approx(0.5 + 12.5)
    by_name = {"b": weights[1], "a": weights[0]}
    assert float(loss([zero, zero], [one, two], by_name)) == pytest.approx(0.5 + 12.5)
    assert float(loss([zero, zero], [one, two], weights[0])) == pytest.approx(0.5 + 4.5)


def test_errors_name_the_argument():
    with pytest.raises(ValueError, match="loss_weights"):
        CompileLoss("mse", "heavy")
    with pytest.raises(ValueError, match="mean_squared_error"):
        CompileLoss("mean_square_error")
    with pytest.raises(ValueError, match="2 outputs"):
        CompileLoss(["mse", "mse", "mse"])([zero, zero], [one, two])
    with pytest.raises(ValueError, match="'c'"):
        CompileLoss({"a": "mse", "c": "mse"}, output_names=["a", "b"])([zero, zero], [one, two])
    with pytest.raises(ValueError, match="'c'"):
        CompileLoss("mse", output_names=["a", "b"])({"a": zero, "c": zero}, [one, two])
    with pytest.raises(ValueError, match="1 array.*2 output"):
        CompileLoss("mse", output_names=["a", "b"])([zero], [one, two])
    with pytest.raises(ValueError, match="metrics"):
        CompileMetrics("mae", None)
    with pytest.raises(ValueError, match="weighted_metrics"):
        CompileMetrics(None, "mae")
    with pytest.raises(ValueError, match="not yet been built"):
        CompileMetrics(["mae"], None).result()
    with pytest.raises(ValueError, match="metrics"):
        CompileMetrics(["mae"], None, ["a", "b"]).update_state([zero, zero], [one, two])


def test_accuracy_fits_the_targets():
    def kind(y_true, y_pred):
        metrics = CompileMetrics(["accuracy"], None)
        metrics.update_state(
            np.asarray(y_true), ops.convert_to_tensor(np.asarray(y_pred, "float32"))
        )
        return type(metrics.metrics[0]).__name__, list(metrics.result())

    assert kind([[1.0]], [[0.3]]) == ("BinaryAccuracy", ["accuracy"])
    assert kind([1], [[0.3, 0.7]]) == ("SparseCategoricalAccuracy", ["accuracy"])
    assert kind([[1]], [[0.3, 0.7]]) == ("SparseCategoricalAccuracy", ["accuracy"])
    assert kind([[0, 1]], [[0.3, 0.7]]) == ("CategoricalAccuracy", ["accuracy"])


def test_names_of_results(keras):
    from keras.src.trainers.compile_utils import CompileMetrics as Theirs

    def names(cls, k, *args):
        metrics = cls(*args)
        count = len(args[2]) if len(args) > 2 and args[2] else 1
        pred = [k.ops.ones((2, 1))] * count if count > 1 else k.ops.ones((2, 1))
        true = [k.ops.zeros((2, 1))] * count if count > 1 else k.ops.zeros((2, 1))
        metrics.update_state(true, pred)
        return list(metrics.result())

    for args in (
        (["mae", "mse"], ["mae"]),
        (["mae", "mae", "mae"], ["mae", "mae"]),
        ([["mae"], ["mae", "mse"]], [["mae"], ["mae"]], ["a", "b"]),
        ({"b": "mae"}, {"a": ["mse"], "b": ["mae"]}, ["a", "b"]),
    ):
        theirs = names(lambda m, w, n=None: Theirs(m, w, output_names=n), keras, *args)
        assert names(CompileMetrics, minikeras, *args) == theirs


def test_weighted_metrics_take_the_weights():
    metrics = CompileMetrics(["mae"], ["mae"])
    metrics.update_state(zero, one, np.array([1.0, 0.0]))
    assert {k: float(v) for k, v in metrics.result().items()} == {"mae": 1.5, "weighted_mae": 1.0}
    metrics.reset_state()
    assert {float(v) for v in metrics.result().values()} == {0.0}
    assert len(metrics.variables) == 4
