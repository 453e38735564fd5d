"""Extreme values, precision, and messages about bad input."""

import warnings

import numpy as np
import pytest

import minikeras
from minikeras import ops
from minikeras.autodiff import Tensor, gradient_check
from minikeras.ops.einsum import contract, explicit

UNARY = [
    "abs",
    "exp",
    "exp2",
    "expm1",
    "log",
    "log1p",
    "log2",
    "log10",
    "sqrt",
    "rsqrt",
    "sin",
    "cos",
    "tanh",
    "sinh",
    "cosh",
    "arcsinh",
    "arctan",
    "sign",
    "floor",
    "ceil",
    "round",
    "square",
    "erf",
    "erfc",
    "relu",
    "relu6",
    "sigmoid",
    "softplus",
    "softsign",
    "elu",
    "selu",
    "gelu",
    "log_sigmoid",
    "hard_sigmoid",
    "tanh_shrink",
    "nan_to_num",
    "isfinite",
    "signbit",
    "reciprocal",
]


@pytest.mark.parametrize("name", UNARY)
def test_special_values_as_in_keras(name, keras):
    x = np.array([0.0, -0.0, 1e-30, 30.0, -30.0, 1e4, -1e4, 1e30, -1e30, np.inf, -np.inf, np.nan])
    x = x.astype("float32")
    with np.errstate(all="ignore"):
        ours = np.asarray(getattr(ops, name)(x))
    theirs = np.asarray(getattr(keras.ops, name)(x))
    np.testing.assert_allclose(ours, theirs, rtol=2e-6, atol=1e-30)


def test_silu_of_great_numbers():
    """Keras gives NaN at minus infinity."""
    x = np.array([-1e30, -1e4, -100.0, 100.0, 1e30], "float32")
    np.testing.assert_allclose(ops.silu(x), np.maximum(x, 0), atol=1e-8)


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "logsumexp"])
def test_softmax_does_not_overflow(name, keras):
    x = np.array([[1e4, 0, -1e4], [-np.inf, 0, 0], [5e3, 5e3, 5e3]], "float32")
    ours = getattr(ops, name)(x, axis=-1)
    np.testing.assert_allclose(ours, getattr(keras.ops, name)(x, axis=-1), rtol=1e-6)


@pytest.mark.parametrize("axis", [-1, 1, (1,), (1, 2)])
@pytest.mark.parametrize("name", ["softmax", "log_softmax", "sparsemax"])
def test_softmax_over_nothing_is_nothing(name, axis):
    if name == "sparsemax" and axis == (1, 2):
        axis = 2
    for shape in ((2, 0, 3), (2, 3, 0), (0, 3, 3)):
        assert getattr(ops, name)(np.zeros(shape, "float32"), axis=axis).shape == shape
    with pytest.raises(ValueError, match="axis"):
        getattr(ops, name)(np.zeros((2, 0), "float32"), axis=2)


def test_gradients_where_formulas_divide_by_zero():
    x = np.array([0.0, 0.5, -1.0])
    assert gradient_check(ops.sinc, x).skipped == 0
    assert gradient_check(ops.prod, np.array([0.0, 2.0, 3.0])).ok
    assert gradient_check(ops.prod, np.array([0.0, 2.0, 0.0])).ok
    assert gradient_check(lambda x: ops.cumprod(x), np.array([2.0, 0.0, 3.0, 0.0, 1.0])).ok
    assert gradient_check(ops.i0, x).ok
    assert gradient_check(ops.det, np.array([[1.0, 2.0], [2.0, 4.0]])).ok
    assert gradient_check(ops.det, np.diag([1.0, 0.0, 0.0]) + 0.0).ok
    ids = np.array([0, 0, 1, 1, 1])
    assert gradient_check(lambda x: ops.segment_prod(x, ids, 2), np.array([0.0, 2, 0, 0, 3])).ok
    result = gradient_check(lambda x: ops.divide_no_nan(x, np.array([0.0, 2.0, 4.0])), x)
    assert result.ok


