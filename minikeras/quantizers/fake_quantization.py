"""What integers of few bits would do to a tensor of floats, with gradients for training."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras import ops
from minikeras.autodiff import Tensor
from minikeras.autodiff.keras_tensor import KerasTensor, any_symbolic
from minikeras.autodiff.tensor import to_array
from minikeras.common.arguments import PositiveInt, checked
from minikeras.ops.operation import Operation


@checked
def fake_quant_with_min_max_vars(
    inputs: Any,
    min_vals: Any,
    max_vals: Any,
    num_bits: PositiveInt = 8,
    narrow_range: bool = False,
    axis: int | None = None,
) -> Any:
    """Round a tensor to the numbers that `num_bits` bits can tell apart between two bounds.

    The bounds are moved a little, so that 0 is one of these numbers. The gradient of what lies inside the
    bounds goes through; that of what lies outside goes to the bound, which can so be trained.

    Args:
        inputs: tensor of floats.
        min_vals, max_vals: the bounds: numbers, or with `axis` one of each for every channel.
        num_bits: how many bits.
        narrow_range: whether the lowest integer is left out, `[1, 2**num_bits - 1]`.
        axis: axis of channels with bounds of their own; None if there is one pair.

    Example:

    >>> from minikeras import quantizers
    >>> quantizers.fake_quant_with_min_max_vars([-1.0, 0.3, 9.0], 0.0, 6.0, num_bits=4).numpy().round(3)
    array([0. , 0.4, 6. ], dtype=float32)

    Source: Jacob et al., "Quantization and Training of Neural Networks for Efficient
    Integer-Arithmetic-Only Inference", 2018.
    """
    operation = FakeQuantWithMinMaxVars(num_bits, narrow_range, axis)
    if any_symbolic((inputs, min_vals, max_vals)):
        return operation.symbolic_call(inputs, min_vals, max_vals)
    return operation.call(inputs, min_vals, max_vals)


class FakeQuantWithMinMaxVars(Operation):
    """`fake_quant_with_min_max_vars` as a step of a graph."""

    def __init__(
        self,
        num_bits: int = 8,
        narrow_range: bool = False,
        axis: int | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self.num_bits = num_bits
        self.narrow_range = narrow_range
        self.axis = axis

    def call(self, inputs: Any, min_vals: Any, max_vals: Any) -> Tensor:
        x, low, high = (ops.convert_to_tensor(v) for v in (inputs, min_vals, max_vals))
        return ops.custom_gradient(self._with_gradient)(x, low, high)

    def compute_output_spec(self, inputs: Any, min_vals: Any, max_vals: Any) -> KerasTensor:
        return KerasTensor(inputs.shape, inputs.dtype)

    def _with_gradient(self, x: Any, low: Any, high: Any) -> tuple[Tensor, Any]:
        values = to_array(x)
        shapes = [v.shape for v in (low, high)]
        least, greatest, step, steps = self._levels(to_array(low), to_array(high), values)
        zero = np.floor(-least * steps + 0.5)
        inner = np.clip(values.astype(least.dtype), least, greatest) - least
        result = np.floor(inner * steps - zero + 0.5) * step
        below, above = values <= least, values >= greatest
        inside = (values >= least) & (values <= greatest)
        axes = None if self.axis is None else tuple(self._others(values.ndim))

        def backward(g: Any) -> tuple:
            ends = [
                ops.reshape(ops.sum(ops.where(at, g, 0.0), axis=axes if shape else None), shape)
                for at, shape in zip((below, above), shapes)
            ]
            return ops.where(inside, g, 0.0), *ends

        return Tensor(result.astype(values.dtype)), backward

    def _others(self, ndim: int) -> list[int]:
        return [i for i in range(ndim) if i != self.axis % ndim]

    def _levels(self, low: np.ndarray, high: np.ndarray, x: np.ndarray) -> tuple:
        """Return the moved bounds, the distance between two levels, and its inverse."""
        dtype = np.result_type(low.dtype, np.float32)
        low, high = (v.astype(dtype) for v in (low, high))
        if self.axis is not None and low.ndim:
            shape = [1] * x.ndim
            shape[self.axis] = -1
            low, high = low.reshape(shape), high.reshape(shape)
        top, bottom = 2**self.num_bits - 1, int(self.narrow_range)
        width = high - low
        step, steps = width / dtype.type(top - bottom), dtype.type(top - bottom) / width
        zero = np.round(np.clip(bottom - low / step, bottom, top))
        return (bottom - zero) * step, (top - zero) * step, step, steps
