"""How a layer's call reads its arguments: which are tensors, what shapes and masks they have."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from minikeras import tree
from minikeras.autodiff.keras_tensor import AssumedSize, KerasTensor
from minikeras.autodiff.state import thread
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.foreign_arrays import holds_array
from minikeras.ops.core import cast


class CallSignature:
    """What a layer's `call` accepts, read once per class."""

    def __init__(self, call: Any) -> None:
        self.owner = call.__qualname__
        self.signature = inspect.signature(call)
        parameters = list(self.signature.parameters.values())[1:]  # without self
        self.names = [p.name for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
        self.required = [
            p.name for p in parameters if p.name in self.names and p.default is p.empty
        ]
        self.training = "training" in self.names
        self.mask = "mask" in self.names
        self.masks = [n for n in self.names if n.endswith("_mask") and n[:-5] in self.names]
        self.first = self.names[0] if self.names else None
        default = self.signature.parameters.get("training")
        self.training_default = (
            None if default is None or default.default is default.empty else default.default
        )


class LazySignature:
    """Reads a class's `call` when it is first asked for: most layers are imported and never used."""

    def __get__(self, layer: Any, cls: type) -> CallSignature:
        cls.call_signature = signature = CallSignature(cls.call)
        return signature


def convert(
    signature: CallSignature, args: tuple, kwargs: dict, compute: np.dtype, autocast: bool
) -> tuple[tuple, dict]:
    """Turn arrays and numbers among the arguments into tensors.

    Args:
        signature: that of the layer's `call`.
        args, kwargs: arguments of a call.
        compute: dtype that the layer computes in.
        autocast: whether floats are cast to it.

    Raises:
        ValueError: if something else than tensors is passed by position.
    """
    place: int | None = 0  # of a positional argument

    def one(x: Any) -> Any:
        if isinstance(x, Tensor):
            if autocast and x.array.dtype.kind in "fV" and x.array.dtype != compute:
                mask = x._keras_mask
                x = cast(x, compute)
                x._keras_mask = mask
            return x
        if isinstance(x, KerasTensor) or x is None:
            return x
        if isinstance(x, np.ndarray) or (holds_array(x) and not isinstance(x, str)):
            value = to_array(x)
            if autocast and value.dtype.kind in "fV" and value.dtype != compute:
                return Tensor(value.astype(compute))
            return Tensor(np.array(value) if thread.state.tapes else value)
        if place is not None:
            given = f"{signature.first}={x!r}" if place == 0 else repr(x)
            raise ValueError(
                f"{signature.owner}: only tensors may be passed as positional arguments. Pass others "
                f"by their names. Received: {given} (of type {type(x).__name__})"
            )
        return x

    def first(x: Any) -> Any:
        if isinstance(x, (list, tuple)) and _are_numbers(x):
            x = np.asarray(x)
            x = x.astype(np.int32) if x.dtype.kind in "iu" else x.astype(compute)
        elif isinstance(x, (bool, int, float)):
            x = to_array(x)
        return tree.map_structure(one, x)

    converted = []
    for place, a in enumerate(args):
        converted.append(first(a) if place == 0 else tree.map_structure(one, a))
    place = None
    kwargs = {
        k: first(v) if k == signature.first else tree.map_structure(one, v)
        for k, v in kwargs.items()
    }
    return tuple(converted), kwargs


def _are_numbers(x: Any) -> bool:
    """Whether nested lists hold plain numbers, so that they are one array and not a structure."""
    while isinstance(x, (list, tuple)):
        if not x:
            return False
        x = x[0]
    return isinstance(x, (bool, int, float, np.generic))


def masks_of(x: Any) -> Any:
    """Return the masks that tensors carry, in their structure; None if there is none."""
    if isinstance(x, (Tensor, KerasTensor)):
        return x._keras_mask
    if not isinstance(x, (list, tuple, dict)):
        return None
    masks = tree.map_structure(lambda t: getattr(t, "_keras_mask", None), x)
    return masks if any(m is not None for m in tree.flatten(masks)) else None


def _is_tensors(x: Any) -> bool:
    flat = tree.flatten(x)
    return (
        bool(flat)
        and all(isinstance(t, (Tensor, KerasTensor)) or t is None for t in flat)
        and any(t is not None for t in flat)
    )


def tensor_arguments(signature: CallSignature, args: tuple, kwargs: dict) -> dict[str, Any]:
    """Return the arguments of `call` that hold tensors, by name, its `mask` left out."""
    named = dict(zip(signature.names, args))
    extra = args[len(signature.names) :]
    named.update({f"arg{i}": a for i, a in enumerate(extra)})
    named.update(kwargs)
    return {k: v for k, v in named.items() if k not in ("mask", "training") and _is_tensors(v)}


def shapes_of(x: Any) -> Any:
    """Return the shapes of tensors in their structure."""
    if isinstance(x, (Tensor, KerasTensor)):
        return tuple(x.shape)
    return tree.map_structure(lambda t: None if t is None else tuple(t.shape), x)


def build_shapes_of(x: Any) -> Any:
    """Return the shapes of tensors that a layer is built with: None for sizes that are only assumed."""

    def shape(t: Any) -> tuple | None:
        if t is None:
            return None
        return tuple([None if isinstance(d, AssumedSize) else d for d in t.shape])

    return tree.map_structure(shape, x)


def is_shape(x: Any) -> bool:
    """Whether `x` is one shape rather than a structure of them."""
    return isinstance(x, (tuple, list)) and all(
        d is None or isinstance(d, (int, np.integer)) for d in x
    )


def specs_of(shape: Any, dtype: str) -> Any:
    """Return KerasTensors for a shape or a structure of shapes."""
    if is_shape(shape):
        return KerasTensor(shape, dtype)
    if isinstance(shape, dict):
        return {k: specs_of(s, dtype) for k, s in shape.items()}
    if isinstance(shape, (list, tuple)):
        return type(shape)([specs_of(s, dtype) for s in shape])
    return shape


def as_tuples(shape: Any) -> Any:
    """Turn the lists of JSON back into shape tuples."""
    if is_shape(shape):
        return tuple(shape)
    if isinstance(shape, dict):
        return {k: as_tuples(s) for k, s in shape.items()}
    if isinstance(shape, (list, tuple)):
        return [as_tuples(s) for s in shape]
    return shape
