"""Schedules: the learning rate as a function of the step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np

from minikeras.autodiff import Tensor
from minikeras.autodiff.tensor import to_array
from minikeras.common.arguments import NonNegative, Positive, number
from minikeras.common.configurable import Configurable
from minikeras.common.dtypes import floatx_dtype
from minikeras.common.object_family import FamilyMember, ObjectFamily

FAMILY = ObjectFamily("learning rate schedule")
"""Every schedule by name."""


class LearningRateSchedule(FamilyMember, Configurable, family=FAMILY):
    """Base of all schedules.

    A new one overrides `__call__(step)`, which returns the learning rate of a step. It is saved with
    the arguments it was made with.

    Example:

    >>> import minikeras
    >>> class Halving(minikeras.optimizers.schedules.LearningRateSchedule):
    ...     def __call__(self, step):
    ...         return 0.1 / (1 + step)
    >>> optimizer = minikeras.optimizers.SGD(learning_rate=Halving())
    """

    def __call__(self, step: Any) -> Any:
        """Return the learning rate.

        Args:
            step: number of updates so far.
        """
        raise NotImplementedError(
            f"Learning rate schedule '{type(self).__name__}' must override `__call__(self, step)`."
        )


class _Formula(LearningRateSchedule):
    """A schedule given by a formula in NumPy, whose arguments are its attributes.

    It computes in `floatx`, as Keras does, so that rounding at the edges of stairs agrees.
    """

    def __call__(self, step: Any) -> Tensor:
        """Return the learning rate.

        Args:
            step: number of updates so far, a number or an array of them.
        """
        kind = floatx_dtype().type
        return Tensor(np.asarray(self._rate(kind(to_array(step)), kind)))

    def _rate(self, step: Any, kind: type) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must override `_rate`.")

    def _check_steps(self, name: str) -> None:
        if getattr(self, name) <= 0:
            raise ValueError(
                f"{type(self).__name__}: argument `{name}` must be > 0. Received: "
                f"{name}={getattr(self, name)}"
            )


class _RateDecay(_Formula):
    """A schedule in which every `decay_steps` steps count as one decay."""

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: Positive,
        decay_rate: NonNegative,
        staircase: bool = False,
        name: str = "RateDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name
        self._check_steps("decay_steps")

    def _decays(self, step: Any, kind: type) -> Any:
        decays = step / kind(self.decay_steps)
        if self.staircase:
            decays = np.floor(decays)
        return decays


class ExponentialDecay(_RateDecay, defaults={"name": "ExponentialDecay"}):
    """`initial_learning_rate * decay_rate ** (step / decay_steps)`.

    Args:
        initial_learning_rate: rate at step 0.
        decay_steps: steps in which it is multiplied by `decay_rate` once.
        decay_rate: the factor.
        staircase: whether it changes every `decay_steps` only.
        name: name.

    Example:

    >>> import minikeras
    >>> schedule = minikeras.optimizers.schedules.ExponentialDecay(0.1, 1000, 0.5)
    >>> round(float(schedule(2000)), 4)
    0.025
    """

    def _rate(self, step: Any, kind: type) -> Any:
        decays = self._decays(step, kind)
        return kind(self.initial_learning_rate) * np.power(kind(self.decay_rate), decays)


class PiecewiseConstantDecay(_Formula):
    """`values[0]` up to and including step `boundaries[0]`, then `values[1]`, and so on.

    Args:
        boundaries: increasing steps.
        values: learning rates, one more than boundaries.
        name: name.

    Example:

    >>> import minikeras
    >>> schedule = minikeras.optimizers.schedules.PiecewiseConstantDecay([10, 20], [1.0, 0.5, 0.1])
    >>> float(schedule(10)), float(schedule(11))
    (1.0, 0.5)
    """

    def __init__(
        self,
        boundaries: Sequence[float],
        values: Sequence[float],
        name: str = "PiecewiseConstant",
    ) -> None:
        if len(boundaries) != len(values) - 1:
            raise ValueError(
                "PiecewiseConstantDecay: `values` must be one longer than `boundaries`. Received: "
                f"boundaries={boundaries} of length {len(boundaries)}, and values={values} of "
                f"length {len(values)}"
            )
        self.boundaries = boundaries
        self.values = values
        self.name = name

    def _rate(self, step: Any, kind: type) -> Any:
        place = np.searchsorted(np.asarray(self.boundaries), step, side="left")
        return np.asarray(self.values, kind)[place]


class PolynomialDecay(_Formula):
    """From `initial_learning_rate` to `end_learning_rate` along a polynomial.

    Args:
        initial_learning_rate: rate at step 0.
        decay_steps: steps from the one to the other.
        end_learning_rate: rate after these.
        power: exponent; 1 for a straight line.
        cycle: whether to begin anew, with twice, three times, ... the steps, after each end.
        name: name.

    Example:

    >>> import minikeras
    >>> schedule = minikeras.optimizers.schedules.PolynomialDecay(0.1, 100, 0.0)
    >>> round(float(schedule(50)), 4)
    0.05
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: Positive,
        end_learning_rate: float = 0.0001,
        power: NonNegative = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name
        self._check_steps("decay_steps")

    def _rate(self, step: Any, kind: type) -> Any:
        steps = kind(self.decay_steps)
        if self.cycle:
            steps = steps * np.maximum(np.ceil(step / steps), kind(1))
        else:
            step = np.minimum(step, steps)
        end = kind(self.end_learning_rate)
        rest = np.power(1 - step / steps, kind(self.power))
        return (kind(self.initial_learning_rate) - end) * rest + end


