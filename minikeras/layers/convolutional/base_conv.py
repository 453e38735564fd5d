"""What convolutional layers share."""

from __future__ import annotations

import functools
import math
import operator
from typing import Any

import numpy as np

from minikeras import activations
from minikeras.activations.activations import LINEAR, ActivationLike
from minikeras.autodiff.state import thread
from minikeras.autodiff.variable import Variable
from minikeras.common.arguments import PositiveInt, standardize_padding, standardize_tuple
from minikeras.common.configurable import accepted
from minikeras.common.settings import standardize_data_format
from minikeras.constraints.constraints import ConstraintLike
from minikeras.initializers.initializer import InitializerLike
from minikeras.kernels.activations import SOFTMAX, Fused
from minikeras.kernels.windows import window
from minikeras.layers.convolutional.kept_weights import MOST, KeptWeights
from minikeras.layers.input_spec import InputSpec
from minikeras.layers.layer import Layer
from minikeras.layers.lora import AdaptableLayer, adapted_weight
from minikeras.ops.activations import warn_of_constant_softmax
from minikeras.ops.convolution import CONV, conv_output_shape, in_channels_last
from minikeras.regularizers.regularizers import RegularizerLike


class WindowedLayer(Layer):
    """A layer that slides windows with weights over images: arguments, checks, bias, activation.

    Subclasses say the number of spatial axes (`rank`), name their kernels and compute.

    Args:
        kernel_size, strides, padding, data_format, dilation_rate: how windows slide.
        activation: activation function or its name.
        use_bias: whether a bias is added.
        bias_initializer, bias_regularizer, bias_constraint: of the bias.
    """

    rank: int
    _paddings = ("valid", "same")
    _strides_and_dilation = False  # whether both may be more than one
    argument_sources = {"activity_regularizer": "activity_regularizer"}

    def __init__(
        self,
        kernel_size: Any,
        strides: Any,
        padding: str,
        data_format: str | None,
        dilation_rate: Any,
        activation: ActivationLike,
        use_bias: bool,
        bias_initializer: InitializerLike,
        bias_regularizer: RegularizerLike,
        bias_constraint: ConstraintLike,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        owner = type(self).__name__
        self.kernel_size = standardize_tuple(kernel_size, self.rank, "kernel_size", owner)
        self.strides = standardize_tuple(strides, self.rank, "strides", owner)
        self.dilation_rate = standardize_tuple(dilation_rate, self.rank, "dilation_rate", owner)
        self.padding = standardize_padding(padding, owner, self._paddings)
        self.data_format = standardize_data_format(data_format)
        if max(self.strides) > 1 and max(self.dilation_rate) > 1 and not self._strides_and_dilation:
            raise ValueError(
                f"{owner}: `strides` and `dilation_rate` cannot both be more than 1. "
                f"Received: strides={self.strides} and dilation_rate={self.dilation_rate}"
            )
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self._keep_weight_arguments(locals())
        self.bias = None
        self._kept = KeptWeights()
        self.input_spec = InputSpec(min_ndim=self.rank + 2, max_ndim=self.rank + 2)

    def _positive(self, name: str, value: Any) -> int:
        return standardize_tuple(value, 1, name, type(self).__name__)[0]

    def _channels(self, input_shape: tuple) -> int:
        """Return the number of channels, and expect it from now on."""
        if len(input_shape) != self.rank + 2:
            raise ValueError(
                f"Layer '{self.name}' takes inputs of {self.rank + 2} axes. "
                f"Received: input_shape={tuple(input_shape)}"
            )
        axis = 1 if self.data_format == "channels_first" else -1
        channels = input_shape[axis]
        if channels is None:
            raise ValueError(
                f"Layer '{self.name}': the channels axis of the inputs must have a known size. "
                f"Received: input_shape={tuple(input_shape)}"
            )
        self.input_spec = InputSpec(min_ndim=self.rank + 2, axes={axis: channels})
        return channels

    def _add_bias(self, filters: int) -> None:
        if self.use_bias:
            self.bias = self._weight("bias", (filters,))

    def _may_take_over(self, following: Any) -> bool:
        if not self._has_own_call or self.activation not in LINEAR:
            return False
        whole = isinstance(following, Layer)
        return whole and (
            following._as_activation() is not None
            or type(following)._affine_parts is not Layer._affine_parts
        )

    _filter_axes = -1
    """Where the axes of the kernel begin that are those of the filters."""
    _has_own_call = False
    """Whether `call` is that of a class which knows how to take over what follows."""

    def _with_following(self, inputs: Any, kernel: Any) -> tuple[Any, Any, Fused | None, dict]:
        """Return kernel, bias and the activation to apply, with what the layers behind this one do.

        While nobody wants gradients, scale and shift of a batch normalization go into kernel and bias,
        where that is less work than scaling the results.

        Returns:
            These, and more arguments for the operation: where its weights stay, `made`, a place for what
            kernels make of them. There is none where a tape follows.
        """
        here, bias = thread.state, self.bias
        options: dict = {}
        following = here.following
        takes = bool(following) and self._may_take_over(following[0])
        if here.tapes:
            self._kept.drop()
        elif not (here.describing or here.rematerializing) and here.autocast is None:
            then = following[0] if takes else None
            affine = None if then is None else self._affine_behind(inputs, kernel, then)
            # Whole variables, other than a sum that low-rank adaptation makes anew for each call.
            plain = type(kernel) is Variable and type(bias) in (Variable, type(None))
            keeps = plain and kernel.array.size <= MOST
            if keeps or affine is not None:
                arrays = kernel.array, None if bias is None else bias.array
                make = functools.partial(_folded, *arrays, then, affine, self._filter_axes)
                if keeps:
                    sources = (*arrays, *(affine or ()))
                    kernel, bias, options["made"] = self._kept.get(sources, make)
                else:
                    kernel, bias, _ = make()
            if affine is not None:
                here.following = following[1:]
        return kernel, bias, self._take_activation() if takes else None, options

    def _affine_behind(self, inputs: Any, kernel: Any, then: Any) -> tuple | None:
        """Return what scale and shift of the next layer are made of, if they may go into the kernel."""
        dtype, axis = self._compute, 1 if self.data_format == "channels_first" else -1
        if not (self._is_bare(dtype) and then._is_bare(dtype)):
            return None
        # To scale many weights may take longer than to call the layer that scales the results.
        if kernel.size > MOST:
            windows = inputs.size // max(inputs.shape[axis] * math.prod(self.strides), 1)
            if windows < 4 * math.prod(kernel.shape[: self._filter_axes]):
                return None
        return then._affine_parts(axis, dtype)

    def _activate(self, inputs: Any, compute: Any, taken: Fused | None = None) -> Any:
        """Return `compute(images, fused activation)` on images with channels last, activated.

        Args:
            inputs: the images.
            compute: the function.
            taken: the activation of another layer that is to be applied, or None.
        """
        fused = taken or activations.fused(self.activation)
        # Softmax runs over the last axis, which is that of the channels only here.
        if fused is SOFTMAX and self.data_format == "channels_first":
            fused = None
        y = in_channels_last(inputs, self.data_format, lambda x: compute(x, fused))
        if fused is SOFTMAX and y.shape[-1] == 1:
            warn_of_constant_softmax(y.shape, -1)
        return self._activated(y, fused)

    def _output_shape(self, input_shape: tuple, filters: int) -> tuple:
        return conv_output_shape(
            tuple(input_shape),
            filters,
            self.kernel_size,
            self.strides,
            self.padding,
            self.data_format,
            self.dilation_rate,
            f"Layer '{self.name}'",
        )


def _folded(
    kernel: np.ndarray, bias: np.ndarray | None, then: Any, affine: tuple | None, filter_axes: int
) -> tuple[np.ndarray, np.ndarray | None, dict]:
    """Return kernel and bias with scale and shift of the next layer in them, and a place for more."""
    if affine is None:
        return kernel, bias, {}
    scale, shift = then._as_affine(*affine)
    kernel = kernel * scale.reshape(kernel.shape[filter_axes:])
    return kernel, shift if bias is None else bias * scale + shift, {}


class BaseConv(AdaptableLayer, WindowedLayer):
    """Convolution of images of `rank` spatial axes."""

    kernel = adapted_weight("kernel")

    argument_sources = WindowedLayer.argument_sources

    def __init__(
        self,
        filters: PositiveInt,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        groups: PositiveInt = 1,
        activation: ActivationLike = None,
        use_bias: bool = True,
        kernel_initializer: InitializerLike = "glorot_uniform",
        bias_initializer: InitializerLike = "zeros",
        kernel_regularizer: RegularizerLike = None,
        bias_regularizer: RegularizerLike = None,
        activity_regularizer: RegularizerLike = None,
        kernel_constraint: ConstraintLike = None,
        bias_constraint: ConstraintLike = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**accepted(WindowedLayer, locals()), **kwargs)
        self.filters = self._positive("filters", filters)
        self.groups = self._positive("groups", groups)
        if self.filters % self.groups:
            raise ValueError(
                f"{type(self).__name__}: `filters` must be a multiple of `groups`. "
                f"Received: filters={filters}, groups={groups}"
            )
        self._keep_weight_arguments(locals())

    def build(self, input_shape: tuple) -> None:
        channels = self._channels(input_shape)
        if channels % self.groups:
            raise ValueError(
                f"Layer '{self.name}': the inputs' channels must be a multiple of `groups`. "
                f"Received: groups={self.groups}, input_shape={tuple(input_shape)}"
            )
        self.compute_output_shape(input_shape)
        self.kernel = self._weight(
            "kernel", (*self.kernel_size, channels // self.groups, self.filters)
        )
        self._add_bias(self.filters)
        self._enable_lora_as_made()

    @property
    def _has_own_call(self) -> bool:
        return self._computes_as(BaseConv)

    def _may_take_over(self, following: Any) -> bool:
        return super()._may_take_over(following) or self._may_reach(following)

    def _may_reach(self, following: Any) -> bool:
        if not self._has_own_call or self.data_format != "channels_last":
            return False
        return isinstance(following, Layer) and following._as_max_pool() is not None

    def _take_max_pool(self, inputs: Any, taken: Fused | None) -> tuple | None:
        """Take over the pooling that comes next, if one does, no tape follows, and windows fit.

        Args:
            inputs: images, channels last.
            taken: the activation of another layer that is to be applied, or None.
        """
        here = thread.state
        if here.tapes or here.rematerializing or not here.following:
            return None
        then = self._next_bare()
        pool = None if then is None else then._as_max_pool()
        if pool is None or self.data_format != "channels_last":
            return None
        if (
            taken is None
            and self.activation not in LINEAR
            and not activations.fused(self.activation)
        ):
            return None  # a function that is called on all results
        w = window(
            inputs.shape[1:-1], self.kernel_size, self.strides, self.padding, self.dilation_rate
        )
        if any(map(operator.lt, w.out, pool)):
            return None
        here.following = here.following[1:]
        return pool

    def call(self, inputs: Any) -> Any:
        kernel, bias, taken, options = self._with_following(inputs, self.kernel)
        pool = self._take_max_pool(inputs, taken)
        if pool is not None:
            options["pool"] = pool
        return self._activate(
            inputs,
            lambda x, activation: CONV(
                x,
                kernel,
                bias,
                strides=self.strides,
                padding=self.padding,
                dilation=self.dilation_rate,
                groups=self.groups,
                activation=activation,
                **options,
            ),
            taken,
        )

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return self._output_shape(input_shape, self.filters)
