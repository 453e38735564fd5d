"""Errors of regression averaged over everything, with the gradient of their inputs."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.kernels.sums import total


def mean_squared_forward(target: np.ndarray, y: np.ndarray) -> tuple:
    """Compute the mean of `(y - target) ** 2`; both have the same shape."""
    d = y - target
    return total(d * d) / d.size, d


def mean_squared_backward(g: np.ndarray, saved: np.ndarray, needs: Any, out: Any) -> list:
    dy = saved * (g * 2 / saved.size)
    return [-dy if needs[0] else None, dy]


def mean_absolute_forward(target: np.ndarray, y: np.ndarray) -> tuple:
    """Compute the mean of `|y - target|`; both have the same shape."""
    d = y - target
    return total(np.abs(d)) / d.size, d


def mean_absolute_backward(g: np.ndarray, saved: np.ndarray, needs: Any, out: Any) -> list:
    dy = np.sign(saved)
    dy *= g / saved.size
    return [-dy if needs[0] else None, dy]
