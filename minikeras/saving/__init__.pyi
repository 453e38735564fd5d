"""Written by `python tests/stubs.py`: what is public, for checkers of types and editors."""

from minikeras.common.registry import CustomObjectScope as CustomObjectScope
from minikeras.common.registry import CustomObjectScope as custom_object_scope
from minikeras.common.registry import get_custom_objects as get_custom_objects
from minikeras.common.registry import get_registered_name as get_registered_name
from minikeras.common.registry import get_registered_object as get_registered_object
from minikeras.common.registry import register_keras_serializable as register_keras_serializable
from minikeras.common.serialization import deserialize_keras_object as deserialize_keras_object
from minikeras.common.serialization import serialize_keras_object as serialize_keras_object
from minikeras.saving.file_editor import KerasFileEditor as KerasFileEditor
from minikeras.saving.saving_api import load_model as load_model
from minikeras.saving.saving_api import load_weights as load_weights
from minikeras.saving.saving_api import save_model as save_model
from minikeras.saving.saving_api import save_weights as save_weights

__all__ = [
    "CustomObjectScope",
    "custom_object_scope",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "register_keras_serializable",
    "deserialize_keras_object",
    "serialize_keras_object",
    "load_model",
    "load_weights",
    "save_model",
    "save_weights",
    "KerasFileEditor",
]
