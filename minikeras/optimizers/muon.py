"""Muon."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from minikeras.autodiff import Variable
from minikeras.common.arguments import Decay, NonNegative, PositiveInt
from minikeras.kernels import optimizer_updates as kernels
from minikeras.optimizers.flat import FlatGroup
from minikeras.optimizers.optimizer import Optimizer


class Muon(Optimizer):
    """Steps along a momentum made orthogonal, for matrices; AdamW for all else.

    Args:
        learning_rate: a float, a schedule, or a function of no arguments.
        adam_beta_1, adam_beta_2, epsilon: those of Adam.
        adam_weight_decay: weight decay of the variables that AdamW updates.
        weight_decay: that of the others.
        exclude_layers: regular expressions; AdamW updates variables whose path one is found in.
        exclude_embeddings: whether AdamW updates embeddings.
        muon_a, muon_b, muon_c: coefficients of the Newton-Schulz polynomial.
        adam_lr_ratio: what AdamW's learning rate is multiplied by.
        momentum: decay of the momentum.
        ns_steps: number of Newton-Schulz steps.
        nesterov: whether momentum looks ahead.
        rms_rate: root mean square of a step, in learning rates; None leaves it as it comes.

    The other arguments are those of `Optimizer`.

    Source:
        Jordan et al., 2024, https://kellerjordan.github.io/posts/muon/

    Example:

    >>> import minikeras
    >>> w = minikeras.Variable([[1.0, 2.0]])
    >>> minikeras.optimizers.Muon(0.1, weight_decay=None).apply([[[1.0, -1.0]]], [w])
    >>> w.shape
    (1, 2)
    """

    _per_variable = True

    def __init__(
        self,
        learning_rate: Any = 0.001,
        adam_beta_1: Decay = 0.9,
        adam_beta_2: Decay = 0.999,
        adam_weight_decay: float | None = 0.004,
        epsilon: NonNegative = 1e-7,
        weight_decay: float | None = 0.004,
        *,
        exclude_layers: Sequence[str] | None = None,
        exclude_embeddings: bool = True,
        muon_a: float = 3.4445,
        muon_b: float = -4.775,
        muon_c: float = 2.0315,
        adam_lr_ratio: float = 1,
        momentum: Decay = 0.95,
        ns_steps: PositiveInt = 5,
        nesterov: bool = True,
        rms_rate: float | None = 0.2,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, weight_decay=weight_decay, **options)
        self.adam_beta_1 = adam_beta_1
        self.adam_beta_2 = adam_beta_2
        self.adam_weight_decay = adam_weight_decay
        self.epsilon = epsilon
        self.exclude_layers = list(exclude_layers or [])
        self.muon_a = muon_a
        self.muon_b = muon_b
        self.muon_c = muon_c
        self.adam_lr_ratio = adam_lr_ratio
        self.momentum = momentum
        self.ns_steps = ns_steps
        self.nesterov = nesterov
        self.exclude_embeddings = exclude_embeddings
        self.rms_rate = rms_rate

    def _uses_adam(self, variable: Variable) -> bool:
        path = variable.path
        return (
            len(variable.shape) != 2
            or (self.exclude_embeddings and "embedding" in path.lower())
            or any(re.search(keyword, path) for keyword in self.exclude_layers)
        )

    def _build_slots(self, variables: Sequence[Variable]) -> None:
        self._adam = {v for v in variables if self._uses_adam(v)}
        self.momentums: list[Variable | None] = []
        self.adam_velocities: list[Variable | None] = []
        for v in variables:
            m = u = None
            if not v.overwrite_with_gradient:
                m = self.add_variable_from_reference(v, "momentum")
                if v in self._adam:
                    u = self.add_variable_from_reference(v, "velocity")
            self.momentums.append(m)
            self.adam_velocities.append(u)
        self._lay_out_slot("momentum", self.momentums)

    def _update_variable(self, group: FlatGroup, index: int, rate: float, step: int) -> None:
        v = group.variables[index]
        values, gradient = group.values.views[index], group.grad_views[index]
        momentum = group.slots["momentum"].views[index]
        if v not in self._adam:
            if self.rms_rate is not None:
                rate *= max(v.shape) ** 0.5 * self.rms_rate
            kernels.muon(
                values,
                gradient,
                momentum,
                rate,
                self.momentum,
                self.nesterov,
                self.muon_a,
                self.muon_b,
                self.muon_c,
                self.ns_steps,
            )
            return
        t = step + 1
        rate *= self.adam_lr_ratio
        alpha = rate * (1 - self.adam_beta_2**t) ** 0.5 / (1 - self.adam_beta_1**t)
        velocity = self.adam_velocities[self._indices[v]]
        square = velocity.array.copy()
        kernels.adam(
            values,
            gradient,
            momentum,
            square,
            None,
            np.empty_like(values),
            alpha,
            self.adam_beta_1,
            1 - self.adam_beta_1,
            self.adam_beta_2,
            1 - self.adam_beta_2,
            self.epsilon,
        )
        velocity.array = square

    def _weight_decay_of(self, variable: Variable) -> float | None:
        if not self._use_weight_decay(variable):
            return None
        return self.adam_weight_decay if variable in self._adam else self.weight_decay
