"""`IntegerLookup`: integers to indices, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from minikeras.common.arguments import is_integer
from minikeras.kernels.hashing import buckets
from minikeras.layers.preprocessing.index_lookup import IndexLookup

_LARGEST_RANGE = 1 << 20
"""Of so many integers at least, a table has a place for each."""


class IntegerLookup(IndexLookup):
    """The place of each integer in a vocabulary, which is given or learned by `adapt`.

    Args:
        max_tokens: greatest size of the vocabulary, with mask and unknown ones; None for any.
        num_oov_indices: number of indices for integers that are not in the vocabulary. With more than
            one, `oov_method` chooses; with 0 they are errors.
        mask_token: integer that stands for none: index 0 for `output_mode="int"`, left out otherwise.
        oov_token: what stands for unknown integers in the vocabulary, and with `invert`.
        vocabulary: list, tuple or array of integers, or the path of a file with one a line. None if it
            is to be learned.
        vocabulary_dtype: `"int64"`.
        idf_weights: weights of the integers of `vocabulary`, for `"tf_idf"`.
        invert: whether indices become integers of the vocabulary.
        output_mode: `"int"` for indices, `"one_hot"` for a vector for each integer, `"multi_hot"`,
            `"count"` or `"tf_idf"` (counts, each times the weight of its integer) for a vector for each
            sample.
        sparse: must be False.
        pad_to_max_tokens: whether such vectors are of length `max_tokens`, however many there are.
        oov_method: `"floormod"` for the remainder, `"farmhash"` for the hash of the decimal text.
        salt: integer, or two of them, that the hash depends on; for `"farmhash"`.
        name: name, counted if None.
        **kwargs: arguments of `Layer`.

    Input: integers of any shape. Output: int64 of the same shape for `"int"`; with a last axis of the
    vocabulary for `"one_hot"`, in place of one of size 1; of `(batch, n)` integers
    `(batch, vocabulary_size)` otherwise, floats for `"tf_idf"`.

    Raises:
        ValueError: if arguments contradict each other, or the vocabulary is none.

    Example:

    >>> from minikeras import layers
    >>> lookup = layers.IntegerLookup(vocabulary=[12, 36, 1138])
    >>> lookup([[12, 1138, 42]]).tolist()
    [[1, 3, 0]]
    >>> layers.IntegerLookup(vocabulary=[12, 36], invert=True)([[2, 0]]).tolist()
    [[36, -1]]
    """

    vocabulary_dtype = "int64"

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: int | None = None,
        oov_token: int | None = -1,
        vocabulary: Any = None,
        vocabulary_dtype: Literal["int64"] = "int64",
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        sparse: bool = False,
        pad_to_max_tokens: bool = False,
        oov_method: str = "floormod",
        salt: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if salt is not None and oov_method != "farmhash":
            raise ValueError(
                "`salt` can only be used when `oov_method='farmhash'`. Received: "
                f"oov_method={oov_method}"
            )
        super().__init__(
            max_tokens=max_tokens,
            num_oov_indices=num_oov_indices,
            mask_token=mask_token,
            oov_token=oov_token,
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            invert=invert,
            output_mode=output_mode,
            pad_to_max_tokens=pad_to_max_tokens,
            sparse=sparse,
            salt=salt,
            oov_method=oov_method,
            name=name,
            **kwargs,
        )

    def _integers(self, array: np.ndarray) -> np.ndarray:
        if array.dtype.kind not in "iub":
            raise ValueError(
                f"Layer '{self.name}' takes integers. Received: an array of dtype {array.dtype}"
            )
        return array.reshape(-1).astype(np.int64, copy=False)

    def _keys(self, array: np.ndarray) -> list[int]:
        return self._integers(array).tolist()

    def _key(self, value: Any) -> int:
        if is_integer(value):
            return int(value)
        raise ValueError(
            f"{type(self).__name__}: a vocabulary must be made of integers. Received: {value!r} (of "
            f"type {type(value).__name__})"
        )

    def _value(self, key: int) -> int:
        return key

    def _line(self, line: str) -> int:
        return int(line)

    def _set_tokens(self, keys: Sequence) -> None:
        super()._set_tokens(keys)
        self._least = min(self._table, default=0)
        size = max(self._table, default=-1) - self._least + 1
        self._indices_from_least = None
        if 0 < size <= max(_LARGEST_RANGE, 8 * len(keys)):
            table = np.full(size + 1, self._unknown)  # the last place is that of all others
            table[np.fromiter(self._table, np.int64) - self._least] = list(self._table.values())
            self._indices_from_least = table

    def _indices_of(self, array: np.ndarray) -> np.ndarray:
        table = self._indices_from_least
        if table is None:
            return super()._indices_of(array)
        integers = self._integers(array)
        # Without sign, so that what lies below the least is very large.
        places = (integers - self._least).view(np.uint64)
        indices = table[np.minimum(places, np.uint64(len(table) - 1)).view(np.int64)]
        return self._resolved(indices, lambda at: integers[at].tolist())

    def _buckets(self, keys: list[int]) -> np.ndarray:
        if self.oov_method == "floormod":
            return np.asarray(keys) % self.num_oov_indices
        return buckets([b"%d" % key for key in keys], self.num_oov_indices, self.salt)
