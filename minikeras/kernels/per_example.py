"""Gradients of a weight for each example of a batch: their lengths, and weighted sums of them.

To clip the gradient of each example its length is needed, not the gradient itself ("ghost clipping":
Goodfellow, "Efficient Per-Example Gradient Computations", 2015; Li et al., "Large Language Models Can
Be Strong Differentially Private Learners", 2021; Bu et al., "Scalable and Efficient Training of Large
Convolutional Neural Networks with Differential Privacy", 2022). What the clipped gradients add up to
is one more product with the gradients of the outputs scaled.

Each class stands for the gradients of one weight in the form in which a primitive has them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from minikeras.kernels import embedding, gemm
from minikeras.kernels.sums import add_reduce

CHUNK = 1 << 22
"""Elements of gradients, or of products of positions, that are worked out at a time."""
KEPT = 1 << 23
"""Elements of gradients of single examples that are kept until they are summed."""


class PerExample:
    """Gradients of a weight, one for each example.

    Args:
        n: number of examples.
        shape: shape of the weight.
    """

    def __init__(self, n: int, shape: Sequence[int]) -> None:
        self.n, self.shape = n, tuple(shape)

    def arrays(self, first: int, last: int) -> np.ndarray:
        """Return the gradients of examples `[first, last)`, of shape `(last - first, *shape)`."""
        raise NotImplementedError

    def squared_norms(self) -> np.ndarray:
        """Return the squared length of each example's gradient, `(n,)`."""
        norms = np.empty(self.n)
        for first, last in self.chunks():
            norms[first:last] = squares(self.arrays(first, last))
        return norms

    def weighted_sum(self, weights: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """Return the sum of the gradients, each times its weight.

        Args:
            weights: `(n,)`.
            out: where to put it, or None.
        """
        total = None
        for first, last in self.chunks():
            part = weigh(self.arrays(first, last), weights[first:last])
            total = part if total is None else np.add(total, part, out=total)
        return _delivered(total, out)

    def chunks(self) -> Iterator[tuple[int, int]]:
        """Cut the examples into spans whose gradients are not too many to hold at once."""
        step = max(CHUNK // max(math.prod(self.shape), 1), 1)
        return ((i, min(i + step, self.n)) for i in range(0, self.n, step))


def squares(arrays: np.ndarray) -> np.ndarray:
    """Return the sum of the squares of each of `arrays`, `(n, ...)`."""
    flat = _wide(arrays.reshape(arrays.shape[0], -1))
    return np.einsum("ij,ij->i", flat, flat)


def _wide(a: np.ndarray) -> np.ndarray:
    """Return half precision as float32: its squares would overflow."""
    return a.astype(np.float32) if a.dtype.itemsize < 4 else a


def weigh(arrays: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the sum of `arrays`, `(n, *shape)`, each times its weight, `(n,)`."""
    flat = arrays.reshape(arrays.shape[0], -1)
    return gemm.dot(weights.astype(flat.dtype)[None], flat).reshape(arrays.shape[1:])


def _delivered(total: np.ndarray, out: np.ndarray | None) -> np.ndarray:
    """Put a gradient where the caller wants it."""
    if out is None:
        return total
    out[...] = total
    return out


def squared_norms(parts: Sequence[PerExample]) -> np.ndarray:
    """Return the squared length of each example's gradient, which is the sum of several.

    So it is with a weight that is used in several places.
    """
    if len(parts) == 1:
        return parts[0].squared_norms()
    if all(type(part) is Products for part in parts):
        # Places are like time steps: each one's product adds to the gradient.
        left = np.concatenate([part.left for part in parts], axis=1)
        right = np.concatenate([part.right for part in parts], axis=1)
        return Products(left, right, parts[0].shape).squared_norms()
    norms = np.empty(parts[0].n)
    for first, last in parts[0].chunks():
        total = parts[0].arrays(first, last)
        for part in parts[1:]:
            total = total + part.arrays(first, last)
        norms[first:last] = squares(total)
    return norms


class Sums(PerExample):
    """Gradients that are there: of biases and scales they are sums over an example.

    Args:
        each: `(n, *shape)`.
    """

    def __init__(self, each: np.ndarray) -> None:
        super().__init__(each.shape[0], each.shape[1:])
        self.each = each

    def arrays(self, first: int, last: int) -> np.ndarray:
        return self.each[first:last]

    def squared_norms(self) -> np.ndarray:
        return squares(self.each)

    def weighted_sum(self, weights: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        return _delivered(weigh(self.each, weights), out)


def sums(g: np.ndarray, n: int) -> Sums:
    """Return, for the gradient `(rows, columns)` of rows that a vector was added to, the vector's."""
    each = g if g.shape[0] == n else add_reduce(g.reshape(n, -1, g.shape[-1]), 1)
    return Sums(each)


def broadcast_sums(g: np.ndarray, shape: tuple, n: int) -> Sums | None:
    """Return the gradients of an array of `shape` that was broadcast to the shape of `g`.

    Args:
        g: gradient of the result, whose first axis holds `n` examples, one after the other.
        shape: the array's shape.
        n: number of examples.

    Returns:
        The gradients; None if the array was not broadcast along the first axis.
    """
    extra = g.ndim - len(shape)
    if not extra and n > 1 and shape[:1] != (1,):
        return None
    axes = [1 + i for i in range(g.ndim) if i < extra or (shape[i - extra] == 1 != g.shape[i])]
    if not extra and n > 1:
        axes = [1, *[a for a in axes if a != 1]]
    by_example = g.reshape(n, g.shape[0] // n, *g.shape[1:])
    each = add_reduce(by_example, tuple(axes)) if axes else by_example
    return Sums(each.reshape(n, *shape))


class Products(PerExample):
    """Gradients that are products of matrices, of an example's inputs and its output gradients.

    Args:
        left: `(n, positions, p)`.
        right: `(n, positions, q)`.
        shape: shape of the weight, which has `p * q` elements.
    """

    def __init__(self, left: np.ndarray, right: np.ndarray, shape: Sequence[int]) -> None:
        super().__init__(left.shape[0], shape)
        self.left, self.right = left, right

    def arrays(self, first: int, last: int) -> np.ndarray:
        left, right = self.left[first:last], self.right[first:last]
        return gemm.matmul(left.transpose(0, 2, 1), right).reshape(-1, *self.shape)

    def squared_norms(self) -> np.ndarray:
        positions = self.left.shape[1]
        if positions == 1:
            return squares(self.left) * squares(self.right)
        p, q = self.left.shape[2], self.right.shape[2]
        if not by_positions(positions, p, q):
            return super().squared_norms()
        norms = np.empty(self.n)
        step = max(CHUNK // positions**2, 1)
        for i in range(0, self.n, step):
            norms[i : i + step] = product_norms(self.left[i : i + step], self.right[i : i + step])
        return norms

    def weighted_sum(self, weights: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        p, q = self.left.shape[2], self.right.shape[2]
        scaled = self.right * weights.astype(self.right.dtype)[:, None, None]
        target = out.reshape(p, q) if out is not None and out.flags.c_contiguous else None
        total = gemm.dot(self.left.reshape(-1, p).T, scaled.reshape(-1, q), target)
        if target is not None:
            return out
        return _delivered(total.reshape(self.shape), out)


def by_positions(positions: int, p: int, q: int) -> bool:
    """Whether products of all pairs of positions cost less than the gradient `(p, q)` itself."""
    return positions * (p + q) < p * q


def product_norms(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the squared lengths of `left.T @ right`, from the products of all pairs of positions.

    Args:
        left: `(n, positions, p)`.
        right: `(n, positions, q)`.
    """
    left, right = _wide(left), _wide(right)
    a = gemm.matmul(left, left.transpose(0, 2, 1))
    b = gemm.matmul(right, right.transpose(0, 2, 1))
    return np.maximum(np.einsum("nst,nst->n", a, b), 0)


class Rows(PerExample):
    """Gradients of a table of which each example has read a few rows.

    Args:
        indices: `(n, reads)`, the rows.
        g: `(n, reads, dim)`, gradient of what was read.
        shape: shape of the table.
    """

    def __init__(self, indices: np.ndarray, g: np.ndarray, shape: Sequence[int]) -> None:
        super().__init__(indices.shape[0], shape)
        self.indices, self.g = np.where(indices < 0, indices + self.shape[0], indices), g

    def squared_norms(self) -> np.ndarray:
        rows = self.shape[0]
        # A number for each row of each example; those that are equal are the same row, read twice.
        places = (np.arange(self.n)[:, None] * rows + self.indices).reshape(-1)
        if not places.size:
            return np.zeros(self.n)
        order = np.argsort(places, kind="stable")
        ordered = places[order]
        starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        total = np.add.reduceat(self.g.reshape(places.size, -1)[order], starts, axis=0)
        return np.bincount(ordered[starts] // rows, squares(total), self.n)

    def arrays(self, first: int, last: int) -> np.ndarray:
        tables = np.zeros((last - first, *self.shape), self.g.dtype)
        np.add.at(
            tables,
            (np.arange(last - first)[:, None], self.indices[first:last]),
            self.g[first:last],
        )
        return tables

    def weighted_sum(self, weights: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        scaled = self.g * weights.astype(self.g.dtype)[:, None, None]
        return embedding.backward(scaled, (self.shape, self.indices), [True], [out])[0]


def dense(x: np.ndarray, d: np.ndarray, n: int, shape: Any) -> Products:
    """Return the gradients of a matrix that `n` examples' rows `x` were multiplied by.

    Args:
        x: `(rows, p)`, the examples one after the other.
        d: `(rows, q)`, gradient of the product.
        n: number of examples.
        shape: shape of the weight.
    """
    rows = x.shape[0] // n
    return Products(x.reshape(n, rows, -1), d.reshape(n, rows, -1), shape)
