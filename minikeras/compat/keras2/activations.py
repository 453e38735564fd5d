"""`keras.activations` of Keras 2."""

from __future__ import annotations

from typing import Any

from minikeras import activations
from minikeras.saving.legacy_configs import hard_sigmoid


def get(identifier: Any) -> Any:
    """Return the activation that a name or config stands for; `"hard_sigmoid"` was another one."""
    return hard_sigmoid if identifier == "hard_sigmoid" else activations.get(identifier)


NAMES = {"hard_sigmoid": hard_sigmoid, "get": get, "deserialize": get}
