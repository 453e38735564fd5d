"""Products of any size and rank: right, and never on BLAS's own threads."""

import numpy as np
import pytest

from minikeras import ops
from minikeras.autodiff import GradientTape, Tensor
from minikeras.kernels import blas, gemm, parallel

LARGE = [
    ((300, 300), (300, 300)),
    ((80, 90), (90, 100)),
    ((3, 100, 100), (3, 100, 100)),
    ((8, 200, 200), (200, 200)),
    ((1, 300, 200), (5, 200, 300)),
    ((5, 1, 150, 150), (1, 4, 150, 150)),
    ((200, 200), (200,)),
    ((200,), (3, 200, 100)),
    ((100_000,), (100_000,)),
]
SMALL = [((2, 3), (3, 4)), ((5, 2, 3), (3, 4)), ((3,), (3,)), ((0, 3), (3, 4)), ((2, 0), (0, 3))]


@pytest.fixture
def noted(monkeypatch):
    """Count how often BLAS was told to use one thread."""
    enter, count = type(parallel.single_blas).__enter__, []

    def note(self):
        count.append(self)
        return enter(self)

    monkeypatch.setattr(type(parallel.single_blas), "__enter__", note)
    return count


@pytest.mark.parametrize(("a", "b"), LARGE + SMALL)
def test_products_of_any_rank(a, b, noted):
    rng = np.random.default_rng(0)
    a, b = (rng.normal(size=shape).astype("float32") for shape in (a, b))
    y = gemm.matmul(a, b)
    expected = np.matmul(a.astype("float64"), b.astype("float64"))
    assert y.dtype == "float32"
    assert y.shape == expected.shape
    np.testing.assert_allclose(y, expected, atol=1e-5 * np.sqrt(a.shape[-1]), rtol=1e-4)
    assert bool(noted) == ((a.shape, b.shape) in LARGE)


@pytest.mark.parametrize(("a", "b"), LARGE[:6])
def test_ops_and_their_gradients_keep_blas_to_one_thread(a, b, noted):
    a, b = (Tensor(np.ones(shape, "float32")) for shape in (a, b))
    with GradientTape() as tape:
        tape.watch([a, b])
        y = ops.matmul(a, b)
    assert len(noted) == 1
    tape.gradient(y, [a, b])
    assert len(noted) == 3


@pytest.mark.parametrize(("rows", "k", "n"), [(4096, 64, 32), (997, 64, 64), (60, 8, 1)])
def test_inner_products_in_blocks(rows, k, n, in_place):
    rng = np.random.default_rng(0)
    a, g = (rng.normal(size=s).astype("float32") for s in ((rows, k), (rows, n)))
    dk = np.empty((k, n), "float32")
    gemm.inner_product(a, g, dk)
    np.testing.assert_allclose(dk, exact(a.T, g), rtol=1e-4, atol=2e-3)
    assert (gemm.row_blocks(4096, 64 * 32) > 1) == in_place


