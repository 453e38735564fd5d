"""Masks of attention scores."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.arguments import ArgumentError
from minikeras.ops.creation import arange, tri


def attention_mask_of(
    queries: int,
    keys: int,
    query_mask: Any = None,
    value_mask: Any = None,
    key_mask: Any = None,
    attention_mask: Any = None,
    causal: bool = False,
    window: int | None = None,
) -> np.ndarray | None:
    """Put all masks of attention together.

    Args:
        queries, keys: lengths of the sequences.
        query_mask: `(batch, queries)`, false where a query is padding.
        value_mask, key_mask: `(batch, keys)`, false where a key is padding.
        attention_mask: `(batch, queries, keys)` or of more axes before the last two.
        causal: whether a query sees only keys at its own place and before.
        window: the number of places, from its own on, that a query sees in each direction.

    Returns:
        Booleans that broadcast to `(batch, queries, keys)`, or None.
    """
    masks = []
    if query_mask is not None:
        masks.append(padding_mask(query_mask, queries, "query_mask")[:, :, None])
    for name, mask in (("value_mask", value_mask), ("key_mask", key_mask)):
        if mask is not None:
            masks.append(padding_mask(mask, keys, name)[:, None, :])
    if causal:
        masks.append(tri(queries, keys, dtype="bool").array[None])
    if window is not None:
        distance = arange(queries).array[:, None] - arange(keys).array
        masks.append((np.abs(distance) < window)[None])
    if attention_mask is not None:
        attention_mask = _bool(attention_mask)
        if attention_mask.ndim == 3:
            _check_lengths("attention_mask", attention_mask, queries, keys)
        masks.append(attention_mask)
    if not masks:
        return None
    result = masks[0]
    for mask in masks[1:]:
        while mask.ndim < result.ndim:  # axes of heads and the like come after the batch
            mask = mask[:, None]
        while result.ndim < mask.ndim:
            result = result[:, None]
        result = result & mask
    return result


def for_scores(mask: np.ndarray | None, ndim: int, axes: int = 1) -> np.ndarray | None:
    """Give a mask the axes of heads, so that it broadcasts to scores of `ndim` axes.

    Args:
        mask: `(batch, queries, keys)`, queries and keys having `axes` axes each.
        ndim: number of axes of the scores.
        axes: number of axes that attention is over.
    """
    if mask is None:
        return None
    while mask.ndim < ndim:
        mask = np.expand_dims(mask, -2 * axes - 1)
    return mask


def padding_mask(mask: Any, length: int, name: str) -> np.ndarray:
    """Return a mask of a sequence as booleans, `(batch, length)`.

    Raises:
        ArgumentError: if its length is another.
    """
    mask = _bool(mask)
    if mask.ndim == 2:
        _check_lengths(name, mask, length)
    return mask


def _check_lengths(name: str, mask: np.ndarray, *lengths: int | None) -> None:
    if any(m not in (1, n) and n is not None for m, n in zip(mask.shape[1:], lengths)):
        wanted = ", ".join(["batch", *map(str, lengths)])
        raise ArgumentError("attention", name, f"booleans of shape ({wanted})", mask)


def _bool(mask: Any) -> np.ndarray:
    return to_array(mask).astype(bool)


def without_mask(x: Any) -> Any:
    """Return a tensor that does not carry its mask along."""
    if type(x) is Tensor and x._keras_mask is not None:
        return Tensor(x.array, x.node)
    return x
