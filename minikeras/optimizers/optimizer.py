"""`Optimizer`: what all optimizers share."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from operator import attrgetter, is_
from typing import Any

import numpy as np

from minikeras.autodiff import Tensor, Variable
from minikeras.autodiff.state import thread
from minikeras.autodiff.tape import no_recording
from minikeras.autodiff.tensor import to_array
from minikeras.common.configurable import Configurable
from minikeras.common.naming import auto_name
from minikeras.common.object_family import FamilyMember, ObjectFamily
from minikeras.common.settings import settings
from minikeras.kernels import optimizer_updates as kernels
from minikeras.optimizers.flat import FlatGroup
from minikeras.optimizers.schedules.learning_rate_schedule import LearningRateSchedule

_COUNTER = np.dtype("int32")
_constraint_of = attrgetter("_constraint")
_node_of = attrgetter("node")

_Work = list[tuple[FlatGroup, Sequence[int]]]
"""Groups and the indices of those of their variables that are to be updated."""

FAMILY = ObjectFamily("optimizer", ignore_case=True)
"""Every optimizer by name."""


class Optimizer(FamilyMember, Configurable, family=FAMILY):
    """Base of all optimizers.

    `build` gives the optimizer the variables that it will update; `apply` updates them by their
    gradients.

    A new optimizer overrides `build`, to make its slots with `add_optimizer_variables`;
    `update_step(gradient, variable, learning_rate)`, which changes one variable with `assign`,
    `assign_add` or `assign_sub`; and `get_config`.

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

    argument_sources = {
        "name": "name",
        "learning_rate": lambda optimizer: optimizer._rate_argument(),
    }

    _custom_apply = False
    """Whether a user's class replaced `apply`, so that no gradient may pass it by."""

    _flattens = True
    """Whether this optimizer updates variables itself, or leaves that to others inside it."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "apply" in cls.__dict__:
            cls._custom_apply = "apply_flat" not in cls.__dict__

    def __init__(
        self,
        learning_rate: Any,
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
        self.__dict__["_variables"] = []
        learning_rate = _old_arguments(type(self).__name__, learning_rate, kwargs)
        self.name = name if name is not None else auto_name(type(self).__name__)
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.global_clipnorm = global_clipnorm
        self.clipvalue = clipvalue
        self.use_ema = use_ema
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self.ema_momentum = ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self._check_arguments()
        self.built = False
        self._trainable_variables: list[Variable] = []
        self._groups: list[FlatGroup] = []
        self._places: dict[Variable, tuple[FlatGroup, int]] = {}
        self._indices: dict[Variable, int] = {}
        self._overwritten: list[Variable] = []
        self._targets: tuple[list, dict] = ([], {})
        self._excluded: tuple[set, re.Pattern | None] = (set(), None)
        with self._scope():
            self._iterations = Variable(0, dtype="int32", trainable=False, name="iteration")
        if not callable(learning_rate):
            if not isinstance(learning_rate, float):
                raise ValueError(
                    f"{type(self).__name__}: argument `learning_rate` must be a float, a "
                    "LearningRateSchedule, or a function of no arguments that returns the learning "
                    f"rate. Received: learning_rate={learning_rate!r}"
                )
            with self._scope():
                learning_rate = Variable(
                    learning_rate, dtype=settings.floatx, trainable=False, name="learning_rate"
                )
        self._learning_rate = learning_rate

    def _check_arguments(self) -> None:
        kind = type(self).__name__
        steps = self.gradient_accumulation_steps
        if steps and not steps >= 2:
            raise ValueError(
                f"{kind}: `gradient_accumulation_steps` must be an integer >= 2. Received: "
                f"gradient_accumulation_steps={steps}"
            )
        if self.use_ema:
            if not 0 <= self.ema_momentum <= 1:
                raise ValueError(
                    f"{kind}: `ema_momentum` must be in the range [0, 1]. Received: "
                    f"ema_momentum={self.ema_momentum}"
                )
            every = self.ema_overwrite_frequency
            if every and (not isinstance(every, int) or every < 1):
                raise ValueError(
                    f"{kind}: `ema_overwrite_frequency` must be an integer >= 1 or None. Received: "
                    f"ema_overwrite_frequency={every}"
                )
        clips = (self.clipnorm, self.clipvalue, self.global_clipnorm)
        if sum(clip is not None for clip in clips) > 1:
            raise ValueError(
                f"{kind}: only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be set. "
                f"Received: clipnorm={clips[0]}, clipvalue={clips[1]}, global_clipnorm={clips[2]}"
            )

    def __setattr__(self, name: str, value: Any) -> None:
        """Keep account of the variables that attributes hold."""
        own = self.__dict__.get("_variables")
        if own is None:
            raise RuntimeError(
                f"In optimizer '{type(self).__name__}', `super().__init__()` has to be called "
                "before attributes are set."
            )
        if isinstance(value, Variable):
            self._track(value)
        super().__setattr__(name, value)

    def _track(self, variable: Variable) -> None:
        if not any(v is variable for v in self._variables):
            self._variables.append(variable)

    @contextmanager
    def _scope(self) -> Iterator[None]:
        """Put this optimizer's name before the paths of variables made inside."""
        before = thread.state.scopes
        if before[-1:] != [self.name]:
            thread.state.scopes = [*before, self.name]
        try:
            yield
        finally:
            thread.state.scopes = before

    # Variables.

    @property
    def variables(self) -> list[Variable]:
        """The optimizer's own variables: iteration, learning rate, and slots."""
        found = self._variables[:]
        known = {id(v) for v in found} | {id(v) for v in self._trainable_variables}
        for name, value in self.__dict__.items():  # lists that a user's class has filled itself
            if name != "_variables" and isinstance(value, (list, tuple)):
                for v in value:
                    if isinstance(v, Variable) and id(v) not in known:
                        known.add(id(v))
                        found.append(v)
        return found

    @property
    def iterations(self) -> Any:
        """The number of updates so far."""
        if self.gradient_accumulation_steps:
            return Tensor(self._iterations.array // _COUNTER.type(self.gradient_accumulation_steps))
        return self._iterations

    @property
    def learning_rate(self) -> Any:
        """The learning rate of the next update. Assign a float, a schedule, or a function."""
        rate = self._learning_rate
        if isinstance(rate, Variable):
            return rate
        return rate(self._iterations) if isinstance(rate, LearningRateSchedule) else rate()

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        current = self._learning_rate
        if callable(value):
            if isinstance(current, Variable):
                self._variables = [v for v in self._variables if v is not current]
            self._learning_rate = value
        elif isinstance(current, Variable):
            current.assign(value)
        else:
            kind = "schedule" if isinstance(current, LearningRateSchedule) else "function"
            raise TypeError(
                f"{type(self).__name__} was created with a {kind} as its learning rate, so it is "
                "not settable to a number. Create it with a float `learning_rate` instead. "
                f"Received: learning_rate={value!r}"
            )

    def _rate_argument(self) -> Any:
        rate = self._learning_rate
        return rate.array.item() if isinstance(rate, Variable) else rate

    def _rate(self) -> float:
        """The learning rate as a Python float."""
        rate = self._learning_rate
        if type(rate) is Variable:
            return rate.array.item()
        return float(to_array(self.learning_rate))

    def build(self, variables: Sequence[Variable]) -> None:
        """Take over the variables to be updated, and make the slots.

        Their values move, unchanged, into flat arrays.

        Args:
            variables: the trainable variables, in the order of later gradients.
        """
        variables = list(variables)
        for v in variables:
            if not isinstance(v, Variable):
                raise ValueError(
                    f"{type(self).__name__}.build: expected variables. Received: {v!r} of type "
                    f"{type(v).__name__}"
                )
        self._trainable_variables = variables
        self._indices = {v: i for i, v in enumerate(variables)}
        if len(self._indices) != len(variables):
            raise ValueError(f"{type(self).__name__}.build: a variable is given twice.")
        self._overwritten = [v for v in variables if v.overwrite_with_gradient]
        if self._flattens:
            by_dtype: dict[Any, list[Variable]] = {}
            for v in variables:
                if not v.overwrite_with_gradient:
                    by_dtype.setdefault(v.array.dtype, []).append(v)
            self._groups = [FlatGroup(members) for members in by_dtype.values()]
            self._places = {v: (g, i) for g in self._groups for i, v in enumerate(g.variables)}
        if self.use_ema:
            self._model_variables_moving_average = self.add_optimizer_variables(
                variables, "average"
            )
        if self.gradient_accumulation_steps:
            # Overwritten variables have an accumulator too.
            self._accumulated_gradients = [
                self.add_variable_from_reference(v, "gradient_accumulator") for v in variables
            ]
            self._add_slot("gradient_accumulator", self._accumulated_gradients)
        self.built = True

    def _add_slot(self, name: str, of_all: Sequence[Variable | None]) -> None:
        """Lay a slot of all variables out like the variables."""
        slot = dict(zip(self._trainable_variables, of_all))
        for group in self._groups:
            group.add_slot(name, [slot[v] for v in group.variables])

    def _add_slots(
        self,
        variables: Sequence[Variable],
        *names: str | tuple[str, ...] | None,
        scratch: int = 1,
        initializers: dict[str, Any] | None = None,
    ) -> list[list]:
        """Make the slots that `_kernel` is given, in its order.

        Args:
            variables: the variables.
            *names: names of the slots; those in a tuple are made by turns, variable by variable.
                None for a slot that the kernel goes without.
            scratch: number of scratch arrays that the kernel needs.
            initializers: initializers by name, zeros for the others.

        Returns:
            A list of variables for each name, empty for None.
        """
        made: list[list] = []
        order: list[str | None] = []
        for name in names:
            together = name if isinstance(name, tuple) else (name,)
            order += together
            if name is None:
                made.append([])
            else:
                how = [(initializers or {}).get(n, "zeros") for n in together]
                made += self.add_optimizer_variables(variables, together, how)
        for group in self._groups:
            group.plan(order, scratch)
        return made

    def add_variable(
        self,
        shape: Any,
        initializer: Any = "zeros",
        dtype: Any = None,
        aggregation: str = "none",
        layout: Any = None,
        name: str | None = None,
    ) -> Variable:
        """Make a variable of this optimizer.

        Args:
            shape: its shape.
            initializer: an initializer or its name.
            dtype: its dtype, `floatx` if None.
            aggregation, layout: for distribution; without effect on one machine.
            name: its name.
        """
        if initializer == "zeros":
            initializer = _zeros
        elif isinstance(initializer, (str, dict)):
            from minikeras import initializers

            initializer = initializers.get(initializer)
        with self._scope():
            variable = Variable(
                initializer, shape, dtype, trainable=False, aggregation=aggregation, name=name
            )
        self._track(variable)
        return variable

    def add_variable_from_reference(
        self, reference_variable: Variable, name: str | None = None, initializer: Any = "zeros"
    ) -> Variable:
        """Make a variable of the shape and dtype of another, named after it.

        Args:
            reference_variable: the variable that the new one belongs to.
            name: what it is to it, such as `"momentum"`.
            initializer: an initializer or its name.
        """
        return self.add_variable(
            reference_variable.shape,
            initializer,
            reference_variable.dtype,
            name=f"{reference_variable.path.replace('/', '_')}_{name or 'var'}",
        )

    def add_optimizer_variables(
        self, trainable_variables: Sequence[Variable], name: Any, initializer: Any = "zeros"
    ) -> Any:
        """Make one or more slots: a variable for each variable to be updated.

        Args:
            trainable_variables: the variables to be updated.
            name: name of the slot, or names of several.
            initializer: initializer, or one for each name.

        Returns:
            A list of variables, or a tuple of one list for each name. None stands in place of
            variables that are overwritten by their gradient.
        """
        names = [name] if isinstance(name, str) else list(name)
        if isinstance(initializer, (list, tuple)):
            initializers = list(initializer)
        else:
            initializers = [initializer] * len(names)
        if len(initializers) != len(names):
            raise ValueError(
                f"add_optimizer_variables: expected an initializer for each of {len(names)} names. "
                f"Received: name={name}, initializer={initializer}"
            )
        slots: tuple[list, ...] = tuple([] for _ in names)
        for v in trainable_variables:
            for slot, n, init in zip(slots, names, initializers):
                slot.append(
                    None
                    if v.overwrite_with_gradient
                    else self.add_variable_from_reference(v, n, init)
                )
        mine = self._trainable_variables
        if len(mine) == len(trainable_variables) and all(map(is_, mine, trainable_variables)):
            for n, slot in zip(names, slots):
                self._add_slot(n, slot)
        return slots[0] if isinstance(name, str) else slots

    def assign(self, variable: Variable, value: Any) -> None:
        """Give a variable a new value; for use in `update_step`."""
        variable.assign(value)

    def assign_add(self, variable: Variable, value: Any) -> None:
        """Add to a variable; for use in `update_step`."""
        variable.assign_add(value)

    def assign_sub(self, variable: Variable, value: Any) -> None:
        """Subtract from a variable; for use in `update_step`."""
        variable.assign_sub(value)

    def _get_variable_index(self, variable: Variable) -> int:
        return self._indices[variable]

    # Updates, from outside to inside.

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

        Raises:
            ValueError: if the optimizer does not know a variable, or gradients do not fit them.
        """
        grads = list(grads)
        if not grads:
            return
        if trainable_variables is None:
            if not self.built:
                raise ValueError(
                    f"{type(self).__name__}.apply: without `trainable_variables` the optimizer has "
                    "to be built. Call `optimizer.build(trainable_variables)` first."
                )
            variables = self._trainable_variables
        else:
            variables = list(trainable_variables)
            if not self.built:
                with self._scope():
                    self.build(variables)
        if len(grads) != len(variables):
            raise ValueError(
                f"{type(self).__name__}.apply: expected one gradient for each of {len(variables)} "
                f"variables. Received: {len(grads)} gradients"
            )
        if variables is not self._trainable_variables:
            self._check_known(variables)
        self._apply(self._take(grads, variables))

    def _check_known(self, variables: Sequence[Variable]) -> None:
        for v in variables:
            if not isinstance(v, Variable) or v not in self._indices:
                raise ValueError(
                    f"Unknown variable: {v!r}. {type(self).__name__} '{self.name}' can only be "
                    "called for the variables it was built with. Create a new optimizer for a new "
                    "set of variables."
                )

    def _take(self, grads: list, variables: list[Variable]) -> _Work:
        """Copy gradients to where updates read them; return what is to be updated."""
        present = [(g, v) for g, v in zip(grads, variables) if g is not None]
        if not present:
            raise ValueError("No gradients provided for any variable.")
        if len(present) < len(variables):
            missing = [v.path for g, v in zip(grads, variables) if g is None]
            warnings.warn(
                f"Gradients do not exist for variables {missing} when minimizing the loss. If you "
                "use `model.compile()`, did you forget the `loss` argument?",
                stacklevel=3,
            )
        active: dict[int, dict[int, None]] = {id(group): {} for group in self._groups}
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
            if i in active[id(group)]:
                raise ValueError(
                    f"{type(self).__name__}.apply: variable '{v.path}' is given twice. Add its "
                    "gradients up, or call `apply` twice."
                )
            active[id(group)][i] = None
            group.grad_views[i][...] = array
        work = [(group, list(active[id(group)])) for group in self._groups]
        return [
            (group, group.everything if len(a) == len(group.variables) else a)
            for group, a in work
            if a
        ]

    def gradient_targets(self) -> dict:
        """Return, for each leaf of the tape, the array that its gradient should be written into.

        For `backpropagate(out=...)`, whose result `apply_flat` takes. The arrays are used again at
        every step.
        """
        leaves, targets = self._targets
        now = list(map(_node_of, self._places))
        # Leaves compare by identity.
        if now != leaves:
            views = [view for group in self._groups for view in group.grad_views]
            targets = {leaf: view for leaf, view in zip(now, views) if leaf is not None}
            self._targets = (now, targets)
        return targets

    def apply_flat(self, grads: dict) -> None:
        """Update all variables by the gradients that the tape has found.

        A variable that the loss does not depend on has a gradient of zero; one that is not
        trainable (any more) is left alone.

        Args:
            grads: gradient by leaf, best in the arrays of `gradient_targets`; others are copied.
        """
        if self._custom_apply:
            variables = [v for v in self._trainable_variables if v.node is not None]
            zero = [np.zeros_like(v.array) if v.node not in grads else None for v in variables]
            self.apply(
                [
                    Tensor(np.array(grads[v.node]) if z is None else z)
                    for z, v in zip(zero, variables)
                ],
                variables,
            )
            return
        self._apply(self._collect(grads))

    def _collect(self, grads: dict) -> _Work:
        """`_take`, for gradients by leaf."""
        targets = self._targets[1]
        if len(targets) == len(self._trainable_variables) and all(
            map(is_, map(grads.get, targets), targets.values())
        ):
            return [(group, group.everything) for group in self._groups]
        work: _Work = []
        for group in self._groups:
            leaves = list(map(_node_of, group.variables))
            active: Sequence[int] = group.everything
            found = list(map(grads.get, leaves))
            if not all(map(is_, found, group.grad_views)):
                for g, view in zip(found, group.grad_views):
                    if g is None:
                        view.fill(0)
                    elif g is not view:
                        view[...] = g
                if None in leaves:
                    active = [i for i, leaf in enumerate(leaves) if leaf is not None]
            if active:
                work.append((group, active))
        for v in self._overwritten:
            if v.node in grads:
                self._overwrite(v, np.asarray(grads[v.node]))
        return work

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

    def _apply(self, work: _Work) -> None:
        """Make one step with the gradients in the flat arrays."""
        count = int(self._iterations.array)
        steps = self.gradient_accumulation_steps
        step = count // steps if steps else count
        last = not steps or (count + 1) % steps == 0
        rate = self._rate() if last else 0.0
        for group in self._groups:
            group.settle()
        if self.loss_scale_factor is not None:
            for group, a in work:
                for start, stop in group.spans(a):
                    group.grads[start:stop] /= self.loss_scale_factor
        if steps:
            self._accumulate(work, last)
        if last and work:
            if self.clipnorm or self.global_clipnorm or self.clipvalue:
                self._clip(work)
            self._update(work, rate, step)
        if self.use_ema:
            self._average(step)
        for group, a in work:
            if any(map(_constraint_of, group.variables)):
                self._constrain(group, a)
        self._iterations.array = self._iterations.array + 1

    def _accumulate(self, work: _Work, last: bool) -> None:
        """Add gradients up; on the last step of a round, leave their mean in their place."""
        for group, a in work:
            sums = group.slots["gradient_accumulator"].flat
            for start, stop in group.spans(a):
                total, grads = sums[start:stop], group.grads[start:stop]
                if last:
                    grads += total
                    grads /= self.gradient_accumulation_steps
                    total.fill(0)
                else:
                    total += grads

    def _clip(self, work: _Work) -> None:
        if self.clipnorm and self.clipnorm > 0:
            for group, a in work:
                for i in a:
                    view = group.grad_views[i]
                    view *= self.clipnorm / max(kernels.norm_squared(view) ** 0.5, self.clipnorm)
        elif self.global_clipnorm and self.global_clipnorm > 0:
            views = [group.grad_views[i] for group, a in work for i in a]
            norm = sum(map(kernels.norm_squared, views)) ** 0.5
            # An infinite norm makes NaN, like any gradient that is not finite.
            scale = self.global_clipnorm / max(norm, self.global_clipnorm) + (norm - norm)
            if scale != 1:
                for group, a in work:
                    for start, stop in group.spans(a):
                        group.grads[start:stop] *= scale
        elif self.clipvalue and self.clipvalue > 0:
            for group, a in work:
                for start, stop in group.spans(a):
                    part = group.grads[start:stop]
                    np.clip(part, -self.clipvalue, self.clipvalue, out=part)

    def _update(self, work: _Work, rate: float, step: int) -> None:
        """Update the values by the gradients in the flat arrays."""
        if type(self).update_step is not Optimizer.update_step:
            self._decay_weights(work, rate)
            with no_recording():
                learning_rate = self.learning_rate
                for group, a in work:
                    for i in a:
                        # A copy: the class may keep it.
                        gradient = Tensor(np.array(group.grad_views[i]))
                        self.update_step(gradient, group.variables[i], learning_rate)
            return
        decay = None
        if self.weight_decay is not None:
            if self._excluded[0] or self._excluded[1] or self._whole_variables:
                self._decay_weights(work, rate)
            else:
                decay = self.weight_decay * rate
        self._fused_update(work, rate, step, decay)

    _whole_variables = False
    """Whether `_update_variable` sees one variable at a time, not `_kernel` all at once."""

    def _fused_update(self, work: _Work, rate: float, step: int, decay: float | None) -> None:
        if self._whole_variables:
            for group, a in work:
                for i in a:
                    self._update_variable(group, i, rate, step)
            return
        kernel, numbers = self._kernel(rate, step)
        for group, a in work:
            group.update(kernel, numbers, decay, a)

    def _kernel(self, rate: float, step: int) -> tuple[Callable, tuple]:
        """Return the elementwise kernel of this step, and the numbers it needs after its arrays.

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
        """Update one variable in place; for optimizers with `_whole_variables`."""
        raise NotImplementedError(f"{type(self).__name__} must override `_update_variable`.")

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Update one variable.

        Args:
            gradient: its gradient.
            variable: the variable.
            learning_rate: the learning rate.
        """
        group, i = self._places[variable]
        group.settle()
        group.grad_views[i][...] = to_array(gradient, group.dtype)
        step = int(to_array(self.iterations))
        self._fused_update([(group, [i])], float(to_array(learning_rate)), step, None)

    def _decay_weights(self, work: _Work, rate: float) -> None:
        """Take weight decay off the variables that are not excluded, before their update."""
        for group, a in work:
            for i in a:
                v, view = group.variables[i], group.values.views[i]
                decay = self._weight_decay_of(v)
                if decay is not None:
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

    def _average(self, step: int) -> None:
        """Move the averages, and put them in the variables' place every so many steps."""
        momentum = self.ema_momentum if step else 0.0
        for group in self._groups:
            group.settle()
            averages = group.slots["average"].flat
            kernels.moving_average(
                averages, group.values.flat, np.empty_like(averages), momentum, 1 - momentum
            )
            every = self.ema_overwrite_frequency
            if every and (step + 1) % every == 0:
                group.values.flat[...] = averages

    def _constrain(self, group: FlatGroup, active: Sequence[int]) -> None:
        constraints = [(i, group.variables[i]._constraint) for i in active]
        indices = [i for i, constraint in constraints if constraint is not None]
        with no_recording():
            values = [
                to_array(constraint(group.variables[i].value))
                for i, constraint in constraints
                if constraint is not None
            ]
        group.settle()  # a constraint may have kept what it was given
        for i, value in zip(indices, values):
            group.values.views[i][...] = value

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

    def stateless_apply(
        self,
        optimizer_variables: Sequence[Any],
        grads: Sequence[Any],
        trainable_variables: Sequence[Any],
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Compute an update without making it.

        Args:
            optimizer_variables: values of `optimizer.variables`.
            grads: the gradients.
            trainable_variables: values of the variables that the optimizer was built with.

        Returns:
            The new values of the trainable variables and of the optimizer's variables.
        """
        kind = type(self).__name__
        if not self.built:
            raise ValueError(
                f"{kind}.stateless_apply: the optimizer has to be built. Call "
                "`optimizer.build(trainable_variables)` first."
            )
        own = self.variables
        for argument, given, expected in (
            ("optimizer_variables", optimizer_variables, own),
            ("trainable_variables", trainable_variables, self._trainable_variables),
        ):
            if len(given) != len(expected):
                raise ValueError(
                    f"{kind}.stateless_apply: `{argument}` must match the optimizer's "
                    f"{len(expected)} variables one to one. Received: {len(given)} values"
                )
        all_variables = [*self._trainable_variables, *own]
        before = [v.array for v in all_variables]
        try:
            for v, value in zip(all_variables, [*trainable_variables, *optimizer_variables]):
                v.assign(value)
            self.apply(list(grads))
            after = [Tensor(np.array(v.array)) for v in all_variables]
        finally:
            for v, value in zip(all_variables, before):
                v.array = value
        n = len(self._trainable_variables)
        return after[:n], after[n:]

    def scale_loss(self, loss: Any) -> Any:
        """Return the loss times `loss_scale_factor`; `apply` divides gradients by it."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    # Saving.

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Set the values of `variables`.

        Raises:
            ValueError: if the optimizer is not built, or a shape differs.
        """
        if not self.built:
            raise ValueError(
                f"{type(self).__name__}.set_weights: the optimizer has to be built. Call "
                "`optimizer.build(trainable_variables)` first."
            )
        own = self.variables
        if len(weights) != len(own):
            raise ValueError(
                f"{type(self).__name__}.set_weights: expected {len(own)} arrays. Received: "
                f"{len(weights)}"
            )
        arrays = [to_array(w) for w in weights]
        for v, array in zip(own, arrays):
            if v.shape != array.shape:
                raise ValueError(
                    f"{type(self).__name__}.set_weights: variable '{v.path}' has shape {v.shape}. "
                    f"Received: an array of shape {array.shape}"
                )
        for v, array in zip(own, arrays):
            v.assign(array)

    def save_own_variables(self, store: Any) -> None:
        """Write the values of `variables` into a dict-like store."""
        for i, v in enumerate(self.variables):
            store[str(i)] = v.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Read the values of `variables` from a dict-like store; warn if their number differs."""
        own = self.variables
        if len(store.keys()) != len(own):
            hint = "" if self.built else " Probably because the optimizer has not been built yet."
            warnings.warn(
                f"Skipping variable loading for optimizer '{self.name}', because it has {len(own)} "
                f"variables whereas the saved optimizer has {len(store.keys())} variables.{hint}",
                stacklevel=2,
            )
            return
        for i, v in enumerate(own):
            v.assign(store[str(i)])


def _zeros(shape: tuple, dtype: Any = None) -> np.ndarray:
    return np.zeros(shape, dtype)


def _old_arguments(kind: str, learning_rate: Any, kwargs: dict) -> Any:
    """Return the learning rate, under the old name `lr` too; no other argument may be left.

    Raises:
        ValueError: for an argument that no dialect of Keras knows.
    """
    learning_rate = kwargs.pop("lr", learning_rate)
    if kwargs.pop("decay", None) is not None:
        warnings.warn(
            f"{kind}: argument `decay` is no longer supported and will be ignored. Use a schedule "
            "such as optimizers.schedules.InverseTimeDecay as `learning_rate`.",
            stacklevel=4,
        )
    if kwargs:
        raise ValueError(f"{kind}: argument(s) not recognized: {kwargs}")
    return learning_rate
