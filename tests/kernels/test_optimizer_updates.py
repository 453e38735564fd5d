"""Each update in place beside its formula."""

import inspect

import numpy as np
import pytest

from minikeras.kernels import optimizer_updates

NAMES = [n.removesuffix("_reference") for n in vars(optimizer_updates) if n.endswith("_reference")]
UPDATES = {
    n: (getattr(optimizer_updates, n), getattr(optimizer_updates, f"{n}_reference")) for n in NAMES
}
# Arguments after the arrays; slots that may be missing are given in every combination.
SCALARS = {
    "weight_decay": [(0.1,)],
    "moving_average": [(0.9, 0.1)],
    "sgd": [(0.1, 0.9, False), (0.1, 0.9, True)],
    "rmsprop": [(0.1, 0.9, 0.1, 0.5, 1e-3)],
    "adam": [(0.1, 0.1, 0.01, 1e-3)],
    "adamax": [(0.1, 0.1, 0.99, 1e-3)],
    "nadam": [(0.1, 0.1, 0.01, 1.2, 0.8, 1.5, 1e-3)],
    "adagrad": [(0.1, 1e-3)],
    "adadelta": [(0.1, 0.9, 0.1, 1e-3)],
    "ftrl": [(0.1, 0.5, 0.2, 0.3, 0.1), (0.1, 0.7, 0.0, 0.0, 0.0)],
    "lion": [(0.1, 0.9, 0.1, 0.99, 0.01)],
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
        if inspect.isfunction(value) and not name.startswith("_")
    }
    assert public == set(UPDATES) | {f"{n}_reference" for n in UPDATES} | {"norm_squared"}


def combinations(name):
    optional = OPTIONAL.get(name, [])
    for mask in range(2 ** len(optional)):
        missing = {n for i, n in enumerate(optional) if mask >> i & 1}
        for scalars in SCALARS[name]:
            yield missing, scalars


SHAPES = [(7,), (3, 5), (5, 3), (5000,)]


@pytest.mark.parametrize(
    ("name", "shape"),
    [(n, s) for n in UPDATES for s in SHAPES if n != "muon" or len(s) == 2],  # muon: for matrices
    ids=str,
)
def test_update_equals_its_formula(name, shape):
    update, reference = UPDATES[name]
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
        wanted = reference(*before, *scalars)
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
