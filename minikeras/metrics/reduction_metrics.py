"""Sums and means over batches, and the mean of a function of targets and predictions."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from minikeras.autodiff.journal import note_change
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.function_wrapper import FunctionWrapper
from minikeras.common.ranks import shared_rows
from minikeras.common.serialization import serialize_keras_object
from minikeras.losses.loss import Loss, apply_mask, squeeze_or_expand_to_same_rank
from minikeras.losses.loss_function_wrapper import batch_mean_of
from minikeras.metrics.metric import Metric

ON_ARRAYS: dict[Callable, Callable] = {}
"""Functions of metrics that have a twin which works on arrays, and that."""
_NOT_KNOWN = (None, 0.0)


def reduce_to_samplewise_values(
    values: np.ndarray, sample_weight: Any, reduce: Callable, dtype: np.dtype
) -> tuple[np.ndarray, np.ndarray]:
    """Weight values and reduce them to one per sample.

    Args:
        values: array whose first axis is that of the samples.
        sample_weight: array of as many axes or fewer.
        reduce: `np.sum` or `np.mean`, over all axes but the first.
        dtype: dtype of the results.

    Returns:
        Weighted values and weights, both per sample.

    Raises:
        ValueError: if the weights do not broadcast to the values.
    """
    values = values.astype(dtype, copy=False)
    weight = to_array(sample_weight).astype(dtype, copy=False)
    values, weight = squeeze_or_expand_to_same_rank(values, weight)
    if values.ndim > weight.ndim:
        values = reduce(values, axis=tuple(range(weight.ndim, values.ndim)))
    try:
        weight = np.broadcast_to(weight, values.shape)
    except ValueError as error:
        raise ValueError(
            f"Sample weights (or a mask) of shape {weight.shape} do not fit values of shape "
            f"{values.shape}."
        ) from error
    values = values * weight
    if values.ndim > 1:
        axes = tuple(range(1, values.ndim))
        values, weight = reduce(values, axis=axes), reduce(weight, axis=axes)
    return values, weight


class _Reduction(Metric):
    """A metric of one stream of values."""

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Add values.

        Args:
            values: number, array or tensor whose first axis is that of the samples.
            sample_weight: weight of each sample (or each value).
        """
        mask = getattr(values, "_keras_mask", None)
        if mask is not None and sample_weight is not None:
            sample_weight = apply_mask(sample_weight, mask, self._np_dtype, "sum")
        self._add(to_array(values), sample_weight)

    def _add(self, values: np.ndarray, sample_weight: Any) -> None:
        """Add an array of values."""
        raise TypeError(f"{type(self).__name__} must say how to add values.")

    def _sum(self, values: np.ndarray) -> Any:
        if values.dtype.kind == "b":
            return int(np.count_nonzero(values))
        if values.dtype is not self._np_dtype:
            values = values.astype(self._np_dtype)
        return np.add.reduce(values, axis=None) if values.ndim else values


class Sum(_Reduction):
    """The (weighted) sum of values.

    Args:
        name: name.
        dtype: dtype of the computation, `floatx` if None.

    Example:

    >>> from minikeras import metrics
    >>> m = metrics.Sum()
    >>> m.update_state([1, 3, 5, 7])
    >>> float(m.result())
    16.0
    """

    def __init__(self, name: str = "sum", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), "zeros", dtype=self.dtype, name="total")

    def _add(self, values: np.ndarray, sample_weight: Any) -> None:
        if sample_weight is not None:
            values, _ = reduce_to_samplewise_values(values, sample_weight, np.sum, self._np_dtype)
        self._accumulate(self.total, self._sum(values))

    def result(self) -> Tensor:
        """Return the sum."""
        return Tensor(self.total.array)


