"""How exact Winograd is beside pixels of any size: the bound that `winograd.py` states."""

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from minikeras.kernels import conv, winograd
from minikeras.kernels.activations import RELU
from minikeras.kernels.epilogue import Results
from minikeras.kernels.windows import window


@pytest.fixture(autouse=True, scope="module")
def few_images():
    """Have few images go by Winograd too, for which it would not pay."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(winograd, "WORTH", 0)
        yield


EPS = np.finfo("float32").eps
settings = hypothesis.settings(max_examples=40, derandomize=True, database=None)


def window_norms(x, w):
    """Norms of what each window holds, in float64."""
    energy = (x.astype("float64") ** 2).sum(-1, keepdims=True)
    return np.sqrt(conv.reference(energy, np.ones((*w.kernel, 1, 1)), None, w))


def kernel_norms(kernel):
    return np.sqrt((kernel.astype("float64") ** 2).sum((0, 1, 2)))


def typical_norms(x):
    """Of a window of pixels than which three quarters of an image's are louder, zeros left out."""
    norms = np.zeros((len(x), 1, 1, 1))
    for i, energy in enumerate((x.astype("float64") ** 2).sum(-1)):
        energy = np.sort(energy[(energy > 0) & np.isfinite(energy)])
        norms[i] = np.sqrt(9 * energy[energy.size // 4]) if energy.size else 0
    return norms


def seen(at, shape, w):
    """Which windows hold one of the places `at`."""
    marks = np.zeros((*shape[:3], 1))
    marks[at] = 1
    return conv.reference(marks, np.ones((*w.kernel, 1, 1)), None, w)[..., 0] > 0


@st.composite
def images(draw):
    """Images, some of whose pixels are louder, quieter, infinite or nothing at all."""
    size = draw(st.sampled_from([(12, 12), (9, 14), (16, 13)]))
    channels = draw(st.sampled_from([12, 32]))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    x = rng.normal(size=(4, *size, channels)).astype("float32")
    if draw(st.booleans()):
        x = np.maximum(x, 0)
    if draw(st.booleans()):
        x[:, : size[0] // 2, 3:] = 0
    share = draw(st.sampled_from([0.002, 0.02, 0.2]))
    loud = rng.random(x.shape[:3]) < share
    channel = draw(st.sampled_from([0, slice(None)]))
    value = draw(st.sampled_from([1e2, 1e3, 1e4, 1e6, 1e30, np.inf, -np.inf, np.nan]))
    x[..., channel][loud] = value
    padding = draw(st.sampled_from(["same", "valid", ((2, 2), (2, 2)), ((0, 2), (1, 0))]))
    return x, window(size, (3, 3), (1, 1), padding, (1, 1)), rng


@settings
@hypothesis.given(images(), st.sampled_from([4000, 1 << 18]))
def test_every_result_is_as_good_as_its_own_window_allows(case, piece):
    x, w, rng = case
    kernel = rng.normal(size=(3, 3, x.shape[-1], 16)).astype("float32")
    y = np.empty((len(x), *w.out, 16), "float32")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(winograd, "_PIECE", piece)
        winograd.correlate(x, kernel, winograd.transformed_kernel(kernel), w, Results(y, None))
    with np.errstate(all="ignore"):
        wanted = conv.reference(x.astype("float64"), kernel.astype("float64"), None, w)
        bad = seen(~np.isfinite(x).all(-1), x.shape, w)
    np.testing.assert_array_equal(y[bad], wanted[bad].astype("float32"))
    finite = np.where(np.isfinite(x), x, 0)
    norms = np.maximum(window_norms(finite, w), typical_norms(finite)) * kernel_norms(kernel)
    error = np.abs(y[~bad] - wanted[~bad])
    assert np.all(error <= winograd.BOUND * EPS * norms[~bad])


def test_what_is_repaired_gets_bias_and_activation_too():
    rng = np.random.default_rng(9)
    x = np.zeros((8, 14, 14, 16), "float32")
    x[:, :6] = rng.normal(size=(8, 6, 14, 16))
    x[1, 3, 3] = 1e6
    x[5, 2::4, 1::3, 2] = 1e5  # with nothing at all in some windows beside it
    kernel = rng.normal(size=(3, 3, 16, 12)).astype("float32")
    bias = rng.normal(size=12).astype("float32")
    y, saved = conv.forward(x, kernel, bias, (1, 1), "same", (1, 1), 1, RELU)
    assert conv.algorithm(saved[3], 8, 16, 12, 1, x.dtype) == "winograd"
    wanted = conv.reference(x.astype("float64"), kernel.astype("float64"), bias, saved[3])
    own = window_norms(x, saved[3])
    assert (own == 0).any() and (own > 1e4).any()
    error = np.abs(y - np.maximum(wanted, 0))
    assert np.all(error <= EPS * (50 * np.maximum(own, 20) * kernel_norms(kernel)))


@pytest.mark.parametrize("value", [1e4, 1e6, 1e30, np.inf, np.nan])
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_neighbours_of_one_loud_pixel_keep_their_digits(value, padding):
    rng = np.random.default_rng(3)
    scale = 1e-6 * value if np.isfinite(value) else 0
    x = rng.normal(size=(8, 16, 16, 32)).astype("float32")
    kernel = (rng.normal(size=(3, 3, 32, 24)) / 17).astype("float32")
    x[2, 7, 9, 5] = value
    y, saved = conv.forward(x, kernel, None, (1, 1), padding, (1, 1), 1, None)
    w = saved[3]
    assert conv.algorithm(w, 8, 32, 24, 1, x.dtype) == "winograd"
    with np.errstate(all="ignore"):
        wanted = conv.reference(x.astype("float64"), kernel.astype("float64"), None, w)
    at = np.zeros(x.shape[:3], bool)
    at[2, 7, 9] = True
    near = seen(at, x.shape, w)
    assert near.sum() == 9
    np.testing.assert_allclose(y[~near], wanted[~near], rtol=0, atol=5e-5)
    np.testing.assert_allclose(y[near], wanted[near].astype("float32"), rtol=1e-4, atol=scale)

    # The gradient of the inputs is a convolution of the gradient of the results.
    g = rng.normal(size=y.shape).astype("float32")
    g[2, 7, 9, 5] = value
    with np.errstate(all="ignore"):
        dx, dkernel, _ = conv.backward(g, saved, [True, True, False], None)
        wide = conv.mirrored(kernel.astype("float64"))
        low = 1 if padding == "same" else 2
        back = window(w.out, (3, 3), (1, 1), ((low, low), (low, low)), (1, 1))
        wanted = conv.reference(g.astype("float64"), wide, None, back)
    at = np.zeros(g.shape[:3], bool)
    at[2, 7, 9] = True
    near = seen(at, g.shape, back)
    np.testing.assert_allclose(dx[~near], wanted[~near], rtol=0, atol=5e-5)
    np.testing.assert_allclose(dx[near], wanted[near].astype("float32"), rtol=1e-4, atol=scale)


def direct_weight_gradient(x, g, w):
    x = np.pad(x.astype("float64"), ((0, 0), *w.pads, (0, 0)))
    rows, columns = w.out
    return np.array(
        [
            [
                np.einsum("nhwc,nhwf->cf", x[:, i : i + rows, j : j + columns], g.astype("float64"))
                for j in range(3)
            ]
            for i in range(3)
        ]
    )


@pytest.mark.parametrize("value", [1e4, 1e6, 1e30, np.inf, np.nan])
@pytest.mark.parametrize("place", [(0, 0), (0, 7), (5, 11), (4, 6)])
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("where", ["x", "g"])
def test_gradients_of_the_kernel_are_as_good_as_what_they_see(value, place, padding, where):
    rng = np.random.default_rng(4)
    size = (12, 12)
    w = window(size, (3, 3), (1, 1), padding, (1, 1))
    x = rng.normal(size=(8, *size, 16)).astype("float32")
    g = rng.normal(size=(8, *w.out, 12)).astype("float32")
    loud = x if where == "x" else g
    last = loud.shape[1] - 1, loud.shape[2] - 1
    loud[3, min(place[0], last[0]), min(place[1], last[1]), 2] = value
    with np.errstate(all="ignore"):
        dk = conv.weight_gradient(x, g, w, 1)
        wanted = direct_weight_gradient(x, g, w)
        energy = direct_weight_gradient(x**2, np.ones_like(g[..., :1]), w).sum(2, keepdims=True)
        other = direct_weight_gradient(np.ones_like(x[..., :1]), g**2, w).sum(3, keepdims=True)
    finite = np.isfinite(wanted)
    np.testing.assert_array_equal(dk[~finite], wanted[~finite].astype("float32"))
    with np.errstate(all="ignore"):
        allowed = winograd.BOUND * EPS * np.sqrt(energy * other)
    allowed = np.broadcast_to(allowed, dk.shape)
    known = finite & np.isfinite(allowed)
    dk, wanted = np.where(known, dk, 0), np.where(known, wanted, 0)
    assert np.all(np.abs(dk - wanted)[known] <= allowed[known])
    assert np.isfinite(value) or 0 < (~finite).sum() < finite.size


def test_a_kernel_that_is_not_finite_or_huge_is_not_transformed():
    rng = np.random.default_rng(5)
    x = np.abs(rng.normal(size=(8, 12, 12, 16))).astype("float32")
    for value in (np.inf, 3e30):
        kernel = np.abs(rng.normal(size=(3, 3, 16, 12))).astype("float32")
        kernel[1, 1, 2, 3] = value
        y, _ = conv.forward(x, kernel, None, (1, 1), "valid", (1, 1), 1, None)
        wanted = conv.reference(x.astype("float64"), kernel.astype("float64"), None, _[3])
        np.testing.assert_allclose(y, wanted.astype("float32"), rtol=1e-4)


def test_common_images_are_not_looked_at_window_by_window(monkeypatch):
    def never(*_):
        raise AssertionError("a tile was looked at")

    monkeypatch.setattr(winograd, "QuietWindows", never)
    rng = np.random.default_rng(6)
    for channels in (16, 64):
        x = np.maximum(rng.normal(size=(8, 16, 16, channels)), 0).astype("float32")
        kernel = rng.normal(size=(3, 3, channels, 16)).astype("float32")
        w = window((16, 16), (3, 3), (1, 1), "same", (1, 1))
        u = winograd.transformed_kernel(kernel)
        winograd.correlate(x, kernel, u, w, Results(np.empty((8, 16, 16, 16), "float32"), None))


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("kernel_size", [2, 3, 4])
@pytest.mark.parametrize("rank", [1, 2])
def test_infinity_stays_in_its_windows_in_strided_transposes(value, kernel_size, rank):
    rng = np.random.default_rng(7)
    w = window((13,) * rank, (kernel_size,) * rank, (2,) * rank, "valid", (1,) * rank)
    x = np.abs(rng.normal(size=(2, *w.out, 5))).astype("float32")
    kernel = np.abs(rng.normal(size=(*w.kernel, 4, 5))).astype("float32") + 0.1
    x[(0, *(2,) * rank, 1)] = value
    y, _ = conv.transpose_forward(x, kernel, None, w, None)
    one = slice(4, 4 + kernel_size)
    inside = np.zeros(y.shape[:-1], bool)
    inside[(0, *(one,) * rank)] = True
    np.testing.assert_array_equal(y[inside], np.full_like(y[inside], value))
    assert np.isfinite(y[~inside]).all()


@pytest.mark.parametrize("where", ["x", "g"])
def test_a_loud_edge_reaches_the_gradient_of_the_kernel_through_a_whole_step(where):
    rng = np.random.default_rng(8)
    x = rng.normal(size=(8, 12, 12, 16)).astype("float32")
    kernel = rng.normal(size=(3, 3, 16, 12)).astype("float32")
    g = rng.normal(size=(8, 12, 12, 12)).astype("float32")
    (x if where == "x" else g)[3, 0, 5, 2] = 1e7
    _, saved = conv.forward(x, kernel, None, (1, 1), "same", (1, 1), 1, None)
    _, dkernel, _ = conv.backward(g, saved, [True, True, False], None)
    wanted = direct_weight_gradient(x, g, saved[3])
    unseen = np.s_[2] if where == "x" else np.s_[0]  # these elements never meet the loud pixel
    np.testing.assert_allclose(dkernel[unseen], wanted[unseen], rtol=0, atol=1e-2)
