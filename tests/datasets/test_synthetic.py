import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikeras.datasets import make_blobs, make_circles, make_moons, make_spirals

MOONS = [
    [0.09787379841057392, 0.7240893199201458],
    [2.1867557990149966, 0.4022722120123588],
    [-0.904991158247441, -0.01513572082976967],
    [0.9896781148206442, 0.04105985019383723],
]
CIRCLES = [
    [0.897873798410574, 0.2240893199201458],
    [-0.6132442009850033, -0.09772778798764101],
    [-0.904991158247441, -0.01513572082976967],
    [0.9896781148206442, 0.04105985019383723],
]
BLOBS = [
    [2.199311092593756, 2.351937166900912],
    [-0.765866288074912, 3.039557277825951],
    [1.9263584960720843, 4.152430119150692],
    [0.8730512267529372, 4.714385829386762],
]
BLOB_LABELS = [1, 2, 0, 0]

seeds = st.integers(0, 2**32 - 1)
noises = st.one_of(st.none(), st.floats(0, 2))
counts = st.one_of(st.integers(1, 300), st.tuples(st.integers(0, 90), st.integers(0, 90)))


@pytest.fixture(scope="module")
def sklearn():
    return pytest.importorskip("sklearn.datasets")


def assert_same(ours, theirs):
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b, strict=True)


@given(counts, st.booleans(), noises, seeds)
def test_moons_are_those_of_sklearn(sklearn, n_samples, shuffle, noise, seed):
    kwargs = {"n_samples": n_samples, "shuffle": shuffle, "noise": noise, "random_state": seed}
    assert_same(make_moons(**kwargs), sklearn.make_moons(**kwargs))


@given(counts, st.booleans(), noises, seeds, st.floats(0, 1, exclude_max=True))
def test_circles_are_those_of_sklearn(sklearn, n_samples, shuffle, noise, seed, factor):
    kwargs = {
        "n_samples": n_samples,
        "shuffle": shuffle,
        "noise": noise,
        "random_state": seed,
        "factor": factor,
    }
    assert_same(make_circles(**kwargs), sklearn.make_circles(**kwargs))


@given(st.data())
def test_blobs_are_those_of_sklearn(sklearn, data):
    n_centers = data.draw(st.integers(1, 5))
    fixed = st.lists(st.lists(st.floats(-9, 9), min_size=3, max_size=3), min_size=n_centers,
                     max_size=n_centers)  # fmt: skip
    listed = data.draw(st.booleans())
    kwargs = {
        "n_samples": data.draw(
            st.lists(st.integers(0, 40), min_size=n_centers, max_size=n_centers)
            if listed
            else st.integers(1, 200)
        ),
        "n_features": data.draw(st.integers(1, 4)),
        "centers": data.draw(st.one_of(st.none(), fixed) if listed else st.just(n_centers) | fixed),
        "cluster_std": data.draw(
            st.floats(0, 3) | st.lists(st.floats(0, 3), min_size=n_centers, max_size=n_centers)
        ),
        "center_box": (-3.0, 5.0),
        "shuffle": data.draw(st.booleans()),
        "random_state": data.draw(seeds),
        "return_centers": data.draw(st.booleans()),
    }
    assert_same(make_blobs(**kwargs), sklearn.make_blobs(**kwargs))


@pytest.mark.parametrize("name", ["make_moons", "make_circles", "make_blobs"])
def test_defaults_and_random_states_as_sklearn(sklearn, name):
    ours = {"make_moons": make_moons, "make_circles": make_circles, "make_blobs": make_blobs}[name]
    theirs = getattr(sklearn, name)
    state, same = np.random.RandomState(5), np.random.RandomState(5)
    for _ in range(2):  # the state moves on
        assert_same(ours(random_state=state), theirs(random_state=same))
    np.random.seed(9)
    mine = ours()
    np.random.seed(9)
    assert_same(mine, theirs())


def test_moons_lie_on_their_half_circles():
    x, y = make_moons(201, random_state=3)
    np.testing.assert_array_equal(np.bincount(y), [100, 101])
    outer, inner = x[y == 0], x[y == 1]
    np.testing.assert_allclose(np.hypot(*outer.T), 1)
    np.testing.assert_allclose(np.hypot(*(inner - [1, 0.5]).T), 1)
    assert (outer[:, 1] >= 0).all() and (inner[:, 1] <= 0.5).all()
    assert not (np.diff(y) >= 0).all()  # mixed


def test_known_draws():
    """Points that scikit-learn gives, written down so that this runs without it."""
    x, y = make_moons(4, noise=0.1, random_state=0)
    np.testing.assert_allclose(x, MOONS, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(y, [1, 1, 0, 0])
    x, y = make_circles(4, noise=0.1, random_state=0)
    np.testing.assert_allclose(x, CIRCLES, rtol=0, atol=1e-12)
    x, y = make_blobs(4, random_state=0)
    np.testing.assert_allclose(x, BLOBS, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(y, BLOB_LABELS)


def test_spirals():
    x, y = make_spirals(302, shuffle=False, n_classes=3, turns=2)
    np.testing.assert_array_equal(np.bincount(y), [101, 101, 100])
    np.testing.assert_array_equal(y, np.sort(y))
    radius = np.hypot(*x.T)
    assert radius.max() == pytest.approx(1)
    for label in range(3):
        arm, r = x[y == label], radius[y == label]
        assert (np.diff(r) > 0).all()
        # The angle follows from the radius and the class: nothing else separates the arms.
        turn = np.arctan2(arm[:, 1], arm[:, 0]) / (2 * np.pi) - 2 * r - label / 3
        np.testing.assert_allclose(turn, np.round(turn), atol=1e-9)


def test_spirals_shuffle_noise_and_seed():
    plain, _ = make_spirals([50, 20], shuffle=False)
    noisy, y = make_spirals([50, 20], shuffle=False, noise=0.1, random_state=1)
    np.testing.assert_array_equal(np.bincount(y), [50, 20])
    assert (noisy - plain).std() == pytest.approx(0.1, rel=0.3)
    first = make_spirals(40, noise=0.1, random_state=7)
    assert_same(first, make_spirals(40, noise=0.1, random_state=7))
    assert not np.array_equal(first[0], make_spirals(40, noise=0.1, random_state=8)[0])


@pytest.mark.parametrize(
    "call",
    [
        lambda: make_moons(0),
        lambda: make_moons((1, 2, 3)),
        lambda: make_moons(2.5),
        lambda: make_moons(noise=-1),
        lambda: make_moons(random_state="seed"),
        lambda: make_circles(factor=1),
        lambda: make_circles((1, -1)),
        lambda: make_blobs(centers=0),
        lambda: make_blobs([3, 4], centers=[[0.0, 0.0]]),
        lambda: make_blobs([3, 4], centers=2),
        lambda: make_blobs(centers=[1.0, 2.0]),
        lambda: make_blobs(cluster_std=[1.0, 2.0]),
        lambda: make_blobs(n_features=0),
        lambda: make_spirals(n_classes=0),
        lambda: make_spirals([3, -1]),
    ],
)
def test_bad_arguments(call):
    with pytest.raises(ValueError, match=r"make_[a-z]+: "):
        call()
