"""Random numbers as pure functions of a key, so that restoring a seed's state restores the stream."""

from __future__ import annotations

import numpy as np

_MASK = (1 << 64) - 1


def _mix(x: int) -> int:
    """Scramble 64 bits (the finalizer of SplitMix64, Steele et al., 2014)."""
    x = (x + 0x9E3779B97F4A7C15) & _MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return x ^ (x >> 31)


def bits(key: tuple[int, int]) -> np.random.SFC64:
    """Return NumPy's fastest bit generator in a state that the key alone decides.

    Seeding it through NumPy's `SeedSequence` would cost five times as much.
    """
    a = _mix(int(key[0]))
    b = _mix(a ^ int(key[1]))
    generator = np.random.SFC64(_SEED)
    generator.state = {
        "bit_generator": "SFC64",
        "state": {"state": np.array([a, b, _mix(b), 1], dtype=np.uint64)},
        "has_uint32": 0,
        "uinteger": 0,
    }
    generator.random_raw(12)  # as its author prescribes after seeding
    return generator


_SEED = np.random.SeedSequence(0)


def generator(key: tuple[int, int]) -> np.random.Generator:
    """Return a NumPy generator in a state that the key alone decides."""
    return np.random.Generator(bits(key))


def truncated_normal(rng: np.random.Generator, shape: tuple, dtype: np.dtype) -> np.ndarray:
    """Draw from the standard normal distribution within two standard deviations."""
    from scipy.special import ndtr, ndtri

    low, high = ndtr(-2.0), ndtr(2.0)
    return ndtri(rng.uniform(low, high, size=shape)).astype(dtype)


def dropout_mask(shape: tuple, rate: float, key: tuple[int, int]) -> tuple[np.ndarray, float]:
    """Return which units stay, and the exact probability of it.

    Each unit takes 16 random bits, so the rate is rounded to 1/65536.
    """
    n = 1
    for d in shape:
        n *= d
    threshold = round(rate * 65536)
    raw = bits(key).random_raw((n + 3) // 4).view(np.uint16)[:n]
    return (raw >= threshold).reshape(shape), 1 - threshold / 65536
