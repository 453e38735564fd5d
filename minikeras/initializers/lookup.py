"""From what an `initializer` argument may be to an initializer, and to configs and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.initializers.constant_initializers import Constant
from minikeras.initializers.initializer import FAMILY


def get(identifier: Any) -> Callable | None:
    """Return the initializer that an argument stands for.

    Args:
        identifier: None, a name, a config, an initializer or its class, a function of shape and
            dtype, or an array of the weight's shape.

    Raises:
        ValueError: if it is none of these.

    Example:

    >>> from minikeras import initializers
    >>> type(initializers.get("he_normal")).__name__
    'HeNormal'
    """
    if isinstance(identifier, (Tensor, np.ndarray, np.generic)):
        return _value_initializer(to_array(identifier))
    return FAMILY.get(identifier)


def _value_initializer(value: Any) -> Callable:
    def initializer(shape: Any, dtype: Any = None) -> Tensor:
        if tuple(shape) != value.shape:
            raise ValueError(
                f"Expected `shape` to be {value.shape}, that of the array given as initializer. "
                f"Received: shape={tuple(shape)}"
            )
        return Constant(value)(shape, dtype)

    return initializer


def serialize(initializer: Any) -> Any:
    """Return the config of an initializer.

    Example:

    >>> from minikeras import initializers
    >>> initializers.serialize(initializers.Identity(2.0))["config"]
    {'gain': 2.0}
    """
    return FAMILY.serialize(initializer)


def deserialize(config: Any, custom_objects: dict | None = None) -> Any:
    """Return the initializer that a config, or a name, describes.

    Args:
        config: config of `serialize`, or a name.
        custom_objects: dict from names to a user's initializers.

    Example:

    >>> from minikeras import initializers
    >>> initializers.deserialize({"class_name": "Identity", "config": {"gain": 2.0}}).gain
    2.0
    """
    return FAMILY.deserialize(config, custom_objects)
