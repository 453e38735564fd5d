"""`BaseOptimizer`: what optimizers are made with and what they keep.

What they do with it is in `optimizer.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import is_
from typing import Annotated, Any

import numpy as np

from minikeras import initializers
from minikeras.autodiff import Tensor, Variable
from minikeras.autodiff.state import thread
from minikeras.autodiff.tensor import to_array
from minikeras.autodiff.tracking import Trackable, assign_values, name_scopes, substituted
from minikeras.common.arguments import Count, Fraction, Kind, NonNegative, Positive, PositiveInt
from minikeras.common.configurable import OMIT, Configurable
from minikeras.common.naming import auto_name
from minikeras.common.ranks import Split
from minikeras.common.settings import settings
from minikeras.common.traceback_utils import warn
from minikeras.optimizers.flat import FlatGroup
from minikeras.optimizers.schedules.learning_rate_schedule import LearningRateSchedule
from minikeras.random.seed_generator import SeedGenerator

_COUNTER = np.dtype("int32")


def _learning_rate_argument(optimizer: BaseOptimizer) -> Any:
    rate = optimizer._learning_rate
    return rate.array.item() if isinstance(rate, Variable) else rate


def _if_given(name: str) -> Any:
    """Return a source that leaves an argument out where it is None: Keras does not know it."""
    return lambda optimizer: OMIT if getattr(optimizer, name) is None else getattr(optimizer, name)


RateLike = Annotated[
    Any,
    Kind(
        "a float, a LearningRateSchedule, or a function of no arguments that returns the rate",
        lambda value: (
            value == value
            if isinstance(value, float)
            else callable(value) and not isinstance(value, type)
        ),
    ),
]


class BaseOptimizer(Trackable, Configurable):
    """What optimizers are made with, and the variables that they keep; see `Optimizer`."""

    argument_sources = {
        "name": "name",
        "learning_rate": _learning_rate_argument,
        **{
            name: _if_given(name)
            for name in ("clipnorm_per_sample", "noise_multiplier", "noise_seed")
        },
    }

    hands_on_arguments = True

    untracked = frozenset(
        {"_trainable_variables", "_overwritten", "_targets", "_noise", "_known_plans"}
    )

    _is_flat = True
    """Whether it updates variables itself, in flat arrays, or leaves that to others inside it."""

    # What `build` makes.
    _trainable_variables: Sequence[Variable] = ()
    _indices: Mapping[Variable, int] = {}
    _overwritten: Sequence[Variable] = ()
    """Variables whose gradient is their next value."""
    _groups: Sequence[FlatGroup] = ()
    """The other variables, by dtype."""
    _places: Mapping[Variable, tuple[FlatGroup, int]] = {}
    """Each one's group, and its index there."""
    _targets: tuple[list, dict, list] = ([], {}, [])
    """Leaves and targets of the last `gradient_targets`, and all groups with all their indices."""

    def __init__(
        self,
        learning_rate: RateLike,
        weight_decay: float | None = None,
        clipnorm: Positive | None = None,
        clipvalue: Positive | None = None,
        global_clipnorm: Positive | None = None,
        use_ema: bool = False,
        ema_momentum: Fraction = 0.99,
        ema_overwrite_frequency: PositiveInt | None = None,
        loss_scale_factor: Positive | None = None,
        gradient_accumulation_steps: Count | None = None,
        name: str | None = None,
        *,
        clipnorm_per_sample: Positive | None = None,
        noise_multiplier: NonNegative | None = None,
        noise_seed: Count | None = None,
        **kwargs: Any,
    ) -> None:
        kind = type(self).__name__
        self.name = name if name is not None else auto_name(kind)
        if kwargs.pop("decay", None) is not None:
            warn(
                f"{kind}: argument `decay` is no longer supported and will be ignored. Use a "
                "schedule such as optimizers.schedules.InverseTimeDecay as `learning_rate`."
            )
        if kwargs:
            hint = " Did you mean `learning_rate`?" if "lr" in kwargs else ""
            raise ValueError(f"{kind}: argument(s) not recognized: {kwargs}.{hint}")
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        self.use_ema = use_ema
        self.ema_momentum = ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self.clipnorm_per_sample = clipnorm_per_sample
        self.noise_multiplier = noise_multiplier
        self.noise_seed = noise_seed
        self._check_arguments()
        self.built = False
        scopes = self._scopes()
        self._iterations = self.make_variable(
            scopes, 0, dtype="int32", trainable=False, name="iteration"
        )
        if noise_multiplier:
            with name_scopes(scopes):
                self._noise = SeedGenerator(noise_seed, name="noise")
            self._noise_state = self._noise.state  # saved with the optimizer
        if isinstance(learning_rate, float):
            learning_rate = self.make_variable(
                scopes, learning_rate, dtype=settings.floatx, trainable=False, name="learning_rate"
            )
        self._learning_rate = learning_rate

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> Any:
        """Make an optimizer from its config."""
        if "lr" in config:  # the name of `learning_rate` in old files
            config = {**config, "learning_rate": config["lr"]}
            del config["lr"]
        return super().from_config(config, custom_objects)

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
        if self.noise_multiplier and self.clipnorm_per_sample is None:
            raise ValueError(
                f"{kind}: `noise_multiplier` says how much noise there is for a bound on each "
                "example's gradient: set `clipnorm_per_sample` too. Received: "
                f"noise_multiplier={self.noise_multiplier}, clipnorm_per_sample=None"
            )

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
        return rate(self.iterations) if isinstance(rate, LearningRateSchedule) else rate()

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        current = self._learning_rate
        if callable(value):
            self._variables_made = [v for v in self._variables_made if v is not current]
            self._learning_rate = value
        elif isinstance(current, Variable):
            current.assign(value)
        else:
            scheduled = isinstance(current, LearningRateSchedule)
            kind = "LearningRateSchedule" if scheduled else "function"
            raise TypeError(
                f"{type(self).__name__} was created with a {kind} as its learning rate, so it is "
                "not settable to a number. Create it with a float `learning_rate` instead. "
                f"Received: learning_rate={value!r}"
            )

    # Slots: what is kept for each variable.

    def build(self, variables: Sequence[Variable]) -> None:
        """Take over the variables to be updated, and make the slots.

        Their values move, unchanged, into flat arrays.

        Args:
            variables: the trainable variables, in the order of later gradients.
        """
        has_slots = type(self)._build_slots is not BaseOptimizer._build_slots
        if self.built and has_slots:  # a user's own class decides about a second build itself
            return
        variables = list(variables)
        for v in variables:
            if not isinstance(v, Variable):
                raise ValueError(
                    f"{type(self).__name__}.build: expected variables. Received: {v!r} of type "
                    f"{type(v).__name__}"
                )
        if len(set(variables)) != len(variables):
            raise ValueError(f"{type(self).__name__}.build: a variable is given twice.")
        split = [v for v in variables if v._split is not None]
        if split and (problem := self._refuses_split()):
            raise ValueError(
                f"{type(self).__name__} '{self.name}' cannot train '{split[0].path}', which is split over "
                f"{split[0]._split.ranks.size} ranks: {problem}. Use another optimizer, or leave the "
                "variable whole."
            )
        self._trainable_variables = variables
        self._overwritten = [v for v in variables if v.overwrite_with_gradient]
        if self._is_flat:
            by_dtype: dict[Any, list[Variable]] = {}
            for v in variables:
                if not v.overwrite_with_gradient:
                    by_dtype.setdefault(v.array.dtype, []).append(v)
            self._groups = [FlatGroup(members) for members in by_dtype.values()]
        self._index_variables()
        if self.use_ema:
            self._model_variables_moving_average = self.add_optimizer_variables(
                variables, "average"
            )
        if self.gradient_accumulation_steps:
            # Overwritten variables have an accumulator too.
            self._accumulated_gradients = [
                self.add_variable_from_reference(v, "gradient_accumulator") for v in variables
            ]
            self._lay_out_slot("gradient_accumulator", self._accumulated_gradients)
        self.built = True
        self._build_slots(variables)

    def own(self, variables: Sequence[Variable]) -> None:
        """Make sure that these variables are those that updates change; `build` if need be.

        An optimizer that has trained another model of the same shapes goes on with this one: its
        slots and its counter stay.

        Args:
            variables: the trainable variables of a model.

        Raises:
            ValueError: if the optimizer belongs to variables of other shapes.
        """
        if not self.built:
            self.build(variables)
            return
        if self._owns(variables):
            return
        old = self._trainable_variables
        same = len(old) == len(variables) and all(
            (a.shape, a.dtype, a.overwrite_with_gradient)
            == (b.shape, b.dtype, b.overwrite_with_gradient)
            for a, b in zip(old, variables)
        )
        if not same or not self._is_flat:
            unknown = next(v for v in variables if v not in self._indices)
            raise ValueError(
                f"{type(self).__name__} '{self.name}' was built with other variables: it has none for "
                f"'{unknown.path}'. Where layers have been added, unfrozen or changed, or for another "
                "model, compile with a new optimizer."
            )
        self._go_on_with(dict(zip(old, variables)))

    def _owns(self, variables: Sequence[Variable]) -> bool:
        """Whether these are the optimizer's, all of them or, where some are frozen now, a part."""
        return all(v in self._indices for v in variables)

    def _index_variables(self) -> None:
        """Note where each variable is; targets of gradients are looked up anew."""
        self._indices = {v: i for i, v in enumerate(self._trainable_variables)}
        self._places = {v: (g, i) for g in self._groups for i, v in enumerate(g.variables)}
        self._targets = ([], {}, [])

    def _go_on_with(self, new: dict[Variable, Variable]) -> None:
        """Put other variables in the place of those that the optimizer was built with."""
        self._trainable_variables = list(new.values())
        self._overwritten = [new[v] for v in self._overwritten]
        self._groups = [
            group.of_variables([new[v] for v in group.variables]) for group in self._groups
        ]
        self._index_variables()
        for name, value in list(self.__dict__.items()):  # slots that are kept by variable
            if type(value) is dict and value and value.keys() <= new.keys():
                setattr(self, name, {new[v]: slot for v, slot in value.items()})

    def _refuses_split(self) -> str | None:
        """Say why it cannot train variables of which ranks hold parts, None if it can."""
        if self.clipnorm_per_sample is not None:
            return "`clipnorm_per_sample` needs each example's whole gradient"
        return None

    def _build_slots(self, variables: Sequence[Variable]) -> None:
        """Make the slots that are an optimizer's own, and keep them as attributes."""

    def _lay_out_slot(self, name: str, of_all: Sequence[Variable | None]) -> None:
        """Lay a slot of all variables out like the variables."""
        slot = dict(zip(self._trainable_variables, of_all))
        for group in self._groups:
            group.add_slot(name, [slot[v] for v in group.variables])

    def _add_kernel_slots(
        self,
        variables: Sequence[Variable],
        *names: str | tuple[str, ...] | None,
        scratch: int = 1,
        initializers: dict[str, Any] | None = None,
    ) -> list[list]:
        """Make the slots that the kernel of `_update_rule` is given, in its order.

        Args:
            variables: the variables.
            *names: names of the slots; those in a tuple are made together, variable by variable.
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
                each = [(initializers or {}).get(n, "zeros") for n in together]
                made += self.add_optimizer_variables(variables, together, each)
        for group in self._groups:
            group.choose_kernel_arrays(order, scratch)
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
            aggregation: for distribution; without effect.
            layout: how it is split over ranks, if it is a `Split`; without effect else.
            name: its name.
        """
        if isinstance(initializer, (str, dict)):
            initializer = initializers.get(initializer)
        return self.make_variable(
            self._scopes(),
            initializer,
            shape,
            dtype,
            trainable=False,
            aggregation=aggregation,
            name=name,
            split=layout if isinstance(layout, Split) else None,
        )

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
            layout=reference_variable._split,
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
                self._lay_out_slot(n, slot)
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

    # State.

    def __setattr__(self, name: str, value: Any) -> None:
        if name != "name" and "name" not in self.__dict__:
            raise RuntimeError(
                f"In optimizer '{type(self).__name__}', `super().__init__()` has to be called "
                "before attributes are set."
            )
        super().__setattr__(name, value)

    def _scopes(self) -> list[str]:
        """The names that the paths of the optimizer's variables begin with."""
        around = thread.state.scopes
        return around if around[-1:] == [self.name] else [*around, self.name]

    def __getstate__(self) -> dict:
        # Copies have leaves and flat arrays of their own, so their targets are made again.
        return {k: v for k, v in self.__dict__.items() if k not in ("_targets", "_known_plans")}

    @property
    def variables(self) -> list[Variable]:
        """The optimizer's own variables: iteration, learning rate, and slots."""
        return self.own_variables()

    def own_variables(self) -> list[Variable]:
        """Return the optimizer's variables, in the order in which they are saved."""
        updated = {id(v) for v in self._trainable_variables}
        return [v for v in super().own_variables() if id(v) not in updated]

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
        variables = [*self._trainable_variables, *own]
        values = [*trainable_variables, *optimizer_variables]
        arrays = [to_array(value, v.array.dtype) for v, value in zip(variables, values)]
        with substituted(variables, arrays):
            self.apply(list(grads))
            after = [Tensor(v.numpy()) for v in variables]
        n = len(self._trainable_variables)
        return after[:n], after[n:]

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
        assign_values(own, weights)

    _state_to_come: dict[str, np.ndarray] | None = None

    def load_when_built(self, store: Mapping[str, np.ndarray]) -> None:
        """Let `load_own_variables` read from a store as soon as the variables have been made.

        An optimizer that only a step of the user's calls is built in the first one.
        """
        self.__dict__["_state_to_come"] = dict(store)

    def _take_state_to_come(self) -> None:
        store = self.__dict__.pop("_state_to_come")
        self.load_own_variables(store)

    def save_own_variables(self, store: Any) -> None:
        """Write the values of the variables into a dict-like store, by their index."""
        if self._state_to_come is not None:
            store.update(self._state_to_come)
        else:
            super().save_own_variables(store)

    def load_own_variables(self, store: Any) -> None:
        """Read the values of the variables from a dict-like store; warn if their number differs."""
        own = self.variables
        if len(store.keys()) != len(own):
            hint = "" if self.built else " Probably because the optimizer has not been built yet."
            warn(
                f"Skipping variable loading for optimizer '{self.name}', because it has {len(own)} "
                f"variables whereas the saved optimizer has {len(store.keys())} variables.{hint}"
            )
            return
        super().load_own_variables(store)

    def misfit(self, shapes: Mapping[str, tuple]) -> str | None:
        """Say why arrays of some shapes cannot be loaded; another number of them is passed over."""
        return super().misfit(shapes) if len(shapes) == len(self.variables) else None
