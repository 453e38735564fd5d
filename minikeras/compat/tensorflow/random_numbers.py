"""`tf.random`: draws by the streams of `minikeras.random`; numbers differ from TensorFlow's own."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np

from minikeras import ops, random
from minikeras.autodiff import Tensor
from minikeras.autodiff.tensor import to_array
from minikeras.common.dtypes import standardize_dtype
from minikeras.compat.tensorflow.arrays import gather
from minikeras.compat.tensorflow.symbols import sized
from minikeras.compat.tensorflow.table import add, named, number, sizes
from minikeras.random.seed_generator import SeedGenerator, seed_defaults, set_global_seed


@named("random.set_seed set_random_seed random.set_random_seed")
def set_seed(seed: Any) -> None:
    """Start the streams that no seed was given for, of layers too, from a seed."""
    set_global_seed(int(number(seed)))
    seed_defaults(int(number(seed)))


def _seed(seed: Any) -> Any:
    """Return a seed as minikeras takes it: stateless functions are given two numbers."""
    if isinstance(seed, SeedGenerator) or seed is None:
        return seed
    given = to_array(seed).reshape(-1).astype(np.int64).tolist()
    return given[0] if len(given) == 1 else (given[0] * 1_000_003 + given[1]) % 2**31


def numpy_generator(seed: Any) -> np.random.Generator:
    """Return NumPy's generator for draws that `minikeras.random` does not have, started from a seed."""
    entropy = random.randint((), 0, 2**31 - 1, seed=_seed(seed))
    return np.random.default_rng(int(np.asarray(entropy)))


@named("random.normal random_normal random.random_normal")
@sized
def normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32", seed: Any = None
) -> Any:
    """Draw from a normal distribution."""
    z = random.normal(sizes(shape), dtype=standardize_dtype(dtype), seed=_seed(seed))
    return _moved(z, mean, stddev)


def _moved(z: Any, mean: Any, stddev: Any) -> Any:
    if (np.shape(stddev), np.shape(mean)) != ((), ()):
        return z * stddev + mean
    dtype = str(np.dtype(z.array.dtype))
    z = z if number(stddev) == 1 else z * ops.cast(stddev, dtype)
    return z if number(mean) == 0 else z + ops.cast(mean, dtype)


@named("random.truncated_normal truncated_normal")
@sized
def truncated_normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32", seed: Any = None
) -> Any:
    """Draw from a normal distribution, at most two standard deviations from its mean."""
    z = random.truncated_normal(sizes(shape), dtype=standardize_dtype(dtype), seed=_seed(seed))
    return _moved(z, mean, stddev)


@named("random.uniform random_uniform random.random_uniform")
@sized
def uniform(
    shape: Any, minval: Any = 0, maxval: Any = None, dtype: Any = "float32", seed: Any = None
) -> Any:
    """Draw from a uniform distribution; integers, if `dtype` is one."""
    dtype = standardize_dtype(dtype)
    if "int" in dtype:
        if maxval is None:
            raise ValueError(
                f"tf.random.uniform: `maxval` is needed for integers of dtype {dtype}."
            )
        low, high = int(number(minval)), int(number(maxval))
        return random.randint(sizes(shape), low, high, dtype, _seed(seed))
    low, high = ops.cast(minval, dtype), ops.cast(1.0 if maxval is None else maxval, dtype)
    u = random.uniform(sizes(shape), dtype=dtype, seed=_seed(seed))
    return u * (high - low) + low


@named("random.gamma random_gamma")
@sized
def gamma(
    shape: Any, alpha: Any, beta: Any = None, dtype: Any = "float32", seed: Any = None
) -> Any:
    """Draw from gamma distributions, `shape` times from each."""
    alpha = ops.convert_to_tensor(alpha, standardize_dtype(dtype))
    whole = (*sizes(shape), *alpha.array.shape)
    y = random.gamma(whole, ops.broadcast_to(alpha, whole), standardize_dtype(dtype), _seed(seed))
    return y if beta is None else y / beta


@named("random.poisson")
@sized
def poisson(shape: Any, lam: Any, dtype: Any = "float32", seed: Any = None) -> Any:
    """Draw from Poisson distributions, `shape` times from each."""
    lam = to_array(lam)
    draw = numpy_generator(seed).poisson(lam, (*sizes(shape), *lam.shape))
    return Tensor(np.asarray(draw).astype(standardize_dtype(dtype)))


@named("random.shuffle random_shuffle")
def shuffle(value: Any, seed: Any = None) -> Any:
    """Return the rows of a tensor in a random order."""
    order = numpy_generator(seed).permutation(ops.shape(value)[0])
    return gather(value, order)


@named("random.categorical multinomial random.multinomial")
@sized
def categorical(logits: Any, num_samples: Any, dtype: Any = "int64", seed: Any = None) -> Any:
    """Draw class numbers, `num_samples` by each row of logits."""
    n = int(number(num_samples))
    return random.categorical(logits, n, standardize_dtype(dtype or "int64"), _seed(seed))


