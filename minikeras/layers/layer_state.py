"""What a layer holds: its weights, its sublayers, and the losses that they add."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from minikeras import constraints, initializers, regularizers, tree
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.state import thread
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.autodiff.tracking import Trackable, assign_values, find_tracked
from minikeras.autodiff.variable import Variable
from minikeras.common.arguments import TRUTH
from minikeras.common.dtypes import np_dtype
from minikeras.common.settings import get_local
from minikeras.distribution.distribution_lib import distribution
from minikeras.distribution.splitting import split_of
from minikeras.metrics.metric import Metric
from minikeras.ops.operation import Operation
from minikeras.random.seed_generator import SeedGenerator
from minikeras.regularizers.regularizers import penalty

_WEIGHT_ARGUMENTS = {
    "initializer": initializers.get,
    "regularizer": regularizers.get,
    "constraint": constraints.get,
}
"""What the arguments of layers that say how weights are made end in, and what makes objects of them."""


class LayerState(Trackable, Operation):
    """The part of `Layer` that holds weights and sublayers.

    What is assigned to an attribute is found: variables, layers, metrics and seed generators, also
    in lists, tuples and dicts.
    """

    untracked = frozenset({"_nodes", "added_losses", "_losses_to_forget", "_made_with"})

    def __init__(self, *, name: str | None, trainable: bool) -> None:
        super().__init__(name=name)
        self._trainable = bool(trainable)
        self._path: str | None = None
        self.added_losses: list = []
        self._losses_to_forget: list[list] = []  # those that layers added in calls of this one

    def __copy__(self) -> LayerState:
        """Return a layer with the same weights and sublayers, and an account of its own of them."""
        copied = type(self).__new__(type(self))
        state = self.__getstate__()
        kept = ("_tracked", "_variables_made", "added_losses")
        state.update({name: copy.copy(state[name]) for name in kept if name in state})
        state["_losses_to_forget"] = [
            state["added_losses"] if losses is self.added_losses else losses
            for losses in self._losses_to_forget
        ]
        copied.__setstate__(state)
        return copied

    # Sublayers and weights.

    @property
    def _layers(self) -> list[LayerState]:
        """The sublayers, in the order in which they were assigned."""
        return [c for c in self.tracked_objects() if isinstance(c, LayerState)]

    def _flatten_layers(
        self, include_self: bool = True, recursive: bool = True
    ) -> list[LayerState]:
        """Return the layer and its sublayers, each once, parents before children."""
        found: list[LayerState] = [self] if include_self else []
        seen = {id(self)}
        queue = self._layers
        while queue:
            layer = queue.pop(0)
            if id(layer) in seen:
                continue
            seen.add(id(layer))
            found.append(layer)
            if recursive:
                queue = layer._layers + queue
        return found

    def own_variables(self) -> list[Variable]:
        """Return the layer's own weights, those made trainable first."""
        own = super().own_variables()
        return [v for v in own if v.initially_trainable] + [
            v for v in own if not v.initially_trainable
        ]

    def passing_variables(self) -> list[Variable]:
        """Return the variables of the layer itself that are no weights and not saved as such."""
        return []

    def misfit(self, shapes: Mapping[str, tuple]) -> str | None:
        """Say why arrays of some shapes cannot be loaded as the layer's own weights."""
        if shapes and not self.built and not self.own_variables():
            return (
                f"Layer '{self.name}' was never built and thus it doesn't have any variables. "
                f"However the weights file lists {len(shapes)} variables for this layer. Build the "
                "model before loading its weights. A layer that makes sublayers or weights in "
                "`call` has to make them in `build` or `__init__`."
            )
        return super().misfit(shapes)

    def _collect(self, seeds: bool, seen: set[int], trainable: bool = False) -> Iterator[Variable]:
        """Yield own weights, (maybe) states of own seeds, then those of sublayers, each once.

        Args:
            seeds: whether states of seeds are wanted.
            seen: ids of what has been met already.
            trainable: whether only what can be trained is wanted: nothing of a frozen layer.
        """
        if id(self) in seen or (trainable and not self._trainable):
            return
        seen.add(id(self))
        found = self.own_variables()
        if seeds:
            found += [c.state for c in self.tracked_objects() if isinstance(c, SeedGenerator)]
        for v in found:
            if id(v) not in seen and (v.trainable or not trainable):
                seen.add(id(v))
                yield v
        for layer in self._layers:
            yield from layer._collect(seeds, seen, trainable)

    @property
    def weights(self) -> list[Variable]:
        """All weights of the layer and its sublayers: own ones first, trainable before others."""
        return list(self._collect(False, set()))

    @property
    def variables(self) -> list[Variable]:
        """The weights, and the states of random seeds."""
        return list(self._collect(True, set()))

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that optimizers may change."""
        return list(self._collect(False, set(), trainable=True))

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that optimizers leave alone."""
        return self._without_trainable(self.weights)

    @property
    def trainable_variables(self) -> list[Variable]:
        """The variables that optimizers may change."""
        return list(self._collect(False, set(), trainable=True))

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The variables that optimizers leave alone, states of random seeds among them."""
        return self._without_trainable(self.variables)

    def _without_trainable(self, variables: list[Variable]) -> list[Variable]:
        trainable = {id(v) for v in self.trainable_variables}
        return [v for v in variables if id(v) not in trainable]

    @property
    def metrics(self) -> list:
        """The metrics of the layer and its sublayers."""
        held = [c for layer in self._flatten_layers() for c in layer.tracked_objects()]
        return list(dict.fromkeys(c for c in held if isinstance(c, Metric)))

    @property
    def metrics_variables(self) -> list[Variable]:
        """The variables of `metrics`."""
        return [v for m in self.metrics for v in m.variables]

    def add_weight(
        self,
        shape: Any = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: str = "none",
        overwrite_with_gradient: bool = False,
        name: str | None = None,
    ) -> Variable:
        """Create a weight.

        Args:
            shape: its shape, `()` if None.
            initializer: initializer, or its name; `"glorot_uniform"` for floats and `"zeros"` for
                other dtypes if None.
            dtype: its dtype, the layer's variable dtype if None.
            trainable: whether optimizers may change it.
            autocast: whether it is read in the layer's compute dtype.
            regularizer: regularizer, added to the model's loss.
            constraint: function applied to it after each update.
            aggregation: kept, without effect.
            overwrite_with_gradient: whether the optimizer puts the gradient in its place.
            name: name.

        Returns:
            The variable. Assign it to an attribute: the layer finds its weights there.
        """
        if not hasattr(self, "built"):
            raise AttributeError(super_init_first(self))
        if self._closed:
            self._refuse_new_state(name, None)
        dtype = self.variable_dtype if dtype is None else dtype
        if initializer is None:
            floating = np_dtype(Variable(0.0, dtype=dtype, name="d").dtype).kind in "fcV"
            initializer = "glorot_uniform" if floating else "zeros"
        # What is wrong is found before there is a variable.
        TRUTH.check(overwrite_with_gradient, "overwrite_with_gradient", f"Layer '{self.name}'")
        initializer = initializers.get(initializer)
        regularizer, constraint = regularizers.get(regularizer), constraints.get(constraint)
        expected = get_local("weights_to_come")
        scopes, split = self._scopes(), None
        if distribution() is not None:
            split = split_of("/".join([*scopes, str(name)]), shape, self, self._splits(name))
        variable = self.make_variable(
            scopes,
            initializer if expected is None else self._blank(initializer, expected.take),
            shape=() if shape is None else shape,
            dtype=dtype,
            trainable=trainable,
            autocast=autocast,
            aggregation=aggregation,
            name=name,
            split=split,
        )
        if expected is not None and callable(initializer):
            variable.initializer = initializer
        variable.regularizer = regularizer
        variable.constraint = constraint
        variable.overwrite_with_gradient = overwrite_with_gradient
        if not self._trainable:
            variable.trainable = False
        return variable

    def _splits(self, name: str | None) -> str | None:
        """Say why a weight cannot be split over ranks, None if it can be.

        Args:
            name: name of the weight.
        """
        return "only kernels of Dense, EinsumDense and Embedding, and biases beside them, can be"

    def _blank(self, initializer: Any, take: Callable[[int, str], None]) -> Any:
        """Return an initializer for a weight whose value is going to be read from a file."""
        if not callable(initializer):
            return initializer

        def initialize(shape: tuple, dtype: Any = None) -> Any:
            dtype = np_dtype(dtype)
            take(math.prod(shape) * dtype.itemsize, f"layer '{self.name}'")
            if not self.loads_as_usual():
                return initializer(shape, dtype)
            return Tensor(np.zeros(shape, dtype))  # not copied, so it takes no memory yet

        return initialize

    def _end_build(self) -> None:
        """End the making of state: a frozen layer's sublayers are frozen too, and no more may come."""
        if not self._trainable:
            self.trainable = False
        object.__setattr__(self, "_closed", True)

    def _refuse_new_state(self, name: str | None, value: Any) -> None:
        if value is not None:
            new = {id(c): c for c in find_tracked(value) if isinstance(c, _STATE)}
            if not new or new.keys() <= {id(c) for c in self.tracked_objects()}:
                return
        raise ValueError(
            f"Layer '{self.name}' (of type {type(self).__name__}) is built already: no variables and "
            "no sublayers can be added to it. Make them in `__init__()` or in `build()`. "
            f"Received: {name if value is None else f'{name}={value!r}'}"
        )

    def _scopes(self) -> list[str]:
        """The names that the paths of the layer's variables begin with."""
        running = thread.state.layers
        names = thread.state.open_names()
        return names if running and running[-1] is self else [*names, self.name]

    def _keep_weight_arguments(self, arguments: dict[str, Any]) -> None:
        """Keep the arguments `*_initializer`, `*_regularizer`, `*_constraint` as attributes, as objects."""
        for name, value in arguments.items():
            kind = name.rpartition("_")[2]
            if kind in _WEIGHT_ARGUMENTS and name != "activity_regularizer":
                setattr(self, name, _WEIGHT_ARGUMENTS[kind](value))

    def _weight(self, name: str, shape: tuple, of: str | None = None, **options: Any) -> Variable:
        """Create a weight by the attributes `{of}_initializer`, `{of}_regularizer`, `{of}_constraint`.

        Args:
            name: its name.
            shape: its shape.
            of: what these arguments begin with, the weight's name if None.
            **options: of `add_weight`, in place of theirs.
        """
        arguments = {
            kind: getattr(self, f"{of or name}_{kind}", None) for kind in _WEIGHT_ARGUMENTS
        }
        return self.add_weight(shape, name=name, **{**arguments, **options})

    def add_variable(self, *args: Any, **kwargs: Any) -> Variable:
        """Create a weight; the same as `add_weight`."""
        return self.add_weight(*args, **kwargs)

    def add_metric(self, *args: Any, **kwargs: Any) -> None:
        """Removed in Keras 3: assign a metric to an attribute and call `update_state` in `call`."""
        raise ValueError(
            f"{type(self).__name__}.add_metric was removed in Keras 3. Assign a metric to an "
            "attribute of the layer and call its update_state(...) in `call`."
        )

    @property
    def trainable(self) -> bool:
        """Whether optimizers may change the weights."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        for c in self.tracked_objects():
            if isinstance(c, Variable):
                c.trainable = self._trainable and c.initially_trainable
        for layer in self._layers:
            layer.trainable = value

    @property
    def path(self) -> str:
        """The names of the layers around this one and its own, joined by `/`."""
        return self._path or self.name

    # Losses.

    def add_loss(self, loss: Any) -> None:
        """Add a scalar, or a list of them, to the loss of the model that the layer is part of."""
        if thread.state.describing:
            return
        added, journal = self.added_losses, thread.state.journal
        for x in tree.flatten(loss):
            if isinstance(x, KerasTensor):
                continue  # the layer is only being described
            if not isinstance(x, Tensor):
                x = Tensor(np.asarray(to_array(x)))
            if journal is not None:
                journal.losses.append((added, len(added)))
            added.append(x)
        for layer in thread.state.layers:  # any of them may be the outermost one of the next call
            if all(losses is not added for losses in layer._losses_to_forget):
                layer._losses_to_forget.append(added)

    def _forget_losses(self) -> None:
        """Drop what the last call of this layer, as the outermost one, added."""
        for losses in self._losses_to_forget:
            losses.clear()
        self._losses_to_forget = []

    @property
    def losses(self) -> list:
        """The losses added during the last call, and those of weight regularizers."""
        found = [x for layer in self._flatten_layers() for x in layer.added_losses]
        found += [penalty(v) for v in self.trainable_weights if v.regularizer is not None]
        return found

    # Weights as arrays.

    def get_weights(self) -> list[np.ndarray]:
        """Return the weights as NumPy arrays."""
        return [v.numpy() for v in self.weights]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Set the weights from arrays, in the order of `get_weights`.

        Raises:
            ValueError: if their number or a shape differs; nothing is changed then.
        """
        own = self.weights
        if len(own) != len(weights):
            raise ValueError(
                f"You called `set_weights(weights)` on layer '{self.name}' with a weight list of "
                f"length {len(weights)}, but the layer was expecting {len(own)} weights."
            )
        assign_values(own, weights)

    def count_params(self) -> int:
        """Return the number of weights' elements.

        Raises:
            ValueError: if the layer is not built.
        """
        if not self.built:
            raise ValueError(
                f"You tried to call `count_params` on layer '{self.name}', but the layer isn't "
                f"built. You can build it manually via: `layer.build(input_shape)`."
            )
        return sum(int(np.prod(v.shape)) for v in self.weights)


_STATE = (Variable, LayerState, Metric, SeedGenerator)
"""What may not be added to a layer that is built."""


def super_init_first(layer: Any) -> str:
    """Return the message for a layer whose `__init__` did not call its base's."""
    return (
        f"In layer '{type(layer).__name__}', you forgot to call `super().__init__()` as the first "
        "statement in the `__init__()` method. Go add it!"
    )
