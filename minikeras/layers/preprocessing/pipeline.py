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

    def __init__(self, layers: Sequence[Layer], name: str | None = None) -> None:
        super().__init__(name=name)
        self.layers = list(layers)

    def call(self, inputs: Any, training: bool | None = True, mask: Any = None) -> Any:
        for layer in self.layers:
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
        for layer in self.layers:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape
