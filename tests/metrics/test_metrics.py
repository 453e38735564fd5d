"""Every metric of the package, found by itself, against Keras over several batches."""

from __future__ import annotations

import functools
import inspect
import json
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minikeras
from minikeras import losses, metrics, ops
from minikeras.common.configurable import parameters_of
from minikeras.metrics.metric import Metric

BASES = (Metric, metrics.MeanMetricWrapper)
CLASSES = {
    name: obj
    for name, obj in vars(metrics).items()
    if inspect.isclass(obj) and issubclass(obj, Metric) and obj not in BASES
}
HELPERS = {"get", "serialize", "deserialize", "is_binary_or_sparse_categorical"}
FUNCTIONS = {
    name: obj
    for name, obj in vars(metrics).items()
    if inspect.isfunction(obj) and name not in HELPERS and not name.startswith("_")
}

# What a batch looks like, by metric. A new metric needs a line here.


def real(rng, n):
    return rng.normal(size=(n, 3)), rng.normal(size=(n, 3))


def positive(rng, n):
    return rng.uniform(0.5, 3, (n, 3)), rng.uniform(0.5, 3, (n, 3))


def binary(rng, n):
    return rng.integers(0, 2, (n, 1)), rng.uniform(0.01, 0.99, (n, 1))


def multi_label(rng, n):
    return rng.integers(0, 2, (n, 3)), rng.uniform(0.01, 0.99, (n, 3))


def one_hot(rng, n):
    return np.eye(4)[rng.integers(0, 4, n)], rng.uniform(0.01, 1, (n, 4))


def labels(rng, n):
    return rng.integers(0, 4, n), rng.uniform(0.01, 1, (n, 4))


def class_numbers(rng, n):
    return rng.integers(0, 3, n), rng.integers(0, 3, n)


def values(rng, n):
    return (rng.normal(size=(n, 2)),)


INPUTS = {
    "AUC": binary,
    "Accuracy": class_numbers,
    "BinaryAccuracy": multi_label,
    "BinaryCrossentropy": multi_label,
    "BinaryIoU": binary,
    "CategoricalAccuracy": one_hot,
    "CategoricalCrossentropy": one_hot,
    "CategoricalHinge": one_hot,
    "ConcordanceCorrelation": real,
    "CosineSimilarity": real,
    "F1Score": multi_label,
    "FBetaScore": multi_label,
    "FalseNegatives": binary,
    "FalsePositives": binary,
    "Hinge": multi_label,
    "IoU": class_numbers,
    "KLDivergence": positive,
    "LogCoshError": real,
    "Mean": values,
    "MeanAbsoluteError": real,
    "MeanAbsolutePercentageError": positive,
    "MeanIoU": class_numbers,
    "MeanSquaredError": real,
    "MeanSquaredLogarithmicError": positive,
    "OneHotIoU": one_hot,
    "OneHotMeanIoU": one_hot,
    "PearsonCorrelation": real,
    "Poisson": positive,
    "Precision": binary,
    "PrecisionAtRecall": binary,
    "R2Score": real,
    "Recall": binary,
    "RecallAtPrecision": binary,
    "RootMeanSquaredError": real,
    "SensitivityAtSpecificity": binary,
    "SparseCategoricalAccuracy": labels,
    "SparseCategoricalCrossentropy": labels,
    "SparseTopKCategoricalAccuracy": labels,
    "SpecificityAtSensitivity": binary,
    "SquaredHinge": multi_label,
    "Sum": values,
    "TopKCategoricalAccuracy": one_hot,
    "TrueNegatives": binary,
    "TruePositives": binary,
}

