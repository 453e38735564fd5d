"""Sequences of different lengths in one array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minikeras.common.call_errors import told


@told
def pad_sequences(
    sequences: Sequence[Sequence],
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: float | str = 0.0,
) -> np.ndarray:
    """Put sequences of different lengths into one array.

    Args:
        sequences: sequences of numbers, or of arrays that all have the same shape.
        maxlen: length of the result, by default that of the longest sequence.
        dtype: dtype of the result; `object` for strings.
        padding: `"pre"` or `"post"`: the side on which short sequences are filled up.
        truncating: `"pre"` or `"post"`: the side on which long sequences lose elements.
        value: what to fill up with.

    Returns:
        Array of shape `(len(sequences), maxlen)`, or `(len(sequences), maxlen, *shape)` for
        elements of that shape.

    Raises:
        ValueError: if `sequences` is not a list of sequences, if their elements differ in shape,
            or if another argument is not as described.

    Example:

    >>> from minikeras.utils import pad_sequences
    >>> pad_sequences([[1], [2, 3], [4, 5, 6, 7]], maxlen=3)
    array([[0, 0, 1],
           [0, 2, 3],
           [5, 6, 7]], dtype=int32)
    >>> pad_sequences([[1], [2, 3]], padding="post", value=-1)
    array([[ 1, -1],
           [ 2,  3]], dtype=int32)
    """
    for name, side in (("padding", padding), ("truncating", truncating)):
        if side not in ("pre", "post"):
            raise ValueError(f"pad_sequences: `{name}` must be 'pre' or 'post'. Received: {side!r}")
    if not hasattr(sequences, "__len__"):
        raise ValueError(
            "pad_sequences: `sequences` must be a list of sequences. "
            f"Received: {type(sequences).__name__}"
        )
    for index, sequence in enumerate(sequences):
        if not hasattr(sequence, "__len__"):
            raise ValueError(
                "pad_sequences: `sequences` must be a list of sequences. "
                f"Received at position {index}: {sequence!r}"
            )
    kind = np.dtype(dtype).kind
    if isinstance(value, str) and kind not in "OUS":
        raise ValueError(
            f"pad_sequences: dtype {dtype!r} cannot hold `value={value!r}`. "
            "Use `dtype=object` for strings."
        )
    if maxlen is None:
        if len(sequences) == 0:
            raise ValueError("pad_sequences: `sequences` is empty, so `maxlen` must be given.")
        maxlen = max(map(len, sequences))

    element_shape = next((np.shape(s)[1:] for s in sequences if len(s)), ())
    padded = np.full((len(sequences), maxlen, *element_shape), value, dtype=dtype)
    for index, sequence in enumerate(sequences):
        excess = max(len(sequence) - maxlen, 0)
        kept = sequence[excess:] if truncating == "pre" else sequence[: len(sequence) - excess]
        n = len(kept)
        if n == 0:
            continue
        kept = np.asarray(kept, dtype=dtype)
        if kept.shape[1:] != element_shape:
            raise ValueError(
                f"pad_sequences: all elements must have the same shape. Those of sequence {index} "
                f"have shape {kept.shape[1:]}, those before {element_shape}."
            )
        if padding == "pre":
            padded[index, maxlen - n :] = kept
        else:
            padded[index, :n] = kept
    return padded
