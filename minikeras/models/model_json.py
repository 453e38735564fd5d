"""Models to and from JSON."""

from __future__ import annotations

import json
from typing import Any

from minikeras.common.serialization import deserialize_keras_object


def model_from_json(json_string: str, custom_objects: Any = None) -> Any:
    """Make a model, with new weights, from what `model.to_json()` gave.

    Example:

    >>> import minikeras
    >>> model = minikeras.Sequential([minikeras.Input((2,)), minikeras.layers.Dense(3)])
    >>> minikeras.models.model_from_json(model.to_json()).output_shape
    (None, 3)
    """
    return deserialize_keras_object(json.loads(json_string), custom_objects=custom_objects)
