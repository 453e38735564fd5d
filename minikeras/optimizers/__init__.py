"""Optimizers: how weights change by their gradients."""

from typing import Any

from minikeras.common.late_names import late_names as _late_names
from minikeras.optimizers import schedules
from minikeras.optimizers.adadelta import Adadelta
from minikeras.optimizers.adafactor import Adafactor
from minikeras.optimizers.adagrad import Adagrad
from minikeras.optimizers.adam import Adam
from minikeras.optimizers.adamax import Adamax
from minikeras.optimizers.adamw import AdamW
from minikeras.optimizers.ftrl import Ftrl
from minikeras.optimizers.lamb import Lamb
from minikeras.optimizers.lion import Lion
from minikeras.optimizers.loss_scale_optimizer import LossScaleOptimizer
from minikeras.optimizers.multi_optimizer import MultiOptimizer, OptimizerMap
from minikeras.optimizers.muon import Muon
from minikeras.optimizers.nadam import Nadam
from minikeras.optimizers.optimizer import FAMILY as _FAMILY
from minikeras.optimizers.optimizer import Optimizer
from minikeras.optimizers.rmsprop import RMSprop
from minikeras.optimizers.schedule_free_adamw import ScheduleFreeAdamW
from minikeras.optimizers.sgd import SGD


def serialize(optimizer: Optimizer) -> dict:
    """Return the config of an optimizer."""
    return _FAMILY.serialize(optimizer)


def deserialize(config: dict, custom_objects: dict | None = None) -> Optimizer:
    """Return the optimizer that a config describes.

    Args:
        config: result of `serialize`.
        custom_objects: a user's classes by name.
    """
    return _FAMILY.deserialize(config, custom_objects)


def get(identifier: Any) -> Optimizer | None:
    """Return the optimizer that an argument stands for.

    Args:
        identifier: a name in any case, a config, an optimizer, or None.

    Raises:
        ValueError: for an unknown name, with the nearest known one, or any other kind of value.

    Example:

    >>> import minikeras
    >>> type(minikeras.optimizers.get("rmsprop")).__name__
    'RMSprop'
    """
    return _FAMILY.get(identifier)


__getattr__, __dir__, __all__ = _late_names(globals(), modules="schedules")
