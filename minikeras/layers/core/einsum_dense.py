"""`EinsumDense`: a dense layer whose product is any einsum."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np

from minikeras import activations
from minikeras.activations.activations import LINEAR, ActivationLike
from minikeras.autodiff.tensor import to_array
from minikeras.common.arguments import PositiveInt
from minikeras.constraints.constraints import ConstraintLike
from minikeras.initializers import VarianceScaling
from minikeras.initializers.initializer import InitializerLike
from minikeras.kernels.activations import SOFTMAX, Fused
from minikeras.layers.core.split_product import split_product
from minikeras.layers.input_spec import InputSpec
from minikeras.layers.lora import adapted_weight
from minikeras.layers.quantization.quantizable import QuantizableLayer
from minikeras.layers.quantization.weights import QuantizedWeight
from minikeras.ops.dense import DENSE
from minikeras.ops.einsum import einsum
from minikeras.ops.shapes import reshape
from minikeras.regularizers.regularizers import RegularizerLike


class EinsumDense(QuantizableLayer):
    """`activation(einsum(equation, inputs, kernel) + bias)`.

    Args:
        equation: labels of the axes, such as `"abc,cd->abd"`, or with an ellipsis on one side,
            `"...x,xy->...y"` or `"ab...,bc->ac..."`.
        output_shape: sizes of the output's axes, without the batch and those that an ellipsis
            stands for; None where it is that of the input.
        activation: activation function or its name, None for none.
        bias_axes: labels of the output's axes that the bias has, None for no bias.
        kernel_initializer, bias_initializer: initializers of the weights.
        kernel_regularizer, bias_regularizer: penalties on the weights.
        kernel_constraint, bias_constraint: constraints of the weights.
        lora_rank, lora_alpha: rank and scale of an adaptation that is trained in place of the kernel, None
            for none. See `enable_lora`.
        gptq_unpacked_column_size: accepted, without effect.
        quantization_config: what a quantized layer was told by `quantize`.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layer = layers.EinsumDense("abc,cd->abd", output_shape=(None, 4), bias_axes="d")
    >>> layer(np.ones((2, 5, 3))).shape
    (2, 5, 4)
    """

    kernel = adapted_weight("kernel")

    argument_sources = {
        "activity_regularizer": "activity_regularizer",
        "output_shape": "partial_output_shape",
        "gptq_unpacked_column_size": None,
    }

    def __init__(
        self,
        equation: str,
        output_shape: int | Sequence[int | None],
        activation: ActivationLike = None,
        bias_axes: str | None = None,
        kernel_initializer: InitializerLike = "glorot_uniform",
        bias_initializer: InitializerLike = "zeros",
        kernel_regularizer: RegularizerLike = None,
        bias_regularizer: RegularizerLike = None,
        kernel_constraint: ConstraintLike = None,
        bias_constraint: ConstraintLike = None,
        lora_rank: PositiveInt | None = None,
        lora_alpha: float | None = None,
        gptq_unpacked_column_size: int | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(lora_rank=lora_rank, lora_alpha=lora_alpha, **kwargs)
        self.equation = equation
        whole = isinstance(output_shape, int)
        self.partial_output_shape = (output_shape,) if whole else tuple(output_shape)
        self.bias_axes = bias_axes
        self.activation = activations.get(activation)
        self._keep_weight_arguments(locals())
        self.quantization_config = quantization_config
        self.bias = None
        _labels(equation)

    def build(self, input_shape: tuple) -> None:
        plan = _plan(self.equation, self.bias_axes, input_shape, self.partial_output_shape)
        initializer = self.kernel_initializer
        if isinstance(initializer, VarianceScaling) and (
            initializer.input_axes is None or initializer.output_axes is None
        ):
            config = {**initializer.get_config(), "seed": initializer.seed}
            config.update(input_axes=plan.input_axes, output_axes=plan.output_axes)
            initializer = type(initializer).from_config(config)
        self._plan, self._inputs_ndim, self._summed = plan, len(input_shape), plan.summed
        self._large_weight("kernel", plan.kernel_shape, initializer=initializer)
        if plan.bias_shape is not None:
            self.bias = self._weight("bias", plan.bias_shape)
        w = _labels(self.equation)[1]
        shared = [axis for label, axis in self._labelled_axes() if label in w]
        self.input_spec = InputSpec(ndim=len(input_shape), axes={a: input_shape[a] for a in shared})
        self._enable_lora_as_made()

    def _labelled_axes(self) -> list[tuple[str, int]]:
        """Return the labels of the inputs, each with its axis."""
        x, _, _, side = _labels(self.equation)
        first = self._inputs_ndim - len(x) if side == "left" else 0
        return [(label, first + i) for i, label in enumerate(x)]

    def call(self, inputs: Any, training: Any = None) -> Any:
        if self.__dict__["_kernel"]._split is not None:
            return self._split_call(inputs)
        fused = activations.fused(self.activation)
        if self._summed and fused is not SOFTMAX:
            y = self._as_dense(inputs, fused)
        else:
            y, fused = einsum(self.equation, inputs, self.kernel), None
            y = y if self.bias is None else y + self.bias
        return self._activated(y, fused)

    def _split_call(self, inputs: Any) -> Any:
        """Do with this rank's part of the kernel what `call` does with the whole."""
        x, w, y, side = _labels(self.equation)
        label = w[self._kernel._split.axis]
        elided = inputs.ndim - len(x) if side == "left" else 0
        kept = bias_axis = None
        if label in y:
            kept = elided + y.index(label)
            if self.bias is not None and label in self.bias_axes:
                whole_ndim = len(y) + inputs.ndim - len(x)  # of the outputs
                bias_axis = kept - (whole_ndim - self.bias.ndim)

        def product(inputs: Any, kernel: Any, bias: Any) -> Any:
            y = einsum(self.equation, inputs, kernel)
            return y if bias is None else y + bias

        y = split_product(
            inputs,
            self._kernel,
            self.bias,
            product,
            summed=elided + x.index(label) if label in x else None,
            kept=kept,
            bias_axis=bias_axis,
        )
        return self._activated(y)

    def _as_dense(self, inputs: Any, activation: Fused | None) -> Any:
        """Compute a product over the last axes of the inputs as one of matrices."""
        n = self._summed
        free, new = inputs.shape[:-n], self.kernel.shape[n:]
        rows, columns = math.prod(self.kernel.shape[:n]), math.prod(new)
        x = inputs if n == 1 else reshape(inputs, (*free, rows))
        kernel, bias = self.kernel, self.bias
        if kernel.ndim != 2:
            kernel = reshape(kernel, (rows, columns))
            bias = None if bias is None else reshape(bias, (columns,))
        y = DENSE(x, kernel, bias, activation=activation)
        return y if len(new) == 1 else reshape(y, (*free, *new))

    def is_plain_product(self, dtype: np.dtype) -> bool:
        """Say that calls give `inputs @ kernel + bias`, over last axes, in this dtype and nothing else."""
        return bool(
            self._summed
            and self.quantization_mode is None
            and not self.lora_enabled
            and self._kernel._split is None
            and self.activity_regularizer is None
            and self.activation in LINEAR
            and dtype == self._compute == self.dtype
            and type(self) is EinsumDense
            and "call" not in self.__dict__  # by which others see what it is called with
        )

    # Quantized.

    def _quantized_weights(self) -> list[QuantizedWeight]:
        x, w, y, side = _labels(self.equation)
        kept = [w.index(c) for c in y if c in w]
        sizes = [self._plan.kernel_shape[w.index(c)] if c in w else 1 for c in y]
        elided = [1] * (self._inputs_ndim - len(x))
        scale_shape = elided + sizes if side == "left" else sizes + elided
        return [
            QuantizedWeight(
                "kernel",
                self._plan.kernel_shape,
                summed=tuple([a for a in range(len(w)) if w[a] not in y]),
                scale_axes=tuple(kept),
                scale_shape=tuple(scale_shape),
            )
        ]

    calibrated_names: ClassVar[dict[str, str]] = {"kernel_zero": "zero_point"}
    quantization_modes = ("int8", "int4", "float8", "gptq", "awq")

    def quantized_call(self, inputs: Any, training: Any = None) -> Any:
        if self.quantization_mode == "float8":
            return self._float8_call(inputs, training)
        n = self._summed
        if not n:  # as if it were in floats, with what is left of the weight and the inputs
            y = self._product_with_rounded(inputs, self._axes_summed())
        else:
            flat = inputs if n == 1 else reshape(inputs, (*inputs.shape[:-n], -1))
            y = self._quantized_product(flat)
            new = self._plan.kernel_shape[n:]
            y = y if len(new) == 1 else reshape(y, (*y.shape[:-1], *new))
        return self._after_product(y, inputs)

    def calibrated_inputs(self, inputs: Any) -> np.ndarray:
        _, w, y, _ = _labels(self.equation)
        axes = dict(self._labelled_axes())
        summed = [axes[c] for c in w if c not in y]  # in the order of the kernel's rows
        found = to_array(inputs)
        others = [a for a in range(found.ndim) if a not in summed]
        return super().calibrated_inputs(found.transpose(*others, *summed))

    def _axes_summed(self) -> tuple[int, ...]:
        """The axes of the inputs that the product sums over."""
        y = _labels(self.equation)[2]
        return tuple([axis for label, axis in self._labelled_axes() if label not in y])

    def _product(self, inputs: Any, kernel: Any) -> Any:
        return einsum(self.equation, inputs, kernel)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        plan = _plan(self.equation, self.bias_axes, input_shape, self.partial_output_shape)
        return plan.output_shape


