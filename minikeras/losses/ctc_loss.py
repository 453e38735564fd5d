"""A loss of sequences of labels that are not aligned with time."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.losses.loss_function_wrapper import LossFunctionWrapper, loss_function
from minikeras.ops.ctc import ctc_loss


@loss_function()
def ctc(y_true: Any, y_pred: Any) -> Tensor:
    """Connectionist temporal classification: sequences of labels that are not aligned with time.

    Args:
        y_true: labels of shape `(batch, max_length)`, from 1 up; 0 is padding, at the end.
        y_pred: logits of shape `(batch, time, classes)`; class 0 stands for no label.

    Returns:
        Losses of shape `(batch,)`.

    Raises:
        ValueError: if shapes do not match, or a label is no class.

    Reference: Graves et al., 2006, "Connectionist Temporal Classification".

    Example:

    >>> import numpy as np
    >>> from minikeras import losses
    >>> losses.ctc([[1, 0]], np.zeros((1, 2, 2), "float32"))
    <Tensor shape=(1,) dtype=float32 [0.287682]>
    """
    labels = to_array(y_true)
    shape = tuple(y_pred.shape)
    if labels.ndim != 2 or len(shape) != 3:
        raise ValueError(
            "ctc: expected `y_true` of shape (batch, max_length) and `y_pred` of shape "
            f"(batch, time, classes). Received: y_true.shape={labels.shape}, y_pred.shape={shape}"
        )
    lengths = np.count_nonzero(labels, axis=-1)
    return ctc_loss(labels, y_pred, lengths, np.full(shape[0], shape[1]))


class CTC(LossFunctionWrapper, fn=ctc):
    """Connectionist temporal classification loss of sequences that are not aligned with time.

    Args:
        reduction, name, dtype: see `Loss`.

    Reference: Graves et al., 2006, "Connectionist Temporal Classification".

    Example:

    >>> import numpy as np
    >>> from minikeras import losses
    >>> round(float(losses.CTC()([[1, 0]], np.zeros((1, 2, 2)))), 4)
    0.2877
    """
