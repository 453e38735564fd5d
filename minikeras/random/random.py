"""Random tensors: `keras.random`."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.primitive import as_tensor, elementary
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.dtypes import floatx_dtype, to_np_dtype
from minikeras.kernels import random as kernels
from minikeras.random.seed_generator import draw_key


def _float_dtype(dtype: Any, name: str) -> np.dtype:
    target = floatx_dtype() if dtype is None else to_np_dtype(dtype)
    if target.kind not in "fV":
        raise ValueError(f"random.{name}: argument `dtype` must be a float dtype. Received: {dtype}")
    return target


def _rng(seed: Any) -> np.random.Generator:
    return kernels.generator(draw_key(seed))


def _shape(shape: Any) -> tuple:
    return tuple(int(d) for d in shape)


def _native(dtype: np.dtype) -> np.dtype:
    return dtype if dtype.itemsize in (4, 8) and dtype.kind == "f" else np.dtype("float32")


def normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None
) -> Tensor:
    """Draw from a normal distribution.

    Example:

    >>> import minikeras
    >>> minikeras.random.normal((2, 3), seed=1).shape
    (2, 3)
    """
    target = _float_dtype(dtype, "normal")
    x = _rng(seed).standard_normal(_shape(shape), dtype=_native(target))
    x = x * stddev + mean if (stddev, mean) != (1.0, 0.0) else x
    return Tensor(np.asarray(x).astype(target))


def uniform(
    shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Any = None
) -> Tensor:
    """Draw from a uniform distribution over `[minval, maxval)`."""
    if dtype is not None and to_np_dtype(dtype).kind in "iu":
        return randint(shape, minval, maxval, dtype, seed)
    target = _float_dtype(dtype, "uniform")
    x = _rng(seed).random(_shape(shape), dtype=_native(target))
    x = x * (np.asarray(maxval, x.dtype) - np.asarray(minval, x.dtype)) + np.asarray(minval, x.dtype)
    return Tensor(np.asarray(x).astype(target))


def randint(shape: Any, minval: int, maxval: int, dtype: Any = "int32", seed: Any = None) -> Tensor:
    """Draw integers from `[minval, maxval)`."""
    target = to_np_dtype(dtype)
    if target.kind not in "iu":
        raise ValueError(
            f"random.randint: argument `dtype` must be an integer dtype. Received: {dtype}"
        )
    low, high = int(to_array(minval)), int(to_array(maxval))
    return Tensor(_rng(seed).integers(low, high, size=_shape(shape), dtype=target))


def truncated_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None
) -> Tensor:
    """Draw from a normal distribution within two standard deviations of its mean."""
    target = _float_dtype(dtype, "truncated_normal")
    x = kernels.truncated_normal(_rng(seed), _shape(shape), _native(target))
    return Tensor(np.asarray(x * stddev + mean).astype(target))


def categorical(logits: Any, num_samples: int, dtype: Any = "int32", seed: Any = None) -> Tensor:
    """Draw class indices from rows of unnormalized log-probabilities, `(batch, classes)`."""
    z = to_array(logits)
    noise = _rng(seed).gumbel(size=(z.shape[0], num_samples, z.shape[-1]))
    return Tensor(np.argmax(z[:, None, :] + noise, axis=-1).astype(to_np_dtype(dtype)))


def shuffle(x: Any, axis: int = 0, seed: Any = None) -> Tensor:
    """Shuffle along an axis."""
    from minikeras.ops.shapes import take

    x = as_tensor(x)
    return take(x, _rng(seed).permutation(x.shape[axis]), axis=axis)


def gamma(shape: Any, alpha: Any, dtype: Any = None, seed: Any = None) -> Tensor:
    """Draw from a gamma distribution of shape `alpha` and scale 1."""
    target = _float_dtype(dtype, "gamma")
    return Tensor(np.asarray(_rng(seed).gamma(to_array(alpha), size=_shape(shape))).astype(target))


def beta(shape: Any, alpha: Any, beta: Any, dtype: Any = None, seed: Any = None) -> Tensor:
    """Draw from a beta distribution."""
    target = _float_dtype(dtype, "beta")
    x = _rng(seed).beta(to_array(alpha), to_array(beta), size=_shape(shape))
    return Tensor(np.asarray(x).astype(target))


def binomial(
    shape: Any, counts: Any, probabilities: Any, dtype: Any = None, seed: Any = None
) -> Tensor:
    """Draw numbers of successes in `counts` trials."""
    target = _float_dtype(dtype, "binomial")
    n = np.asarray(to_array(counts)).astype(np.int64)
    x = _rng(seed).binomial(n, np.asarray(to_array(probabilities), np.float64), size=_shape(shape))
    return Tensor(np.asarray(x).astype(target))


DROPOUT = elementary(
    "dropout",
    lambda x, mask, scale: x * mask * np.asarray(scale, x.dtype),
    lambda g, mask, scale: g * mask * np.asarray(scale, g.dtype),
)


def dropout(inputs: Any, rate: float, noise_shape: Any = None, seed: Any = None) -> Tensor:
    """Set a random share of the elements to zero and scale the others up, so the mean stays."""
    x = as_tensor(inputs)
    shape = x.shape
    if noise_shape is not None:
        if len(noise_shape) != x.ndim:
            raise ValueError(
                f"dropout: argument `noise_shape` must have {x.ndim} entries. "
                f"Received: noise_shape={noise_shape}"
            )
        shape = tuple(d if n is None else n for n, d in zip(noise_shape, x.shape))
    if rate >= 1:
        return DROPOUT(x, mask=np.zeros(shape, bool), scale=0.0)
    mask, keep = kernels.dropout_mask(shape, rate, draw_key(seed))
    return DROPOUT(x, mask=mask, scale=1 / keep)
