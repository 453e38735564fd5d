"""Predictions at a threshold, ties, and other edges of metrics, as Keras has them."""

from __future__ import annotations

import numpy as np
import pytest

import minikeras

AT_HALF = ([1, 0, 1, 0], [0.5, 0.5, 0.4, 0.6])
TIED = [[0.3, 0.3, 0.3]] * 3


@pytest.mark.parametrize(
    ("name", "kwargs", "y_true", "y_pred", "wanted"),
    [
        # At its threshold a prediction is negative for these,
        ("F1Score", {"threshold": 0.5}, [[1], [0], [1]], [[0.5], [0.4], [0.6]], [2 / 3]),
        ("F1Score", {}, [[1, 0], [1, 0]], [[1e-9, 0.0], [2e-9, 0.0]], [2 / 3, 0]),  # too small
        ("Precision", {"thresholds": 0.5}, *AT_HALF, 0.0),
        ("Recall", {"thresholds": 0.5}, *AT_HALF, 0.0),
        ("BinaryAccuracy", {}, *AT_HALF, 0.25),
        # and positive for this.
        ("BinaryIoU", {"threshold": 0.5}, *AT_HALF, 0.125),
        # The first of equal scores wins.
        ("CategoricalAccuracy", {}, np.eye(3), TIED, 1 / 3),
        ("SparseTopKCategoricalAccuracy", {"k": 1}, [0, 1, 2], TIED, None),
        ("SparseTopKCategoricalAccuracy", {"k": 2}, [0, 1, 2], TIED, None),
        ("TopKCategoricalAccuracy", {"k": 2}, np.eye(3), TIED, None),
        # As many regressors as examples, but for one: nothing to adjust by.
        ("R2Score", {"num_regressors": 2}, [[1], [2], [4]], [[1.0], [2.5], [3.0]], None),
        ("R2Score", {"num_regressors": 1}, [[1], [2], [4]], [[1.0], [2.5], [3.0]], None),
        ("MeanIoU", {"num_classes": 3, "ignore_class": 0}, [0, 1, 2, 0], [1, 1, 0, 0], 1 / 3),
        (
            "SparseCategoricalCrossentropy",
            {"ignore_class": 0},
            [0, 1, 2],
            [[0.2, 0.3, 0.5]] * 3,
            -np.log(0.15) / 3,
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:More independent predictors")
@pytest.mark.filterwarnings("ignore:Division by zero")
def test_edges_of_metrics(keras, name, kwargs, y_true, y_pred, wanted):
    results = []
    for library in (minikeras, keras):
        metric = getattr(library.metrics, name)(**kwargs)
        metric.update_state(np.array(y_true, "float32"), np.array(y_pred, "float32"))
        results.append(np.asarray(metric.result()))
    np.testing.assert_allclose(*results, rtol=1e-6)
    if wanted is not None:
        np.testing.assert_allclose(results[0], wanted, rtol=1e-5)


def test_class_0_can_be_ignored(keras):
    p = np.array([[0.2, 0.3, 0.5]] * 3, "float32")
    for library in (minikeras, keras):
        loss = library.losses.SparseCategoricalCrossentropy(ignore_class=0, reduction=None)
        np.testing.assert_allclose(
            np.asarray(loss(np.array([0, 1, 2]), p)), [0, -np.log(0.3), -np.log(0.5)], rtol=1e-5
        )
