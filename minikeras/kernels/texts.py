"""Texts as runs of bytes in one buffer: read, and looked up, many at a time.

No object is made of a word, so that a word costs some ten nanoseconds and not some hundred.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np

from minikeras.kernels import parallel

Words: TypeAlias = np.ndarray
"""64-bit words without sign, one for each text."""

_IS_SPACE = np.zeros(256, bool)
_IS_SPACE[[*b" \t\n\r\x0b\x0c"]] = True


class Texts:
    """Texts in one buffer.

    Args:
        buffer: the bytes of all texts, and 8 more at the end, so that words can be read there.
        starts: where each text begins.
        sizes: how many bytes it has.
    """

    def __init__(self, buffer: bytes, starts: np.ndarray, sizes: np.ndarray) -> None:
        self.buffer, self.starts, self.sizes = buffer, starts, sizes
        # Every byte begins a word of 8 and one of 4: they overlap.
        self._words = np.ndarray(len(buffer) - 7, "<u8", buffer, 0, (1,))
        self._halves = np.ndarray(len(buffer) - 7, "<u4", buffer, 0, (1,))
        self._bytes = np.frombuffer(buffer, np.uint8)

    def word(self, at: np.ndarray) -> Words:
        """Return the 8 bytes that begin at each of some places."""
        return self._words[at]

    def half(self, at: np.ndarray) -> Words:
        """Return the 4 bytes that begin at each of some places."""
        return self._halves[at].astype(np.uint64)

    def byte(self, at: np.ndarray) -> Words:
        """Return the byte at each of some places."""
        return self._bytes[at].astype(np.uint64)

    def part(self, starts: np.ndarray, sizes: np.ndarray, i: int) -> Words:
        """Return the `i`-th 8 bytes of texts that are longer than that many, zeros after their ends."""
        return self._words[starts + 8 * i] & _FIRST[np.minimum(sizes - 8 * i, 8)]

    def __getitem__(self, which: np.ndarray) -> list[bytes]:
        """Return some of the texts as bytes."""
        buffer, starts, sizes = self.buffer, self.starts[which], self.sizes[which]
        return [buffer[i:j] for i, j in zip(starts.tolist(), (starts + sizes).tolist())]


_FIRST = np.array([2 ** (8 * n) - 1 for n in range(9)], np.uint64)
"""Masks for the first so many bytes of a word."""


def texts_of(texts: Sequence[bytes] | np.ndarray) -> Texts:
    """Return a list of bytes, or a flat array of NumPy's bytes, as `Texts`."""
    if isinstance(texts, np.ndarray):
        starts = texts.dtype.itemsize * np.arange(len(texts))
        return Texts(texts.tobytes() + bytes(8), starts, np.strings.str_len(texts).astype(np.int64))
    sizes = np.fromiter(map(len, texts), np.int64, len(texts))
    return Texts(b"".join(texts) + bytes(8), np.cumsum(sizes) - sizes, sizes)


def words_of(texts: Sequence[bytes]) -> tuple[Texts, np.ndarray]:
    """Return the words of texts, between the white space of ASCII, and how many each text has.

    Example:

    >>> words, counts = words_of([b"a bc", b"", b" def "])
    >>> words.sizes.tolist(), counts.tolist()
    ([1, 2, 3], [2, 0, 1])
    """
    # It begins with a space, and each text ends with one.
    buffer = b" ".join([b"", *texts, bytes(8)])
    space = _IS_SPACE[np.frombuffer(buffer, np.uint8, len(buffer) - 8)]
    edges = np.flatnonzero(space[1:] != space[:-1]) + 1
    starts, ends = edges[::2], edges[1::2]
    text_ends = np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)) + 1)
    return Texts(buffer, starts, ends - starts), np.diff(
        np.searchsorted(starts, text_ends), prepend=0
    )


