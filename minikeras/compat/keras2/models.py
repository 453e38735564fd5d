"""`keras.models` of Keras 2."""

from __future__ import annotations

import json
from typing import Any

from minikeras.compat.adapters import Adapted, Gone
from minikeras.compat.namespaces import Names
from minikeras.models import model_from_json

_MODEL = "minikeras.models:Model"


def model_from_config(config: dict, custom_objects: dict | None = None) -> Any:
    """Return the model of a config with its class's name: `{"class_name": ..., "config": ...}`."""
    return model_from_json(json.dumps(config), custom_objects)


NETWORKS = {
    "Network": Adapted(_MODEL, name="Network", old_name=True),
    "Container": Adapted(_MODEL, name="Container", old_name=True),
}
"""What `keras.engine` called models without training."""

NAMES: Names = {
    "Model": Adapted(_MODEL, renamed={"input": "inputs", "output": "outputs"}),
    "model_from_config": model_from_config,
    "model_from_yaml": Gone(
        "keras.models.model_from_yaml",
        "Use model.to_json() and keras.models.model_from_json().",
        "Keras removed it because reading YAML could run code",
    ),
}
