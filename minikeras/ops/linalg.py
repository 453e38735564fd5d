"""Products of vectors, matrices and tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import Elementary, as_tensor, elementary, unbroadcast
from minikeras.autodiff.tensor import Tensor
from minikeras.common.dtypes import result_type
from minikeras.ops.families import _kind, broadcast_shapes, np_shape, promote
from minikeras.ops.shapes import reshape, transpose
from minikeras.ops.symbolic import op


def _matmul(x1: np.ndarray, x2: np.ndarray) -> np.ndarray:
    # np.dot has half of matmul's call overhead and is the same product for matrices.
    return x1.dot(x2) if x1.ndim == x2.ndim == 2 else np.matmul(x1, x2)


def _swap(x: Any) -> Any:
    return np.swapaxes(x, -1, -2)


def _matmul_vjp1(g: Any, x1: Any, x2: Any) -> Any:
    if x1.ndim == 1 and x2.ndim == 1:
        return g * x2
    if x2.ndim == 1:
        return unbroadcast(np.expand_dims(g, -1) * x2, x1.shape)
    if x1.ndim == 1:
        d = np.matmul(np.expand_dims(g, -2), _swap(x2))
        return unbroadcast(np.reshape(d, (*d.shape[:-2], d.shape[-1])), x1.shape)
    d = np.matmul(g, _swap(x2))
    return d if d.shape == x1.shape else unbroadcast(d, x1.shape)


def _matmul_vjp2(g: Any, x1: Any, x2: Any) -> Any:
    if x1.ndim == 1 and x2.ndim == 1:
        return g * x1
    if x1.ndim == 1:
        return unbroadcast(np.expand_dims(g, -2) * np.expand_dims(x1, -1), x2.shape)
    if x2.ndim == 1:
        d = np.matmul(_swap(x1), np.expand_dims(g, -1))
        return unbroadcast(np.reshape(d, d.shape[:-1]), x2.shape)
    d = np.matmul(_swap(x1), g)
    return d if d.shape == x2.shape else unbroadcast(d, x2.shape)


MATMUL = elementary("matmul", _matmul, _matmul_vjp1, _matmul_vjp2, inputs=("x1", "x2"))


def matmul_shape(a: tuple, b: tuple, name: str = "matmul") -> tuple:
    """Return the shape of a matrix product.

    Raises:
        ValueError: if the inner sizes differ.
    """
    if not a or not b:
        raise ValueError(f"{name}: inputs need at least one axis. Received shapes {a} and {b}.")
    inner_a, inner_b = a[-1], b[-2] if len(b) > 1 else b[0]
    if inner_a is not None and inner_b is not None and inner_a != inner_b:
        raise ValueError(
            f"{name}: inner sizes must be equal. Received shapes {a} and {b} "
            f"({inner_a} != {inner_b})."
        )
    left = a[:-1] if len(a) > 1 else ()
    right = b[-1:] if len(b) > 1 else ()
    if len(a) > 1 and len(b) > 1:
        return (*broadcast_shapes(a[:-2], b[:-2], name), a[-2], b[-1])
    return tuple(left) + (tuple(b[:-2]) + tuple(right) if len(b) > 1 else ())


def _matmul_rule(x1: Any, x2: Any) -> KerasTensor:
    return KerasTensor(
        matmul_shape(np_shape(x1), np_shape(x2)), result_type(_kind(x1), _kind(x2))
    )


@op(rule=_matmul_rule)
def matmul(x1: Any, x2: Any) -> Tensor:
    """Multiply matrices over the last two axes; the axes before them broadcast."""
    x1, x2 = promote(x1, x2)
    matmul_shape(x1.shape, x2.shape)
    return MATMUL(x1, x2)


@op
def dot(x1: Any, x2: Any) -> Tensor:
    """Sum over the last axis of `x1` and the second last of `x2` (the last, if it has one)."""
    x1, x2 = promote(as_tensor(x1), as_tensor(x2))
    if x1.ndim == 0 or x2.ndim == 0:
        return x1 * x2
    if x1.ndim <= 2 and x2.ndim <= 2:
        matmul_shape(x1.shape, x2.shape, "dot")
        return MATMUL(x1, x2)
    return tensordot(x1, x2, axes=([x1.ndim - 1], [0 if x2.ndim == 1 else x2.ndim - 2]))


@op
def tensordot(x1: Any, x2: Any, axes: Any = 2) -> Tensor:
    """Sum products over pairs of axes."""
    x1, x2 = promote(as_tensor(x1), as_tensor(x2))
    if isinstance(axes, int):
        axes = (list(range(x1.ndim - axes, x1.ndim)), list(range(axes)))
    a_axes, b_axes = [[a] if isinstance(a, int) else list(a) for a in axes]
    a_axes, b_axes = [a % x1.ndim for a in a_axes], [b % x2.ndim for b in b_axes]
    for a, b in zip(a_axes, b_axes):
        if x1.shape[a] != x2.shape[b]:
            raise ValueError(
                f"tensordot: axis {a} of {x1.shape} and axis {b} of {x2.shape} differ in size."
            )
    a_keep = [i for i in range(x1.ndim) if i not in a_axes]
    b_keep = [i for i in range(x2.ndim) if i not in b_axes]
    inner = int(np.prod([x1.shape[a] for a in a_axes]))
    left = reshape(
        transpose(x1, a_keep + a_axes), (int(np.prod([x1.shape[i] for i in a_keep])), inner)
    )
    right = reshape(
        transpose(x2, b_axes + b_keep), (inner, int(np.prod([x2.shape[i] for i in b_keep])))
    )
    shape = [x1.shape[i] for i in a_keep] + [x2.shape[i] for i in b_keep]
    return reshape(MATMUL(left, right), shape)


@op
def inner(x1: Any, x2: Any) -> Tensor:
    """Sum products over the last axes of both."""
    x1, x2 = promote(as_tensor(x1), as_tensor(x2))
    if x1.ndim == 0 or x2.ndim == 0:
        return x1 * x2
    return tensordot(x1, x2, axes=([-1], [-1]))


@op
def outer(x1: Any, x2: Any) -> Tensor:
    """Multiply every element of `x1` by every element of `x2`."""
    x1, x2 = promote(as_tensor(x1), as_tensor(x2))
    return reshape(x1, (-1, 1)) * reshape(x2, (1, -1))


@op
def vdot(x1: Any, x2: Any) -> Tensor:
    """Sum the products of all elements."""
    x1, x2 = promote(as_tensor(x1), as_tensor(x2))
    return MATMUL(reshape(x1, (-1,)), reshape(x2, (-1,)))


class _Einsum(Elementary):
    """The gradient of an einsum is an einsum with one operand and the result exchanged."""

    def backward(self, g: Any, saved: Any, needs: Any, out: Any, params: dict) -> list:
        operands, subscripts = saved["operands"], params["subscripts"]
        inputs, result = _explicit(subscripts, [np.ndim(o) for o in operands])
        grads = []
        for i, need in enumerate(needs):
            if not need:
                grads.append(None)
                continue
            shape = np.shape(operands[i])
            others = [o for j, o in enumerate(operands) if j != i]
            labels = [s for j, s in enumerate(inputs) if j != i]
            grads.append(_einsum_vjp(g, others, labels, inputs[i], result, shape))
        return grads

    def save(self, values: Any, y: Any) -> dict:
        return {"operands": values}

    def backward_graph(self, g: Any, node: Any, needs: Any) -> list:
        return self.backward(g, {"operands": node.inputs}, needs, None, node.params)


def _explicit(subscripts: str, ndims: list[int]) -> tuple[list[str], str]:
    """Return input labels and result labels, with `...` written out in letters."""
    text = subscripts.replace(" ", "")
    left, _, right = text.partition("->")
    inputs = left.split(",")
    spare = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if c not in text]
    width = max([n - len(s.replace("...", "")) for s, n in zip(inputs, ndims) if "..." in s] or [0])
    dots = spare[:width]
    expanded = []
    for s, n in zip(inputs, ndims):
        if "..." in s:
            own = n - (len(s) - 3)
            s = s.replace("...", "".join(dots[width - own :]))
        expanded.append(s)
    if "->" in text:
        result = right.replace("...", "".join(dots))
    else:
        letters = "".join(inputs).replace(".", "")
        result = "".join(dots) + "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    return expanded, result


def _einsum_vjp(
    g: Any, others: list, labels: list[str], mine: str, result: str, shape: tuple
) -> Any:
    unique = "".join(dict.fromkeys(mine))
    known = set(result).union(*labels) if labels else set(result)
    free = "".join(c for c in unique if c in known)
    spec = ",".join([result, *labels]) + "->" + free
    d = np.einsum(spec, g, *others)
    sizes = {c: n for c, n in zip(mine, shape)}
    if free != unique:  # axes that were summed over in this operand alone
        d = np.reshape(d, [sizes[c] if c in free else 1 for c in unique])
    d = np.broadcast_to(d, [sizes[c] for c in unique]) if d.ndim == len(unique) else d
    if unique != mine:  # a repeated label read the diagonal
        d = _undiagonal(d, mine, unique, shape)
    return d


def _undiagonal(d: Any, mine: str, unique: str, shape: tuple) -> Any:
    """Put values back on the diagonals that a repeated label read."""
    mask = np.ones(shape, dtype=bool)
    grid = np.ogrid[tuple(slice(n) for n in shape)]
    for i, c in enumerate(mine):
        first = mine.index(c)
        if first != i:
            mask = mask & (grid[first] == grid[i])
    first_axes = [mine.index(c) for c in unique]
    full = [1] * len(mine)
    for axis in first_axes:
        full[axis] = shape[axis]
    return np.reshape(d, full) * mask


_EINSUM = _Einsum(
    "einsum",
    lambda *xs, subscripts: np.einsum(subscripts, *xs, optimize=len(xs) > 1),
    [],
    [],
)


@op
def einsum(subscripts: str, *operands: Any) -> Tensor:
    """Sum products of tensors over labelled axes, as `numpy.einsum`.

    Example:

    >>> from minikeras import ops
    >>> ops.einsum("ij,jk->ik", ops.ones((2, 3)), ops.ones((3, 4))).shape
    (2, 4)
    """
    operands = promote(*[as_tensor(o) for o in operands])
    return _EINSUM(*operands, subscripts=subscripts)