def ngrams_of(words: Texts, counts: np.ndarray, widths: Sequence[int]) -> tuple[Texts, np.ndarray]:
    """Return neighbouring words of each text put together, and how many such n-grams each text has.

    In the buffer they lie together already: an n-gram reaches from its first word's start to its last
    one's end.

    Args:
        words, counts: what `words_of` gives.
        widths: how many words to put together. A text's n-grams of the first width come first.

    Example:

    >>> pairs, counts = ngrams_of(*words_of([b"a bc d", b"e"]), (1, 2))
    >>> [pairs.buffer[i : i + n] for i, n in zip(pairs.starts, pairs.sizes)]
    [b'a', b'bc', b'd', b'a bc', b'bc d', b'e']
    >>> counts.tolist()
    [5, 1]
    """
    words = _with_single_spaces(words, counts)
    made = [np.maximum(counts - (n - 1), 0) for n in widths]
    totals = np.sum(made, axis=0)
    first_words = np.cumsum(counts) - counts
    places = np.cumsum(totals) - totals  # where a text's n-grams of a width are to lie
    starts, ends = np.empty((2, totals.sum()), np.int64)
    for n, each in zip(widths, made):
        within = np.arange(each.sum()) - np.repeat(np.cumsum(each) - each, each)
        word, place = np.repeat(first_words, each) + within, np.repeat(places, each) + within
        starts[place] = words.starts[word]
        ends[place] = words.starts[word + (n - 1)] + words.sizes[word + (n - 1)]
        places = places + each
    return Texts(words.buffer, starts, ends - starts), totals


def _with_single_spaces(words: Texts, counts: np.ndarray) -> Texts:
    """Return words whose neighbours in a text have one space between them, and nothing else."""
    ends = words.starts + words.sizes
    gaps = words.starts[1:] - ends[:-1]
    parted = (gaps == 1) & (words.byte(ends[:-1]) == ord(" "))
    last = np.cumsum(counts)[:-1] - 1  # what follows the last word of a text does not matter
    parted[last[(last >= 0) & (last < len(parted))]] = True
    if parted.all():
        return words
    buffer = b" ".join([*words.buffer[:-8].split(), bytes(8)])
    return Texts(buffer, np.cumsum(words.sizes + 1) - words.sizes - 1, words.sizes)


class Table:
    """A table from texts to numbers, which many are looked up in at a time: open addressing.

    Args:
        texts: different texts.
        numbers: the number of each.
    """

    def __init__(self, texts: Sequence[bytes], numbers: Sequence[int]) -> None:
        self._keys = keys = texts_of(texts)
        self._numbers = np.asarray(numbers, np.int64)
        bits = max(6, (4 * len(texts)).bit_length())
        self._shift = np.uint64(64 - bits)
        self._last = (1 << bits) - 1
        self._entries = np.full(1 << bits, -1)  # which text lies in a slot
        hashes, self._firsts = _hashes(keys, keys.starts, keys.sizes)
        slots, left = self._slots(hashes), np.arange(len(texts))
        while left.size:
            free = np.flatnonzero(self._entries[slots] < 0)[::-1]
            # Of several the first stays, since it is written last: the most frequent one, most often.
            self._entries[slots[free]] = left[free]
            on = self._entries[slots] != left
            left, slots = left[on], (slots[on] + 1) & self._last

    def _slots(self, hashes: Words) -> np.ndarray:
        return (hashes >> self._shift).astype(np.int64)

    def numbers(self, texts: Texts, default: int) -> np.ndarray:
        """Return the numbers of texts, `default` for those that are not in the table.

        Example:

        >>> table = Table([b"a", b"a longer one"], [5, 7])
        >>> table.numbers(texts_of([b"a longer one", b"b", b"a"]), 0).tolist()
        [7, 0, 5]
        """
        found = np.empty(len(texts.starts), np.int64)
        for i in range(0, len(found), _AT_ONCE):
            some = slice(i, i + _AT_ONCE)
            found[some] = self._found(texts, texts.starts[some], texts.sizes[some], default)
        return found

    def _found(
        self, texts: Texts, starts: np.ndarray, sizes: np.ndarray, default: int
    ) -> np.ndarray:
        keys = self._keys
        result = np.full(len(starts), default)
        hashes, firsts = _hashes(texts, starts, sizes)
        slots = self._slots(hashes)
        left = np.arange(len(starts))  # those that are neither found nor known to be missing
        while left.size:
            entries = self._entries[slots]
            there = np.flatnonzero(entries >= 0)
            if there.size < left.size:
                left, slots, entries = left[there], slots[there], entries[there]
            same = (self._firsts[entries] == firsts[left]) & (keys.sizes[entries] == sizes[left])
            _compare_rest(same, keys, entries, texts, starts[left], sizes[left])
            result[left[same]] = self._numbers[entries[same]]
            on = ~same
            left, slots = left[on], (slots[on] + 1) & self._last
        return result


