"""Adam."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minikeras.autodiff import Variable
from minikeras.common.arguments import Decay, NonNegative
from minikeras.kernels import optimizer_updates as kernels
from minikeras.optimizers.optimizer import Optimizer


class Adam(Optimizer):
    """Steps along a running mean of the gradient, divided by its running root mean square.

    Args:
        learning_rate: a float, a schedule, or a function of no arguments.
        beta_1: decay of the running mean of the gradient.
        beta_2: decay of the running mean of its square.
        epsilon: added to the divisor.
        amsgrad: whether to divide by the greatest mean square so far.

    The other arguments are those of `Optimizer`.

    Source:
        Kingma & Ba, 2014, https://arxiv.org/abs/1412.6980; AMSGrad: Reddi et al., 2018,
        https://openreview.net/pdf?id=ryQu7f-RZ

    Example:

    >>> import minikeras
    >>> w = minikeras.Variable([1.0, 2.0])
    >>> minikeras.optimizers.Adam(0.1).apply([[1.0, -1.0]], [w])
    >>> w.numpy().round(3)
    array([0.9, 2.1], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: Decay = 0.9,
        beta_2: Decay = 0.999,
        epsilon: NonNegative = 1e-7,
        amsgrad: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.amsgrad = amsgrad

    def _build_slots(self, variables: Sequence[Variable]) -> None:
        self._momentums, self._velocities, self._velocity_hats = self._add_kernel_slots(
            variables, ("momentum", "velocity"), "velocity_hat" if self.amsgrad else None
        )

    def _update_rule(self, rate: float, step: int) -> tuple[Callable, tuple]:
        t = step + 1
        alpha = rate * (1 - self.beta_2**t) ** 0.5 / (1 - self.beta_1**t)
        rest_1, rest_2 = 1 - self.beta_1, 1 - self.beta_2
        return kernels.adam, (alpha, self.beta_1, rest_1, self.beta_2, rest_2, self.epsilon)