class _Plan(NamedTuple):
    kernel_shape: tuple
    bias_shape: tuple | None
    output_shape: tuple
    input_axes: list[int]
    output_axes: list[int]
    summed: int
    """How many last axes of the inputs are summed with the first of the kernel, the others
    following in order, the bias having all new ones; 0 if it is otherwise."""


_EQUATIONS = (
    (r"([a-zA-Z]+),([a-zA-Z]+)->([a-zA-Z]+)", ""),
    (r"\.\.\.([a-zA-Z]+),([a-zA-Z]+)->\.\.\.([a-zA-Z]+)", "left"),
    (r"([a-zA-Z]{2,})\.\.\.,([a-zA-Z]+)->([a-zA-Z]+)\.\.\.", "right"),
)


def _labels(equation: str) -> tuple[str, str, str, str]:
    """Return the labels of inputs, kernel and output, and the side of the ellipsis."""
    for pattern, side in _EQUATIONS:
        found = re.fullmatch(pattern, equation.replace(" ", ""))
        if found:
            return (*found.groups(), side)
    raise ValueError(
        "EinsumDense: argument `equation` must look like 'ab,bc->ac', '...a,ab->...b' or "
        f"'ab...,bc->ac...'. Received: equation={equation!r}"
    )


def _plan(equation: str, bias_axes: str | None, input_shape: tuple, partial: tuple) -> _Plan:
    """Find the shapes of weights and output.

    Raises:
        ValueError: if equation and shapes do not fit.
    """
    x, w, y, side = _labels(equation)
    elided = len(input_shape) - len(x)
    if elided < 0 or (elided and not side):
        raise ValueError(
            f"EinsumDense: equation '{equation}' does not fit inputs of shape {input_shape}."
        )
    # Without an ellipsis on the left, the first axis is the batch and has no size in `partial`.
    if side == "left" and elided:
        output = (*input_shape[:elided], *partial)
        x_sizes = dict(zip(x, input_shape[elided:]))
        y_sizes = dict(zip(y, output[elided:]))
    else:
        output = (input_shape[0], *partial, *input_shape[len(input_shape) - elided :])
        output = output if elided else (input_shape[0], *partial)
        x_sizes, y_sizes = dict(zip(x, input_shape)), dict(zip(y, output))
    if len(y_sizes) < len(y) or len(output) != len(y) + elided:
        raise ValueError(
            f"EinsumDense: output_shape={partial} does not fit the output '{y}' of '{equation}'."
        )
    for c in x:
        if c in y_sizes and y_sizes[c] is not None and y_sizes[c] != x_sizes[c]:
            raise ValueError(
                f"EinsumDense: axis '{c}' of '{equation}' has size {x_sizes[c]} in the inputs and "
                f"{y_sizes[c]} in output_shape={partial}."
            )
    for c in y:
        if c not in x and c not in w:
            raise ValueError(
                f"EinsumDense: axis '{c}' of the output of '{equation}' is in neither operand."
            )
    sizes, input_axes, output_axes = [], [], []
    for i, c in enumerate(w):
        if c in y_sizes:
            sizes.append(y_sizes[c] if y_sizes[c] is not None else x_sizes.get(c))
            output_axes.append(i)
        elif c in x_sizes:
            sizes.append(x_sizes[c])
            input_axes.append(i)
        else:
            raise ValueError(
                f"EinsumDense: axis '{c}' of the kernel of '{equation}' is in neither the inputs "
                "nor the output."
            )
    if None in sizes:
        raise ValueError(
            f"EinsumDense: the axes of the kernel '{w}' of '{equation}' must have known sizes. "
            f"Received: input_shape={input_shape}, output_shape={partial}"
        )
    bias_shape = None
    if bias_axes:
        missing = [c for c in bias_axes if c not in y]
        if missing:
            raise ValueError(
                f"EinsumDense: axis '{missing[0]}' of bias_axes={bias_axes!r} is not an axis of "
                f"the output '{y}'."
            )
        last = y[min([y.index(c) for c in bias_axes]) :]
        bias_shape = tuple([y_sizes[c] if c in bias_axes else 1 for c in last])
        if side != "left":
            bias_shape += (1,) * elided
    summed = len(input_axes)
    free, new = x[: len(x) - summed], w[summed:]
    plain = x == free + w[:summed] and y == free + new and new and side != "right"
    plain = plain and (not bias_axes or bias_shape == tuple(sizes[summed:]))
    return _Plan(tuple(sizes), bias_shape, output, input_axes, output_axes, summed if plain else 0)