@sized
def binomial(shape: Any, counts: Any, probs: Any, dtype: Any = "int32", seed: Any = None) -> Any:
    """Draw how many of so many trials succeed."""
    y = random.binomial(sizes(shape), counts, probs, "float32", _seed(seed))
    return ops.cast(y, standardize_dtype(dtype))


def _stateless(function: Any) -> None:
    @named(f"random.stateless_{function.__name__}")
    def draw(*args: Any, seed: Any = None, alg: Any = None, **kwargs: Any) -> Any:
        args, seed = (args, seed) if seed is not None else ((args[0], *args[2:]), args[1])
        return function(*args, seed=seed, **kwargs)

    draw.__doc__ = function.__doc__


for _draw in (normal, truncated_normal, uniform, gamma, poisson, binomial):
    _stateless(_draw)


@named("random.stateless_categorical")
def stateless_categorical(logits: Any, num_samples: Any, seed: Any, dtype: Any = "int64") -> Any:
    """Draw class numbers by a seed."""
    return categorical(logits, num_samples, dtype, seed)


add("random.experimental.stateless_shuffle", lambda value, seed, **_: shuffle(value, seed))


@named("image.random_crop random_crop image.stateless_random_crop")
def random_crop(value: Any, size: Any, seed: Any = None) -> Any:
    """Cut a part of a given size out of a tensor, at a random place."""
    rng = numpy_generator(seed)
    size = sizes(size)
    starts = [rng.integers(0, n - s + 1) for n, s in zip(ops.shape(value), size)]
    return ops.get_item(value, tuple(slice(b, b + s) for b, s in zip(starts, size)))


Candidates = namedtuple(
    "LogUniformCandidateSampler",
    "sampled_candidates true_expected_count sampled_expected_count",
)


@named("random.log_uniform_candidate_sampler nn.log_uniform_candidate_sampler")
def log_uniform_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    seed: Any = None,
) -> Candidates:
    """Draw classes, those of small numbers more often (Zipf), as words sorted by frequency ask for."""
    odds = np.log((np.arange(range_max) + 2.0) / (np.arange(range_max) + 1.0)) / np.log(
        range_max + 1.0
    )
    rng = numpy_generator(seed)
    drawn = rng.choice(range_max, num_sampled, replace=not unique, p=odds / odds.sum())
    expected = 1 - (1 - odds) ** num_sampled if unique else odds * num_sampled
    counts = expected.astype(np.float32)
    return Candidates(
        Tensor(drawn.astype(np.int64)),
        Tensor(counts[to_array(true_classes)]),
        Tensor(counts[drawn]),
    )


class Generator:
    """A stream of random numbers of its own.

    Example:

    >>> stream = Generator.from_seed(1)
    >>> stream.normal((2, 3)).shape
    (2, 3)
    """

    def __init__(self, seed: int | None = None) -> None:
        self._stream = SeedGenerator(seed)

    @classmethod
    def from_seed(cls, seed: Any, alg: Any = None) -> Generator:
        """Make a stream that begins at a seed."""
        return cls(_seed(seed) % 2**31)

    @classmethod
    def from_non_deterministic_state(cls, alg: Any = None) -> Generator:
        """Make a stream that begins anywhere."""
        return cls()

    def normal(
        self,
        shape: Any,
        mean: Any = 0.0,
        stddev: Any = 1.0,
        dtype: Any = "float32",
        name: Any = None,
    ) -> Any:
        """Draw from a normal distribution."""
        return normal(shape, mean, stddev, dtype, self._stream)

    def truncated_normal(
        self,
        shape: Any,
        mean: Any = 0.0,
        stddev: Any = 1.0,
        dtype: Any = "float32",
        name: Any = None,
    ) -> Any:
        """Draw from a truncated normal distribution."""
        return truncated_normal(shape, mean, stddev, dtype, self._stream)

    def uniform(
        self,
        shape: Any,
        minval: Any = 0,
        maxval: Any = None,
        dtype: Any = "float32",
        name: Any = None,
    ) -> Any:
        """Draw from a uniform distribution."""
        return uniform(shape, minval, maxval, dtype, self._stream)

    def binomial(
        self, shape: Any, counts: Any, probs: Any, dtype: Any = "int32", name: Any = None
    ) -> Any:
        """Draw how many of so many trials succeed."""
        return binomial(shape, counts, probs, dtype, self._stream)

    def make_seeds(self, count: int = 1) -> Any:
        """Return seeds for stateless functions, one a column."""
        return self.uniform((2, count), 0, 2**31 - 1, "int32")

    def split(self, count: int = 1) -> list[Generator]:
        """Return other streams."""
        return [Generator(int(s)) for s in np.asarray(self.make_seeds(count))[0]]

    def reset_from_seed(self, seed: Any) -> None:
        """Begin again at a seed."""
        self._stream = SeedGenerator(_seed(seed))


add("random.Generator random.experimental.Generator", Generator)
_global: list[Generator] = []


@named("random.get_global_generator random.experimental.get_global_generator")
def get_global_generator() -> Generator:
    """Return the stream that all share."""
    if not _global:
        _global.append(Generator())
    return _global[0]


@named("random.set_global_generator random.experimental.set_global_generator")
def set_global_generator(generator: Generator) -> None:
    """Set the stream that all share."""
    _global[:] = [generator]