# Arguments to make it with; the first entry is used where only one is needed.
ARGUMENTS = {
    "AUC": [
        {},
        {"num_thresholds": 7, "curve": "PR"},
        {"num_thresholds": 11, "summation_method": "majoring"},
        {"curve": "PR", "summation_method": "minoring"},
        {"curve": "PRGAIN", "num_thresholds": 9},
        {"thresholds": [0.1, 0.7, 0.35]},
        {"thresholds": [0.25, 0.5, 0.75]},
    ],
    "BinaryAccuracy": [{}, {"threshold": 0.3}],
    "BinaryCrossentropy": [{}, {"from_logits": True, "label_smoothing": 0.1}],
    "BinaryIoU": [{}, {"target_class_ids": [1], "threshold": 0.3}],
    "CategoricalCrossentropy": [{}, {"from_logits": True}, {"label_smoothing": 0.1}],
    "CosineSimilarity": [{}, {"axis": 0}],
    "F1Score": [{}, {"average": "macro", "threshold": 0.5}],
    "FBetaScore": [
        {},
        {"beta": 2.0, "threshold": 0.4},
        {"average": "micro"},
        {"average": "weighted", "beta": 0.5},
    ],
    "FalseNegatives": [{}, {"thresholds": [0.2, 0.9, 0.5]}],
    "FalsePositives": [{}, {"thresholds": [0, 0.5, 1]}],
    "IoU": [
        {"num_classes": 3, "target_class_ids": [0, 2]},
        {"num_classes": 3, "target_class_ids": [1], "ignore_class": 0, "dtype": "float32"},
        {"num_classes": 2, "target_class_ids": [0, 1]},
    ],
    "MeanIoU": [{"num_classes": 3}, {"num_classes": 4, "ignore_class": 1}],
    "OneHotIoU": [{"num_classes": 4, "target_class_ids": [1, 2]}],
    "OneHotMeanIoU": [{"num_classes": 4}, {"num_classes": 4, "dtype": "float32"}],
    "Precision": [{}, {"thresholds": [0.8, 0.2]}, {"thresholds": [0.0, 0.25, 0.5, 0.75, 1.0]}],
    "PrecisionAtRecall": [{"recall": 0.5}, {"recall": 0.2, "num_thresholds": 1}],
    "R2Score": [
        {},
        {"class_aggregation": None},
        {"class_aggregation": "variance_weighted_average"},
        {"num_regressors": 2},
    ],
    "Recall": [{}, {"thresholds": 0.3}],
    "RecallAtPrecision": [{"precision": 0.6}],
    "SensitivityAtSpecificity": [{"specificity": 0.4}, {"specificity": 0.4, "num_thresholds": 5}],
    "SparseCategoricalCrossentropy": [{}, {"ignore_class": 1}, {"from_logits": True}],
    "SparseTopKCategoricalAccuracy": [{"k": 2}],
    "SpecificityAtSensitivity": [{"sensitivity": 0.4}],
    "TopKCategoricalAccuracy": [{"k": 2}],
}

# Functions take the inputs of a class: theirs if it has one by another name.
OF_FUNCTION = {
    "binary_focal_crossentropy": binary,
    "categorical_focal_crossentropy": one_hot,
    "huber": real,
    "log_cosh": real,
}


def arguments(name):
    return ARGUMENTS.get(name, [{}])


def cases():
    return [pytest.param(n, a, id=f"{n}-{a}") for n in CLASSES for a in arguments(n)]


def batch(name, rng, n, dtype="float32"):
    arrays = INPUTS[name](rng, n)
    return [a.astype(dtype if a.dtype.kind == "f" else "int32") for a in arrays]


def pair(keras, name, kwargs, dtype=None):
    if dtype is not None and "dtype" not in kwargs and not name.endswith("IoU"):
        kwargs = {**kwargs, "dtype": dtype}
    return CLASSES[name](**kwargs), getattr(keras.metrics, name)(**kwargs)


def same(ours, theirs, rtol=1e-5, atol=1e-6):
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=atol)


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*(regressors|predictors|adjusted|float).*")
        yield


def test_every_metric_has_inputs():
    for name in CLASSES:
        assert name in INPUTS, f"Metric {name} has no inputs in this test."
    assert set(INPUTS) == set(CLASSES)


