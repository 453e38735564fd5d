"""Lengths and weighted sums of single examples' gradients are those of the gradients themselves."""

import numpy as np
import pytest

from minikeras.kernels import per_example
from minikeras.kernels.conv import Kernels
from minikeras.kernels.per_example import Products, Rows, Sums, broadcast_sums, squared_norms
from minikeras.kernels.windows import window

RNG = np.random.default_rng(0)
N = 5


def normal(*shape):
    return RNG.normal(size=shape)


def kernels(groups, size, images=1):
    w = window((6, 6), size, (1, 1), "valid", (1, 1))
    return Kernels(
        normal(N * images, 6, 6, 8), normal(N * images, *w.out, 8), w, groups=groups, n=N
    )


MAKERS = {
    "sums": lambda: Sums(normal(N, 3, 2)),
    "one position": lambda: Products(normal(N, 1, 4), normal(N, 1, 3), (2, 2, 3)),
    "few positions": lambda: Products(normal(N, 3, 40), normal(N, 3, 30), (40, 30)),
    "many positions": lambda: Products(normal(N, 50, 4), normal(N, 50, 3), (4, 3)),
    "rows": lambda: Rows(RNG.integers(-7, 7, (N, 20)), normal(N, 20, 3), (7, 3)),
    "no rows": lambda: Rows(np.zeros((N, 0), int), normal(N, 0, 3), (7, 3)),
    "kernels": lambda: kernels(1, (3, 3)),
    "kernels of groups": lambda: kernels(2, (2, 2), images=2),
    "large kernels": lambda: kernels(2, (6, 6)),
}


@pytest.fixture(params=["at once", "in pieces"])
def pieces(request, monkeypatch):
    if request.param == "in pieces":
        monkeypatch.setattr(per_example, "CHUNK", 30)
        monkeypatch.setattr(per_example, "KEPT", 1)


@pytest.mark.parametrize("name", MAKERS)
def test_lengths_and_sums(name, pieces):
    part = MAKERS[name]()
    each = part.arrays(0, N)
    assert each.shape == (N, *part.shape)
    np.testing.assert_allclose(each[1:3], part.arrays(1, 3))
    np.testing.assert_allclose(part.squared_norms(), (each.reshape(N, -1) ** 2).sum(1), rtol=1e-10)
    weights = normal(N)
    wanted = np.tensordot(weights, each, 1)
    np.testing.assert_allclose(part.weighted_sum(weights), wanted, rtol=1e-10, atol=1e-12)
    out = np.empty(part.shape)
    assert part.weighted_sum(weights, out) is out
    np.testing.assert_allclose(out, wanted, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    "makers", [("few positions", "few positions"), ("many positions",) * 3, ("sums", "sums")]
)
def test_lengths_of_what_several_places_add_to(makers, pieces):
    parts = [MAKERS[name]() for name in makers]
    total = sum(part.arrays(0, N) for part in parts)
    wanted = (total.reshape(N, -1) ** 2).sum(1)
    np.testing.assert_allclose(squared_norms(parts), wanted, rtol=1e-10)


def test_kernels_for_each_example_are_those_of_a_batch_of_one():
    part = kernels(2, (2, 2))
    alone = [
        Kernels(part.x[i : i + 1], part.g[i : i + 1], part.w, 2, 1).arrays(0, 1)[0]
        for i in range(N)
    ]
    np.testing.assert_allclose(part.arrays(0, N), alone)


@pytest.mark.parametrize("shape", [(3,), (4, 3), (4, 1), (1, 4, 3), (1, 1, 1), ()])
def test_what_was_broadcast_gets_sums(shape):
    g = normal(2 * N, 4, 3)  # two rows for each example
    found = broadcast_sums(g, shape, N).arrays(0, N)
    for i, d in enumerate(found):
        part = g[2 * i : 2 * i + 2]
        axes = tuple(i for i in range(3) if i < 3 - len(shape) or shape[i - 3 + len(shape)] == 1)
        np.testing.assert_allclose(d, part.sum(axes).reshape(shape))
    assert broadcast_sums(g, (2 * N, 4, 3), N) is None


def test_half_precision_does_not_overflow():
    big = np.full((N, 1, 4), 300, "float16")
    assert Products(big, big, (4, 4)).squared_norms()[0] == pytest.approx(16 * 300.0**4)
