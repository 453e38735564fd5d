"""`clone_model`: the same layers with new weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minikeras import metrics, optimizers, tree
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.common.arguments import ArgumentError, checked
from minikeras.layers.core.input_layer import InputLayer
from minikeras.layers.layer import Layer
from minikeras.models.functional import Functional
from minikeras.models.model import Model
from minikeras.models.sequential import Sequential
from minikeras.ops.symbolic import OpCall


@checked
def clone_model(
    model: Any,
    input_tensors: Any = None,
    clone_function: Callable | None = None,
    call_function: Callable | None = None,
    recursive: bool = False,
    **kwargs: Any,
) -> Model:
    """Make a model of the same layers with new weights.

    Args:
        model: functional or sequential model, or any with a config.
        input_tensors: KerasTensors to put the copy on; new inputs if None.
        clone_function: `clone_function(layer)` gives the copy of each layer; from its config if
            None.
        call_function: `call_function(layer, *args, **kwargs)` calls the copies; of a functional
            model only.
        recursive: whether both are applied to the layers of models inside too.

    Returns:
        The copy; it is compiled as `model` is, with an optimizer and metrics of its own.

    Example:

    >>> import minikeras
    >>> model = minikeras.Sequential([minikeras.Input((2,)), minikeras.layers.Dense(3)])
    >>> minikeras.models.clone_model(model).output_shape
    (None, 3)
    """
    if not isinstance(model, Model):
        raise ArgumentError("clone_model", "model", "a model", model)
    if call_function is not None and isinstance(model, Sequential):
        raise ValueError(
            "clone_model: argument `call_function` needs a functional model: the layers of a "
            f"Sequential one are not called to copy it. Received: {model!r}"
        )
    clone = _copy_layers(model, input_tensors, clone_function, call_function, recursive)
    if not model.trainable:
        clone.trainable = False
    if model.compiled and type(model).compile is Model.compile:
        clone.compile(**_copy_compiled(model._compile_config))
    return clone


def _copy_layers(
    model: Any, input_tensors: Any, clone_function: Any, call_function: Any, recursive: bool
) -> Any:
    custom = clone_function is not None or call_function is not None or input_tensors is not None
    if not custom and not isinstance(model, (Functional, Sequential)):
        clone = type(model).from_config(model.get_config())
        if model.built:
            clone.build_from_config(model.get_build_config())
        return clone

    def copy(layer: Any) -> Any:
        if isinstance(layer, OpCall):
            return OpCall(**layer.get_config())
        if recursive and isinstance(layer, Model):
            return clone_model(
                layer,
                clone_function=clone_function,
                call_function=call_function if isinstance(layer, Functional) else None,
                recursive=True,
            )
        if clone_function is None:
            return type(layer).from_config(layer.get_config())
        result = clone_function(layer)
        if not isinstance(result, Layer):
            raise TypeError(
                "clone_model: `clone_function` must return a layer. "
                f"Received: {type(result).__name__}"
            )
        return result

    if isinstance(model, Sequential):
        layers = [copy(layer) for layer in model.layers]
        clone = Sequential(layers, name=model.name)
        if input_tensors is not None:
            first = tree.flatten(input_tensors)[0]
            clone = Sequential([first._keras_history.operation, *layers], name=model.name)
        elif model.built and not clone.built:
            clone.build_from_config(model.get_build_config())
        return clone
    if not isinstance(model, Functional):
        raise ValueError(
            "clone_model: arguments `clone_function`, `input_tensors` and `call_function` need a "
            f"functional or sequential model. Received: {type(model).__name__}"
        )
    copies: dict[int, Any] = {}
    if input_tensors is None:
        entrances = [_copy_input(t) for t in model.inputs]
    else:
        try:
            tree.assert_same_structure(input_tensors, model._inputs_struct)
        except (TypeError, ValueError) as error:
            raise ValueError(
                "clone_model: argument `input_tensors` must have the structure of the model's inputs, "
                f"{model._inputs_struct}. Received: input_tensors={input_tensors}"
            ) from error
        entrances = tree.flatten(input_tensors)

    def call(operation: Any, args: tuple, kwargs: dict) -> Any:
        twin = copies.get(id(operation))
        if twin is None:
            twin = copies[id(operation)] = copy(operation)
        if call_function is not None:
            return call_function(twin, *args, **kwargs)
        return twin(*args, **kwargs)

    results = model.graph.run(entrances, call)
    cls = getattr(type(model), "_variant_of", None)
    cls = Functional if cls is not None else type(model)
    return cls(
        tree.pack_sequence_as(model._inputs_struct, entrances),
        tree.pack_sequence_as(model._outputs_struct, results),
        name=model.name,
    )


def _copy_compiled(config: dict) -> dict:
    """Return what a model was compiled with, optimizer and metrics as new objects."""

    def fresh(x: Any) -> Any:
        known = isinstance(x, (optimizers.Optimizer, metrics.Metric))
        return type(x).from_config(x.get_config()) if known else x

    stateful = ("optimizer", "metrics", "weighted_metrics")
    return {k: tree.map_structure(fresh, v) if k in stateful else v for k, v in config.items()}


def _copy_input(t: KerasTensor) -> KerasTensor:
    """Return a fresh input like another."""
    layer = t._keras_history.operation
    return InputLayer(**layer.get_config()).output