def test_all_of_keras_is_here(keras):
    names = {n for n in dir(keras.metrics) if not n.startswith("_")}
    assert names <= set(dir(metrics))
    for name, obj in {**CLASSES, **FUNCTIONS}.items():
        ours, theirs = (inspect.signature(f) for f in (obj, getattr(keras.metrics, name)))
        assert [(p.name, p.default) for p in ours.parameters.values()] == [
            (p.name, p.default) for p in theirs.parameters.values()
        ]


@pytest.mark.parametrize(("name", "kwargs"), cases())
def test_batches_like_keras(keras, name, kwargs):
    """Two batches, then one with weights, in float32 and (where state may be) in float64."""
    for dtype in ("float32", "float64"):
        ours, theirs = pair(keras, name, kwargs, dtype)
        rng = np.random.default_rng(11)
        for weighted in (False, False, True):
            data = batch(name, rng, 5, dtype)
            weight = None
            if weighted and kwargs.get("axis") != 0:
                weight = rng.integers(0, 3, 5) if name.endswith("IoU") else rng.uniform(0, 2, 5)
                weight = weight.astype("float32")
            ours.update_state(*data, sample_weight=weight)
            theirs.update_state(*data, sample_weight=weight)
        # What Keras keeps in float32 variables is only that precise.
        exact = all(v.dtype == "float64" for v in ours.variables)
        same(ours.result(), theirs.result(), rtol=1e-10 if exact else 1e-5)
        assert np.asarray(theirs.result()).any(), (
            "0 is what a metric that counts nothing gives, too"
        )
        assert [v.shape for v in ours.variables] == [v.shape for v in theirs.variables]
        assert [v.dtype for v in ours.variables] == [v.dtype for v in theirs.variables]
        assert [v.path.split("/")[-1] for v in ours.variables] == [
            v.path.split("/")[-1] for v in theirs.variables
        ]
    shapes = [(v.shape, v.dtype) for v in ours.variables]
    ours.reset_state()
    assert [(v.shape, v.dtype) for v in ours.variables] == shapes
    assert not any(np.asarray(v).any() for v in ours.variables)


@pytest.mark.parametrize(("name", "kwargs"), cases())
def test_tensors_like_arrays(name, kwargs):
    """Tensors may take a shorter way."""
    arrays, tensors = CLASSES[name](**kwargs), CLASSES[name](**kwargs)
    rng = np.random.default_rng(4)
    for n in (4, 2):
        data = batch(name, rng, n)
        arrays.update_state(*data)
        tensors.update_state(*[ops.convert_to_tensor(a) for a in data])
    np.testing.assert_allclose(arrays.result(), tensors.result(), rtol=1e-6)


@pytest.mark.parametrize("name", CLASSES)
@settings(max_examples=10)
@given(seed=st.integers(0, 2**16), sizes=st.lists(st.integers(0, 6), min_size=1, max_size=4))
def test_batches_in_pieces_or_at_once(name, seed, sizes):
    """How the samples fall into batches makes no difference."""
    if sum(sizes) == 0 or name in ("Hinge", "SquaredHinge", "CosineSimilarity"):
        return  # hinge losses look at a whole batch for the kind of labels
    whole, pieces = (CLASSES[name](**arguments(name)[0]) for _ in range(2))
    data = batch(name, np.random.default_rng(seed), sum(sizes))
    whole.update_state(*data)
    at = 0
    for size in sizes:
        pieces.update_state(*[a[at : at + size] for a in data])
        at += size
    a, b = np.asarray(whole.result()), np.asarray(pieces.result())
    np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", CLASSES)
def test_empty_batches_and_no_batches(keras, name):
    kwargs = arguments(name)[0]
    ours, theirs = pair(keras, name, kwargs)
    data = batch(name, np.random.default_rng(0), 0)
    if name in ("R2Score", "F1Score", "FBetaScore"):
        with pytest.raises(ValueError, match="before the first"):
            ours.result()
    else:
        same(ours.result(), theirs.result())
    ours.update_state(*data)
    if name not in ("F1Score", "FBetaScore", "CategoricalHinge"):  # Keras fails there
        theirs.update_state(*data)
        same(ours.result(), theirs.result())


