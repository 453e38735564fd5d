"""Random initializers. One object gives the same values at every call, unless its seed is a stream."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minikeras import random
from minikeras.autodiff.tensor import Tensor
from minikeras.common.dtypes import to_np_dtype
from minikeras.common.serialization import deserialize_keras_object, serialize_keras_object
from minikeras.initializers.initializer import Initializer
from minikeras.random.seed_generator import SeedGenerator, draw_key, make_default_seed


class RandomInitializer(Initializer):
    """Base of initializers with a seed.

    Args:
        seed: integer or None, for the same values at every call; or a `SeedGenerator`, for new ones.
    """

    def __init__(self, seed: Any = None) -> None:
        self._given_seed = seed
        if seed is None:
            seed = make_default_seed()
        elif isinstance(seed, dict):
            seed = deserialize_keras_object(seed)
        if not isinstance(seed, (int, np.integer, SeedGenerator)):
            raise ValueError(
                f"{type(self).__name__}: argument `seed` must be an integer, a SeedGenerator or "
                f"None. Received: seed={seed!r}"
            )
        self.seed = seed

    def get_config(self) -> dict:
        return {"seed": serialize_keras_object(self._given_seed)}


class RandomNormal(RandomInitializer):
    """A normal distribution.

    Args:
        mean: its mean.
        stddev: its standard deviation.
        seed: see `RandomInitializer`.
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None) -> None:
        self.mean, self.stddev = mean, stddev
        super().__init__(seed=seed)

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        return random.normal(shape, self.mean, self.stddev, dtype=dtype, seed=self.seed)

    def get_config(self) -> dict:
        return {"mean": self.mean, "stddev": self.stddev, **super().get_config()}


class TruncatedNormal(RandomInitializer):
    """A normal distribution within two standard deviations of its mean.

    Args:
        mean: its mean.
        stddev: its standard deviation before the cut.
        seed: see `RandomInitializer`.
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None) -> None:
        self.mean, self.stddev = mean, stddev
        super().__init__(seed=seed)

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        return random.truncated_normal(shape, self.mean, self.stddev, dtype=dtype, seed=self.seed)

    def get_config(self) -> dict:
        return {"mean": self.mean, "stddev": self.stddev, **super().get_config()}


class RandomUniform(RandomInitializer):
    """A uniform distribution over `[minval, maxval)`.

    Args:
        minval: lower bound.
        maxval: upper bound.
        seed: see `RandomInitializer`.
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: Any = None) -> None:
        self.minval, self.maxval = minval, maxval
        super().__init__(seed=seed)

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        return random.uniform(shape, self.minval, self.maxval, dtype=dtype, seed=self.seed)

    def get_config(self) -> dict:
        return {"minval": self.minval, "maxval": self.maxval, **super().get_config()}


