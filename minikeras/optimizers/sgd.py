"""SGD."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from minikeras.autodiff import Variable
from minikeras.common.arguments import Kind
from minikeras.kernels import optimizer_updates as kernels
from minikeras.optimizers.optimizer import Optimizer

_Momentum = Annotated[
    float,
    Kind("a float in [0, 1]", lambda value: isinstance(value, float) and 0 <= value <= 1),
]


class SGD(Optimizer):
    """Gradient descent, with momentum where wanted.

    Args:
        learning_rate: a float, a schedule, or a function of no arguments.
        momentum: part of the last step that is made again, in [0, 1].
        nesterov: whether momentum looks ahead.

    The other arguments are those of `Optimizer`.

    Example:

    >>> import minikeras
    >>> w = minikeras.Variable([1.0, 2.0])
    >>> minikeras.optimizers.SGD(0.1, momentum=0.9).apply([[1.0, -1.0]], [w])
    >>> w.numpy().round(3)
    array([0.9, 2.1], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: _Momentum = 0.0,
        nesterov: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.momentum = momentum
        self.nesterov = nesterov

    def _build_slots(self, variables: Sequence[Variable]) -> None:
        (self.momentums,) = self._add_kernel_slots(
            variables, "momentum" if self.momentum != 0 else None
        )

    def _update_rule(self, rate: float, step: int) -> tuple[Callable, tuple]:
        return kernels.sgd, (rate, self.momentum, bool(self.nesterov))
