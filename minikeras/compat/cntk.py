"""The few names of CNTK that notes on Keras show; Keras 2 ran on it, too.

A model is a KerasTensor here: `model = Sequential([l1, l2])(observation)`. Axes are counted without the
batch, as CNTK does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from minikeras import layers, models, ops, optimizers
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.variable import Variable
from minikeras.compat.adapters import Adapted
from minikeras.compat.namespaces import Contents, Tree


def input_variable(shape: Any, dtype: Any = np.float32, name: str = "") -> KerasTensor:
    """Return a placeholder for a batch of inputs; `shape` is that of one example."""
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    return layers.Input(shape, dtype=np.dtype(dtype).name, name=name or None)


class SequentialBlock:
    """Layers one after the other, to be bound to an input: `Sequential([l1, l2])(observation)`.

    What that returns knows the weights that it was computed with: `model.parameters`.
    """

    def __init__(self, blocks: Sequence[Any]) -> None:
        self._blocks = [b if callable(b) else layers.Activation(b) for b in blocks]

    def __call__(self, x: Any) -> Any:
        for block in self._blocks:
            x = block(x)
        if isinstance(x, KerasTensor):
            x.parameters = self.parameters
        return x

    @property
    def parameters(self) -> tuple[Variable, ...]:
        """The weights of all blocks."""
        held = [getattr(b, "parameters", None) or getattr(b, "weights", ()) for b in self._blocks]
        return tuple(v for variables in held for v in variables)


def _over_examples(function: Any) -> Any:
    """Let a reduction count its axes without the batch."""

    def reduce(x: Any, axis: Any = None, name: str = "") -> Any:
        if axis is None:
            return function(x, axis=tuple(range(1, len(x.shape))))
        axes = axis if isinstance(axis, (list, tuple)) else [axis]
        return function(x, axis=tuple(a + 1 if a >= 0 else a for a in axes))

    return reduce


def learning_rate_schedule(lr: float, unit: Any = None, epoch_size: Any = None) -> float:
    """Return a learning rate; what it is per (example or batch) is not asked."""
    return float(lr)


class UnitType:
    """What a learning rate is for."""

    minibatch, sample = "minibatch", "sample"


def sgd(
    parameters: Sequence[Variable],
    lr: float,
    l1_regularization_weight: float = 0.0,
    l2_regularization_weight: float = 0.0,
    gaussian_noise_injection_std_dev: float = 0.0,
    gradient_clipping_threshold_per_sample: float = np.inf,
    gradient_clipping_with_truncation: bool = True,
    **kwargs: Any,
) -> optimizers.SGD:
    """Stochastic gradient descent; each example's gradient is clipped to a norm.

    Args:
        parameters: the weights to train; the others are frozen by whoever uses it.
        lr: the learning rate.
        gradient_clipping_threshold_per_sample: the largest norm of an example's gradient.

    Raises:
        ValueError: for what is not supported: penalties, noise.
    """
    return learner(
        "SGD", parameters, lr, gradient_clipping_threshold_per_sample, refused={
            "l1_regularization_weight": l1_regularization_weight,
            "l2_regularization_weight": l2_regularization_weight,
            "gaussian_noise_injection_std_dev": gaussian_noise_injection_std_dev,
        },
    )  # fmt: skip


def learner(
    kind: str,
    parameters: Any,
    lr: float,
    threshold: float = np.inf,
    refused: Mapping[str, float] | None = None,
    **options: Any,
) -> Any:
    """Make an optimizer of minikeras from the arguments of a learner of CNTK."""
    for name, value in (refused or {}).items():
        if value:
            raise ValueError(
                f"{kind.lower()}: argument `{name}` is not supported. Use regularizers of layers, or "
                f"`noise_multiplier` of `keras.optimizers.{kind}`. Received: {value}"
            )
    if np.isfinite(threshold):
        options["clipnorm_per_sample"] = threshold
    made = getattr(optimizers, kind)(learning_rate=lr, **options)
    made.parameters = tuple(parameters)
    return made


class Trainer:
    """Trains a model that is a tensor, by batches.

    Args:
        model: the output, or None.
        criterion: the loss, a tensor with one number per example, or it and a measure.
        parameter_learners: the optimizer that `sgd` made.
    """

    def __init__(self, model: Any, criterion: Any, parameter_learners: Any) -> None:
        self.loss_function, *_ = criterion if isinstance(criterion, (list, tuple)) else [criterion]
        learners = parameter_learners
        self._learner = learners[0] if isinstance(learners, (list, tuple)) else learners
        self._inputs = _placeholders(self.loss_function)
        self._model = models.Model(self._inputs, self.loss_function)
        trained = {id(v) for v in self._learner.parameters}
        for v in self._model.trainable_variables:
            v.trainable = id(v) in trained
        self._model.compile(self._learner, loss=lambda target, value: value)
        self.previous_minibatch_loss_average: float | None = None

    def train_minibatch(self, arguments: Mapping[Any, Any], device: Any = None) -> bool:
        """Make one step with an array for each placeholder.

        Args:
            arguments: arrays by placeholder.
            device: not asked.
        """
        arrays = [np.asarray(arguments[t], t.dtype) for t in self._inputs]
        loss = self._model.train_on_batch(arrays, np.zeros((len(arrays[0]), 1), "float32"))
        self.previous_minibatch_loss_average = float(np.ravel(loss)[0])
        return True


def _placeholders(tensor: KerasTensor) -> list[KerasTensor]:
    """Return the inputs that a tensor is computed from."""
    found: list[KerasTensor] = []
    todo, seen = [tensor], set()
    while todo:
        t = todo.pop()
        if id(t) in seen:
            continue
        seen.add(id(t))
        history = t._keras_history
        if isinstance(history.operation, layers.InputLayer):
            found.append(t)
        else:
            todo += history.operation._inbound_nodes[history.node_index].input_tensors
    return found[::-1]


_OPS = {
    **{name: getattr(ops, name) for name in ("relu", "sigmoid", "tanh", "softmax", "elu", "selu")},
    **{name: getattr(ops, name) for name in ("abs", "exp", "log", "sqrt", "square", "softplus")},
    "minus": ops.subtract,
    "plus": ops.add,
    "times": ops.matmul,
    "element_times": ops.multiply,
    "reduce_mean": _over_examples(ops.mean),
    "reduce_sum": _over_examples(ops.sum),
    "reduce_max": _over_examples(ops.max),
    "reduce_min": _over_examples(ops.min),
    "input_variable": input_variable,
    "input": input_variable,
}
_LAYERS = {
    "Dense": Adapted("minikeras.layers:Dense", "shape activation", {"shape": "units"}),
    "Dropout": Adapted("minikeras.layers:Dropout", "dropout_rate", {"dropout_rate": "rate"}),
    "Sequential": SequentialBlock,
}
_LEARNERS = {
    "sgd": sgd,
    "learning_rate_schedule": learning_rate_schedule,
    "learning_parameter_schedule": learning_rate_schedule,
    "learning_parameter_schedule_per_sample": learning_rate_schedule,
    "UnitType": UnitType,
}

TREE = Tree(
    "CNTK",
    {
        "": Contents({**_OPS, **_LEARNERS, "Trainer": Trainer}),
        "ops": Contents(_OPS),
        "layers": Contents(_LAYERS),
        "learners": Contents(_LEARNERS),
    },
    {"models": "layers", "learner": "learners"},
)
