"""Models to and from JSON."""

from __future__ import annotations

import json
from typing import Any

from minikeras.common.serialization import deserialize_keras_object
from minikeras.saving.legacy_configs import era_of, modern_entry


def model_from_json(json_string: str, custom_objects: Any = None) -> Any:
    """Make a model, with new weights, from what `model.to_json()` gave, in any version of Keras.

    Example:

    >>> import minikeras
    >>> model = minikeras.Sequential([minikeras.Input((2,)), minikeras.layers.Dense(3)])
    >>> minikeras.models.model_from_json(model.to_json()).output_shape
    (None, 3)
    """
    config = json.loads(json_string)
    if isinstance(config, dict) and "keras_version" in config:  # Keras 1 and 2 said it
        config = modern_entry(config, era_of(config["keras_version"]))
    return deserialize_keras_object(config, custom_objects=custom_objects)