@pytest.mark.parametrize("name", CLASSES)
def test_config_round_trip(keras, name):
    for kwargs in arguments(name):
        metric = CLASSES[name](**kwargs)
        config = metrics.serialize(metric)
        twin = metrics.deserialize(config)
        assert type(twin) is CLASSES[name]
        assert twin.get_config() == metric.get_config()
        data = batch(name, np.random.default_rng(1), 5)
        np.testing.assert_array_equal(metric(*data), twin(*data))
        theirs = keras.metrics.deserialize(config)
        back = metrics.deserialize(keras.metrics.serialize(theirs))
        assert type(back) is CLASSES[name]
        theirs = getattr(keras.metrics, name)(**kwargs)
        assert set(theirs.get_config()) <= set(metric.get_config())
        if "name" not in kwargs and theirs.name.split("_")[0] not in ("auc",):
            assert metric.name.rstrip("_0123456789") == theirs.name.rstrip("_0123456789")
        assert metric.get_config()["dtype"] == theirs.get_config()["dtype"]


@pytest.mark.parametrize("name", CLASSES)
def test_stateless_like_stateful(name):
    metric = CLASSES[name](**arguments(name)[0])
    rng = np.random.default_rng(6)
    first, second = batch(name, rng, 4), batch(name, rng, 4)
    metric.update_state(*first)
    state = [np.asarray(v) for v in metric.variables]
    new = metric.stateless_update_state(state, *second)
    for v, before in zip(metric.variables, state):
        np.testing.assert_array_equal(v, before)
    result = metric.stateless_result(new)
    metric.update_state(*second)
    np.testing.assert_array_equal(result, metric.result())
    assert not any(np.asarray(v).any() for v in metric.stateless_reset_state())
    np.testing.assert_array_equal(result, metric.result())
    with pytest.raises(ValueError, match="metric_variables"):
        metric.stateless_result([*new, 0])


@pytest.mark.parametrize("name", CLASSES)
def test_nothing_is_recorded(name):
    metric = CLASSES[name](**arguments(name)[0])
    *y_true, y_pred = batch(name, np.random.default_rng(0), 4)
    y_pred = y_pred.astype("float32")
    watched = minikeras.autodiff.Variable(y_pred)
    with minikeras.autodiff.GradientTape() as tape:
        seen = watched.value * 1.0
        n = len(tape._nodes)
        metric.update_state(*y_true, seen)
        result = metric.result()
    assert len(tape._nodes) == n == 1
    assert result.node is None


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_like_keras(keras, name):
    maker = OF_FUNCTION.get(name)
    if maker is None:
        maker = INPUTS[type(metrics.get(name)).__name__]
    y_true, y_pred = maker(np.random.default_rng(8), 6)
    y_true = y_true.astype("int32" if y_true.dtype.kind == "i" else "float32")
    y_pred = y_pred.astype("float32")
    theirs = np.asarray(getattr(keras.metrics, name)(y_true, y_pred))
    same(FUNCTIONS[name](y_true, y_pred), theirs.astype("float32"))


# Bases and names.


def test_get_like_keras(keras):
    table = keras.src.metrics.ALL_OBJECTS_DICT
    for name, theirs in table.items():
        try:
            expected = type(keras.metrics.get(name)).__name__
        except TypeError:  # a class that needs arguments
            with pytest.raises(TypeError):
                metrics.get(name)
            continue
        assert type(metrics.get(name)).__name__ == expected == theirs.__name__
    assert metrics.get(None) is None
    f = metrics.binary_accuracy
    assert metrics.get(f) is f
    with pytest.raises(ValueError, match="binary_accuracy"):
        metrics.get("binary_acuracy")


def test_directions_like_keras(keras):
    for name in CLASSES:
        ours, theirs = pair(keras, name, arguments(name)[0])
        assert getattr(ours, "_direction", None) == getattr(theirs, "_direction", None), name
    assert metrics.MeanMetricWrapper(losses.huber)._direction == "down"
    assert metrics.MeanMetricWrapper(losses.Huber())._direction == "down"
    assert metrics.MeanMetricWrapper(lambda t, p: p)._direction is None


