"""`LayerNormalization`: each example to mean 0 and variance 1 over its features."""

from __future__ import annotations

from typing import Any

from minikeras.common.arguments import NonNegative
from minikeras.common.traceback_utils import warn
from minikeras.constraints.constraints import ConstraintLike
from minikeras.initializers.initializer import InitializerLike
from minikeras.layers.input_spec import InputSpec
from minikeras.layers.layer import Layer
from minikeras.layers.normalization.axes import check_axes, checked_axis
from minikeras.ops.core import cast
from minikeras.ops.normalization import LAYER_NORMALIZATION, layer_normalization
from minikeras.regularizers.regularizers import RegularizerLike


class LayerNormalization(Layer):
    """Normalizes each example by the mean and variance of its features.

    Args:
        axis: axis, or list of axes, of the features.
        epsilon: added to the variance; `keras.config.epsilon()` if None.
        center: whether `beta` is added.
        scale: whether to multiply by `gamma`.
        beta_initializer, gamma_initializer: initializers of those weights.
        beta_regularizer, gamma_regularizer: penalties on those weights.
        beta_constraint, gamma_constraint: constraints of those weights.
        **kwargs: arguments of `Layer`, and the deprecated `rms_scaling`, for which see
            `RMSNormalization`.

    Input and output: the same shape.

    Source: Ba et al., 2016.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.LayerNormalization(epsilon=0.0)(np.array([[1.0, 3.0]], "float32"))
    <Tensor shape=(1, 2) dtype=float32 [[-1.  1.]]>
    """

    def __init__(
        self,
        axis: Any = -1,
        epsilon: NonNegative | None = 1e-3,
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
        self.rms_scaling = bool(kwargs.pop("rms_scaling", False))
        if self.rms_scaling:
            warn(
                "LayerNormalization: `rms_scaling=True` is deprecated: it divides by the standard "
                "deviation, not by the root mean square. Use RMSNormalization."
            )
        super().__init__(**kwargs)
        self.axis = checked_axis("LayerNormalization", axis)
        self.epsilon = epsilon
        self.center, self.scale = center, scale
        self._keep_weight_arguments(locals())
        self.gamma = self.beta = None
        self.supports_masking = True
        self.autocast = False

    def build(self, input_shape: tuple) -> None:
        check_axes(self, input_shape)
        self.axis = sorted(self.axis) if isinstance(self.axis, list) else [self.axis]
        shape = tuple([input_shape[a] for a in self.axis])
        if self.scale or self.rms_scaling:
            self.gamma = self._weight("gamma", shape, autocast=False)
        if self.center and not self.rms_scaling:
            self.beta = self._weight("beta", shape, autocast=False)
        self.input_spec = InputSpec(axes={a: input_shape[a] for a in self.axis})
        last = list(range(len(input_shape) - len(self.axis), len(input_shape)))
        self._last = [a % len(input_shape) for a in self.axis] == last

    def call(self, inputs: Any) -> Any:
        plain = self._last and not self.rms_scaling and self._compute.itemsize >= 4
        plain = plain and self.epsilon is not None
        if plain and inputs.dtype == self._compute == self.dtype:
            return LAYER_NORMALIZATION(
                inputs,
                self.gamma,
                self.beta,
                axes=len(self.axis),
                epsilon=self.epsilon,
                center=True,
            )
        y = layer_normalization(
            inputs, self.gamma, self.beta, self.axis, self.epsilon, rms_scaling=self.rms_scaling
        )
        return y if y.array.dtype == self._compute else cast(y, self._compute)

    def get_config(self) -> dict:
        return {**super().get_config(), "rms_scaling": self.rms_scaling}

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        check_axes(self, input_shape)
        return input_shape
