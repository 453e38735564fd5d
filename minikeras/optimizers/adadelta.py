"""Adadelta."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minikeras.autodiff import Variable
from minikeras.common.arguments import Decay, NonNegative
from minikeras.kernels import optimizer_updates as kernels
from minikeras.optimizers.optimizer import Optimizer


class Adadelta(Optimizer):
    """Steps whose size is learned from the sizes of the steps before.

    Args:
        learning_rate: a float, a schedule, or a function of no arguments.
        rho: decay of the running means.
        epsilon: added under the roots.

    The other arguments are those of `Optimizer`.

    Source:
        Zeiler, 2012, https://arxiv.org/abs/1212.5701

    Example:

    >>> import minikeras
    >>> w = minikeras.Variable([1.0, 2.0])
    >>> minikeras.optimizers.Adadelta(100.0).apply([[1.0, -1.0]], [w])
    >>> w.numpy().round(3)
    array([0.859, 2.141], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: Decay = 0.95,
        epsilon: NonNegative = 1e-7,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.rho = rho
        self.epsilon = epsilon

    def _build_slots(self, variables: Sequence[Variable]) -> None:
        self._accumulated_grads, self._accumulated_delta_vars = self._add_kernel_slots(
            variables, ("accumulated_grad", "accumulated_delta_var"), scratch=2
        )

    def _update_rule(self, rate: float, step: int) -> tuple[Callable, tuple]:
        return kernels.adadelta, (rate, self.rho, 1 - self.rho, self.epsilon)
