"""Sizes that are known only when an exported model runs."""

from __future__ import annotations

import itertools

import pytest

from minikeras.export.sizes import is_traced, named, same_size


def value(size, sizes):
    """Compute a size's formula for other numbers than those that were tried."""
    if not is_traced(size):
        return int(size)
    total = 0
    for monomial, factor in size.terms.items():
        for atom in monomial:
            if atom.operation is None:
                factor *= sizes[str(atom)]
            else:
                a, b = [value(o, sizes) for o in atom.operands]
                factor *= a // b if atom.operation == "floordiv" else a % b
        total += factor
    return total


@pytest.mark.parametrize(
    "formula",
    [
        lambda n, m: n + m * 2 - 3,
        lambda n, m: 5 - n,
        lambda n, m: (n * m * 6) // (n * 3),
        lambda n, m: (n - 3) // 2 + 1,
        lambda n, m: -(-n // 2),
        lambda n, m: n % 4 + m % n,
        lambda n, m: 100 // n,
        lambda n, m: divmod(n, 3)[0] + divmod(n, 3)[1],
        lambda n, m: (n + 1) * (m - 1) * n,
    ],
)
def test_formulas(formula):
    size = formula(named("n", 7), named("m", 11))
    assert int(size) == formula(7, 11)
    for n, m in itertools.product((1, 4, 9), (2, 5)):
        assert value(size, {"n": n, "m": m}) == formula(n, m)


def test_what_cancels_out_is_a_plain_number():
    n, m = named("n", 7), named("m", 11)
    for size, expected in [
        (n - n + 2, 2),
        (n * 4 // n, 4),
        ((n + m) // (n + m), 1),
        (n * 6 % 3, 0),
    ]:
        assert not is_traced(size)
        assert size == expected


def test_same_size():
    n, m = named("n", 7), named("m", 7)
    assert same_size(n + 1, 1 + n)
    assert not same_size(n, m)
    assert not same_size(n, 7)
    assert same_size(-(-n // 2), -(-n // 2))
