"""Ftrl."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minikeras.autodiff import Variable
from minikeras.initializers import Constant
from minikeras.kernels import optimizer_updates as kernels
from minikeras.optimizers.optimizer import Optimizer


class Ftrl(Optimizer):
    """Follow the regularized leader: sparse weights by an l1 penalty.

    Args:
        learning_rate: a float, a schedule, or a function of no arguments.
        learning_rate_power: exponent of the sums of squares that steps are divided by; at most 0.
        initial_accumulator_value: what the sums begin with.
        l1_regularization_strength: l1 penalty.
        l2_regularization_strength: l2 penalty.
        l2_shrinkage_regularization_strength: l2 penalty on the size of the weights alone.
        beta: the paper's beta.

    The other arguments are those of `Optimizer`.

    Source:
        McMahan et al., 2013, https://research.google.com/pubs/archive/41159.pdf

    Example:

    >>> import minikeras
    >>> w = minikeras.Variable([1.0, 2.0])
    >>> minikeras.optimizers.Ftrl(0.1).apply([[1.0, -1.0]], [w])
    >>> w.numpy().round(3)
    array([0.603, 1.492], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        **options: Any,
    ) -> None:
        for argument, value, sign in (
            ("initial_accumulator_value", initial_accumulator_value, 1),
            ("learning_rate_power", learning_rate_power, -1),
            ("l1_regularization_strength", l1_regularization_strength, 1),
            ("l2_regularization_strength", l2_regularization_strength, 1),
            ("l2_shrinkage_regularization_strength", l2_shrinkage_regularization_strength, 1),
        ):
            if value * sign < 0:
                raise ValueError(
                    f"Ftrl: `{argument}` must be {'positive' if sign > 0 else 'negative'} or zero. "
                    f"Received: {argument}={value}"
                )
        super().__init__(learning_rate, **options)
        self.learning_rate_power = learning_rate_power
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self.beta = beta

    def _build_slots(self, variables: Sequence[Variable]) -> None:
        initial = Constant(self.initial_accumulator_value)
        self._accumulators, self._linears = self._add_kernel_slots(
            variables, ("accumulator", "linear"), scratch=2, initializers={"accumulator": initial}
        )

    def _update_rule(self, rate: float, step: int) -> tuple[Callable, tuple]:
        l2 = self.l2_regularization_strength + self.beta / (2 * rate)
        return kernels.ftrl, (
            rate,
            -self.learning_rate_power,
            self.l1_regularization_strength,
            2 * l2,
            2 * self.l2_shrinkage_regularization_strength,
        )
