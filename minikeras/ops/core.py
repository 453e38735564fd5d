"""Conversion, casting, stopping and replacing gradients, scattering and slicing."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from minikeras import tree
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import (
    CAST,
    Primitive,
    as_tensor,
    elementary,
    same,
    without_gradient,
)
from minikeras.autodiff.probe import probe
from minikeras.autodiff.tape import no_recording
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.dtypes import finfo, standardize_dtype, to_np_dtype
from minikeras.ops.elementwise import add, clip, maximum, minimum, multiply
from minikeras.ops.families import np_shape
from minikeras.ops.shapes import broadcast_to
from minikeras.ops.symbolic import TensorLike, export, op


@export
def convert_to_tensor(
    x: Any, dtype: Any = None, sparse: bool | None = None, ragged: bool | None = None
) -> Tensor:
    """Make a tensor of numbers, nested lists or an array, which is copied.

    Args:
        x: data; a tensor is returned as it is (or cast).
        dtype: dtype of the result. Python floats become `floatx`, Python integers int32, arrays
            keep their dtype, if None.
        sparse: whether the result is sparse, which is not supported.
        ragged: whether the result is ragged, which is not supported.

    Raises:
        TypeError: if `x` does not hold numbers.
        ValueError: if `sparse` or `ragged` is true.

    Example:

    >>> from minikeras import ops
    >>> ops.convert_to_tensor([1, 2, 3])
    <Tensor shape=(3,) dtype=int32 [1 2 3]>
    """
    if sparse or ragged:
        raise ValueError("convert_to_tensor: sparse and ragged tensors are not supported.")
    if isinstance(x, KerasTensor):
        return cast(x, dtype) if dtype is not None and standardize_dtype(dtype) != x.dtype else x
    if isinstance(x, Tensor):
        x = as_tensor(x)
        return x if dtype is None else cast(x, dtype)
    value = to_array(x, dtype)
    return Tensor(np.array(value) if value is x else np.asarray(value))


@export
def convert_to_numpy(x: Any) -> np.ndarray:
    """Return the value as a NumPy array (a copy)."""
    return np.array(to_array(x))


@export
def is_tensor(x: Any) -> bool:
    """Return whether `x` is a tensor."""
    return isinstance(x, (Tensor, KerasTensor))


@op
def cast(x: TensorLike, dtype: Any) -> Tensor:
    """Convert to another dtype; the gradient is converted back.

    Example:

    >>> from minikeras import ops
    >>> ops.cast([1.7, -1.7], "int32")
    <Tensor shape=(2,) dtype=int32 [ 1 -1]>
    """
    if type(x) is not Tensor:
        x = as_tensor(x)
    target = _named(dtype) if type(dtype) is str else to_np_dtype(dtype)
    if target.kind == "O" and isinstance(x, Tensor):
        return Tensor(to_array(x.array, "string"))  # texts of any type; numbers are refused
    return x if x.array.dtype == target else CAST(x, dtype=target)


_named = functools.lru_cache(maxsize=64)(to_np_dtype)


@op
def saturate_cast(x: TensorLike, dtype: Any) -> Tensor:
    """Convert to another dtype, values out of its range becoming its nearest one."""
    x = as_tensor(x)
    target, own = to_np_dtype(dtype), x.array.dtype
    if target.kind == "b":
        return cast(clip(x, 0, 1), target)
    if own.kind == "b" or target == own:
        return cast(x, target)
    low, high = _range(target)
    own_low, own_high = _range(own)
    if low <= own_low and own_high <= high:
        return cast(x, target)
    # Bounds as `own` can hold them: rounded inwards, or they would not fit the target again.
    bounds = [own.type(max(low, own_low)), own.type(min(high, own_high))]
    if own.kind in "fV" and target.kind in "iu" and int(bounds[1]) > high:
        bounds[1] = np.nextafter(bounds[1], own.type(0))
    return cast(clip(x, Tensor(bounds[0]), Tensor(bounds[1])), target)


def _range(dtype: np.dtype) -> tuple:
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return int(info.min), int(info.max)
    info = finfo(dtype)
    return float(info.min), float(info.max)


@export
def shape(x: Any) -> tuple:
    """Return the shape as a tuple, None where a size of a KerasTensor is not known.

    In a layer's `call` all sizes are numbers, also while the layer is only described.
    """
    return np_shape(x)


@export
def dtype(x: Any) -> str:
    """Return the dtype's name."""
    return standardize_dtype(x.dtype if hasattr(x, "dtype") else to_array(x).dtype)


_STOP_GRADIENT = without_gradient("stop_gradient", lambda x: x, same)


