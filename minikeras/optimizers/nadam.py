"""Nadam."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minikeras.autodiff import Variable
from minikeras.common.arguments import Decay, NonNegative
from minikeras.common.settings import settings
from minikeras.kernels import optimizer_updates as kernels
from minikeras.optimizers.optimizer import Optimizer


class Nadam(Optimizer):
    """Adam with Nesterov momentum.

    Args:
        learning_rate: a float, a schedule, or a function of no arguments.
        beta_1: decay of the running mean of the gradient.
        beta_2: decay of the running mean of its square.
        epsilon: added to the divisor.

    The other arguments are those of `Optimizer`.

    Source:
        Dozat, 2015, http://cs229.stanford.edu/proj2015/054_report.pdf

    Example:

    >>> import minikeras
    >>> w = minikeras.Variable([1.0, 2.0])
    >>> minikeras.optimizers.Nadam(0.1).apply([[1.0, -1.0]], [w])
    >>> w.numpy().round(3)
    array([0.894, 2.106], dtype=float32)
    """

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
        dtype = variables[0].dtype if variables else None
        self._momentums, self._velocities = self._add_kernel_slots(
            variables, ("momentum", "velocity"), scratch=2
        )
        self._u_product = Variable(1.0, dtype=dtype or settings.floatx, trainable=False)

    def _schedule(self, step: int) -> float:
        """Momentum of step number `step`, counted from 1."""
        return self.beta_1 * (1 - 0.5 * 0.96**step)

    def _update(self, selected: list, rate: float, step: int) -> None:
        product = self._u_product.array
        self._u_product.array = np.array(product * self._schedule(step + 1), product.dtype)
        super()._update(selected, rate, step)

    def _update_rule(self, rate: float, step: int) -> tuple[Callable, tuple]:
        now, following = self._schedule(step + 1), self._schedule(step + 2)
        product = self._u_product.array.item()
        return kernels.nadam, (
            rate,
            1 - self.beta_1,
            1 - self.beta_2,
            following / (1 - product * following),
            (1 - now) / (1 - product),
            1 / (1 - self.beta_2 ** (step + 1)),
            self.epsilon,
        )