@pytest.mark.parametrize(
    ("rows", "k", "n", "copied"),
    [(64, 64, 64, True), (16, 64, 64, False), (256, 32, 40, True), (64, 128, 128, False)],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_small_factor_that_lies_in_columns_is_copied_into_rows(
    rows, k, n, copied, dtype, in_place
):
    rng = np.random.default_rng(0)
    a, w = (rng.normal(size=s).astype(dtype) for s in ((rows, k), (n, k)))
    b = gemm.in_rows(w.T, rows)
    assert b.flags.c_contiguous == (copied and in_place)
    np.testing.assert_array_equal(b, w.T)
    some = w.T.copy()[:, : n // 2 + 1]
    assert gemm.in_rows(some, rows) is some  # which lies in rows, if at a distance
    np.testing.assert_allclose(gemm.dot(a, w.T), exact(a, w.T), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("equation", ["ij,jk->ik", "aij,ajk->aik", "aij,jk->aik"])
def test_einsum_keeps_blas_to_one_thread(equation, noted):
    shapes = {"a": 3, "i": 150, "j": 150, "k": 150}
    xs = [
        np.ones([shapes[c] for c in part], "float32") for part in equation.split("->")[0].split(",")
    ]
    ops.einsum(equation, *xs)
    assert noted


def test_one_thread_gives_the_bits_of_two():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 9, 200, 200)).astype("float32")
    try:
        parallel.set_threads(1)
        alone = gemm.matmul(a, b)
        parallel.set_threads(2)
        np.testing.assert_array_equal(gemm.matmul(a, b), alone)
    finally:
        parallel.set_threads(None)


@pytest.fixture(params=[True, False])
def in_place(request, monkeypatch):
    """Whether BLAS multiplies small matrices as they lie."""
    monkeypatch.setattr(blas, "multiplies_small_in_place", lambda: request.param)
    for rule in (gemm._tile, gemm.row_blocks):
        rule.cache_clear()
    yield request.param
    for rule in (gemm._tile, gemm.row_blocks):
        rule.cache_clear()


def exact(a, b):
    return np.matmul(a.astype("float64"), b.astype("float64"))


@pytest.mark.parametrize(
    ("m", "k", "n"),
    [(32, 512, 128), (512, 128, 384), (50, 256, 258), (31, 200, 300), (0, 3, 4), (33, 60_000, 10)],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_products_in_tiles(m, k, n, dtype, in_place):
    rng = np.random.default_rng(0)
    a, b = (rng.normal(size=s).astype(dtype) for s in ((m, k), (k, n)))
    close = {"atol": 1e-5 * np.sqrt(k), "rtol": 1e-4}
    for x in (a, np.asfortranarray(a)):
        for y in (b, np.asfortranarray(b)):
            out = np.empty((m, n + 1), dtype)[:, 1:]
            assert gemm.tiled(x, y, out) is out
            np.testing.assert_allclose(out, exact(a, b), **close)
    blocks = np.ascontiguousarray(b.reshape(k, 2, n // 2).transpose(1, 0, 2))
    many = np.empty((2, 2, m, n // 2), dtype)
    gemm.tiled(np.stack([a, -a])[:, None], blocks, many)
    np.testing.assert_allclose(many[1], -exact(a, blocks), **close)
    out = np.empty((m, n), dtype)
    gemm.chosen(np.stack([a, -a]), b, out)(1)
    np.testing.assert_allclose(out, -exact(a, b), **close)
    gemm.chosen(np.stack([a, -a]), blocks, many[0])(1)
    np.testing.assert_allclose(many[0], many[1], **close)
    none = np.empty((0, *many.shape[1:]), dtype)
    assert gemm.tiled(np.empty((0, 1, m, k), dtype), blocks, none) is none


def test_products_of_two_dtypes_are_rounded_to_that_of_their_place():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(20, 30)).astype("float32"), rng.normal(size=(30, 40))
    out = np.empty((20, 40), "float32")
    gemm.tiled(a, b, out)
    np.testing.assert_allclose(out, a @ b, rtol=1e-5)


@pytest.mark.parametrize(
    ("m", "k", "n"),
    [(32, 512, 128), (512, 128, 512), (48, 256, 256), (64, 1024, 256), (9000, 64, 3)],
)
@pytest.mark.parametrize(("turned", "most"), [((0, 0), 1e6), ((1, 0), 1e6), ((0, 1), 1200)])
def test_tiles_are_small_enough_to_be_multiplied_in_place(m, k, n, turned, most, in_place):
    """OpenBLAS multiplies `a @ b.T` in place only where few numbers come out."""
    a, b = (np.empty(size, "float32") for size in ((m, k), (k, n)))
    a, b = (np.asfortranarray(x) if t else x for x, t in zip((a, b), turned))
    out = np.zeros((m, n), "float32")
    parts = gemm._tiles(a, b, out)
    for _, _, target in parts:
        target += 1
    assert (out == 1).all()  # each number of the result is in one tile
    if len(parts) == 1 and parts[0][2] is out:
        assert not in_place or turned[1]
    else:
        assert in_place
        for *_, target in parts:
            rows, columns = target.shape[-2:]
            assert rows * columns * (1 if turned[1] else k) <= most
