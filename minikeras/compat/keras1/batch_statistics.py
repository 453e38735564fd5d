"""`BatchNormalization(mode=2)` of Keras 1: the batch's own statistics, always."""

from __future__ import annotations

from typing import Any

from minikeras import ops
from minikeras.common.registry import register_keras_serializable
from minikeras.layers.normalization.batch_normalization import BatchNormalization


@register_keras_serializable("keras1")
class BatchStatisticsNormalization(BatchNormalization):
    """Batch normalization that predicts with the batch's mean and variance, as it is trained.

    Args:
        **kwargs: as in `BatchNormalization`; the moving statistics stay as they begin.

    Example:

    >>> import numpy as np
    >>> from minikeras.compat.keras1.batch_statistics import BatchStatisticsNormalization
    >>> y = BatchStatisticsNormalization()(np.array([[1.0], [3.0]]))
    >>> np.round(y, 2).tolist()
    [[-1.0], [1.0]]
    """

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        rank = len(inputs.shape)
        mean, variance = ops.moments(inputs, [a for a in range(rank) if a != self.axis % rank])
        return ops.batch_normalization(
            inputs, mean, variance, self.axis, self.beta, self.gamma, self.epsilon
        )
