"""Adafactor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minikeras.autodiff import Variable
from minikeras.autodiff.state import thread
from minikeras.common.arguments import NonNegative, Positive
from minikeras.kernels import optimizer_updates as kernels
from minikeras.optimizers.flat import FlatGroup
from minikeras.optimizers.optimizer import Optimizer


class Adafactor(Optimizer):
    """Adam's divisor in little memory: for matrices, means of rows and of columns are kept.

    Args:
        learning_rate: a float, a schedule, or a function of no arguments.
        beta_2_decay: exponent of the step in the decay of the running means.
        epsilon_1: added to the squared gradient.
        epsilon_2: least scale of a variable.
        clip_threshold: greatest root mean square of a step before scaling.
        relative_step: kept in the config; as in Keras, the rate is at most `1 / sqrt(step)` either
            way.

    The other arguments are those of `Optimizer`.

    Source:
        Shazeer & Stern, 2018, https://arxiv.org/abs/1804.04235

    Example:

    >>> import minikeras
    >>> w = minikeras.Variable([1.0, 2.0])
    >>> minikeras.optimizers.Adafactor(0.1).apply([[1.0, -1.0]], [w])
    >>> w.numpy().round(3)
    array([0.842, 2.158], dtype=float32)
    """

    _per_variable = True

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: NonNegative = 1e-30,
        epsilon_2: NonNegative = 1e-3,
        clip_threshold: Positive = 1.0,
        relative_step: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.beta_2_decay = beta_2_decay
        self.epsilon_1 = epsilon_1
        self.epsilon_2 = epsilon_2
        self.clip_threshold = clip_threshold
        self.relative_step = relative_step

    def _build_slots(self, variables: Sequence[Variable]) -> None:
        self._r: dict[Variable, Variable] = {}
        self._c: dict[Variable, Variable] = {}
        velocities: list[Variable | None] = []
        for v in variables:
            if len(v.shape) < 2:
                # Never used, but Keras has them, so saved states do.
                for _ in range(2):
                    self.make_variable(thread.state.scopes, 0, name=v.name, trainable=False)
            elif not v.overwrite_with_gradient:
                row, column = v.shape[:-1], v.shape[:-2] + v.shape[-1:]
                self._r[v] = self.add_variable(row, dtype=v.dtype, name=v.name)
                self._c[v] = self.add_variable(column, dtype=v.dtype, name=v.name)
            velocities.append(
                None
                if v.overwrite_with_gradient
                else self.add_variable_from_reference(v, "velocity")
            )
        self._lay_out_slot("velocity", velocities)
        self._v = velocities

    def _update_variable(self, group: FlatGroup, index: int, rate: float, step: int) -> None:
        t = step + 1
        v = group.variables[index]
        means = [m[v].array.copy() if v in m else None for m in (self._r, self._c)]
        kernels.adafactor(
            group.values.views[index],
            group.grad_views[index],
            group.slots["velocity"].views[index],
            *means,
            min(rate, t**-0.5),
            1 - t**self.beta_2_decay,
            self.epsilon_1,
            self.epsilon_2,
            self.clip_threshold,
        )
        for variables, mean in zip((self._r, self._c), means):
            if mean is not None:
                variables[v].array = mean
