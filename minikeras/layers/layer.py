"""`Layer`: state (variables) and a computation (`call`), the base of all layers and models."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from minikeras import activations, constraints, dtype_policies, initializers, regularizers, tree
from minikeras.autodiff.keras_tensor import KerasTensor, any_symbolic
from minikeras.autodiff.state import State, thread
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.autodiff.variable import Variable
from minikeras.common.configurable import OMIT
from minikeras.common.dtypes import np_dtype
from minikeras.layers.call_arguments import (
    CallSignature,
    LazySignature,
    as_tuples,
    convert,
    masks_of,
    shapes_of,
    specs_of,
    tensor_arguments,
)
from minikeras.layers.input_spec import check_inputs
from minikeras.ops.operation import Operation
from minikeras.random.seed_generator import SeedGenerator


class Layer(Operation):
    """A computation with state.

    Subclasses write `call(self, inputs)`, using `minikeras.ops`, and create weights in `build`.
    The backward pass comes by itself.

    Args:
        activity_regularizer: regularizer (or its name) of the layer's output.
        trainable: whether optimizers may change the weights.
        dtype: dtype name or policy that the layer computes and keeps weights in.
        autocast: whether float inputs are cast to the compute dtype.
        name: name, counted from the class name if None.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers, ops
    >>> class Scale(layers.Layer):
    ...     def build(self, input_shape):
    ...         self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones")
    ...     def call(self, inputs):
    ...         return ops.multiply(inputs, self.factor)
    >>> Scale()(np.ones((2, 3))).shape
    (2, 3)
    """

    argument_sources = {
        "trainable": "_trainable",
        "dtype": "_dtype_policy",
        "autocast": None,
        "activity_regularizer": lambda layer: layer.activity_regularizer or OMIT,
    }

    _signature: CallSignature
    _keeps_dtype = False  # whether symbolic outputs have the dtype of the inputs

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        layer = super().__new__(cls, *args, **kwargs)
        object.__setattr__(layer, "_tracked", {})
        return layer

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "build" in cls.__dict__:
            cls.build = _build_once(cls.__dict__["build"])
        cls._signature = LazySignature()

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name)
        self._input_shape_argument = _input_shape_argument(type(self).__name__, kwargs)
        if kwargs:
            raise ValueError(
                f"{type(self).__name__}: unrecognized keyword arguments: {sorted(kwargs)}"
            )
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self._set_dtype_policy(dtype_policies.get(dtype))
        self.autocast = autocast
        self.supports_masking = False
        self.built = False
        self.input_spec = None
        self._trainable = bool(trainable)
        self._path = None
        self._own_losses: list = []
        self._lossy: list = []  # layers that added losses in calls of this one
        self._warned_mask = False
        self._checked_shape: tuple | None = None

    # State: what is assigned to an attribute is found by scanning, so lists may grow later.

    _UNTRACKED = frozenset(
        {
            "_inbound_nodes",
            "_own_losses",
            "_lossy",
            "_made_with",
            "_build_shapes",
            "_input_shape_argument",
            "input_spec",
            "_checked_shape",
        }
    )

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, (Variable, Layer, SeedGenerator, list, tuple, dict)) or hasattr(
            value, "update_state"
        ):
            if name not in self._UNTRACKED:
                try:
                    self._tracked[name] = True
                except AttributeError:
                    raise AttributeError(_super_first(self)) from None
        elif name in self._tracked:
            del self._tracked[name]
        object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        if name in ("_inbound_nodes", "_own_losses", "built", "_dtype_policy", "_checked_shape"):
            raise AttributeError(_super_first(self))
        attribute = getattr(type(self), name, None)
        if isinstance(attribute, property):  # it raised: Python hides why, so ask it again
            return attribute.fget(self)
        message = f"'{type(self).__name__}' object has no attribute '{name}'"
        if not self.built and not name.startswith("_"):
            message += f". Layer '{self.name}' is not built yet: call it on data first, or build it"
        raise AttributeError(message)

    def __delattr__(self, name: str) -> None:
        self._tracked.pop(name, None)
        object.__delattr__(self, name)

    def _children(self) -> Iterator[Any]:
        """Yield variables, layers, metrics and seed generators held by attributes, each once."""
        seen = set()
        for name in list(self._tracked):
            for value in _leaves(self.__dict__.get(name)):
                if id(value) not in seen:
                    seen.add(id(value))
                    yield value

    @property
    def _layers(self) -> list[Layer]:
        """The sublayers, in the order in which they were assigned."""
        return [c for c in self._children() if isinstance(c, Layer)]

    def _flatten_layers(self, include_self: bool = True, recursive: bool = True) -> list[Layer]:
        """Return the layer and its sublayers, each once, parents before children."""
        found: list[Layer] = [self] if include_self else []
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

    def _own_variables(self) -> list[Variable]:
        variables = [c for c in self._children() if isinstance(c, Variable)]
        return [v for v in variables if v.trainable] + [v for v in variables if not v.trainable]

    def _collect(self, seeds: bool, seen: set[int]) -> Iterator[Variable]:
        if id(self) in seen:
            return
        seen.add(id(self))
        trainable, fixed, rest = [], [], []
        for c in self._children():
            if isinstance(c, Variable):
                # A frozen layer's own weights keep their places.
                (trainable if self._is_trainable_weight(c) else fixed).append(c)
            else:
                rest.append(c)
        for v in trainable + fixed:
            if id(v) not in seen:
                seen.add(id(v))
                yield v
        if seeds:
            for c in rest:
                if isinstance(c, SeedGenerator) and id(c.state) not in seen:
                    seen.add(id(c.state))
                    yield c.state
        for c in rest:
            if isinstance(c, Layer):
                yield from c._collect(seeds, seen)

    def _is_trainable_weight(self, v: Variable) -> bool:
        return self._weight_kinds.get(id(v), v.trainable)

    @property
    def _weight_kinds(self) -> dict[int, bool]:
        """Whether each own weight was created trainable, whatever `trainable` says now."""
        return self.__dict__.setdefault("_created_trainable", {})

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
        if not self._trainable:
            return []
        return [v for v in self.weights if v.trainable]

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that optimizers leave alone."""
        if not self._trainable:
            return self.weights
        return [v for v in self.weights if not v.trainable]

    @property
    def trainable_variables(self) -> list[Variable]:
        """The variables that optimizers may change."""
        if not self._trainable:
            return []
        return [v for v in self.weights if v.trainable]

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The variables that optimizers leave alone, states of random seeds among them."""
        if not self._trainable:
            return self.variables
        return [v for v in self.variables if not v.trainable]

    @property
    def metrics(self) -> list:
        """The metrics of the layer and its sublayers."""
        found = []
        for layer in self._flatten_layers():
            for c in layer._children():
                if hasattr(c, "update_state") and all(c is not m for m in found):
                    found.append(c)
        return found

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
            raise AttributeError(_super_first(self))
        dtype = self.variable_dtype if dtype is None else dtype
        if initializer is None:
            floating = np_dtype(Variable(0.0, dtype=dtype, name="d").dtype).kind in "fcV"
            initializer = "glorot_uniform" if floating else "zeros"
        with self._scope():
            variable = Variable(
                initializers.get(initializer),
                shape=() if shape is None else shape,
                dtype=dtype,
                trainable=trainable,
                autocast=autocast,
                aggregation=aggregation,
                name=name,
            )
        variable.regularizer = regularizers.get(regularizer)
        variable.constraint = constraints.get(constraint)
        variable.overwrite_with_gradient = overwrite_with_gradient
        self._weight_kinds[id(variable)] = bool(trainable)
        if not self._trainable:
            variable.trainable = False
        # Kept even if the caller drops it, as Keras does.
        held = self.__dict__.setdefault("_weights_made", [])
        held.append(variable)
        self._tracked["_weights_made"] = True
        return variable

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
        self._set_trainable(bool(value))

    def _set_trainable(self, value: bool) -> None:
        object.__setattr__(self, "_trainable", value)
        for c in self._children():
            if isinstance(c, Variable):
                c.trainable = value and self._weight_kinds.get(id(c), c.trainable or value)
            elif isinstance(c, Layer):
                c.trainable = value

    @property
    def path(self) -> str:
        """The names of the layers around this one and its own, joined by `/`."""
        return self._path or self.name

    # Dtypes.

    def _set_dtype_policy(self, policy: Any) -> None:
        object.__setattr__(self, "_dtype_policy", policy)
        object.__setattr__(self, "_compute", np_dtype(policy.compute_dtype))
        object.__setattr__(self, "_mixed", policy.compute_dtype != policy.variable_dtype)

    @property
    def dtype_policy(self) -> Any:
        """The dtype policy."""
        return self._dtype_policy

    @dtype_policy.setter
    def dtype_policy(self, value: Any) -> None:
        self._set_dtype_policy(dtype_policies.get(value))

    @property
    def dtype(self) -> str:
        """The dtype of the weights."""
        return self._dtype_policy.variable_dtype

    @property
    def variable_dtype(self) -> str:
        """The dtype of the weights."""
        return self._dtype_policy.variable_dtype

    @property
    def compute_dtype(self) -> str:
        """The dtype of the computation."""
        return self._dtype_policy.compute_dtype

    @property
    def input_dtype(self) -> str:
        """The dtype that inputs are converted to."""
        return self._dtype_policy.compute_dtype

    # Building.

    def build(self, *args: Any, **kwargs: Any) -> None:
        """Create the weights; called once, with the shapes of the inputs, before the first call."""
        self.built = True

    def _scope(self) -> _Scope:
        return _Scope(self)

    def _build_shapes_of(self, args: tuple, kwargs: dict) -> dict[str, Any]:
        """Return the arguments of `build` that these call arguments give."""
        named = tensor_arguments(self._signature, args, kwargs)
        shapes = {f"{k}_shape": shapes_of(v) for k, v in named.items()}
        wanted = inspect.signature(type(self).build).parameters
        names = [
            n
            for n, p in list(wanted.items())[1:]
            if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
        ]
        if not names:
            return {}
        if len(named) == 1 or len(names) == 1:
            first = next(iter(shapes.values()), None)
            if set(names) & set(shapes):
                return {n: shapes[n] for n in names if n in shapes}
            return {names[0]: first}
        missing = [
            n for n in names if n not in shapes and wanted[n].default is inspect.Parameter.empty
        ]
        if missing:
            raise ValueError(
                f"{type(self).__name__} '{self.name}': `build` takes {names}, which do not match "
                f"the tensor arguments of `call`, {sorted(named)}. Name them "
                f"{sorted(shapes)}."
            )
        return {n: shapes[n] for n in names if n in shapes}

    def _maybe_build(self, args: tuple, kwargs: dict) -> None:
        if self.built:
            return
        shapes = self._build_shapes_of(args, kwargs)
        self.build(**shapes)
        if not self.built:
            self.built = True

    def build_from_config(self, config: dict) -> None:
        """Build from what `get_build_config` gave."""
        if config:
            if "input_shape" in config:
                self.build(as_tuples(config["input_shape"]))
            elif "shapes_dict" in config:
                self.build(**{k: as_tuples(v) for k, v in config["shapes_dict"].items()})

    def get_build_config(self) -> dict | None:
        """Return the shapes that the layer was built with."""
        shapes = self.__dict__.get("_build_shapes")
        if not shapes:
            return None
        if len(shapes) == 1:
            return {"input_shape": next(iter(shapes.values()))}
        return {"shapes_dict": dict(shapes)}

    # Calling.

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the outputs; subclasses write it."""
        raise NotImplementedError(
            f"Layer {type(self).__name__} does not have a `call()` method implemented."
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Build if needed, then compute (or describe, for KerasTensors) the outputs."""
        # The commonest case: one tensor of the dtype and shape that the last call checked.
        if self._checked_shape is not None and len(args) == 1:
            x = args[0]
            if (
                type(x) is Tensor
                and x.array.shape[1:] == self._checked_shape
                and x.array.dtype is self._compute
                and x._keras_mask is None
                and (not kwargs or (len(kwargs) == 1 and "training" in kwargs))
            ):
                here = thread.state
                if here.autocast is None:
                    return self._short_call(here, x, kwargs)
        return self._full_call(args, kwargs)

    def _short_call(self, here: State, x: Tensor, kwargs: dict) -> Any:
        """`_full_call` where nothing has to be converted, checked, built or masked."""
        layers = here.layers
        signature = self._signature
        outermost = not here.in_call
        before = training = here.training
        if kwargs or outermost:
            training = kwargs.get("training")
            if training is None:
                training = signature.training_default if outermost else before
            here.training = training
        layers.append(self)
        if outermost:
            here.in_call = True
            if self._lossy:
                self._forget_losses()
        try:
            if signature.training and training is not None:
                y = self.call(x, training=training)
            else:
                y = self.call(x)
            return y if type(y) is Tensor else self._to_tensors(y)
        finally:
            layers.pop()
            if kwargs or outermost:
                here.training = before
                here.in_call = not outermost

    def _full_call(self, args: tuple, kwargs: dict) -> Any:
        if not hasattr(self, "built"):
            raise AttributeError(_super_first(self))
        signature = self._signature
        args, kwargs = convert(signature, args, kwargs, self._compute, self.autocast)
        symbolic = any_symbolic(args) or any_symbolic(kwargs.values())
        first = args[0] if args else kwargs.get(signature.first)
        if self.input_spec is not None:
            check_inputs(self.input_spec, first, self.name)
        self._push()
        outermost = not thread.state.in_call
        before = thread.state.training, thread.state.autocast
        try:
            self._maybe_build(args, kwargs)
            thread.state.in_call = True
            given = kwargs.get("training")
            training = self._resolve_training(kwargs, outermost)
            if signature.training and training is not None:
                kwargs["training"] = training
            elif not signature.training:
                kwargs.pop("training", None)
            thread.state.training = training
            own = list(kwargs)
            previous = masks_of(first) if kwargs.get("mask") is None else kwargs["mask"]
            self._fill_masks(args, kwargs)
            thread.state.autocast = self._compute if self._mixed and self.autocast else None
            if outermost and self._lossy:
                self._forget_losses()
            if symbolic:
                # A default must not be replayed in place of the model's own `training`.
                kwargs_seen = {
                    k: v for k, v in kwargs.items() if k != "training" or given is not None
                }
                # A mask that the tensors carry goes with them again when the graph is run.
                carried = {k: kwargs_seen.pop(k) for k in kwargs if k not in own}
                outputs = self._describe(args, kwargs_seen, carried)
                self._pass_mask(first, outputs, previous)
            else:
                outputs = self.call(*args, **kwargs)
                outputs = self._to_tensors(outputs)
                if self.activity_regularizer is not None:
                    for y in tree.flatten(outputs):
                        if isinstance(y, Tensor):
                            # By example, so that the penalty does not grow with the batch.
                            examples = max(y.shape[0], 1) if y.ndim else 1
                            self.add_loss(self.activity_regularizer(y) / examples)
                self._pass_mask(first, outputs, previous)
        finally:
            thread.state.training, thread.state.autocast = before
            if outermost:
                thread.state.in_call = False
            thread.state.layers.pop()
        self._note_shape(args, kwargs, first, symbolic)
        return outputs

    def _push(self) -> None:
        if self._path is None:
            self._path = "/".join([layer.name for layer in thread.state.layers] + [self.name])
        thread.state.layers.append(self)

    def _note_shape(self, args: tuple, kwargs: dict, first: Any, symbolic: bool) -> None:
        """Let the next call with this input shape take the short way, where nothing else matters."""
        simple = (
            not symbolic
            and len(args) == 1
            and isinstance(first, Tensor)
            and first.ndim > 0
            and first._keras_mask is None
            and self.activity_regularizer is None
            and not self._mixed
            and type(self).compute_mask is Layer.compute_mask
        )
        object.__setattr__(self, "_checked_shape", first.shape[1:] if simple else None)

    def _to_tensors(self, outputs: Any) -> Any:
        if isinstance(outputs, Tensor):
            return outputs._bare() if type(outputs) is Variable else outputs
        return tree.map_structure(
            lambda y: Tensor(y) if isinstance(y, (np.ndarray, np.generic)) else y, outputs
        )

    def _resolve_training(self, kwargs: dict, outermost: bool) -> bool | None:
        training = kwargs.get("training")
        if training is None and not outermost:
            training = thread.state.training
        if training is None:
            training = self._signature.training_default
        return None if training is None else bool(training)

    def _fill_masks(self, args: tuple, kwargs: dict) -> None:
        """Hand the masks that tensors carry to the `mask` arguments of `call`."""
        signature = self._signature
        if signature.mask and kwargs.get("mask") is None:
            place = signature.names.index("mask")
            if len(args) <= place:
                first = args[0] if args else kwargs.get(signature.first)
                mask = masks_of(first)
                if mask is not None:
                    kwargs["mask"] = mask
        for name in signature.masks:
            source = name[:-5]
            place = signature.names.index(name)
            if kwargs.get(name) is None and len(args) <= place:
                at = signature.names.index(source)
                tensor = args[at] if len(args) > at else kwargs.get(source)
                mask = masks_of(tensor)
                if mask is not None:
                    kwargs[name] = mask

    def _pass_mask(self, inputs: Any, outputs: Any, previous: Any) -> None:
        if previous is None and type(self).compute_mask is Layer.compute_mask:
            return
        flat = tree.flatten(outputs)
        if all(getattr(y, "_keras_mask", None) is not None for y in flat):
            return
        masks = self.compute_mask(inputs, previous)
        if masks is None:
            return
        for y, m in zip(flat, tree.flatten(masks)):
            if m is not None and getattr(y, "_keras_mask", m) is None:
                y._keras_mask = m if isinstance(m, (Tensor, KerasTensor)) else Tensor(np.asarray(m))

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """Return the mask of the outputs, given those of the inputs."""
        if previous_mask is not None and not self.supports_masking:
            if not self._warned_mask:
                self._warned_mask = True
                warnings.warn(
                    f"Layer '{self.name}' (of type {type(self).__name__}) was passed an input with "
                    "a mask attached to it. However, this layer does not support masking and will "
                    "therefore destroy the mask information. Downstream layers will not see the "
                    "mask.",
                    stacklevel=4,
                )
            return None
        return previous_mask

    def _describe(self, args: tuple, kwargs: dict, masks: dict) -> Any:
        """Make a symbolic call; `masks` are those that the arguments carry."""
        cls = type(self)
        plain = cls.compute_output_spec is Layer.compute_output_spec
        if not masks or not plain or cls.compute_output_shape is not Layer.compute_output_shape:
            return self.symbolic_call(*args, **kwargs)
        return self._note(args, kwargs, self.compute_output_spec(*args, **kwargs, **masks))

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return KerasTensors that describe the outputs."""
        if type(self).compute_output_shape is not Layer.compute_output_shape:
            return self._spec_from_shape(args, kwargs)
        try:
            outputs = self.call(*args, **kwargs)
        except (TypeError, AttributeError) as error:
            if "KerasTensor" not in str(error):
                raise
            from minikeras.ops.symbolic import probe

            return probe(self.call, args, kwargs)
        return tree.map_structure(
            lambda y: KerasTensor(y.shape, y.dtype) if hasattr(y, "shape") else y, outputs
        )

    def _spec_from_shape(self, args: tuple, kwargs: dict) -> Any:
        named = tensor_arguments(self._signature, args, kwargs)
        shapes = {f"{k}_shape": shapes_of(v) for k, v in named.items()}
        wanted = list(inspect.signature(self.compute_output_shape).parameters)
        known = {n: shapes[n] for n in wanted if n in shapes}
        if known:
            shape = self.compute_output_shape(**known)
        else:
            shape = self.compute_output_shape(next(iter(shapes.values())))
        if self._keeps_dtype:
            return specs_of(shape, tree.flatten((args, kwargs))[0].dtype)
        return specs_of(shape, self.compute_dtype)

    def compute_output_shape(self, *args: Any, **kwargs: Any) -> Any:
        """Return the shape of the outputs for shapes of the inputs.

        Without an override it is found by describing `call` on KerasTensors.
        """
        shapes = list(args) + list(kwargs.values())
        specs = [specs_of(s, self.compute_dtype) for s in shapes]
        if not self.built:
            self._push()
            try:
                self._maybe_build(tuple(specs), {})
            finally:
                thread.state.layers.pop()
        return tree.map_structure(lambda y: y.shape, self.compute_output_spec(*specs))

    def stateless_call(
        self,
        trainable_variables: Sequence[Any],
        non_trainable_variables: Sequence[Any],
        *args: Any,
        return_losses: bool = False,
        **kwargs: Any,
    ) -> tuple:
        """Call with the given values in place of the variables', which are left as they are.

        Args:
            trainable_variables: values of `trainable_variables`.
            non_trainable_variables: values of `non_trainable_variables`.
            *args, **kwargs: arguments of the call.
            return_losses: whether to return `losses` too.

        Returns:
            `(outputs, non_trainable_values)`, or `(outputs, non_trainable_values, losses)`.
        """
        if not self.built:
            raise ValueError(
                f"Layer '{self.name}': stateless_call needs a built layer. Call it on data once, or "
                "build it."
            )
        pairs = []
        for given, own, what in (
            (trainable_variables, self.trainable_variables, "trainable_variables"),
            (non_trainable_variables, self.non_trainable_variables, "non_trainable_variables"),
        ):
            given = list(given)
            if len(given) != len(own):
                raise ValueError(
                    f"Layer '{self.name}': stateless_call: argument `{what}` must have "
                    f"{len(own)} values. Received: {len(given)}"
                )
            pairs += list(zip(own, given))
        fixed = self.non_trainable_variables
        with Swapped(pairs):
            outputs = self(*args, **kwargs)
            losses = self.losses if return_losses else None
            values = [Tensor(np.asarray(v.array)) for v in fixed]
        return (outputs, values, losses) if return_losses else (outputs, values)

    # Losses.

    def add_loss(self, loss: Any) -> None:
        """Add a scalar, or a list of them, to the loss of the model that the layer is part of."""
        for x in tree.flatten(loss):
            if isinstance(x, KerasTensor):
                continue  # the layer is only being described
            if not isinstance(x, Tensor):
                x = Tensor(np.asarray(to_array(x)))
            self._own_losses.append(x)
        for layer in thread.state.layers:  # any of them may be the outermost one of the next call
            if self not in layer._lossy:
                layer._lossy.append(self)

    def _forget_losses(self) -> None:
        """Drop what the last call of this layer, as the outermost one, added."""
        for layer in self._lossy:
            layer._own_losses = []
        self._lossy = []

    @property
    def losses(self) -> list:
        """The losses added during the last call, and those of weight regularizers."""
        found = [x for layer in self._flatten_layers() for x in layer._own_losses]
        found += [v.regularizer(v) for v in self.trainable_weights if v.regularizer is not None]
        return found

    # Weights as arrays, config.

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
        arrays = [to_array(w) for w in weights]
        for v, a in zip(own, arrays):
            if v.shape != a.shape:
                raise ValueError(
                    f"Layer '{self.name}' weight shape {v.shape} is not compatible with provided "
                    f"weight shape {a.shape} (weight '{v.path}')."
                )
        for v, a in zip(own, arrays):
            v.assign(a)

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

    def save_own_variables(self, store: dict) -> None:
        """Write the layer's own weights into a store, keyed by their index."""
        for i, v in enumerate(self._own_in_order()):
            store[f"{i}"] = v.numpy()

    def load_own_variables(self, store: dict) -> None:
        """Read the layer's own weights from a store.

        Raises:
            ValueError: if the number of weights differs.
        """
        own = self._own_in_order()
        if len(store.keys()) != len(own):
            raise ValueError(
                f"Layer '{self.name}' expected {len(own)} variables, but received "
                f"{len(store.keys())} variables during loading. Expected: "
                f"{[v.name for v in own]}"
            )
        for i, v in enumerate(own):
            v.assign(store[f"{i}"])

    def _own_in_order(self) -> list[Variable]:
        variables = [c for c in self._children() if isinstance(c, Variable)]
        kinds = [self._is_trainable_weight(v) for v in variables]
        return [v for v, k in zip(variables, kinds) if k] + [
            v for v, k in zip(variables, kinds) if not k
        ]

    def _argument_config(self, name: str, value: Any) -> Any:
        if name.endswith("activation") and callable(value):
            return activations.serialize(value)
        return super()._argument_config(name, value)

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} name={self.name}, built={self.__dict__.get('built', False)}>"
        )


