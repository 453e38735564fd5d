"""One step of each optimizer, in place, with few calls, no new array that can be avoided, and no
pass over memory that can be.

`p` are the parameters, `g` their gradient (left as it is), then the slots, then scratch arrays `t`,
`u` of the same shape whose contents do not matter. The remaining arguments are scalars: Python
numbers, or zero-dimensional arrays of the parameters' dtype, which NumPy takes in faster.

A docstring gives the formula; each line sees what the lines before it have changed.

The updates up to `schedule_free_adamw` are elementwise: they may be run on any part of a buffer.
Those after it look at a variable as a whole.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.kernels.blas import axpby, descend

Array = np.ndarray
Scalar = Any
add, subtract, multiply, divide = np.add, np.subtract, np.multiply, np.divide
sqrt, maximum, absolute, power = np.sqrt, np.maximum, np.absolute, np.power

# Elementwise.


def weight_decay(p: Array, t: Array, rate: Scalar) -> None:
    """Decoupled weight decay, `rate` being weight decay times learning rate."""
    multiply(p, rate, t)
    subtract(p, t, p)


def moving_average(a: Array, p: Array, t: Array, momentum: Scalar, rest: Scalar) -> None:
    """Exponential moving average `a` of `p`; `rest` is `1 - momentum`."""
    axpby(rest, p, momentum, a, t)


def sgd(
    p: Array, g: Array, m: Array | None, t: Array, lr: Scalar, momentum: Scalar, nesterov: bool
) -> None:
    """Gradient descent, with momentum where `m` is an array.

    `m = momentum * m - lr * g`
    `p += momentum * m - lr * g if nesterov else m`
    """
    if m is None:
        descend(p, lr, g, t)
        return
    multiply(m, momentum, m)
    descend(m, lr, g, t)
    if nesterov:
        descend(p, lr, g, t)
        axpby(momentum, m, 1, p, t)
    else:
        add(p, m, p)


def rmsprop(
    p: Array,
    g: Array,
    v: Array,
    m: Array | None,
    a: Array | None,
    t: Array,
    lr: Scalar,
    rho: Scalar,
    rest: Scalar,
    momentum: Scalar,
    epsilon: Scalar,
) -> None:
    """RMSprop; centered where the mean gradient `a` is an array; `rest` is `1 - rho`.

    `v = rho * v + rest * g**2`
    `a = rho * a + rest * g`
    `m = momentum * m + lr * g / sqrt(v - a**2 + epsilon)`
    `p -= m`
    """
    multiply(g, g, t)
    axpby(rest, t, rho, v, t)
    if a is None:
        add(v, epsilon, t)
    else:
        axpby(rest, g, rho, a, t)
        multiply(a, a, t)
        subtract(v, t, t)
        add(t, epsilon, t)
    sqrt(t, t)
    divide(g, t, t)
    if m is None:
        descend(p, lr, t, t)
    else:
        axpby(lr, t, momentum, m, t)
        subtract(p, m, p)


def adam(
    p: Array,
    g: Array,
    m: Array,
    v: Array,
    v_max: Array | None,
    t: Array,
    alpha: Scalar,
    beta_1: Scalar,
    rest_1: Scalar,
    beta_2: Scalar,
    rest_2: Scalar,
    epsilon: Scalar,
) -> None:
    """Adam; AMSGrad where `v_max` is an array. `alpha` is the bias-corrected learning rate.

    `m = beta_1 * m + rest_1 * g`
    `v = beta_2 * v + rest_2 * g**2`
    `p -= alpha * m / (sqrt(v) + epsilon)`
    """
    axpby(rest_1, g, beta_1, m, t)
    multiply(g, g, t)
    axpby(rest_2, t, beta_2, v, t)
    if v_max is not None:
        maximum(v_max, v, out=v_max)
        v = v_max
    sqrt(v, t)
    add(t, epsilon, t)
    divide(m, t, t)
    descend(p, alpha, t, t)


def adamax(
    p: Array,
    g: Array,
    m: Array,
    u: Array,
    t: Array,
    alpha: Scalar,
    rest_1: Scalar,
    beta_2: Scalar,
    epsilon: Scalar,
) -> None:
    """Adamax: Adam with the infinity norm `u`.

    `m += (g - m) * rest_1`
    `u = max(beta_2 * u, abs(g))`
    `p -= alpha * m / (u + epsilon)`
    """
    subtract(g, m, t)
    multiply(t, rest_1, t)
    add(m, t, m)
    multiply(u, beta_2, u)
    absolute(g, t)
    maximum(u, t, out=u)
    add(u, epsilon, t)
    divide(m, t, t)
    descend(p, alpha, t, t)


def nadam(
    p: Array,
    g: Array,
    m: Array,
    v: Array,
    t: Array,
    u: Array,
    lr: Scalar,
    rest_1: Scalar,
    rest_2: Scalar,
    m_factor: Scalar,
    g_factor: Scalar,
    v_factor: Scalar,
    epsilon: Scalar,
) -> None:
    """Adam with Nesterov momentum; the factors hold the bias corrections.

    `m += (g - m) * rest_1`
    `v += (g**2 - v) * rest_2`
    `p -= lr * (m_factor * m + g_factor * g) / (sqrt(v_factor * v) + epsilon)`
    """
    subtract(g, m, t)
    multiply(t, rest_1, t)
    add(m, t, m)
    multiply(g, g, t)
    subtract(t, v, t)
    multiply(t, rest_2, t)
    add(v, t, v)
    multiply(m, m_factor, t)
    multiply(g, g_factor, u)
    add(t, u, t)
    multiply(v, v_factor, u)
    sqrt(u, u)
    add(u, epsilon, u)
    divide(t, u, t)
    descend(p, lr, t, t)


def adagrad(p: Array, g: Array, a: Array, t: Array, lr: Scalar, epsilon: Scalar) -> None:
    """Adagrad; `a` is the sum of squared gradients.

    `a += g**2`
    `p -= lr * g / sqrt(a + epsilon)`
    """
    multiply(g, g, t)
    add(a, t, a)
    add(a, epsilon, t)
    sqrt(t, t)
    divide(g, t, t)
    descend(p, lr, t, t)


def adadelta(
    p: Array,
    g: Array,
    a: Array,
    d: Array,
    t: Array,
    u: Array,
    lr: Scalar,
    rho: Scalar,
    rest: Scalar,
    epsilon: Scalar,
) -> None:
    """Adadelta; `a` and `d` are the mean squares of gradients and of steps.

    `a = rho * a + rest * g**2`
    `step = sqrt(d + epsilon) * g / sqrt(a + epsilon)`
    `d = rho * d + rest * step**2`
    `p -= lr * step`
    """
    multiply(g, g, t)
    axpby(rest, t, rho, a, t)
    add(d, epsilon, t)
    sqrt(t, t)
    multiply(t, g, t)
    add(a, epsilon, u)
    sqrt(u, u)
    divide(t, u, t)
    multiply(t, t, u)
    axpby(rest, u, rho, d, u)
    descend(p, lr, t, t)


def ftrl(
    p: Array,
    g: Array,
    a: Array,
    z: Array,
    t: Array,
    u: Array,
    lr: Scalar,
    exponent: Scalar,
    l1: Scalar,
    l2_twice: Scalar,
    shrinkage_twice: Scalar,
) -> None:
    """FTRL-proximal; `exponent` is minus Keras's `learning_rate_power`.

    `z += g + shrinkage_twice * p - ((a + g**2) ** exponent - a**exponent) / lr * p`
    `a += g**2`
    `p = (clip(z, -l1, l1) - z) / (a**exponent / lr + l2_twice)`
    """
    multiply(p, shrinkage_twice, t)
    add(z, t, z)
    add(z, g, z)
    power(a, exponent, u)
    multiply(g, g, t)
    add(a, t, a)
    power(a, exponent, t)
    subtract(t, u, u)
    divide(u, lr, u)
    multiply(u, p, u)
    subtract(z, u, z)
    divide(t, lr, t)
    add(t, l2_twice, t)
    np.clip(z, -l1, l1, out=u)
    subtract(u, z, u)
    divide(u, t, p)


def lion(
    p: Array,
    g: Array,
    m: Array,
    t: Array,
    u: Array,
    lr: Scalar,
    beta_1: Scalar,
    beta_2: Scalar,
) -> None:
    """Lion: steps of one size in the direction of the sign of a momentum.

    `p -= lr * sign(beta_1 * m + (1 - beta_1) * g)`
    `m = beta_2 * m + (1 - beta_2) * g`

    `1 - beta` is of the rounded `beta`, as in Keras: another last digit is another sign where gradient
    and momentum cancel.
    """
    multiply(m, beta_1, t)
    axpby(1 - beta_1, g, 1, t, u)
    _sign(t)
    descend(p, lr, t, t)
    axpby(1 - beta_2, g, beta_2, m, u)


def _sign(t: Array) -> None:
    """`np.sign` in place, without its branches, which processors guess wrong half of the time."""
    if t.size < 4096 or t.dtype not in (np.float32, np.float64):
        np.sign(t, t)
        return
    np.clip(t, -1, 1, out=t)
    multiply(t, 1 / np.finfo(t.dtype).tiny, t)
    np.clip(t, -1, 1, out=t)


def schedule_free_adamw(
    p: Array,
    g: Array,
    z: Array,
    v: Array,
    t: Array,
    lr: Scalar,
    beta_1: Scalar,
    rest_1: Scalar,
    rest_2: Scalar,
    v_factor: Scalar,
    weight: Scalar,
    epsilon: Scalar,
) -> None:
    """Schedule-free AdamW: `p` lies between the fast iterate `z` and its running average.

    `v += (g**2 - v) * rest_2`
    `x = (p - rest_1 * z) / beta_1`
    `z -= lr * g / (sqrt(v_factor * v) + epsilon)`
    `x = (1 - weight) * x + weight * z`
    `p = rest_1 * z + beta_1 * x`

    The average `x` is never formed: with `c = weight`, the new `p` is
    `(1 - c) * (p - rest_1 * old z) + (rest_1 + beta_1 * c) * z`.
    """
    multiply(g, g, t)
    subtract(t, v, t)
    multiply(t, rest_2, t)
    add(v, t, v)
    multiply(z, rest_1, t)
    subtract(p, t, p)
    multiply(p, weight, t)
    subtract(p, t, p)
    multiply(v, v_factor, t)
    sqrt(t, t)
    add(t, epsilon, t)
    divide(g, t, t)
    descend(z, lr, t, t)
    axpby(rest_1 + beta_1 * weight, z, 1, p, t)


# Of a whole variable.


def norm_squared(x: Array) -> float:
    """Return the sum of squares, the same to the bit whatever the number of threads."""
    x = x.reshape(-1)
    if x.dtype.itemsize < 4:
        x = x.astype(np.float32)
    if x.size <= _BLOCK:
        return float(x.dot(x))
    return sum([float(b.dot(b)) for b in [x[i : i + _BLOCK] for i in range(0, x.size, _BLOCK)]])


_BLOCK = 8192  # BLAS keeps products of so few elements on one thread


def lamb(
    p: Array,
    g: Array,
    m: Array,
    v: Array,
    lr: float,
    rest_1: Scalar,
    rest_2: Scalar,
    m_factor: Scalar,
    v_factor: Scalar,
    epsilon: Scalar,
) -> None:
    """LAMB: Adam's step, as long as its variable's norm times the learning rate.

    `m += (g - m) * rest_1`
    `v += (g**2 - v) * rest_2`
    `step = m_factor * m / (sqrt(v_factor * v) + epsilon)`
    `p -= lr * norm(p) / norm(step) * step`
    """
    t = subtract(g, m)
    t *= rest_1
    m += t
    t = g * g
    t -= v
    t *= rest_2
    v += t
    t = v * v_factor
    t = np.sqrt(t)
    t += epsilon
    t = m / t
    t *= m_factor
    p_norm, step_norm = norm_squared(p) ** 0.5, norm_squared(t) ** 0.5
    t *= p_norm / step_norm * lr if p_norm > 0 and step_norm > 0 else lr
    p -= t


def adafactor(
    p: Array,
    g: Array,
    v: Array,
    r: Array | None,
    c: Array | None,
    rho: float,
    beta_2: float,
    epsilon_1: float,
    epsilon_2: float,
    threshold: float,
) -> None:
    """Adafactor: the second moment of a matrix is kept as means `r` of rows and `c` of columns.

    `r = beta_2 * r + (1 - beta_2) * mean(g**2 + epsilon_1, -1)`, and so `c` along -2
    `v = (r / mean(r))[..., None] * c[..., None, :]`
    `step = g / sqrt(v)`
    `p -= rho * max(epsilon_2, rms(p)) * step / max(1, rms(step) / threshold)`
    """
    alpha = max(epsilon_2, _root_mean_square(p)) * rho
    t = g * g
    t += epsilon_1
    if p.ndim >= 2:
        for means, axis in ((r, -1), (c, -2)):
            means *= beta_2
            means += t.mean(axis) * (1 - beta_2)
        multiply((r / r.mean(-1, keepdims=True))[..., None], c[..., None, :], v)
    else:
        t *= 1 - beta_2
        v *= beta_2
        v += t
    t = np.sqrt(v)
    t = g / t
    t *= alpha / max(1.0, _root_mean_square(t) / threshold)
    p -= t


def _root_mean_square(x: Array) -> float:
    return (norm_squared(x) / x.size) ** 0.5 if x.size else 0.0


def muon(
    p: Array,
    g: Array,
    m: Array,
    lr: float,
    momentum: float,
    nesterov: bool,
    a: float,
    b: float,
    c: float,
    steps: int,
) -> None:
    """Muon: momentum made nearly orthogonal by Newton-Schulz steps of degree five.

    `m = momentum * m + g`
    `x = g + momentum * m if nesterov else m`, divided by its norm
    `x = a * x + (b * s + c * s @ s) @ x` with `s = x @ x.T`, so many `steps`
    `p -= lr * x`
    """
    m *= momentum
    m += g
    x = g + momentum * m if nesterov else m
    if x.shape[0] > x.shape[1]:
        x = x.T
    x = x / (norm_squared(x) ** 0.5 + 1e-7)
    for _ in range(steps):
        s = x @ x.T
        squared = s @ s
        s *= b
        squared *= c
        s += squared
        x = a * x + s @ x
    p -= lr * (x.T if p.shape[0] > p.shape[1] else x)
