"""Variables, constants, random numbers, and changing variables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from minikeras import ops, random
from minikeras.autodiff.expression import Expression, SymbolicVariable
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.autodiff.variable import Variable
from minikeras.common.dtypes import standardize_dtype
from minikeras.compat.graph_session import Update, evaluate
from minikeras.compat.keras_backend.calls import backend, plain_name, step
from minikeras.compat.keras_backend.elementwise import tensor
from minikeras.compat.keras_backend.shapes import computed_sizes, described_sizes, sizes_of
from minikeras.ops.symbolic import in_a_call


def variable(
    value: Any, dtype: str | None = None, name: str | None = None, constraint: Any = None
) -> Variable:
    """Return a variable.

    What is computed from it remembers that, so it may stand in expressions that are computed again later.

    Args:
        value: its first value.
        dtype: dtype, the default float if None.
        name: name, counted if None.
        constraint: a function that is applied to its values in training.
    """
    if isinstance(value, (KerasTensor, Expression)):
        value = evaluate(value)
    if hasattr(value, "toarray"):
        value = value.toarray()
    made = SymbolicVariable(to_array(value), dtype=standardize_dtype(dtype), name=plain_name(name))
    made.constraint = constraint
    return made


def constant(
    value: Any, dtype: str | None = None, shape: Any = None, name: str | None = None
) -> Tensor:
    """Return a tensor of values that do not change.

    Args:
        value: a number or an array.
        dtype: dtype, the default float if None.
        shape: shape that a number fills; that of the value if None.
        name: without effect.
    """
    array = np.asarray(to_array(value))
    if shape is not None:
        shape = computed_sizes(sizes_of(shape))
        array = np.full(shape, array) if array.size == 1 else array.reshape(shape)
    return ops.convert_to_tensor(array, standardize_dtype(dtype))


@step(rule=lambda sizes, value, dtype: KerasTensor(described_sizes(sizes), dtype))
def _filled(sizes: list, value: float, dtype: str) -> Tensor:
    return ops.full(computed_sizes(sizes), value, dtype)


def _constant_of(shape: Any, value: float, dtype: str | None, name: str | None) -> Any:
    dtype = standardize_dtype(dtype)
    sizes = sizes_of(shape)
    if any(d is None or isinstance(d, KerasTensor) for d in sizes) or in_a_call():
        return _filled(sizes, value, dtype)
    return variable(np.full(tuple(sizes), value), dtype, name)


def zeros(shape: Any, dtype: str | None = None, name: str | None = None) -> Any:
    """Return a variable of zeros; a tensor where a size is symbolic, or inside a layer's call."""
    return _constant_of(shape, 0.0, dtype, name)


def ones(shape: Any, dtype: str | None = None, name: str | None = None) -> Any:
    """Return a variable of ones; a tensor where a size is symbolic, or inside a layer's call."""
    return _constant_of(shape, 1.0, dtype, name)


def eye(size: Any, dtype: str | None = None, name: str | None = None) -> Variable:
    """Return a variable that holds an identity matrix of one size, or of rows and columns."""
    rows, columns = size if isinstance(size, (tuple, list)) else (size, size)
    return variable(np.eye(rows, columns), dtype, name)


@backend
def zeros_like(x: Any, dtype: str | None = None, name: str | None = None) -> Any:
    """Return zeros in the shape of `x`."""
    return ops.zeros_like(tensor(x), dtype=dtype)


@backend
def ones_like(x: Any, dtype: str | None = None, name: str | None = None) -> Any:
    """Return ones in the shape of `x`."""
    return ops.ones_like(tensor(x), dtype=dtype)


# Values.


def eval(x: Any) -> Any:
    """Return the value of a tensor that depends on no placeholder, as it is now."""
    if isinstance(x, (KerasTensor, Expression)) or hasattr(x, "parts"):
        return evaluate(x)
    dense = getattr(x, "dense", None)
    return np.array(to_array(x if dense is None else dense()))[()]


def get_value(x: Any) -> Any:
    """Return the value of a variable as a NumPy array."""
    return eval(x)


def batch_get_value(tensors: Iterable[Any]) -> list:
    """Return the values of several variables."""
    return [eval(x) for x in tensors]


def set_value(x: Variable, value: Any) -> None:
    """Put another value in a variable.

    Raises:
        ValueError: if its shape differs.
    """
    x.assign(np.asarray(to_array(value)))