Layer._signature = LazySignature()

_WEIGHT_ARGUMENTS = {
    "initializer": initializers.get,
    "regularizer": regularizers.get,
    "constraint": constraints.get,
}
"""What the arguments of layers that say how weights are made end in, and what makes objects of them."""


class _Scope:
    """Names variables created inside after the layers around them."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer

    def __enter__(self) -> None:
        names = [layer.name for layer in thread.state.layers]
        if not thread.state.layers or thread.state.layers[-1] is not self.layer:
            names.append(self.layer.name)
        self.before, thread.state.scopes = thread.state.scopes, names

    def __exit__(self, *exc: Any) -> None:
        thread.state.scopes = self.before


class Swapped:
    """Puts other values in the place of variables', and gives the old ones back at the end.

    Args:
        pairs: `(variable, value)`; a tensor's value keeps its place on the tape.
    """

    def __init__(self, pairs: Sequence[tuple[Variable, Any]]) -> None:
        self.pairs = list(pairs)

    def __enter__(self) -> None:
        self.before = [(v, v.array, v.node) for v, _ in self.pairs]
        for v, value in self.pairs:
            if isinstance(value, Tensor):
                new, node = value.array, value.node
            else:
                new, node = to_array(value), v.node
            if new.shape != v.array.shape:
                self.__exit__()
                raise ValueError(
                    f"Variable '{v.path}' has shape {v.array.shape}. Received a value of shape "
                    f"{new.shape}."
                )
            v.array, v.node = new, node

    def __exit__(self, *exc: Any) -> None:
        for v, value, node in self.before:
            v.array, v.node = value, node


def _build_once(build: Any) -> Any:
    """Wrap a class's `build`: name scope, remembered shapes, `built` set at the end."""
    if getattr(build, "_wrapped", False):
        return build

    @functools.wraps(build)
    def wrapped(self: Layer, *args: Any, **kwargs: Any) -> None:
        if self.__dict__.get("_building"):  # a super().build(...) inside
            return build(self, *args, **kwargs)
        inside = bool(thread.state.layers) and thread.state.layers[-1] is self
        if not inside:
            self._push()
        object.__setattr__(self, "_building", True)
        try:
            build(self, *args, **kwargs)
            bound = inspect.signature(build).bind(self, *args, **kwargs).arguments
            names = list(bound)[1:]
            object.__setattr__(self, "_build_shapes", {n: bound[n] for n in names})
            self.built = True
        finally:
            object.__setattr__(self, "_building", False)
            if not inside:
                thread.state.layers.pop()
        return None

    wrapped._wrapped = True
    return wrapped


