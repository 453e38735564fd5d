"""The base class, as users subclass it."""

from __future__ import annotations

import numpy as np
import pytest

import minikeras
from minikeras import metrics, ops
from minikeras.metrics.metric import Metric


def test_own_metrics():
    class Worst(Metric):
        def __init__(self, name="worst", **kwargs):
            super().__init__(name=name, **kwargs)
            self.error = self.add_weight(name="error", initializer="zeros")
            self.inner = [metrics.Mean()]

        def update_state(self, y_true, y_pred, sample_weight=None):
            error = ops.max(ops.abs(ops.subtract(y_true, y_pred)))
            self.error.assign(ops.maximum(self.error, error))
            self.inner[0].update_state(error)

        def result(self):
            return {"worst": self.error, "mean": self.inner[0].result()}

    m = Worst()
    assert [v.path.split("/")[-1] for v in m.variables] == ["error", "total", "count"]
    m.update_state([0.0, 0.0], [1.0, 3.0])
    result = m([0.0], [2.0])
    assert float(result["worst"]) == 3.0
    assert float(result["mean"]) == 2.5
    new = m.stateless_update_state([0, 0, 0], [0.0], [7.0])
    assert [float(v) for v in new] == [7.0, 7.0, 1.0]
    m.reset_state()
    assert float(m.result()["worst"]) == 0.0
    assert m.get_config() == {"name": "worst", "dtype": "float32"}

    class Forgot(Metric):
        def __init__(self):
            self.add_weight(name="x")

    with pytest.raises(RuntimeError, match="super"):
        Forgot()


def test_variables_in_lists_and_dicts_and_arrays_as_first_values():
    class Many(metrics.Metric):
        def __init__(self):
            super().__init__(name="many")
            self.listed = [minikeras.Variable(1.0, name="a"), minikeras.Variable(2.0, name="b")]
            self.keyed = {"x": {"y": minikeras.Variable(3.0, name="c")}}
            self.parts = [metrics.Mean(), {"m": metrics.Sum()}]
            self.start = self.add_variable((2,), np.array([1.0, 2.0]), name="start")

    metric = Many()
    names = [v.name for v in metric.variables]
    assert names == ["a", "b", "c", "start", "total", "count", "total"]
    np.testing.assert_array_equal(metric.start, [1, 2])
    assert metric.start.dtype == "float32"
    metric.reset_state()
    assert not any(np.any(v) for v in metric.variables)
    with pytest.raises(ValueError, match=r"\(3,\)"):
        metric.add_variable((3,), np.array([1.0, 2.0]))


def test_a_state_is_put_back_in_order_when_variables_are_made_late():
    class Late(metrics.Metric):
        made = False

        def update_state(self, values):
            if not self.made:
                self.made = True
                self.first = self.add_variable((), "zeros", name="first")
                self.second = self.add_variable((), "zeros", name="second")
            self.first.assign_add(np.sum(values))
            self.second.assign_add(len(values))

        def result(self):
            return self.first / self.second

    trained, fresh = Late(), Late()
    trained.update_state([3.0, 5.0])
    fresh.set_state(trained.get_state())
    fresh.update_state([1.0])
    assert (float(fresh.first), float(fresh.second)) == (9.0, 3.0)
