"""Functions of each element: powers, comparisons, activations, dtypes."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras import ops, random
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.dtypes import standardize_dtype
from minikeras.compat.keras_backend.calls import backend, step


def tensor(x: Any) -> Any:
    """Return data as a tensor: Python's numbers and lists become the default float."""
    if isinstance(x, (Tensor, KerasTensor)):
        return x
    return ops.convert_to_tensor(x)


@backend
def cast(x: Any, dtype: str) -> Any:
    """Return a tensor in another dtype."""
    return ops.cast(tensor(x), standardize_dtype(dtype))


def dtype(x: Any) -> str:
    """Return the name of the dtype."""
    return str(x.dtype if hasattr(x, "dtype") else to_array(x).dtype)


@backend
def identity(x: Any, name: str | None = None) -> Any:
    """Return a tensor of the same values."""
    return ops.copy(tensor(x))


@backend
def abs(x: Any) -> Any:
    """Return absolute values."""
    return ops.abs(x)


@backend
def square(x: Any) -> Any:
    """Return squares."""
    return ops.square(x)


@backend
def sqrt(x: Any) -> Any:
    """Return square roots; negative numbers count as 0."""
    return ops.sqrt(ops.maximum(floating(x), 0.0))


def floating(x: Any) -> Any:
    x = tensor(x)
    return x if "float" in str(x.dtype) else ops.cast(x, "float32")


@backend
def exp(x: Any) -> Any:
    """Return `e` to the power of each element."""
    return ops.exp(x)


@backend
def log(x: Any) -> Any:
    """Return natural logarithms."""
    return ops.log(x)


@backend
def round(x: Any) -> Any:
    """Round to the nearest integer, halves to the even one."""
    return ops.round(x)


@backend
def sign(x: Any) -> Any:
    """Return -1, 0 or 1."""
    return ops.sign(x)


@backend
def pow(x: Any, a: Any) -> Any:
    """Return powers of each element."""
    return tensor(x) ** a


@backend
def sin(x: Any) -> Any:
    """Return sines."""
    return ops.sin(x)


@backend
def cos(x: Any) -> Any:
    """Return cosines."""
    return ops.cos(x)


@backend
def maximum(x: Any, y: Any) -> Any:
    """Return the greater of each two elements."""
    return ops.maximum(x, y)


@backend
def minimum(x: Any, y: Any) -> Any:
    """Return the less of each two elements."""
    return ops.minimum(x, y)


@backend
def clip(x: Any, min_value: Any, max_value: Any) -> Any:
    """Return elements between two bounds, None for no bound."""
    numbers = isinstance(min_value, (int, float)) and isinstance(max_value, (int, float))
    if numbers and max_value < min_value:
        max_value = min_value
    x = tensor(x)
    if numbers:
        return ops.clip(x, min_value, max_value)
    if min_value is not None:
        x = ops.maximum(x, min_value)
    return x if max_value is None else ops.minimum(x, max_value)


@backend
def equal(x: Any, y: Any) -> Any:
    """Return where two tensors are equal."""
    return ops.equal(x, y)


@backend
def not_equal(x: Any, y: Any) -> Any:
    """Return where two tensors differ."""
    return ops.not_equal(x, y)


@backend
def greater(x: Any, y: Any) -> Any:
    """Return where `x` is greater than `y`."""
    return ops.greater(x, y)


@backend
def greater_equal(x: Any, y: Any) -> Any:
    """Return where `x` is not less than `y`."""
    return ops.greater_equal(x, y)


@backend
def less(x: Any, y: Any) -> Any:
    """Return where `x` is less than `y`."""
    return ops.less(x, y)


@backend
def less_equal(x: Any, y: Any) -> Any:
    """Return where `x` is not greater than `y`."""
    return ops.less_equal(x, y)


# Activations.


@backend
def relu(x: Any, alpha: Any = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """Return `x` from a threshold on, at most `max_value`, and `alpha * (x - threshold)` below.

    Args:
        x: tensor.
        alpha: slope below the threshold: a number or a tensor.
        max_value: the greatest value, None for no bound.
        threshold: where it begins.
    """
    x = floating(x)
    simple = isinstance(alpha, (int, float)) and alpha == 0 and threshold == 0
    y = ops.relu(x) if simple else x * ops.cast(ops.greater(x, threshold), x.dtype)
    if max_value is not None:
        y = ops.minimum(y, max_value)
    if isinstance(alpha, (int, float)) and alpha == 0:
        return y
    return y - alpha * ops.relu(threshold - x)


@backend
def elu(x: Any, alpha: float = 1.0) -> Any:
    """Return `x` where it is positive, else `alpha * (exp(x) - 1)`."""
    return ops.elu(x, alpha)


@backend
def softmax(x: Any, axis: int = -1) -> Any:
    """Return exponentials that sum to 1 along an axis."""
    return ops.softmax(x, axis)


@backend
def softplus(x: Any) -> Any:
    """Return `log(exp(x) + 1)`."""
    return ops.softplus(x)


@backend
def softsign(x: Any) -> Any:
    """Return `x / (abs(x) + 1)`."""
    return ops.softsign(x)


@backend
def sigmoid(x: Any) -> Any:
    """Return `1 / (1 + exp(-x))`."""
    return ops.sigmoid(x)


@backend
def hard_sigmoid(x: Any) -> Any:
    """Return `0.2 * x + 0.5`, between 0 and 1; Keras 3's has another slope."""
    return ops.clip(0.2 * floating(x) + 0.5, 0.0, 1.0)


@backend
def tanh(x: Any) -> Any:
    """Return hyperbolic tangents."""
    return ops.tanh(x)


@step(rule=lambda x, *_, **__: KerasTensor(x.shape, x.dtype), always=True)
def dropout(x: Any, level: float, noise_shape: Any = None, seed: int | None = None) -> Any:
    """Set elements to 0 at random and scale the others up, in training or not.

    Args:
        x: tensor.
        level: the share that is set to 0.
        noise_shape: shape of what is drawn, which broadcasts to that of `x`.
        seed: integer, None for new numbers each time.
    """
    if noise_shape is not None:
        noise_shape = tuple(n if d is None else d for d, n in zip(noise_shape, x.shape))
    return random.dropout(x, level, noise_shape=noise_shape, seed=seed)


@backend
def l2_normalize(x: Any, axis: Any = None) -> Any:
    """Scale so that the squares sum to 1 along axes."""
    x = floating(x)
    squares = ops.sum(ops.square(x), axis=axis, keepdims=True)
    return x / ops.sqrt(ops.maximum(squares, 1e-12))


@backend
def stop_gradient(variables: Any) -> Any:
    """Return the same values, through which no gradient flows; lists give lists."""
    if isinstance(variables, (list, tuple)):
        return [ops.stop_gradient(v) for v in variables]
    return ops.stop_gradient(variables)


@step(rule=lambda x, *_, **__: KerasTensor(x.shape, x.dtype))
def print_tensor(x: Any, message: str = "", summarize: int = 3) -> Any:
    """Print a tensor whenever it is computed, and return it.

    Args:
        x: tensor.
        message: what is printed before it.
        summarize: how many elements of each axis's two ends are shown.
    """
    with np.printoptions(edgeitems=summarize, threshold=2 * summarize):
        print(message, np.asarray(to_array(x)))
    return x


lesser = less
lesser_equal = less_equal
