"""RMSprop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minikeras.autodiff import Variable
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
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            clipnorm=clipnorm,
            clipvalue=clipvalue,
            global_clipnorm=global_clipnorm,
            use_ema=use_ema,
            ema_momentum=ema_momentum,
            ema_overwrite_frequency=ema_overwrite_frequency,
            loss_scale_factor=loss_scale_factor,
            gradient_accumulation_steps=gradient_accumulation_steps,
            name=name,
            **kwargs,
        )
        self.rho = rho
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the slots."""
        if self.built:
            return
        super().build(variables)
        self._velocities, self._momentums, self._average_gradients = self._add_slots(
            variables,
            "velocity",
            "momentum" if self.momentum > 0 else None,
            "average_gradient" if self.centered else None,
        )

    def _kernel(self, rate: float, step: int) -> tuple[Callable, tuple]:
        numbers = (rate, self.rho, 1 - self.rho, self.momentum, self.epsilon)
        return kernels.rmsprop, numbers
