"""Hashes of texts, many at a time: FarmHash's Fingerprint64 and SipHash-2-4.

They are the hashes of `tf.strings.to_hash_bucket_fast` and `to_hash_bucket_strong`, so that what was
hashed by one library is found by the other. Texts of one class of lengths are hashed together, one
NumPy call for a step of the formula. Sums and products are those of 64 bits: they wrap around.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from minikeras.kernels import parallel
from minikeras.kernels.texts import Texts, Words, texts_of

Pair: TypeAlias = tuple[np.ndarray, np.ndarray]

_K0, _K1, _K2 = (
    np.array(k, np.uint64) for k in (0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F)
)
_CROSS_KEY, _CROSS_FACTOR = (np.uint64(k) for k in (0xDECAFCAFFE, 0xC6A4A7935BD1E995))
"""What combinations begin with, and what they are mixed by."""


_AT_ONCE = 1 << 15
"""So many texts are hashed at a time that what is computed of them stays in the cache."""


def buckets(
    texts: Sequence[bytes] | np.ndarray, n: int, key: Sequence[int] | None = None
) -> np.ndarray:
    """Return the number of the bucket, of `n`, that each text falls into, as int64.

    Args:
        texts: list of bytes, or a flat array of NumPy's bytes.
        n: number of buckets.
        key: two integers that SipHash is keyed with; None for FarmHash.

    Example:

    >>> buckets([b"hello", b"world"], 10).tolist(), buckets([b"hello"], 10, (1, 2)).tolist()
    ([6, 8], [2])
    """
    hashes = fingerprint64(texts) if key is None else siphash64(texts, key)
    return (hashes % np.uint64(n)).astype(np.int64)


def crossed(codes: Sequence[np.ndarray], n: int) -> np.ndarray:
    """Return the number of the bucket, of `n`, of each combination, as int64.

    It is the hash of `tf.sparse.cross_hashed`.

    Args:
        codes: for each feature a vector of integers, or of hashes of texts.
        n: number of buckets.

    Example:

    >>> crossed([np.array([1, 2]), np.array([5, 6])], 1000003).tolist()
    [507143, 481182]
    """
    hashes = _CROSS_KEY
    for code in codes:
        words = code.astype(np.uint64, copy=False) * _CROSS_FACTOR
        words ^= words >> np.uint64(47)
        words *= _CROSS_FACTOR
        words ^= hashes ^ _CROSS_FACTOR
        words *= _CROSS_FACTOR
        words ^= words >> np.uint64(47)
        words *= _CROSS_FACTOR
        words ^= words >> np.uint64(47)
        hashes = words
    return (hashes % np.uint64(n)).astype(np.int64)


def _in_parts(hashes_of: Callable, texts: Sequence[bytes] | np.ndarray) -> Words:
    """Return `hashes_of(texts)`, computed for some of the texts at a time, on all cores."""
    n = len(texts)
    if n <= _AT_ONCE:
        return hashes_of(texts)
    hashes = np.empty(n, np.uint64)

    def work(begin: int) -> None:
        part = slice(begin, begin + _AT_ONCE)
        hashes[part] = hashes_of(texts[part])

    parallel.run([functools.partial(work, i) for i in range(0, n, _AT_ONCE)])
    return hashes


# FarmHash.


def fingerprint64(texts: Sequence[bytes] | np.ndarray) -> Words:
    """Return FarmHash's Fingerprint64 of each text."""
    return _in_parts(_fingerprints, texts)


def _fingerprints(texts: Sequence[bytes] | np.ndarray) -> Words:
    read = texts_of(texts)
    hashes = np.full(len(texts), _K2)  # that of a text of no bytes
    for least, most, formula in (
        (1, 3, _up_to_3),
        (4, 7, _up_to_7),
        (8, 16, _up_to_16),
        (17, 32, _up_to_32),
        (33, 64, _up_to_64),
        (65, None, _longer),
    ):
        inside = read.sizes >= least
        if most is not None:
            inside &= read.sizes <= most
        which = np.flatnonzero(inside)
        if which.size:
            hashes[which] = formula(read, read.starts[which], read.sizes[which])
    return hashes


