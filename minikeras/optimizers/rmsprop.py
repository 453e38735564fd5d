"""RMSprop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minikeras.autodiff import Variable
from minikeras.common.arguments import Decay, NonNegative
from minikeras.kernels import optimizer_updates as kernels
from minikeras.optimizers.optimizer import Optimizer


class RMSprop(Optimizer):
    """Steps divided by a running root mean square of the gradient.

    Args:
        learning_rate: a float, a schedule, or a function of no arguments.
        rho: decay of the running means.
        momentum: part of the last step that is made again.
        epsilon: added under the root.
        centered: whether the running mean of the gradient is taken off before squaring.

    The other arguments are those of `Optimizer`.

    Source:
        Hinton, 2012, http://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf

    Example:

    >>> import minikeras
    >>> w = minikeras.Variable([1.0, 2.0])
    >>> minikeras.optimizers.RMSprop(0.1).apply([[1.0, -1.0]], [w])
    >>> w.numpy().round(3)
    array([0.684, 2.316], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: Decay = 0.9,
        momentum: Decay = 0.0,
        epsilon: NonNegative = 1e-7,
        centered: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.rho = rho
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered

    def _build_slots(self, variables: Sequence[Variable]) -> None:
        self._velocities, self._momentums, self._average_gradients = self._add_kernel_slots(
            variables,
            "velocity",
            "momentum" if self.momentum > 0 else None,
            "average_gradient" if self.centered else None,
        )

    def _update_rule(self, rate: float, step: int) -> tuple[Callable, tuple]:
        numbers = (rate, self.rho, 1 - self.rho, self.momentum, self.epsilon)
        return kernels.rmsprop, numbers
