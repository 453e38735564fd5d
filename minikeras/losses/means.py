"""The mean of a loss over a whole batch as one primitive, for the losses of most trainings.

Where nothing is weighted or masked, the mean over samples of means over features is the mean over
everything. A maker takes a loss function's further arguments and returns `mean(y_true, y_pred)`,
which itself returns None where the general path has to do the work (and the checking).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minikeras import ops
from minikeras.autodiff.primitive import Primitive
from minikeras.autodiff.tensor import Tensor
from minikeras.common.settings import settings
from minikeras.kernels import errors
from minikeras.ops import nn

Mean = Callable[[Any, Tensor], "Tensor | None"]


def _averaged(primitive: Primitive) -> Primitive:
    """Make a primitive of the mean of another one's results."""

    def forward(*inputs: Any, **params: Any) -> tuple:
        values, saved = primitive.forward(*inputs, **params)
        return np.add.reduce(values, axis=None) / values.size, (saved, values.size)

    def backward(g: Any, saved: tuple, needs: Any, out: Any, **params: Any) -> Any:
        return primitive.backward(g / saved[1], saved[0], needs, out, params)

    def reference(*inputs: Any, **params: Any) -> Tensor:
        return ops.mean(primitive.reference(*inputs, **params))

    return Primitive(f"mean_{primitive.name}", forward, backward, reference=reference)


_BINARY, _BINARY_LOGITS = _averaged(nn._BINARY), _averaged(nn._BINARY_LOGITS)
_CATEGORICAL, _CATEGORICAL_LOGITS = _averaged(nn._CATEGORICAL), _averaged(nn._CATEGORICAL_LOGITS)
_SPARSE, _SPARSE_LOGITS = _averaged(nn._SPARSE), _averaged(nn._SPARSE_LOGITS)
_SQUARED = Primitive(
    "mean_squared_error",
    errors.mean_squared_forward,
    errors.mean_squared_backward,
    reference=lambda target, y: ops.mean(ops.square(y - target)),
)
_ABSOLUTE = Primitive(
    "mean_absolute_error",
    errors.mean_absolute_forward,
    errors.mean_absolute_backward,
    reference=lambda target, y: ops.mean(ops.abs(y - target)),
)


def _like(y_true: Any, p: np.ndarray) -> Any:
    """Return targets in the shape and dtype of predictions, None if they have another shape."""
    if type(y_true) is Tensor:
        t = y_true._value
        if t.shape == p.shape and t.dtype is p.dtype:
            return y_true
        if y_true._node is not None:
            return None
    elif type(y_true) is np.ndarray:
        t = y_true
    else:
        return None
    if t.shape != p.shape:
        if t.shape + (1,) != p.shape:
            return None
        t = t.reshape(p.shape)
    return t.astype(p.dtype)  # a copy: the array's owner may change it before the backward


def _pairwise(primitive: Primitive) -> Callable[[], Mean]:
    def mean(y_true: Any, y_pred: Tensor) -> Tensor | None:
        p = y_pred._value
        if not p.size or not p.ndim:
            return None
        target = _like(y_true, p)
        return None if target is None else primitive(target, y_pred)

    return lambda: mean


mean_squared_error = _pairwise(_SQUARED)
mean_absolute_error = _pairwise(_ABSOLUTE)


def binary_crossentropy(
    from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Mean | None:
    """Make the mean of `losses.binary_crossentropy`."""
    if label_smoothing or axis != -1:
        return None
    if from_logits:
        return _pairwise(_BINARY_LOGITS)()

    def mean(y_true: Any, y_pred: Tensor) -> Tensor | None:
        p = y_pred._value
        if not p.size or not p.ndim:
            return None
        target = _like(y_true, p)
        return None if target is None else _BINARY(target, y_pred, epsilon=settings.epsilon)

    return mean


def categorical_crossentropy(
    from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Mean | None:
    """Make the mean of `losses.categorical_crossentropy`."""
    if label_smoothing or axis != -1:
        return None

    def mean(y_true: Any, y_pred: Tensor) -> Tensor | None:
        p = y_pred._value
        if not p.size or not p.ndim or p.shape[-1] == 1:
            return None
        target = _like(y_true, p)
        if target is None:
            return None
        if from_logits:
            return _CATEGORICAL_LOGITS(target, y_pred)
        return _CATEGORICAL(target, y_pred, epsilon=settings.epsilon)

    return mean


def sparse_categorical_crossentropy(
    from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Mean | None:
    """Make the mean of `losses.sparse_categorical_crossentropy`."""
    if ignore_class is not None or axis != -1:
        return None

    def mean(y_true: Any, y_pred: Tensor) -> Tensor | None:
        p = y_pred._value
        labels = y_true._value if type(y_true) is Tensor else y_true
        if type(labels) is not np.ndarray or not p.size or not p.ndim:
            return None
        shape = p.shape[:-1]
        if labels.shape != shape and labels.shape != (*shape, 1):
            return None
        labels = labels.reshape(shape).astype(np.int64)
        # Seen as unsigned, a negative label is a very large one. The general path says which.
        if np.maximum.reduce(labels.view(np.uint64), axis=None) >= p.shape[-1]:
            return None
        if from_logits:
            return _SPARSE_LOGITS(y_pred, labels=labels)
        return _SPARSE(y_pred, labels=labels, epsilon=settings.epsilon)

    return mean