def _up_to_3(read: Texts, start: np.ndarray, size: np.ndarray) -> Words:
    y = read.byte(start) + (read.byte(start + (size >> 1)) << 8)
    z = size.astype(np.uint64) + (read.byte(start + size - 1) << 2)
    return _mixed(y * _K2 ^ z * _K0) * _K2


def _up_to_7(read: Texts, start: np.ndarray, size: np.ndarray) -> Words:
    n = size.astype(np.uint64)
    return _joined(n + (read.half(start) << 3), read.half(start + size - 4), _K2 + 2 * n)


def _up_to_16(read: Texts, start: np.ndarray, size: np.ndarray) -> Words:
    factor = _K2 + 2 * size.astype(np.uint64)
    a, b = read.word(start) + _K2, read.word(start + size - 8)
    return _joined(_turned(b, 37) * factor + a, (_turned(a, 25) + b) * factor, factor)


def _ends(read: Texts, start: np.ndarray, size: np.ndarray, k: np.ndarray) -> tuple:
    """Return what is made of the first 16 bytes and the last 16, and the factor of this size."""
    factor = _K2 + 2 * size.astype(np.uint64)
    end = start + size
    a, b = read.word(start) * k, read.word(start + 8)
    c, d = read.word(end - 8) * factor, read.word(end - 16) * _K2
    return factor, a, _turned(a + b, 43) + _turned(c, 30) + d, a + _turned(b + _K2, 18) + c


def _up_to_32(read: Texts, start: np.ndarray, size: np.ndarray) -> Words:
    factor, _, y, z = _ends(read, start, size, _K1)
    return _joined(y, z, factor)


def _up_to_64(read: Texts, start: np.ndarray, size: np.ndarray) -> Words:
    factor, a, y, z = _ends(read, start, size, _K2)
    end = start + size
    e, f = read.word(start + 16) * factor, read.word(start + 24)
    g = (y + read.word(end - 32)) * factor
    h = (_joined(y, z, factor) + read.word(end - 24)) * factor
    return _joined(_turned(e + f, 43) + _turned(g, 30) + h, e + _turned(f + a, 18) + g, factor)


def _longer(read: Texts, start: np.ndarray, size: np.ndarray) -> Words:
    rounds = (size - 1) // 64
    order = np.argsort(-rounds, kind="stable")  # those that end first stand last
    start, size, rounds = start[order], size[order], rounds[order]
    n = len(start)
    y = np.full(n, 81, np.uint64) * _K1 + np.uint64(113)
    z = _mixed(y * _K2 + np.uint64(113)) * _K2
    state = [np.full(n, 81, np.uint64) * _K2 + read.word(start), y, z, *np.zeros((4, n), np.uint64)]
    for i in range(int(rounds[0])):
        running = int(np.searchsorted(-rounds, -i))
        at = start[:running] + 64 * i
        new = _round(read, at, [s[:running] for s in state], _K1, last=False)
        for s, value in zip(state, new):
            s[:running] = value
    x, y, z, v, v2, w, w2 = state
    factor = _K1 + ((z & np.uint64(0xFF)) << np.uint64(1))
    w = w + ((size - 1) & 63).astype(np.uint64)
    v = v + w
    w = w + v
    x, y, z, v, v2, w, w2 = _round(
        read, start + size - 64, [x, y, z, v, v2, w, w2], factor, last=True
    )
    hashes = _joined(
        _joined(v, w, factor) + _mixed(y) * _K0 + z, _joined(v2, w2, factor) + x, factor
    )
    back = np.empty_like(order)
    back[order] = np.arange(n)
    return hashes[back]


