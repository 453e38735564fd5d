"""`InputSpec`: what a layer expects of its inputs."""

from __future__ import annotations

from typing import Any

from minikeras import tree
from minikeras.autodiff.keras_tensor import standardize_shape
from minikeras.common.arguments import Count
from minikeras.common.configurable import Configurable
from minikeras.common.dtypes import standardize_dtype


class InputSpec(Configurable):
    """Rank, dtype, shape and axes that a layer expects of one input.

    Args:
        dtype: expected dtype, None for any.
        shape: expected shape, None where any size will do.
        ndim: expected number of axes.
        max_ndim, min_ndim: bounds of the number of axes.
        axes: expected sizes of some axes: `{axis: size}`.
        allow_last_axis_squeeze: accept inputs without a last axis of size 1, and with it.
        name: the key of this input where inputs come as a dict.
        optional: whether the input may be None.

    Example:

    >>> from minikeras import layers
    >>> layers.InputSpec(ndim=2, axes={-1: 3})
    InputSpec(ndim=2, axes={-1: 3})
    """

    def __init__(
        self,
        dtype: Any = None,
        shape: Any = None,
        ndim: Count | None = None,
        max_ndim: Count | None = None,
        min_ndim: Count | None = None,
        axes: dict | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ) -> None:
        self.dtype = None if dtype is None else standardize_dtype(dtype)
        self.shape = None if shape is None else standardize_shape(shape)
        self.ndim = len(self.shape) if self.shape is not None else ndim
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.name = name
        self.optional = optional
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        self.axes = {int(k): v for k, v in (axes or {}).items()}
        if self.axes and (self.ndim is not None or self.max_ndim is not None):
            limit = (self.ndim if self.ndim is not None else self.max_ndim) - 1
            if max(self.axes) > limit:
                raise ValueError(
                    f"InputSpec: axis {max(self.axes)} in axes={axes} is beyond the last axis, "
                    f"{limit}."
                )

    def __repr__(self) -> str:
        facts = [
            f"{k}={getattr(self, k)}"
            for k in ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes")
            if getattr(self, k)
        ]
        return f"InputSpec({', '.join(facts)})"


def check_inputs(spec: Any, inputs: Any, layer_name: str) -> None:
    """Raise ValueError if inputs do not fit the layer's spec, naming the layer and what it expects."""
    specs = tree.flatten(spec)
    if isinstance(inputs, dict) and all(s.name is not None for s in specs):
        inputs = [inputs.get(s.name) for s in specs]
    flat = tree.flatten(inputs)
    if len(flat) != len(specs):
        raise ValueError(
            f"Layer '{layer_name}' expected {len(specs)} input(s). Received {len(flat)} instead."
        )
    if tree.is_nested(inputs) and not tree.is_nested(spec):
        raise ValueError(
            f"Layer '{layer_name}' expected a tensor as its input. Received: a "
            f"{type(inputs).__name__} that holds one"
        )
    for i, (x, s) in enumerate(zip(flat, specs)):
        if x is None and s.optional:
            continue
        if s is not None:
            _check_one(x, s, layer_name, i)


def _check_one(x: Any, spec: InputSpec, layer_name: str, index: int) -> None:
    if not hasattr(x, "shape"):
        raise ValueError(f"Layer '{layer_name}': input {index} must be a tensor. Received: {x!r}")
    shape = tuple(x.shape)
    ndim = len(shape)
    place = f"Input {index} of layer '{layer_name}' is incompatible with the layer: "
    if spec.ndim is not None and ndim != spec.ndim and not spec.allow_last_axis_squeeze:
        hint = ""
        if (spec.ndim, ndim) == (3, 2):
            hint = (
                ". A recurrent layer hands its sequence on to the next layer only if it is made with "
                "return_sequences=True"
            )
        raise ValueError(
            f"{place}expected ndim={spec.ndim}, found ndim={ndim}. Full shape received: {shape}{hint}"
        )
    if spec.max_ndim is not None and ndim > spec.max_ndim:
        raise ValueError(
            f"{place}expected max_ndim={spec.max_ndim}, found ndim={ndim}. "
            f"Full shape received: {shape}"
        )
    if spec.min_ndim is not None and ndim < spec.min_ndim:
        raise ValueError(
            f"{place}expected min_ndim={spec.min_ndim}, found ndim={ndim}. "
            f"Full shape received: {shape}"
        )
    kind = getattr(x.dtype, "kind", "f")  # a KerasTensor's dtype is a name
    if kind in "USO" and spec.dtype is None:
        raise ValueError(f"{place}expected numbers, found strings or objects, dtype={x.dtype}")
    if spec.dtype is not None and standardize_dtype(x.dtype) != spec.dtype:
        raise ValueError(f"{place}expected dtype={spec.dtype}, found dtype={x.dtype}")
    for axis, size in spec.axes.items():
        if size is None:
            continue
        if not -ndim <= axis < ndim or shape[axis] not in (size, None):
            raise ValueError(
                f"{place}expected axis {axis} of input shape to have value {size}, but received "
                f"input with shape {shape}"
            )
    if spec.shape is not None:
        expected = spec.shape
        if spec.allow_last_axis_squeeze:
            expected = expected[:-1] if expected and expected[-1] == 1 else expected
            shape = shape[:-1] if shape and shape[-1] == 1 else shape
        fits = len(expected) == len(shape) and all(
            e is None or d is None or e == d for e, d in zip(expected, shape)
        )
        if not fits:
            raise ValueError(f"{place}expected shape={spec.shape}, found shape={tuple(x.shape)}")
