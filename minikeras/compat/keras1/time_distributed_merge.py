"""`TimeDistributedMerge` of Keras 0: time steps made one."""

from __future__ import annotations

from typing import Any, Literal

from minikeras import ops
from minikeras.common.registry import register_keras_serializable
from minikeras.layers.input_spec import InputSpec
from minikeras.layers.layer import Layer

_MODES = {"sum": ops.sum, "ave": ops.mean, "mul": ops.prod}


@register_keras_serializable("keras1")
class TimeDistributedMerge(Layer):
    """The sum, the mean or the product of the time steps.

    Args:
        mode: `"sum"`, `"ave"` or `"mul"`.

    Input: `(batch, steps, n)`. Output: `(batch, n)`.

    Example:

    >>> import numpy as np
    >>> from minikeras.compat.keras1.time_distributed_merge import TimeDistributedMerge
    >>> TimeDistributedMerge("ave")(np.array([[[1.0], [3.0]]]))
    <Tensor shape=(1, 1) dtype=float32 [[2.]]>
    """

    def __init__(self, mode: Literal["sum", "ave", "mul"] = "sum", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mode = mode
        self.input_spec = InputSpec(ndim=3)

    def call(self, inputs: Any) -> Any:
        return _MODES[self.mode](inputs, axis=1)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return (input_shape[0], input_shape[2])
