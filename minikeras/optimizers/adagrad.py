"""Adagrad."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minikeras.autodiff import Variable
from minikeras.common.arguments import NonNegative
from minikeras.initializers import Constant
from minikeras.kernels import optimizer_updates as kernels
from minikeras.optimizers.optimizer import Optimizer


class Adagrad(Optimizer):
    """Steps divided by the root of the sum of all squared gradients so far.

    Args:
        learning_rate: a float, a schedule, or a function of no arguments.
        initial_accumulator_value: what the sums begin with.
        epsilon: added under the root.

    The other arguments are those of `Optimizer`.

    Source:
        Duchi et al., 2011, http://www.jmlr.org/papers/volume12/duchi11a/duchi11a.pdf

    Example:

    >>> import minikeras
    >>> w = minikeras.Variable([1.0, 2.0])
    >>> minikeras.optimizers.Adagrad(0.1).apply([[1.0, -1.0]], [w])
    >>> w.numpy().round(3)
    array([0.905, 2.095], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: NonNegative = 0.1,
        epsilon: NonNegative = 1e-7,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon

    def _build_slots(self, variables: Sequence[Variable]) -> None:
        initial = Constant(self.initial_accumulator_value)
        (self._accumulators,) = self._add_kernel_slots(
            variables, "accumulator", initializers={"accumulator": initial}
        )

    def _update_rule(self, rate: float, step: int) -> tuple[Callable, tuple]:
        return kernels.adagrad, (rate, self.epsilon)
