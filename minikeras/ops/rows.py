"""Rows of tables, by index: of one table, and of several joined in one step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minikeras.autodiff.primitive import Primitive
from minikeras.autodiff.tensor import Tensor
from minikeras.kernels import embedding as kernel
from minikeras.kernels.per_example import Rows
from minikeras.ops.elementwise import add
from minikeras.ops.indexing import take
from minikeras.ops.joining import concatenate


def _rows_per_example(g: np.ndarray, shape: tuple, indices: np.ndarray, n: int) -> Rows | None:
    if indices.shape[0] % n:
        return None
    return Rows(indices.reshape(n, -1), g.reshape(n, indices.size // n, shape[1]), shape)


def _embedding_per_example(
    g: np.ndarray, saved: tuple, needs: Any, n: int, indices: np.ndarray
) -> list | None:
    rows = _rows_per_example(g, *saved, n)
    return None if rows is None else [rows]


EMBEDDING = Primitive(
    "embedding",
    kernel.forward,
    lambda g, saved, needs, out, indices: kernel.backward(g, saved, needs, out),
    reference=lambda table, indices: take(table, indices, axis=0),
    writes_out=True,
    per_example=_embedding_per_example,
)
"""`table` to those rows of it that the parameter `indices` says."""


def _joining(name: str, forward: Callable, parts_of: Callable, join: Callable) -> Primitive:
    """Make a primitive that joins rows of tables.

    Args:
        name: its name.
        forward: kernel, `forward(*tables, indices) -> (result, shapes of the tables)`.
        parts_of: `parts_of(g, shapes)`, the gradients of what is joined.
        join: the op that joins a list of tensors.
    """

    def backward(g: Any, shapes: list, needs: Any, out: Any, indices: Any) -> list:
        return kernel.joined_backward(parts_of(g, shapes), shapes, needs, out, indices)

    def reference(*tables: Tensor, indices: Sequence) -> Tensor:
        return join([x if i is None else take(x, i, axis=0) for x, i in zip(tables, indices)])

    def per_example(g: Any, shapes: list, needs: Any, n: int, indices: Any) -> list | None:
        result = []
        for part, shape, need, own in zip(parts_of(g, shapes), shapes, needs, indices):
            found = part if need else None
            if need and own is not None:
                found = _rows_per_example(part, shape, own, n)
                if found is None:
                    return None
            result.append(found)
        return result

    return Primitive(
        name,
        forward,
        backward,
        reference=reference,
        writes_out=True,
        per_example=per_example,
    )


def _add_up(xs: list) -> Tensor:
    total = xs[0]
    for x in xs[1:]:
        total = add(total, x)
    return total


CONCATENATED_ROWS = _joining(
    "concatenated_rows",
    kernel.concatenated_forward,
    kernel.concatenated_parts,
    lambda xs: concatenate(xs, axis=-1),
)
"""Rows of tables, and whole tensors where `indices` holds None, side by side along the last axis."""

SUMMED_ROWS = _joining("summed_rows", kernel.summed_forward, kernel.summed_parts, _add_up)
"""The sum of rows of tables."""
