"""Each update in place, compared with its formula, written with new arrays."""

import inspect

import numpy as np
import pytest

from minikeras.kernels import optimizer_updates

# What each update computes, in the order of the arguments that it changes.


def weight_decay_formula(p, rate):
    return (p - p * rate,)


def moving_average_formula(a, p, momentum, rest):
    return (momentum * a + rest * p,)


def sgd_formula(p, g, m, lr, momentum, nesterov):
    if m is None:
        return p - lr * g, None
    m = momentum * m - lr * g
    return (p + momentum * m - lr * g if nesterov else p + m), m


def rmsprop_formula(p, g, v, m, a, lr, rho, rest, momentum, epsilon):
    v = rho * v + rest * g**2
    if a is not None:
        a = rho * a + rest * g
    step = lr * g / np.sqrt((v if a is None else v - a**2) + epsilon)
    if m is None:
        return p - step, v, None, a
    m = momentum * m + step
    return p - m, v, m, a


def adam_formula(p, g, m, v, v_max, alpha, beta_1, rest_1, beta_2, rest_2, epsilon):
    m = beta_1 * m + rest_1 * g
    v = beta_2 * v + rest_2 * g**2
    if v_max is not None:
        v_max = np.maximum(v_max, v)
    return p - alpha * m / (np.sqrt(v if v_max is None else v_max) + epsilon), m, v, v_max


def adamax_formula(p, g, m, u, alpha, rest_1, beta_2, epsilon):
    m = m + (g - m) * rest_1
    u = np.maximum(beta_2 * u, np.abs(g))
    return p - alpha * m / (u + epsilon), m, u


def nadam_formula(p, g, m, v, lr, rest_1, rest_2, m_factor, g_factor, v_factor, epsilon):
    m = m + (g - m) * rest_1
    v = v + (g**2 - v) * rest_2
    return p - lr * (m_factor * m + g_factor * g) / (np.sqrt(v * v_factor) + epsilon), m, v


def adagrad_formula(p, g, a, lr, epsilon):
    a = a + g**2
    return p - lr * g / np.sqrt(a + epsilon), a


def adadelta_formula(p, g, a, d, lr, rho, rest, epsilon):
    a = rho * a + rest * g**2
    step = np.sqrt(d + epsilon) * g / np.sqrt(a + epsilon)
    return p - lr * step, a, rho * d + rest * step**2


def ftrl_formula(p, g, a, z, lr, exponent, l1, l2_twice, shrinkage_twice):
    grown = a + g**2
    z = z + g + shrinkage_twice * p - (grown**exponent - a**exponent) / lr * p
    p = (np.clip(z, -l1, l1) - z) / (grown**exponent / lr + l2_twice)
    return p, grown, z


def lion_formula(p, g, m, lr, beta_1, beta_2):
    return p - lr * np.sign(beta_1 * m + (1 - beta_1) * g), beta_2 * m + (1 - beta_2) * g


def schedule_free_adamw_formula(p, g, z, v, lr, beta_1, rest_1, rest_2, v_factor, weight, epsilon):
    x = (p - rest_1 * z) / beta_1
    v = v + (g**2 - v) * rest_2
    z = z - lr * g / (np.sqrt(v * v_factor) + epsilon)
    x = (1 - weight) * x + weight * z
    return rest_1 * z + beta_1 * x, z, v


def lamb_formula(p, g, m, v, lr, rest_1, rest_2, m_factor, v_factor, epsilon):
    m = m + (g - m) * rest_1
    v = v + (g**2 - v) * rest_2
    step = m_factor * m / (np.sqrt(v * v_factor) + epsilon)
    p_norm, step_norm = np.sqrt(np.sum(p**2)), np.sqrt(np.sum(step**2))
    trust = p_norm / step_norm if p_norm > 0 and step_norm > 0 else 1.0
    return p - trust * lr * step, m, v


def adafactor_formula(p, g, v, r, c, rho, beta_2, epsilon_1, epsilon_2, threshold):
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


def muon_formula(p, g, m, lr, momentum, nesterov, a, b, c, steps):
    m = momentum * m + g
    x = g + momentum * m if nesterov else m
    x = x / (np.linalg.norm(x) + 1e-7)
    for _ in range(steps):  # by the smaller side: p(x xT) x is x p(xT x)
        s = x @ x.T if x.shape[0] <= x.shape[1] else x.T @ x
        s = b * s + c * s @ s
        x = a * x + (s @ x if x.shape[0] <= x.shape[1] else x @ s)
    return p - lr * x, m


