"""`keras.activations` of Keras 2."""

from __future__ import annotations

from typing import Any

from minikeras import activations, ops
from minikeras.common.registry import register_keras_serializable
from minikeras.saving.legacy_configs import hard_sigmoid


@register_keras_serializable("keras2", "abs")
def absolute(x: Any) -> Any:
    """Return the absolute value, which tutorials list among the activations."""
    return ops.absolute(x)


_OTHERS = {"hard_sigmoid": hard_sigmoid, "abs": absolute}
"""What names stood for that today's Keras has not got, or has for something else."""


def of_then(identifier: Any) -> Any:
    """Return the function of a name that stood for another one than today, anything else as it is."""
    return _OTHERS.get(identifier, identifier) if isinstance(identifier, str) else identifier


def get(identifier: Any) -> Any:
    """Return the activation that a name or config stood for."""
    return activations.get(of_then(identifier))


NAMES = {**_OTHERS, "get": get, "deserialize": get}
