"""Learning rates that change with the number of steps."""

from minikeras.optimizers.schedules.learning_rate_schedule import (
    FAMILY,
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
    return FAMILY.serialize(learning_rate_schedule)


def deserialize(config: dict, custom_objects: dict | None = None) -> LearningRateSchedule:
    """Return the schedule that a config describes.

    Args:
        config: result of `serialize`.
        custom_objects: a user's classes by name.
    """
    return FAMILY.deserialize(config, custom_objects)
