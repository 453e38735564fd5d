"""Means and sums of anything, and of functions."""

from __future__ import annotations

import numpy as np
import pytest

from minikeras import losses, metrics, ops


def pair(keras, name, kwargs):
    """Return the same metric of ours and of Keras."""
    return getattr(metrics, name)(**kwargs), getattr(keras.metrics, name)(**kwargs)


def same(ours, theirs):
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["Mean", "Sum"])
@pytest.mark.parametrize("shape", [(), (4,), (4, 3), (4, 3, 2)])
@pytest.mark.parametrize("weight_shape", [None, (), (4,), (4, 1), (4, 3)])
def test_reductions_of_any_shape_like_keras(keras, name, shape, weight_shape):
    ours, theirs = pair(keras, name, {})
    rng = np.random.default_rng(2)
    x = rng.normal(size=shape).astype("float32")
    w = None if weight_shape is None else rng.uniform(size=weight_shape).astype("float32")
    try:
        theirs.update_state(x, sample_weight=w)
    except Exception:
        with pytest.raises(ValueError):
            ours.update_state(x, sample_weight=w)
        return
    ours.update_state(x, sample_weight=w)
    same(ours.result(), theirs.result())


@pytest.mark.parametrize("dtype", ["int64", "bool", "float64", "uint8"])
def test_mean_keeps_its_dtype(dtype):
    m = metrics.Mean()
    m.update_state(np.ones(3, dtype))
    m.update_state(np.ones((), dtype))
    assert m.total.dtype == m.count.dtype == "float32"
    assert m.result().dtype == "float32"
    assert float(m.result()) == 1.0


@pytest.mark.parametrize("name", ["BinaryAccuracy", "MeanSquaredError", "CategoricalCrossentropy"])
@pytest.mark.parametrize("weighted", [False, True])
def test_masks_like_keras(keras, name, weighted):
    ours, theirs = pair(keras, name, {})
    rng = np.random.default_rng(1)
    y_true = np.eye(3)[rng.integers(0, 3, (2, 5))].astype("float32")
    y_pred = rng.uniform(0.1, 1, (2, 5, 3)).astype("float32")
    mask = rng.integers(0, 2, (2, 5)).astype(bool)
    weight = rng.uniform(0, 1, (2, 5)).astype("float32") if weighted else None
    a, b = ops.convert_to_tensor(y_pred), keras.ops.array(y_pred)
    a._keras_mask = ops.convert_to_tensor(mask)
    keras.src.backend.set_keras_mask(b, keras.ops.array(mask))
    same(ours(y_true, a, sample_weight=weight), theirs(y_true, b, sample_weight=weight))


def test_wrapper_round_trip():
    m = metrics.MeanMetricWrapper(losses.huber, name="h", delta=2.0)
    twin = metrics.MeanMetricWrapper.from_config(m.get_config())
    assert twin.get_config() == m.get_config()
    assert float(m([[0.0]], [[3.0]])) == float(twin([[0.0]], [[3.0]])) == 4.0
