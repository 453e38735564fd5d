"""`TimeDistributed`: a layer applied to every time step."""

from __future__ import annotations

from typing import Any

from minikeras.autodiff.state import thread
from minikeras.autodiff.tensor import to_array
from minikeras.layers.core.wrapper import Wrapper
from minikeras.layers.input_spec import check_inputs
from minikeras.layers.layer import Layer
from minikeras.ops.joining import stack
from minikeras.ops.shapes import reshape


class TimeDistributed(Wrapper):
    """Applies a layer to every time step, with the same weights.

    Args:
        layer: layer for inputs without the time axis.

    Input: `(batch, time, ...)`. Output: `(batch, time, ...)`.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.TimeDistributed(layers.Dense(4))(np.ones((2, 5, 3))).shape
    (2, 5, 4)
    """

    def __init__(self, layer: Layer, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.supports_masking = True

    def _step_shape(self, input_shape: Any) -> tuple:
        if not isinstance(input_shape, (tuple, list)) or len(input_shape) < 3:
            raise ValueError(
                f"Layer '{self.name}': TimeDistributed takes inputs with at least 3 axes. "
                f"Received: input_shape={input_shape}"
            )
        return (input_shape[0], *input_shape[2:])

    def build(self, input_shape: tuple) -> None:
        super().build(self._step_shape(input_shape))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        shape = self.layer.compute_output_shape(self._step_shape(input_shape))
        return (shape[0], input_shape[1], *shape[1:])

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        batch, steps = inputs.shape[:2]
        if mask is not None:
            mask = to_array(mask)
            if mask.shape[:2] != (batch, steps):
                raise ValueError(
                    f"Layer '{self.name}': TimeDistributed takes a mask whose first axes are those "
                    f"of the inputs, {(batch, steps)}. Received: mask.shape={mask.shape}"
                )
        kwargs: dict = {}
        if self.layer.call_signature.training:
            kwargs["training"] = training
        masked = mask is not None and self.layer.call_signature.mask
        if not masked and batch and steps and self._by_example():
            merged = reshape(inputs, (batch * steps, *inputs.shape[2:]))
            y = self._apply(merged, kwargs)
            return reshape(y, (batch, steps, *y.shape[1:]))
        outputs = []
        for t in range(steps):
            if masked:
                kwargs["mask"] = mask[:, t]
            outputs.append(self._apply(inputs[:, t], kwargs))
        return stack(outputs, axis=1)

    def _apply(self, x: Any, kwargs: dict) -> Any:
        """Call the layer in this one's dtype."""
        if self.layer.input_spec is not None:
            check_inputs(self.layer.input_spec, x, self.layer.name)
        before = thread.state.autocast
        if self.layer._compute != self._compute:
            thread.state.autocast = self._compute
        try:
            y = self.layer._call_in_use(x, **kwargs)
        finally:
            thread.state.autocast = before
        if self.layer.activity_regularizer is not None:
            self.layer.add_loss(self.layer.activity_regularizer(y) / max(y.shape[0], 1))
        return y

    def _by_example(self) -> bool:
        """Whether the layer treats each example alone, so that all steps can be one batch.

        That is known of built-in layers without averages or states.
        """
        for layer in self.layer._flatten_layers():
            if not type(layer).__module__.startswith("minikeras.layers."):
                return False
            if getattr(layer, "stateful", False) or layer.activity_regularizer is not None:
                return False
            if any(not v.initially_trainable for v in layer.own_variables()):
                return False
        return True
