"""Activations with weights that Keras has no more: `ParametricSoftplus`, `SReLU`, `ThresholdedLinear`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minikeras import initializers, ops
from minikeras.common.arguments import NonNegative
from minikeras.common.registry import register_keras_serializable
from minikeras.layers.input_spec import InputSpec
from minikeras.layers.layer import Layer


class _WithWeights(Layer):
    """An activation with weights for each feature, which may be shared along axes."""

    def __init__(self, shared_axes: int | Sequence[int] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        if shared_axes is not None and not isinstance(shared_axes, (list, tuple)):
            shared_axes = [shared_axes]
        self.shared_axes = None if shared_axes is None else list(shared_axes)

    def _shape(self, input_shape: tuple) -> tuple:
        """Return the shape of the weights, and expect such inputs from now on."""
        shared = self.shared_axes or ()
        axes = {i: n for i, n in enumerate(input_shape) if i and i not in shared}
        self.input_spec = InputSpec(ndim=len(input_shape), axes=axes)
        return tuple(1 if i in shared else n for i, n in enumerate(input_shape) if i)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape


def _constant_or(value: Any) -> Any:
    """Return an initializer; a number stands for a constant."""
    return initializers.Constant(value) if isinstance(value, (int, float)) else value


@register_keras_serializable("keras1")
class ParametricSoftplus(_WithWeights):
    """`alpha * log(1 + exp(beta * x))` with a learnt alpha and beta for each feature.

    Args:
        alpha_initializer, beta_initializer: numbers to begin with, or initializers.
        shared_axes: axes along which weights are shared, such as `[1, 2]` for images.

    Example:

    >>> import numpy as np
    >>> from minikeras.compat.keras1.advanced_activations import ParametricSoftplus
    >>> ParametricSoftplus()(np.array([[0.0, 1.0]]))
    <Tensor shape=(1, 2) dtype=float32 [[0.138629 1.001343]]>
    """

    def __init__(
        self,
        alpha_initializer: Any = 0.2,
        beta_initializer: Any = 5.0,
        shared_axes: int | Sequence[int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(shared_axes, **kwargs)
        self.alpha_initializer = initializers.get(_constant_or(alpha_initializer))
        self.beta_initializer = initializers.get(_constant_or(beta_initializer))

    def build(self, input_shape: tuple) -> None:
        shape = self._shape(input_shape)
        self.alpha = self.add_weight(shape, self.alpha_initializer, name="alpha")
        self.beta = self.add_weight(shape, self.beta_initializer, name="beta")

    def call(self, inputs: Any) -> Any:
        return self.alpha * ops.softplus(self.beta * inputs)


@register_keras_serializable("keras1")
class SReLU(_WithWeights):
    """The identity between two learnt points, and lines of learnt slopes beyond them (Jin et al., 2015).

    Below `t_left` it is `t_left + a_left * (x - t_left)`. The right point is `t_left + |t_right|`; beyond
    it `a_right` is the slope.

    Args:
        t_left_initializer, a_left_initializer: of the left point and slope.
        t_right_initializer, a_right_initializer: of the right ones.
        shared_axes: axes along which weights are shared, such as `[1, 2]` for images.

    Example:

    >>> import numpy as np
    >>> from minikeras.compat.keras1.advanced_activations import SReLU
    >>> layer = SReLU(a_left_initializer="zeros", t_right_initializer="ones")
    >>> layer(np.array([[-1.0, 0.5, 3.0]]))
    <Tensor shape=(1, 3) dtype=float32 [[0.  0.5 3. ]]>
    """

    def __init__(
        self,
        t_left_initializer: Any = "zeros",
        a_left_initializer: Any = "glorot_uniform",
        t_right_initializer: Any = "glorot_uniform",
        a_right_initializer: Any = "ones",
        shared_axes: int | Sequence[int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(shared_axes, **kwargs)
        self.t_left_initializer = initializers.get(t_left_initializer)
        self.a_left_initializer = initializers.get(a_left_initializer)
        self.t_right_initializer = initializers.get(t_right_initializer)
        self.a_right_initializer = initializers.get(a_right_initializer)

    def build(self, input_shape: tuple) -> None:
        shape = self._shape(input_shape)
        self.t_left = self.add_weight(shape, self.t_left_initializer, name="t_left")
        self.a_left = self.add_weight(shape, self.a_left_initializer, name="a_left")
        self.t_right = self.add_weight(shape, self.t_right_initializer, name="t_right")
        self.a_right = self.add_weight(shape, self.a_right_initializer, name="a_right")

    def call(self, inputs: Any) -> Any:
        width = ops.abs(self.t_right)
        beyond_left = inputs - self.t_left
        left = self.a_left * ops.minimum(beyond_left, 0.0)
        centre = ops.minimum(ops.maximum(beyond_left, 0.0), width)
        right = self.a_right * ops.maximum(beyond_left - width, 0.0)
        return self.t_left + left + centre + right


@register_keras_serializable("keras1")
class ThresholdedLinear(Layer):
    """`x` where it is further from 0 than `theta`, else 0 (Konda et al., 2015).

    Args:
        theta: the threshold.

    Example:

    >>> import numpy as np
    >>> from minikeras.compat.keras1.advanced_activations import ThresholdedLinear
    >>> ThresholdedLinear(1.0)(np.array([[-2.0, 0.5, 2.0]]))
    <Tensor shape=(1, 3) dtype=float32 [[-2.  0.  2.]]>
    """

    def __init__(self, theta: NonNegative = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.theta = float(theta)

    def call(self, inputs: Any) -> Any:
        return ops.where(ops.abs(inputs) > self.theta, inputs, 0.0)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape
