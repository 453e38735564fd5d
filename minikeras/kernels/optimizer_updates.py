"""One step of each optimizer, in place.

Every update stands next to its reference, the formula in plain NumPy, which makes new arrays and
returns them in the order of the arguments that the update changes. The update does the same with
few calls, no new array and no pass over memory that it can avoid.

`p` are the parameters, `g` their gradient (left as it is), then the slots, then scratch arrays `t`,
`u` of the same shape whose contents do not matter. The remaining arguments are scalars: Python
numbers, or zero-dimensional arrays of the parameters' dtype, which NumPy takes in faster.

The updates up to `schedule_free_adamw` are elementwise: they may be run on any part of a buffer.
Those after it look at a variable as a whole.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray
Scalar = Any
add, subtract, multiply, divide = np.add, np.subtract, np.multiply, np.divide
sqrt, maximum, absolute, power = np.sqrt, np.maximum, np.absolute, np.power

# Elementwise.


def weight_decay_reference(p, rate):
    return (p - p * rate,)


def weight_decay(p: Array, t: Array, rate: Scalar) -> None:
    """Decoupled weight decay, `rate` being weight decay times learning rate."""
    multiply(p, rate, t)
    subtract(p, t, p)


def moving_average_reference(a, p, momentum, rest):
    return (momentum * a + rest * p,)


def moving_average(a: Array, p: Array, t: Array, momentum: Scalar, rest: Scalar) -> None:
    """Exponential moving average `a` of `p`; `rest` is `1 - momentum`."""
    multiply(p, rest, t)
    multiply(a, momentum, a)
    add(a, t, a)


def sgd_reference(p, g, m, lr, momentum, nesterov):
    if m is None:
        return p - lr * g, None
    m = momentum * m - lr * g
    return (p + momentum * m - lr * g if nesterov else p + m), m


def sgd(
    p: Array, g: Array, m: Array | None, t: Array, lr: Scalar, momentum: Scalar, nesterov: bool
) -> None:
    """Gradient descent, with momentum where `m` is an array."""
    multiply(g, lr, t)
    if m is None:
        subtract(p, t, p)
        return
    multiply(m, momentum, m)
    subtract(m, t, m)
    if nesterov:
        subtract(p, t, p)
        multiply(m, momentum, t)
        add(p, t, p)
    else:
        add(p, m, p)


def rmsprop_reference(p, g, v, m, a, lr, rho, rest, momentum, epsilon):
    v = rho * v + rest * g**2
    if a is not None:
        a = rho * a + rest * g
    step = lr * g / np.sqrt((v if a is None else v - a**2) + epsilon)
    if m is None:
        return p - step, v, None, a
    m = momentum * m + step
    return p - m, v, m, a


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
    """RMSprop; centered where the mean gradient `a` is an array; `rest` is `1 - rho`."""
    multiply(g, g, t)
    multiply(t, rest, t)
    multiply(v, rho, v)
    add(v, t, v)
    if a is None:
        add(v, epsilon, t)
    else:
        multiply(g, rest, t)
        multiply(a, rho, a)
        add(a, t, a)
        multiply(a, a, t)
        subtract(v, t, t)
        add(t, epsilon, t)
    sqrt(t, t)
    divide(g, t, t)
    multiply(t, lr, t)
    if m is None:
        subtract(p, t, p)
    else:
        multiply(m, momentum, m)
        add(m, t, m)
        subtract(p, m, p)


def adam_reference(p, g, m, v, v_max, alpha, rest_1, rest_2, epsilon):
    m = m + (g - m) * rest_1
    v = v + (g**2 - v) * rest_2
    if v_max is not None:
        v_max = np.maximum(v_max, v)
    return p - alpha * m / (np.sqrt(v if v_max is None else v_max) + epsilon), m, v, v_max


def adam(
    p: Array,
    g: Array,
    m: Array,
    v: Array,
    v_max: Array | None,
    t: Array,
    alpha: Scalar,
    rest_1: Scalar,
    rest_2: Scalar,
    epsilon: Scalar,
) -> None:
    """Adam; AMSGrad where `v_max` is an array. `alpha` is the bias-corrected learning rate."""
    subtract(g, m, t)
    multiply(t, rest_1, t)
    add(m, t, m)
    multiply(g, g, t)
    subtract(t, v, t)
    multiply(t, rest_2, t)
    add(v, t, v)
    if v_max is not None:
        maximum(v_max, v, out=v_max)
        v = v_max
    sqrt(v, t)
    add(t, epsilon, t)
    divide(m, t, t)
    multiply(t, alpha, t)
    subtract(p, t, p)


def adamax_reference(p, g, m, u, alpha, rest_1, beta_2, epsilon):
    m = m + (g - m) * rest_1
    u = np.maximum(beta_2 * u, np.abs(g))
    return p - alpha * m / (u + epsilon), m, u


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
    """Adamax: Adam with the infinity norm `u`."""
    subtract(g, m, t)
    multiply(t, rest_1, t)
    add(m, t, m)
    multiply(u, beta_2, u)
    absolute(g, t)
    maximum(u, t, out=u)
    add(u, epsilon, t)
    divide(m, t, t)
    multiply(t, alpha, t)
    subtract(p, t, p)


def nadam_reference(p, g, m, v, lr, rest_1, rest_2, m_factor, g_factor, v_factor, epsilon):
    m = m + (g - m) * rest_1
    v = v + (g**2 - v) * rest_2
    return p - lr * (m_factor * m + g_factor * g) / (np.sqrt(v * v_factor) + epsilon), m, v


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
    """Adam with Nesterov momentum; the factors hold the bias corrections."""
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
    multiply(t, lr, t)
    subtract(p, t, p)


def adagrad_reference(p, g, a, lr, epsilon):
    a = a + g**2
    return p - lr * g / np.sqrt(a + epsilon), a


def adagrad(p: Array, g: Array, a: Array, t: Array, lr: Scalar, epsilon: Scalar) -> None:
    """Adagrad; `a` is the sum of squared gradients."""
    multiply(g, g, t)
    add(a, t, a)
    add(a, epsilon, t)
    sqrt(t, t)
    divide(g, t, t)
    multiply(t, lr, t)
    subtract(p, t, p)


def adadelta_reference(p, g, a, d, lr, rho, rest, epsilon):
    a = rho * a + rest * g**2
    step = np.sqrt(d + epsilon) * g / np.sqrt(a + epsilon)
    return p - lr * step, a, rho * d + rest * step**2


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
    """Adadelta; `a` and `d` are the mean squares of gradients and of steps."""
    multiply(g, g, t)
    multiply(t, rest, t)
    multiply(a, rho, a)
    add(a, t, a)
    add(d, epsilon, t)
    sqrt(t, t)
    multiply(t, g, t)
    add(a, epsilon, u)
    sqrt(u, u)
    divide(t, u, t)
    multiply(t, t, u)
    multiply(u, rest, u)
    multiply(d, rho, d)
    add(d, u, d)
    multiply(t, lr, t)
    subtract(p, t, p)


def ftrl_reference(p, g, a, z, lr, exponent, l1, l2_twice, shrinkage_twice):
    grown = a + g**2
    z = z + g + shrinkage_twice * p - (grown**exponent - a**exponent) / lr * p
    p = (np.clip(z, -l1, l1) - z) / (grown**exponent / lr + l2_twice)
    return p, grown, z


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
    """FTRL-proximal; `exponent` is minus Keras's `learning_rate_power`."""
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


def lion_reference(p, g, m, lr, beta_1, rest_1, beta_2, rest_2):
    return p - lr * np.sign(beta_1 * m + rest_1 * g), beta_2 * m + rest_2 * g


def lion(
    p: Array,
    g: Array,
    m: Array,
    t: Array,
    u: Array,
    lr: Scalar,
    beta_1: Scalar,
    rest_1: Scalar,
    beta_2: Scalar,
    rest_2: Scalar,
) -> None:
    """Lion: steps of one size in the direction of the sign of a momentum."""
    multiply(m, beta_1, t)
    multiply(g, rest_1, u)
    add(t, u, t)
    _sign(t)
    multiply(t, lr, t)
    subtract(p, t, p)
    multiply(m, beta_2, m)
    multiply(g, rest_2, u)
    add(m, u, m)


def _sign(t: Array) -> None:
    """`np.sign` in place, without its branches, which processors guess wrong half of the time."""
    if t.size < 4096 or t.dtype not in (np.float32, np.float64):
        np.sign(t, t)
        return
    np.clip(t, -1, 1, out=t)
    multiply(t, 1 / np.finfo(t.dtype).tiny, t)
    np.clip(t, -1, 1, out=t)


def schedule_free_adamw_reference(
    p, g, z, v, lr, beta_1, rest_1, rest_2, v_factor, weight, epsilon
):
    x = (p - rest_1 * z) / beta_1
    v = v + (g**2 - v) * rest_2
    z = z - lr * g / (np.sqrt(v * v_factor) + epsilon)
    x = (1 - weight) * x + weight * z
    return rest_1 * z + beta_1 * x, z, v


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

    With `c = weight`, the new `p` is `(1 - c) (p - rest_1 z) + (rest_1 + beta_1 c) z'`: the average
    itself is never formed.
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
    multiply(t, lr, t)
    subtract(z, t, z)
    multiply(z, rest_1 + beta_1 * weight, t)
    add(p, t, p)


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


