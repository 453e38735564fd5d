"""Layers from their configs."""

from __future__ import annotations

from minikeras.common.serialization import deserialize_keras_object
from minikeras.layers.layer import Layer


def deserialize(config: dict, custom_objects: dict | None = None) -> Layer:
    """Make a layer of what `layers.serialize` gave.

    Args:
        config: dict with the class and its config.
        custom_objects: classes of your own by name.

    Raises:
        ValueError: if it does not describe a layer.

    Example:

    >>> from minikeras import layers
    >>> layers.deserialize(layers.serialize(layers.Dense(3))).units
    3
    """
    layer = deserialize_keras_object(config, custom_objects=custom_objects)
    if not isinstance(layer, Layer):
        raise ValueError(f"layers.deserialize: `config` does not describe a layer. Got: {layer!r}")
    return layer
