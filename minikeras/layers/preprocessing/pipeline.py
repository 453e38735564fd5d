"""`Pipeline`: layers one after the other, for preparing data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minikeras import tree
from minikeras.layers.layer import Layer


class Pipeline(Layer):
    """Calls layers one after the other.

    Unlike `Sequential` it is no model, so inputs and outputs may be dicts, and layers may be called on
    single examples.

    Args:
        layers: list of layers.
        name: name.

    Inputs and outputs: those of the first layer and of the last one.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> prepare = layers.Pipeline([layers.AutoContrast(), layers.RandomFlip("horizontal")])
    >>> prepare({"images": np.ones((2, 4, 4, 3)), "labels": np.eye(2)})["images"].shape
    (2, 4, 4, 3)
    """

    argument_sources = {"layers": "_pipeline_layers"}

    def __init__(self, layers: Sequence[Layer], name: str | None = None) -> None:
        super().__init__(name=name)
        self._pipeline_layers = list(layers)

    @property
    def layers(self) -> list[Layer]:
        """The layers."""
        return self._pipeline_layers

    def call(self, inputs: Any, training: bool | None = True, mask: Any = None) -> Any:
        for layer in self._pipeline_layers:
            signature = layer.call_signature
            options = {}
            if signature.mask:
                options["mask"] = mask
            if signature.training and training is not None:
                options["training"] = training
            inputs = layer(inputs, **options)
            mask = tree.map_structure(lambda t: getattr(t, "_keras_mask", None), inputs)
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        for layer in self._pipeline_layers:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape
