"""What layers that join several inputs share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from minikeras import ops
from minikeras.autodiff.state import thread
from minikeras.autodiff.tensor import Tensor
from minikeras.common.arguments import ArgumentError
from minikeras.common.settings import settings
from minikeras.layers.call_arguments import is_shape
from minikeras.layers.layer import Layer, only_passes_on


class Merge(Layer):
    """Base of elementwise merging layers: subclasses write `_merge(inputs)`."""

    _takes: int | None = None
    """How many inputs it takes, None for any number."""

    _neutral: Callable | None = None
    """For a dtype, the number that changes nothing when it is merged; None where it is 0."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def _build_for(self, args: tuple, kwargs: dict) -> None:
        if args and isinstance(args[0], (list, tuple)) and not args[0]:
            self._check_list(args[0])  # there is no shape to build for
        super()._build_for(args, kwargs)

    def build(self, input_shape: Any) -> None:
        self._check_list(input_shape)
        self.compute_output_shape(input_shape)

    def _check_list(self, input_shape: Any) -> None:
        if (input_shape and is_shape(input_shape)) or not isinstance(input_shape, (list, tuple)):
            number = "" if self._takes is None else f"{self._takes} "
            raise ValueError(
                f"A `{type(self).__name__}` layer should be called on a list of {number}inputs. "
                f"Received: input_shape={input_shape} (not a list of shapes)"
            )
        n = len(input_shape)
        if n == 0 or (self._takes is not None and n != self._takes):
            number = "at least 1" if self._takes is None else f"exactly {self._takes}"
            raise ValueError(
                f"A `{type(self).__name__}` layer should be called on {number} inputs. Received: {n} "
                f"inputs, of shapes {list(input_shape)}"
            )
        batches = {s[0] for s in input_shape if s and s[0] is not None}
        if len(batches) > 1:
            raise ValueError(
                f"Layer '{self.name}': cannot merge tensors with different batch sizes. "
                f"Received tensors with shapes {input_shape}"
            )

    def call(self, inputs: Any) -> Any:
        if not isinstance(inputs, (list, tuple)):
            raise ValueError(
                f"A `{type(self).__name__}` layer should be called on a list of inputs. "
                f"Received: inputs={inputs!r}"
            )
        masks = [getattr(x, "_keras_mask", None) for x in inputs]
        inputs = self._same_rank(inputs)
        if self._neutral is None or all(m is None for m in masks):
            return self._merge(inputs)
        return self._without_masked(inputs, masks)

    def _may_take_in(self, before: Any) -> bool:
        return (
            "_joins_rows" in vars(type(self))  # a subclass may merge in another way
            and isinstance(before, Layer)
            and type(before)._as_rows is not Layer._as_rows
        )

    def _join(self, inputs: list, before: tuple) -> Any:
        here = thread.state
        alone = self._is_bare(self._compute) and self._computes_as(Merge)
        if not alone or here.autocast is not None or settings.debug_numerics:
            return None
        tables, indices = [], []
        for x, layer in zip(inputs, before):
            if type(x) is not Tensor or x._keras_mask is not None:
                return None
            rows = (x, None) if layer is None else layer._as_rows(x)
            if rows is None or rows[0].array.dtype is not self._compute:
                return None
            tables.append(rows[0])
            indices.append(rows[1])
        here.layers.append(self)
        try:
            return self._joins_rows(tables, indices)
        except (IndexError, ValueError):  # who is called alone says what is wrong
            return None
        finally:
            here.layers.pop()

    def _without_masked(self, inputs: list, masks: list) -> Any:
        """Merge so that a masked step of one input leaves what the others have; all masked, zero."""
        masks = [m if m is None else _up_to_rank(m, len(x.shape)) for m, x in zip(masks, inputs)]
        filled = [
            x if m is None else ops.where(m, x, ops.cast(self._neutral(x.dtype), x.dtype))
            for m, x in zip(masks, inputs)
        ]
        result = self._merge(filled)
        if any(m is None for m in masks):
            return result
        return ops.where(functools.reduce(ops.logical_or, masks), result, ops.zeros_like(result))

    def _merge(self, inputs: list) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not implement _merge()")

    def _joins_rows(self, tables: list, indices: list) -> Any:
        """Merge rows of tables in one step.

        Args:
            tables: tables, and tensors that are merged as they are.
            indices: which rows of each table are meant, None for a tensor.

        Returns:
            The result, None where there is no such step for these shapes.
        """
        return None

    def _same_rank(self, inputs: Any) -> list:
        """Put axes of size 1 behind the batch axis of inputs with fewer axes, as Keras does."""
        n = max(len(x.shape) for x in inputs)
        result = []
        for x in inputs:
            while len(x.shape) < n:
                x = ops.expand_dims(x, axis=1)
            result.append(x)
        return result

    def compute_output_shape(self, input_shape: Any) -> tuple:
        shapes = [tuple(s) for s in input_shape]
        n = max(len(s) for s in shapes)
        shapes = [s[:1] + (1,) * (n - len(s)) + s[1:] if s else (1,) * n for s in shapes]
        out = list(shapes[0])
        for shape in shapes[1:]:
            for i, (a, b) in enumerate(zip(out, shape)):
                if i == 0:
                    out[i] = a if b is None else b if a is None else a
                elif a is None or b is None:
                    out[i] = None if a in (None, 1) and b in (None, 1) else (a or b)
                    if a == 1 or b == 1:
                        out[i] = None
                elif a == 1 or a == b:
                    out[i] = b
                elif b != 1:
                    raise ValueError(
                        f"Layer '{self.name}': inputs have incompatible shapes. "
                        f"Received shapes {a} and {b} on axis {i} of {list(map(tuple, input_shape))}"
                    )
        return tuple(out)

    @only_passes_on
    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """A timestep counts if it counts in any input."""
        if mask is None:
            return None
        for name, given in (("inputs", inputs), ("mask", mask)):
            if not isinstance(given, (list, tuple)):
                raise ArgumentError(f"Layer '{self.name}'", name, "a list", given)
        if len(mask) != len(inputs):
            raise ValueError(
                f"Layer '{self.name}': `mask` must be a list of one mask for each of the `inputs`. "
                f"Received: {len(mask)} masks for {len(inputs)} inputs"
            )
        if any(m is None for m in mask):
            return None
        return functools.reduce(ops.logical_or, mask)


def _up_to_rank(mask: Any, rank: int) -> Any:
    """Put axes behind those of a mask."""
    mask = ops.cast(mask, "bool")
    return ops.reshape(mask, (*mask.shape, *(1,) * (rank - len(mask.shape))))


def least(dtype: Any) -> float:
    """Return the least number of a dtype."""
    kind = np.dtype(dtype)
    return -np.inf if kind.kind in "fV" else np.iinfo(kind).min


def greatest(dtype: Any) -> float:
    """Return the greatest number of a dtype."""
    kind = np.dtype(dtype)
    return np.inf if kind.kind in "fV" else np.iinfo(kind).max
