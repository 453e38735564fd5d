"""Words and texts as numbers."""

from __future__ import annotations

import collections
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from minikeras.compat.spelling import old_function, tell

FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'
_TODAY = "keras.layers.TextVectorization"
_MODES = ("binary", "count", "tfidf", "freq")


@old_function(_TODAY)
def text_to_word_sequence(
    text: str, filters: str = FILTERS, lower: bool = True, split: str = " "
) -> list[str]:
    """Split a text into words.

    Args:
        text: the text.
        filters: characters that are taken for `split`.
        lower: whether to make all letters small.
        split: what is between words.

    Example:

    >>> text_to_word_sequence("The cat, the hat.")
    ['the', 'cat', 'the', 'hat']
    """
    return _words(text, filters, lower, split)


def _words(text: str, filters: str, lower: bool, split: str) -> list[str]:
    if lower:
        text = text.lower()
    text = text.translate(str.maketrans(dict.fromkeys(filters, split)))
    return [word for word in text.split(split) if word]


@old_function("keras.layers.Hashing")
def one_hot(
    text: str,
    n: int,
    filters: str = FILTERS,
    lower: bool = True,
    split: str = " ",
    analyzer: Callable[[str], list[str]] | None = None,
) -> list[int]:
    """Give each word of a text a number from 1 to `n - 1`, by Python's `hash`.

    Different words may share a number. Strings have other hashes in each process, unless the environment
    variable `PYTHONHASHSEED` is set.

    Args:
        text: the text.
        n: one more than the greatest number.
        filters: see `text_to_word_sequence`, as for `lower` and `split`.
        analyzer: a function that splits the text, in place of that.
    """
    return _hashes(text, n, hash, filters, lower, split, analyzer)


@old_function("keras.layers.Hashing")
def hashing_trick(
    text: str,
    n: int,
    hash_function: Callable[[str], int] | str | None = None,
    filters: str = FILTERS,
    lower: bool = True,
    split: str = " ",
    analyzer: Callable[[str], list[str]] | None = None,
) -> list[int]:
    """Give each word of a text a number from 1 to `n - 1`, by a hash function.

    Args:
        text: the text.
        n: one more than the greatest number.
        hash_function: a function from a word to an integer; `"md5"` for one that is the same in every
            process; Python's `hash` if None.
        filters: see `text_to_word_sequence`, as for `lower` and `split`.
        analyzer: a function that splits the text, in place of that.

    Example:

    >>> hashing_trick("The cat, the hat.", 100, hash_function="md5")
    [51, 3, 51, 24]
    """
    function = _md5 if hash_function == "md5" else hash_function or hash
    return _hashes(text, n, function, filters, lower, split, analyzer)


def _md5(word: str) -> int:
    return int(hashlib.md5(word.encode(), usedforsecurity=False).hexdigest(), 16)


def _hashes(
    text: str,
    n: int,
    function: Callable[[str], int],
    filters: str,
    lower: bool,
    split: str,
    analyzer: Callable[[str], list[str]] | None,
) -> list[int]:
    words = analyzer(text) if analyzer else _words(text, filters, lower, split)
    return [function(word) % (n - 1) + 1 for word in words]


