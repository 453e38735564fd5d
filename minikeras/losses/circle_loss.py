"""A loss of embeddings, which compares all pairs of a batch."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras import ops
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.dtypes import finfo, to_np_dtype
from minikeras.losses.loss_function_wrapper import LossFunctionWrapper, loss_function


@loss_function()
def circle(
    y_true: Any,
    y_pred: Any,
    ref_labels: Any = None,
    ref_embeddings: Any = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Tensor:
    """Circle loss: draws embeddings of one class together, the more the further apart they are.

    Args:
        y_true: integer labels of shape `(batch,)`.
        y_pred: embeddings of norm 1, of shape `(batch, d)`.
        ref_labels: labels of the embeddings to compare with, `y_true` if None.
        ref_embeddings: embeddings to compare with, `y_pred` if None.
        remove_diagonal: whether to leave out comparing sample i with reference i.
        gamma: scale.
        margin: relaxation of the boundary between classes.

    Returns:
        Losses of shape `(batch,)`; those that are 0 are masked.

    Reference: Sun et al., 2020, "Circle Loss: A Unified Perspective of Pair Similarity
    Optimization".

    Example:

    >>> from minikeras import losses
    >>> losses.circle([0, 0], [[1.0, 0.0], [1.0, 0.0]]).shape
    (2,)
    """
    y_pred = ops.convert_to_tensor(y_pred)
    labels = to_array(y_true).astype(np.int32)
    references = y_pred if ref_embeddings is None else ops.convert_to_tensor(ref_embeddings)
    ref_labels = labels if ref_labels is None else to_array(ref_labels).astype(np.int32)
    for name, label, x in (
        ("y_true", labels, y_pred),
        ("ref_labels", ref_labels, references),
    ):
        if len(x.shape) != 2 or label.size != x.shape[0]:
            raise ValueError(
                f"circle: expected embeddings of shape (batch, d) and one label for each. "
                f"Received: {name}.shape={label.shape}, embeddings of shape {tuple(x.shape)}"
            )
    if labels.size == 0 or ref_labels.size == 0:
        return ops.zeros((labels.size,), y_pred.dtype)
    same = labels.reshape(-1, 1) == ref_labels.reshape(1, -1)
    other = ~same
    if remove_diagonal:
        same = same & ~np.eye(*same.shape, dtype=bool)

    distance = ops.maximum(1.0 - ops.matmul(y_pred, ops.transpose(references)), 0.0)
    pull = (distance + margin) * (distance - margin)
    push = ops.maximum(1.0 + margin - distance, 0.0) * (1.0 - margin - distance)
    loss = ops.softplus(_logsumexp(pull * gamma, same) + _logsumexp(push * gamma, other))
    if isinstance(loss, Tensor):
        loss._keras_mask = Tensor(loss.array > 0)
    return loss


class Circle(
    LossFunctionWrapper,
    fn=circle,
    arguments=("gamma", "margin", "remove_diagonal", "reduction", "name", "dtype"),
):
    """Circle loss of embeddings of norm 1 and their integer labels.

    Args:
        gamma: scale.
        margin: relaxation of the boundary between classes.
        remove_diagonal: whether to leave out comparing each sample with itself.
        reduction, name, dtype: see `Loss`.

    Reference: Sun et al., 2020, "Circle Loss: A Unified Perspective of Pair Similarity
    Optimization".

    Example:

    >>> from minikeras import losses
    >>> float(losses.Circle()([0, 1], [[1.0, 0.0], [0.0, 1.0]]))
    0.0
    """


def _logsumexp(x: Tensor, where: np.ndarray) -> Tensor:
    """`log(sum(exp(x)))` of each row over some of its elements, hugely negative without any."""
    nothing = np.full(where.shape, finfo(to_np_dtype(x.dtype)).min / 4, to_np_dtype(x.dtype))
    return ops.logsumexp(ops.where(where, x, nothing), axis=1)
