"""Lion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minikeras.autodiff import Variable
from minikeras.common.arguments import Decay
from minikeras.kernels import optimizer_updates as kernels
from minikeras.optimizers.optimizer import Optimizer


class Lion(Optimizer):
    """Steps of one size in the direction of the sign of a momentum.

    Args:
        learning_rate: a float, a schedule, or a function of no arguments.
        beta_1: part of the momentum, beside the gradient, in the step; in (0, 1].
        beta_2: decay of the momentum.

    The other arguments are those of `Optimizer`.

    Source:
        Chen et al., 2023, https://arxiv.org/abs/2302.06675

    Example:

    >>> import minikeras
    >>> w = minikeras.Variable([1.0, 2.0])
    >>> minikeras.optimizers.Lion(0.1).apply([[1.0, -1.0]], [w])
    >>> w.numpy().round(3)
    array([0.9, 2.1], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: Decay = 0.9,
        beta_2: Decay = 0.99,
        **options: Any,
    ) -> None:
        if not 0 < beta_1 <= 1:
            raise ValueError(
                "Lion: `beta_1` must be in the range (0, 1], otherwise nothing but the sign of the "
                f"gradient is left. Received: beta_1={beta_1}"
            )
        super().__init__(learning_rate, **options)
        self.beta_1 = beta_1
        self.beta_2 = beta_2

    def _build_slots(self, variables: Sequence[Variable]) -> None:
        (self._momentums,) = self._add_kernel_slots(variables, "momentum", scratch=2)

    def _update_rule(self, rate: float, step: int) -> tuple[Callable, tuple]:
        return kernels.lion, (rate, self.beta_1, self.beta_2)
