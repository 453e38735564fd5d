"""`StringLookup`: texts to indices, and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from minikeras.common.texts import as_ascii, as_strings, is_text_dtype, utf8
from minikeras.kernels.hashing import buckets
from minikeras.kernels.texts import Table, texts_of
from minikeras.layers.preprocessing.index_lookup import IndexLookup

_MANY = 200
"""From so many texts on it costs less to look them up together than one by one."""


class StringLookup(IndexLookup):
    """The place of each text in a vocabulary, which is given or learned by `adapt`.

    Args:
        max_tokens: greatest size of the vocabulary, with mask and unknown ones; None for any.
        num_oov_indices: number of indices for texts that are not in the vocabulary. With more than one
            their hash chooses; with 0 they are errors.
        mask_token: text that stands for no text: index 0 for `output_mode="int"`, left out otherwise.
        oov_token: what stands for unknown texts in the vocabulary, and with `invert`.
        vocabulary: list, tuple or array of texts, or the path of a file with one a line. None if it is
            to be learned.
        idf_weights: weights of the texts of `vocabulary`, for `"tf_idf"`.
        invert: whether indices become texts.
        output_mode: `"int"` for indices, `"one_hot"` for a vector for each text, `"multi_hot"`,
            `"count"` or `"tf_idf"` (counts, each times the weight of its text) for a vector for each
            sample.
        pad_to_max_tokens: whether such vectors are of length `max_tokens`, however many there are.
        sparse: must be False.
        encoding: how bytes among inputs and vocabulary are to be read.
        name: name, counted if None.
        salt: integer, or two of them, that the hash of unknown texts depends on.
        **kwargs: arguments of `Layer`.

    Input: texts of any shape (integers with `invert`). Output: int64 of the same shape for `"int"`, texts
    with `invert`; with a last axis of the vocabulary for `"one_hot"`, in place of one of size 1; of
    `(batch, n)` texts `(batch, vocabulary_size)` otherwise, floats for `"tf_idf"`.

    Raises:
        ValueError: if arguments contradict each other, or the vocabulary is none.

    Example:

    >>> from minikeras import layers
    >>> lookup = layers.StringLookup(vocabulary=["a", "b", "c"])
    >>> lookup([["a", "c", "d"]]).tolist()
    [[1, 3, 0]]
    >>> lookup = layers.StringLookup()
    >>> lookup.adapt(["blue", "red", "red"])
    >>> lookup.get_vocabulary()
    ['[UNK]', 'red', 'blue']
    >>> layers.StringLookup(vocabulary=lookup.get_vocabulary(), invert=True)([1, 2, 9]).tolist()
    ['red', 'blue', '[UNK]']
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: str | None = None,
        oov_token: str | None = "[UNK]",
        vocabulary: Any = None,
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        pad_to_max_tokens: bool = False,
        sparse: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        salt: Any = None,
        **kwargs: Any,
    ) -> None:
        self.encoding = encoding
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
            name=name,
            **kwargs,
        )

    def _keys(self, array: np.ndarray) -> list[str]:
        if not is_text_dtype(array.dtype):
            raise ValueError(
                f"Layer '{self.name}' takes texts. Received: an array of dtype {array.dtype}"
            )
        return as_strings(array, self.encoding).reshape(-1).tolist()

    def _key(self, value: Any) -> str:
        if isinstance(value, bytes):
            return value.decode(self.encoding)
        if isinstance(value, str):
            return str(value)  # NumPy's kind of text is one of Python's from here on
        raise ValueError(
            f"{type(self).__name__}: a vocabulary must be made of texts. Received: {value!r} (of type "
            f"{type(value).__name__})"
        )

    def _value(self, key: str) -> str:
        return key

    def _line(self, line: str) -> str:
        return line

    def _utf8(self, keys: Iterable) -> list[bytes]:
        return utf8(keys)

    def _set_tokens(self, keys: Sequence) -> None:
        super()._set_tokens(keys)
        self._quick: Table | None = None

    def _quick_table(self) -> Table:
        """Return the table for many texts at a time, made when it is first needed."""
        if self._quick is None:
            self._quick = Table(self._utf8(self._table), list(self._table.values()))
        return self._quick

    def _indices_of(self, array: np.ndarray) -> np.ndarray:
        flat = array.reshape(-1)
        quick = as_ascii(flat) if flat.size >= _MANY and self.encoding == "utf-8" else None
        if quick is None:
            return super()._indices_of(array)
        indices = self._quick_table().numbers(texts_of(quick), self._unknown)
        return self._resolved(indices, lambda at: self._keys(flat[at]))

    def _buckets(self, keys: list[str]) -> np.ndarray:
        return buckets(self._utf8(keys), self.num_oov_indices, self.salt)
