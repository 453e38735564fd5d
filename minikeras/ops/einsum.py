"""`einsum`, through matrix products where two operands meet."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor, is_known
from minikeras.autodiff.primitive import Elementary, sum_over
from minikeras.autodiff.tensor import Tensor
from minikeras.kernels import gemm
from minikeras.kernels.sums import add_reduce
from minikeras.ops.families import fits, promote, promote_factors
from minikeras.ops.symbolic import TensorLike, op


@functools.lru_cache(maxsize=512)
def explicit(subscripts: str, ndims: tuple[int, ...]) -> tuple[tuple[str, ...], str]:
    """Write out `...` and an implied result in letters.

    Returns:
        Labels of each input, and labels of the result.

    Raises:
        ValueError: if the labels do not fit the operands.
    """
    text = subscripts.replace(" ", "")
    left, arrow, right = text.partition("->")
    inputs = left.split(",")
    if len(inputs) != len(ndims):
        raise ValueError(
            f"einsum: '{subscripts}' names {len(inputs)} operands. Received: {len(ndims)}"
        )
    spare = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if c not in text]
    widths = [n - len(s) + 3 for s, n in zip(inputs, ndims) if "..." in s]
    dots = "".join(spare[: max(widths, default=0)])
    labels = []
    for s, n in zip(inputs, ndims):
        if "..." in s:
            s = s.replace("...", dots[len(dots) - (n - len(s) + 3) :])
        if len(s) != n:
            raise ValueError(
                f"einsum: '{subscripts}' names {len(s)} axes of an operand that has {n}."
            )
        labels.append(s)
    if arrow:
        result = right.replace("...", dots)
    else:
        once = sorted(c for c in set("".join(labels)) if "".join(labels).count(c) == 1)
        result = dots + "".join(c for c in once if c not in dots)
    for c in result:
        if not any(c in s for s in labels):
            raise ValueError(f"einsum: label '{c}' of the result of '{subscripts}' is in no input.")
    return tuple(labels), result


class _Plan:
    """How to make a two-operand einsum a product of (batches of) matrices.

    Axes of an operand are those of the batch (in both operands and the result), those summed over
    (in both), its own (in the result), and lonely ones (in neither), which are summed at once.
    """

    def __init__(self, a: str, b: str, result: str) -> None:
        self.lonely_a = tuple([i for i, c in enumerate(a) if c not in b and c not in result])
        self.lonely_b = tuple([i for i, c in enumerate(b) if c not in a and c not in result])
        a = "".join([c for c in a if c in b or c in result])
        b = "".join([c for c in b if c in a or c in result])
        batch = [c for c in result if c in a and c in b]
        summed = [c for c in a if c in b and c not in result]
        own_a = [c for c in result if c in a and c not in b]
        own_b = [c for c in result if c in b and c not in a]
        self.order_a = self._order(a, batch + own_a + summed)
        self.order_b = self._order(b, batch + summed + own_b)
        self.order_result = self._order("".join(batch + own_a + own_b), list(result))
        self.n_batch, self.n_a, self.n_summed = len(batch), len(own_a), len(summed)
        self.n_b = len(own_b)
        # Matrices as they are: nothing to move or to reshape.
        self.plain = (
            not batch
            and len(own_a) == len(own_b) == len(summed) == 1
            and not self.lonely_a
            and not self.lonely_b
        )

    @staticmethod
    def _order(have: str, want: list[str]) -> tuple[int, ...] | None:
        order = tuple([have.index(c) for c in want])
        return None if order == tuple(range(len(order))) else order

    def __call__(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        if self.plain:
            a = a if self.order_a is None else a.T
            b = b if self.order_b is None else b.T
            y = gemm.dot(a, b)
            return y if self.order_result is None else y.T
        if self.lonely_a:
            a = add_reduce(a, self.lonely_a)
        if self.lonely_b:
            b = add_reduce(b, self.lonely_b)
        if self.order_a is not None:
            a = a.transpose(self.order_a)
        if self.order_b is not None:
            b = b.transpose(self.order_b)
        i, j = self.n_batch, self.n_batch + self.n_a
        batch, rows, summed = a.shape[:i], a.shape[i:j], a.shape[j:]
        columns = b.shape[i + self.n_summed :]
        if b.shape[: i + self.n_summed] != (*batch, *summed):  # sizes of 1 broadcast
            return None
        m, k, n = math.prod(rows), math.prod(summed), math.prod(columns)
        if not batch:
            y = gemm.dot(a.reshape(m, k), b.reshape(k, n))
        elif k == 1:
            y = a.reshape(*batch, m, 1) * b.reshape(*batch, 1, n)
        else:
            y = gemm.matmul(a.reshape(*batch, m, k), b.reshape(*batch, k, n))
        y = y.reshape((*batch, *rows, *columns))
        return y if self.order_result is None else y.transpose(self.order_result)


@functools.lru_cache(maxsize=512)
def _plan(a: str, b: str, result: str) -> _Plan | None:
    """Return a plan, None where a label is repeated within an operand (a diagonal)."""
    if len(set(a)) < len(a) or len(set(b)) < len(b) or len(set(result)) < len(result):
        return None
    return _Plan(a, b, result)


def contract(labels: tuple[str, ...], result: str, xs: Any) -> np.ndarray:
    """Compute an einsum of arrays whose labels are written out."""
    if len(xs) == 2 and xs[0].dtype.kind in "fc":
        plan = _plan(*labels, result)
        y = None if plan is None else plan(*xs)
        if y is not None:
            return y
    elif len(xs) == 1 and xs[0].dtype.kind in "fc" and len(set(labels[0])) == len(labels[0]):
        summed = [i for i, c in enumerate(labels[0]) if c not in result]
        if summed:
            labels = ("".join([c for c in labels[0] if c in result]),)
            xs = (add_reduce(xs[0], tuple(summed)),)
    return np.einsum(",".join(labels) + "->" + result, *xs, optimize=len(xs) > 2)


class _Einsum(Elementary):
    """The gradient of an einsum is an einsum with one operand and the result exchanged."""

    def save(self, values: Any, y: Any) -> dict:
        return {"operands": values}

    def backward(self, g: Any, saved: Any, needs: Any, out: Any, **params: Any) -> list:
        operands, labels, result = saved["operands"], params["labels"], params["result"]
        grads = []
        for i, need in enumerate(needs):
            if not need:
                grads.append(None)
                continue
            others = [o for j, o in enumerate(operands) if j != i]
            other_labels = [s for j, s in enumerate(labels) if j != i]
            grads.append(_vjp(g, others, other_labels, labels[i], result, operands[i].shape))
        return grads

    def backward_graph(self, g: Any, node: Any, needs: Any) -> list:
        return self.backward(g, {"operands": node.inputs}, needs, None, **node.params)


def _vjp(g: Any, others: list, labels: list[str], mine: str, result: str, shape: tuple) -> Any:
    unique = "".join(dict.fromkeys(mine))
    free = "".join([c for c in unique if c in result or any(c in s for s in labels)])
    operands, names = [g, *others], (result, *labels)
    if any(isinstance(x, Tensor) for x in operands):
        d = _EINSUM(*promote(*operands), labels=names, result=free)
    else:
        d = contract(names, free, operands)
    sizes = dict(zip(mine, shape))
    if d.shape != tuple([sizes[c] for c in free]):  # an axis of size 1 was broadcast
        over = tuple([i for i, c in enumerate(free) if sizes[c] == 1 and d.shape[i] != 1])
        d = sum_over(d, over, keepdims=True)
    if free != unique:  # axes that were summed over in this operand alone
        d = np.reshape(d, [sizes[c] if c in free else 1 for c in unique])
        d = np.broadcast_to(d, tuple([sizes[c] for c in unique]))
    return d if unique == mine else _undiagonal(d, mine, unique, shape)


def _undiagonal(d: Any, mine: str, unique: str, shape: tuple) -> Any:
    """Put values back on the diagonals that a repeated label read."""
    mask = np.ones(shape, dtype=bool)
    grid = np.ogrid[tuple([slice(n) for n in shape])]
    for i, c in enumerate(mine):
        if mine.index(c) != i:
            mask = mask & (grid[mine.index(c)] == grid[i])
    full = [1] * len(mine)
    for c in unique:
        full[mine.index(c)] = shape[mine.index(c)]
    return np.reshape(d, full) * mask


def _sizes(labels: tuple[str, ...], shapes: list[tuple], subscripts: str) -> dict:
    """Return the size of every label.

    Raises:
        ValueError: if operands differ about one.
    """
    sizes: dict[str, Any] = {}
    for s, shape in zip(labels, shapes):
        for c, n in zip(s, shape):
            old = sizes.get(c, 1)
            if old == 1 or (not is_known(old) and n not in (None, 1)):
                sizes[c] = n
            elif n != 1 and not fits(n, old):
                raise ValueError(
                    f"einsum: sizes {old} and {n} of label '{c}' in '{subscripts}' differ. "
                    f"Received shapes {shapes}."
                )
    return sizes


def _rule(*operands: Any, labels: tuple, result: str) -> KerasTensor:
    sizes = _sizes(labels, [tuple(x.shape) for x in operands], ",".join(labels))
    return KerasTensor([sizes[c] for c in result], operands[0].dtype)


_EINSUM = _Einsum("einsum", lambda *xs, labels, result: contract(labels, result, xs), [], [], _rule)


@op
def einsum(subscripts: str, *operands: TensorLike, **kwargs: Any) -> Tensor:
    """Sum products of tensors over labelled axes, as `numpy.einsum`.

    Args:
        subscripts: labels of the operands' axes and, after `->`, of the result's.
        *operands: tensors.
        **kwargs: `optimize` is accepted and has no effect: the order is always optimized.

    Raises:
        ValueError: if the labels do not fit the operands.

    Example:

    >>> from minikeras import ops
    >>> ops.einsum("ij,jk->ik", ops.ones((2, 3)), ops.ones((3, 4))).shape
    (2, 4)
    """
    if kwargs.keys() - {"optimize"}:
        raise TypeError(f"einsum: unknown arguments {sorted(kwargs)}.")
    operands = promote_factors(*operands)
    labels, result = explicit(subscripts, tuple([x.array.ndim for x in operands]))
    try:
        return _EINSUM(*operands, labels=labels, result=result)
    except ValueError:
        _sizes(labels, [x.shape for x in operands], subscripts)
        raise
