"""Learning rates that change with the number of steps."""

from minikeras.common.late_names import late_names as _late_names
from minikeras.optimizers.schedules.learning_rate_schedule import FAMILY as _FAMILY
from minikeras.optimizers.schedules.learning_rate_schedule import (
    CosineDecay,
    CosineDecayRestarts,
    ExponentialDecay,
    InverseTimeDecay,
    LearningRateSchedule,
    PiecewiseConstantDecay,
    PolynomialDecay,
)


def serialize(learning_rate_schedule: LearningRateSchedule) -> dict:
    """Return the config of a schedule."""
    return _FAMILY.serialize(learning_rate_schedule)


def deserialize(config: dict, custom_objects: dict | None = None) -> LearningRateSchedule:
    """Return the schedule that a config describes.

    Args:
        config: result of `serialize`.
        custom_objects: a user's classes by name.
    """
    return _FAMILY.deserialize(config, custom_objects)


__getattr__, __dir__, __all__ = _late_names(globals())
