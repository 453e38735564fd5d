"""Cross-entropies, one number per example, with the gradient of their inputs."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from minikeras.kernels.activations import sigmoid


@lru_cache
def _bounds(dtype: np.dtype, epsilon: float) -> tuple[np.ndarray, ...]:
    """Return epsilon, 1 - epsilon and 1 as arrays: NumPy makes one of every Python number."""
    return np.array(epsilon, dtype), np.array(1 - epsilon, dtype), np.array(1, dtype)


def binary_forward(target: np.ndarray, p: np.ndarray, epsilon: float) -> tuple:
    """Compute `-(t log p + (1 - t) log(1 - p))`, element by element, p clipped off 0 and 1."""
    low, high, one = _bounds(p.dtype, epsilon)
    clipped = np.asarray(np.maximum(p, low))  # a scalar would not do for `out`
    np.minimum(clipped, high, out=clipped)
    rest = one - clipped
    other = np.log(rest)
    loss = np.asarray(other - np.log(clipped))
    loss *= target
    loss -= other
    return loss, (target, p, clipped, rest)


def binary_backward(g: np.ndarray, saved: tuple, needs: Any, out: Any) -> list:
    target, p, clipped, rest = saved
    dt = dp = None
    if needs[1]:
        dp = np.asarray(clipped - target)
        dp[p != clipped] = 0  # a probability that was cut has no gradient
        dp /= clipped * rest
        dp *= g
    if needs[0]:
        dt = g * (np.log(rest) - np.log(clipped))
    return [dt, dp]


def binary_logits_forward(target: np.ndarray, z: np.ndarray) -> tuple:
    """The same from logits: `max(z, 0) - z t + log(1 + exp(-|z|))`, without overflow."""
    loss = np.log1p(np.exp(-np.abs(z)))
    loss += np.maximum(z, 0)
    loss -= z * target
    return loss, (target, z)


def binary_logits_backward(g: np.ndarray, saved: tuple, needs: Any, out: Any) -> list:
    target, z = saved
    dz = g * (sigmoid(z) - target) if needs[1] else None
    return [-g * z if needs[0] else None, dz]


def log_softmax(z: np.ndarray) -> np.ndarray:
    """Compute `z - log(sum(exp(z)))` over the last axis."""
    shifted = z - np.maximum.reduce(z, axis=-1, keepdims=True)
    shifted -= np.log(np.add.reduce(np.exp(shifted), axis=-1, keepdims=True))
    return shifted


def categorical_logits_forward(target: np.ndarray, z: np.ndarray, axis: Any = -1) -> tuple:
    """Compute `-sum(t log softmax(z))` over the last axis, or (`axis=None`) over everything."""
    logp = log_softmax(z)
    return -np.add.reduce(target * logp, axis=axis), (target, logp)


def categorical_logits_backward(g: np.ndarray, saved: tuple, needs: Any, out: Any) -> list:
    target, logp = saved
    g = g[..., None]
    dz = dt = None
    if needs[1]:
        dz = np.exp(logp)
        dz *= np.add.reduce(target, axis=-1, keepdims=True)
        dz -= target
        dz *= g
    if needs[0]:
        dt = -g * logp
    return [dt, dz]


def categorical_forward(target: np.ndarray, p: np.ndarray, epsilon: float, axis: Any = -1) -> tuple:
    """Compute `-sum(t log q)`, with q the probabilities p divided by their sum and clipped.

    The sum goes over the last axis, or (`axis=None`) over everything.
    """
    total = np.add.reduce(p, axis=-1, keepdims=True)
    q = p / total
    low, high, _ = _bounds(q.dtype, epsilon)
    clipped = np.maximum(q, low)
    np.minimum(clipped, high, out=clipped)
    loss = -np.add.reduce(target * np.log(clipped), axis=axis)
    return loss, (target, total, q, clipped)


def categorical_backward(g: np.ndarray, saved: tuple, needs: Any, out: Any) -> list:
    target, total, q, clipped = saved
    g = g[..., None]
    dp = dt = None
    if needs[1]:
        inside = q == clipped  # a probability that was cut has no gradient
        counted = target if np.logical_and.reduce(inside, axis=None) else target * inside
        dp = counted / clipped
        np.subtract(np.add.reduce(counted, axis=-1, keepdims=True), dp, out=dp)
        dp *= g / total
    if needs[0]:
        dt = -g * np.log(clipped)
    return [dt, dp]


def _places(labels: np.ndarray, classes: int) -> np.ndarray:
    """Return where each example's label lies in the flat array of all examples' classes."""
    return np.arange(0, labels.size * classes, classes) + labels.reshape(-1)


def sparse_logits_forward(z: np.ndarray, labels: np.ndarray) -> tuple:
    """Compute `-log softmax(z)[label]` over the last axis."""
    classes = z.shape[-1]
    places = _places(labels, classes)
    shifted = z.reshape(-1, classes)
    shifted = shifted - np.maximum.reduce(shifted, axis=-1, keepdims=True)
    e = np.exp(shifted)
    total = np.add.reduce(e, axis=-1)
    loss = np.log(total)
    loss -= shifted.reshape(-1).take(places)
    return loss.reshape(labels.shape), (places, e, total, z.shape)


def sparse_logits_backward(g: np.ndarray, saved: tuple, needs: Any, out: Any) -> list:
    places, e, total, shape = saved
    dz = e / total[:, None]
    dz.reshape(-1)[places] -= 1
    dz *= g.reshape(-1, 1)
    return [dz.reshape(shape)]


def sparse_forward(p: np.ndarray, labels: np.ndarray, epsilon: float) -> tuple:
    """Compute `-log q[label]`, with q the probabilities p divided by their sum and clipped."""
    classes = p.shape[-1]
    places = _places(labels, classes)
    total = np.add.reduce(p.reshape(-1, classes), axis=-1)
    q = p.reshape(-1).take(places)
    q /= total
    low, high, _ = _bounds(q.dtype, epsilon)
    clipped = np.maximum(q, low)
    np.minimum(clipped, high, out=clipped)
    loss = np.log(clipped)
    np.negative(loss, loss)
    return loss.reshape(labels.shape), (places, total, q, clipped, p.shape)


def sparse_backward(g: np.ndarray, saved: tuple, needs: Any, out: Any) -> list:
    places, total, q, clipped, shape = saved
    # d(-log(p_k / total)): 1/total everywhere, less 1/p_k at the label.
    scale = (q == clipped) / total
    scale *= g.reshape(-1)
    dp = np.empty((places.size, shape[-1]), scale.dtype)
    dp[:] = scale[:, None]
    dp.reshape(-1)[places] -= scale / clipped
    return [dp.reshape(shape)]
