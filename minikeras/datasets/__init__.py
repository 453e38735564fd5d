"""Data to try models on, made on the spot."""

from minikeras.datasets.synthetic import make_blobs as make_blobs
from minikeras.datasets.synthetic import make_circles as make_circles
from minikeras.datasets.synthetic import make_moons as make_moons
from minikeras.datasets.synthetic import make_spirals as make_spirals
