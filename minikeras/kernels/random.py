"""Random numbers as pure functions of a key, so that restoring a seed restores what follows.

A key is a pair of integers, `(seed, count)`. Every draw makes its own bit generator from its key,
in about 2 microseconds, and throws it away: there is no hidden state.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from numpy.random.bit_generator import ISeedSequence

from minikeras.common.ranks import shared_rows, sharers
from minikeras.kernels import parallel

Key = tuple[int, int]

_MASK = (1 << 64) - 1

_BLOCK = 1 << 18
"""Elements of noise or of a mask that come from one stream, and so are made on one thread."""

_SMALL = 1 << 12
"""Elements of a mask that are drawn before other threads could do anything meanwhile."""


def _mix(x: int) -> int:
    """Scramble 64 bits (the finalizer of SplitMix64: Steele et al., 2014)."""
    x = (x + 0x9E3779B97F4A7C15) & _MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return x ^ (x >> 31)


class _Seed(ISeedSequence):
    """Hands a bit generator its words; NumPy's own SeedSequence takes five times as long."""

    def __init__(self, words: tuple[int, int, int]) -> None:
        self.words = words

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> np.ndarray:
        return np.array(self.words, np.uint64)


def bits(key: Key, stream: int = 0) -> np.random.SFC64:
    """Return NumPy's fastest bit generator in a state that key and stream alone decide.

    SFC64 runs twelve rounds on its three words before it gives the first number.
    """
    a = _mix(key[0] & _MASK)
    b = _mix(a ^ key[1])
    return np.random.SFC64(_Seed((a, b, _mix(b ^ stream))))


def generator(key: Key) -> np.random.Generator:
    """Return a NumPy generator in a state that the key alone decides."""
    return np.random.Generator(bits(key))


def _native(dtype: np.dtype) -> np.dtype:
    """Return the dtype to draw in: what NumPy draws itself, else float32."""
    return dtype if dtype.kind == "f" and dtype.itemsize in (4, 8) else np.dtype(np.float32)


def draw(kind: str, shape: tuple, parameters: tuple, dtype: np.dtype, key: Key) -> np.ndarray:
    """Draw by the function of a name.

    A step on some rows of a batch that ranks share draws for all of them, and takes its own: so each
    row gets what one process would give it.

    Args:
        kind: name of a function below.
        shape: shape of the result.
        parameters: what the function takes between shape and dtype.
        dtype: dtype of the result.
        key: key of the draw.
    """
    function = globals()[kind]
    rows = shared_rows()
    if rows is None or not shape or shape[0] != rows.count or kind == "dropout_factors":
        return function(shape, *parameters, dtype, key)
    if kind == "permutations" and parameters[0] % len(shape) == 0:
        raise ValueError(
            "random.shuffle: the examples of a batch cannot be shuffled in a model while ranks share the "
            "batch. Shuffle them before, in the data set."
        )
    parameters = tuple(
        sharers().rows(p)
        if isinstance(p, np.ndarray) and p.ndim == len(shape) and p.shape[0] == rows.count
        else p
        for p in parameters
    )
    return function((rows.total, *shape[1:]), *parameters, dtype, key)[rows.slice]


def normal(shape: tuple, mean: Any, stddev: Any, dtype: np.dtype, key: Key) -> np.ndarray:
    """Draw from the normal distribution (Ziggurat: Marsaglia & Tsang, 2000)."""
    x = np.asarray(generator(key).standard_normal(shape, dtype=_native(dtype)))
    return _affine(x, mean, stddev, dtype)


