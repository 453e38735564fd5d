"""Metrics keep their digits over many batches."""

import copy
import pickle

import numpy as np
import pytest

from minikeras import metrics


def test_a_mean_does_not_drift():
    metric = metrics.Mean()
    value = np.float32(0.1)
    for _ in range(30_000):
        metric.update_state(value)
    assert metric.total.dtype == "float32"
    assert abs(float(metric.result()) - float(value)) <= 1e-8


def test_a_sum_does_not_drift():
    metric = metrics.Sum()
    for _ in range(30_000):
        metric.update_state(np.float32(0.1))
    assert abs(float(metric.result()) - 30_000 * float(np.float32(0.1))) <= 3e-4


@pytest.mark.parametrize(
    ("metric", "variable"),
    [
        (metrics.TruePositives(), "accumulator"),
        (metrics.F1Score(threshold=0.5), "true_positives"),
        (metrics.BinaryAccuracy(), "count"),
    ],
    ids=["TruePositives", "F1Score", "BinaryAccuracy"],
)
def test_counts_go_on_beyond_what_float32_can_count(metric, variable):
    y = np.ones((1, 1), "float32")
    metric.update_state(y, y)
    state = [v for v in metric.variables if v.name == variable] or metric.variables[:1]
    state[0].assign(np.full(state[0].shape, 2.0**24))
    for _ in range(4):
        metric.update_state(y, y)
    assert float(np.ravel(state[0].numpy())[0]) == 2.0**24 + 4


def test_r2_far_from_zero():
    rng = np.random.default_rng(0)
    y = (1e4 + rng.normal(size=(1000, 2))).astype("float32")
    p = (y + 0.1 * rng.normal(size=y.shape)).astype("float32")
    metric = metrics.R2Score(class_aggregation=None)
    for i in range(0, 1000, 50):
        metric.update_state(y[i : i + 50], p[i : i + 50])
    y, p = y.astype("float64"), p.astype("float64")
    wanted = 1 - ((y - p) ** 2).sum(0) / ((y - y.mean(0)) ** 2).sum(0)
    np.testing.assert_allclose(metric.result(), wanted, atol=1e-5)
    assert metric.result().dtype == "float32"


@pytest.mark.parametrize("metric", [metrics.Mean(), metrics.Sum()], ids=["Mean", "Sum"])
def test_whoever_sets_a_variable_begins_anew(metric):
    metric.update_state([1.0, 2.0, 3.0])
    other = copy.deepcopy(metric)
    metric.total.assign(60.0)
    metric.update_state([0.0])
    assert float(metric.total.numpy()) == 60.0
    metric.reset_state()
    metric.update_state([4.0])
    assert float(metric.result()) == 4.0
    other.update_state([6.0])
    assert float(other.total.numpy()) == 12.0
    state = metric.stateless_update_state([np.float32(1)] * len(metric.variables), [2.0])
    assert float(state[0]) == 3.0
    assert float(metric.result()) == 4.0


def tenths(metric, n):
    for _ in range(n):
        metric.update_state(np.float32(0.1))
    return metric


WAYS = [copy.deepcopy, copy.copy, lambda m: pickle.loads(pickle.dumps(m))]


@pytest.mark.parametrize("copied", WAYS, ids=["deepcopy", "copy", "pickle"])
@pytest.mark.parametrize("make", [metrics.Mean, metrics.Sum], ids=["Mean", "Sum"])
def test_a_copy_keeps_the_digits(make, copied):
    straight, copies = make(), [make()]
    for metric in (straight, copies[0]):
        metric.update_state(np.float32(1e6))  # beside which float32 has no tenths
    for _ in range(50):  # all of them live on: none has the place in memory that one had before
        tenths(straight, 1)
        copies.append(tenths(copied(copies[-1]), 1))
    assert float(copies[-1].result()) == float(straight.result())


@pytest.mark.parametrize(
    ("make", "arguments"),
    [
        (metrics.Mean, (np.float32(0.1),)),
        (metrics.Sum, (np.float32(0.1),)),
        (metrics.R2Score, (np.float32([[0.1], [1e3]]), np.float32([[0.11], [1e3]]))),
    ],
    ids=["Mean", "Sum", "R2Score"],
)
def test_sums_without_state_keep_the_digits(make, arguments):
    straight, metric = make(), make()
    straight.update_state(*arguments)
    metric.update_state(*arguments)
    metric.reset_state()
    straight.reset_state()
    state = other = [v.value for v in metric.variables]
    for _ in range(2_000):  # two streams in turn
        straight.update_state(*arguments)
        state = metric.stateless_update_state(state, *arguments)
        other = metric.stateless_update_state(other, *arguments)
    assert float(metric.stateless_result(state)) == float(straight.result())
    assert all(not np.any(v) for v in metric.variables)  # nothing of it stays in the metric
    fresh = metric.stateless_update_state([v.value for v in metric.variables], *arguments)
    again = metric.stateless_update_state([v.value for v in metric.variables], *arguments)
    assert [float(np.ravel(v)[0]) for v in fresh] == [float(np.ravel(v)[0]) for v in again]


@pytest.mark.parametrize("make", [metrics.PearsonCorrelation, metrics.ConcordanceCorrelation])
def test_correlations_along_many_samples(make):
    rng = np.random.default_rng(0)
    y = (100 + rng.normal(size=(300_000, 2))).astype("float32")
    p = (y + rng.normal(size=y.shape)).astype("float32")
    expected = make(axis=0, dtype="float64")(y.astype("float64"), p.astype("float64"))
    np.testing.assert_allclose(make(axis=0)(y, p), expected, rtol=1e-5)
