"""`keras.models` of Keras 2."""

from __future__ import annotations

import json
from typing import Any

from minikeras import models as today
from minikeras.common.serialization_scopes import SafeModeScope
from minikeras.compat.adapters import Adapted, Gone
from minikeras.compat.namespaces import Names

_MODEL = "minikeras.models:Model"


def model_from_config(config: dict, custom_objects: dict | None = None) -> Any:
    """Return the model of a config with its class's name: `{"class_name": ..., "config": ...}`."""
    return today.model_from_json(json.dumps(config), custom_objects)


def clone_model(model: Any, input_tensors: Any = None, clone_function: Any = None) -> Any:
    """Return a model of the same layers with new weights, Lambda layers of Python lambdas among them.

    Today's Keras takes their code for that of a file, and refuses it; here it is the script's own.
    """
    with SafeModeScope(False):
        return today.clone_model(model, input_tensors, clone_function)


NETWORKS = {
    "Network": Adapted(_MODEL, name="Network", old_name=True),
    "Container": Adapted(_MODEL, name="Container", old_name=True),
}
"""What `keras.engine` called models without training."""

NAMES: Names = {
    "Model": Adapted(_MODEL, renamed={"input": "inputs", "output": "outputs"}),
    "clone_model": clone_model,
    "model_from_config": model_from_config,
    "model_from_yaml": Gone(
        "keras.models.model_from_yaml",
        "Use model.to_json() and keras.models.model_from_json().",
        "Keras removed it because reading YAML could run code",
    ),
}
