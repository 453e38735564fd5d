"""Connectionist temporal classification (Graves et al., 2006), for a batch at once, in log space.

Labels are stretched to states: blank, first label, blank, second label, ..., blank. A path goes
through them over time; from one step to the next it stays, moves on by one, or skips a blank
between different labels. The loss is minus the logarithm of the probability of all paths.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.kernels.crossentropy import log_softmax

_NEVER = -1e5
"""Logarithm of the probability of what cannot be: finite, so that a hopeless example stays so."""


def forward(
    z: np.ndarray,
    labels: np.ndarray,
    label_length: np.ndarray,
    length: np.ndarray,
    blank: int,
) -> tuple:
    """Compute the loss of each example.

    Args:
        z: logits of shape `(batch, time, classes)`.
        labels: class numbers of shape `(batch, n)`; those from `label_length` on do not matter.
        label_length: how many labels each example has.
        length: how many steps each example has.
        blank: the class that stands for no label.
    """
    batch, time, _ = z.shape
    logp = log_softmax(z)
    states = np.full((batch, 2 * labels.shape[1] + 1), blank)
    states[:, 1::2] = labels
    skip = np.full(states.shape, _NEVER, z.dtype)
    skip[:, 3::2][labels[:, 1:] != labels[:, :-1]] = 0
    emit = np.take_along_axis(logp, states[:, None, :], axis=2).transpose(1, 0, 2)

    alpha = np.empty((time, *states.shape), z.dtype)
    alpha[0] = _NEVER
    alpha[0, :, :2] = emit[0, :, :2]
    for t in range(1, time):
        before = alpha[t - 1]
        now = before.copy()
        np.logaddexp(now[:, 1:], before[:, :-1], out=now[:, 1:])
        np.logaddexp(now[:, 2:], before[:, :-2] + skip[:, 2:], out=now[:, 2:])
        now += emit[t]
        alpha[t] = np.where((t < length)[:, None], now, before)

    last = _last_states(states.shape, label_length)
    total = np.logaddexp.reduce(np.where(last, alpha[-1], _NEVER), axis=1)
    return -total, (logp, states, skip, emit, alpha, total, last, length)


def _last_states(shape: tuple, label_length: np.ndarray) -> np.ndarray:
    """Where a path may end: in the last label or the blank after it."""
    s = np.arange(shape[1])
    end = 2 * label_length[:, None]
    return (s == end) | (s == end - 1)


def backward(g: np.ndarray, saved: tuple, needs: Any, out: Any) -> list:
    """The gradient of logits: softmax minus how likely the path is at each class, at each time."""
    logp, states, skip, emit, alpha, total, last, length = saved
    time = alpha.shape[0]
    ending = np.where(last, 0, _NEVER).astype(alpha.dtype)
    beta = ending
    dz = np.exp(logp)
    rows = np.arange(states.shape[0])[:, None]
    for t in range(time - 1, -1, -1):
        if t < time - 1:
            after = beta + emit[t + 1]
            now = after.copy()
            np.logaddexp(now[:, :-1], after[:, 1:], out=now[:, :-1])
            np.logaddexp(now[:, :-2], after[:, 2:] + skip[:, 2:], out=now[:, :-2])
            beta = np.where((t + 1 < length)[:, None], now, ending)
        occupied = np.exp(alpha[t] + beta - total[:, None])
        np.subtract.at(dz[:, t], (rows, states), occupied)
    dz *= (np.arange(time) < length[:, None])[:, :, None]
    dz *= g[:, None, None]
    return [dz]
