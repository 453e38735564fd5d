"""ScheduleFreeAdamW."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minikeras.autodiff import Variable
from minikeras.common.arguments import Decay, NonNegative
from minikeras.kernels import optimizer_updates as kernels
from minikeras.optimizers.optimizer import Optimizer


class ScheduleFreeAdamW(Optimizer):
    """AdamW that needs no schedule: the weights are kept near a running average.

    Args:
        learning_rate: a float, a schedule, or a function of no arguments.
        beta_1: place of the weights between the fast iterate (0) and the average (1).
        beta_2: decay of the running mean of the squared gradient.
        epsilon: added to the divisor.
        warmup_steps: steps in which the learning rate grows to its full size.

    The other arguments are those of `Optimizer`.

    Source:
        Defazio et al., 2024, https://arxiv.org/abs/2405.15682

    Example:

    >>> import minikeras
    >>> w = minikeras.Variable([1.0, 2.0])
    >>> minikeras.optimizers.ScheduleFreeAdamW(0.1).apply([[1.0, -1.0]], [w])
    >>> w.numpy().round(3)
    array([0.9, 2.1], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: Any = 0.0025,
        beta_1: Decay = 0.9,
        beta_2: Decay = 0.999,
        epsilon: NonNegative = 1e-8,
        warmup_steps: NonNegative = 0,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.warmup_steps = warmup_steps

    def _build_slots(self, variables: Sequence[Variable]) -> None:
        self._momentums, self._velocities = self._add_kernel_slots(
            variables, ("momentum", "velocity"), scratch=1
        )
        for iterate, variable in zip(self._momentums, variables):
            if iterate is not None:
                iterate.assign(variable.numpy())

    def _update_rule(self, rate: float, step: int) -> tuple[Callable, tuple]:
        t = step + 1
        if self.warmup_steps > 0:
            rate *= min(t / self.warmup_steps, 1.0)
        return kernels.schedule_free_adamw, (
            rate,
            self.beta_1,
            1 - self.beta_1,
            1 - self.beta_2,
            1 / (1 - self.beta_2**t),
            1 / t,
            self.epsilon,
        )