def add_normal(x: np.ndarray, stddev: float, key: Key) -> None:
    """Add numbers from the normal distribution, with mean 0, to a vector, on several threads."""

    def add(i: int) -> None:
        part = x[i * _BLOCK : (i + 1) * _BLOCK]
        rng = np.random.Generator(bits(key, i))
        noise = rng.standard_normal(part.size, dtype=_native(x.dtype))
        noise *= noise.dtype.type(stddev)
        part += noise.astype(x.dtype, copy=False)

    parallel.run([functools.partial(add, i) for i in range(-(-x.size // _BLOCK))])


def uniform(shape: tuple, minval: Any, maxval: Any, dtype: np.dtype, key: Key) -> np.ndarray:
    """Draw from the uniform distribution over `[minval, maxval)`."""
    x = np.asarray(generator(key).random(shape, dtype=_native(dtype)))
    if _is(minval, 0) and _is(maxval, 1) and x.dtype == dtype:
        return x
    low, high = np.asarray(minval, x.dtype), np.asarray(maxval, x.dtype)
    x = np.asarray(x * (high - low) + low).astype(dtype, copy=False)
    # Rounding may reach the upper bound, which is not part of the range.
    top = np.nextafter(high.astype(dtype), low.astype(dtype))
    return np.minimum(x, top, out=x) if np.all(high > low) else x


def truncated_normal(shape: tuple, mean: Any, stddev: Any, dtype: np.dtype, key: Key) -> np.ndarray:
    """Draw from the normal distribution within two standard deviations of its mean.

    What falls outside is drawn again, as long as need be: 4.6 % at each turn.
    """
    rng = generator(key)
    native = _native(dtype)
    x = rng.standard_normal(math.prod(shape), dtype=native)
    outside = np.flatnonzero(np.abs(x) > 2)
    while outside.size:
        again = rng.standard_normal(outside.size, dtype=native)
        x[outside] = again
        outside = outside[np.abs(again) > 2]
    return _affine(x.reshape(shape), mean, stddev, dtype)


def _affine(x: np.ndarray, mean: Any, stddev: Any, dtype: np.dtype) -> np.ndarray:
    if not _is(stddev, 1):
        x = x * np.asarray(stddev, x.dtype)
    if not _is(mean, 0):
        x = x + np.asarray(mean, x.dtype)
    return np.asarray(x).astype(dtype, copy=False)


def _is(value: Any, number: int) -> bool:
    return isinstance(value, (int, float)) and value == number


def randint(shape: tuple, minval: Any, maxval: Any, dtype: np.dtype, key: Key) -> np.ndarray:
    """Draw integers from `[minval, maxval)`."""
    return np.asarray(generator(key).integers(minval, maxval, size=shape, dtype=dtype))


def categorical(shape: tuple, logits: np.ndarray, dtype: np.dtype, key: Key) -> np.ndarray:
    """Draw indices of classes by inverting the cumulative distribution of each row.

    Args:
        shape: `(batch, draws)`.
        logits: unnormalized log-probabilities, `(batch, classes)`.
        dtype: dtype of the indices.
    """
    z = logits.astype(np.float64)
    p = np.exp(z - z.max(axis=-1, keepdims=True))
    edges = np.cumsum(p, axis=-1)
    u = generator(key).random(shape) * edges[:, -1:]
    drawn = np.array([np.searchsorted(e, v, side="right") for e, v in zip(edges, u)])
    return drawn.reshape(shape).astype(dtype)


def gamma(shape: tuple, alpha: np.ndarray, dtype: np.dtype, key: Key) -> np.ndarray:
    """Draw from the gamma distribution of shape `alpha` and scale 1."""
    return np.asarray(generator(key).standard_gamma(alpha, size=shape)).astype(dtype)


def beta(
    shape: tuple, alpha: np.ndarray, beta: np.ndarray, dtype: np.dtype, key: Key
) -> np.ndarray:
    """Draw from the beta distribution."""
    return np.asarray(generator(key).beta(alpha, beta, size=shape)).astype(dtype)


def binomial(
    shape: tuple, counts: np.ndarray, probabilities: np.ndarray, dtype: np.dtype, key: Key
) -> np.ndarray:
    """Draw the numbers of successes in `counts` trials."""
    counts = counts.astype(np.int64)
    return np.asarray(generator(key).binomial(counts, probabilities, size=shape)).astype(dtype)


def permutations(shape: tuple, axis: int, dtype: np.dtype, key: Key) -> np.ndarray:
    """Return indices along `axis`, `take_along_axis` of which shuffles an array of `shape`."""
    column = [1] * len(shape)
    column[axis] = shape[axis]
    order = np.broadcast_to(np.arange(shape[axis], dtype=dtype).reshape(column), shape)
    return generator(key).permuted(order, axis=axis)


def dropout_factors(shape: tuple, rate: float, dtype: np.dtype, key: Key) -> np.ndarray:
    """Return what dropout multiplies with: 0, or 1 over the probability of staying."""
    if rate == 1:
        return np.zeros(shape, dtype)
    mask, _ = dropout_mask(shape, rate, key)
    factors = mask.astype(dtype)
    factors *= dropout_scale(rate, dtype)
    return factors


def dropout_scale(rate: float, dtype: np.dtype) -> np.generic:
    """Return what dropout of a rate below 1 multiplies with where a unit stays."""
    return dtype.type(1 / (1 - _threshold(rate) / 65536))


def dropout_mask(shape: tuple, rate: float, key: Key) -> tuple[np.ndarray, float]:
    """Return which units stay, and the exact probability of it.

    Each unit takes 16 random bits, so the rate is rounded to a multiple of 1/65536. That is four
    times as fast as drawing floats.

    Args:
        shape: shape of the mask.
        rate: probability of dropping a unit, at least 0 and less than 1.
        key: key of the draw.

    Returns:
        A boolean array, true where a unit stays, and the probability of true.
    """
    threshold = _threshold(rate)
    rows = shared_rows()
    if rows is None or not shape or shape[0] != rows.count:
        mask = _mask(math.prod(shape), threshold, key)
    else:  # this rank's part of the whole batch's mask
        row = math.prod(shape[1:])
        mask = _mask(rows.total * row, threshold, key, rows.start * row, rows.stop * row)
    return mask.reshape(shape), 1 - threshold / 65536


def _threshold(rate: float) -> int:
    """Return the 16 random bits, as a number, below which a unit is dropped."""
    return min(round(rate * 65536), 65535)


def _mask(n: int, threshold: int, key: Key, start: int = 0, stop: int | None = None) -> np.ndarray:
    """Return elements `start` to `stop` of a mask of `n`."""
    stop = n if stop is None else stop
    if n <= _SMALL:
        return bits(key).random_raw((n + 3) >> 2).view(np.uint16)[start:stop] >= threshold
    if n <= _BLOCK:
        return _words(key, 0, n)[start:stop] >= threshold
    first = start // _BLOCK
    last = max(-(-stop // _BLOCK), first)
    mask = np.empty(min(last * _BLOCK, n) - first * _BLOCK, bool)
    tasks = [
        lambda i=i: _mask_block(mask[i * _BLOCK : (i + 1) * _BLOCK], threshold, key, first + i)
        for i in range(last - first)
    ]
    parallel.run(tasks)
    return mask[start - first * _BLOCK : stop - first * _BLOCK]


def _mask_block(mask: np.ndarray, threshold: int, key: Key, stream: int) -> None:
    np.greater_equal(_words(key, stream, mask.size), threshold, out=mask)


def _words(key: Key, stream: int, n: int) -> np.ndarray:
    """Draw `n` numbers of 16 bits; other threads run meanwhile, as they do not during `random_raw`."""
    rng = np.random.Generator(bits(key, stream))
    words = rng.integers(0, _MASK, (n + 3) >> 2, dtype=np.uint64, endpoint=True)
    return words.view(np.uint16)[:n]
