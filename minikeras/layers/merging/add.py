"""`Add`: adds its inputs, element by element."""

from __future__ import annotations

from typing import Any

from minikeras import ops
from minikeras.layers.merging.base_merge import Merge
from minikeras.ops.rows import SUMMED_ROWS


class Add(Merge):
    """Adds its inputs, element by element.

    Input: list of tensors that broadcast against each other. Output: one tensor.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.Add()([np.array([[1.0]]), np.array([[2.0]])])
    <Tensor shape=(1, 1) dtype=float32 [[3.]]>
    """

    def _merge(self, inputs: list) -> Any:
        total = inputs[0]
        for x in inputs[1:]:
            total = ops.add(total, x)
        return total

    def _adds_up(self) -> bool:
        return self._computes_as(Merge) and type(self)._merge is Add._merge

    def _joins_rows(self, tables: list, indices: list) -> Any:
        if any(own is None for own in indices):
            return None
        if len({(own.shape, table.shape[1]) for table, own in zip(tables, indices)}) > 1:
            return None
        return SUMMED_ROWS(*tables, indices=indices)


def add(inputs: Any, **kwargs: Any) -> Any:
    """Return `Add(**kwargs)(inputs)`."""
    return Add(**kwargs)(inputs)
