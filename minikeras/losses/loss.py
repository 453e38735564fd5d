"""`Loss`: one number from targets and predictions; masks, sample weights, reductions."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras import dtype_policies, ops, tree
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.configurable import Configurable
from minikeras.common.dtypes import standardize_dtype, to_np_dtype
from minikeras.common.naming import auto_name
from minikeras.common.object_family import FamilyMember, ObjectFamily
from minikeras.common.ranks import shared_rows, sharers
from minikeras.common.settings import settings

REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)

FAMILY = ObjectFamily("loss")
"""Every loss class and loss function by name."""


class Loss(FamilyMember, Configurable, family=FAMILY):
    """Base class of losses.

    A subclass writes `call(self, y_true, y_pred)` with functions of `minikeras.ops`, which returns
    one loss per sample; the gradient comes by itself.

    Args:
        name: name, counted from the class name if None.
        reduction: what to make of the losses per sample: `"sum_over_batch_size"` or `"mean"` (their
            mean), `"sum"`, `"mean_with_sample_weight"` (their weighted mean), `"none"` or None.
        dtype: dtype that the loss computes in, `floatx` if None.

    Raises:
        ValueError: if `reduction` is not one of these.

    Example:

    >>> from minikeras import losses, ops
    >>> class Cubed(losses.Loss):
    ...     def call(self, y_true, y_pred):
    ...         return ops.mean(ops.abs(y_true - y_pred) ** 3, axis=-1)
    >>> float(Cubed()([[0.0, 0.0]], [[2.0, 0.0]]))
    4.0
    """

    argument_sources = {"name": "name", "dtype": None}

    def __init__(
        self,
        name: str | None = None,
        reduction: str | None = "sum_over_batch_size",
        dtype: Any = None,
    ) -> None:
        self.name = name or auto_name(type(self).__name__)
        self.reduction = standardize_reduction(reduction, type(self).__name__)
        self._dtype = compute_dtype(dtype)
        self._np_dtype = to_np_dtype(self._dtype)

    @property
    def dtype(self) -> str:
        """The dtype that the loss computes in."""
        return self._dtype

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        """Compute the loss.

        Args:
            y_true: targets, of shape `(batch, ...)`.
            y_pred: predictions. Where they carry a mask, masked samples do not count.
            sample_weight: weight of each sample, of shape `(batch,)`, or weights of a shape that
                broadcasts to that of the losses, such as one for each time step.

        Returns:
            A scalar, or the losses per sample if there is no reduction.

        Raises:
            ValueError: if shapes do not fit.
        """
        mask = getattr(y_pred, "_keras_mask", None)
        y_pred = _as_tensors(y_pred, self._dtype)
        y_true = _as_tensors(y_true, self._dtype)
        values = self.call(y_true, y_pred)
        own_mask = getattr(values, "_keras_mask", None)
        if own_mask is not None:
            mask = own_mask if mask is None else to_array(mask) & to_array(own_mask)
        return reduce_weighted_values(
            values, sample_weight, mask, self.reduction, self._dtype, self.name
        )

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Compute the losses per sample; every loss writes its own."""
        raise NotImplementedError(
            f"{type(self).__name__}: a loss must have a method `call(y_true, y_pred)`."
        )


def _is_structure(x: Any) -> bool:
    """Whether `x` holds several arrays or tensors, and is not just a (nested) list of numbers."""
    if isinstance(x, dict):
        return True
    return isinstance(x, (list, tuple)) and any(
        isinstance(leaf, (Tensor, KerasTensor)) or getattr(leaf, "ndim", 0)
        for leaf in tree.flatten(x)
    )


def _as_tensors(x: Any, dtype: str) -> Any:
    """Convert data, or each leaf of a structure of tensors, to tensors of `dtype`."""
    if _is_structure(x):
        return tree.map_structure(lambda leaf: ops.convert_to_tensor(leaf, dtype), x)
    return ops.convert_to_tensor(x, dtype)