def test_half_precision_sums_do_not_overflow_on_the_way():
    x = np.full(70_000, 1.0, "float16")
    assert float(ops.mean(x)) == 1.0
    assert ops.mean(x).dtype == ops.sum(x[:10]).dtype == ops.var(x).dtype == "float16"
    assert float(ops.sum(np.full(4096, 1.0, "float16"))) == 4096.0


def test_bincount_of_rows():
    y = ops.bincount(np.array([[0, 1, 1], [2, 2, 2]]), weights=np.ones((2, 3)), minlength=4)
    np.testing.assert_array_equal(y, [[1, 2, 0, 0], [0, 0, 3, 0]])
    weights = np.array([0.5, 1.5, 1.0])
    assert gradient_check(lambda w: ops.bincount(np.array([0, 1, 0]), weights=w), weights).ok


def test_segments_without_rows_and_rows_without_segments():
    x, ids = np.array([1.0, 5.0, 3.0, 9.0]), np.array([0, 0, 2, -1])
    np.testing.assert_array_equal(ops.segment_sum(x, ids, 4), [6, 0, 3, 0])
    np.testing.assert_array_equal(ops.segment_max(x, ids, 3), [5, -np.inf, 3])
    np.testing.assert_array_equal(ops.segment_min(x, ids, 3), [1, np.inf, 3])
    np.testing.assert_array_equal(ops.segment_prod(x, ids, 3), [5, 1, 3])
    assert ops.segment_sum(x, np.array([0, 0, 2, 1])).shape == (3,)
    grad_x = gradient_check(lambda x: ops.segment_sum(x, ids, 4), x)
    assert grad_x.ok


def test_top_k_of_equals_takes_the_first():
    _, index = ops.top_k(np.array([1, 3, 3, 2, 3]), 3)
    np.testing.assert_array_equal(index, [1, 2, 4])


def test_argpartition_splits():
    x = np.random.default_rng(0).normal(size=(4, 9))
    parted = np.take_along_axis(x, np.asarray(ops.argpartition(x, 3)), -1)
    np.testing.assert_array_equal(parted[:, 3], np.sort(x)[:, 3])
    assert (parted[:, :3] <= parted[:, 3:4]).all() and (parted[:, 4:] >= parted[:, 3:4]).all()


def test_sparsemax_projects_onto_the_simplex():
    x = np.random.default_rng(0).normal(size=(50, 6))
    y = np.asarray(ops.sparsemax(x))
    np.testing.assert_allclose(y.sum(-1), 1.0)
    assert (y >= 0).all() and (y == 0).any()
    # The projection: y is nearer to x than other points of the simplex.
    others = np.random.default_rng(1).dirichlet(np.ones(6), size=50)
    assert (((y - x) ** 2).sum(-1) <= ((others - x) ** 2).sum(-1)).all()


@pytest.mark.parametrize(
    "subscripts",
    ["ij,jk->ik", "ij,kj->ki", "bij,bjk->bki", "bij,jk->ibk", "i,j->ij", "ij,ij->", "abc,cd->dab",
     "ii,i->i", "bqhd,bkhd->bhqk", "ij,j->i", "ab,cd->ac"],
)  # fmt: skip
def test_einsum_plans(subscripts):
    sizes = dict(zip("ijkabcdqh", (2, 3, 4, 2, 3, 4, 5, 3, 2)))
    inputs = subscripts.split("->")[0].split(",")
    xs = [np.random.default_rng(i).normal(size=[sizes[c] for c in s]) for i, s in enumerate(inputs)]
    labels, result = explicit(subscripts, tuple(x.ndim for x in xs))
    y = contract(labels, result, xs)
    np.testing.assert_allclose(y, np.einsum(subscripts, *xs), rtol=1e-12, atol=1e-12)


def test_stft_comes_back():
    x = np.random.default_rng(0).normal(size=(2, 64))
    for window in ("hann", "hamming"):
        pair = ops.stft(x, 16, 4, 16, window=window)
        np.testing.assert_allclose(ops.istft(pair, 16, 4, 16, window=window), x, atol=1e-10)


def test_linear_algebra_in_batches():
    rng = np.random.default_rng(0)
    m = rng.normal(size=(4, 3, 3)) + 3 * np.eye(3)
    np.testing.assert_allclose(
        ops.matmul(m, ops.inv(m)), np.broadcast_to(np.eye(3), m.shape), atol=1e-12
    )
    b = rng.normal(size=(4, 3))
    np.testing.assert_allclose(np.einsum("bij,bj->bi", m, ops.solve(m, b)), b)
    factor = np.linalg.cholesky(m @ np.swapaxes(m, -1, -2))
    np.testing.assert_allclose(
        ops.cholesky_inverse(factor), np.linalg.inv(m @ np.swapaxes(m, -1, -2)), rtol=1e-8
    )
    upper = np.swapaxes(factor, -1, -2)
    np.testing.assert_allclose(
        ops.cholesky_inverse(upper, upper=True), ops.cholesky_inverse(factor)
    )
    lu, pivots = ops.lu_factor(m)
    assert (lu.shape, pivots.shape) == ((4, 3, 3), (4, 3))
    for shape in ((5, 3), (3, 5)):
        x = rng.normal(size=shape)
        q, r = ops.qr(x, mode="complete")
        np.testing.assert_allclose(ops.matmul(q, r), x, atol=1e-12)
        u, s, vt = ops.svd(x)
        assert (u.shape[0], vt.shape[0]) == shape
        np.testing.assert_allclose(ops.matmul(u[:, :3] * s, vt[:3]), x, atol=1e-12)
    assert gradient_check(lambda x: ops.qr(x), rng.normal(size=(3, 5))).ok
    with pytest.raises(ValueError, match="full_matrices=False"):
        gradient_check(lambda x: ops.svd(x)[0], rng.normal(size=(5, 3)))


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: ops.add(np.ones(2), np.ones(3)), r"add: shapes \(2,\) and \(3,\)"),
        (lambda: ops.matmul(np.ones((2, 3)), np.ones((2, 3))), r"inner sizes .*\(3 != 2\)"),
        (lambda: ops.matmul(np.ones(()), np.ones(3)), "at least one axis"),
        (lambda: ops.reshape(np.ones(6), (4, -1)), r"cannot reshape \(6,\) into \(4, -1\)"),
        (lambda: ops.concatenate([np.ones((2, 3)), np.ones((3, 4))], 0), "cannot join"),
        (lambda: ops.concatenate([]), "nothing to join"),
        (lambda: ops.stack([np.ones(2), np.ones(3)]), "one shape"),
        (lambda: ops.split(np.ones(5), 2), "2 equal parts"),
        (lambda: ops.sum(np.ones((2, 2)), axis=3), "sum: axis 3 is out of bounds"),
        (lambda: ops.max(np.ones((0, 2)), axis=0), "zero-size"),
        (lambda: ops.squeeze(np.ones((2, 3)), 0), "size 1"),
        (lambda: ops.where(np.ones(2), 1.0), "both"),
        (lambda: ops.pad(np.ones(2), 1, mode="reflect", constant_values=1), "constant_values"),
        (lambda: ops.pad(np.ones(2), 1, mode="mirror"), "mode"),
        (lambda: ops.einsum("ij,jk->ik", np.ones((2, 3)), np.ones((4, 2))), "label 'j'"),
        (lambda: ops.einsum("ij->ij", np.ones(3)), "names 2 axes"),
        (lambda: ops.einsum("ij,jk->ik", np.ones((2, 3))), "2 operands"),
        (lambda: ops.rearrange(np.ones((2, 3)), "a b -> a"), "both sides"),
        (lambda: ops.rearrange(np.ones((2, 3)), "(a b) c -> a b c"), "does not fit"),
        (lambda: ops.top_k(np.ones(2), 3), "k=3"),
        (lambda: ops.quantile(np.ones(2), 0.5, method="mean"), "method"),
        (lambda: ops.norm(np.ones((2, 2, 2)), ord=2), "one axis"),
        (lambda: ops.norm(np.ones((2, 2)), ord=3), "ord"),
        (lambda: ops.inv(np.ones((2, 3))), "square"),
        (lambda: ops.bincount(np.array([-1])), "negative"),
        (lambda: ops.unfold(np.ones((2, 3)), 2), "four axes"),
        (lambda: ops.depth_to_space(np.ones((1, 2, 2, 3)), 2), "divisible"),
        (lambda: ops.fft(np.ones(3)), "pair"),
        (lambda: ops.stft(np.ones(9), 8, 4, 4), "fft_length"),
        (lambda: ops.normalize(np.ones(3), order=0), "order"),
        (lambda: ops.ldexp(np.ones(3), np.ones(3)), "integers"),
        (lambda: ops.segment_sum(np.ones(3), np.array([0, 1])), "as many rows"),
        (lambda: ops.moments(np.ones(3), [0], synchronized=True), "synchronized"),
    ],
)
def test_bad_input_is_named(call, match):
    with pytest.raises((ValueError, TypeError), match=match):
        call()


