"""`keras.optimizers` of Keras 2: `lr`, `decay`, and the defaults and rules of 2.0 to 2.2.

What is made is an optimizer of today. `decay=d` becomes the schedule that it was,
`lr / (1 + d * iterations)`. Keras 2.0 to 2.2 added epsilon to the root, today's RMSprop and Adagrad add it
under the root: so there it is squared. That is the same but for gradients as small as epsilon itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minikeras import config, optimizers
from minikeras.autodiff import Variable
from minikeras.common.arguments import NonNegative
from minikeras.common.registry import register_keras_serializable
from minikeras.compat.adapters import Adapted, Lazy
from minikeras.compat.extensions import Around, Extension
from minikeras.compat.spelling import tell
from minikeras.optimizers.schedules import InverseTimeDecay

_HERE = "minikeras.optimizers"


@register_keras_serializable("keras2", "Nadam")
class Nadam(optimizers.Nadam):
    """`Nadam` whose momentum grows slowly, by `schedule_decay`, as it did in Keras 2.

    Args:
        learning_rate, beta_1, beta_2, epsilon: as for today's.
        schedule_decay: how fast the momentum grows; 1 is today's `Nadam`.
        **options: as for today's.

    Example:

    >>> import minikeras
    >>> w = minikeras.Variable([1.0])
    >>> Nadam(0.1).apply([[1.0]], [w])
    >>> w.numpy().round(3)
    array([0.894], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: Any = 0.002,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        schedule_decay: NonNegative = 0.004,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **options)
        self.schedule_decay = schedule_decay

    def _schedule(self, step: int) -> float:
        return self.beta_1 * (1 - 0.5 * 0.96 ** (step * self.schedule_decay))


def _prepared(standalone: bool, rate: float, under_root: bool) -> Callable[[dict], dict]:
    def prepare(arguments: dict) -> dict:
        epsilon = arguments.pop("epsilon", None)
        if epsilon is None and standalone and under_root:
            epsilon = config.epsilon()
        if epsilon is not None:
            arguments["epsilon"] = epsilon**2 if standalone and under_root else epsilon
        if standalone and arguments.get("clipnorm") is not None:  # of all gradients together
            arguments["global_clipnorm"] = arguments.pop("clipnorm")
        decay = arguments.pop("decay", None)
        if decay:
            tell("decay=...", "learning_rate=InverseTimeDecay(learning_rate, 1, decay)")
            rate_then = float(arguments.get("learning_rate", rate))
            arguments["learning_rate"] = InverseTimeDecay(rate_then, 1, decay)
        return arguments

    return prepare


_ORDER = {
    "SGD": "lr momentum decay nesterov",
    "RMSprop": "lr rho epsilon decay",
    "Adagrad": "lr epsilon decay",
    "Adadelta": "lr rho epsilon decay",
    "Adam": "lr beta_1 beta_2 epsilon decay amsgrad",
    "Adamax": "lr beta_1 beta_2 epsilon decay",
    "Nadam": "lr beta_1 beta_2 epsilon schedule_decay",
}
_ORDER_OF_TENSORFLOW = {
    "SGD": "learning_rate momentum nesterov",
    "RMSprop": "learning_rate rho momentum epsilon centered",
    "Adagrad": "learning_rate initial_accumulator_value epsilon",
    "Adadelta": "learning_rate rho epsilon",
    "Adam": "learning_rate beta_1 beta_2 epsilon amsgrad",
    "Adamax": "learning_rate beta_1 beta_2 epsilon",
    "Nadam": "learning_rate beta_1 beta_2 epsilon",
}
_RATES = {
    "SGD": 0.01,
    "RMSprop": 0.001,
    "Adagrad": 0.01,
    "Adadelta": 1.0,
    "Adam": 0.001,
    "Adamax": 0.002,
    "Nadam": 0.002,
}
_RATES_OF_TENSORFLOW = {**dict.fromkeys(_RATES, 0.001), "SGD": 0.01}
_DEFAULTS = {
    "Adagrad": {"learning_rate": 0.01, "initial_accumulator_value": 0.0},
    "Adadelta": {"learning_rate": 1.0},
    "Adamax": {"learning_rate": 0.002},
}
"""Defaults of 2.0 to 2.2 that are not today's; tf.keras has today's."""


def _with_parameters(order: str) -> Callable[[tuple], str]:
    """Return the order of arguments, with the weights first where they are given, as CNTK had it."""
    return lambda args: (
        f"parameters {order}" if args and isinstance(args[0], (list, tuple)) else order
    )


def _optimizer(name: str, standalone: bool) -> Adapted:
    rates = _RATES if standalone else _RATES_OF_TENSORFLOW
    own = name == "Nadam" and standalone
    return Adapted(
        f"{__name__}:Nadam" if own else f"{_HERE}:{name}",
        _with_parameters((_ORDER if standalone else _ORDER_OF_TENSORFLOW)[name]),
        {"lr": "learning_rate", "gradient_clipping_threshold_per_sample": "clipnorm_per_sample"},
        defaults=_DEFAULTS.get(name) if standalone else None,
        ignored={
            **({} if own else {"schedule_decay": "today's Nadam has a schedule of its own"}),
            "parameters": "an optimizer is given the weights by the model that is compiled with it",
        },
        prepare=_prepared(standalone, rates[name], name in ("RMSprop", "Adagrad")),
        name=name,
    )


