"""Cross-entropies, one number per example, with the gradient of their inputs."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from minikeras.kernels import parallel
from minikeras.kernels.activations import sigmoid
from minikeras.kernels.sums import total as total_of

_BLOCK = 1 << 18
"""Logits that are worked on at once, so that they stay in a core's cache."""


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


def sparse_logits_forward(
    z: np.ndarray, labels: np.ndarray, saving: bool = True, share: float = 1.0
) -> tuple:
    """Compute `-log softmax(z)[label]` over the last axis, a few rows at a time.

    Args:
        z: logits, `(..., classes)`.
        labels: integers, `(...)`.
        saving: whether the gradients of `z` are wanted, which are made in the same pass.
        share: what these are multiplied by.

    Returns:
        One number per row, and the gradient of each or None, which is what backward needs.
    """
    classes = z.shape[-1]
    flat, wanted = z.reshape(-1, classes), labels.reshape(-1)
    loss = np.empty(wanted.size, z.dtype)
    dz = np.empty(flat.shape, z.dtype) if saving else None
    step = max(_BLOCK // max(classes, 1), 1)
    factor = z.dtype.type(share)

    def work(parts: Any) -> None:
        scratch = np.empty((min(step, wanted.size), classes), z.dtype) if dz is None else None
        for part in parts:
            block = flat[part]
            d = scratch[: len(block)] if dz is None else dz[part]
            np.subtract(block, np.maximum.reduce(block, axis=-1, keepdims=True), d)
            places = _places(wanted[part], classes)
            at_label = d.reshape(-1).take(places)
            np.exp(d, d)
            total = np.add.reduce(d, axis=-1)
            np.subtract(np.log(total), at_label, loss[part])
            if dz is not None:
                np.multiply(d, (factor / total)[:, None], d)
                d.reshape(-1)[places] -= factor

    parallel.run_slices(wanted.size, step, work)
    return loss.reshape(labels.shape), dz if dz is None else dz.reshape(z.shape)


def sparse_logits_backward(g: np.ndarray, dz: np.ndarray, needs: Any, out: Any) -> list:
    return [dz * g[..., None]]


def mean_sparse_logits_forward(z: np.ndarray, labels: np.ndarray, saving: bool = True) -> tuple:
    """Compute the mean of the same, and its gradient."""
    losses, dz = sparse_logits_forward(z, labels, saving, 1 / labels.size)
    return total_of(losses) / losses.size, dz


def mean_sparse_logits_backward(g: np.ndarray, dz: np.ndarray, needs: Any, out: Any) -> list:
    return [dz if g == 1 else dz * g]  # it is 1 unless the loss is scaled, or one of several


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
