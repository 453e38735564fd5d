"""Activation functions: those of `minikeras.ops`, and the few that differ from them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import numpy as np

from minikeras import ops
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import as_tensor, elementary
from minikeras.autodiff.tensor import Tensor
from minikeras.common.call_errors import told
from minikeras.common.object_family import ObjectFamily
from minikeras.kernels import activations as kernels

FAMILY = ObjectFamily(
    "activation",
    [
        ops.celu,
        ops.elu,
        ops.glu,
        ops.hard_shrink,
        ops.hard_sigmoid,
        ops.hard_tanh,
        ops.leaky_relu,
        ops.log_sigmoid,
        ops.log_softmax,
        ops.relu6,
        ops.selu,
        ops.sigmoid,
        ops.soft_shrink,
        ops.softmax,
        ops.softplus,
        ops.softsign,
        ops.sparse_plus,
        ops.sparse_sigmoid,
        ops.sparsemax,
        ops.squareplus,
        ops.tanh,
        ops.tanh_shrink,
        ops.threshold,
    ],
    functions_by_name=True,
)
"""Every activation by the name that layers' configs hold."""

ActivationLike = Annotated[Any, FAMILY.argument]
"""What an argument may be that stands for an activation."""
FAMILY.register("swish")(ops.silu)
FAMILY.register("hard_swish")(ops.hard_silu)


def _ramp(x: np.ndarray, slope: float, top: float | None, threshold: float) -> np.ndarray:
    y = np.where(x > threshold, x, 0)
    if top is not None:
        y = np.minimum(np.maximum(y, 0), top)
    if slope:
        y = y + np.minimum(x - threshold, 0) * slope
    return y.astype(x.dtype, copy=False)


def _ramp_vjp(g: Any, x: Any, slope: float, top: float | None, threshold: float) -> Any:
    inside = x > threshold
    if top is not None:
        inside = inside & (x > 0) & (x < top)
    d = np.asarray(inside).astype(g.dtype)
    if slope:
        d = d + np.asarray(x < threshold).astype(g.dtype) * slope
    return g * d


_RAMP = elementary("ramp", _ramp, _ramp_vjp)


@FAMILY.register()
@told
def relu(
    x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Tensor:
    """Rectified linear unit, in all its shapes.

    `x` above `threshold` (cut at `max_value`), and below it `negative_slope * (x - threshold)`.

    Args:
        x: tensor.
        negative_slope: slope below the threshold.
        max_value: largest value, None for no limit.
        threshold: where the unit begins to pass its input.

    Returns:
        A tensor of the shape and dtype of `x`.

    Example:

    >>> from minikeras import activations
    >>> activations.relu([-10.0, 0.0, 10.0], negative_slope=0.5, max_value=5.0)
    <Tensor shape=(3,) dtype=float32 [-5.  0.  5.]>
    """
    if threshold == 0:
        if max_value is None:
            return ops.leaky_relu(x, negative_slope) if negative_slope else ops.relu(x)
        if max_value == 6 and not negative_slope:
            return ops.relu6(x)
    if isinstance(x, KerasTensor):
        y = ops.where(x > threshold, x, ops.zeros_like(x))
        y = y if max_value is None else ops.clip(y, 0, max_value)
        return y + ops.minimum(x - threshold, 0) * negative_slope if negative_slope else y
    return _RAMP(as_tensor(x), slope=negative_slope, top=max_value, threshold=threshold)


@FAMILY.register()
@told
def gelu(x: Any, approximate: bool = False) -> Tensor:
    """Gaussian error linear unit: `x * P(X <= x)` for a standard normal X.

    Args:
        x: tensor.
        approximate: whether to compute it by tanh instead of the error function.

    Returns:
        A tensor of the shape of `x`.

    Reference: Hendrycks & Gimpel, 2016, "Gaussian Error Linear Units (GELUs)".

    Example:

    >>> from minikeras import activations
    >>> activations.gelu([-1.0, 0.0, 1.0])
    <Tensor shape=(3,) dtype=float32 [-0.158655  0.        0.841345]>
    """
    return ops.gelu(x, approximate=approximate)


@FAMILY.register()
@told
def exponential(x: Any) -> Tensor:
    """Exponential: `exp(x)`.

    Example:

    >>> from minikeras import activations
    >>> activations.exponential([0.0])
    <Tensor shape=(1,) dtype=float32 [1.]>
    """
    return ops.exp(x)


@FAMILY.register()
@told
def mish(x: Any) -> Tensor:
    """Mish: `x * tanh(softplus(x))` (Misra, 2019).

    Example:

    >>> from minikeras import activations
    >>> activations.mish([0.0, 1.0])
    <Tensor shape=(2,) dtype=float32 [0.       0.865098]>
    """
    return ops.multiply(x, ops.tanh(ops.softplus(x)))


@FAMILY.register()
def linear(x: Any) -> Tensor:
    """Return the input as it is.

    Example:

    >>> from minikeras import activations
    >>> activations.linear(3)
    3
    """
    return x


FAMILY.default = linear
LINEAR = (None, linear)
"""What a layer's `activation` is where it has none."""
_FUSED = {
    relu: kernels.RELU,
    ops.relu: kernels.RELU,
    ops.sigmoid: kernels.SIGMOID,
    ops.tanh: kernels.TANH,
    ops.softmax: kernels.SOFTMAX,
}
"""Activations that kernels of layers apply to their results themselves."""
_IN_PLACE = {ops.silu: kernels.SILU, ops.hard_silu: kernels.HARD_SILU}
"""Others that they can apply where no tape follows."""


def fused(activation: Any, in_place: bool = False) -> kernels.Fused | None:
    """Return the form of an activation that kernels apply themselves.

    Args:
        activation: a function that `get` returned.
        in_place: whether it may be one without a backward, for calls that no tape follows.

    Returns:
        None if the layer must call the function on the result.

    Example:

    >>> from minikeras import activations
    >>> activations.fused(activations.relu).name, activations.fused(activations.gelu)
    ('relu', None)
    """
    try:
        return _FUSED.get(activation) or (_IN_PLACE.get(activation) if in_place else None)
    except TypeError:  # not hashable, so not one of these functions
        return None


def get(identifier: Any) -> Callable:
    """Return the activation function that an argument stands for.

    Args:
        identifier: None (`linear`), a name, a function or callable object, or a config dict.

    Raises:
        ValueError: if it is none of them.

    Example:

    >>> from minikeras import activations
    >>> activations.get("relu").__name__, activations.get(None).__name__
    ('relu', 'linear')
    """
    return FAMILY.get(identifier)


def serialize(activation: Any) -> Any:
    """Return what configs hold of an activation: the name of one of this module's, else a dict.

    Example:

    >>> from minikeras import activations
    >>> activations.serialize(activations.relu)
    'relu'
    """
    return FAMILY.serialize(activation)


def deserialize(config: Any, custom_objects: dict | None = None) -> Callable:
    """Return the activation function that a name or config describes.

    Args:
        config: what `serialize` returned.
        custom_objects: a user's functions by name.

    Raises:
        ValueError: if the name is not known.

    Example:

    >>> from minikeras import activations
    >>> activations.deserialize("softmax").__name__
    'softmax'
    """
    return FAMILY.deserialize(config, custom_objects)
