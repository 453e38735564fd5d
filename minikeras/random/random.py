"""Random tensors: the functions of `keras.random`.

The same seed gives the same numbers, on any machine and any number of threads. They are not the
numbers that Keras draws from the same seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import as_tensor, elementary, without_gradient
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.arguments import ArgumentError, axis_within, is_integer, kind_of
from minikeras.common.call_errors import told
from minikeras.common.dtypes import np_dtype, standardize_dtype
from minikeras.common.ranks import shared_rows, unshared
from minikeras.kernels import random as kernels
from minikeras.ops.indexing import take_along_axis
from minikeras.random.seed_generator import draw_key


def _shape(shape: Any, name: str) -> tuple[int, ...]:
    if is_integer(shape):
        shape = (shape,)
    try:
        sizes = tuple(shape)
        if all(is_integer(d) and d >= 0 for d in sizes):
            return tuple([_size(d) for d in sizes])
    except TypeError:
        pass
    raise ArgumentError(f"random.{name}", "shape", "a tuple of non-negative integers", shape)


def _size(value: Any) -> int:
    """Return a size as an int; one that remembers how it was computed stays as it is."""
    return value if isinstance(value, int) else int(value)


def _dtype(dtype: Any, name: str, kinds: str = "fV", what: str = "a floating point") -> np.dtype:
    result = np_dtype(standardize_dtype(dtype))
    if result.kind not in kinds:
        raise ValueError(f"`keras.random.{name}` requires {what} `dtype`. Received: dtype={dtype}")
    return result


_DRAW = without_gradient(
    "random",
    lambda *parameters, kind, shape, dtype, key: kernels.draw(kind, shape, parameters, dtype, key),
    rule=lambda *_, shape, dtype, **__: KerasTensor(shape, dtype),
)
"""All numbers are drawn by this one primitive, so that whoever follows primitives knows of them."""


def _parameter(value: Any) -> Any:
    """Leave Python numbers as they are: the kernels have short cuts for the usual ones."""
    return value if isinstance(value, (int, float)) else to_array(value)


@told
def normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None
) -> Tensor:
    """Draw from a normal distribution.

    Args:
        shape: shape of the result.
        mean: mean, a number or an array that broadcasts to `shape`.
        stddev: standard deviation, likewise.
        dtype: float dtype, `floatx` if None.
        seed: an integer, which gives the same numbers at every call; a `SeedGenerator`, which gives
            new ones; or None for the global stream.

    Returns:
        A tensor of `shape`.

    Raises:
        ValueError: if `shape`, `dtype` or `seed` is not valid.

    Example:

    >>> import minikeras
    >>> x = minikeras.random.normal((1000,), mean=5.0, seed=1)
    >>> 4.8 < float(minikeras.ops.mean(x)) < 5.2
    True
    """
    shape, target = _shape(shape, "normal"), _dtype(dtype, "normal")
    return _DRAW(
        _parameter(mean),
        _parameter(stddev),
        kind="normal",
        shape=shape,
        dtype=target,
        key=draw_key(seed),
    )


@told
def truncated_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None
) -> Tensor:
    """Draw from a normal distribution, within two standard deviations of its mean.

    Args:
        shape: shape of the result.
        mean: mean, a number or an array that broadcasts to `shape`.
        stddev: standard deviation before the cut, likewise.
        dtype: float dtype, `floatx` if None.
        seed: integer, `SeedGenerator` or None; see `random.normal`.

    Returns:
        A tensor of `shape`.

    Raises:
        ValueError: if `shape`, `dtype` or `seed` is not valid.

    Example:

    >>> import minikeras
    >>> x = minikeras.random.truncated_normal((1000,), seed=1)
    >>> float(minikeras.ops.max(minikeras.ops.abs(x))) <= 2
    True
    """
    shape, target = _shape(shape, "truncated_normal"), _dtype(dtype, "truncated_normal")
    mean, stddev = _parameter(mean), _parameter(stddev)
    key = draw_key(seed)
    return _DRAW(mean, stddev, kind="truncated_normal", shape=shape, dtype=target, key=key)


@told
def uniform(
    shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Any = None
) -> Tensor:
    """Draw from a uniform distribution over `[minval, maxval)`.

    Args:
        shape: shape of the result.
        minval: lower bound, a number or an array that broadcasts to `shape`.
        maxval: upper bound, likewise; never drawn.
        dtype: float dtype, `floatx` if None.
        seed: integer, `SeedGenerator` or None; see `random.normal`.

    Returns:
        A tensor of `shape`.

    Raises:
        ValueError: if `shape`, `dtype` or `seed` is not valid.

    Example:

    >>> import minikeras
    >>> x = minikeras.random.uniform((1000,), 2.0, 3.0, seed=1)
    >>> bool((x >= 2).all() and (x < 3).all())
    True
    """
    shape, target = _shape(shape, "uniform"), _dtype(dtype, "uniform")
    low, high = _parameter(minval), _parameter(maxval)
    return _DRAW(low, high, kind="uniform", shape=shape, dtype=target, key=draw_key(seed))


@told
def randint(shape: Any, minval: int, maxval: int, dtype: Any = "int32", seed: Any = None) -> Tensor:
    """Draw integers from a uniform distribution over `[minval, maxval)`.

    Args:
        shape: shape of the result.
        minval: lower bound, a number or an array that broadcasts to `shape`.
        maxval: upper bound, likewise; never drawn.
        dtype: integer dtype.
        seed: integer, `SeedGenerator` or None; see `random.normal`.

    Returns:
        A tensor of `shape`.

    Raises:
        ValueError: if `shape`, `dtype` or `seed` is not valid, or the range is empty or does not
            fit `dtype`.

    Example:

    >>> import minikeras
    >>> sorted(set(minikeras.random.randint((100,), 2, 5, seed=1).tolist()))
    [2, 3, 4]
    """
    shape = _shape(shape, "randint")
    target = _dtype("int32" if dtype is None else dtype, "randint", "iu", "an integer")
    low, high = [to_array(v).astype(np.int64) for v in (minval, maxval)]
    try:
        return _DRAW(low, high, kind="randint", shape=shape, dtype=target, key=draw_key(seed))
    except ValueError as error:
        raise ValueError(
            f"random.randint: {error}. Received: minval={minval}, maxval={maxval}, "
            f"dtype={target.name}, shape={shape}"
        ) from error


@told
def categorical(logits: Any, num_samples: int, dtype: Any = "int32", seed: Any = None) -> Tensor:
    """Draw classes with given log-probabilities.

    Args:
        logits: unnormalized log-probabilities, `(batch, classes)`.
        num_samples: number of draws for each row.
        dtype: dtype of the result.
        seed: integer, `SeedGenerator` or None; see `random.normal`.

    Returns:
        A tensor of indices of classes, `(batch, num_samples)`.

    Raises:
        ValueError: if `logits` does not have two axes, or `num_samples` is no count.

    Example:

    >>> import minikeras, numpy as np
    >>> minikeras.random.categorical(np.log([[0.001, 0.999]]), 4, seed=1)
    <Tensor shape=(1, 4) dtype=int32 [[1 1 1 1]]>
    """
    logits = to_array(logits)
    if logits.ndim != 2:
        raise ValueError(
            "`logits` should be a 2-D tensor with shape [batch_size, num_classes]. Received: "
            f"logits of shape {logits.shape}"
        )
    target = np_dtype(standardize_dtype(dtype))
    if not is_integer(num_samples) or num_samples < 0:
        expected = "a non-negative integer"
        raise ArgumentError("random.categorical", "num_samples", expected, num_samples)
    shape = (logits.shape[0], _size(num_samples))
    return _DRAW(logits, kind="categorical", shape=shape, dtype=target, key=draw_key(seed))


@told
def gamma(shape: Any, alpha: Any, dtype: Any = None, seed: Any = None) -> Tensor:
    """Draw from a gamma distribution of scale 1.

    Args:
        shape: shape of the result.
        alpha: shape parameter, a number or an array that broadcasts to `shape`.
        dtype: float dtype, `floatx` if None.
        seed: integer, `SeedGenerator` or None; see `random.normal`.

    Returns:
        A tensor of `shape`.

    Raises:
        ValueError: if `shape`, `dtype` or `seed` is not valid, or `alpha` is negative.

    Example:

    >>> import minikeras
    >>> x = minikeras.random.gamma((1000,), 3.0, seed=1)
    >>> 2.8 < float(minikeras.ops.mean(x)) < 3.2
    True
    """
    return _draw("gamma", shape, dtype, seed, alpha=alpha)


@told
def beta(shape: Any, alpha: Any, beta: Any, dtype: Any = None, seed: Any = None) -> Tensor:
    """Draw from a beta distribution.

    Args:
        shape: shape of the result.
        alpha: first parameter, a number or an array that broadcasts to `shape`.
        beta: second parameter, likewise.
        dtype: float dtype, `floatx` if None.
        seed: integer, `SeedGenerator` or None; see `random.normal`.

    Returns:
        A tensor of `shape`.

    Raises:
        ValueError: if `shape`, `dtype` or `seed` is not valid, or a parameter is not positive.

    Example:

    >>> import minikeras
    >>> x = minikeras.random.beta((1000,), 1.0, 3.0, seed=1)
    >>> 0.2 < float(minikeras.ops.mean(x)) < 0.3
    True
    """
    return _draw("beta", shape, dtype, seed, alpha=alpha, beta=beta)


@told
def binomial(
    shape: Any, counts: Any, probabilities: Any, dtype: Any = None, seed: Any = None
) -> Tensor:
    """Draw numbers of successes.

    Args:
        shape: shape of the result.
        counts: number of trials, a number or an array that broadcasts to `shape`.
        probabilities: probability of success at each, likewise.
        dtype: float dtype, `floatx` if None.
        seed: integer, `SeedGenerator` or None; see `random.normal`.

    Returns:
        A tensor of `shape`.

    Raises:
        ValueError: if `shape`, `dtype` or `seed` is not valid, a count is negative, or a
            probability is not in `[0, 1]`.

    Example:

    >>> import minikeras
    >>> x = minikeras.random.binomial((1000,), 10, 0.5, seed=1)
    >>> 4.8 < float(minikeras.ops.mean(x)) < 5.2
    True
    """
    return _draw("binomial", shape, dtype, seed, counts=counts, probabilities=probabilities)


def _draw(name: str, shape: Any, dtype: Any, seed: Any, **parameters: Any) -> Tensor:
    shape, target = _shape(shape, name), _dtype(dtype, name)
    values = [to_array(p).astype(np.float64) for p in parameters.values()]
    try:
        return _DRAW(*values, kind=name, shape=shape, dtype=target, key=draw_key(seed))
    except ValueError as error:
        received = ", ".join(f"{k}={v}" for k, v in parameters.items())
        raise ValueError(f"random.{name}: {error}. Received: {received}, shape={shape}") from error


@told
def shuffle(x: Any, axis: int = 0, seed: Any = None) -> Tensor:
    """Shuffle along an axis, what lies along the others independently.

    Args:
        x: array or tensor.
        axis: axis whose elements change places.
        seed: integer, `SeedGenerator` or None; see `random.normal`.

    Returns:
        A tensor of the shape of `x`, through which gradients flow.

    Raises:
        ValueError: if there is no such axis.

    Example:

    >>> import minikeras
    >>> sorted(minikeras.random.shuffle([1, 2, 3], seed=1).tolist())
    [1, 2, 3]
    """
    x = as_tensor(x)
    axis = axis_within(axis, x.ndim, "random.shuffle")
    shape, key = tuple(x.shape), draw_key(seed)
    order = _DRAW(axis, kind="permutations", shape=shape, dtype=np.dtype(np.int32), key=key)
    return take_along_axis(x, order, axis=axis)


DROPOUT = elementary("dropout", lambda x, factors: x * factors, lambda g, factors: g * factors)


def dropout(inputs: Any, rate: float, noise_shape: Any = None, seed: Any = None) -> Tensor:
    """Set a random share of the elements to zero, and scale the others up so that the mean stays.

    Args:
        inputs: float array or tensor.
        rate: probability of setting an element to zero; it is rounded to a multiple of 1/65536.
        noise_shape: shape that broadcasts to that of `inputs`, along whose axes of size 1 elements
            share their fate; None in it stands for the size of `inputs`.
        seed: integer, `SeedGenerator` or None; see `random.normal`.

    Returns:
        A tensor of the shape of `inputs`.

    Raises:
        ValueError: if `rate` is not in `[0, 1]`, or `noise_shape` does not fit.
        TypeError: if `inputs` are not floats.

    Source: Srivastava et al., 2014.

    Example:

    >>> import minikeras
    >>> x = minikeras.random.dropout(minikeras.ops.ones((100,)), 0.5, seed=1)
    >>> sorted(set(x.tolist()))
    [0.0, 2.0]
    """
    x = as_tensor(inputs)
    if not isinstance(rate, (int, float)) or not 0 <= rate <= 1:
        raise ArgumentError("random.dropout", "rate", "a number in [0, 1]", rate)
    dtype = np.dtype(x.array.dtype)
    if dtype.kind not in "fV":
        raise TypeError(f"random.dropout: `inputs` must be floats. Received: dtype={dtype.name}")
    shape = tuple(x.shape)
    if noise_shape is not None:
        shape = _noise_shape(noise_shape, shape)
    if rate == 0:
        return x
    key = draw_key(seed)
    # A 1 may be the size of a batch: `(ops.shape(x)[0], 1, 1)`, of a rank that has one row.
    if (noise_shape is not None and shared_rows() is not None) and (
        len(shape) < x.ndim or (noise_shape[0] == 1 and x.shape[0] != 1)
    ):
        with unshared():  # all rows share their fate, also those of other ranks
            return _dropout(x, rate, shape, dtype, key)
    return _dropout(x, rate, shape, dtype, key)


def _dropout(x: Tensor, rate: float, shape: tuple, dtype: np.dtype, key: Any) -> Tensor:
    factors = _DRAW(rate, kind="dropout_factors", shape=shape, dtype=dtype, key=key)
    return DROPOUT(x, factors=factors.array)


_NOISE_SHAPE = kind_of(Sequence[int | None])


def _noise_shape(noise_shape: Any, shape: tuple) -> tuple:
    _NOISE_SHAPE.check(noise_shape, "noise_shape", "random.dropout")
    wanted = tuple(noise_shape)
    if len(wanted) <= len(shape):
        sizes = tuple(d if n is None else n for n, d in zip(wanted, shape))
        if all(n in (1, d) for n, d in zip(reversed(sizes), reversed(shape))):
            return sizes
    raise ValueError(
        f"random.dropout: argument `noise_shape` must broadcast to the shape of `inputs`, {shape}. "
        f"Received: noise_shape={wanted}"
    )