@op
def stop_gradient(variable: TensorLike) -> Tensor:
    """Return the same values, through which no gradient flows."""
    return _STOP_GRADIENT(variable if type(variable) is Tensor else as_tensor(variable))


# Gradients of one's own.


@export
def custom_gradient(f: Callable) -> Callable:
    """Give a function a gradient of its own.

    Args:
        f: `f(*args) -> (output, grad)` with `grad(*upstream)` (or `grad(upstream=...)`) returning
            the gradients of the arguments.

    Returns:
        A function that gives `output`.

    Raises:
        ValueError: in the backward, if `grad` returns fewer gradients than there are arguments.

    Example:

    >>> import minikeras
    >>> @minikeras.ops.custom_gradient
    ... def log1pexp(x):
    ...     e = minikeras.ops.exp(x)
    ...     return minikeras.ops.log(1 + e), lambda g: g * (1 - 1 / (1 + e))
    >>> float(minikeras.grad(log1pexp)(80.0))
    1.0
    """
    primitive = _CustomGradient(f)

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return primitive(*[as_tensor(a) for a in args], kwargs=kwargs)

    return wrapped


class _CustomGradient(Primitive):
    """A function whose backward its author wrote."""

    narrow = ""

    def __init__(self, f: Callable) -> None:
        # Not in the registry, which holds what the library itself has.
        self.name = "custom_gradient"
        self.function = f
        self.forward = self._forward
        self.writes_out = False
        self.rule = self._rule

    def _forward(self, *args: Any, kwargs: dict) -> tuple:
        with no_recording():
            output, grad = self.function(*[Tensor(a) for a in args], **kwargs)
        flat = [as_tensor(o) for o in tree.flatten(output)]
        values = tuple([o.array for o in flat])
        return (values if len(values) > 1 else values[0]), (grad, flat)

    def _rule(self, *args: Any, kwargs: dict) -> Any:
        output, _ = probe(self.function, args, kwargs)
        return output

    def outputs(self, node: Any) -> int:
        return len(node.saved[1])

    def backward(self, g: Any, saved: Any, needs: Any, out: Any, **params: Any) -> list:
        grad, outputs = saved
        result = self._gradients(grad, g, outputs, needs)
        return [None if r is None else np.asarray(to_array(r)) for r in result]

    def backward_graph(self, g: Any, node: Any, needs: Any) -> list:
        # Run again so that what `grad` has closed over is followed too.
        _, grad = self.function(*node.inputs, **node.params["kwargs"])
        return self._gradients(grad, g, node.saved[1], needs)

    def _gradients(self, grad: Callable, g: Any, outputs: list, needs: Any) -> list:
        upstream = g if isinstance(g, list) else [g]
        upstream = [
            Tensor(np.zeros_like(o.array)) if u is None else as_tensor(u)
            for u, o in zip(upstream, outputs)
        ]
        result = grad(*upstream) if _positional(grad) else grad(upstream=upstream[0])
        result = list(result) if isinstance(result, (list, tuple)) else [result]
        if len(result) < len(needs):
            raise ValueError(
                f"custom_gradient: the gradient function returned {len(result)} gradients for "
                f"{len(needs)} arguments."
            )
        return [r if need else None for r, need in zip(result, needs)]


def _positional(f: Callable) -> bool:
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return True
    return any(p.kind not in (p.KEYWORD_ONLY, p.VAR_KEYWORD) for p in parameters)


# Scattering and slicing.

_slice = slice  # the builtin, which an op below hides


def _block(whole: tuple, start: Any, sizes: Any, op: str, sizes_of: str) -> tuple:
    """Return the index of a block of `sizes` (-1: up to the end) from `start` on.

    Raises:
        ValueError: if there is not one of each for every axis; it names the argument.
    """
    start = [int(s) for s in np.ravel(to_array(start))]
    for name, given in (("start_indices", start), (sizes_of, sizes)):
        if len(given) != len(whole):
            raise ValueError(
                f"{op}: argument `{name}` must have one number for each axis of `inputs`, of shape "
                f"{whole}. Received: {name}={tuple(given)}"
            )
    return tuple([_slice(s, n if d == -1 else s + int(d)) for n, s, d in zip(whole, start, sizes)])


def _slice_rule(inputs: Any, start_indices: Any, shape: Any) -> KerasTensor:
    sizes = tuple(shape)
    if -1 in sizes:
        start = [int(s) for s in np.ravel(to_array(start_indices))]
        whole = np_shape(inputs)
        sizes = [
            d if d != -1 else None if n is None else n - s for n, s, d in zip(whole, start, sizes)
        ]
    return KerasTensor(sizes, inputs.dtype)


