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


def total(y_true, y_pred):
    """A loss over several outputs at once."""
    if isinstance(y_pred, dict):
        y_true, y_pred = list(y_true.values()), list(y_pred.values())
    return sum(ops.mean(ops.square(p - t)) for t, p in zip(y_true, y_pred))


def test_a_loss_over_a_part_of_the_outputs():
    pred = {"a": [one, two], "b": one}
    true = {"a": [zero, zero], "b": zero}
    loss = CompileLoss({"a": total, "b": "mse"}, {"a": 2.0, "b": 1.0})
    assert float(loss(true, pred)) == pytest.approx(2 * (2.5 + 17) + 2.5)
    assert [(m.name, float(m.result())) for m in loss.metrics] == [
        ("a_loss", 19.5),
        ("b_loss", 2.5),
    ]
    loss = CompileLoss([total, "mae"])
    assert float(loss([{"p": zero, "q": zero}, zero], [{"p": one, "q": two}, two])) == 2.5 + 17 + 4
    # minikeras's own losses are for one tensor each.
    loss = CompileLoss({"a": "mse", "b": None})
    assert float(loss(true, pred)) == pytest.approx(2.5 + 17)
    assert len(loss.metrics) == 2


@pytest.mark.parametrize(
    "given", [[["mse"], ["mae"]], {"a": ["mse"], "b": ["mae"]}, [["mse"], "mae"]]
)
def test_a_loss_may_stand_in_a_list_of_its_own(given):
    loss = CompileLoss(given, output_names=["a", "b"])
    assert float(loss([zero, zero], [one, two])) == pytest.approx(2.5 + 4)
    with pytest.raises(ValueError, match="'a' takes one item.*'mse', 'mae'"):
        CompileLoss([["mse", "mae"], "mse"], output_names=["a", "b"]).match([one, two])


def two_outputs():
    inputs = minikeras.Input((4,))
    dense = minikeras.layers.Dense
    return minikeras.Model(inputs, [dense(1, name="a")(inputs), dense(1, name="b")(inputs)])


@pytest.mark.parametrize(
    "arguments, error, match",
    [
        ({"metrics": [[5], []]}, ValueError, "metric identifier: 5"),
        ({"metrics": [[lambda: 1], []]}, TypeError, "`metrics`.*two arguments.*lambda"),
        ({"weighted_metrics": [[lambda y: 1], []]}, TypeError, "`weighted_metrics`.*two arguments"),
        ({"metrics": {"c": ["mae"]}}, ValueError, "`metrics`, key 'c'.*Known outputs: a, b"),
        ({"weighted_metrics": {"c": "mae"}}, ValueError, "`weighted_metrics`, key 'c'"),
        ({"metrics": ["mae"]}, ValueError, r"`metrics`.*\['a', 'b'\]"),
        ({"metrics": [["mea"], []]}, ValueError, "mea"),
        ({"loss": {"c": "mse"}}, ValueError, "`loss`, key 'c'"),
        ({"loss": ["mse"] * 3}, ValueError, "`loss`.*2 outputs.*3 item"),
        ({"loss": 5}, ValueError, "5"),
        ({"loss": lambda y: 1.0}, TypeError, "`loss`.*two arguments"),
        ({"loss_weights": {"c": 1.0}}, ValueError, "`loss_weights`, key 'c'"),
        ({"loss_weights": [1.0, 2.0, 3.0]}, ValueError, "`loss_weights`.*3 item"),
        ({"loss_weights": ["a", 1.0]}, ValueError, "`loss_weights` must hold numbers.*'a'"),
        ({"loss_weights": "a"}, ValueError, "loss_weights"),
        ({"optimizer": "adma"}, ValueError, "adma"),
        ({"steps_per_execution": 0}, ValueError, "steps_per_execution"),
    ],
)
def test_compile_and_fit_refuse_what_would_fail_later(arguments, error, match):
    model = two_outputs()
    model.compile("sgd", "mse", metrics=[["mae"], ["mse"]])
    before, weights = dict(model.__dict__), model.get_weights()
    with pytest.raises(error, match=match):
        model.compile(**{"optimizer": "adam", "loss": "mse", **arguments})
        before = dict(model.__dict__)  # names of outputs show when there are outputs
        model.fit(np.ones((2, 4)), [one, two], verbose=0)
    for a, b in zip(model.get_weights(), weights):
        np.testing.assert_array_equal(a, b)
    assert model.optimizer is before["optimizer"] and not model.optimizer.built
    assert model.loss is before["loss"] and model._compile_metrics is before["_compile_metrics"]
