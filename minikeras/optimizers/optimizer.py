"""`Optimizer`: how weights are updated by their gradients.

One call leads to the next: `apply` or `apply_flat`; `_step`, which unscales, accumulates and clips
the gradients; `_update`, which asks for the `_update_rule`; `FlatGroup.update`; a kernel.

An optimizer of this package says what is its own: arguments, `_build_slots`, and `_update_rule`, or
`_update_variable` where the rule looks at a variable as a whole.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter, is_
from typing import Any

import numpy as np

from minikeras import tree
from minikeras.autodiff import Tensor, Variable
from minikeras.autodiff.per_example import clipped_gradients
from minikeras.autodiff.tape import GradientTape, no_recording
from minikeras.autodiff.tensor import to_array
from minikeras.autodiff.tracking import name_scopes
from minikeras.common.object_family import FamilyMember, ObjectFamily
from minikeras.common.ranks import (
    Ranks,
    add_over_ranks,
    running,
    shared_rows,
    sharers,
    unshared,
    without_rows,
)
from minikeras.common.traceback_utils import warn
from minikeras.kernels import optimizer_updates as kernels
from minikeras.kernels import random as random_kernels
from minikeras.optimizers.base_optimizer import BaseOptimizer
from minikeras.optimizers.flat import FlatGroup

_constraint_of = attrgetter("_constraint")
_node_of = attrgetter("node")

_Selected = list[tuple[FlatGroup, Sequence[int]]]
"""Groups, and the indices of those of their variables that are to be updated."""

FAMILY = ObjectFamily("optimizer", ignore_case=True)
"""Every optimizer by name."""


class Optimizer(FamilyMember, BaseOptimizer, family=FAMILY):
    """Base of all optimizers.

    `build` gives the optimizer the variables that it will update; `apply` updates them by their
    gradients.

    A new optimizer overrides `build`, to make its slots with `add_optimizer_variables`, and
    `update_step(gradient, variable, learning_rate)`, which changes one variable with `assign`,
    `assign_add` or `assign_sub`. It is saved with the arguments it was made with.

    Args:
        learning_rate: a float, a `LearningRateSchedule`, or a function of no arguments.
        weight_decay: part of the weights, times the learning rate, that each step takes off them.
        clipnorm: length that the gradient of each variable is cut to.
        clipvalue: bound on the absolute value of each gradient's elements.
        global_clipnorm: length that all gradients together are cut to.
        use_ema: whether to keep an exponential moving average of the weights, which replaces them
            at the end of training.
        ema_momentum: momentum of that average.
        ema_overwrite_frequency: number of steps after which the average replaces the weights
            during training; None for never.
        loss_scale_factor: what `scale_loss` multiplies the loss by, and `apply` divides
            gradients by.
        gradient_accumulation_steps: number of calls whose mean gradient makes one update.
        name: name; the class's in snake case if None.
        clipnorm_per_sample: length that the gradient of each example's loss, over all weights, is
            cut to before the mean over the batch is taken. What the loss holds beside the examples,
            such as penalties on weights, is added unclipped. `fit` sees to it; see
            `clipped_gradients` for a training step of one's own. Examples must not depend on each
            other, as they do in BatchNormalization.
        noise_multiplier: standard deviation, as a multiple of `clipnorm_per_sample`, of the normal
            noise that is added to the sum of the examples' gradients, once for each update. With it
            training is differentially private (DP-SGD: Abadi et al., "Deep Learning with
            Differential Privacy", 2016). `examples/private_digits.py` computes the privacy budget.
        noise_seed: seed of the noise, drawn from NumPy's global generator if None. The generator is
            a fast one, not one for secrets.

    Example:

    >>> import minikeras
    >>> w = minikeras.Variable([1.0, 2.0])
    >>> class Halfway(minikeras.optimizers.Optimizer):
    ...     def update_step(self, gradient, variable, learning_rate):
    ...         self.assign_sub(variable, 0.5 * learning_rate * gradient)
    >>> Halfway(learning_rate=1.0).apply([[1.0, 1.0]], [w])
    >>> w.numpy()
    array([0.5, 1.5], dtype=float32)
    """

    _has_own_apply = False
    """Whether a user's class replaced `apply`, so that no gradient may pass it by."""

    _per_variable = False
    """Whether `_update_variable` updates each variable, or `_update_rule` all at once."""

    _excluded: tuple[set, re.Pattern | None] = (set(), None)

    _share: float | None = None
    """Part of a step's gradient that one example's is, while such a step is made."""

    _largest_share = 0.0
    """The same, the largest of the steps whose gradients are being accumulated."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "apply" in cls.__dict__:
            cls._has_own_apply = "apply_flat" not in cls.__dict__

    # A step, from outside to inside.

    def scale_loss(self, loss: Any) -> Any:
        """Return the loss times `loss_scale_factor`; `apply` divides gradients by it."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> Any:
        """Update variables by their gradients.

        Args:
            grads_and_vars: pairs of a gradient and its variable.

        Returns:
            The number of iterations so far.
        """
        grads, variables = zip(*grads_and_vars)
        self.apply(list(grads), list(variables))
        return self._iterations

    def apply(
        self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None
    ) -> None:
        """Update variables by their gradients.

        Args:
            grads: gradients, arrays or tensors of their variables' shapes. None leaves the variable
                as it is, with a warning.
            trainable_variables: the variables, all those that the optimizer was built with if
                None. The first call builds the optimizer with them.

        Where ranks share a batch, all of them must bring the same gradients, as `GradientTape.gradient`
        gives them.

        Raises:
            ValueError: if the optimizer does not know a variable, or gradients do not fit them.
        """
        grads = list(grads)
        if not grads:
            return
        self._check_clipped()
        variables = self._variables_for(grads, trainable_variables)
        selected = self._copied(grads, variables)
        if running.rows is None:
            self._step(selected)
            return
        self._refuse_overwritten()
        if self in running.parted:
            running.parted.remove(self)
            self._join_accumulated(sharers())
        with unshared():  # the tape has given all ranks the same gradients
            self._step(selected)

    def _check_clipped(self) -> None:
        """Refuse gradients in which the examples' parts can no longer be clipped."""
        if self.clipnorm_per_sample is not None and self._share is None:
            raise ValueError(
                f"{type(self).__name__}: with `clipnorm_per_sample` the gradients of single examples "
                "are needed, not their mean. Take gradients from `optimizer.clipped_gradients`, and "
                "hand them to `optimizer.apply_flat`."
            )

    def clipped_gradients(
        self, tape: GradientTape, loss: Tensor, outputs: Any, averaged: bool = True
    ) -> dict:
        """Differentiate a loss, and clip the gradient of each example to `clipnorm_per_sample`.

        An example's gradient is its part of the batch's, times the number of examples if the loss is
        their mean. For training steps of one's own, in the place of `tape.gradient` and `apply`.

        Args:
            tape: tape that was given the batch by `watch_examples` before the model was called.
            loss: the loss, as `scale_loss` returns it.
            outputs: what the loss was computed from: the model's outputs, of shape `(batch, ...)`.
            averaged: whether the loss is a mean over the examples; if not, it is a sum.

        Returns:
            The gradients, for `apply_flat`. Without `clipnorm_per_sample` they are the plain ones.

        Raises:
            ValueError: if the examples of the batch depend on each other, naming the layer.

        Example:

        >>> import numpy as np
        >>> import minikeras
        >>> from minikeras import ops
        >>> model = minikeras.Sequential([minikeras.Input((2,)), minikeras.layers.Dense(1)])
        >>> optimizer = minikeras.optimizers.SGD(0.1, clipnorm_per_sample=1.0)
        >>> optimizer.build(model.trainable_variables)
        >>> with minikeras.GradientTape() as tape:
        ...     x = tape.watch_examples(np.ones((4, 2), "float32"))
        ...     y = model(x, training=True)
        ...     loss = optimizer.scale_loss(ops.mean(y**2))
        >>> optimizer.apply_flat(optimizer.clipped_gradients(tape, loss, y))
        """
        scale = 1.0 if self.loss_scale_factor is None else self.loss_scale_factor
        return self._clipped_gradients(tape, loss, outputs, averaged, scale)

    def _clipped_gradients(
        self, tape: GradientTape, loss: Tensor, outputs: Any, averaged: bool, scale: float
    ) -> dict:
        """Do what `clipped_gradients` says, for a loss that was multiplied by `scale`."""
        bound, kind = self.clipnorm_per_sample, type(self).__name__
        flat = [y for y in tree.flatten(outputs) if y is not None]
        if bound is None or not flat or not flat[0].shape[0]:
            grads = tape.gradients_into(loss, self.gradient_targets())
            rows = shared_rows()
            if bound is not None and rows is not None:  # the other ranks have examples
                return _Clipped(grads, 1 / rows.total if averaged else 1.0)
            return grads if bound is None else _Clipped(grads, 1.0)
        n = flat[0].shape[0]
        if not tape._examples:
            raise ValueError(
                f"{kind}.clipped_gradients: the tape was not given the examples. Call the model with "
                "`x = tape.watch_examples(x)`."
            )
        if any(not y.shape or y.shape[0] != n for y in flat):
            raise ValueError(
                f"{kind}.clipped_gradients: `outputs` must have the examples along their first axis. "
                f"Received shapes {[y.shape for y in flat]}"
            )
        if self._overwritten:
            raise ValueError(
                f"{kind}: `clipnorm_per_sample` cannot clip variables that are overwritten by their "
                f"gradient, such as '{self._overwritten[0].path}'."
            )
        if self.noise_multiplier and averaged and any(_has_mask(y) for y in flat):
            raise ValueError(
                f"{kind}: with `noise_multiplier` a masked output needs a loss with `reduction='sum'`: "
                "in a mean, what one example counts depends on the masks of the others."
            )
        rows = shared_rows()
        share = 1 / (n if rows is None else rows.total) if averaged else 1.0
        targets = self.gradient_targets()
        grads = clipped_gradients(
            tape, loss, flat, targets, bound * share * scale, targets, self._plans
        )
        return _Clipped(grads, share)

    @property
    def _plans(self) -> dict:
        """What was found out about tapes; see `autodiff/per_example.py`."""
        return self.__dict__.setdefault("_known_plans", {})

    def _variables_for(
        self, grads: list, variables: Sequence[Variable] | None
    ) -> Sequence[Variable]:
        """Return the variables that gradients belong to; on the first call, build with them."""
        kind = type(self).__name__
        if not self.built:
            if variables is None:
                raise ValueError(
                    f"{kind}.apply: without `trainable_variables` the optimizer has to be built. "
                    "Call `optimizer.build(trainable_variables)` first."
                )
            variables = list(variables)
            with name_scopes(self._scopes()):
                self.build(variables)
        if self._state_to_come is not None:
            self._take_state_to_come()
        variables = self._trainable_variables if variables is None else list(variables)
        if len(grads) != len(variables):
            raise ValueError(
                f"{kind}.apply: expected one gradient for each of {len(variables)} variables. "
                f"Received: {len(grads)} gradients"
            )
        for v in variables:
            if not isinstance(v, Variable) or v not in self._indices:
                raise ValueError(
                    f"Unknown variable: {v!r}. {kind} '{self.name}' can only be called for the "
                    "variables it was built with. Create a new optimizer for a new set of "
                    "variables."
                )
        return variables

    def _copied(self, grads: list, variables: Sequence[Variable]) -> _Selected:
        """Copy gradients to where updates read them; return what is to be updated."""
        present = [(g, v) for g, v in zip(grads, variables) if g is not None]
        if not present:
            raise ValueError("No gradients provided for any variable.")
        if len(present) < len(variables):
            missing = [v.path for g, v in zip(grads, variables) if g is None]
            warn(
                f"Gradients do not exist for variables {missing} when minimizing the loss. If you "
                "use `model.compile()`, did you forget the `loss` argument?"
            )
        given: dict[FlatGroup, dict[int, None]] = {group: {} for group in self._groups}
        for g, v in present:
            array = to_array(g, v.array.dtype)
            if array.shape != v.array.shape:
                raise ValueError(
                    f"{type(self).__name__}.apply: the gradient of variable '{v.path}' must have "
                    f"its shape {v.array.shape}. Received: a gradient of shape {array.shape}"
                )
            if v.overwrite_with_gradient:
                self._overwrite(v, array)
                continue
            group, i = self._places[v]
            if i in given[group]:
                raise ValueError(
                    f"{type(self).__name__}.apply: variable '{v.path}' is given twice. Add its "
                    "gradients up, or call `apply` twice."
                )
            given[group][i] = None
            group.grad_views[i][...] = array
        return [
            (group, group.indices if len(a) == len(group.indices) else list(a))
            for group, a in given.items()
            if a
        ]

    def gradient_targets(self) -> dict:
        """Return, for each leaf of the tape, the array that its gradient should be written into.

        For `backpropagate(out=...)`, whose result `apply_flat` takes. The arrays are used again at
        every step.
        """
        leaves, targets, _ = self._targets
        now = list(map(_node_of, self._places))
        # Leaves compare by identity.
        if now != leaves:
            views = [view for group in self._groups for view in group.grad_views]
            targets = {leaf: view for leaf, view in zip(now, views) if leaf is not None}
            self._targets = (now, targets, [(group, group.indices) for group in self._groups])
        return targets

    def apply_flat(self, grads: dict) -> None:
        """Update all variables by the gradients that the tape has found.

        A variable that the loss does not depend on has a gradient of zero; one that is not
        trainable (any more) is left alone.

        Args:
            grads: gradient by leaf, best in the arrays of `gradient_targets`; others are copied. Where
                ranks share a batch they are those that `GradientTape.gradients_into` or
                `clipped_gradients` gives.
        """
        _, targets, all_selected = self._targets
        if self.clipnorm_per_sample is not None and self._share is None:
            try:
                self._share = getattr(grads, "share", None)
                self._check_clipped()
                self.apply_flat(grads)
            finally:
                self._share = None
        elif self._has_own_apply:
            self.apply(*self._listed(grads if running.rows is None else self._whole(grads)))
        elif len(targets) == len(self._trainable_variables) and all(
            map(is_, map(grads.get, targets), targets.values())
        ):
            self._step(all_selected)
        else:
            self._step(self._collected(grads))

    def _listed(self, grads: dict) -> tuple[list[Tensor], list[Variable]]:
        """Return gradients by leaf as `apply` takes them."""
        variables = [v for v in self._trainable_variables if v.node is not None]
        arrays = [grads.get(v.node) for v in variables]
        return [
            Tensor(np.zeros_like(v.array) if g is None else np.array(g))
            for g, v in zip(arrays, variables)
        ], variables

    def _collected(self, grads: dict) -> _Selected:
        """`_copied`, for gradients by leaf, some of which are in their place already."""
        selected: _Selected = []
        for group in self._groups:
            leaves = list(map(_node_of, group.variables))
            for leaf, view in zip(leaves, group.grad_views):
                g = grads.get(leaf)
                if g is None:
                    view.fill(0)
                elif g is not view:
                    view[...] = g
            indices: Sequence[int] = group.indices
            if None in leaves:
                indices = [i for i, leaf in enumerate(leaves) if leaf is not None]
            if indices:
                selected.append((group, indices))
        for v in self._overwritten:
            if v.node in grads:
                self._overwrite(v, np.asarray(grads[v.node]))
        return selected

    def _overwrite(self, variable: Variable, gradient: np.ndarray) -> None:
        """Put the gradient in the variable's place; over several steps, the greatest."""
        steps = self.gradient_accumulation_steps
        if not steps:
            variable.assign(np.array(gradient))
            return
        seen = self._accumulated_gradients[self._indices[variable]]
        greatest = np.maximum(gradient, seen.array)
        if (int(self._iterations.array) + 1) % steps == 0:
            variable.assign(greatest)
            seen.assign(np.zeros_like(greatest))
        else:
            seen.assign(greatest)

    def _step(self, selected: _Selected) -> None:
        """Make one step with the gradients in the flat arrays."""
        count = int(self._iterations.array)
        steps = self.gradient_accumulation_steps
        step, last = (count // steps, (count + 1) % steps == 0) if steps else (count, True)
        rate = 0.0
        if last:
            variable = self._learning_rate
            if type(variable) is Variable:
                rate = variable.array.item()
            else:
                rate = float(to_array(self.learning_rate))
        for group in self._groups:
            if group.shared():
                group.unshare()
        shared = running.rows is not None
        if shared:
            self._refuse_overwritten()
            without_rows(_gradients(selected), running.rows)
        if self.loss_scale_factor is not None:
            for part in _gradients(selected):
                part /= self.loss_scale_factor
        if steps:
            self._accumulate(selected, last)
        if shared and last:  # sums over steps are each rank's own until then
            add_over_ranks(_gradients(selected))
        if self.noise_multiplier:
            self._add_noise(selected, last)
        if last and selected:
            if self.clipnorm or self.global_clipnorm or self.clipvalue:
                self._clip(selected)
            self._update(selected, rate, step)
        if self.use_ema and last:
            self._average(step)
        for group, indices in selected:
            if any(map(_constraint_of, group.variables)):
                self._constrain(group, indices)
        for group in self._groups:
            if group.shared():  # another thread predicts, and may keep what it saw half done
                group.unshare()
        self._iterations.array = self._iterations.array + 1

    def _refuse_overwritten(self) -> None:
        if self._overwritten:
            raise ValueError(
                f"{type(self).__name__}: variables that are overwritten by their gradient, such as "
                f"'{self._overwritten[0].path}', cannot be trained while ranks share a batch."
            )

    def _whole(self, grads: dict) -> dict:
        """Return the gradients of the whole batch's loss for this rank's terms of them."""
        self._refuse_overwritten()
        selected = self._collected(grads)
        without_rows(_gradients(selected), running.rows)
        add_over_ranks(_gradients(selected))
        whole = copy.copy(grads)
        whole.update(self.gradient_targets())
        return whole

    def _accumulate(self, selected: _Selected, last: bool) -> None:
        """Add gradients up; on the last step of a round, leave their mean in their place.

        While ranks share batches, each adds up those of its own rows. `_join_accumulated` makes of these
        sums what one process has.
        """
        if running.rows is not None and self not in running.parted:
            running.parted.append(self)
            if sharers().rank > 0:  # what is there already, all ranks have: the first one keeps it
                for group in self._groups:
                    group.slots["gradient_accumulator"].flat.fill(0)
        for group, indices in selected:
            sums = group.slots["gradient_accumulator"].flat
            for start, stop in group.spans(indices):
                total, grads = sums[start:stop], group.grads[start:stop]
                if last:
                    grads += total
                    grads /= self.gradient_accumulation_steps
                    total.fill(0)
                else:
                    total += grads
        if last and self in running.parted:
            whole = [group for group, indices in selected if indices is group.indices]
            if len(whole) == len(self._groups):  # all sums are zero
                running.parted.remove(self)

    def _join_accumulated(self, ranks: Ranks) -> None:
        """Give all ranks the sums of what each has accumulated."""
        for group in self._groups:
            group.unshare()
            ranks.add(group.slots["gradient_accumulator"].flat)

    def _add_noise(self, selected: _Selected, last: bool) -> None:
        """Add the noise of an update to its gradient.

        Args:
            selected: what is to be updated.
            last: whether the update comes with this step.
        """
        self._largest_share = max(self._share or 0.0, self._largest_share)
        if not last:
            return
        share, self._largest_share = self._largest_share, 0.0
        share /= self.gradient_accumulation_steps or 1
        deviation = self.noise_multiplier * self.clipnorm_per_sample * share
        for part in _gradients(selected):
            random_kernels.add_normal(part, deviation, self._noise.next_key())

    def _clip(self, selected: _Selected) -> None:
        """Clip the gradients by one of the three arguments; a negative bound clips nothing."""
        if self.clipnorm and self.clipnorm > 0:
            views = [group.grad_views[i] for group, indices in selected for i in indices]
            for view, squared in zip(views, _norms_squared(selected)):
                view *= self.clipnorm / max(squared**0.5, self.clipnorm)
        elif self.global_clipnorm and self.global_clipnorm > 0:
            norm = sum(_norms_squared(selected)) ** 0.5
            # An infinite norm makes NaN, like any gradient that is not finite.
            scale = self.global_clipnorm / max(norm, self.global_clipnorm) + (norm - norm)
            if scale != 1:
                for part in _gradients(selected):
                    part *= scale
        elif self.clipvalue and self.clipvalue > 0:
            for part in _gradients(selected):
                np.clip(part, -self.clipvalue, self.clipvalue, out=part)

    def _update(self, selected: _Selected, rate: float, step: int) -> None:
        """Update the values by the gradients in the flat arrays.

        Args:
            selected: what is to be updated.
            rate: the learning rate.
            step: the number of updates before this one.
        """
        own_step = type(self).update_step is not Optimizer.update_step
        decay = None
        if own_step or self._per_variable or self._excluded[0] or self._excluded[1]:
            self._decay_weights(selected, rate)
        elif self.weight_decay is not None:
            decay = self.weight_decay * rate
        if own_step:
            with no_recording():
                learning_rate = self.learning_rate
                for group, indices in selected:
                    for i in indices:
                        # A copy: the class may keep it.
                        gradient = Tensor(np.array(group.grad_views[i]))
                        self.update_step(gradient, group.variables[i], learning_rate)
        elif self._per_variable:
            for group, indices in selected:
                for i in indices:
                    self._update_variable(group, i, rate, step)
        else:
            kernel, scalars = self._update_rule(rate, step)
            for group, indices in selected:
                group.update(kernel, scalars, indices, decay)

    def _refuses_split(self) -> str | None:
        if type(self).update_step is not Optimizer.update_step:
            return "its `update_step` is one's own"
        if self._per_variable:
            return "it looks at each variable as a whole"
        return super()._refuses_split()

    def _update_rule(self, rate: float, step: int) -> tuple[Callable, tuple]:
        """Return the elementwise kernel of this step, and the scalars it needs after its arrays.

        The first of them is the learning rate, or what stands for it.

        Args:
            rate: the learning rate.
            step: the number of updates before this one.
        """
        raise NotImplementedError(
            f"Optimizer '{type(self).__name__}' must override "
            "`update_step(self, gradient, variable, learning_rate)`."
        )

    def _update_variable(self, group: FlatGroup, index: int, rate: float, step: int) -> None:
        """Update one variable in place; for `_per_variable` optimizers."""
        raise NotImplementedError(f"{type(self).__name__} must override `_update_variable`.")

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Update one variable.

        Args:
            gradient: its gradient.
            variable: the variable.
            learning_rate: the learning rate.
        """
        group, i = self._places[variable]
        group.unshare()
        group.grad_views[i][...] = to_array(gradient, group.dtype)
        rate, step = float(to_array(learning_rate)), int(to_array(self.iterations))
        if self._per_variable:
            self._update_variable(group, i, rate, step)
        else:
            group.update(*self._update_rule(rate, step), [i])
        group.unshare()  # see `_step`

    # Weight decay.

    def _decay_weights(self, selected: _Selected, rate: float) -> None:
        """Take weight decay off the variables that are not excluded, before their update."""
        for group, indices in selected:
            for i in indices:
                decay = self._weight_decay_of(group.variables[i])
                if decay is not None:
                    view = group.values.views[i]
                    view -= view * (decay * rate)

    def _weight_decay_of(self, variable: Variable) -> float | None:
        return self.weight_decay if self._use_weight_decay(variable) else None

    def exclude_from_weight_decay(
        self, var_list: Sequence[Variable] | None = None, var_names: Sequence[str] | None = None
    ) -> None:
        """Leave some variables out of weight decay.

        Args:
            var_list: the variables.
            var_names: regular expressions; variables whose name one of them is found in.
        """
        pattern = re.compile("|".join(sorted(set(var_names)))) if var_names else None
        self._excluded = (set(var_list or ()), pattern)

    def _use_weight_decay(self, variable: Variable) -> bool:
        excluded, pattern = self._excluded
        return variable not in excluded and not (pattern and pattern.search(variable.name))

    # After the update.

    def _average(self, step: int) -> None:
        """Move the averages, and put them in the variables' place every so many steps."""
        momentum = self.ema_momentum if step else 0.0
        for group in self._groups:
            group.unshare()
            averages = group.slots["average"].flat
            kernels.moving_average(
                averages, group.values.flat, np.empty_like(averages), momentum, 1 - momentum
            )
            every = self.ema_overwrite_frequency
            if every and (step + 1) % every == 0:
                group.values.flat[...] = averages

    def _constrain(self, group: FlatGroup, indices: Sequence[int]) -> None:
        indices = [i for i in indices if group.variables[i]._constraint is not None]
        variables = [group.variables[i] for i in indices]
        with no_recording():
            values = [to_array(v._constraint(v.value)) for v in variables]
        group.unshare()  # a constraint may have kept what it was given
        for i, v, value in zip(indices, variables, values):
            group.values.views[i][...] = value if v._split is None else v._split.part(value)

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """End training: put moving averages, if there are any, in the variables' place.

        Args:
            var_list: the variables.
        """
        if not self.use_ema:
            return
        for v in var_list:
            if v not in self._indices:
                raise ValueError(
                    f"{type(self).__name__}.finalize_variable_values: unknown variable '{v.path}'."
                )
            average = self._model_variables_moving_average[self._indices[v]]
            if average is not None:
                v.assign(average.numpy())


class _Clipped(dict):
    """Gradients by leaf in which each example's part is clipped.

    Args:
        grads: the gradients.
        share: what an example's gradient was multiplied by: one over the number of examples.
    """

    def __init__(self, grads: dict, share: float) -> None:
        super().__init__(grads)
        self.share = share


def _has_mask(y: Any) -> bool:
    return getattr(y, "_keras_mask", None) is not None


def _norms_squared(selected: _Selected) -> list[float]:
    """Return the squared length of each variable's gradient, that of a split one over all its parts."""
    norms, parts = [], {}
    for group, indices in selected:
        for i in indices:
            split = group.variables[i]._split
            if split is not None:
                parts.setdefault(split.ranks, []).append(len(norms))
            norms.append(kernels.norm_squared(group.grad_views[i]))
    for ranks, places in parts.items():
        summed = ranks.add(np.array([norms[i] for i in places], np.float64))
        for i, squared in zip(places, summed.tolist()):
            norms[i] = squared
    return norms


def _gradients(selected: _Selected) -> list[np.ndarray]:
    """Return the parts of the flat gradients that belong to what is selected."""
    return [group.grads[start:stop] for group, a in selected for start, stop in group.spans(a)]