@op(rule=_slice_rule)
def slice(inputs: TensorLike, start_indices: TensorLike, shape: Any) -> Tensor:
    """Cut a block out of a tensor.

    Args:
        inputs: tensor.
        start_indices: where the block begins, one integer an axis.
        shape: sizes of the block; -1 for all that is left.
    """
    x = as_tensor(inputs)
    return x[_block(x.shape, start_indices, shape, "slice", "shape")]


def _updated(x: Any, updates: Any, key: Any) -> Any:
    if isinstance(x, Tensor):
        return _UPDATE(x, updates, key=key)
    y = np.array(x)
    y[key] = updates
    return y


def _winning(g: Any, key: Any) -> Any:
    """Read the gradient at the places that were replaced; of several updates the last one won."""
    picked = g[key]
    if not key or isinstance(key[0], _slice):
        return picked
    owner = np.full(g.shape, -1)
    order = np.arange(picked.size).reshape(picked.shape)
    owner[key] = order
    won = owner[key] == order
    return picked if won.all() else picked * won


_UPDATE = elementary(
    "update",
    _updated,
    lambda g, key: _updated(g, np.zeros(g[key].shape, g.dtype), key),
    lambda g, key: _winning(g, key),
    inputs=("x", "updates"),
    rule=same,
)


@op(rule=lambda inputs, start_indices, updates: KerasTensor(inputs.shape, inputs.dtype))
def slice_update(inputs: TensorLike, start_indices: TensorLike, updates: TensorLike) -> Tensor:
    """Return `inputs` with a block replaced by `updates`, from `start_indices` on."""
    x = as_tensor(inputs)
    updates = cast(updates, x.array.dtype)
    key = _block(x.shape, start_indices, updates.shape, "slice_update", "updates.shape")
    return _UPDATE(x, updates, key=key)


def _places(indices: Any) -> tuple:
    return tuple(np.moveaxis(to_array(indices), -1, 0))


_UPDATE_AT = elementary(
    "scatter_update",
    lambda x, updates, indices: _updated(x, updates, _places(indices)),
    lambda g, updates, indices: _updated(g, np.zeros(updates.shape, g.dtype), _places(indices)),
    lambda g, indices: _winning(g, _places(indices)),
    None,
    inputs=("x", "updates", "indices"),
    rule=same,
)


@op(rule=same)
def scatter_update(
    inputs: TensorLike, indices: TensorLike, updates: TensorLike, reduction: str | None = None
) -> Tensor:
    """Return `inputs` with the places `indices` (one a row) replaced by `updates`.

    Args:
        inputs: tensor.
        indices: integers of shape `(n, k)`: positions along the first k axes.
        updates: values, of shape `(n, ...)`, to which they are broadcast.
        reduction: None to replace, or `"add"`, `"max"`, `"min"`, `"mul"` to combine.

    Raises:
        ValueError: for another `reduction`.
    """
    x, indices = as_tensor(inputs), as_tensor(indices)
    updates = cast(updates, x.array.dtype)
    if indices.shape == (1, 0):  # one place without coordinates: the whole tensor
        indices = indices[0]
    places = indices.shape[:-1]
    whole = (*places, *x.shape[indices.shape[-1] :])
    if updates.shape != whole:
        updates = broadcast_to(updates, whole)
    if reduction is None:
        return _UPDATE_AT(x, updates, indices)
    if reduction == "add":
        return add(x, _SCATTER(updates, indices, into=x.shape))
    combine = {"max": maximum, "min": minimum, "mul": multiply}.get(reduction)
    if combine is None:
        raise ValueError(
            "scatter_update: `reduction` must be None, 'add', 'max', 'min' or 'mul'. "
            f"Received: reduction={reduction!r}"
        )
    key = _places(indices)
    for place in np.ndindex(places):
        at = tuple([k[place] for k in key])
        x = _UPDATE(x, combine(x[at], updates[place]), key=at)
    return x


def _scattered(x: Any, indices: Any, into: tuple) -> np.ndarray:
    y = np.zeros(into, x.dtype)
    np.add.at(y, _places(indices), x)
    return y


_SCATTER = elementary(
    "scatter",
    _scattered,
    lambda g, indices: g[_places(indices)],
    None,
    inputs=("x", "indices"),
    rule=lambda x, indices, into: KerasTensor(into, x.dtype),
)


@op
def scatter(indices: TensorLike, values: TensorLike, shape: Any) -> Tensor:
    """Add values into zeros of `shape` at the places `indices`, of shape `(n, k)`."""
    return _SCATTER(as_tensor(values), as_tensor(indices), into=tuple(shape))
