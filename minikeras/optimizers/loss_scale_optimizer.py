"""LossScaleOptimizer."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np

from minikeras.autodiff import Tensor, Variable
from minikeras.autodiff.tape import GradientTape
from minikeras.autodiff.tensor import to_array
from minikeras.common.arguments import Positive, PositiveInt, one_of, short
from minikeras.common.configurable import parameters_of
from minikeras.common.ranks import running, unshared
from minikeras.initializers import Constant
from minikeras.optimizers.optimizer import Optimizer

_LEFT_TO_INNER = {
    name: parameter.default
    for name, parameter in parameters_of(Optimizer).items()
    if name not in ("learning_rate", "name")
}


class LossScaleOptimizer(Optimizer):
    """An optimizer around another that keeps float16 gradients from vanishing.

    The loss is multiplied by a scale and the gradients are divided by it. A step with an infinite
    or undefined gradient is left out and halves the scale; after many steps without one the scale
    doubles.

    Args:
        inner_optimizer: the optimizer that makes the steps.
        initial_scale: scale to begin with.
        dynamic_growth_steps: number of finite steps after which the scale doubles.
        name: name.

    Example:

    >>> import minikeras
    >>> w = minikeras.Variable([1.0, 2.0])
    >>> optimizer = minikeras.optimizers.LossScaleOptimizer(minikeras.optimizers.SGD(1.0))
    >>> optimizer.apply([[32768.0, 0.0]], [w])
    >>> w.numpy()
    array([0., 2.], dtype=float32)
    """

    argument_sources = dict.fromkeys(("learning_rate", *_LEFT_TO_INNER))

    hands_on_arguments = False

    _is_flat = False

    def __init__(
        self,
        inner_optimizer: Optimizer,
        initial_scale: Positive = 2.0**15,
        dynamic_growth_steps: PositiveInt = 2000,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if not kwargs.pop("dynamic", True):
            raise ValueError(
                "LossScaleOptimizer no longer supports `dynamic=False`. Set `loss_scale_factor` on "
                "the `inner_optimizer` instead."
            )
        for argument, default in _LEFT_TO_INNER.items():
            given = kwargs.pop(argument, default)
            if not one_of(default).accepts(given):
                raise ValueError(
                    f"LossScaleOptimizer does not support `{argument}`. Set it on the "
                    f"`inner_optimizer` instead. Received: {argument}={short(given)}"
                )
        if kwargs:
            raise ValueError(f"LossScaleOptimizer: argument(s) not recognized: {kwargs}")
        if not isinstance(inner_optimizer, Optimizer):
            raise ValueError(
                "LossScaleOptimizer: `inner_optimizer` must be an Optimizer. Received: "
                f"inner_optimizer={inner_optimizer!r}"
            )
        super().__init__(learning_rate=0.0, name=name)
        self.inner_optimizer = inner_optimizer
        self.initial_scale = initial_scale
        self.dynamic_growth_steps = dynamic_growth_steps
        inner_optimizer.loss_scale_factor = None

    def build(self, variables: Sequence[Variable]) -> None:
        """Build the inner optimizer, and the scale."""
        if self.built:
            return
        self.step_counter = self.add_variable((), dtype="int32", name="step_counter")
        self.dynamic_scale = self.add_variable(
            (), Constant(self.initial_scale), dtype="float32", name="dynamic_scale"
        )
        self.inner_optimizer.build(variables)
        super().build(variables)

    def _refuses_split(self) -> str | None:
        return self.inner_optimizer._refuses_split()

    def own(self, variables: Sequence[Variable]) -> None:
        """Make sure that these variables are those that updates change."""
        if not self.built:
            self.build(variables)
        self.inner_optimizer.own(variables)
        if not self._owns(variables):
            self._go_on_with(dict(zip(self._trainable_variables, variables, strict=True)))

    def own_variables(self) -> list[Variable]:
        """Return the variables of this optimizer, then those of the inner one."""
        return super().own_variables() + self.inner_optimizer.variables

    @property
    def learning_rate(self) -> Any:
        """The inner optimizer's learning rate."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self.inner_optimizer.learning_rate = value

    @property
    def clipnorm_per_sample(self) -> float | None:
        """The inner optimizer's bound on the gradient of each example."""
        return self.inner_optimizer.clipnorm_per_sample

    @clipnorm_per_sample.setter
    def clipnorm_per_sample(self, value: float | None) -> None:
        if "inner_optimizer" in self.__dict__:  # not yet while the base is being made
            self.inner_optimizer.clipnorm_per_sample = value

    def clipped_gradients(
        self, tape: GradientTape, loss: Tensor, outputs: Any, averaged: bool = True
    ) -> dict:
        """Differentiate a loss and clip each example's gradient; see `Optimizer`."""
        scale = self.dynamic_scale.array.item() if self.built else self.initial_scale
        return self.inner_optimizer._clipped_gradients(tape, loss, outputs, averaged, scale)

    @property
    def iterations(self) -> Any:
        """The inner optimizer's number of updates."""
        return self.inner_optimizer.iterations

    def apply(
        self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None
    ) -> None:
        """Unscale gradients and update, or skip the step if one of them is not finite.

        Args:
            grads: gradients of the scaled loss.
            trainable_variables: the variables, all if None. The first call builds the optimizer.
        """
        grads = list(grads)
        if not grads:
            return
        self._check_clipped()
        variables = self._variables_for(grads, trainable_variables)
        arrays = [None if g is None else to_array(g) for g in grads]
        scale = self._take_scale([a for a in arrays if a is not None])
        if scale is not None:
            self.inner_optimizer.apply(
                [
                    a if a is None or v.overwrite_with_gradient else np.divide(a, scale)
                    for a, v in zip(arrays, variables)
                ],
                variables,
            )

    def gradient_targets(self) -> dict:
        """Return, for each leaf of the tape, the array that its gradient should be written into."""
        return self.inner_optimizer.gradient_targets()

    def apply_flat(self, grads: dict) -> None:
        """Update by the gradients that the tape has found; see `Optimizer.apply_flat`.

        Args:
            grads: gradient of the scaled loss by leaf.
        """
        if running.rows is not None:  # all ranks decide by the same gradients
            grads = self.inner_optimizer._whole(grads)
        present = [v for v in self._trainable_variables if v.node in grads]
        scale = self._take_scale([grads[v.node] for v in present])
        if scale is None:
            return
        targets = self.inner_optimizer.gradient_targets()
        unscaled = copy.copy(grads)
        for v in present:
            leaf, g = v.node, grads[v.node]
            if v.overwrite_with_gradient:
                unscaled[leaf] = g
            else:
                unscaled[leaf] = np.divide(g, scale, out=targets.get(leaf))
        with unshared():
            self.inner_optimizer.apply_flat(unscaled)

    def _take_scale(self, grads: list[np.ndarray]) -> float | None:
        """Return the scale of these gradients, None if the step is to be skipped; adapt it."""
        scale, count = self.dynamic_scale.array.item(), self.step_counter.array.item()
        finite = all(bool(np.isfinite(g).all()) for g in grads)
        for ranks in {v._split.ranks for v in self._trainable_variables if v._split is not None}:
            finite = all(ranks.all(finite))  # each sees its parts
        grown = finite and count == self.dynamic_growth_steps - 1
        self.step_counter.assign(count + 1 if finite and not grown else 0)
        if grown:
            self.dynamic_scale.assign(scale * 2)
        elif not finite:
            self.dynamic_scale.assign(scale / 2)
        return scale if finite else None

    def scale_loss(self, loss: Any) -> Any:
        """Return the loss times the scale."""
        return loss * (self.dynamic_scale if self.built else self.initial_scale)

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """End training of the inner optimizer.

        Args:
            var_list: the variables.
        """
        self.inner_optimizer.finalize_variable_values(var_list)