def compute_dtype(dtype: Any) -> str:
    """Return the dtype that a loss or metric computes in.

    Args:
        dtype: None (`floatx`), a dtype, or a dtype policy or its name.
    """
    if dtype is None:
        return settings.floatx
    if hasattr(dtype, "compute_dtype"):
        return dtype.compute_dtype
    try:
        return standardize_dtype(dtype)
    except ValueError:
        return dtype_policies.get(dtype).compute_dtype


def standardize_reduction(reduction: str | None, owner: str = "Loss") -> str | None:
    """Check the name of a reduction.

    Raises:
        ValueError: if it is not known.
    """
    if reduction not in REDUCTIONS:
        raise ValueError(
            f"{owner}: invalid value for argument `reduction`. Expected one of {REDUCTIONS}. "
            f"Received: reduction={reduction!r}"
        )
    return reduction


def squeeze_or_expand_to_same_rank(x1: Any, x2: Any, expand_rank_1: bool = True) -> tuple:
    """Bring two arrays or tensors to one rank, if it differs by one and the last axis has size 1.

    The longer one loses its last axis; beside a vector, though, the vector gains one.

    Returns:
        Both, changed or not.
    """
    extra = len(x1.shape) - len(x2.shape)
    if extra == 1 and x1.shape[-1] == 1:
        if len(x2.shape) == 1 and expand_rank_1:
            return x1, x2[..., None]
        return x1[..., 0], x2
    if extra == -1 and x2.shape[-1] == 1:
        if len(x1.shape) == 1 and expand_rank_1:
            return x1[..., None], x2
        return x1, x2[..., 0]
    return x1, x2


def same_rank_pair(
    name: str, y_true: Any, y_pred: Any, same: bool = False
) -> tuple[Tensor, Tensor]:
    """Make tensors of one dtype and rank of targets and predictions.

    Args:
        name: name of the loss, for messages.
        y_true, y_pred: targets and predictions.
        same: whether their shapes must be equal, instead of just fit.

    Raises:
        ValueError: if their shapes do not broadcast, or (`same`) differ.
    """
    y_pred = ops.convert_to_tensor(y_pred)
    y_true = ops.convert_to_tensor(y_true, y_pred.dtype)
    y_true, y_pred = squeeze_or_expand_to_same_rank(y_true, y_pred)
    a, b = tuple(y_true.shape), tuple(y_pred.shape)
    if a != b:
        fits = (None,) if same else (None, 1)
        if (same and len(a) != len(b)) or any(
            m != n and m not in fits and n not in fits for m, n in zip(reversed(a), reversed(b))
        ):
            raise ValueError(
                f"{name}: the shapes of `y_true` and `y_pred` do not match. "
                f"Received: y_true.shape={a}, y_pred.shape={b}"
            )
    return y_true, y_pred


def apply_mask(sample_weight: Any, mask: Any, dtype: Any, reduction: str | None) -> Any:
    """Turn a mask into (part of) the sample weights.

    Args:
        sample_weight: array or tensor of weights, or None.
        mask: boolean array or tensor, true where values count, or None.
        dtype: dtype of the weights.
        reduction: the loss's reduction. For a mean, what counts is weighted so that dividing by the
            number of all values gives the mean of those that count.

    Returns:
        Weights, None if there are neither weights nor a mask.
    """
    if mask is None:
        return sample_weight
    dtype = to_np_dtype(dtype)
    mask = to_array(mask)
    weight = mask.astype(dtype)
    if reduction in ("mean", "sum_over_batch_size"):
        valid, size = np.count_nonzero(mask), mask.size
        if shared_rows() is not None:  # what counts is counted over all ranks
            valid, size = sharers().add(np.array([valid, size])).tolist()
        weight = weight * dtype.type(size / valid if valid else 0)
    if sample_weight is None:
        return weight
    sample_weight = ops.cast(sample_weight, dtype)
    weight, sample_weight = squeeze_or_expand_to_same_rank(weight, sample_weight)
    return sample_weight * weight