def test_out_of_range_indices_raise():
    with pytest.raises(IndexError):
        ops.take(np.ones(3), np.array([3]), axis=0)
    with pytest.raises(IndexError):
        Tensor(np.ones(3))[5]


def test_powers_and_quotients_of_booleans_are_integers_as_in_keras(keras):
    for name in ("power", "floor_divide"):
        arrays = np.array([True, False]), np.array([True, True])
        expected = getattr(keras.ops, name)(*arrays)
        result = getattr(ops, name)(*arrays)
        assert result.dtype.name == str(expected.dtype)
        np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize(
    "call, warns",
    [
        (lambda k: k.ops.softmax(k.ops.ones((3, 1))), True),
        (lambda k: k.activations.softmax(k.ops.ones((3, 1))), True),
        (lambda k: k.ops.softmax(k.ops.ones((1, 3)), axis=0), True),
        (lambda k: k.layers.Softmax()(k.ops.ones((3, 1))), True),
        (lambda k: k.layers.Dense(1, activation="softmax")(k.ops.ones((3, 2))), True),
        (lambda k: k.layers.Conv1D(1, 1, activation="softmax")(k.ops.ones((1, 3, 2))), True),
        (lambda k: k.ops.softmax(k.ops.ones((1, 3))), False),
        (lambda k: k.ops.softmax(k.ops.ones((3, 1)), axis=None), False),
        (lambda k: k.ops.softmax(k.ops.ones((3, 1, 1)), axis=(1, 2)), False),
        (lambda k: k.ops.log_softmax(k.ops.ones((3, 1))), False),
        (lambda k: k.layers.Dense(1, activation="sigmoid")(k.ops.ones((3, 2))), False),
        (lambda k: k.layers.Dense(2, activation="softmax")(k.ops.ones((3, 2))), False),
    ],
)
def test_a_softmax_over_one_number_warns(keras, call, warns):
    for k in (minikeras, keras):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            call(k)
        texts = [str(w.message) for w in caught]
        assert any("softmax over axis" in t and "sigmoid" in t for t in texts) == warns


def test_a_fused_relu6_has_the_zeros_of_the_op():
    from minikeras.kernels.activations import relu6

    z = np.tile(np.array([-0.0, 0.0, -1, 3, 7], "float32"), 7)
    for y in (relu6(z), relu6(z, z.copy()), relu6(z[0])):
        assert not np.signbit(y).any()
    np.testing.assert_array_equal(relu6(z), ops.relu6(z))
