"""`rearrange`: reshaping and transposing by a pattern of names, as einops writes it."""

from __future__ import annotations

import functools
import math

from minikeras.autodiff.primitive import as_tensor
from minikeras.autodiff.tensor import Tensor
from minikeras.ops.shapes import reshape, transpose
from minikeras.ops.symbolic import TensorLike, probed


def _side(text: str, pattern: str) -> list[tuple[str, ...]]:
    """Return the axes of one side of a pattern, each a tuple of the names composed in it."""
    axes: list[tuple[str, ...]] = []
    group: list[str] | None = None
    for token in text.replace("(", " ( ").replace(")", " ) ").replace("...", " ... ").split():
        if token == "(" and group is None:
            group = []
        elif token == ")" and group is not None:
            axes.append(tuple(group))
            group = None
        elif token == "..." or token == "1" or token.isidentifier():
            (axes if group is None else group).append((token,) if group is None else token)
        else:
            raise ValueError(f"rearrange: '{token}' in the pattern '{pattern}' makes no sense.")
    if group is not None:
        raise ValueError(f"rearrange: a bracket of the pattern '{pattern}' is not closed.")
    return axes


@functools.lru_cache(maxsize=256)
def _parse(pattern: str) -> tuple:
    left, arrow, right = pattern.partition("->")
    if not arrow:
        raise ValueError(f"rearrange: the pattern '{pattern}' has no '->'.")
    source, target = _side(left, pattern), _side(right, pattern)
    names = [[n for axis in side for n in axis if n != "1"] for side in (source, target)]
    for side in names:
        if len(set(side)) < len(side):
            raise ValueError(f"rearrange: a name occurs twice on one side of '{pattern}'.")
    if set(names[0]) != set(names[1]):
        missing = sorted(set(names[0]) ^ set(names[1]))
        raise ValueError(f"rearrange: {missing} must be on both sides of '{pattern}'.")
    return source, target


@probed
def rearrange(tensor: TensorLike, pattern: str, **axes_lengths: int) -> Tensor:
    """Give a tensor's axes a new order, taking them apart or putting them together.

    Args:
        tensor: tensor.
        pattern: names of the axes before and after, such as `"b (h w) c -> b c h w"`; brackets
            compose several into one, `...` stands for any number of axes, 1 for an axis of size 1.
        **axes_lengths: sizes of names that the shape does not tell.

    Raises:
        ValueError: if the pattern makes no sense or does not fit the shape.

    Example:

    >>> from minikeras import ops
    >>> ops.rearrange(ops.ones((2, 12, 3)), "b (h w) c -> b c h w", h=3).shape
    (2, 3, 3, 4)
    """
    x = as_tensor(tensor)
    source, target = _parse(pattern)
    extra = x.ndim - (len(source) - (("...",) in source))
    if extra < 0 or (extra and ("...",) not in source):
        raise ValueError(f"rearrange: the pattern '{pattern}' does not fit the shape {x.shape}.")
    dots = [f"...{i}" for i in range(extra)]

    def spread(side: list) -> list[tuple[str, ...]]:
        out: list[tuple[str, ...]] = []
        for axis in side:
            if axis == ("...",):
                out.extend((d,) for d in dots)
            else:
                out.append(tuple(m for n in axis for m in (dots if n == "..." else [n])))
        return out

    sizes = {"1": 1, **axes_lengths}
    before, after = spread(source), spread(target)
    for axis, size in zip(before, x.shape):
        unknown = [n for n in axis if n not in sizes]
        known = math.prod([sizes[n] for n in axis if n in sizes])
        if len(unknown) == 1 and known and size % known == 0:
            sizes[unknown[0]] = size // known
        elif unknown or known != size:
            raise ValueError(
                f"rearrange: axis {' '.join(axis) or '()'} of the pattern '{pattern}' does not fit "
                f"the size {size} of shape {x.shape}, given {axes_lengths}."
            )
    names = [n for axis in before for n in axis if n != "1"]
    order = [names.index(n) for axis in after for n in axis if n != "1"]
    x = transpose(reshape(x, [sizes[n] for n in names]), order)
    return reshape(x, [math.prod([sizes[n] for n in axis]) for axis in after])