def test_bad_arguments_are_named():
    for make in (
        lambda: metrics.Precision(thresholds=[0.5, 1.5]),
        lambda: metrics.AUC(curve="ROCK"),
        lambda: metrics.AUC(summation_method="guess"),
        lambda: metrics.AUC(num_thresholds=1),
        lambda: metrics.AUC(num_labels=3),
        lambda: metrics.PrecisionAtRecall(2.0),
        lambda: metrics.PrecisionAtRecall(0.5, num_thresholds=0),
        lambda: metrics.FBetaScore(average="mean"),
        lambda: metrics.FBetaScore(beta=1),
        lambda: metrics.F1Score(threshold=0.0),
        lambda: metrics.IoU(num_classes=2, target_class_ids=[2]),
        lambda: metrics.R2Score(class_aggregation="sum"),
        lambda: metrics.R2Score(num_regressors=-1),
    ):
        with pytest.raises(ValueError, match=r"Received|range"):
            make()


def test_shapes_that_do_not_match_are_named():
    a, b = np.zeros((4, 3)), np.zeros((4, 2))
    for metric in (
        metrics.BinaryAccuracy(),
        metrics.Precision(),
        metrics.MeanSquaredError(),
        metrics.CategoricalCrossentropy(),
    ):
        with pytest.raises(ValueError, match=r"\(4, 3\).*\(4, 2\)"):
            metric.update_state(a, b)
    with pytest.raises(ValueError, match=r"\(4, 3\).*\(3, 3\)"):
        metrics.CategoricalAccuracy().update_state(a, b[:3].repeat(2, 1)[:, :3])
    with pytest.raises(ValueError, match=r"\(3,\).*\(4, 2\)"):
        metrics.SparseCategoricalAccuracy().update_state(np.zeros(3), b)
    with pytest.raises(ValueError, match=r"\(3,\).*\(4,\)"):
        metrics.Mean().update_state(np.zeros(4), sample_weight=np.zeros(3))
    with pytest.raises(ValueError, match="2D"):
        metrics.Precision(class_id=0).update_state(np.zeros(3), np.zeros(3))
    with pytest.raises(ValueError, match="top_k"):
        metrics.Precision(top_k=4).update_state(a, a)
    with pytest.raises(ValueError, match="2D"):
        metrics.F1Score().update_state(np.zeros(3), np.zeros(3))


@pytest.mark.parametrize("name", CLASSES)
def test_a_users_subclass_has_the_same_arguments_and_takes_no_name(name):
    base = CLASSES[name]
    mine = type(f"My{name}", (base,), {"__module__": "mine"})
    assert inspect.signature(mine.__init__) == inspect.signature(base.__init__)
    kwargs = arguments(name)[0]
    configs = (cls(**kwargs, name="m").get_config() for cls in (mine, base))
    assert len({json.dumps(config, sort_keys=True) for config in configs}) == 1
    with pytest.raises(ValueError, match="Unknown metric"):
        metrics.get(f"My{name}")


def test_wrong_arguments_are_told_with_the_class():
    with pytest.raises(TypeError, match=r"Hinge.__init__\(\) got an unexpected .*'nmae'"):
        metrics.Hinge(nmae="h")
    with pytest.raises(TypeError, match=r"PrecisionAtRecall.__init__\(\) missing .*'recall'"):
        metrics.PrecisionAtRecall()
    with pytest.raises(TypeError, match=r"Poisson.__init__\(\) too many"):
        metrics.Poisson("p", None, 3)
    with pytest.raises(TypeError, match=r"Poisson.__init__\(\) multiple values .*'name'"):
        metrics.Poisson("p", name="p")


