"""Examples in random order, and some of them set aside."""

from __future__ import annotations

import numpy as np

Split = tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def shuffle_and_split(x: np.ndarray, y: np.ndarray, test_split: float, seed: int) -> Split:
    """Return `(x_train, y_train), (x_test, y_test)`, in the order that Keras has for a seed."""
    order = np.random.RandomState(seed).permutation(len(x))
    n = int(len(x) * (1 - test_split))
    return (x[order[:n]], y[order[:n]]), (x[order[n:]], y[order[n:]])


def check_test_split(function: str, test_split: float) -> None:
    """Raise if a share is none."""
    if not 0 <= test_split < 1:
        raise ValueError(
            f"{function}: `test_split` must be at least 0 and less than 1. Received: {test_split!r}"
        )