class Tokenizer:
    """Numbers the words of texts, the most frequent first, from 1 on.

    Args:
        num_words: one more than the greatest number that is given out: only the `num_words - 1` most
            frequent words are kept; all if None.
        filters: characters that are taken for `split`.
        lower: whether to make all letters small.
        split: what is between words.
        char_level: whether each character is a word.
        oov_token: a word that stands for all that are not kept; they are left out if None. Its number is 1.
        analyzer: a function that splits a text, in place of `filters`, `lower` and `split`.
        document_count: how many texts there have been.

    Attributes:
        word_counts: how often each word occurred.
        word_docs: in how many texts.
        word_index: the numbers by word, of all words.
        index_word: the words by number.
        index_docs: in how many texts a word occurred, by its number.

    Example:

    >>> tokenizer = Tokenizer()
    >>> tokenizer.fit_on_texts(["The cat sat.", "The hat!"])
    >>> tokenizer.word_index
    {'the': 1, 'cat': 2, 'sat': 3, 'hat': 4}
    >>> tokenizer.texts_to_sequences(["the hat of the cat"])
    [[1, 4, 1, 2]]
    """

    def __init__(
        self,
        num_words: int | None = None,
        filters: str = FILTERS,
        lower: bool = True,
        split: str = " ",
        char_level: bool = False,
        oov_token: str | None = None,
        analyzer: Callable[[str], list[str]] | None = None,
        document_count: int = 0,
        **kwargs: Any,
    ) -> None:
        tell("Tokenizer", _TODAY)
        if "nb_words" in kwargs:
            num_words = kwargs.pop("nb_words")
        if kwargs:
            raise TypeError(f"Tokenizer: unknown arguments {sorted(kwargs)}")
        self.num_words = num_words
        self.filters = filters
        self.lower = lower
        self.split = split
        self.char_level = char_level
        self.oov_token = oov_token
        self.analyzer = analyzer
        self.document_count = document_count
        self.word_counts: dict[str, int] = collections.OrderedDict()
        self.word_docs: dict[str, int] = collections.defaultdict(int)
        self.word_index: dict[str, int] = {}
        self.index_word: dict[int, str] = {}
        self.index_docs: dict[int, int] = collections.defaultdict(int)

    def _words_of(self, text: Any) -> Iterable[str]:
        """Return the words of a text, or of a list of words."""
        if isinstance(text, str) and not self.char_level:
            if self.analyzer:
                return self.analyzer(text)
            return _words(text, self.filters, self.lower, self.split)
        if not self.lower:
            return text
        return text.lower() if isinstance(text, str) else [word.lower() for word in text]

    def fit_on_texts(self, texts: Iterable[Any]) -> None:
        """Count the words of texts, and number them anew.

        Args:
            texts: texts, or lists of words.
        """
        for text in texts:
            self.document_count += 1
            words = self._words_of(text)
            for word in words:
                self.word_counts[word] = self.word_counts.get(word, 0) + 1
            for word in dict.fromkeys(words):
                self.word_docs[word] = self.word_docs.get(word, 0) + 1
        ranked = sorted(self.word_counts, key=self.word_counts.__getitem__, reverse=True)
        if self.oov_token is not None:
            ranked.insert(0, self.oov_token)
        self.word_index = {word: index for index, word in enumerate(ranked, 1)}
        self.index_word = {index: word for word, index in self.word_index.items()}
        for word, count in self.word_docs.items():
            self.index_docs[self.word_index[word]] = count

    def fit_on_sequences(self, sequences: Iterable[Iterable[int]]) -> None:
        """Count in how many of them numbers occur, for `sequences_to_matrix(mode="tfidf")`."""
        for sequence in sequences:
            self.document_count += 1
            for index in set(sequence):
                self.index_docs[index] = self.index_docs.get(index, 0) + 1

    def texts_to_sequences(self, texts: Iterable[Any]) -> list[list[int]]:
        """Turn texts, or lists of words, into lists of numbers."""
        return list(self.texts_to_sequences_generator(texts))

    def texts_to_sequences_generator(self, texts: Iterable[Any]) -> Iterator[list[int]]:
        """Yield what `texts_to_sequences` returns, one by one."""
        unknown = self.word_index.get(self.oov_token)
        for text in texts:
            found = (self.word_index.get(word) for word in self._words_of(text))
            kept = (index if self._is_kept(index) else unknown for index in found)
            yield [index for index in kept if index is not None]

    def _is_kept(self, index: int | None) -> bool:
        return index is not None and (not self.num_words or index < self.num_words)

    def sequences_to_texts(self, sequences: Iterable[Iterable[int]]) -> list[str]:
        """Turn lists of numbers into texts, with a space between words."""
        return list(self.sequences_to_texts_generator(sequences))

    def sequences_to_texts_generator(self, sequences: Iterable[Iterable[int]]) -> Iterator[str]:
        """Yield what `sequences_to_texts` returns, one by one."""
        unknown = self.index_word.get(self.word_index.get(self.oov_token))
        for sequence in sequences:
            found = (self.index_word.get(i) if self._is_kept(i) else None for i in sequence)
            kept = (unknown if word is None else word for word in found)
            yield " ".join(word for word in kept if word is not None)

    def texts_to_matrix(self, texts: Iterable[Any], mode: str = "binary") -> np.ndarray:
        """Turn texts into rows of a number for each word; see `sequences_to_matrix`."""
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode)

    def sequences_to_matrix(
        self, sequences: Iterable[Iterable[int]], mode: str = "binary"
    ) -> np.ndarray:
        """Turn lists of numbers into rows with a column for each number.

        Args:
            sequences: the lists.
            mode: what is in the columns: `"binary"` whether the word occurs, `"count"` how often, `"freq"`
                as which part of the whole, `"tfidf"` that weighted by how rare the word is in the texts
                that the tokenizer knows.

        Returns:
            Array of shape `(len(sequences), num_words)`.

        Raises:
            ValueError: if there is no such mode, or if the tokenizer knows no texts yet.
        """
        if mode not in _MODES:
            raise ValueError(f"Tokenizer: `mode` must be one of {_MODES}. Received: mode={mode!r}")
        if not self.num_words and not self.word_index:
            raise ValueError("Tokenizer: give `num_words`, or call `fit_on_texts` first.")
        if mode == "tfidf" and not self.document_count:
            raise ValueError("Tokenizer: mode='tfidf' needs `fit_on_texts` first.")
        columns = self.num_words or len(self.word_index) + 1
        sequences = [list(sequence) for sequence in sequences]
        matrix = np.zeros((len(sequences), columns))
        for row, sequence in zip(matrix, sequences):
            for index, count in collections.Counter(sequence).items():
                if index < columns:
                    row[index] = self._weight(mode, index, count, len(sequence))
        return matrix

    def _weight(self, mode: str, index: int, count: int, length: int) -> float:
        if mode == "binary":
            return 1
        if mode == "count":
            return count
        if mode == "freq":
            return count / length
        rarity = np.log(1 + self.document_count / (1 + self.index_docs.get(index, 0)))
        return (1 + np.log(count)) * rarity

    def get_config(self) -> dict[str, Any]:
        """Return arguments and counts; the latter as JSON, as Keras has it."""
        names = ("num_words", "filters", "lower", "split", "char_level", "oov_token")
        return {
            **{name: getattr(self, name) for name in (*names, "document_count")},
            **{name: json.dumps(getattr(self, name)) for name in _COUNTS},
        }

    def to_json(self, **kwargs: Any) -> str:
        """Return all of it as JSON, for `tokenizer_from_json`.

        Args:
            **kwargs: for `json.dumps`.
        """
        return json.dumps(
            {"class_name": type(self).__name__, "config": self.get_config()}, **kwargs
        )


_COUNTS = ("word_counts", "word_docs", "index_docs", "index_word", "word_index")


def tokenizer_from_json(json_string: str) -> Tokenizer:
    """Make a `Tokenizer` of what `to_json` returned, here or in Keras.

    Args:
        json_string: that.

    Example:

    >>> tokenizer = Tokenizer(num_words=10)
    >>> tokenizer.fit_on_texts(["a b a"])
    >>> tokenizer_from_json(tokenizer.to_json()).word_index
    {'a': 1, 'b': 2}
    """
    config = dict(json.loads(json_string)["config"])
    counts = {name: json.loads(config.pop(name)) for name in _COUNTS}
    tokenizer = Tokenizer(**config)
    for name, value in counts.items():
        if name.startswith("index"):  # JSON's keys are strings
            value = {int(key): v for key, v in value.items()}
        setattr(tokenizer, name, value)
    return tokenizer
