"""Lamb."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minikeras.autodiff import Variable
from minikeras.common.arguments import Decay, NonNegative
from minikeras.kernels import optimizer_updates as kernels
from minikeras.optimizers.flat import FlatGroup
from minikeras.optimizers.optimizer import Optimizer


class Lamb(Optimizer):
    """Adam whose step is as long as the variable's norm times the learning rate.

    Args:
        learning_rate: a float, a schedule, or a function of no arguments.
        beta_1: decay of the running mean of the gradient.
        beta_2: decay of the running mean of its square.
        epsilon: added to the divisor.

    The other arguments are those of `Optimizer`.

    Source:
        You et al., 2019, https://arxiv.org/abs/1904.00962

    Example:

    >>> import minikeras
    >>> w = minikeras.Variable([1.0, 2.0])
    >>> minikeras.optimizers.Lamb(0.1).apply([[1.0, -1.0]], [w])
    >>> w.numpy().round(3)
    array([0.842, 2.158], dtype=float32)
    """

    _per_variable = True

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: Decay = 0.9,
        beta_2: Decay = 0.999,
        epsilon: NonNegative = 1e-7,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def _build_slots(self, variables: Sequence[Variable]) -> None:
        self._momentums, self._velocities = self._add_kernel_slots(
            variables, ("momentum", "velocity")
        )

    def _update_variable(self, group: FlatGroup, index: int, rate: float, step: int) -> None:
        t = step + 1
        kernels.lamb(
            group.values.views[index],
            group.grad_views[index],
            group.slots["momentum"].views[index],
            group.slots["velocity"].views[index],
            rate,
            1 - self.beta_1,
            1 - self.beta_2,
            1 / (1 - self.beta_1**t),
            1 / (1 - self.beta_2**t),
            self.epsilon,
        )