def _super_first(layer: Any) -> str:
    return (
        f"In layer '{type(layer).__name__}', you forgot to call `super().__init__()` as the first "
        "statement in the `__init__()` method. Go add it!"
    )


def _leaves(value: Any) -> Iterator[Any]:
    """Yield what a layer tracks among the values of an attribute."""
    if isinstance(value, (Variable, Layer, SeedGenerator)) or hasattr(value, "update_state"):
        yield value
    elif isinstance(value, (list, tuple)):
        for v in value:
            yield from _leaves(v)
    elif isinstance(value, dict):
        for v in value.values():
            yield from _leaves(v)


def _input_shape_argument(kind: str, kwargs: dict) -> tuple | None:
    """Take `input_shape`, `input_dim`, `batch_input_shape`, `batch_shape` out of keyword arguments."""
    shape = None
    if "input_dim" in kwargs:
        dim = kwargs.pop("input_dim")
        length = kwargs.pop("input_length", None)
        shape = (None, dim) if length is None else (None, length, dim)
    if "input_shape" in kwargs:
        given = kwargs.pop("input_shape")
        given = (given,) if isinstance(given, (int, np.integer)) or given is None else tuple(given)
        shape = (kwargs.pop("batch_size", None), *given)
    if "batch_input_shape" in kwargs:
        shape = tuple(kwargs.pop("batch_input_shape"))
    kwargs.pop("input_dtype", None)
    return shape