def lamb_reference(p, g, m, v, lr, rest_1, rest_2, m_factor, v_factor, epsilon):
    m = m + (g - m) * rest_1
    v = v + (g**2 - v) * rest_2
    step = m_factor * m / (np.sqrt(v * v_factor) + epsilon)
    p_norm, step_norm = np.sqrt(np.sum(p**2)), np.sqrt(np.sum(step**2))
    trust = p_norm / step_norm if p_norm > 0 and step_norm > 0 else 1.0
    return p - trust * lr * step, m, v


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
    """LAMB: Adam's step, as long as its variable's norm times the learning rate."""
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


def adafactor_reference(p, g, v, r, c, rho, beta_2, epsilon_1, epsilon_2, threshold):
    alpha = np.maximum(epsilon_2, np.sqrt(np.mean(p**2))) * rho
    square = g**2 + epsilon_1
    if p.ndim >= 2:
        r = beta_2 * r + (1 - beta_2) * square.mean(-1)
        c = beta_2 * c + (1 - beta_2) * square.mean(-2)
        v = (r / r.mean(-1, keepdims=True))[..., None] * c[..., None, :]
    else:
        v = beta_2 * v + (1 - beta_2) * square
    step = g / np.sqrt(v)
    step = step / np.maximum(1.0, np.sqrt(np.mean(step**2)) / threshold)
    return p - alpha * step, v, r, c


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
    """Adafactor: the second moment of a matrix is kept as means `r` of rows and `c` of columns."""
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


def muon_reference(p, g, m, lr, momentum, nesterov, a, b, c, steps):
    m = momentum * m + g
    x = g + momentum * m if nesterov else m
    x = x / (np.linalg.norm(x) + 1e-7)
    for _ in range(steps):  # by the smaller side: p(x xT) x is x p(xT x)
        s = x @ x.T if x.shape[0] <= x.shape[1] else x.T @ x
        s = b * s + c * s @ s
        x = a * x + (s @ x if x.shape[0] <= x.shape[1] else x @ s)
    return p - lr * x, m


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
    """Muon: momentum made nearly orthogonal by Newton-Schulz steps of degree five."""
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
