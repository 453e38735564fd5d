"""`GroupNormalization`: each example's groups of channels to mean 0 and variance 1."""

from __future__ import annotations

from typing import Any

from minikeras.autodiff.tensor import Tensor
from minikeras.common.arguments import NonNegative
from minikeras.constraints.constraints import ConstraintLike
from minikeras.initializers.initializer import InitializerLike
from minikeras.layers.input_spec import InputSpec
from minikeras.layers.layer import Layer
from minikeras.layers.normalization.axes import check_axes
from minikeras.ops.core import cast
from minikeras.ops.normalization import AFFINE, LAYER_NORMALIZATION, computing_dtype
from minikeras.ops.shapes import moveaxis, reshape
from minikeras.regularizers.regularizers import RegularizerLike


class GroupNormalization(Layer):
    """Normalizes each example by the mean and variance of groups of its channels.

    Args:
        groups: number of groups, a divisor of the number of channels; -1 for a group each.
        axis: axis of the channels.
        epsilon: added to the variance.
        center: whether `beta` is added.
        scale: whether to multiply by `gamma`.
        beta_initializer, gamma_initializer: initializers of those weights.
        beta_regularizer, gamma_regularizer: penalties on those weights.
        beta_constraint, gamma_constraint: constraints of those weights.

    Input and output: the same shape.

    Source: Wu & He, 2018.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.GroupNormalization(2, epsilon=0.0)(np.array([[1.0, 3.0, 4.0, 6.0]], "float32"))
    <Tensor shape=(1, 4) dtype=float32 [[-1.  1. -1.  1.]]>
    """

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: NonNegative = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: InitializerLike = "zeros",
        gamma_initializer: InitializerLike = "ones",
        beta_regularizer: RegularizerLike = None,
        gamma_regularizer: RegularizerLike = None,
        beta_constraint: ConstraintLike = None,
        gamma_constraint: ConstraintLike = None,
        **kwargs: Any,
    ) -> None:
        if not isinstance(groups, int) or (groups <= 0 and groups != -1):
            raise ValueError(
                "GroupNormalization: argument `groups` must be a positive integer, or -1. "
                f"Received: groups={groups!r}"
            )
        super().__init__(**kwargs)
        self.groups, self.axis, self.epsilon = groups, axis, epsilon
        self.center, self.scale = center, scale
        self._keep_weight_arguments(locals())
        self.gamma = self.beta = None
        self.supports_masking = True
        self.autocast = False

    def build(self, input_shape: tuple) -> None:
        check_axes(self, input_shape)
        channels = input_shape[self.axis]
        if channels is None:
            raise ValueError(
                f"Layer '{self.name}': axis {self.axis} of the inputs must have a known size. "
                f"Received: input_shape={input_shape}"
            )
        if channels == 0:
            raise ValueError(
                f"Layer '{self.name}': axis {self.axis} of the inputs must have at least one channel, "
                f"to make groups of. Received: input_shape={input_shape}"
            )
        if self.groups == -1:
            self.groups = channels
        if channels % self.groups:
            raise ValueError(
                f"Layer '{self.name}': the number of groups ({self.groups}) must be a divisor of "
                f"the number of channels ({channels})."
            )
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})
        if self.scale:
            self.gamma = self._weight("gamma", (channels,), autocast=False)
        if self.center:
            self.beta = self._weight("beta", (channels,), autocast=False)

    def call(self, inputs: Any) -> Any:
        dtype = computing_dtype(inputs.dtype)
        x = inputs if inputs.dtype == dtype else cast(inputs, dtype)
        axis = self.axis % x.ndim
        channels = x.shape[axis]
        split = (*x.shape[:axis], self.groups, channels // self.groups, *x.shape[axis + 1 :])
        grouped = moveaxis(reshape(x, split), axis, 1)
        normal = LAYER_NORMALIZATION(
            grouped, None, None, axes=x.ndim - 1, epsilon=self.epsilon, center=True
        )
        y = reshape(moveaxis(normal, 1, axis), x.shape)
        if self.gamma is not None or self.beta is not None:
            y = AFFINE(y, self._vector("gamma", dtype), self._vector("beta", dtype), axis=axis)
        return y if y.array.dtype == self._compute else cast(y, self._compute)

    def _vector(self, name: str, dtype: Any) -> Any:
        """Return a weight, or what stands for it where there is none."""
        v = getattr(self, name)
        if v is None:
            other = self.beta if self.gamma is None else self.gamma
            v = Tensor((other.array * 0 + (name == "gamma")).astype(dtype))
        return v if v.array.dtype == dtype else cast(v, dtype)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        check_axes(self, input_shape)
        return input_shape
