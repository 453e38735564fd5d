"""Small point clouds with class labels, drawn from a seed.

`make_moons`, `make_circles` and `make_blobs` take scikit-learn's arguments and draw from the
random state in the same order, so a seed gives the same points here and there, bit for bit.
"""

from __future__ import annotations

import numbers
from collections.abc import Sequence

import numpy as np

RandomState = int | np.random.RandomState | None


def make_moons(
    n_samples: int | tuple[int, int] = 100,
    *,
    shuffle: bool = True,
    noise: float | None = None,
    random_state: RandomState = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Two half circles that reach into each other: not linearly separable, but nearly.

    The points and labels are those of `sklearn.datasets.make_moons`.

    Args:
        n_samples: number of points, or a pair: points of the outer and of the inner moon.
        shuffle: whether to mix the two classes.
        noise: standard deviation of Gaussian noise added to the points.
        random_state: a seed, a `RandomState`, or None for NumPy's global one.

    Returns:
        `(x, y)`: float64 points of shape `(n_samples, 2)` and their integer labels, 0 for the
        outer moon and 1 for the inner.

    Raises:
        ValueError: if an argument is out of range.

    Example:

    >>> from minikeras.datasets import make_moons
    >>> x, y = make_moons(5, noise=0.1, random_state=0)
    >>> x.shape, y
    ((5, 2), array([1, 0, 0, 1, 1]))
    """
    n_outer, n_inner = _two_counts("make_moons", n_samples)
    rng = _random_state("make_moons", random_state)
    outer = np.linspace(0, np.pi, n_outer)
    inner = np.linspace(0, np.pi, n_inner)
    # The order of these subtractions decides the last bit.
    points = [
        _columns(np.cos(outer), np.sin(outer)),
        _columns(1 - np.cos(inner), 1 - np.sin(inner) - 0.5),
    ]
    return _finish("make_moons", points, rng, shuffle, noise)


def make_circles(
    n_samples: int | tuple[int, int] = 100,
    *,
    shuffle: bool = True,
    noise: float | None = None,
    random_state: RandomState = None,
    factor: float = 0.8,
) -> tuple[np.ndarray, np.ndarray]:
    """A circle within a circle of radius one.

    The points and labels are those of `sklearn.datasets.make_circles`.

    Args:
        n_samples: number of points, or a pair: points of the outer and of the inner circle.
        shuffle: whether to mix the two classes.
        noise: standard deviation of Gaussian noise added to the points.
        random_state: a seed, a `RandomState`, or None for NumPy's global one.
        factor: radius of the inner circle, in `[0, 1)`.

    Returns:
        `(x, y)`: float64 points of shape `(n_samples, 2)` and their integer labels, 0 for the
        outer circle and 1 for the inner.

    Raises:
        ValueError: if an argument is out of range.

    Example:

    >>> from minikeras.datasets import make_circles
    >>> x, y = make_circles(4, shuffle=False, factor=0.5)
    >>> x.round(3) + 0.0
    array([[ 1. ,  0. ],
           [-1. ,  0. ],
           [ 0.5,  0. ],
           [-0.5,  0. ]])
    """
    n_outer, n_inner = _two_counts("make_circles", n_samples)
    if not 0 <= factor < 1:
        raise ValueError(f"make_circles: `factor` must be in [0, 1). Received: {factor!r}")
    rng = _random_state("make_circles", random_state)
    outer = np.linspace(0, 2 * np.pi, n_outer, endpoint=False)
    inner = np.linspace(0, 2 * np.pi, n_inner, endpoint=False)
    points = [
        _columns(np.cos(outer), np.sin(outer)),
        _columns(np.cos(inner) * factor, np.sin(inner) * factor),
    ]
    return _finish("make_circles", points, rng, shuffle, noise)


def make_blobs(
    n_samples: int | Sequence[int] = 100,
    n_features: int = 2,
    *,
    centers: int | np.ndarray | Sequence | None = None,
    cluster_std: float | Sequence[float] = 1.0,
    center_box: tuple[float, float] = (-10.0, 10.0),
    shuffle: bool = True,
    random_state: RandomState = None,
    return_centers: bool = False,
) -> tuple[np.ndarray, ...]:
    """Gaussian clouds, one for each class.

    The points and labels are those of `sklearn.datasets.make_blobs`.

    Args:
        n_samples: number of points, divided evenly among the centers, or the number of points
            around each center.
        n_features: number of coordinates, unless `centers` gives them.
        centers: number of centers, or the centers, shape `(n_centers, n_features)`. By default
            3, or as many as `n_samples` lists.
        cluster_std: standard deviation of the clouds, or of each.
        center_box: lowest and highest coordinate of centers that are drawn.
        shuffle: whether to mix the classes.
        random_state: a seed, a `RandomState`, or None for NumPy's global one.
        return_centers: whether to return the centers too.

    Returns:
        `(x, y)` or `(x, y, centers)`: float64 points of shape `(n_samples, n_features)`, their
        integer labels, and the centers, shape `(n_centers, n_features)`.

    Raises:
        ValueError: if an argument is out of range or does not fit another.

    Example:

    >>> from minikeras.datasets import make_blobs
    >>> x, y = make_blobs(n_samples=[2, 3], random_state=0)
    >>> x.shape, y
    ((5, 2), array([1, 1, 1, 0, 0]))
    """
    rng = _random_state("make_blobs", random_state)
    _check_count("make_blobs", "n_features", n_features, at_least=1)
    given_counts = not isinstance(n_samples, numbers.Integral)
    if given_counts:
        counts = [_check_count("make_blobs", "n_samples", count, at_least=0) for count in n_samples]
        if isinstance(centers, numbers.Integral):
            raise ValueError(
                "make_blobs: with a list as `n_samples`, `centers` must be None or an array of "
                f"as many centers. Received: centers={centers!r}"
            )
        n_centers = len(counts)
    else:
        _check_count("make_blobs", "n_samples", n_samples, at_least=1)
        n_centers = 3 if centers is None else centers
        if isinstance(n_centers, numbers.Integral):
            _check_count("make_blobs", "centers", n_centers, at_least=1)
            centers = None

    if centers is None:
        low, high = center_box
        centers = rng.uniform(low, high, size=(n_centers, n_features))
    else:
        centers = np.asarray(centers)
        if centers.ndim != 2 or 0 in centers.shape:
            raise ValueError(
                "make_blobs: `centers` must have shape (n_centers, n_features). "
                f"Received: shape {centers.shape}"
            )
        if given_counts and len(centers) != n_centers:
            raise ValueError(
                f"make_blobs: `n_samples` lists {n_centers} counts, "
                f"but `centers` has {len(centers)} rows."
            )
        n_centers, n_features = centers.shape

    if not given_counts:
        share, rest = divmod(int(n_samples), n_centers)
        counts = [share + (index < rest) for index in range(n_centers)]
    if isinstance(cluster_std, numbers.Real):
        cluster_std = [cluster_std] * n_centers
    elif len(cluster_std) != n_centers:
        raise ValueError(
            f"make_blobs: `cluster_std` must be a number or have one for each of the {n_centers} "
            f"centers. Received: cluster_std={cluster_std!r}"
        )

    points = [
        rng.normal(loc=center, scale=std, size=(count, n_features))
        for count, center, std in zip(counts, centers, cluster_std)
    ]
    x, y = _finish("make_blobs", points, rng, shuffle, None)
    return (x, y, centers) if return_centers else (x, y)


def make_spirals(
    n_samples: int | Sequence[int] = 100,
    *,
    shuffle: bool = True,
    noise: float | None = None,
    random_state: RandomState = None,
    n_classes: int = 2,
    turns: float = 1.5,
) -> tuple[np.ndarray, np.ndarray]:
    """Archimedean spirals wound around each other, one for each class.

    The points of an arm lie evenly along it, from just off the origin to radius one; the arms are
    turned against each other by `2 * pi / n_classes`. Two arms of three turns are the benchmark of
    Lang and Witbrock, "Learning to tell two spirals apart" (1988).

    Args:
        n_samples: number of points, divided evenly among the arms, or the number of each arm.
        shuffle: whether to mix the classes.
        noise: standard deviation of Gaussian noise added to the points.
        random_state: a seed, a `RandomState`, or None for NumPy's global one.
        n_classes: number of arms, unless `n_samples` lists them.
        turns: how often an arm goes around the origin.

    Returns:
        `(x, y)`: float64 points of shape `(n_samples, 2)` and their integer labels, from 0 to
        `n_classes - 1`.

    Raises:
        ValueError: if an argument is out of range.

    Example:

    >>> from minikeras.datasets import make_spirals
    >>> x, y = make_spirals(300, n_classes=3, noise=0.02, random_state=0)
    >>> x.shape, np.bincount(y)
    ((300, 2), array([100, 100, 100]))
    """
    if isinstance(n_samples, numbers.Integral):
        _check_count("make_spirals", "n_samples", n_samples, at_least=1)
        _check_count("make_spirals", "n_classes", n_classes, at_least=1)
        share, rest = divmod(int(n_samples), int(n_classes))
        counts = [share + (index < rest) for index in range(n_classes)]
    else:
        counts = [
            _check_count("make_spirals", "n_samples", count, at_least=0) for count in n_samples
        ]
    rng = _random_state("make_spirals", random_state)
    points = []
    for index, count in enumerate(counts):
        # Along an Archimedean spiral the arc's length grows as the square of the radius.
        radius = np.sqrt(np.arange(1, count + 1) / max(count, 1))
        angle = 2 * np.pi * (turns * radius + index / len(counts))
        points.append(_columns(radius * np.cos(angle), radius * np.sin(angle)))
    return _finish("make_spirals", points, rng, shuffle, noise)


def _columns(x0: np.ndarray, x1: np.ndarray) -> np.ndarray:
    return np.stack([x0, x1], axis=1)


def _finish(
    name: str,
    points: list[np.ndarray],
    rng: np.random.RandomState,
    shuffle: bool,
    noise: float | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Put the classes together, label, shuffle and blur them, in scikit-learn's order."""
    if noise is not None and not noise >= 0:
        raise ValueError(f"{name}: `noise` must be None or at least 0. Received: {noise!r}")
    x = np.concatenate(points)
    y = np.repeat(np.arange(len(points)), [len(group) for group in points])
    if shuffle:
        order = np.arange(len(x))
        rng.shuffle(order)
        x, y = x[order], y[order]
    if noise is not None:
        x += rng.normal(scale=noise, size=x.shape)
    return x, y


def _random_state(name: str, random_state: RandomState) -> np.random.RandomState:
    if random_state is None or random_state is np.random:
        return np.random.mtrand._rand  # the state behind np.random.seed
    if isinstance(random_state, numbers.Integral):
        return np.random.RandomState(random_state)
    if isinstance(random_state, np.random.RandomState):
        return random_state
    raise ValueError(
        f"{name}: `random_state` must be an int, a np.random.RandomState or None. "
        f"Received: {random_state!r}"
    )


def _check_count(name: str, argument: str, value: int, at_least: int) -> int:
    if not isinstance(value, numbers.Integral) or value < at_least:
        raise ValueError(f"{name}: `{argument}` takes integers >= {at_least}. Received: {value!r}")
    return int(value)


def _two_counts(name: str, n_samples: int | tuple[int, int]) -> tuple[int, int]:
    if isinstance(n_samples, numbers.Integral):
        _check_count(name, "n_samples", n_samples, at_least=1)
        return int(n_samples) // 2, int(n_samples) - int(n_samples) // 2
    if not isinstance(n_samples, (tuple, list)) or len(n_samples) != 2:
        raise ValueError(
            f"{name}: `n_samples` must be an int or a pair of ints. Received: {n_samples!r}"
        )
    first, second = (_check_count(name, "n_samples", n, at_least=0) for n in n_samples)
    return first, second