class VarianceScaling(RandomInitializer):
    """A distribution whose variance is `scale / n`, with n from the shape of the weight.

    Args:
        scale: factor.
        mode: n is the number of inputs (`"fan_in"`), of outputs (`"fan_out"`), or their average
            (`"fan_avg"`).
        distribution: `"truncated_normal"`, `"untruncated_normal"` or `"uniform"`.
        seed: see `RandomInitializer`.
        input_axes, output_axes: axes of the weight that count as inputs and outputs; by default the
            second last and the last, with all others as receptive field.
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: Any = None,
        input_axes: Any = None,
        output_axes: Any = None,
    ) -> None:
        name = type(self).__name__
        if scale <= 0.0:
            raise ValueError(
                f"{name}: argument `scale` must be positive. Received: scale={scale}"
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
        variance = self.scale / max(1.0, n)
        if self.distribution == "truncated_normal":
            # The cut at two standard deviations takes variance away; this gives it back.
            stddev = math.sqrt(variance) / 0.87962566103423978
            return random.truncated_normal(shape, 0.0, stddev, dtype=dtype, seed=self.seed)
        if self.distribution == "untruncated_normal":
            return random.normal(shape, 0.0, math.sqrt(variance), dtype=dtype, seed=self.seed)
        limit = math.sqrt(3.0 * variance)
        return random.uniform(shape, -limit, limit, dtype=dtype, seed=self.seed)

    def get_config(self) -> dict:
        config = {
            "scale": self.scale,
            "mode": self.mode,
            "distribution": self.distribution,
            **super().get_config(),
            "input_axes": self.input_axes,
            "output_axes": self.output_axes,
        }
        if type(self) is not VarianceScaling:
            for key in ("scale", "mode", "distribution"):
                del config[key]
        return config


def _scaled(name: str, scale: float, mode: str, distribution: str, doc: str) -> type:
    def __init__(self: Any, seed: Any = None, input_axes: Any = None, output_axes: Any = None) -> None:  # fmt: skip
        VarianceScaling.__init__(
            self,
            scale=scale,
            mode=mode,
            distribution=distribution,
            seed=seed,
            input_axes=input_axes,
            output_axes=output_axes,
        )

    return type(name, (VarianceScaling,), {"__init__": __init__, "__doc__": doc, "__module__": __name__})  # fmt: skip


GlorotUniform = _scaled(
    "GlorotUniform", 1.0, "fan_avg", "uniform",
    "Uniform, of variance 2 / (inputs + outputs) (Glorot & Bengio, 2010).",
)  # fmt: skip
GlorotNormal = _scaled(
    "GlorotNormal", 1.0, "fan_avg", "truncated_normal",
    "Normal, of variance 2 / (inputs + outputs) (Glorot & Bengio, 2010).",
)  # fmt: skip
HeUniform = _scaled(
    "HeUniform", 2.0, "fan_in", "uniform", "Uniform, of variance 2 / inputs (He et al., 2015)."
)
HeNormal = _scaled(
    "HeNormal", 2.0, "fan_in", "truncated_normal",
    "Normal, of variance 2 / inputs (He et al., 2015).",
)  # fmt: skip
LecunUniform = _scaled(
    "LecunUniform", 1.0, "fan_in", "uniform", "Uniform, of variance 1 / inputs (LeCun et al., 1998)."
)
LecunNormal = _scaled(
    "LecunNormal", 1.0, "fan_in", "truncated_normal",
    "Normal, of variance 1 / inputs (LeCun et al., 1998).",
)  # fmt: skip


class Orthogonal(RandomInitializer):
    """A random orthogonal matrix, of the weight with all axes but the last made one.

    Args:
        gain: factor.
        seed: see `RandomInitializer`.
    """

    def __init__(self, gain: float = 1.0, seed: Any = None) -> None:
        self.gain = gain
        super().__init__(seed=seed)

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        if len(shape) < 2:
            raise ValueError(
                "The tensor to initialize must be at least two-dimensional. Received: "
                f"shape={tuple(shape)} of rank {len(shape)}."
            )
        from minikeras.kernels.random import generator

        rows, cols = math.prod(shape[:-1]), shape[-1]
        a = generator(draw_key(self.seed)).standard_normal((max(rows, cols), min(rows, cols)))
        q, r = np.linalg.qr(a)
        q *= np.sign(np.diag(r))  # makes the distribution uniform
        q = q.T if rows < cols else q
        return Tensor((self.gain * q).reshape(tuple(shape)).astype(to_np_dtype(dtype)))

    def get_config(self) -> dict:
        return {"gain": self.gain, **super().get_config()}


def compute_fans(shape: Any, input_axes: Any = None, output_axes: Any = None) -> tuple[float, float]:
    """Return the numbers of inputs and outputs of a weight of `shape`."""
    shape = tuple(shape)
    if input_axes is not None or output_axes is not None:
        n = len(shape)
        ins = [a % n for a in _axes(input_axes, n - 2)]
        outs = [a % n for a in _axes(output_axes, n - 1)]
        field = math.prod(d for i, d in enumerate(shape) if i not in ins and i not in outs)
        return (
            math.prod(shape[a] for a in ins) * field,
            math.prod(shape[a] for a in outs) * field,
        )
    if len(shape) < 1:
        return 1, 1
    if len(shape) == 1:
        return shape[0], shape[0]
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


def _axes(axes: Any, default: int) -> list[int]:
    if axes is None:
        return [default]
    return [axes] if isinstance(axes, int) else list(axes)
