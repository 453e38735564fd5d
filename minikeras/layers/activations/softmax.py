"""`Softmax`: softmax as a layer, with a mask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minikeras.layers.layer import Layer
from minikeras.ops import cast, softmax
from minikeras.ops.families import as_floating, broadcast_shapes, same_shape


class Softmax(Layer):
    """Exponentials divided by their sum over `axis`.

    Args:
        axis: axis or axes of the sum.

    Call arguments:
        inputs: logits.
        mask: true where an entry counts; the others get no share.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.Softmax()(np.zeros((1, 2)))
    <Tensor shape=(1, 2) dtype=float32 [[0.5 0.5]]>
    """

    def __init__(self, axis: int | Sequence[int] | None = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis
        self.supports_masking = True
        self._build_at_init()

    def call(self, inputs: Any, mask: Any = None) -> Any:
        if mask is None:
            return softmax(inputs, axis=self.axis)
        inputs = as_floating(inputs)
        shape, own = tuple(inputs.shape), tuple(mask.shape)
        if len(own) > len(shape) or not same_shape(broadcast_shapes(shape, own, self.name), shape):
            raise ValueError(
                f"Layer '{self.name}': argument `mask` must broadcast to the shape of `inputs`, "
                f"{shape}. Received: mask.shape={own}"
            )
        keep = cast(mask, inputs.dtype)
        # Far below any logit, yet finite, so that a row without any entry gives no NaN.
        low = -3e4 if str(inputs.dtype) == "float16" else -1e9
        y = softmax(inputs + (1.0 - keep) * low, axis=self.axis)
        return y * keep

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape
