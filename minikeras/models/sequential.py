"""`Sequential`: layers one after the other."""

from __future__ import annotations

from typing import Any

from minikeras import dtype_policies, tree
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.common.arguments import checked
from minikeras.common.dtypes import standardize_dtype
from minikeras.common.serialization import deserialize_keras_object, serialize_keras_object
from minikeras.common.traceback_utils import filter_traceback
from minikeras.layers.building import Before
from minikeras.layers.call_arguments import as_tuples, is_shape, specs_of
from minikeras.layers.core.input_layer import InputLayer
from minikeras.layers.layer import Layer
from minikeras.models.graph_model import GraphModel
from minikeras.ops.families import same_shape
from minikeras.trainers.trainer import Trainer

_OF_GRAPH = ("graph", "_inputs_struct", "_outputs_struct")


class Sequential(GraphModel):
    """A plain stack of layers with one input and one output each.

    Args:
        layers: list of layers; an `Input`, or `input_shape` given to the first layer, builds the
            model at once, otherwise the first data do.
        trainable: whether its weights may be trained.
        name: name, counted if None.

    Example:

    >>> import minikeras
    >>> from minikeras import layers
    >>> model = minikeras.Sequential([minikeras.Input((2,)), layers.Dense(3), layers.Dense(1)])
    >>> model.output_shape
    (None, 1)
    """

    _any_size = True  # a layer says itself what sizes it takes

    saved_as = {"_stack": ""}  # `layers` has the same ones

    @filter_traceback
    def __init__(self, layers: Any = None, trainable: bool = True, name: str | None = None) -> None:
        Trainer.__init__(self)
        Layer.__init__(self, trainable=trainable, name=name)
        self._stack: list[Layer] = []
        if layers is not None:
            if not isinstance(layers, (list, tuple)):
                layers = [layers]
            for layer in layers:
                self._add(layer)
            self._maybe_rebuild()

    @filter_traceback
    @checked
    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Put a layer on top.

        Raises:
            ValueError: if it is not a layer, or another one has its name.
        """
        before = Before(self)
        try:
            self._add(layer)
            if rebuild:
                self._maybe_rebuild()
        except Exception:
            before.go_back()
            raise

    def _add(self, layer: Any) -> None:
        if isinstance(layer, KerasTensor):
            history = getattr(layer, "_keras_history", None)
            if history is not None and isinstance(history.operation, InputLayer):
                layer = history.operation
        if not isinstance(layer, Layer):
            raise ValueError(
                "Only instances of `keras.Layer` can be added to a Sequential model. "
                f"Received: {layer} (of type {type(layer)})"
            )
        if any(o.name == layer.name and o is not layer for o in self._stack):
            raise ValueError(
                "All layers added to a Sequential model should have unique names. Name "
                f"'{layer.name}' is already the name of a layer in this model. Update the `name` "
                "argument to pass a unique name."
            )
        if isinstance(layer, InputLayer):
            if self._stack and isinstance(self._stack[0], InputLayer):
                raise ValueError(
                    f"Sequential model '{self.name}' has already been configured to use input "
                    f"shape {self._stack[0].batch_shape}. You cannot add a different Input layer "
                    "to it."
                )
            if self._stack:
                raise ValueError(
                    f"Sequential model '{self.name}': an Input must be the first layer."
                )
        elif not self._stack and layer.input_shape_argument is not None:
            self._stack = [
                InputLayer(batch_shape=layer.input_shape_argument, dtype=layer.input_dtype)
            ]
        self._stack = [*self._stack, layer]

    @checked
    def pop(self, rebuild: bool = True) -> Layer:
        """Take the last layer away and return it.

        Raises:
            IndexError: if there is none, as lists do.
        """
        if not self._stack:
            raise IndexError(f"Sequential model '{self.name}' has no layer to pop.")
        layer = self._stack[-1]
        self._stack = self._stack[:-1]
        if rebuild:
            self._maybe_rebuild()
        else:
            self._forget_graph()
        return layer

    def _maybe_rebuild(self) -> None:
        self.__dict__["_known"] = self._outputs_of_layers()
        self._forget_graph()
        try:
            if len(self._stack) > 1 and isinstance(self._stack[0], InputLayer):
                self.build(self._stack[0].batch_shape)
            elif self._stack and isinstance(self._stack[0], GraphModel):
                first = self._stack[0]
                if first.built and getattr(first, "input_shape", None) is not None:
                    self.build(first.input_shape)
        finally:
            self.__dict__.pop("_known", None)

    def build(self, input_shape: Any = None) -> None:
        """Create the weights for inputs of a shape.

        Raises:
            ValueError: if it is not that of the model's Input, or there are no layers.
        """
        if not self._stack:
            raise ValueError(
                f"Sequential model {self.name} cannot be built because it has no layers. Call "
                "`model.add(layer)`."
            )
        if isinstance(self._stack[0], InputLayer):
            entrance = self._stack[0]
            stack = self._stack[1:]
            own = entrance.batch_shape
            if (
                input_shape is not None
                and is_shape(input_shape)
                and not same_shape(own, tuple(input_shape))
            ):
                raise ValueError(
                    f"Sequential model '{self.name}' has already been configured to use input shape "
                    f"{own}. You cannot build it with input_shape={tuple(input_shape)}"
                )
        else:
            if input_shape is None:
                raise ValueError(
                    f"You must provide an `input_shape` argument to build model '{self.name}'."
                )
            if not is_shape(input_shape):
                self._build_on_several(input_shape)
                return
            dtype = "string" if self.__dict__.get("_given_texts") else self._stack[0].input_dtype
            entrance = InputLayer(batch_shape=tuple(input_shape), dtype=dtype)
            self._stack = [entrance, *self._stack]
            stack = self._stack[1:]
        x = entrance.output
        done = 0
        for (layer, output), own in zip(self.__dict__.get("_known", ()), stack):
            if layer is not own:
                break
            x, done = output, done + 1
        for layer in stack[done:]:
            self._check_one_input(layer)
            try:
                x = layer(x)
            except NotImplementedError:
                return  # a layer that cannot be described: the data will build it
        self._set_graph(entrance.output, x)
        self.built = True

    def _build_for(self, args: tuple, kwargs: dict) -> None:
        first = args[0] if args else kwargs.get("inputs")
        given = getattr(first, "dtype", None)
        self._given_texts = given is not None and standardize_dtype(given) == "string"
        super()._build_for(args, kwargs)

    def _build_on_several(self, input_shapes: Any) -> None:
        """Build the layers for a list or a dict of inputs, of which such a model makes no graph."""
        try:
            x = specs_of(as_tuples(input_shapes), self._stack[0].input_dtype)
            if not all(isinstance(t, KerasTensor) for t in tree.flatten(x)):
                raise ValueError
        except (TypeError, ValueError):
            raise ValueError(
                f"Sequential model {self.name}: `input_shape` must be a tuple of sizes, the batch's "
                f"first, or a list or dict of such tuples. Received: {input_shapes!r}"
            ) from None
        for layer in self._stack:
            self._check_one_input(layer)
            try:
                x = layer(x)
            except NotImplementedError:
                return  # the data will build it
        self.built = True

    def _outputs_of_layers(self) -> list[tuple[Layer, KerasTensor]]:
        """Return the layers of the graph with their outputs, from the input on; none if it is no chain.

        Layers are not called again when another one is put on top: `layer.output` leads to the end.
        """
        found: list[tuple[Layer, KerasTensor]] = []
        t = self.__dict__.get("_outputs_struct")
        while isinstance(t, KerasTensor) and not t._keras_history.node.is_input:
            node = t._keras_history.node
            found.append((node.operation, t))
            t = node.args[0] if len(node.args) == 1 and not node.kwargs else None
        return found[::-1] if t is not None and t is self.__dict__["_inputs_struct"] else []

    @staticmethod
    def _check_one_input(layer: Layer) -> None:
        more = layer.call_signature.required[1:]
        if more:
            raise ValueError(
                "Layers added to a Sequential model can only have a single positional argument, the "
                f"input tensor. Layer {type(layer).__name__} '{layer.name}' needs {more} as well."
            )

    def _forget_graph(self) -> None:
        self.built = False
        for name in _OF_GRAPH:
            self.__dict__.pop(name, None)

    def __getattr__(self, name: str) -> Any:
        if name in _OF_GRAPH:
            why = "it was built on several inputs" if self.built else "it is not built"
            raise AttributeError(f"Sequential model '{self.name}' has no {name}: {why}.")
        return super().__getattr__(name)

    @property
    def layers(self) -> list[Layer]:
        """The layers, without the input."""
        return [layer for layer in self._stack if not isinstance(layer, InputLayer)]

    @layers.setter
    def layers(self, value: Any) -> None:
        raise AttributeError(
            f"Sequential model '{self.name}': the attribute `layers` lists the layers of the model and "
            "cannot be set. Change them by `add()` and `pop()`."
        )

    @property
    def _layers(self) -> list[Layer]:
        extra = super()._layers
        stack = self.layers
        return stack + [
            c for c in extra if not isinstance(c, InputLayer) and all(c is not s for s in stack)
        ]

    @property
    def output_names(self) -> list[str] | None:
        """The name of the last layer, of a built model."""
        return super().output_names if "graph" in self.__dict__ else None

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Run the layers one after the other."""
        if "graph" in self.__dict__:
            return GraphModel.call(self, inputs, training, mask)
        if mask is not None:
            for t, m in zip(tree.flatten(inputs), tree.flatten(mask), strict=True):
                t._keras_mask = m
        x = inputs
        for layer in self.layers:
            x = layer(x)
        return x

    def compute_output_spec(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Describe the output."""
        if "graph" in self.__dict__:
            return super().compute_output_spec(inputs)
        x = inputs
        for layer in self.layers:
            x = layer.compute_output_spec(x)
        return x

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the output for a shape of the input."""
        if "graph" in self.__dict__:
            return super().compute_output_shape(input_shape)
        for layer in self.layers:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape

    def get_config(self) -> dict:
        """Return the layers' configs."""
        config = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": dtype_policies.serialize(self.dtype_policy),
            "layers": [serialize_keras_object(layer) for layer in self._stack],
        }
        if "graph" in self.__dict__:
            config["build_input_shape"] = self._stack[0].batch_shape
        return config

    @classmethod
    def from_config(cls, config: dict, custom_objects: Any = None) -> Any:
        """Make a model from its config."""
        model = cls(name=config.get("name"))
        for entry in config["layers"]:
            model.add(deserialize_keras_object(entry, custom_objects=custom_objects), rebuild=False)
        model._maybe_rebuild()
        shape = config.get("build_input_shape")
        if not model.built and shape and model._stack:
            model.build(tuple(shape))
        if "trainable" in config and not config["trainable"]:
            model.trainable = False
        return model