class InverseTimeDecay(_RateDecay, defaults={"name": "InverseTimeDecay"}):
    """`initial_learning_rate / (1 + decay_rate * step / decay_steps)`.

    Args:
        initial_learning_rate: rate at step 0.
        decay_steps: unit that steps are counted in.
        decay_rate: the factor.
        staircase: whether it changes every `decay_steps` only.
        name: name.

    Example:

    >>> import minikeras
    >>> schedule = minikeras.optimizers.schedules.InverseTimeDecay(0.1, 100, 1.0)
    >>> round(float(schedule(100)), 4)
    0.05
    """

    def _rate(self, step: Any, kind: type) -> Any:
        decays = self._decays(step, kind)
        return kind(self.initial_learning_rate) / (1 + kind(self.decay_rate) * decays)


class CosineDecay(_Formula):
    """Half a cosine down to a part `alpha` of the rate, after a linear warm-up where wanted.

    Args:
        initial_learning_rate: rate at step 0.
        decay_steps: steps from the top to the end.
        alpha: rate at the end, as a part of that at the top.
        name: name.
        warmup_target: rate at the end of the warm-up; no warm-up if None.
        warmup_steps: steps of the warm-up.

    Source:
        Loshchilov & Hutter, 2016, https://arxiv.org/abs/1608.03983

    Example:

    >>> import minikeras
    >>> schedule = minikeras.optimizers.schedules.CosineDecay(
    ...     0.0, 100, warmup_target=0.1, warmup_steps=10)
    >>> [round(float(schedule(step)), 4) for step in (0, 5, 10, 60, 110)]
    [0.0, 0.05, 0.1, 0.05, 0.0]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: Positive,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: NonNegative = 0,
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.alpha = alpha
        self.name = name
        self.warmup_steps = warmup_steps
        self.warmup_target = warmup_target
        self._check_steps("decay_steps")

    def _rate(self, step: Any, kind: type) -> Any:
        start, steps = kind(self.initial_learning_rate), kind(self.decay_steps)
        if self.warmup_target is None:
            return self._decay(np.minimum(step, steps) / steps, start, kind)
        top, warmup = kind(self.warmup_target), kind(self.warmup_steps)
        decayed = self._decay((np.minimum(step, steps + warmup) - warmup) / steps, top, kind)
        if not self.warmup_steps:
            return decayed
        return np.where(step < warmup, (top - start) * (step / warmup) + start, decayed)

    def _decay(self, fraction: Any, top: Any, kind: type) -> Any:
        cosine = kind(0.5) * (1 + np.cos(kind(math.pi) * fraction))
        return top * ((1 - kind(self.alpha)) * cosine + kind(self.alpha))


class CosineDecayRestarts(_Formula):
    """Cosine decay that begins anew, each time for longer and from lower.

    Args:
        initial_learning_rate: rate at step 0.
        first_decay_steps: steps of the first decay.
        t_mul: each decay takes this many times the steps of the one before.
        m_mul: each decay begins at this many times the rate of the one before.
        alpha: rate at the end of a decay, as a part of `initial_learning_rate`.
        name: name.

    Source:
        Loshchilov & Hutter, 2016, https://arxiv.org/abs/1608.03983

    Example:

    >>> import minikeras
    >>> schedule = minikeras.optimizers.schedules.CosineDecayRestarts(0.1, 10)
    >>> [round(float(schedule(step)), 4) for step in (0, 5, 10, 20)]
    [0.1, 0.05, 0.1, 0.05]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: Positive,
        t_mul: Annotated[float, number("a number of at least 1", lambda value: value >= 1)] = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = first_decay_steps
        self.t_mul = t_mul
        self.m_mul = m_mul
        self.alpha = alpha
        self.name = name
        self._check_steps("first_decay_steps")

    def _rate(self, step: Any, kind: type) -> Any:
        fraction = step / kind(self.first_decay_steps)
        ratio = kind(self.t_mul)
        if ratio == 1:
            restarts = np.floor(fraction)
            fraction = fraction - restarts
        else:
            restarts = np.floor(np.log(1 - fraction * (1 - ratio)) / np.log(ratio))
            length = np.power(ratio, restarts)
            fraction = (fraction - (1 - length) / (1 - ratio)) / length
        top = np.power(kind(self.m_mul), restarts)
        cosine = kind(0.5) * top * (1 + np.cos(kind(math.pi) * fraction))
        return kind(self.initial_learning_rate) * (
            (1 - kind(self.alpha)) * cosine + kind(self.alpha)
        )
