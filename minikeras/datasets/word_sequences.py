"""Texts as lists of word numbers: imdb and reuters have the same rules."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence

import numpy as np


class WordRules:
    """What becomes of the numbers of words.

    Args:
        num_words: numbers from this one on count as unknown; if None (or 0), the largest number alone.
        skip_top: numbers below this one count as unknown.
        start_char: number put in front of each text; None: none.
        oov_char: number put in place of unknown words; None: they are left out.
        index_from: what is added to each number of the file.
    """

    def __init__(
        self,
        num_words: int | None,
        skip_top: int,
        start_char: int | None,
        oov_char: int | None,
        index_from: int | None,
    ) -> None:
        self.num_words = num_words
        self.skip_top = skip_top
        self.start_char = start_char
        self.oov_char = oov_char
        self.index_from = index_from or 0

    def short_ones(
        self, function: str, maxlen: int | None, texts: np.ndarray, labels: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the texts, and their labels, that have fewer words than `maxlen`, the start counted."""
        if not maxlen:
            return texts, labels
        short = _lengths(texts) + (self.start_char is not None) < maxlen
        if not short.any():
            raise ValueError(
                f"{function}: no text has fewer words than `maxlen`. Received: {maxlen!r}"
            )
        return texts[short], labels[short]

    def apply(self, texts: Sequence[Sequence[int]]) -> list[list[int]]:
        """Return texts by these rules. They work on all words at once: imdb has 12 million."""
        lengths = _lengths(texts)
        words = np.fromiter(itertools.chain.from_iterable(texts), np.int64, lengths.sum())
        words += self.index_from
        if self.start_char is not None:
            words = np.insert(words, np.cumsum(lengths) - lengths, self.start_char)
            lengths = lengths + 1
        limit = self.num_words or words.max(initial=0)
        known = (self.skip_top <= words) & (words < limit)
        if self.oov_char is not None:
            words[~known] = self.oov_char
        else:
            counts = np.concatenate([[0], np.cumsum(known)])
            ends = np.cumsum(lengths)
            lengths = counts[ends] - counts[ends - lengths]
            words = words[known]
        ends = np.cumsum(lengths).tolist()
        flat = words.tolist()
        return [flat[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def read_numbers(path: str) -> dict[str, int]:
    """Read the numbers of words from a JSON file."""
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def _lengths(texts: Sequence[Sequence[int]]) -> np.ndarray:
    return np.fromiter(map(len, texts), np.int64, len(texts))
