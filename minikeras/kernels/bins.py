"""Numbers sorted into bins."""

from __future__ import annotations

import functools

import numpy as np

from minikeras.kernels import parallel

_BLOCK = 1 << 15
"""Elements that are compared at once: with their counts they stay in a core's cache."""
_FEW = 32
"""Boundaries up to which comparing with each of them is faster than searching."""


def bin_indices(x: np.ndarray, boundaries: np.ndarray) -> np.ndarray:
    """Return, as int32, how many boundaries each number has reached: `b[i - 1] <= x < b[i]`.

    NaN counts as larger than all.

    Args:
        x: array.
        boundaries: vector in ascending order.
    """
    if x.dtype != boundaries.dtype or x.dtype.kind != "f" or x.size <= boundaries.size:
        return np.searchsorted(boundaries, x, side="right").astype(np.int32)
    flat = np.ascontiguousarray(x).reshape(-1)
    found = np.empty(flat.shape, np.int32)
    task = _compare if boundaries.size <= _FEW else _search
    n = flat.size
    step = -(-n // parallel.threads()) if n > 4 * _BLOCK else n
    parallel.run(
        [
            functools.partial(task, flat[i : i + step], boundaries, found[i : i + step])
            for i in range(0, n, step)
        ]
    )
    return found.reshape(x.shape)


def _compare(x: np.ndarray, boundaries: np.ndarray, found: np.ndarray) -> None:
    below = np.empty(min(x.size, _BLOCK), bool)
    count = np.empty(below.size, np.uint8)
    for i in range(0, x.size, _BLOCK):
        part = x[i : i + _BLOCK]
        n = part.size
        count[:n] = 0
        for b in boundaries:
            np.less(part, b, below[:n])
            np.add(count[:n], below[:n].view(np.uint8), count[:n])
        np.subtract(np.int32(boundaries.size), count[:n], found[i : i + n])


def _search(x: np.ndarray, boundaries: np.ndarray, found: np.ndarray) -> None:
    """Walk down a search tree with all numbers at once: no step depends on what they are."""
    tree, height = _tree(boundaries)
    node = np.empty(min(x.size, _BLOCK), np.intp)
    boundary = np.empty(node.size, x.dtype)
    below = np.empty(node.size, bool)
    for i in range(0, x.size, _BLOCK):
        part = x[i : i + _BLOCK]
        at, here, left = [scratch[: part.size] for scratch in (node, boundary, below)]
        at[...] = 1
        for _ in range(height):
            np.take(tree, at, out=here, mode="clip")
            np.less(part, here, left)
            np.add(at, at, at)
            np.add(at, left, at)
        np.subtract(boundaries.size + tree.size, at, found[i : i + part.size], casting="unsafe")


def _tree(boundaries: np.ndarray) -> tuple[np.ndarray, int]:
    """Return a complete search tree and its height: below node `i` are `2 * i` and `2 * i + 1`.

    To the right of a boundary are the smaller ones; -inf takes the places that are left.
    """
    height = int(boundaries.size).bit_length()
    ordered = np.full(2**height - 1, -np.inf, boundaries.dtype)
    ordered[: boundaries.size] = boundaries[::-1]
    tree = np.empty(2**height, boundaries.dtype)
    tree[0] = 0  # no node
    for level in range(height):
        step = 2 ** (height - level)
        tree[2**level : 2 ** (level + 1)] = ordered[step // 2 - 1 :: step]
    return tree, height
