"""`Layer`: state (variables) and a computation (`call`), the base of all layers and models."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, overload

import numpy as np

from minikeras import activations, dtype_policies, regularizers, tree
from minikeras.autodiff.keras_tensor import KerasTensor, SymbolicTensorError, any_symbolic
from minikeras.autodiff.probe import probe
from minikeras.autodiff.state import State, thread
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.autodiff.tracking import substituted
from minikeras.common.arguments import Truth
from minikeras.common.call_errors import explained_layer
from minikeras.common.configurable import OMIT, unusual_arguments_of
from minikeras.common.dtypes import np_dtype
from minikeras.common.html import block
from minikeras.common.settings import settings
from minikeras.common.traceback_utils import warn, without_own_frames
from minikeras.dtype_policies import DTypePolicyMap
from minikeras.kernels.activations import Fused
from minikeras.layers.building import Before, build_arguments, build_once, first_call, quantize_once
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
from minikeras.layers.layer_state import LayerState, super_init_first
from minikeras.layers.remat_scope import RematScope, current_remat_mode
from minikeras.ops.function import Summand
from minikeras.ops.symbolic import remembered, remembers_formula
from minikeras.regularizers.regularizers import RegularizerLike

Symbolic: TypeAlias = KerasTensor | Sequence[KerasTensor] | Mapping[str, KerasTensor]
"""What a layer describes its outputs for. Layers of several outputs give a structure of them, which
type checkers take for a tensor: it too can be taken apart."""


class Layer(LayerState):
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

    call_signature: CallSignature
    _remat_mode: RematScope | None = None
    _keeps_dtype = False  # whether symbolic outputs have the dtype of the inputs

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "build" in cls.__dict__:
            cls.build = build_once(cls.__dict__["build"])
        if "quantize" in cls.__dict__:
            cls.quantize = quantize_once(cls.__dict__["quantize"])
        cls.call_signature = LazySignature()

    def __init__(
        self,
        *,
        activity_regularizer: RegularizerLike = None,
        trainable: Truth = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, trainable=trainable)
        self.input_shape_argument = _input_shape_argument(type(self).__name__, kwargs)
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
        self._warned_mask = False
        self._checked_shape: tuple | None = None
        self._checked_dtype: np.dtype | None = None
        self._checked_several: tuple[type, list[tuple]] | None = None
        if (mode := current_remat_mode()) is not None:
            self._remat_mode = mode

    untracked = frozenset(
        {
            *("_build_shapes", "_build_dtypes", "input_shape_argument", "input_spec"),
            *("_checked_shape", "_checked_dtype", "_checked_several"),
        }
    )

    def __getattr__(self, name: str) -> Any:
        if name in _SET_BY_INIT:
            raise AttributeError(super_init_first(self))
        attribute = getattr(type(self), name, None)
        if isinstance(attribute, property):  # it raised: Python hides why, so ask it again
            return attribute.fget(self)
        message = f"'{type(self).__name__}' object has no attribute '{name}'"
        if not self.built and not name.startswith("_"):
            message += f". Layer '{self.name}' is not built yet: call it on data first, or build it"
        raise AttributeError(message)

    # Dtypes.

    def _set_dtype_policy(self, policy: Any) -> None:
        object.__setattr__(self, "_dtype_policy", policy)
        if isinstance(policy, DTypePolicyMap):
            policy = policy[self._path] if self._path else policy.default_policy
        object.__setattr__(self, "_policy", policy)
        object.__setattr__(self, "_compute", np_dtype(policy.compute_dtype))
        object.__setattr__(self, "_mixed", policy.compute_dtype != policy.variable_dtype)

    @property
    def dtype_policy(self) -> Any:
        """The dtype policy."""
        return self._dtype_policy

    @dtype_policy.setter
    def dtype_policy(self, value: Any) -> None:
        policy, whole = dtype_policies.get(value), self._dtype_policy
        if isinstance(whole, DTypePolicyMap) and self._path:
            if self._path in whole:
                del whole[self._path]
            whole[self._path] = policy
            policy = whole
        self.replace_policy(policy)

    def replace_policy(self, policy: Any) -> None:
        """Put a policy in place of the layer's own, as it is: a map of policies is not written into."""
        self._set_dtype_policy(policy)
        self._forget_checked()

    def _forget_checked(self) -> None:
        """Have the next call look at all that it is given."""
        object.__setattr__(self, "_checked_shape", None)
        object.__setattr__(self, "_checked_several", None)

    def policy_for_gradient_check(self) -> Any:
        """Return the policy with which the layer computes the same in float64."""
        return dtype_policies.get("float64")

    @property
    def dtype(self) -> str:
        """The dtype of the weights."""
        return self._policy.variable_dtype

    @property
    def variable_dtype(self) -> str:
        """The dtype of the weights."""
        return self._policy.variable_dtype

    @property
    def compute_dtype(self) -> str:
        """The dtype of the computation."""
        return self._policy.compute_dtype

    @property
    def input_dtype(self) -> str:
        """The dtype that inputs are converted to."""
        return self._policy.compute_dtype

    # Quantization.

    @property
    def quantization_mode(self) -> str | None:
        """How the layer's weights are quantized, None if they are not."""
        return self._policy.quantization_mode

    def quantize(
        self, mode: str | None = None, type_check: bool = True, config: Any = None
    ) -> None:
        """Store the layer's weights in few bits; subclasses that can do it write it."""
        raise _not_written(self, "quantize")

    def quantized_build(self, input_shape: Any, mode: str, config: Any = None) -> None:
        """Create the variables of a quantized layer; subclasses write it."""
        raise _not_written(self, "quantized_build")

    def quantized_call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the outputs of a quantized layer, in place of `call`; subclasses write it."""
        raise _not_written(self, "quantized_call")

    # What another layer may do in its place; see `Run` in `ops/function.py`.

    def _as_activation(self) -> Fused | None:
        """Return the function of single elements that a call applies; None if it does anything else.

        One without a backward stands for the call only where no tape follows.
        """
        return None

    def _affine_parts(self, axis: int, dtype: np.dtype) -> tuple | None:
        """Return what scale and shift of channels are made of, if a call only applies these now.

        Args:
            axis: the axis of the channels, negative.
            dtype: dtype that is computed in.

        Returns:
            Arrays, numbers and None; `_as_affine` takes them.
        """
        return None

    def _as_affine(self, *parts: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return the `scale` and `shift` of channels that a call applies, of what they are made of."""
        raise NotImplementedError

    def _as_dropout(self) -> tuple[float, Any] | None:
        """Return rate and seed, if all that a call does is to drop single elements while training."""
        return None

    def _as_max_pool(self) -> tuple | None:
        """Return the shape of windows side by side, if a call takes the largest of each, channels last."""
        return None

    def _as_rows(self, inputs: Tensor) -> tuple[Any, np.ndarray] | None:
        """Return a table, and the indices of its rows that a call returns, if that is all it does now.

        Args:
            inputs: what it would be called on.
        """
        return None

    def _computes_as(self, cls: type[Layer]) -> bool:
        """Whether a call does what a class says, and nothing that a subclass or a user put in its place."""
        kind = type(self)
        return (
            kind.call is cls.call
            and kind.__call__ is Layer.__call__
            and "call" not in self.__dict__
        )

    def _take_activation(self) -> Fused | None:
        """Take over the activation that comes next, if one does: the caller applies it."""
        here, then = thread.state, self._next_bare()
        activation = None if then is None else then._as_activation()
        if activation is None or (activation.backward is None and here.tapes):
            return None
        here.following = here.following[1:]
        return activation

    def _take_dropout(self) -> tuple[float, Any] | None:
        """Take over the dropout that comes next, if one does: the caller drops by this rate and seed."""
        here, then = thread.state, self._next_bare()
        dropout = then._as_dropout() if then is not None and here.training else None
        if dropout is not None:
            here.following = here.following[1:]
        return dropout

    def _take_summand(self, x: Tensor) -> Tensor | None:
        """Take over the sum that comes next, if it is of tensors such as `x`: the caller adds it."""
        here = thread.state
        then = here.following[0] if here.following else None
        if type(then) is not Summand or not self._is_bare(self._compute):
            return None
        add, other = then.operation, then.other
        fits = (
            add._adds_up()
            and add._is_bare(self._compute)
            and not add._makes_masks
            and type(other) is Tensor
            and other._keras_mask is None
            and other.array.dtype is x.array.dtype
            and other.array.shape == x.array.shape
        )
        if not fits:
            return None
        here.following = here.following[1:]
        return other

    def _activated(self, y: Any, applied: Fused | None = None) -> Any:
        """Return a result with the layer's own activation, which may be a function that calls layers.

        Those must not take over what follows this layer in a run, nor may a model among them end the run.

        Args:
            y: the result.
            applied: the activation that it has already, or None.
        """
        if applied is not None or self.activation is None:
            return y
        here = thread.state
        following, here.following = here.following, ()
        y = self.activation(y)
        here.following = following
        return y

    def _next_bare(self) -> Any:
        """Return the layer that comes next in a run, None if that or this one does more than compute."""
        following = thread.state.following
        if not following or not self._is_bare(self._compute):
            return None
        then = following[0]
        return then if then._is_bare(self._compute) and not then._makes_masks else None

    def _is_bare(self, dtype: np.dtype) -> bool:
        """Whether a call does nothing but compute, on tensors of a dtype: no penalty, no cast, no remat."""
        return (
            self.activity_regularizer is None
            and self._remat_mode is None
            and self._compute is dtype
            and self.built
        )

    @property
    def _call_in_use(self) -> Callable:
        """The method that computes the outputs."""
        return self.call if self.quantization_mode is None else self.quantized_call

    # Building.

    def build(self, *args: Any, **kwargs: Any) -> None:
        """Create the weights; called once, with the shapes of the inputs, before the first call."""
        self.built = True

    def _build_at_init(self) -> None:
        """Be built from the start: for layers without state, unless a subclass has something to build."""
        if type(self).build is Layer.build:
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

    def _maybe_build(self, args: tuple, kwargs: dict) -> None:
        if self.built and self._closed:
            return
        with first_call(self):
            if not self.built:
                self._build_for(args, kwargs)
                self.built = True
            self._end_build()

    def _build_for(self, args: tuple, kwargs: dict) -> None:
        """Build for the arguments of the first call."""
        self.build(**build_arguments(self, args, kwargs))

    # Calling.

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the outputs; subclasses write it.

        A functional model is described by running it, perhaps more than once, on KerasTensors with
        numbers in place of the sizes that are not known: `ops.shape(x)[0]` may be computed with.
        What it changes then (weights, seeds, metrics, losses) stays as it was.
        """
        raise NotImplementedError(
            f"Layer '{self.name}' ({type(self).__name__}) does not have a `call()` method implemented."
        )

    @overload
    def __call__(self, inputs: Symbolic, *args: Any, **kwargs: Any) -> KerasTensor: ...

    @overload
    def __call__(self, *args: Any, **kwargs: Any) -> Tensor: ...

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Build if needed, then compute (or describe, for KerasTensors) the outputs."""
        try:
            # The commonest case: one tensor of the dtype and shape that the last full call checked.
            if self._checked_shape is not None and len(args) == 1:
                x = args[0]
                if (
                    type(x) is Tensor
                    and x.array.shape[1:] == self._checked_shape
                    and x.array.dtype is self._checked_dtype
                    and x._keras_mask is None
                    and (
                        not kwargs
                        or (len(kwargs) == 1 and "training" in kwargs)
                        or _FLAGS.issuperset(map(type, kwargs.values()))
                    )
                ):
                    here = thread.state
                    if here.autocast is None:
                        return self._short_call(here, args, kwargs)
            elif self._checked_several is not None and self._fit_the_last(args, kwargs):
                here = thread.state
                if here.autocast is None:
                    if len(args) == 1:
                        args = (args[0].copy(),)  # the caller's own list stays as it is
                    return self._short_call(here, args, kwargs)
            return self._full_call(args, kwargs)
        except Exception as error:
            told = explained_layer(error, self, args, kwargs, lambda: unusual_arguments_of(self))
            if settings.traceback_filtering and not thread.state.layers:
                raise without_own_frames(told) from (told.__cause__ if told is error else None)
            if told is error:
                raise
            raise told from None

    def _fit_the_last(self, args: tuple, kwargs: dict) -> bool:
        """Whether the arguments are tensors such as the last full call checked, and flags."""
        kind, checked = self._checked_several
        given = args[0] if kind is list and len(args) == 1 else args
        if type(given) is not kind or len(given) != len(checked):
            return False
        for x, (shape, dtype) in zip(given, checked):
            if not (
                type(x) is Tensor
                and x.array.shape[1:] == shape
                and x.array.dtype is dtype
                and x._keras_mask is None
            ):
                return False
        return not kwargs or _FLAGS.issuperset(map(type, kwargs.values()))

    def _short_call(self, here: State, args: tuple, kwargs: dict) -> Any:
        """`_full_call` where nothing has to be converted, checked, built or masked."""
        layers = here.layers
        signature = self.call_signature
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
            if self._losses_to_forget:
                self._forget_losses()
        try:
            if len(kwargs) > ("training" in kwargs):
                options = {k: v for k, v in kwargs.items() if k != "training"}
                if signature.training and training is not None:
                    options["training"] = training
                y = self.call(*args, **options)
            elif signature.training and training is not None:
                y = self.call(*args, training=training)
            else:
                y = self.call(*args)
            return y if type(y) is Tensor else self._to_tensors(y)
        finally:
            layers.pop()
            if kwargs or outermost:
                here.training = before
                here.in_call = not outermost

    def _full_call(self, args: tuple, kwargs: dict, unbuilt: Before | None = None) -> Any:
        if not hasattr(self, "built"):
            raise AttributeError(super_init_first(self))
        if not self.built and unbuilt is None:
            with first_call(self):
                return self._full_call(args, kwargs, None if self.built else Before(self))
        signature = self.call_signature
        given_args, given_kwargs = args, kwargs
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
            if outermost and self._losses_to_forget:
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
                call = self._call_in_use
                if self._remat_mode is not None:
                    call = self.rematerialized_call(call, *args, **kwargs)
                outputs = self._to_tensors(call(*args, **kwargs))
                if self.activity_regularizer is not None:
                    for y in tree.flatten(outputs):
                        if isinstance(y, Tensor):
                            # By example, so that the penalty does not grow with the batch.
                            examples = max(y.shape[0], 1) if y.ndim else 1
                            self.add_loss(self.activity_regularizer(y) / examples)
                self._pass_mask(first, outputs, previous)
        except Exception as error:
            if unbuilt is not None and not isinstance(error, SymbolicTensorError):
                unbuilt.go_back()  # a call that fails leaves the layer as it was
            raise
        finally:
            thread.state.training, thread.state.autocast = before
            if outermost:
                thread.state.in_call = False
            thread.state.layers.pop()
        self._note_shape(args, first, symbolic)
        if outermost and not symbolic and remembers_formula(given_args, given_kwargs):
            return remembered(self, given_args, given_kwargs, outputs)
        return outputs

    def _push(self) -> None:
        if self._path is None:
            self._path = "/".join([*thread.state.open_names(), self.name])
            if isinstance(self._dtype_policy, DTypePolicyMap):  # what it says of this path
                self._set_dtype_policy(self._dtype_policy)
        thread.state.layers.append(self)

    def _note_shape(self, args: tuple, first: Any, symbolic: bool) -> None:
        """Let the next call with these input shapes take the short way, where nothing else matters."""
        given = first if len(args) == 1 and type(first) is list else args
        simple = (
            not symbolic
            and len(given) > 0
            and all(isinstance(x, Tensor) and x.ndim and x._keras_mask is None for x in given)
            and self.activity_regularizer is None
            and not self._mixed
            and self._remat_mode is None
            and self.quantization_mode is None
            and not self._makes_masks
        )
        single = simple and given is args and len(args) == 1
        checked = [(x.shape[1:], x.array.dtype) for x in given] if simple else []
        shape, dtype = checked[0] if single else (None, None)
        object.__setattr__(self, "_checked_shape", shape)
        object.__setattr__(self, "_checked_dtype", dtype)
        several = (type(given), checked) if simple and not single else None
        object.__setattr__(self, "_checked_several", several)

    @property
    def _makes_masks(self) -> bool:
        """Whether outputs may get a mask though no input has one."""
        return type(self).compute_mask not in _PASSING_ON

    def _to_tensors(self, outputs: Any) -> Any:
        if isinstance(outputs, Tensor):
            return outputs if type(outputs) is Tensor else Tensor(outputs.array, outputs.node)
        return tree.map_structure(
            lambda y: Tensor(y) if isinstance(y, (np.ndarray, np.generic)) else y, outputs
        )

    def _resolve_training(self, kwargs: dict, outermost: bool) -> bool | None:
        training = kwargs.get("training")
        if training is None and not outermost:
            training = thread.state.training
        if training is None:
            training = self.call_signature.training_default
        return None if training is None else bool(training)

    def _fill_masks(self, args: tuple, kwargs: dict) -> None:
        """Hand the masks that tensors carry to the `mask` arguments of `call`."""
        signature = self.call_signature
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
                warn(
                    f"Layer '{self.name}' (of type {type(self).__name__}) was passed an input with "
                    "a mask attached to it. However, this layer does not support masking and will "
                    "therefore destroy the mask information. Downstream layers will not see the "
                    "mask."
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
        return probe(self._call_in_use, args, kwargs)

    def _spec_from_shape(self, args: tuple, kwargs: dict) -> Any:
        named = tensor_arguments(self.call_signature, args, kwargs)
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
        variables, values = [], []
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
            variables += own
            values += given
        fixed = self.non_trainable_variables
        with substituted(variables, values):
            outputs = self(*args, **kwargs)
            losses = self.losses if return_losses else None
            values = [Tensor(np.asarray(to_array(v))) for v in fixed]
        return (outputs, values, losses) if return_losses else (outputs, values)

    def rematerialized_call(self, layer_call: Callable, *args: Any, **kwargs: Any) -> Callable:
        """Return a method in the form in which the layer's `RematScope` wants it.

        Args:
            layer_call: the `call` of the layer.
            *args, **kwargs: what it is going to be called with.
        """
        if self._remat_mode is None:
            return layer_call
        return self._remat_mode.applied(self, layer_call, args, kwargs)

    # Weights as arrays, config.

    def _argument_config(self, name: str, value: Any) -> Any:
        if name.endswith("activation") and callable(value):
            return activations.serialize(value)
        return super()._argument_config(name, value)

    def _repr_html_(self) -> str:
        """Return what a notebook shows of the layer."""
        from minikeras.layers.layer_html import layer_html

        return block(layer_html(self, opened=True))

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} name={self.name}, built={self.__dict__.get('built', False)}>"
        )


Layer.call_signature = LazySignature()

_FLAGS = frozenset({bool, type(None)})
_PASSING_ON: set[Callable] = {Layer.compute_mask}


def only_passes_on(compute_mask: Callable) -> Callable:
    """Note of a `compute_mask` that without a mask of the inputs it gives none."""
    _PASSING_ON.add(compute_mask)
    return compute_mask


_SET_BY_INIT = (
    "_inbound_nodes",
    "_nodes",
    "added_losses",
    "built",
    "_dtype_policy",
    "_checked_shape",
)
"""Attributes without which a layer's `__init__` did not call that of `Layer`."""


def _not_written(layer: Layer, method: str) -> NotImplementedError:
    return NotImplementedError(
        f"Layer {type(layer).__name__} does not have a `{method}` method implemented."
    )


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
