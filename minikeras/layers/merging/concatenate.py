"""`Concatenate`: joins its inputs along an axis."""

from __future__ import annotations

from typing import Any

from minikeras import ops
from minikeras.layers.layer import only_passes_on
from minikeras.layers.merging.base_merge import Merge
from minikeras.ops.rows import CONCATENATED_ROWS


class Concatenate(Merge):
    """Joins its inputs along an axis.

    Args:
        axis: the axis.

    Input: list of tensors of the same shape but for `axis`. Output: one tensor.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.Concatenate()([np.ones((2, 3)), np.ones((2, 4))]).shape
    (2, 7)
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def _same_rank(self, inputs: Any) -> list:
        return list(inputs)

    def _check_list(self, input_shape: Any) -> None:
        if not isinstance(input_shape, (list, tuple)) or not isinstance(
            input_shape[0], (list, tuple)
        ):
            raise ValueError(
                "A `Concatenate` layer should be called on a list of at least 1 input. "
                f"Received: input_shape={input_shape}"
            )

    def _merge(self, inputs: list) -> Any:
        return ops.concatenate(inputs, axis=self.axis)

    def _joins_rows(self, tables: list, indices: list) -> Any:
        rank = {x.ndim if own is None else own.ndim + 1 for x, own in zip(tables, indices)}
        if len(rank) > 1 or self.axis not in (-1, rank.pop() - 1):
            return None
        return CONCATENATED_ROWS(*tables, indices=indices)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        shapes = [tuple(s) for s in input_shape]
        n = len(shapes[0])
        bad = not -n <= self.axis < n or any(len(s) != n for s in shapes)
        axis = self.axis % n if n else 0
        out = list(shapes[0])
        for shape in shapes[1:]:
            for i, (a, b) in enumerate(zip(out, shape)):
                if i == axis:
                    out[i] = None if a is None or b is None else a + b
                elif a is None:
                    out[i] = b
                elif b is not None and a != b:
                    bad = True
        if bad:
            raise ValueError(
                f"Layer '{self.name}': a `Concatenate` layer requires inputs with matching shapes "
                f"except for the concatenation axis {self.axis}. Received: input_shape={shapes}"
            )
        return tuple(out)

    @only_passes_on
    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        if mask is None or all(m is None for m in mask):
            return None
        if len(mask) != len(inputs):
            raise ValueError(
                f"Layer '{self.name}': `mask` must be a list of one mask for each input. "
                f"Received: {len(mask)} masks for {len(inputs)} inputs"
            )
        axis = self.axis % len(inputs[0].shape)
        masks = []
        for x, m in zip(inputs, mask):
            if m is None:
                masks.append(ops.ones_like(x, dtype="bool"))
            else:
                for _ in range(len(x.shape) - len(m.shape)):
                    m = ops.expand_dims(m, -1)
                masks.append(ops.logical_or(m, ops.zeros_like(x, dtype="bool")))
        return ops.any(ops.concatenate(masks, axis=axis), axis=-1)


def concatenate(inputs: Any, axis: int = -1, **kwargs: Any) -> Any:
    """Return `Concatenate(axis=axis, **kwargs)(inputs)`."""
    return Concatenate(axis=axis, **kwargs)(inputs)