def test_a_users_class_of_a_function():
    def distance(y_true, y_pred, power, scale=2.0):
        return ops.abs(y_true - y_pred) ** power * scale

    class Distance(metrics.MeanMetricWrapper, fn=distance, defaults={"power": 1}):
        pass

    metric = Distance(scale=3.0)
    assert (metric.name, metric.power, metric.scale) == ("distance", 1, 3.0)
    assert float(metric(np.zeros((2, 1)), np.ones((2, 1)))) == 3.0
    twin = Distance.from_config(metric.get_config())
    assert twin.get_config() == metric.get_config()
    assert list(inspect.signature(Distance).parameters) == ["name", "dtype", "power", "scale"]


def test_a_function_that_wraps_one_of_ours_is_called_itself():
    @functools.wraps(metrics.binary_accuracy)
    def doubled(y_true, y_pred):
        return 2.0 * metrics.binary_accuracy(y_true, y_pred)

    metric = metrics.MeanMetricWrapper(doubled)
    assert float(metric(np.ones((2, 1)), np.ones((2, 1)))) == 2.0


# Another value of each argument, and what has to be given beside it for it to count.
CHANGED = {
    "average": ("macro", {}),
    "axis": (0, {}),
    "beta": (2.0, {"threshold": 0.4}),
    "class_aggregation": (None, {}),
    "class_id": (1, {}),
    "curve": ("PR", {}),
    "from_logits": (True, {}),
    "from_sorted_ids": (True, {}),
    "ignore_class": (1, {}),
    "k": (1, {}),
    "label_smoothing": (0.2, {}),
    "label_weights": ([1.0, 2.0, 0.5], {"multi_label": True, "num_labels": 3}),
    "multi_label": (True, {}),
    "num_labels": (3, {"multi_label": True}),
    "num_regressors": (2, {}),
    "num_thresholds": (3, {}),
    "precision": (0.9, {}),
    "recall": (0.9, {}),
    "sensitivity": (0.9, {}),
    "specificity": (0.9, {}),
    "sparse_y_pred": (None, {}),
    "sparse_y_true": (None, {}),
    "summation_method": ("minoring", {"num_thresholds": 5}),
    "target_class_ids": ([1], {}),
    "threshold": (0.7, {}),
    "thresholds": ([0.8], {}),
    "top_k": (1, {}),
}
FOR_CLASSES = ("class_id", "top_k")
FOR_LABELS = ("label_weights", "multi_label", "num_labels")
# The number of classes must fit the data, the number of labels is found by itself, how data are given
# changes what must be given, and where the classes are is a matter of shape.
OTHERWISE = {"num_classes", "num_labels", "sparse_y_pred", "sparse_y_true", "from_sorted_ids"}
NO_AXIS = {"IoU", "MeanIoU", "OneHotIoU", "OneHotMeanIoU", "SparseCategoricalCrossentropy"}


def changes():
    for name, cls in CLASSES.items():
        for argument in parameters_of(cls):
            known = argument in ("name", "dtype") or argument in OTHERWISE
            if not known and not (argument == "axis" and name in NO_AXIS):
                yield name, argument


@pytest.mark.parametrize("name, argument", changes())
def test_an_argument_does_what_it_does_in_keras(keras, name, argument):
    value, beside = CHANGED[argument]
    beside = {**arguments(name)[0], **beside}
    if name == "RecallAtPrecision":
        beside["precision"] = 0.7  # which not every threshold reaches on these data
    maker = one_hot if argument in FOR_CLASSES else multi_label if argument in FOR_LABELS else None
    rng = np.random.default_rng(4)
    arrays = [
        a.astype("float32") if a.dtype.kind == "f" else a for a in (maker or INPUTS[name])(rng, 40)
    ]

    def result(library, kwargs):
        metric = getattr(library.metrics, name)(**kwargs)
        metric.update_state(*arrays)
        return np.asarray(metric.result())

    changed = result(minikeras, {**beside, argument: value})
    plain = result(
        minikeras, {k: v for k, v in beside.items() if k != argument or k in arguments(name)[0]}
    )
    assert changed.shape != plain.shape or (changed != plain).any(), f"{argument} is ignored"
    same(changed, result(keras, {**beside, argument: value}))