class Mean(_Reduction):
    """The (weighted) mean of values.

    Args:
        name: name.
        dtype: dtype of the computation, `floatx` if None.

    Example:

    >>> from minikeras import metrics
    >>> m = metrics.Mean()
    >>> m.update_state([1, 3, 5, 7])
    >>> float(m.result())
    4.0
    """

    def __init__(self, name: str | None = "mean", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), "zeros", dtype=self.dtype, name="total")
        self.count = self.add_variable((), "zeros", dtype=self.dtype, name="count")
        wide = self._np_dtype.kind == "f" and self._np_dtype.itemsize >= 4
        self._zero = self._np_dtype.type(0) if wide else None

    def _add(self, values: np.ndarray, sample_weight: Any) -> None:
        if sample_weight is None:
            n = values.shape[0] if values.ndim else 1
            total = self._sum(values)
            if values.size != n and n:
                total = total / (values.size // n)
            if not values.ndim and (rows := shared_rows()) is not None:
                # A number of the rank's rows counts by their part of the batch.
                total, n = total * rows.share if rows.count else 0.0, rows.share
            self._advance(total, n)
        else:
            values, weight = reduce_to_samplewise_values(
                values, sample_weight, np.mean, self._np_dtype
            )
            self._advance(np.sum(values), np.sum(weight))

    def _advance(self, total: Any, count: Any) -> None:
        """Add to the state, as `_accumulate` does, but with numbers of Python: they are faster."""
        zero, sums, counts = self._zero, self.total, self.count
        # Both, not in a loop: this runs twice in every training step.
        note_change(sums)
        note_change(counts)
        rounded, exact = sums.exact or _NOT_KNOWN
        exact = float(total) + (exact if rounded is sums.array else float(sums.array))
        # Adding to 0 rounds as well, and takes a third of the time.
        rounded = sums.array = self._np_dtype.type(exact) if zero is None else zero + exact
        sums.exact = rounded, exact
        rounded, exact = counts.exact or _NOT_KNOWN
        exact = float(count) + (exact if rounded is counts.array else float(counts.array))
        rounded = counts.array = self._np_dtype.type(exact) if zero is None else zero + exact
        counts.exact = rounded, exact

    def add_mean(self, mean: Any, count: int) -> None:
        """Add `count` values by their mean, a scalar (the loss of a batch)."""
        value = mean.array if type(mean) is Tensor else to_array(mean)
        if not count and shared_rows() is not None:
            return  # a rank without rows may have got NaN
        if value.ndim:
            self._add(value, np.array(count))
        else:
            self._advance(float(value) * count, count)

    def result(self) -> Tensor:
        """Return the mean, 0 of no values."""
        total, count = self.total.array, self.count.array
        return Tensor(total / count if count else total * 0)


class MeanMetricWrapper(FunctionWrapper, Mean):
    """The mean of a function of targets and predictions.

    A subclass may name its function and take its arguments: `class Hinge(MeanMetricWrapper,
    fn=hinge)`.

    Args:
        fn: `fn(y_true, y_pred, **kwargs)`, which returns one value per sample (or more).
        name, dtype: see `Metric`.
        **kwargs: further arguments of `fn`.

    Example:

    >>> from minikeras import metrics, ops
    >>> m = metrics.MeanMetricWrapper(lambda t, p: ops.abs(ops.subtract(t, p)), name="error")
    >>> m.update_state([1.0, 2.0], [1.5, 2.5])
    >>> float(m.result())
    0.5
    """

    argument_order = ("name", "dtype", ...)
    argument_sources = {"fn": "_fn"}

    def __init__(
        self, fn: Callable, name: str | None = None, dtype: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self._fn = fn
        self._fn_kwargs = kwargs
        self._on_arrays = ON_ARRAYS.get(fn) if inspect.isfunction(fn) else None
        self._batch_mean = batch_mean_of(fn, kwargs)
        if self._direction is None and fn in Loss.family:
            self._direction = "down"

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account.

        Args:
            y_true: targets.
            y_pred: predictions. Where they carry a mask, masked samples do not count.
            sample_weight: weight of each sample (or each value).
        """
        mask = getattr(y_pred, "_keras_mask", None)
        if self._on_arrays is not None:
            values = self._on_arrays(to_array(y_true), to_array(y_pred), **self._fn_kwargs)
        else:
            if (
                self._batch_mean is not None
                and mask is None
                and sample_weight is None
                and type(y_pred) is Tensor
                and y_pred.array.ndim > 1
                and y_pred.array.dtype is self._np_dtype
            ):
                mean = self._batch_mean(y_true, y_pred)
                if mean is not None:
                    n = y_pred.array.shape[0]
                    self._advance(mean.array * n, n)
                    return
            values = self._fn(y_true, y_pred, **self._fn_kwargs)
            own_mask = getattr(values, "_keras_mask", None)
            values = to_array(values)
            if own_mask is not None and (sample_weight is not None or mask is not None):
                sample_weight = apply_mask(sample_weight, own_mask, self._np_dtype, "sum")
        if mask is not None:
            sample_weight = apply_mask(sample_weight, mask, self._np_dtype, "sum")
        self._add(values, sample_weight)

    def get_config(self) -> dict:
        return {**super().get_config(), **serialize_keras_object(self._fn_kwargs)}
