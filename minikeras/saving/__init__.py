"""`keras.saving`: models and weights in files, objects and their configs."""

from minikeras.common.late_names import late_names as _late_names
from minikeras.common.registry import (
    CustomObjectScope,
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from minikeras.common.serialization import deserialize_keras_object, serialize_keras_object
from minikeras.saving.saving_api import load_model, load_weights, save_model, save_weights

__getattr__, __dir__, __all__ = _late_names(globals(), {"KerasFileEditor": ".file_editor"})
