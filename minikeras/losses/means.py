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
from minikeras.kernels import crossentropy, errors
from minikeras.kernels.sums import total

_INT64 = np.dtype(np.int64)
Mean = Callable[[Any, Tensor], "Tensor | None"]


def _mean(name: str, forward: Callable, kernel: Callable, reference: Callable) -> Primitive:
    """Make a primitive of a forward that divides by a number, which it saves, and a kernel."""

    def backward(g: Any, saved: tuple, needs: Any, out: Any, **_: Any) -> Any:
        return kernel(g / saved[1], saved[0], needs, out)

    return Primitive(name, forward, backward, reference=reference)


def _averaged(stem: str, name: str, reference: Callable) -> Primitive:
    """Make a primitive of the mean of what a kernel of cross-entropies gives."""
    kernel = getattr(crossentropy, f"{stem}_forward")

    def forward(*inputs: Any, **params: Any) -> tuple:
        values, saved = kernel(*inputs, **params)
        return total(values) / values.size, (saved, values.size)

    return _mean(name, forward, getattr(crossentropy, f"{stem}_backward"), reference)


def _averaged_classes(stem: str, name: str, reference: Callable) -> Primitive:
    """Do the same for one that sums over classes: that sum and the mean are taken at once."""
    kernel = getattr(crossentropy, f"{stem}_forward")

    def forward(target: np.ndarray, y: np.ndarray, **params: Any) -> tuple:
        whole, saved = kernel(target, y, axis=None, **params)
        n = y.size // y.shape[-1]
        return whole / n, (saved, n)

    return _mean(name, forward, getattr(crossentropy, f"{stem}_backward"), reference)


_BINARY = _averaged(
    "binary",
    "mean_binary_crossentropy",
    lambda target, p, epsilon: ops.mean(ops.binary_crossentropy(target, p)),
)
_BINARY_LOGITS = _averaged(
    "binary_logits",
    "mean_binary_crossentropy_logits",
    lambda target, z: ops.mean(ops.binary_crossentropy(target, z, from_logits=True)),
)
_CATEGORICAL = _averaged_classes(
    "categorical",
    "mean_categorical_crossentropy",
    lambda target, p, epsilon: ops.mean(ops.categorical_crossentropy(target, p)),
)
_CATEGORICAL_LOGITS = _averaged_classes(
    "categorical_logits",
    "mean_categorical_crossentropy_logits",
    lambda target, z: ops.mean(ops.categorical_crossentropy(target, z, from_logits=True)),
)
_SPARSE = _averaged(
    "sparse",
    "mean_sparse_categorical_crossentropy",
    lambda p, labels, epsilon: ops.mean(ops.sparse_categorical_crossentropy(labels, p)),
)
_SPARSE_LOGITS = _averaged(
    "sparse_logits",
    "mean_sparse_categorical_crossentropy_logits",
    lambda z, labels: ops.mean(ops.sparse_categorical_crossentropy(labels, z, from_logits=True)),
)
_SQUARED = Primitive(
    "mean_squared_error",
    errors.mean_squared_forward,
    errors.mean_squared_backward,
    reference=lambda target, y: ops.mean(ops.square(ops.subtract(y, target))),
)
_ABSOLUTE = Primitive(
    "mean_absolute_error",
    errors.mean_absolute_forward,
    errors.mean_absolute_backward,
    reference=lambda target, y: ops.mean(ops.abs(ops.subtract(y, target))),
)


def _like(y_true: Any, p: np.ndarray) -> Any:
    """Return targets in the shape and dtype of predictions, None if they have another shape."""
    if type(y_true) is Tensor:
        t = y_true.array
        if t.shape == p.shape and t.dtype is p.dtype:
            return y_true
        if y_true.node is not None:
            return None
    elif type(y_true) is np.ndarray:
        t = y_true
    else:
        return None
    if t.shape != p.shape:
        if (*t.shape, 1) != p.shape:
            return None
        t = t.reshape(p.shape)
    return t.astype(p.dtype)  # a copy: the array's owner may change it before the backward


def _pairwise(primitive: Primitive) -> Callable[[], Mean]:
    def mean(y_true: Any, y_pred: Tensor) -> Tensor | None:
        p = y_pred.array
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
        p = y_pred.array
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
        p = y_pred.array
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
        p = y_pred.array
        labels = y_true.array if type(y_true) is Tensor else y_true
        if type(labels) is not np.ndarray or not p.size or not p.ndim:
            return None
        shape = p.shape[:-1]
        if labels.shape != shape and labels.shape != (*shape, 1):
            return None
        if labels.shape != shape:
            labels = labels.reshape(shape)
        if labels.dtype is not _INT64:
            labels = labels.astype(_INT64)
        # Seen as unsigned, a negative label is a very large one. The general path says which.
        if np.maximum.reduce(labels.view(np.uint64), axis=None) >= p.shape[-1]:
            return None
        if from_logits:
            return _SPARSE_LOGITS(y_pred, labels=labels)
        return _SPARSE(y_pred, labels=labels, epsilon=settings.epsilon)

    return mean