def reduce_values(values: Tensor, sample_weight: Any, reduction: str | None) -> Tensor:
    """Make one number of losses per sample that are weighted already.

    Where ranks share a batch it is as if it were the mean over this rank's rows: weighted by their part
    of the batch, the numbers of all ranks add up to what one process would get.
    """
    rows = shared_rows()
    if reduction in (None, "none") or tuple(values.shape) == ():
        return values
    if tuple(values.shape) == (0,) and rows is None:
        return values
    if reduction == "sum":
        return ops.sum(values) if rows is None else ops.sum(values) * rows.inverse
    if reduction == "mean_with_sample_weight" and sample_weight is not None:
        total = ops.sum(sample_weight)
        if rows is None:
            return ops.divide_no_nan(ops.sum(values), total)
        total = sharers().add(np.array(to_array(total)))
        return ops.divide_no_nan(ops.sum(values) * rows.inverse, total)
    return ops.sum(values) if 0 in values.shape else ops.mean(values)


def reduce_weighted_values(
    values: Any,
    sample_weight: Any = None,
    mask: Any = None,
    reduction: str | None = "sum_over_batch_size",
    dtype: Any = None,
    name: str = "loss",
) -> Tensor:
    """Weight losses per sample and reduce them.

    Args:
        values: losses per sample.
        sample_weight: weights, or None.
        mask: boolean mask, or None.
        reduction: see `Loss`.
        dtype: dtype of the result.
        name: the loss's name, for messages.

    Raises:
        ValueError: if the weights do not broadcast to the values.
    """
    values = ops.convert_to_tensor(values, dtype)
    if sample_weight is not None:
        sample_weight = ops.convert_to_tensor(sample_weight, values.dtype)
        n = tuple(sample_weight.shape)
        if len(n) == 1 and values.ndim > 1 and n == tuple(values.shape[:1]):
            # One number for each sample, which has several losses: time steps, or pixels.
            sample_weight = ops.reshape(sample_weight, (-1, *[1] * (values.ndim - 1)))
    sample_weight = apply_mask(sample_weight, mask, values.dtype, reduction)
    if sample_weight is not None:
        values, sample_weight = squeeze_or_expand_to_same_rank(values, sample_weight)
        try:
            values = values * sample_weight
        except ValueError as error:
            raise ValueError(
                f"Loss '{name}': sample weights (or mask) of shape {tuple(sample_weight.shape)} do "
                f"not fit losses of shape {tuple(values.shape)}."
            ) from error
    return reduce_values(values, sample_weight, reduction)


def check_targets(y_true: Any, name: str = "y") -> None:
    """Refuse targets that hold NaN or are no numbers; meant to be called once before training.

    Args:
        y_true: array or tensor, or a dict or list of them.
        name: name of the output, for the message; keys of a dict are used for its entries.

    Raises:
        ValueError: if there is a NaN, naming the output and the first row that holds one, or if
            the targets are strings or objects.

    Example:

    >>> import numpy as np
    >>> from minikeras import losses
    >>> losses.check_targets(np.array([1.0, np.nan]), "price")
    Traceback (most recent call last):
    ...
    ValueError: Targets of output 'price' hold NaN, first in sample 1 (1 of 2 values).
    """
    if isinstance(y_true, dict):
        for key, value in y_true.items():
            check_targets(value, str(key))
    elif _is_structure(y_true):
        for i, value in enumerate(y_true):
            check_targets(value, f"{name}[{i}]")
    elif y_true is not None:
        array = np.asarray(y_true)
        if array.dtype.kind in "USO":
            raise ValueError(
                f"Targets of output '{name}' must be numbers. Received: dtype={array.dtype}"
            )
        if array.dtype.kind in "fc" and array.size and np.isnan(np.min(array)):
            bad = np.isnan(array)
            first = int(np.argwhere(bad)[0][0]) if array.ndim else 0
            raise ValueError(
                f"Targets of output '{name}' hold NaN, first in sample {first} "
                f"({int(bad.sum())} of {array.size} values)."
            )
