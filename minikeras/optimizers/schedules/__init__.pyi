"""Written by `python tests/stubs.py`: what is public, for checkers of types and editors."""

from minikeras.optimizers.schedules.learning_rate_schedule import CosineDecay as CosineDecay
from minikeras.optimizers.schedules.learning_rate_schedule import CosineDecayRestarts as CosineDecayRestarts
from minikeras.optimizers.schedules.learning_rate_schedule import ExponentialDecay as _ExponentialDecay
from minikeras.optimizers.schedules.learning_rate_schedule import InverseTimeDecay as _InverseTimeDecay
from minikeras.optimizers.schedules.learning_rate_schedule import LearningRateSchedule
from minikeras.optimizers.schedules.learning_rate_schedule import LearningRateSchedule as LearningRateSchedule
from minikeras.optimizers.schedules.learning_rate_schedule import NonNegative
from minikeras.optimizers.schedules.learning_rate_schedule import PiecewiseConstantDecay as PiecewiseConstantDecay
from minikeras.optimizers.schedules.learning_rate_schedule import PolynomialDecay as PolynomialDecay
from minikeras.optimizers.schedules.learning_rate_schedule import Positive
from typing import Any

class ExponentialDecay(_ExponentialDecay):
    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: Positive,
        decay_rate: NonNegative,
        staircase: bool = False,
        name: str = 'ExponentialDecay',
    ) -> None: ...

class InverseTimeDecay(_InverseTimeDecay):
    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: Positive,
        decay_rate: NonNegative,
        staircase: bool = False,
        name: str = 'InverseTimeDecay',
    ) -> None: ...

def deserialize(
    config: dict,
    custom_objects: dict | None = None,
) -> LearningRateSchedule: ...

def serialize(
    learning_rate_schedule: LearningRateSchedule,
) -> dict: ...

__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "serialize",
    "deserialize",
]