def batch_set_value(tuples: Iterable[tuple[Variable, Any]]) -> None:
    """Put other values in several variables: pairs of variable and value."""
    for x, value in tuples:
        set_value(x, value)


def _updated(x: Variable, new: Any) -> Any:
    if isinstance(new, KerasTensor) and not in_a_call():
        return Update(x, new)
    if in_a_call():
        return x.assign(new)
    made = Update(x, new)
    made.take_effect()
    return made


def update(x: Variable, new_x: Any) -> Any:
    """Give a variable a new value.

    Args:
        x: the variable.
        new_x: the value. If it is symbolic, the result is to be given to `K.function` as one of
            `updates`; else it is put in place at once, and each time that a function runs the update.
    """
    return _updated(x, new_x)


def update_add(x: Variable, increment: Any) -> Any:
    """Add to a variable; see `update`."""
    return _updated(x, x + increment)


def update_sub(x: Variable, decrement: Any) -> Any:
    """Subtract from a variable; see `update`."""
    return _updated(x, x - decrement)


def moving_average_update(x: Variable, value: Any, momentum: Any) -> Any:
    """Move a variable towards a value: `x * momentum + value * (1 - momentum)`; see `update`."""
    return _updated(x, x * momentum + value * (1.0 - momentum))


# Random numbers.


def _random(function: Any) -> Any:
    """Return a function that draws anew whenever what it gave is computed."""

    def described(shape: list, *_: Any, dtype: str, **__: Any) -> KerasTensor:
        return KerasTensor(described_sizes(shape), dtype)

    return step(function, rule=described, always=True)


@_random
def _normal(shape: list, mean: Any, stddev: Any, *, dtype: str, seed: Any) -> Tensor:
    return random.normal(computed_sizes(shape), mean, stddev, dtype, seed)


@_random
def _truncated(shape: list, mean: Any, stddev: Any, *, dtype: str, seed: Any) -> Tensor:
    return random.truncated_normal(computed_sizes(shape), mean, stddev, dtype, seed)


@_random
def _uniform(shape: list, low: Any, high: Any, *, dtype: str, seed: Any) -> Tensor:
    if "int" in dtype:
        return random.randint(computed_sizes(shape), low, high, dtype, seed)
    return random.uniform(computed_sizes(shape), low, high, dtype, seed)


@_random
def _bernoulli(shape: list, p: Any, *, dtype: str, seed: Any) -> Tensor:
    drawn = random.uniform(computed_sizes(shape), 0.0, 1.0, "float32", seed)
    return ops.cast(ops.less(drawn, p), dtype)


def _options(dtype: Any, seed: Any) -> dict[str, Any]:
    return {"dtype": standardize_dtype(dtype), "seed": seed}


def random_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    """Draw from a normal distribution; sizes may be symbolic: `(K.shape(x)[0], 3)`."""
    return _normal(sizes_of(shape), mean, stddev, **_options(dtype, seed))


def truncated_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    """Draw from a normal distribution, within two standard deviations."""
    return _truncated(sizes_of(shape), mean, stddev, **_options(dtype, seed))


def random_uniform(
    shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    """Draw evenly between two bounds: floats, or integers if `dtype` says so."""
    return _uniform(sizes_of(shape), minval, maxval, **_options(dtype, seed))


def random_bernoulli(shape: Any, p: float = 0.0, dtype: Any = None, seed: Any = None) -> Any:
    """Draw 1 with a probability of `p`, else 0."""
    return _bernoulli(sizes_of(shape), p, **_options(dtype, seed))


def random_binomial(shape: Any, p: float = 0.0, dtype: Any = None, seed: Any = None) -> Any:
    """Draw 1 with a probability of `p`, else 0."""
    return random_bernoulli(shape, p, dtype, seed)


def random_normal_variable(
    shape: Any,
    mean: float,
    scale: float,
    dtype: Any = None,
    name: str | None = None,
    seed: Any = None,
) -> Variable:
    """Return a variable whose first value is drawn from a normal distribution."""
    value = random.normal(computed_sizes(sizes_of(shape)), mean, scale, "float32", seed)
    return variable(value, dtype, name)


def random_uniform_variable(
    shape: Any,
    low: float,
    high: float,
    dtype: Any = None,
    name: str | None = None,
    seed: Any = None,
) -> Variable:
    """Return a variable whose first value is drawn evenly between two bounds."""
    value = random.uniform(computed_sizes(sizes_of(shape)), low, high, "float32", seed)
    return variable(value, dtype, name)
