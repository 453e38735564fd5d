"""Data to try models on: made on the spot, or known data sets, downloaded once."""

from minikeras.common.late_names import late_names as _late_names
from minikeras.datasets import (
    boston_housing,
    california_housing,
    cifar10,
    cifar100,
    fashion_mnist,
    imdb,
    mnist,
    reuters,
)
from minikeras.datasets.synthetic import make_blobs as make_blobs
from minikeras.datasets.synthetic import make_circles as make_circles
from minikeras.datasets.synthetic import make_moons as make_moons
from minikeras.datasets.synthetic import make_spirals as make_spirals

__getattr__, __dir__, __all__ = _late_names(
    globals(),
    modules="boston_housing california_housing cifar10 cifar100 fashion_mnist imdb mnist reuters",
)
