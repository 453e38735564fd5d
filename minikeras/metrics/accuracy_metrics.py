"""How often predictions are right."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.arguments import F, PositiveInt
from minikeras.common.call_errors import told
from minikeras.common.dtypes import floatx_dtype
from minikeras.losses.loss import squeeze_or_expand_to_same_rank
from minikeras.metrics.reduction_metrics import ON_ARRAYS, MeanMetricWrapper


def _matches(on_arrays: Callable) -> Callable[[F], F]:
    """Decorate a function's documentation: make it of its twin on arrays, which returns bools."""

    def decorate(function: F) -> F:
        @told
        @functools.wraps(function)
        def public(y_true: Any, y_pred: Any, *args: Any, **kwargs: Any) -> Tensor:
            matches = on_arrays(to_array(y_true), to_array(y_pred), *args, **kwargs)
            return Tensor(np.asarray(matches).astype(floatx_dtype()))

        ON_ARRAYS[public] = on_arrays
        return public

    return decorate


def _same_rank(name: str, y_true: np.ndarray, y_pred: np.ndarray) -> tuple:
    if y_true.shape == y_pred.shape:
        return y_true, y_pred
    y_true, y_pred = squeeze_or_expand_to_same_rank(y_true, y_pred)
    if y_true.shape == y_pred.shape:
        return y_true, y_pred
    try:
        np.broadcast_shapes(y_true.shape, y_pred.shape)
    except ValueError as error:
        raise ValueError(
            f"{name}: the shapes of `y_true` and `y_pred` do not match. "
            f"Received: y_true.shape={y_true.shape}, y_pred.shape={y_pred.shape}"
        ) from error
    return y_true, y_pred


