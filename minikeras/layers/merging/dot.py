"""`Dot`: products of two inputs, summed over an axis of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minikeras import ops
from minikeras.layers.layer import only_passes_on
from minikeras.layers.merging.base_merge import Merge


class Dot(Merge):
    """Sums products of two inputs over one axis of each, example by example.

    Args:
        axes: the axis, or a pair of axes.
        normalize: whether to scale both to length 1 first, which gives cosine similarities.

    Input: two tensors `(batch, ...)`. Output: their remaining axes.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.Dot(axes=1)([np.ones((2, 3)), np.ones((2, 3))]).shape
    (2, 1)
    """

    _takes = 2

    def __init__(self, axes: int | Sequence[int], normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        pair = [axes, axes] if isinstance(axes, int) else list(axes)
        if len(pair) != 2:
            raise ValueError(
                f"Dot: argument `axes` must be an integer or two of them. Received: axes={axes}"
            )
        if 0 in pair:
            raise ValueError(
                f"Dot: axis 0 is the batch and cannot be summed. Received: axes={axes}"
            )
        self.axes = axes
        self.normalize = normalize

    def _pair(self, a: tuple, b: tuple) -> tuple[int, int]:
        pair = [self.axes] * 2 if isinstance(self.axes, int) else self.axes
        return pair[0] % len(a), pair[1] % len(b)

    def _same_rank(self, inputs: Any) -> list:
        return list(inputs)

    def _merge(self, inputs: list) -> Any:
        x, y = inputs
        i, j = self._pair(tuple(x.shape), tuple(y.shape))
        if self.normalize:
            x, y = ops.normalize(x, axis=i), ops.normalize(y, axis=j)
        letters = "abcdefghijklm", "nopqrstuvwxyz"
        left = "Z" + letters[0][: len(x.shape) - 1]
        right = "Z" + letters[1][: len(y.shape) - 1]
        right = right[:j] + left[i] + right[j + 1 :]
        result = "Z" + "".join(c for c in left[1:] + right[1:] if c != left[i])
        out = ops.einsum(f"{left},{right}->{result}", x, y)
        return ops.expand_dims(out, 1) if len(out.shape) == 1 else out

    def compute_output_shape(self, input_shape: Any) -> tuple:
        a, b = (list(s) for s in input_shape)
        i, j = self._pair(tuple(a), tuple(b))
        if a[i] != b[j] and None not in (a[i], b[j]):
            raise ValueError(
                f"Layer '{self.name}': incompatible input shapes: axis values {a[i]} (at axis {i}) "
                f"!= {b[j]} (at axis {j}). Full input shapes: {tuple(a)}, {tuple(b)}"
            )
        batch = a[0]
        del a[i], b[j]
        shape = (batch, *a[1:], *b[1:])
        return (*shape, 1) if len(shape) == 1 else shape

    @only_passes_on
    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return None


def dot(inputs: Any, axes: Any = -1, **kwargs: Any) -> Any:
    """Return `Dot(axes=axes, **kwargs)(inputs)`."""
    return Dot(axes=axes, **kwargs)(inputs)
