"""`keras.saving`: configs to objects and back."""

from minikeras.common.registry import (
    CustomObjectScope,
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from minikeras.common.serialization import deserialize_keras_object, serialize_keras_object