def _accuracy(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    y_true, y_pred = _same_rank("accuracy", y_true, y_pred)
    return y_true.astype(y_pred.dtype, copy=False) == y_pred


@_matches(_accuracy)
def accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """Say where predictions equal targets."""


def _binary_accuracy(y_true: np.ndarray, y_pred: np.ndarray, threshold: float = 0.5) -> np.ndarray:
    if y_true.shape != y_pred.shape:
        if (*y_true.shape, 1) == y_pred.shape:  # the commonest case
            y_true = y_true.reshape(y_pred.shape)
        else:
            y_true, y_pred = _same_rank("binary_accuracy", y_true, y_pred)
    # Of one dtype on both sides: NumPy would make an array of a number first, and compare bools
    # with numbers piece by piece.
    above = y_pred > _threshold(threshold, y_pred.dtype)
    return above.astype(y_true.dtype) == y_true


@functools.lru_cache
def _threshold(value: float, dtype: np.dtype) -> np.ndarray:
    return np.array(value, dtype if dtype.kind == "f" else None)


@_matches(_binary_accuracy)
def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Tensor:
    """Say where predictions are on the right side of a threshold.

    Args:
        y_true: labels 0 and 1.
        y_pred: predicted probabilities of the same shape.
        threshold: above it, a prediction means 1.

    Returns:
        Ones where right, else zeros, of the shape of the inputs.

    Example:

    >>> from minikeras import metrics
    >>> metrics.binary_accuracy([[1.0], [0.0]], [[0.6], [0.7]])
    <Tensor shape=(2, 1) dtype=float32
    [[1.]
     [0.]]>
    """


def _categorical_accuracy(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    if y_true.shape[:-1] != y_pred.shape[:-1]:
        raise ValueError(
            "categorical_accuracy: the shapes of `y_true` and `y_pred` do not match. "
            f"Received: y_true.shape={y_true.shape}, y_pred.shape={y_pred.shape}"
        )
    return y_true.argmax(-1) == y_pred.argmax(-1)


@_matches(_categorical_accuracy)
def categorical_accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """Say where the likeliest class is the right one.

    Args:
        y_true: one-hot labels of shape `(batch, ..., classes)`.
        y_pred: scores of the same shape.

    Returns:
        Ones where right, else zeros, of shape `(batch, ...)`.

    Example:

    >>> from minikeras import metrics
    >>> metrics.categorical_accuracy([[0, 1], [1, 0]], [[0.1, 0.9], [0.4, 0.6]])
    <Tensor shape=(2,) dtype=float32 [1. 0.]>
    """


def _sparse_categorical_accuracy(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    if y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1:
        y_true = y_true[..., 0]
    if y_true.shape != y_pred.shape[:-1]:
        raise ValueError(
            "sparse_categorical_accuracy: `y_true` must hold one label for each row of `y_pred`. "
            f"Received: y_true.shape={y_true.shape}, y_pred.shape={y_pred.shape}"
        )
    matches = y_pred.argmax(-1) == y_true
    return matches[..., 0] if matches.ndim > 1 and matches.shape[-1] == 1 else matches


@_matches(_sparse_categorical_accuracy)
def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """Say where the likeliest class is the right one.

    Args:
        y_true: integer labels of shape `(batch, ...)` or `(batch, ..., 1)`.
        y_pred: scores of shape `(batch, ..., classes)`.

    Returns:
        Ones where right, else zeros, of shape `(batch, ...)`.

    Example:

    >>> from minikeras import metrics
    >>> metrics.sparse_categorical_accuracy([1, 0], [[0.1, 0.9], [0.4, 0.6]])
    <Tensor shape=(2,) dtype=float32 [1. 0.]>
    """


def _in_top_k(labels: np.ndarray, scores: np.ndarray, k: int) -> np.ndarray:
    """Whether fewer than k classes score higher than the right one."""
    known = (labels >= 0) & (labels < scores.shape[-1])
    own = np.take_along_axis(scores, np.where(known, labels, 0)[..., None], axis=-1)
    own = np.where(np.isnan(own), -np.inf, own)
    return known & (np.count_nonzero(scores > own, axis=-1) < k)


def _one_label_per_row(name: str, labels: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return labels as many as there are rows of scores.

    Raises:
        ValueError: if there are more or fewer.
    """
    rows = scores.shape[:-1]
    if labels.shape != rows and labels.shape != (*rows, 1):
        raise ValueError(
            f"{name}: `y_true` and `y_pred` do not match: {labels.shape} labels for scores of "
            f"shape {scores.shape}."
        )
    return labels.reshape(rows)


def _top_k_categorical_accuracy(
    y_true: np.ndarray, y_pred: np.ndarray, k: PositiveInt = 5
) -> np.ndarray:
    labels = _one_label_per_row("top_k_categorical_accuracy", y_true.argmax(-1), y_pred)
    return _in_top_k(labels, y_pred, k)


@_matches(_top_k_categorical_accuracy)
def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: PositiveInt = 5) -> Tensor:
    """Say where the right class is among the k likeliest.

    Args:
        y_true: one-hot labels of shape `(batch, ..., classes)`.
        y_pred: scores of the same shape.
        k: how many classes to look at.

    Returns:
        Ones where right, else zeros, of shape `(batch, ...)`.

    Example:

    >>> from minikeras import metrics
    >>> metrics.top_k_categorical_accuracy([[0, 0, 1]], [[0.5, 0.3, 0.2]], k=2)
    <Tensor shape=(1,) dtype=float32 [0.]>
    """


def _sparse_top_k_categorical_accuracy(
    y_true: np.ndarray, y_pred: np.ndarray, k: PositiveInt = 5, from_sorted_ids: bool = False
) -> np.ndarray:
    name = "sparse_top_k_categorical_accuracy"
    labels = _one_label_per_row(name, y_true, y_pred)
    if from_sorted_ids:
        matches = (labels[..., None] == y_pred[..., :k]).any(axis=-1)
    else:
        matches = _in_top_k(labels.astype(np.int64, copy=False), y_pred, k)
    return matches.reshape(y_true.shape)


@_matches(_sparse_top_k_categorical_accuracy)
def sparse_top_k_categorical_accuracy(
    y_true: Any, y_pred: Any, k: PositiveInt = 5, from_sorted_ids: bool = False
) -> Tensor:
    """Say where the right class is among the k likeliest.

    Args:
        y_true: integer labels of shape `(batch, ...)`.
        y_pred: scores of shape `(batch, ..., classes)`.
        k: how many classes to look at.
        from_sorted_ids: whether `y_pred` holds class numbers instead, likeliest first.

    Returns:
        Ones where right, else zeros, of the shape of `y_true`.

    Example:

    >>> from minikeras import metrics
    >>> metrics.sparse_top_k_categorical_accuracy([1], [[0.5, 0.3, 0.2]], k=2)
    <Tensor shape=(1,) dtype=float32 [1.]>
    """


class Accuracy(MeanMetricWrapper, fn=accuracy):
    """How often predictions equal targets.

    Args:
        name, dtype: see `Metric`.

    Example:

    >>> from minikeras import metrics
    >>> float(metrics.Accuracy()([[1], [2], [3], [4]], [[0], [2], [3], [4]]))
    0.75
    """

    _direction = "up"


class BinaryAccuracy(MeanMetricWrapper, fn=binary_accuracy):
    """How often predictions are on the right side of a threshold.

    Args:
        name, dtype: see `Metric`.
        threshold: above it, a prediction means 1.

    Example:

    >>> from minikeras import metrics
    >>> float(metrics.BinaryAccuracy()([[1], [1], [0], [0]], [[0.98], [1], [0], [0.6]]))
    0.75
    """

    _direction = "up"


class CategoricalAccuracy(MeanMetricWrapper, fn=categorical_accuracy):
    """How often the likeliest class is the right one, for one-hot labels.

    Args:
        name, dtype: see `Metric`.

    Example:

    >>> from minikeras import metrics
    >>> m = metrics.CategoricalAccuracy()
    >>> float(m([[0, 1], [1, 0]], [[0.1, 0.9], [0.4, 0.6]]))
    0.5
    """

    _direction = "up"


class SparseCategoricalAccuracy(MeanMetricWrapper, fn=sparse_categorical_accuracy):
    """How often the likeliest class is the right one, for integer labels.

    Args:
        name, dtype: see `Metric`.

    Example:

    >>> from minikeras import metrics
    >>> float(metrics.SparseCategoricalAccuracy()([1, 0], [[0.1, 0.9], [0.4, 0.6]]))
    0.5
    """

    _direction = "up"


class TopKCategoricalAccuracy(
    MeanMetricWrapper, fn=top_k_categorical_accuracy, arguments=("k", "name", "dtype")
):
    """How often the right class is among the k likeliest, for one-hot labels.

    Args:
        k: how many classes to look at.
        name, dtype: see `Metric`.

    Example:

    >>> from minikeras import metrics
    >>> m = metrics.TopKCategoricalAccuracy(k=2)
    >>> float(m([[0, 0, 1], [0, 1, 0]], [[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]]))
    0.5
    """

    _direction = "up"


class SparseTopKCategoricalAccuracy(
    MeanMetricWrapper,
    fn=sparse_top_k_categorical_accuracy,
    arguments=("k", "name", "dtype", "from_sorted_ids"),
):
    """How often the right class is among the k likeliest, for integer labels.

    Args:
        k: how many classes to look at.
        name, dtype: see `Metric`.
        from_sorted_ids: whether predictions are class numbers instead of scores, likeliest first.

    Example:

    >>> from minikeras import metrics
    >>> m = metrics.SparseTopKCategoricalAccuracy(k=2)
    >>> float(m([2, 1], [[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]]))
    0.5
    """

    _direction = "up"


@told
def is_binary_or_sparse_categorical(y_true: Any, y_pred: Any) -> tuple[bool, bool]:
    """Tell from shapes what "accuracy" (or "crossentropy") means for targets and predictions.

    Args:
        y_true, y_pred: anything with a `shape`.

    Returns:
        Whether outputs are single probabilities, and whether targets are integer labels.

    Example:

    >>> import numpy as np
    >>> from minikeras import metrics
    >>> metrics.is_binary_or_sparse_categorical(np.zeros((2, 1)), np.zeros((2, 5)))
    (False, True)
    """
    t, p = tuple(y_true.shape), tuple(y_pred.shape)
    binary = bool(p) and p[-1] == 1
    sparse = len(t) < len(p) or bool(t and t[-1] == 1 and p[-1] is not None and p[-1] > 1)
    return binary, sparse
