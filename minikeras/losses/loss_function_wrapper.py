"""`LossFunctionWrapper`: a loss made of a function, and how such functions are registered."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from minikeras import tree
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.tensor import Tensor
from minikeras.common.arguments import F
from minikeras.common.call_errors import told
from minikeras.common.function_wrapper import FunctionWrapper
from minikeras.common.serialization import serialize_keras_object
from minikeras.losses.loss import FAMILY, Loss, squeeze_or_expand_to_same_rank

BatchMean = Callable[[Any, Tensor], Tensor | None]
"""`mean(y_true, y_pred)`: the mean over a batch, None where the general path has to find it."""

_batch_means: dict[Callable, Callable[..., BatchMean | None]] = {}


def loss_function(
    *aliases: str, batch_mean: Callable[..., BatchMean | None] | None = None
) -> Callable[[F], F]:
    """Decorate a function `fn(y_true, y_pred, ...)` that gives one loss per sample.

    Args:
        *aliases: names that it is found by besides its own.
        batch_mean: takes the function's further arguments and returns what computes its mean over
            a batch in one primitive, or None.
    """

    def decorate(fn: F) -> F:
        fn = told(fn)
        if batch_mean is not None:
            _batch_means[fn] = batch_mean
        return FAMILY.register(*aliases)(fn)

    return decorate


def batch_mean_of(fn: Callable, kwargs: Mapping[str, Any]) -> BatchMean | None:
    """Return what computes the mean of `fn(y_true, y_pred, **kwargs)` at once, if there is."""
    make = _batch_means.get(fn) if inspect.isfunction(fn) else None
    return None if make is None else make(**kwargs)


class LossFunctionWrapper(FunctionWrapper, Loss):
    """A loss made of a function `fn(y_true, y_pred, **kwargs)`.

    A subclass may name its function and take its arguments: `class Huber(LossFunctionWrapper,
    fn=huber)`.

    Args:
        fn: function that returns one loss per sample.
        reduction, name, dtype: see `Loss`.
        **kwargs: further arguments of `fn`.

    Example:

    >>> from minikeras import losses
    >>> loss = losses.LossFunctionWrapper(losses.huber, delta=2.0)
    >>> float(loss([[0.0]], [[3.0]]))
    4.0
    """

    argument_order = (..., "reduction", "name", "dtype")

    def __init__(
        self,
        fn: Callable,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.fn = fn
        self._fn_kwargs = kwargs
        averages = self.reduction in ("sum_over_batch_size", "mean", "mean_with_sample_weight")
        self._batch_mean = batch_mean_of(fn, kwargs) if averages else None

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        if (
            self._batch_mean is not None
            and sample_weight is None
            and type(y_pred) is Tensor
            and y_pred._keras_mask is None
            and y_pred.array.dtype is self._np_dtype
        ):
            loss = self._batch_mean(y_true, y_pred)
            if loss is not None:
                return loss
        return super().__call__(y_true, y_pred, sample_weight)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        if isinstance(y_true, (Tensor, KerasTensor)) and isinstance(y_pred, (Tensor, KerasTensor)):
            y_true, y_pred = squeeze_or_expand_to_same_rank(y_true, y_pred)
        else:
            pairs = tree.map_structure(_same_rank_pair, y_true, y_pred)
            y_true = tree.map_structure(lambda p: p.y_true, pairs)
            y_pred = tree.map_structure(lambda p: p.y_pred, pairs)
        values = self.fn(y_true, y_pred, **self._fn_kwargs)
        if values is None:
            raise ValueError(f"Loss '{self.name}': its function returned None instead of losses.")
        return values

    def get_config(self) -> dict:
        return {**super().get_config(), **serialize_keras_object(self._fn_kwargs)}


class _Pair:
    """A leaf that holds targets and predictions of one output."""

    def __init__(self, y_true: Any, y_pred: Any) -> None:
        self.y_true, self.y_pred = y_true, y_pred


def _same_rank_pair(y_true: Any, y_pred: Any) -> _Pair:
    return _Pair(*squeeze_or_expand_to_same_rank(y_true, y_pred))
