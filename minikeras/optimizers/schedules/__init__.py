"""Learning rates that change with the number of steps."""

from minikeras.common.object_family import ObjectFamily
from minikeras.optimizers.schedules.learning_rate_schedule import (
    CosineDecay,
    CosineDecayRestarts,
    ExponentialDecay,
    InverseTimeDecay,
    LearningRateSchedule,
    PiecewiseConstantDecay,
    PolynomialDecay,
)

_family = ObjectFamily(
    "learning rate schedule",
    [
        CosineDecay,
        CosineDecayRestarts,
        ExponentialDecay,
        InverseTimeDecay,
        PiecewiseConstantDecay,
        PolynomialDecay,
    ],
)
_family.base = LearningRateSchedule


def serialize(learning_rate_schedule: LearningRateSchedule) -> dict:
    """Return the config of a schedule."""
    return _family.serialize(learning_rate_schedule)


def deserialize(config: dict, custom_objects: dict | None = None) -> LearningRateSchedule:
    """Return the schedule that a config describes.

    Args:
        config: result of `serialize`.
        custom_objects: a user's classes by name.
    """
    return _family.deserialize(config, custom_objects)
