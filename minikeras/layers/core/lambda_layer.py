"""`Lambda`: a function as a layer."""

from __future__ import annotations

import inspect
from typing import Any

from minikeras.autodiff.probe import probe
from minikeras.common.serialization import deserialize_keras_object
from minikeras.layers.call_arguments import as_tuples, specs_of
from minikeras.layers.layer import Layer


class Lambda(Layer):
    """Applies a function to its inputs.

    Args:
        function: function of the inputs (and of `mask` and `training`, if it takes them), written
            with `minikeras.ops` and operators.
        output_shape: shape of one output without the batch axis, or a function of the input shape;
            found by describing the function if None.
        mask: mask of the output, or a function `(inputs, mask)` that gives it.
        arguments: dict of further arguments of the function.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.Lambda(lambda x: x**2)(np.array([[3.0]]))
    <Tensor shape=(1, 1) dtype=float32 [[9.]]>
    """

    argument_sources = {"output_shape": "_output_shape"}

    def __init__(
        self,
        function: Any,
        output_shape: Any = None,
        mask: Any = None,
        arguments: dict | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not callable(function):
            raise TypeError(f"Lambda: argument `function` must be callable. Received: {function!r}")
        self.function = function
        self.arguments = arguments or {}
        self._output_shape = output_shape
        self.mask = mask
        names = inspect.signature(function).parameters if _has_signature(function) else {}
        self._takes_mask = "mask" in names
        self._takes_training = "training" in names

    def call(self, inputs: Any, mask: Any = None, training: Any = None) -> Any:
        kwargs = dict(self.arguments)
        if self._takes_mask:
            kwargs["mask"] = mask
        if self._takes_training:
            kwargs["training"] = training
        return self.function(inputs, **kwargs)

    def compute_output_spec(self, inputs: Any, mask: Any = None, training: Any = None) -> Any:
        if self._output_shape is not None:
            return self._spec_from_shape((inputs,), {})
        return probe(self.call, (inputs,), {"mask": mask, "training": training})

    def compute_output_shape(self, input_shape: Any) -> Any:
        if self._output_shape is None:
            from minikeras import tree

            spec = self.compute_output_spec(specs_of(input_shape, self.compute_dtype))
            return tree.map_structure(lambda t: t.shape, spec)
        if callable(self._output_shape):
            return self._output_shape(input_shape)
        first = input_shape if isinstance(input_shape, tuple) else input_shape[0]
        shape = self._output_shape
        shape = (shape,) if isinstance(shape, int) else tuple(shape)
        return (first[0], *shape)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        if callable(self.mask):
            return self.mask(inputs, previous_mask)
        return self.mask

    @classmethod
    def from_config(cls, config: dict, custom_objects: Any = None, safe_mode: bool = True) -> Any:
        config = dict(config)
        for key in ("function", "output_shape", "mask", "arguments"):
            value = config.get(key)
            if isinstance(value, dict):
                config[key] = deserialize_keras_object(
                    value, custom_objects=custom_objects, safe_mode=safe_mode
                )
        if isinstance(config.get("output_shape"), list):
            config["output_shape"] = as_tuples(config["output_shape"])
        return cls(**config)


def _has_signature(function: Any) -> bool:
    try:
        inspect.signature(function)
    except (TypeError, ValueError):
        return False
    return True
