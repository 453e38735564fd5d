"""Random initializers.

One object gives the same values at every call, unless its seed is a stream.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minikeras import random
from minikeras.autodiff.tensor import Tensor
from minikeras.common.dtypes import np_dtype, standardize_dtype
from minikeras.common.serialization import deserialize_keras_object
from minikeras.initializers.initializer import Initializer
from minikeras.kernels import linalg
from minikeras.random.seed_generator import SeedGenerator, make_default_seed


class RandomInitializer(Initializer):
    """Base of the initializers that have a seed.

    Args:
        seed: an integer, or None for one that is drawn now: each call gives the same values; or a
            `SeedGenerator`: each call gives new ones.

    Raises:
        ValueError: if `seed` is none of these.
    """

    argument_sources = {"seed": "_given_seed"}

    def __init__(self, seed: int | SeedGenerator | dict | None = None) -> None:
        self._given_seed = seed
        if seed is None:
            seed = make_default_seed()
        elif isinstance(seed, dict) and "class_name" in seed:
            seed = deserialize_keras_object(seed)
        if not isinstance(seed, (int, np.integer, SeedGenerator)):
            raise ValueError(
                "`seed` argument should be an instance of `keras.random.SeedGenerator()` or an "
                f"integer. Received: seed={seed!r}"
            )
        self.seed = seed


class RandomNormal(RandomInitializer, aliases=["normal"]):
    """Draws from a normal distribution.

    Args:
        mean: its mean.
        stddev: its standard deviation.
        seed: integer, `SeedGenerator` or None; see `RandomInitializer`.

    Example:

    >>> from minikeras import initializers
    >>> initializer = initializers.RandomNormal(seed=1)
    >>> bool((initializer((2, 3)) == initializer((2, 3))).all())
    True
    """

    def __init__(
        self,
        mean: float = 0.0,
        stddev: float = 0.05,
        seed: int | SeedGenerator | dict | None = None,
    ) -> None:
        self.mean, self.stddev = mean, stddev
        super().__init__(seed=seed)

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        return random.normal(shape, self.mean, self.stddev, dtype=dtype, seed=self.seed)


class TruncatedNormal(RandomInitializer):
    """Draws from a normal distribution, within two standard deviations of its mean.

    Args:
        mean: its mean.
        stddev: its standard deviation before the cut.
        seed: integer, `SeedGenerator` or None; see `RandomInitializer`.

    Example:

    >>> from minikeras import initializers
    >>> float(abs(initializers.TruncatedNormal(stddev=1.0, seed=1)((50,))).max()) <= 2.0
    True
    """

    def __init__(
        self,
        mean: float = 0.0,
        stddev: float = 0.05,
        seed: int | SeedGenerator | dict | None = None,
    ) -> None:
        self.mean, self.stddev = mean, stddev
        super().__init__(seed=seed)

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        return random.truncated_normal(shape, self.mean, self.stddev, dtype=dtype, seed=self.seed)


class RandomUniform(RandomInitializer, aliases=["uniform"]):
    """Draws from a uniform distribution over `[minval, maxval)`.

    Args:
        minval: lower bound.
        maxval: upper bound.
        seed: integer, `SeedGenerator` or None; see `RandomInitializer`.

    Example:

    >>> from minikeras import initializers
    >>> initializers.RandomUniform(seed=1)((2, 3)).shape
    (2, 3)
    """

    def __init__(
        self,
        minval: float = -0.05,
        maxval: float = 0.05,
        seed: int | SeedGenerator | dict | None = None,
    ) -> None:
        self.minval, self.maxval = minval, maxval
        super().__init__(seed=seed)

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        return random.uniform(shape, self.minval, self.maxval, dtype=dtype, seed=self.seed)


# A normal distribution cut at two standard deviations keeps this share of its standard deviation.
_CUT_STDDEV = 0.87962566103423978


class VarianceScaling(RandomInitializer):
    """Draws from a distribution of variance `scale / n`, with n from the shape of the weight.

    Args:
        scale: factor, positive.
        mode: n is the number of inputs of a unit (`"fan_in"`), of outputs (`"fan_out"`), or the
            average of both (`"fan_avg"`).
        distribution: `"truncated_normal"` (also `"normal"`), `"untruncated_normal"` or `"uniform"`.
        seed: integer, `SeedGenerator` or None; see `RandomInitializer`.
        input_axes, output_axes: axes of the weight that count as inputs and as outputs, if both are
            given. Else the second last and the last axis do, each times the sizes of those before.

    Raises:
        ValueError: if `scale`, `mode`, `distribution` or `seed` is not valid.

    Example:

    >>> from minikeras import initializers
    >>> initializer = initializers.VarianceScaling(2.0, "fan_out", "uniform", seed=1)
    >>> float(abs(initializer((10, 6))).max()) <= 1.0  # sqrt(3 * 2 / 6)
    True
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | SeedGenerator | dict | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        name = type(self).__name__
        if scale <= 0.0:
            raise ValueError(
                f"{name}: argument `scale` must be a positive float. Received: scale={scale}"
            )
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(
                f"{name}: argument `mode` must be 'fan_in', 'fan_out' or 'fan_avg'. "
                f"Received: mode={mode!r}"
            )
        distribution = distribution.lower()
        if distribution == "normal":
            distribution = "truncated_normal"
        if distribution not in ("uniform", "truncated_normal", "untruncated_normal"):
            raise ValueError(
                f"{name}: argument `distribution` must be 'uniform', 'truncated_normal' or "
                f"'untruncated_normal'. Received: distribution={distribution!r}"
            )
        self.scale, self.mode, self.distribution = scale, mode, distribution
        self.input_axes, self.output_axes = input_axes, output_axes
        super().__init__(seed=seed)

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        stddev = math.sqrt(self.scale / max(1.0, n))
        if self.distribution == "uniform":
            limit = math.sqrt(3.0) * stddev
            return random.uniform(shape, -limit, limit, dtype=dtype, seed=self.seed)
        if self.distribution == "untruncated_normal":
            return random.normal(shape, 0.0, stddev, dtype=dtype, seed=self.seed)
        return random.truncated_normal(shape, 0.0, stddev / _CUT_STDDEV, dtype, self.seed)


class _Scaled(VarianceScaling):
    """Base of the usual choices of `VarianceScaling`, which have names."""

    _choice: tuple[float, str, str]

    def __init__(
        self,
        seed: int | SeedGenerator | dict | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(*self._choice, seed, input_axes, output_axes)


class GlorotUniform(_Scaled):
    """Draws from a uniform distribution of variance `2 / (inputs + outputs)`.

    Args:
        seed: integer, `SeedGenerator` or None; see `RandomInitializer`.
        input_axes, output_axes: see `VarianceScaling`.

    Source: Glorot & Bengio, 2010.

    Example:

    >>> from minikeras import initializers
    >>> float(abs(initializers.GlorotUniform(seed=1)((4, 2))).max()) <= 1.0  # sqrt(6 / 6)
    True
    """

    _choice = (1.0, "fan_avg", "uniform")


class GlorotNormal(_Scaled):
    """Draws from a truncated normal distribution of variance `2 / (inputs + outputs)`.

    Args:
        seed: integer, `SeedGenerator` or None; see `RandomInitializer`.
        input_axes, output_axes: see `VarianceScaling`.

    Source: Glorot & Bengio, 2010.

    Example:

    >>> from minikeras import initializers
    >>> initializers.GlorotNormal(seed=1)((4, 2)).shape
    (4, 2)
    """

    _choice = (1.0, "fan_avg", "truncated_normal")


class LecunUniform(_Scaled):
    """Draws from a uniform distribution of variance `1 / inputs`.

    Args:
        seed: integer, `SeedGenerator` or None; see `RandomInitializer`.
        input_axes, output_axes: see `VarianceScaling`.

    Source: LeCun et al., 1998, "Efficient BackProp".

    Example:

    >>> from minikeras import initializers
    >>> float(abs(initializers.LecunUniform(seed=1)((3, 2))).max()) <= 1.0  # sqrt(3 / 3)
    True
    """

    _choice = (1.0, "fan_in", "uniform")


class LecunNormal(_Scaled):
    """Draws from a truncated normal distribution of variance `1 / inputs`.

    Args:
        seed: integer, `SeedGenerator` or None; see `RandomInitializer`.
        input_axes, output_axes: see `VarianceScaling`.

    Source: LeCun et al., 1998, "Efficient BackProp"; Klambauer et al., 2017.

    Example:

    >>> from minikeras import initializers
    >>> initializers.LecunNormal(seed=1)((3, 2)).shape
    (3, 2)
    """

    _choice = (1.0, "fan_in", "truncated_normal")


class HeUniform(_Scaled):
    """Draws from a uniform distribution of variance `2 / inputs`.

    Args:
        seed: integer, `SeedGenerator` or None; see `RandomInitializer`.
        input_axes, output_axes: see `VarianceScaling`.

    Source: He et al., 2015.

    Example:

    >>> from minikeras import initializers
    >>> float(abs(initializers.HeUniform(seed=1)((6, 2))).max()) <= 1.0  # sqrt(6 / 6)
    True
    """

    _choice = (2.0, "fan_in", "uniform")


class HeNormal(_Scaled):
    """Draws from a truncated normal distribution of variance `2 / inputs`.

    Args:
        seed: integer, `SeedGenerator` or None; see `RandomInitializer`.
        input_axes, output_axes: see `VarianceScaling`.

    Source: He et al., 2015.

    Example:

    >>> from minikeras import initializers
    >>> initializers.HeNormal(seed=1)((6, 2)).shape
    (6, 2)
    """

    _choice = (2.0, "fan_in", "truncated_normal")


class Orthogonal(RandomInitializer, aliases=["OrthogonalInitializer"]):
    """Draws an orthogonal matrix; of a weight with more axes, all but the last are taken as one.

    Columns are orthonormal, or rows if there are fewer of them.

    Args:
        gain: factor.
        seed: integer, `SeedGenerator` or None; see `RandomInitializer`.

    Source: Saxe et al., 2014.

    Example:

    >>> from minikeras import initializers, ops
    >>> q = initializers.Orthogonal(seed=1)((3, 3))
    >>> bool(abs(ops.matmul(q, ops.transpose(q)) - ops.eye(3)).max() < 1e-6)
    True
    """

    def __init__(self, gain: float = 1.0, seed: int | SeedGenerator | dict | None = None) -> None:
        self.gain = gain
        super().__init__(seed=seed)

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        if len(shape) < 2:
            raise ValueError(
                "The tensor to initialize must be at least two-dimensional. Received: "
                f"shape={tuple(shape)} of rank {len(shape)}."
            )
        rows, cols = math.prod(shape[:-1]), shape[-1]
        flat = (max(rows, cols), min(rows, cols))
        a = np.asarray(random.normal(flat, dtype="float64", seed=self.seed))
        q, r = linalg.qr(a)
        q = q * np.where(np.diag(r) < 0, -1.0, 1.0)  # makes all orthogonal matrices as likely
        q = q.T if rows < cols else q
        target = np_dtype(standardize_dtype(dtype))
        # In rows, as other weights are: products with what lies in columns take longer.
        return Tensor((self.gain * q).reshape(tuple(shape)).astype(target, order="C"))


def compute_fans(
    shape: Sequence[int],
    input_axes: Sequence[int] | None = None,
    output_axes: Sequence[int] | None = None,
) -> tuple[int, int]:
    """Return the numbers of inputs and outputs of a unit whose weight has `shape`.

    Args:
        shape: shape of the weight.
        input_axes, output_axes: axes that count as inputs and as outputs, if both are given.
    """
    shape = tuple(shape)
    if input_axes is not None and output_axes is not None:
        return math.prod(shape[a] for a in input_axes), math.prod(shape[a] for a in output_axes)
    if len(shape) < 2:
        n = math.prod(shape)
        return n, n
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field
