"""Decisions at thresholds: what only some metrics have."""

from __future__ import annotations

import numpy as np
import pytest

from minikeras import metrics


def pair(keras, name, kwargs):
    """Return the same metric of ours and of Keras."""
    return getattr(metrics, name)(**kwargs), getattr(keras.metrics, name)(**kwargs)


def same(ours, theirs):
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def multi_label(rng, n):
    return rng.integers(0, 2, (n, 3)), rng.uniform(0.01, 0.99, (n, 3))


@pytest.mark.parametrize("kwargs", [{"top_k": 2}, {"top_k": 2, "thresholds": 0.5}, {"class_id": 1}])
@pytest.mark.parametrize("name", ["Precision", "Recall"])
def test_top_k_and_class_id_like_keras(keras, name, kwargs):
    ours, theirs = pair(keras, name, kwargs)
    rng = np.random.default_rng(3)
    for weight in (None, rng.uniform(0, 1, 6).astype("float32")):
        y_true, y_pred = multi_label(rng, 6)
        ours.update_state(y_true, y_pred.astype("float32"), sample_weight=weight)
        theirs.update_state(y_true, y_pred.astype("float32"), sample_weight=weight)
        same(ours.result(), theirs.result())
    y_true, y_pred = rng.integers(0, 2, (5, 2, 4)), rng.uniform(size=(5, 2, 4)).astype("float32")
    same(ours(y_true, y_pred), theirs(y_true, y_pred))


@pytest.mark.parametrize(
    "kwargs",
    [
        {"multi_label": True},
        {"multi_label": True, "num_labels": 3, "curve": "PR"},
        {"multi_label": True, "label_weights": [0.1, 0.5, 0.4]},
        {"multi_label": True, "label_weights": [0.1, 0.5, 0.4], "thresholds": [0.3, 0.8]},
        {"label_weights": [0.1, 0.5, 0.4]},
        {"from_logits": True},
    ],
)
def test_auc_of_several_labels_like_keras(keras, kwargs):
    ours, theirs = pair(keras, "AUC", kwargs)
    rng = np.random.default_rng(3)
    for weight in (None, rng.uniform(0, 1, 8).astype("float32")):
        y_true, y_pred = multi_label(rng, 8)
        y_pred = y_pred.astype("float32")
        ours.update_state(y_true, y_pred, sample_weight=weight)
        theirs.update_state(y_true, y_pred, sample_weight=weight)
        same(ours.result(), theirs.result())
    twin = metrics.deserialize(metrics.serialize(ours))
    assert twin.get_config() == ours.get_config()


def test_predictions_on_thresholds_like_keras(keras):
    y_pred = np.array([0, 0.25, 0.5, 0.75, 1, 0, 0.25, 0.5, 0.75, 1], "float32")
    y_true = np.array([0] * 5 + [1] * 5)
    for name in ("TruePositives", "FalsePositives", "TrueNegatives", "FalseNegatives"):
        for thresholds in ([0.25, 0.5], [0.0, 0.25, 0.5, 0.75, 1.0], 0.5, [1.0, 0.0]):
            ours, theirs = pair(keras, name, {"thresholds": thresholds})
            same(ours(y_true, y_pred), theirs(y_true, y_pred))
    for n in (3, 5, 9):
        ours, theirs = pair(keras, "AUC", {"num_thresholds": n})
        same(ours(y_true, y_pred), theirs(y_true, y_pred))


def test_auc_like_sklearn():
    sklearn_metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    y_true = rng.integers(0, 2, 2000)
    y_pred = np.clip(y_true * 0.3 + rng.uniform(0, 0.7, 2000), 0, 1)
    m = metrics.AUC(num_thresholds=2000)
    assert abs(float(m(y_true, y_pred)) - sklearn_metrics.roc_auc_score(y_true, y_pred)) < 1e-3


def test_missing_predictions_are_negative():
    m = metrics.Precision()
    assert float(m([1, 1, 1], [np.nan, 0.9, 0.9])) == 1.0
    assert float(metrics.Recall()([1, 1], [np.nan, 0.9])) == 0.5


@pytest.mark.parametrize("class_id", [3, 4])
def test_a_class_that_predictions_do_not_have_is_refused(class_id):
    metric = metrics.Precision(class_id=class_id)
    with pytest.raises(ValueError, match="class_id"):
        metric.update_state(np.eye(3), np.eye(3))
