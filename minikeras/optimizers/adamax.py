"""Adamax."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minikeras.autodiff import Variable
from minikeras.common.arguments import Decay, NonNegative
from minikeras.kernels import optimizer_updates as kernels
from minikeras.optimizers.optimizer import Optimizer


class Adamax(Optimizer):
    """Adam with the greatest absolute gradient in place of the mean square.

    Args:
        learning_rate: a float, a schedule, or a function of no arguments.
        beta_1: decay of the running mean of the gradient.
        beta_2: decay of its greatest absolute value.
        epsilon: added to the divisor.

    The other arguments are those of `Optimizer`.

    Source:
        Kingma & Ba, 2014, https://arxiv.org/abs/1412.6980, section 7.1

    Example:

    >>> import minikeras
    >>> w = minikeras.Variable([1.0, 2.0])
    >>> minikeras.optimizers.Adamax(0.1).apply([[1.0, -1.0]], [w])
    >>> w.numpy().round(3)
    array([0.9, 2.1], dtype=float32)
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
        self._m, self._u = self._add_kernel_slots(variables, ("momentum", "norm"))

    def _update_rule(self, rate: float, step: int) -> tuple[Callable, tuple]:
        alpha = rate / (1 - self.beta_1 ** (step + 1))
        return kernels.adamax, (alpha, 1 - self.beta_1, self.beta_2, self.epsilon)
