"""Shapes of targets and predictions that fit each other."""

from __future__ import annotations

import numpy as np
import pytest

from minikeras import metrics, ops


def pair(keras, name, kwargs):
    """Return the same metric of ours and of Keras."""
    return getattr(metrics, name)(**kwargs), getattr(keras.metrics, name)(**kwargs)


def same(ours, theirs):
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "true_shape", "pred_shape"),
    [
        ("BinaryAccuracy", (4,), (4, 1)),
        ("BinaryAccuracy", (4, 1), (4,)),
        ("BinaryAccuracy", (4, 2, 3), (4, 2, 3)),
        ("Accuracy", (4, 1), (4,)),
        ("CategoricalAccuracy", (2, 3, 4), (2, 3, 4)),
        ("SparseCategoricalAccuracy", (4, 1), (4, 3)),
        ("SparseCategoricalAccuracy", (2, 3), (2, 3, 4)),
        ("SparseCategoricalAccuracy", (2, 3, 1), (2, 3, 4)),
        ("SparseCategoricalAccuracy", (2, 1, 3), (2, 1, 3, 4)),
        ("SparseCategoricalAccuracy", (2, 3, 1), (2, 3, 1, 4)),
        ("SparseTopKCategoricalAccuracy", (4, 1), (4, 7)),
        ("SparseTopKCategoricalAccuracy", (2, 3), (2, 3, 7)),
        ("TopKCategoricalAccuracy", (2, 3, 7), (2, 3, 7)),
        ("MeanSquaredError", (4,), (4, 1)),
        ("MeanSquaredError", (4,), (4,)),
        ("MeanSquaredError", (2, 3, 2), (2, 3, 2)),
        ("RootMeanSquaredError", (4,), (4, 1)),
        ("Precision", (4,), (4, 1)),
        ("Precision", (4, 2, 2), (4, 2, 2)),
        ("R2Score", (4,), (4, 1)),
    ],
)
def test_ranks_are_matched_like_keras(keras, name, true_shape, pred_shape):
    ours, theirs = pair(keras, name, {})
    rng = np.random.default_rng(1)
    for _ in range(2):
        y_true = rng.integers(0, 2, true_shape).astype("float32")
        y_pred = rng.uniform(0, 1, pred_shape).astype("float32")
        if name == "Accuracy":
            y_pred = y_pred.round()
        ours.update_state(y_true, ops.convert_to_tensor(y_pred))
        theirs.update_state(y_true, y_pred)
    same(ours.result(), theirs.result())
    for v, w in zip(ours.variables, theirs.variables):
        np.testing.assert_allclose(v, w, rtol=1e-5)


def test_is_binary_or_sparse_categorical(keras):
    from keras.src.trainers.compile_utils import is_binary_or_sparse_categorical as theirs

    for t in [(4,), (4, 1), (4, 3), (4, 2, 1)]:
        for p in [(4, 1), (4, 3), (4, 2, 3)]:
            a, b = np.zeros(t), np.zeros(p)
            assert metrics.is_binary_or_sparse_categorical(a, b) == tuple(map(bool, theirs(a, b)))


def test_sorted_ids_in_place_of_scores():
    ids = np.array([[2, 0], [1, 2], [0, 1]])  # the classes of each sample, the likeliest first
    labels = np.array([0, 0, 2])
    of = metrics.sparse_top_k_categorical_accuracy
    np.testing.assert_array_equal(of(labels, ids, k=2, from_sorted_ids=True), [1, 0, 0])
    np.testing.assert_array_equal(of(labels, ids, k=1, from_sorted_ids=True), [0, 0, 0])
    metric = metrics.SparseTopKCategoricalAccuracy(k=2, from_sorted_ids=True)
    metric.update_state(labels, ids)
    assert float(metric.result()) == pytest.approx(1 / 3)