def _compare_rest(
    same: np.ndarray,
    keys: Texts,
    entries: np.ndarray,
    texts: Texts,
    starts: np.ndarray,
    n: np.ndarray,
) -> None:
    """Say of texts, of which size and first 8 bytes are the same, whether the others are.

    Args:
        same: for each pair whether it may be the same; made false where it is not.
        keys, entries: texts, and which of them are compared.
        texts, starts, n: what they are compared with: where that begins, and how many bytes it has.
    """
    long, i = np.flatnonzero(same & (n > 8)), 1
    while long.size:
        theirs = keys.part(keys.starts[entries[long]], n[long], i)
        equal = theirs == texts.part(starts[long], n[long], i)
        same[long[~equal]] = False
        i += 1
        long = long[equal & (n[long] > 8 * i)]


def distinct(texts: Texts) -> tuple[np.ndarray, np.ndarray]:
    """Return where one of each different text is, and for each text which of these it is.

    Example:

    >>> words, _ = words_of([b"to be or not to be"])
    >>> which, numbers = distinct(words)
    >>> [words[which][i] for i in numbers]
    [b'to', b'be', b'or', b'not', b'to', b'be']
    """
    n = len(texts.starts)
    hashes, firsts = np.empty((2, n), np.uint64)

    def work(parts: Iterator[slice]) -> None:
        for some in parts:
            hashes[some], firsts[some] = _hashes(texts, texts.starts[some], texts.sizes[some])

    parallel.run_slices(n, _HASHED_AT_ONCE, work)
    bits = min(max(6, n.bit_length()), 17)  # a table that stays in the cache
    owners = np.empty(1 << bits, np.int64)  # for each slot one of the texts that fall into it
    one = np.empty(n, np.int64)
    left = np.arange(n)
    while left.size:  # those that are not the same as their slot's owner go into another slot
        slots = (hashes[left] >> np.uint64(64 - bits)).astype(np.int64)
        owners[slots] = left
        mine = owners[slots]
        same = (firsts[mine] == firsts[left]) & (texts.sizes[mine] == texts.sizes[left])
        _compare_rest(same, texts, mine, texts, texts.starts[left], texts.sizes[left])
        one[left[same]] = mine[same]
        left = left[~same]
        hashes[left] *= _FACTOR
    which = np.flatnonzero(one == np.arange(n))
    ranks = np.empty(n, np.int64)
    ranks[which] = np.arange(len(which))
    return which, ranks[one]


_HASHED_AT_ONCE = 1 << 16
_AT_ONCE = 1 << 14
"""So many texts are looked up at a time that what is computed of them stays in the cache."""
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
"""2^64 divided by the golden ratio: products with it spread what differs little (Knuth)."""


def _hashes(texts: Texts, starts: np.ndarray, sizes: np.ndarray) -> tuple[Words, Words]:
    """Return a quick hash of each text, of which the upper bits are good, and its first 8 bytes."""
    first = texts.part(starts, sizes, 0)
    hashes = (first ^ sizes.astype(np.uint64)) * _FACTOR
    i = 1
    while True:
        longer = np.flatnonzero(sizes > 8 * i)
        if not longer.size:
            return (hashes ^ (hashes >> np.uint64(32))) * _FACTOR, first
        mixed = hashes[longer] ^ (hashes[longer] >> np.uint64(29))
        hashes[longer] = (mixed ^ texts.part(starts[longer], sizes[longer], i)) * _FACTOR
        i += 1
