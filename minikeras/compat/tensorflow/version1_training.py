"""`tf.losses` and `tf.train` of TensorFlow 1: losses that are single numbers, optimizers, schedules."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from minikeras import losses, ops, optimizers
from minikeras.common.registry import register_keras_serializable
from minikeras.compat.tensorflow import graphs
from minikeras.compat.tensorflow.neural import (
    sigmoid_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits,
)
from minikeras.compat.tensorflow.table import add
from minikeras.optimizers import schedules

# Losses: single numbers, of labels and predictions.


def _total(values: Any, weights: Any) -> Any:
    """Return a loss as one number, and collect it for `get_total_loss`."""
    total = _reduced(values, weights)
    graphs.current().collections["losses"].append(total)
    return total


def _reduced(values: Any, weights: Any) -> Any:
    if isinstance(weights, (int, float)) and weights == 1.0:
        return ops.mean(values)
    weights = ops.cast(weights, "float32")
    rank = len(ops.shape(values)) - len(ops.shape(weights))
    weights = ops.reshape(weights, (*ops.shape(weights), *[1] * rank)) if rank > 0 else weights
    here = ops.cast(ops.not_equal(weights, 0), "float32") * ops.ones_like(values)
    return ops.sum(values * weights) / ops.maximum(ops.sum(here), 1.0)


def _loss(name: str, function: Callable, today: str | None = None) -> None:
    def loss(
        labels: Any = None, predictions: Any = None, weights: Any = 1.0, **options: Any
    ) -> Any:
        options = {
            k: v for k, v in options.items() if k not in ("scope", "loss_collection", "reduction")
        }
        return _total(function(labels, predictions, **options), weights)

    loss.__name__ = name
    add(f"compat.v1.losses.{name}", loss)
    modern = getattr(losses, today or name, None)
    if modern is None:
        add(f"losses.{name}", loss)
        return

    def either(*args: Any, **options: Any) -> Any:
        old = {"labels", "predictions", "weights"} & set(options) or graphs.are_on()
        return (loss if old else modern)(*args, **options)

    either.__name__ = name
    add(f"losses.{name}", either)


def _as_float(labels: Any) -> Any:
    return ops.cast(labels, "float32")


_loss("mean_squared_error", lambda y, p: ops.square(p - _as_float(y)))
_loss("absolute_difference", lambda y, p: ops.abs(p - _as_float(y)))


def _huber(y: Any, p: Any, delta: float = 1.0) -> Any:
    error = ops.abs(p - _as_float(y))
    quadratic = ops.minimum(error, delta)
    return 0.5 * ops.square(quadratic) + delta * (error - quadratic)


_loss("huber_loss", _huber)
_loss(
    "log_loss",
    lambda y, p, epsilon=1e-7: (
        -_as_float(y) * ops.log(p + epsilon) - (1 - _as_float(y)) * ops.log(1 - p + epsilon)
    ),
)


def _of_logits(name: str, function: Callable) -> None:
    def loss(first: Any = None, logits: Any = None, weights: Any = 1.0, **options: Any) -> Any:
        for key in ("onehot_labels", "multi_class_labels", "labels"):
            first = options.pop(key, first)
        return _total(function(first, logits, options.get("label_smoothing", 0)), weights)

    loss.__name__ = name
    add(f"losses.{name}", loss)


def _smoothed_softmax(labels: Any, logits: Any, smoothing: float) -> Any:
    labels = _as_float(labels)
    if smoothing:
        labels = labels * (1 - smoothing) + smoothing / ops.shape(logits)[-1]
    return softmax_cross_entropy_with_logits(labels, logits)


def _smoothed_sigmoid(labels: Any, logits: Any, smoothing: float) -> Any:
    labels = _as_float(labels)
    if smoothing:
        labels = labels * (1 - smoothing) + 0.5 * smoothing
    return sigmoid_cross_entropy_with_logits(labels, logits)


_of_logits("softmax_cross_entropy", _smoothed_softmax)
_of_logits("sigmoid_cross_entropy", _smoothed_sigmoid)
_of_logits(
    "sparse_softmax_cross_entropy",
    lambda y, z, _: ops.sparse_categorical_crossentropy(y, z, from_logits=True),
)
_of_logits("hinge_loss", lambda y, z, _: ops.relu(1 - (2 * _as_float(y) - 1) * z))


def get_total_loss(
    add_regularization_losses: bool = True, name: Any = None, scope: Any = None
) -> Any:
    """Return the sum of all losses that were made."""
    found = list(graphs.current().collections["losses"])
    if add_regularization_losses:
        found += graphs.regularization_losses()
    return functools.reduce(operator.add, found)


add("losses.get_total_loss", get_total_loss)
add("losses.get_losses", lambda scope=None, **_: list(graphs.current().collections["losses"]))
add("losses.get_regularization_losses", lambda scope=None: graphs.regularization_losses())
add("losses.get_regularization_loss", lambda **_: sum(graphs.regularization_losses(), start=0.0))
add("losses.add_loss", lambda loss, **_: graphs.current().collections["losses"].append(loss))
add(
    "losses.Reduction",
    type(
        "Reduction",
        (),
        {
            "SUM": "sum",
            "NONE": "none",
            "MEAN": "mean",
            "AUTO": "auto",
            "SUM_OVER_BATCH_SIZE": "sum_over_batch_size",
            "SUM_BY_NONZERO_WEIGHTS": "mean",
        },
    ),
)


# Optimizers. They are today's: `minimize` works on tensors of a graph while TensorFlow's names are in use.


def _rate(learning_rate: Any) -> Any:
    number = isinstance(learning_rate, (int, float, np.generic))
    return float(learning_rate) if number else learning_rate


def _of_train(function: Callable) -> Callable:
    return add(f"train.{function.__name__}", function)


@_of_train
def GradientDescentOptimizer(
    learning_rate: Any, use_locking: bool = False, name: Any = None
) -> optimizers.SGD:
    """Return `SGD`."""
    return optimizers.SGD(_rate(learning_rate))


@_of_train
def MomentumOptimizer(
    learning_rate: Any,
    momentum: float,
    use_locking: bool = False,
    name: Any = None,
    use_nesterov: bool = False,
) -> optimizers.SGD:
    """Return `SGD` with momentum."""
    return optimizers.SGD(_rate(learning_rate), momentum=momentum, nesterov=use_nesterov)


@_of_train
def AdamOptimizer(
    learning_rate: Any = 0.001,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    use_locking: bool = False,
    name: Any = None,
) -> optimizers.Adam:
    """Return `Adam`."""
    return optimizers.Adam(_rate(learning_rate), beta1, beta2, epsilon)


@_of_train
def AdagradOptimizer(
    learning_rate: Any,
    initial_accumulator_value: float = 0.1,
    use_locking: bool = False,
    name: Any = None,
) -> optimizers.Adagrad:
    """Return `Adagrad`."""
    return optimizers.Adagrad(_rate(learning_rate), initial_accumulator_value, epsilon=0.0)


@_of_train
def AdadeltaOptimizer(
    learning_rate: Any = 0.001,
    rho: float = 0.95,
    epsilon: float = 1e-8,
    use_locking: bool = False,
    name: Any = None,
) -> optimizers.Adadelta:
    """Return `Adadelta`."""
    return optimizers.Adadelta(_rate(learning_rate), rho, epsilon)


@register_keras_serializable("tensorflow", "RMSPropFromOne")
class RMSPropFromOne(optimizers.RMSprop):
    """`RMSprop` whose mean of squares begins at one, as TensorFlow 1 had it."""

    def _build_slots(self, variables: Any) -> None:
        super()._build_slots(variables)
        for slot in self._velocities:
            slot.assign(np.ones(slot.array.shape, slot.array.dtype))


@_of_train
def RMSPropOptimizer(
    learning_rate: Any,
    decay: float = 0.9,
    momentum: float = 0.0,
    epsilon: float = 1e-10,
    use_locking: bool = False,
    centered: bool = False,
    name: Any = None,
) -> RMSPropFromOne:
    """Return `RMSprop`, whose mean of squares begins at one."""
    return RMSPropFromOne(_rate(learning_rate), decay, momentum, epsilon, centered)


@_of_train
def FtrlOptimizer(
    learning_rate: Any,
    learning_rate_power: float = -0.5,
    initial_accumulator_value: float = 0.1,
    l1_regularization_strength: float = 0.0,
    l2_regularization_strength: float = 0.0,
    use_locking: bool = False,
    name: Any = None,
) -> optimizers.Ftrl:
    """Return `Ftrl`."""
    return optimizers.Ftrl(
        _rate(learning_rate),
        learning_rate_power,
        initial_accumulator_value,
        l1_regularization_strength,
        l2_regularization_strength,
    )


add("train.Optimizer", optimizers.Optimizer)


# Schedules. They go by the steps of the optimizer, which `global_step` counts, too.


@_of_train
def exponential_decay(
    learning_rate: float,
    global_step: Any,
    decay_steps: int,
    decay_rate: float,
    staircase: bool = False,
    name: Any = None,
) -> Any:
    """Return `ExponentialDecay`."""
    return schedules.ExponentialDecay(learning_rate, decay_steps, decay_rate, staircase)


@_of_train
def inverse_time_decay(
    learning_rate: float,
    global_step: Any,
    decay_steps: int,
    decay_rate: float,
    staircase: bool = False,
    name: Any = None,
) -> Any:
    """Return `InverseTimeDecay`."""
    return schedules.InverseTimeDecay(learning_rate, decay_steps, decay_rate, staircase)


@_of_train
def natural_exp_decay(
    learning_rate: float,
    global_step: Any,
    decay_steps: int,
    decay_rate: float,
    staircase: bool = False,
    name: Any = None,
) -> Any:
    """Return `ExponentialDecay` to the base e."""
    rate = float(np.exp(-decay_rate))
    return schedules.ExponentialDecay(learning_rate, decay_steps, rate, staircase)


@_of_train
def polynomial_decay(
    learning_rate: float,
    global_step: Any,
    decay_steps: int,
    end_learning_rate: float = 0.0001,
    power: float = 1.0,
    cycle: bool = False,
    name: Any = None,
) -> Any:
    """Return `PolynomialDecay`."""
    return schedules.PolynomialDecay(learning_rate, decay_steps, end_learning_rate, power, cycle)


@_of_train
def cosine_decay(
    learning_rate: float, global_step: Any, decay_steps: int, alpha: float = 0.0, name: Any = None
) -> Any:
    """Return `CosineDecay`."""
    return schedules.CosineDecay(learning_rate, decay_steps, alpha)


@_of_train
def cosine_decay_restarts(
    learning_rate: float,
    global_step: Any,
    first_decay_steps: int,
    t_mul: float = 2.0,
    m_mul: float = 1.0,
    alpha: float = 0.0,
    name: Any = None,
) -> Any:
    """Return `CosineDecayRestarts`."""
    return schedules.CosineDecayRestarts(learning_rate, first_decay_steps, t_mul, m_mul, alpha)


@_of_train
def piecewise_constant(x: Any, boundaries: list, values: list, name: Any = None) -> Any:
    """Return `PiecewiseConstantDecay`."""
    return schedules.PiecewiseConstantDecay(boundaries, values)


add("train.piecewise_constant_decay", piecewise_constant)