def _round(
    read: Texts, at: np.ndarray, state: Sequence[Words], factor: np.ndarray, last: bool
) -> list[Words]:
    """Take in 64 bytes. The last round weighs two of its terms with 9."""
    x, y, z, v, v2, w, w2 = state
    nine = np.uint64(9 if last else 1)
    x = _turned(x + y + v + read.word(at + 8), 37) * factor
    y = _turned(y + v2 + read.word(at + 48), 42) * factor
    x = x ^ w2 * nine
    y = y + v * nine + read.word(at + 40)
    z = _turned(z + w, 33) * factor
    v, v2 = _weak(read, at, v2 * factor, x + w)
    w, w2 = _weak(read, at + 32, z + w2, y + read.word(at + 16))
    return [z, y, x, v, v2, w, w2]


def _weak(read: Texts, at: np.ndarray, a: Words, b: Words) -> Pair:
    first, second, third, fourth = (read.word(at + 8 * i) for i in range(4))
    a = a + first
    b = _turned(b + a + fourth, 21)
    total = a + second + third
    return total + fourth, b + _turned(total, 44) + a


def _joined(u: Words, v: Words, factor: Words) -> Words:
    a = _mixed((u ^ v) * factor)
    return _mixed((v ^ a) * factor) * factor


def _mixed(x: Words) -> Words:
    return x ^ (x >> np.uint64(47))


def _turned(x: Words, by: int) -> Words:
    """Rotate to the right."""
    return (x >> np.uint64(by)) | (x << np.uint64(64 - by))


# SipHash.


def siphash64(texts: Sequence[bytes] | np.ndarray, key: Sequence[int]) -> Words:
    """Return SipHash-2-4 of each text.

    Args:
        texts: bytes.
        key: two integers of 64 bits.
    """
    return _in_parts(functools.partial(_siphashes, key=key), texts)


def _siphashes(texts: Sequence[bytes] | np.ndarray, key: Sequence[int]) -> Words:
    read = texts_of(texts)
    k0, k1 = (np.array(k % 2**64, np.uint64) for k in key)
    blocks = read.sizes // 8
    order = np.argsort(-blocks, kind="stable")  # those that end first stand last
    start, size, blocks = read.starts[order], read.sizes[order], blocks[order]
    state = [
        np.full(len(texts), k ^ np.uint64(constant))
        for k, constant in (
            (k0, 0x736F6D6570736575),
            (k1, 0x646F72616E646F6D),
            (k0, 0x6C7967656E657261),
            (k1, 0x7465646279746573),
        )
    ]
    for i in range(int(blocks[0]) if len(texts) else 0):
        running = int(np.searchsorted(-blocks, -i))
        new = _absorbed([s[:running] for s in state], read.word(start[:running] + 8 * i))
        for s, value in zip(state, new):
            s[:running] = value
    rest = (size % 8).astype(np.uint64)
    tail = read.word(start + 8 * blocks) & ((np.uint64(1) << (np.uint64(8) * rest)) - np.uint64(1))
    v0, v1, v2, v3 = _absorbed(state, tail | (size.astype(np.uint64) << np.uint64(56)))
    v2 = v2 ^ np.uint64(0xFF)
    for _ in range(4):
        v0, v1, v2, v3 = _sip_round(v0, v1, v2, v3)
    hashes = np.empty(len(texts), np.uint64)
    hashes[order] = v0 ^ v1 ^ v2 ^ v3
    return hashes


def _absorbed(state: Sequence[Words], word: Words) -> Sequence[Words]:
    v0, v1, v2, v3 = state
    v0, v1, v2, v3 = _sip_round(*_sip_round(v0, v1, v2, v3 ^ word))
    return v0 ^ word, v1, v2, v3


def _sip_round(v0: Words, v1: Words, v2: Words, v3: Words) -> tuple[Words, Words, Words, Words]:
    v0 = v0 + v1
    v1 = _turned(v1, 64 - 13) ^ v0
    v0 = _turned(v0, 32)
    v2 = v2 + v3
    v3 = _turned(v3, 64 - 16) ^ v2
    v0 = v0 + v3
    v3 = _turned(v3, 64 - 21) ^ v0
    v2 = v2 + v1
    v1 = _turned(v1, 64 - 17) ^ v2
    return v0, v1, _turned(v2, 32), v3