FORMULAS = {n.removesuffix("_formula"): f for n, f in vars().items() if n.endswith("_formula")}
UPDATES = {n: getattr(optimizer_updates, n) for n in FORMULAS}
# Arguments after the arrays; slots that may be missing are given in every combination.
SCALARS = {
    "weight_decay": [(0.1,)],
    "moving_average": [(0.9, 0.1)],
    "sgd": [(0.1, 0.9, False), (0.1, 0.9, True)],
    "rmsprop": [(0.1, 0.9, 0.1, 0.5, 1e-3)],
    "adam": [(0.1, 0.9, 0.1, 0.99, 0.01, 1e-3)],
    "adamax": [(0.1, 0.1, 0.99, 1e-3)],
    "nadam": [(0.1, 0.1, 0.01, 1.2, 0.8, 1.5, 1e-3)],
    "adagrad": [(0.1, 1e-3)],
    "adadelta": [(0.1, 0.9, 0.1, 1e-3)],
    "ftrl": [(0.1, 0.5, 0.2, 0.3, 0.1), (0.1, 0.7, 0.0, 0.0, 0.0)],
    "lion": [(0.1, 0.9, 0.99)],
    "schedule_free_adamw": [(0.1, 0.9, 0.1, 0.01, 1.5, 0.25, 1e-3)],
    "lamb": [(0.1, 0.1, 0.01, 1.2, 1.5, 1e-3)],
    "adafactor": [(0.1, 0.7, 1e-30, 1e-3, 1.0), (0.1, 0.7, 1e-30, 1e-3, 0.1)],
    "muon": [(0.1, 0.9, True, 3.4, -4.7, 2.0, 5), (0.1, 0.9, False, 3.4, -4.7, 2.0, 5)],
}
OPTIONAL = {"sgd": ["m"], "rmsprop": ["m", "a"], "adam": ["v_max"]}
POSITIVE = {"v", "v_max", "d", "u", "r", "c"}


def test_every_update_has_a_case():
    assert set(UPDATES) == set(SCALARS)
    public = {
        name
        for name, value in vars(optimizer_updates).items()
        if inspect.isfunction(value)
        and value.__module__ == optimizer_updates.__name__
        and not name.startswith("_")
    }
    assert public == set(UPDATES) | {"norm_squared"}


def combinations(name):
    optional = OPTIONAL.get(name, [])
    for mask in range(2 ** len(optional)):
        missing = {n for i, n in enumerate(optional) if mask >> i & 1}
        for scalars in SCALARS[name]:
            yield missing, scalars


SHAPES = [(7,), (3, 5), (5, 3), (5000,), (20_000,)]  # the last by BLAS


@pytest.mark.parametrize(
    ("name", "shape"),
    [(n, s) for n in UPDATES for s in SHAPES if n != "muon" or len(s) == 2],  # muon: for matrices
    ids=str,
)
def test_update_equals_its_formula(name, shape):
    update, formula = UPDATES[name], FORMULAS[name]
    rng = np.random.default_rng(0)
    for missing, scalars in combinations(name):
        arrays, scratch = [], []
        for parameter in list(inspect.signature(update).parameters)[: -len(scalars)]:
            if parameter == "t" or (parameter == "u" and name != "adamax"):
                scratch.append(np.full(shape, np.nan))
                continue
            of = {"r": shape[:-1], "c": shape[:-2] + shape[-1:]}.get(parameter, shape)
            if parameter in missing or (parameter in "rc" and len(shape) < 2):
                arrays.append(None)
                continue
            x = rng.normal(size=of)
            positive = parameter in POSITIVE or (
                parameter == "a" and name in ("adagrad", "adadelta", "ftrl")
            )
            # A centered RMSprop needs a mean square above the squared mean.
            arrays.append(np.abs(x) + 30 if parameter == "v" else np.abs(x) if positive else x)
        before = [None if a is None else a.copy() for a in arrays]
        wanted = formula(*before, *scalars)
        gradient = None if name in ("weight_decay", "moving_average") else 1
        update(*arrays, *scratch, *scalars)
        if name == "moving_average":
            np.testing.assert_array_equal(arrays.pop(), before[1])
        changed = [a for i, a in enumerate(arrays) if i != gradient]
        if gradient is not None:
            np.testing.assert_array_equal(arrays[gradient], before[gradient])
        assert len(changed) == len(wanted)
        for got, want in zip(changed, wanted):
            if want is None:
                assert got is None
            else:
                np.testing.assert_allclose(got, want, rtol=1e-11, atol=1e-12)


def test_sign_of_many():
    t = np.concatenate([[0.0, -0.0, 1e-300, -1e300, np.inf, -np.inf, np.nan], np.ones(5000)])
    wanted = np.sign(t)
    optimizer_updates._sign(t)
    np.testing.assert_array_equal(t, wanted)


@pytest.mark.parametrize("size", [0, 1, 8192, 8193, 30000])
def test_norm_squared(size):
    x = np.random.default_rng(0).normal(size=size).astype("float32")
    wanted = float(np.sum(x.astype("float64") ** 2))
    assert optimizer_updates.norm_squared(x) == pytest.approx(wanted, rel=1e-5)
    assert optimizer_updates.norm_squared(x.astype("float16") * 0 + 300) == size * 300.0**2
