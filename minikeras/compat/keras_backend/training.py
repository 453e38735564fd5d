"""A compiled model's loss as a tensor, and optimizers' updates: what scripts give to `K.function`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minikeras import losses, ops
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.variable import Variable
from minikeras.compat.extensions import Around, Extension
from minikeras.compat.graph_session import BoundTensor, learning_phase_value
from minikeras.compat.keras_backend.calls import step
from minikeras.compat.keras_backend.functions import gradients, placeholder
from minikeras.compat.keras_backend.graph_losses import compile_with_graph
from minikeras.trainers.data_adapters import unpack_x_y_sample_weight


class CompiledGraph:
    """Placeholders for a compiled model's targets and weights of samples, and its loss of them.

    Args:
        model: a functional or `Sequential` model.
    """

    def __init__(self, model: Any) -> None:
        compile_loss = model._compile_loss
        if compile_loss is None:
            raise AttributeError(f"Model '{model.name}' has no loss: compile it with one first.")
        items, weights = compile_loss.match(model._outputs_struct)
        self.targets: list[KerasTensor] = []
        self.sample_weights: list[KerasTensor] = []
        parts = []
        for output, name, item, weight in zip(
            model.outputs, compile_loss.keys, items, weights, strict=True
        ):
            if item is None:
                continue
            loss = losses.get(item)
            self.targets.append(placeholder(_target_shape(output, loss), name=f"{name}_target"))
            self.sample_weights.append(
                BoundTensor(np.ones(1, np.float32), (None,), "float32", f"{name}_sample_weights")
            )
            value = _loss(loss, self.targets[-1], output, self.sample_weights[-1])
            parts.append(value if weight is None else value * float(weight))
        regularized = [v for v in model.trainable_variables if v.regularizer is not None]
        parts += [_penalty(v.regularizer, v) for v in regularized]
        self.total_loss = parts[0]
        for part in parts[1:]:
            self.total_loss = self.total_loss + part


def _target_shape(output: KerasTensor, loss: Any) -> tuple:
    name = getattr(loss, "name", getattr(loss, "__name__", ""))
    return (*output.shape[:-1], 1) if "sparse" in name else output.shape


@step(rule=lambda loss, y_true, y_pred, weights: KerasTensor((), y_pred.dtype))
def _loss(loss: Any, y_true: Any, y_pred: Any, weights: Any) -> Any:
    if isinstance(loss, losses.Loss):
        return loss(y_true, y_pred, sample_weight=weights)
    values = loss(y_true, y_pred)
    axes = tuple(range(1, len(values.shape)))
    return ops.mean((ops.mean(values, axes) if axes else values) * weights)


@step(rule=lambda regularizer, variable: KerasTensor((), variable.dtype))
def _penalty(regularizer: Any, variable: Any) -> Any:
    return regularizer(variable)


_GRAPHS = "_compiled_graph"


def compiled_graph(model: Any) -> CompiledGraph:
    """Return the graph of a model as it is compiled now."""
    known = model.__dict__.get(_GRAPHS)
    if known is None or known[0] is not model._compile_loss:
        known = (model._compile_loss, CompiledGraph(model))
        object.__setattr__(model, _GRAPHS, known)
    return known[1]


class OptimizerUpdate:
    """One step of an optimizer, as an update of a function.

    Args:
        optimizer: the optimizer.
        params: the variables.
        grads: their gradients, which may be symbolic.
    """

    def __init__(self, optimizer: Any, params: Sequence[Variable], grads: Sequence[Any]) -> None:
        self.optimizer = optimizer
        self.params = list(params)
        self.grads = list(grads)

    def wait(self) -> None:
        """Do nothing: nothing has taken effect."""

    def parts(self) -> list:
        """Return what has to be computed."""
        return self.grads

    def put(self, values: list) -> None:
        """Let the optimizer make its step."""
        self.optimizer.apply([ops.convert_to_tensor(g) for g in values], self.params)

    def value(self) -> None:
        """Return None: there is no one value."""


def get_gradients(optimizer: Any, loss: Any, params: Sequence[Variable]) -> list:
    """Return the gradients of a symbolic loss.

    Args:
        optimizer: the optimizer.
        loss: symbolic loss.
        params: variables.

    Raises:
        ValueError: if the loss does not depend on one of them.
    """
    found = gradients(loss, list(params))
    for variable, g in zip(params, found):
        if g is None:
            raise ValueError(f"The loss does not depend on variable '{variable.path}'.")
    return found


def get_updates(optimizer: Any, *args: Any, **kwargs: Any) -> list[OptimizerUpdate]:
    """Return one step of an optimizer as updates for `K.function`.

    Args:
        optimizer: the optimizer.
        *args: `loss` and `params` (Keras 2), `params`, `constraints` and `loss` (Keras 1), by place.
        **kwargs: the same by name.
    """
    params, loss = kwargs.get("params"), kwargs.get("loss")
    for argument in args:
        if isinstance(argument, (KerasTensor, Variable)) or hasattr(argument, "symbol"):
            loss = argument
        elif isinstance(argument, (list, tuple)) and params is None:
            params = argument
    if loss is None or params is None:
        raise TypeError("get_updates: `loss` and `params` are needed.")
    return [OptimizerUpdate(optimizer, params, get_gradients(optimizer, loss, params))]


def _in_the_set_phase(original: Callable) -> Callable:
    """Return `predict_step` that behaves as in training where `K.set_learning_phase(1)` says so."""

    @functools.wraps(original)
    def predict_step(model: Any, data: Any) -> Any:
        if learning_phase_value() and model.call_signature.training:
            x, _, _ = unpack_x_y_sample_weight(data)
            return model(x, training=True)
        return original(model, data)

    return predict_step


def _of_graph(attribute: str) -> property:
    return property(lambda model: getattr(compiled_graph(model), attribute))


EXTENSIONS = [
    Extension(
        "minikeras.models:Model",
        {
            "compile": Around(compile_with_graph),
            "total_loss": _of_graph("total_loss"),
            "targets": _of_graph("targets"),
            "sample_weights": _of_graph("sample_weights"),
            "_feed_targets": _of_graph("targets"),
            "_feed_sample_weights": _of_graph("sample_weights"),
            "_feed_inputs": property(lambda model: list(model.inputs)),
        },
    ),
    Extension("minikeras.trainers.steps:Steps", {"predict_step": Around(_in_the_set_phase)}),
    Extension(
        "minikeras.autodiff:KerasTensor",
        {
            "_keras_shape": property(lambda t: t.shape),
            "_uses_learning_phase": property(lambda t: True),
        },
    ),
    Extension(
        "minikeras.optimizers.base_optimizer:BaseOptimizer",
        {"get_updates": get_updates, "get_gradients": get_gradients},
    ),
]
"""What models and optimizers can do in addition while a dialect of Keras 1 or 2 is in use."""