def TFOptimizer(optimizer: Any, iterations: Any = None) -> Any:
    """Return the optimizer of TensorFlow that was to be wrapped: here it is one of Keras already."""
    tell("TFOptimizer(optimizer)", "optimizer")
    return optimizers.get(optimizer)


def _names(standalone: bool) -> dict[str, Any]:
    found: dict[str, Any] = {n: _optimizer(n, standalone) for n in _ORDER}
    lower = {n.lower(): found[n] for n in found}  # `keras.optimizers.adam(...)`
    return {**found, **lower, "Rmsprop": found["RMSprop"], "TFOptimizer": TFOptimizer}


NAMES = _names(True)
TF_NAMES = _names(False)


def by_name(identifier: str, standalone: bool) -> Any:
    """Return the optimizer that a string in `compile` stood for, with the defaults of the time."""
    made = (NAMES if standalone else TF_NAMES).get(identifier.lower())
    return made() if isinstance(made, Adapted) else identifier


class _BaseRate(Variable):
    """The rate that a schedule decays: `K.set_value(optimizer.lr, rate)` begins another schedule."""

    def __init__(self, optimizer: Any, rate: float) -> None:
        super().__init__(rate, trainable=False, name="lr")
        object.__setattr__(self, "_optimizer", optimizer)

    def assign(self, value: Any) -> Any:
        result = super().assign(value)
        self._optimizer.learning_rate = float(self.numpy())
        return result


def _decays(rate: Any) -> bool:
    return isinstance(rate, InverseTimeDecay) and rate.decay_steps == 1


def _lr(optimizer: Any) -> Any:
    """The learning rate before `decay`; assign to it, or `K.set_value` it."""
    rate = optimizer._learning_rate
    if _decays(rate):
        return _BaseRate(optimizer, rate.initial_learning_rate)
    return optimizer.learning_rate


def _set_lr(optimizer: Any, value: Any) -> None:
    optimizer.learning_rate = value


def _rate_that_decays_on(original: property) -> property:
    def assign(optimizer: Any, value: Any) -> None:
        rate = optimizer._learning_rate
        if _decays(rate) and not callable(value):
            value = InverseTimeDecay(float(value), 1, rate.decay_rate)
        original.fset(optimizer, value)

    return property(original.fget, assign, doc=original.__doc__)


def _decay(optimizer: Any) -> float:
    """The `decay` that the optimizer was made with."""
    rate = optimizer._learning_rate
    return rate.decay_rate if _decays(rate) else 0.0


def _set_weights(optimizer: Any, weights: list) -> None:
    """Set the optimizer's variables from arrays, in the order of `get_weights`."""
    for variable, value in zip(optimizer.variables, weights, strict=True):
        variable.assign(value)


def _dynamic(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Leave out what None stood for: a scale that is found by itself."""
    return {k: v for k, v in kwargs.items() if v is not None}


_FOUND = {"loss_scale": "the scale of the loss is found by itself"}

MIXED_PRECISION = {
    "LossScaleOptimizer": Adapted(
        "minikeras.optimizers:LossScaleOptimizer",
        "inner_optimizer dynamic initial_scale dynamic_growth_steps",
        prepare=_dynamic,
    ),
}
EXPERIMENTAL_PRECISION = {
    "Policy": Adapted(
        "minikeras.mixed_precision:Policy", "name loss_scale", ignored=_FOUND, old_name=True
    ),
    "LossScaleOptimizer": Adapted(
        "minikeras.optimizers:LossScaleOptimizer",
        "inner_optimizer loss_scale",
        {"optimizer": "inner_optimizer"},
        ignored=_FOUND,
    ),
    "set_policy": Lazy("minikeras.mixed_precision:set_global_policy"),
    "global_policy": Lazy("minikeras.mixed_precision:global_policy"),
}
"""`tf.keras.mixed_precision` of TensorFlow 2, and what it was until 2.4."""

EXTENSIONS = [
    # Loops of one's own scaled the loss and the gradients themselves; here `apply` divides.
    Extension(
        "minikeras.optimizers:LossScaleOptimizer",
        {
            "get_scaled_loss": lambda optimizer, loss: optimizer.scale_loss(loss),
            "get_unscaled_gradients": lambda optimizer, grads: grads,
        },
    ),
    Extension(
        "minikeras.optimizers.base_optimizer:BaseOptimizer",
        {
            "lr": property(_lr, _set_lr),
            "decay": property(_decay),
            "initial_decay": property(_decay),
            "learning_rate": Around(_rate_that_decays_on),
            "weights": property(lambda optimizer: list(optimizer.variables)),
            "get_weights": lambda optimizer: [v.numpy() for v in optimizer.variables],
            "set_weights": _set_weights,
        },
    ),
]
