"""`Wrapper`: a layer around another."""

from __future__ import annotations

from typing import Any

from minikeras.layers.layer import Layer


class Wrapper(Layer):
    """Base of layers that change what another layer does.

    Args:
        layer: the layer inside.

    Example:

    >>> from minikeras import layers
    >>> class Twice(layers.Wrapper):
    ...     def call(self, inputs):
    ...         return self.layer(inputs) * 2
    >>> Twice(layers.Dense(3)).layer.units
    3
    """

    def __init__(self, layer: Layer, **kwargs: Any) -> None:
        if not isinstance(layer, Layer):
            raise ValueError(
                f"{type(self).__name__}: argument `layer` must be a layer. Received: {layer!r}"
            )
        super().__init__(**kwargs)
        self.layer = layer

    def build(self, input_shape: Any = None) -> None:
        if not self.layer.built:
            self.layer.build(input_shape)
