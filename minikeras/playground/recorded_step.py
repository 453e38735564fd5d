"""One training step of a model's own, and every array on its way there and back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from minikeras import tree
from minikeras.autodiff import Tensor, Variable
from minikeras.autodiff.state import thread
from minikeras.autodiff.tape import Node, Pick, checked_play
from minikeras.autodiff.tensor import to_array
from minikeras.common.settings import settings
from minikeras.common.shadowing import shadowed
from minikeras.layers import Layer
from minikeras.models import Model
from minikeras.optimizers import Optimizer
from minikeras.visualization.model_layers import layers_of, recorded_outputs


def recorded_step(model: Model, x: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    """Train a model on a batch, by `train_on_batch`, and return the arrays that came up.

    They come in the order in which they are computed: inputs, outputs of layers, what the step
    returned (the loss and the metrics), gradients of outputs and of weights; and the weights before
    and after. The step is the model's own, also where a subclass wrote it: nothing is computed for
    the record. Gradients of weights are those that the optimizer was given, before it clips them;
    with `clipnorm_per_sample` the clipped mean, and no gradients of outputs, which do not exist
    there for the batch. A loss scale is divided out.

    Args:
        model: a compiled and built model.
        x: inputs of the batch.
        y: its targets.

    Example:

    >>> import numpy as np, minikeras
    >>> from minikeras.playground.recorded_step import recorded_step
    >>> model = minikeras.Sequential([minikeras.Input((2,)), minikeras.layers.Dense(1, name="a")])
    >>> model.compile("sgd", "mse")
    >>> arrays = recorded_step(model, np.ones((4, 2), "float32"), np.ones((4, 1), "float32"))
    >>> [name for name in arrays if "kernel" in name]
    ['a/kernel before', 'gradient of a/kernel', 'a/kernel after']
    """
    weights = model.trainable_variables
    names = weight_names(model, weights)
    before = [_array(w) for w in weights]
    optimizers = [value for value in vars(model).values() if isinstance(value, Optimizer)]
    scales = {id(o): float(o.scale_loss(Tensor(np.float32(1)))) for o in optimizers}
    scale = max(scales.values(), default=1.0)
    given: dict[int, Any] = {}
    with contextlib.ExitStack() as stack:
        for optimizer in optimizers:
            stack.enter_context(_heard(optimizer, model, given, scales[id(optimizer)]))
        called = stack.enter_context(recorded_parts(model))
        of_outputs = stack.enter_context(_output_gradients(called, model, scale))
        logs = model.train_on_batch(x, y, return_dict=True)
    outputs = single_tensors(called, model)
    if any(optimizer.clipnorm_per_sample is not None for optimizer in optimizers):
        of_outputs = {}

    arrays: dict[str, Any] = {"x": x, "y": y}
    arrays |= {f"{name} before": value for name, value in zip(names, before)}
    arrays |= {f"output of {name}": value for name, value in outputs.items()}
    arrays |= sorted(logs.items(), key=lambda log: log[0] != "loss")
    for name in reversed(outputs):
        if name in of_outputs:
            arrays[f"gradient of output of {name}"] = of_outputs[name]
    for name, weight in reversed([*zip(names, weights)]):
        if id(weight) in given:
            arrays[f"gradient of {name}"] = given[id(weight)]
    arrays |= {f"{name} after": value for name, value in zip(names, weights)}
    return {name: _array(value) for name, value in arrays.items()}


@contextlib.contextmanager
def recorded_parts(model: Model) -> Iterator[dict[str, Any]]:
    """Give a dict that takes in what each layer and the model itself give, by name."""
    parts = {model.name: model, **layers_of("playground", model)}
    with recorded_outputs(parts) as outputs:
        yield outputs


def single_tensors(outputs: dict[str, Any], model: Model) -> dict[str, Tensor]:
    """Return the outputs that are one tensor; the model's if no layer gave the same."""
    found: dict[str, Tensor] = {}
    for name, value in outputs.items():
        flat = tree.flatten(value)
        if len(flat) != 1 or not isinstance(flat[0], Tensor):
            continue
        if name != model.name or all(flat[0].array is not t.array for t in found.values()):
            found[name] = flat[0]
    return found


def weight_names(layer: Layer, weights: Sequence[Variable]) -> list[str]:
    """Return short names for weights: without the model's, where all begin with it."""
    paths = [w.path for w in weights]
    first = {path.partition("/")[0] for path in paths}
    if isinstance(layer, Model) and len(first) == 1:
        return [path.partition("/")[2] or path for path in paths]
    return ["/".join(path.rsplit("/", 2)[-2:]) for path in paths]


@contextlib.contextmanager
def _heard(
    optimizer: Optimizer, model: Model, given: dict[int, Any], scale: float
) -> Iterator[None]:
    """Note the gradients that an optimizer is given, by the weights' ids."""
    apply, apply_flat = optimizer.apply, optimizer.apply_flat

    def note(gradients: Iterable[Any], variables: Iterable[Variable]) -> None:
        for variable, gradient in zip(variables, gradients):
            if gradient is not None:
                given[id(variable)] = _array(gradient) / scale

    def heard_apply(grads: Sequence[Any], trainable_variables: Any = None) -> None:
        grads = list(grads)
        if trainable_variables is not None:
            trainable_variables = list(trainable_variables)
        note(grads, trainable_variables or model.trainable_variables)
        apply(grads, trainable_variables)

    def heard_apply_flat(grads: dict) -> None:
        weights = model.trainable_variables
        note([grads.get(w.node) for w in weights], weights)
        apply_flat(grads)

    with shadowed(optimizer, apply=heard_apply, apply_flat=heard_apply_flat):
        yield


@contextlib.contextmanager
def _output_gradients(
    outputs: dict[str, Any], model: Model, scale: float
) -> Iterator[dict[str, np.ndarray]]:
    """Give a dict that gets the gradients of outputs by name when the tape is played backwards.

    The gradient of a call's output is complete when the call's backward runs.
    """
    found: dict[str, np.ndarray] = {}

    def play(node: Node, g: Any, saved: Any, needs: Any, out: Any) -> Any:
        for name, output in single_tensors(outputs, model).items():
            place = output.node
            of_output = g[place.index] if type(place) is Pick and place.node is node else None
            if place is node:
                of_output = g
            if of_output is not None:
                found[name] = _array(of_output) / scale
        return run(node, g, saved, needs, out)

    here = thread.state
    before = here.play
    run = before or (checked_play if settings.debug_numerics else _play)
    here.play = play
    try:
        yield found
    finally:
        here.play = before


def _play(node: Node, g: Any, saved: Any, needs: Any, out: Any) -> Any:
    return node.primitive.backward(g, saved, needs, out, **node.params)


def _array(value: Any) -> np.ndarray:
    """Return a copy, of a type that NumPy has."""
    array = np.array(to_array(value))
    return array.astype("float32") if array.dtype.kind == "V" else array
