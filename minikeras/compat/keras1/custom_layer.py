"""`Layer` as users of Keras 1 wrote their own."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from minikeras import constraints, layers
from minikeras.autodiff.variable import Variable
from minikeras.compat.keras1 import arguments


class Layer(layers.Layer):
    """A layer of today that may be written as in Keras 1.

    Subclasses may have `build(self, input_shape)`, which sets `self.trainable_weights` to a list of
    variables, `get_output_shape_for(self, input_shape)` and `call(self, x, mask=None)`; or, as in Keras 0,
    `build(self)` and `get_output(self, train=False)` with `self.get_input(train)`.

    Args:
        weights: arrays to begin with, as `set_weights` takes them.
        **kwargs: `name`, `trainable`, `input_shape`, `batch_input_shape`, `input_dtype`, `dtype`.

    Example:

    >>> import numpy as np
    >>> from minikeras.compat.keras1.custom_layer import Layer
    >>> class Scale(Layer):
    ...     def build(self, input_shape):
    ...         self.factor = self.add_weight(input_shape[1:], "one", name="factor")
    ...         self.trainable_weights = [self.factor]
    ...     def call(self, x, mask=None):
    ...         return x * self.factor
    ...     def get_output_shape_for(self, input_shape):
    ...         return input_shape
    >>> Scale()(np.ones((2, 3))).shape
    (2, 3)
    """

    argument_sources = {"weights": None}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        own = cls.__dict__
        if "build" in own and "input_shape" not in inspect.signature(own["build"]).parameters:
            cls.build = _build_with_shape(own["build"])
        if "get_output" in own and "call" not in own:
            cls.call = _call_get_output
        if "get_output_shape_for" in own and "compute_output_shape" not in own:
            cls.compute_output_shape = _shape_as_asked
        super().__init_subclass__(**kwargs)

    def __init__(self, *, weights: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not hasattr(self, "initial_weights"):
            self.initial_weights = weights

    def build(self, input_shape: Any) -> None:
        """Create the weights."""
        super().build(input_shape)

    def get_output_shape_for(self, input_shape: Any) -> Any:
        """Return the shape of the output, which is that of the input unless a subclass says another."""
        return input_shape

    def add_weight(
        self,
        shape: Any,
        initializer: Any = None,
        name: str | None = None,
        trainable: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        **kwargs: Any,
    ) -> Variable:
        """Create a weight; the arguments have the order of Keras 1."""
        return super().add_weight(
            tuple(shape),
            arguments.initializer(initializer),
            name=name,
            trainable=trainable,
            regularizer=arguments.regularizer(regularizer),
            constraint=arguments.constraint(constraint),
            **kwargs,
        )

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that optimizers change; a list of variables may be assigned."""
        return super().trainable_weights

    @trainable_weights.setter
    def trainable_weights(self, weights: Iterable[Variable]) -> None:
        chosen = list(weights)
        listed = {id(w) for w in chosen}
        for variable in self.variables:
            if id(variable) not in listed:
                variable.trainable = False
        for variable in chosen:
            variable.trainable = True
        self.weights_assigned = chosen

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that optimizers leave; a list of variables may be assigned."""
        return super().non_trainable_weights

    @non_trainable_weights.setter
    def non_trainable_weights(self, weights: Iterable[Variable]) -> None:
        self.fixed_weights_assigned = list(weights)
        for variable in self.fixed_weights_assigned:
            variable.trainable = False

    def add_update(self, updates: Any, inputs: Any = None) -> None:
        """Assign new values of variables: pairs of a variable and its value, or a list of pairs."""
        pairs = [updates] if isinstance(updates, tuple) else updates
        for variable, value in pairs or ():
            variable.assign(value)

    @property
    def input_shape(self) -> Any:
        """The shape of the input, with the batch axis; within `build` of Keras 0, too."""
        if "_shape_now" in self.__dict__:
            return self.__dict__["_shape_now"]
        return super().input_shape

    def get_input(self, train: bool = False) -> Any:
        """Return what the layer is called on, within `get_output` of Keras 0."""
        return self.__dict__["_input_now"]

    @property
    def updates(self) -> list:
        """The updates of Keras 1, which happen at once here."""
        return []

    @updates.setter
    def updates(self, pairs: Any) -> None:
        self.add_update(pairs)

    @property
    def constraints(self) -> dict[Variable, Any]:
        """What is done with variables after each step; a dict by variable may be assigned."""
        return {v: v.constraint for v in self.variables if v.constraint is not None}

    @constraints.setter
    def constraints(self, by_variable: Mapping[Variable, Any]) -> None:
        for variable, constraint in by_variable.items():
            variable.constraint = constraints.get(arguments.constraint(constraint))


class MaskedLayer(Layer):
    """A `Layer` of Keras 0 that hands on the mask of its input."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True


def _build_with_shape(build: Any) -> Any:
    """Return a `build` that is told the shape, which one of Keras 0 found in `self.input_shape`."""

    def with_shape(self: Any, input_shape: Any) -> None:
        self.__dict__["_shape_now"] = input_shape
        try:
            build(self)
        finally:
            del self.__dict__["_shape_now"]

    return with_shape


def _call_get_output(self: Any, x: Any, mask: Any = None, training: bool | None = None) -> Any:
    self.__dict__["_input_now"] = x
    try:
        return self.get_output(train=bool(training))
    finally:
        del self.__dict__["_input_now"]


def _shape_as_asked(self: Any, input_shape: Any) -> Any:
    return self.get_output_shape_for(input_shape)
