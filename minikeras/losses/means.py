"""The mean of a loss over a whole batch as one primitive, for the losses of most trainings.

Where nothing is weighted or masked, the mean over samples of means over features is the mean over
everything. A public function takes a loss function's further arguments and returns
`mean(y_true, y_pred)`, which itself returns None where the general path has to do the work (and
the checking).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from minikeras import ops
from minikeras.autodiff.primitive import Primitive
from minikeras.autodiff.tensor import Tensor
from minikeras.common.arguments import Fraction
from minikeras.common.settings import settings
from minikeras.kernels import crossentropy, errors
from minikeras.kernels.sums import total
from minikeras.losses.loss_function_wrapper import BatchMean

_INT64 = np.dtype(np.int64)


def _mean(name: str, forward: Callable, kernel: Callable, reference: Callable) -> Primitive:
    """Make a primitive of a forward that divides by a number, which it saves, and a kernel."""

    def backward(g: Any, saved: tuple, needs: Any, out: Any, **_: Any) -> Any:
        return kernel(g / saved[1], saved[0], needs, out)

    return Primitive(name, forward, backward, reference=reference)


def _averaged(name: str, kernel: Callable, backward: Callable, reference: Callable) -> Primitive:
    """Make a primitive of the mean of what a kernel of cross-entropies gives."""

    def forward(*inputs: Any, **params: Any) -> tuple:
        values, saved = kernel(*inputs, **params)
        return total(values) / values.size, (saved, values.size)

    return _mean(name, forward, backward, reference)


def _averaged_classes(
    name: str, kernel: Callable, backward: Callable, reference: Callable
) -> Primitive:
    """Do the same for one that sums over classes: that sum and the mean are taken at once."""

    def forward(target: np.ndarray, y: np.ndarray, **params: Any) -> tuple:
        whole, saved = kernel(target, y, axis=None, **params)
        n = y.size // y.shape[-1]
        return whole / n, (saved, n)

    return _mean(name, forward, backward, reference)


_BINARY = _averaged(
    "mean_binary_crossentropy",
    crossentropy.binary_forward,
    crossentropy.binary_backward,
    lambda target, p, epsilon: ops.mean(ops.binary_crossentropy(target, p)),
)
_BINARY_LOGITS = _averaged(
    "mean_binary_crossentropy_logits",
    crossentropy.binary_logits_forward,
    crossentropy.binary_logits_backward,
    lambda target, z: ops.mean(ops.binary_crossentropy(target, z, from_logits=True)),
)
_CATEGORICAL = _averaged_classes(
    "mean_categorical_crossentropy",
    crossentropy.categorical_forward,
    crossentropy.categorical_backward,
    lambda target, p, epsilon: ops.mean(ops.categorical_crossentropy(target, p)),
)
_CATEGORICAL_LOGITS = _averaged_classes(
    "mean_categorical_crossentropy_logits",
    crossentropy.categorical_logits_forward,
    crossentropy.categorical_logits_backward,
    lambda target, z: ops.mean(ops.categorical_crossentropy(target, z, from_logits=True)),
)
_SPARSE = _averaged(
    "mean_sparse_categorical_crossentropy",
    crossentropy.sparse_forward,
    crossentropy.sparse_backward,
    lambda p, labels, epsilon: ops.mean(ops.sparse_categorical_crossentropy(labels, p)),
)
_SPARSE_LOGITS = Primitive(
    "mean_sparse_categorical_crossentropy_logits",
    crossentropy.mean_sparse_logits_forward,
    lambda g, saved, needs, out, **_: crossentropy.mean_sparse_logits_backward(
        g, saved, needs, out
    ),
    reference=lambda z, labels: ops.mean(
        ops.sparse_categorical_crossentropy(labels, z, from_logits=True)
    ),
    lean=functools.partial(crossentropy.mean_sparse_logits_forward, saving=False),
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


# What the losses keep are functions of this module, not closures, so that they can be pickled.


def mean_squared_error() -> BatchMean:
    """Return the mean of `losses.mean_squared_error`."""
    return _squared


def mean_absolute_error() -> BatchMean:
    """Return the mean of `losses.mean_absolute_error`."""
    return _absolute


def binary_crossentropy(
    from_logits: bool = False, label_smoothing: Fraction = 0.0, axis: int = -1
) -> BatchMean | None:
    """Return the mean of `losses.binary_crossentropy`."""
    if label_smoothing or axis != -1:
        return None
    return _binary_logits if from_logits else _binary


def categorical_crossentropy(
    from_logits: bool = False, label_smoothing: Fraction = 0.0, axis: int = -1
) -> BatchMean | None:
    """Return the mean of `losses.categorical_crossentropy`."""
    if label_smoothing or axis != -1:
        return None
    return _categorical_logits if from_logits else _categorical


def sparse_categorical_crossentropy(
    from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> BatchMean | None:
    """Return the mean of `losses.sparse_categorical_crossentropy`."""
    if ignore_class is not None or axis != -1:
        return None
    return _sparse_logits if from_logits else _sparse


def _squared(y_true: Any, y_pred: Tensor) -> Tensor | None:
    target = _like(y_true, y_pred.array)
    return None if target is None else _SQUARED(target, y_pred)


def _absolute(y_true: Any, y_pred: Tensor) -> Tensor | None:
    target = _like(y_true, y_pred.array)
    return None if target is None else _ABSOLUTE(target, y_pred)


def _binary(y_true: Any, y_pred: Tensor) -> Tensor | None:
    target = _like(y_true, y_pred.array)
    return None if target is None else _BINARY(target, y_pred, epsilon=settings.epsilon)


def _binary_logits(y_true: Any, y_pred: Tensor) -> Tensor | None:
    target = _like(y_true, y_pred.array)
    return None if target is None else _BINARY_LOGITS(target, y_pred)


def _categorical(y_true: Any, y_pred: Tensor) -> Tensor | None:
    target = None if y_pred.array.shape[-1:] == (1,) else _like(y_true, y_pred.array)
    return None if target is None else _CATEGORICAL(target, y_pred, epsilon=settings.epsilon)


def _categorical_logits(y_true: Any, y_pred: Tensor) -> Tensor | None:
    target = None if y_pred.array.shape[-1:] == (1,) else _like(y_true, y_pred.array)
    return None if target is None else _CATEGORICAL_LOGITS(target, y_pred)


def _sparse(y_true: Any, y_pred: Tensor) -> Tensor | None:
    labels = _labels(y_true, y_pred.array)
    return None if labels is None else _SPARSE(y_pred, labels=labels, epsilon=settings.epsilon)


def _sparse_logits(y_true: Any, y_pred: Tensor) -> Tensor | None:
    labels = _labels(y_true, y_pred.array)
    return None if labels is None else _SPARSE_LOGITS(y_pred, labels=labels)


def _like(y_true: Any, p: np.ndarray) -> Any:
    """Return targets in the shape and dtype of predictions, None if they have another shape."""
    if not p.size or not p.ndim:
        return None
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


def _labels(y_true: Any, p: np.ndarray) -> np.ndarray | None:
    """Return a label for each row of predictions, None if shapes differ or one is no class."""
    labels = y_true.array if type(y_true) is Tensor else y_true
    if type(labels) is not np.ndarray or not p.size or not p.ndim:
        return None
    shape = p.shape[:-1]
    if labels.shape != shape:
        if labels.shape != (*shape, 1):
            return None
        labels = labels.reshape(shape)
    if labels.dtype is not _INT64:
        labels = labels.astype(_INT64)
    # Seen as unsigned, a negative label is a very large one. The general path says which.
    if np.maximum.reduce(labels.view(np.uint64), axis=None) >= p.shape[-1]:
        return None
    return labels
