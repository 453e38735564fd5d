"""TensorFlow's names without an import: tests run beside Keras itself."""

import pytest

from minikeras.compat.adapters import Gone
from minikeras.compat.extensions import lend, take_back
from minikeras.compat.tensorflow import TREE
from minikeras.random.seed_generator import seed_defaults


class Names:
    """A module of TensorFlow's as scripts see it."""

    def __init__(self, path=""):
        self._path = path

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        value = TREE.contents(self._path).find(name)
        if isinstance(value, Gone):
            value()
        if value is None and name in TREE.submodules(self._path):
            return Names(f"{self._path}.{name}".lstrip("."))
        if value is None and name != "newaxis":
            raise AttributeError(f"tf.{self._path}.{name}")
        return value


@pytest.fixture(scope="module")
def tf():
    """`tensorflow`, while tensors have what TensorFlow's have."""
    lend(TREE.extensions)
    yield Names()
    take_back()


@pytest.fixture(autouse=True)
def seeds_come_from_numpy_afterwards():
    yield
    seed_defaults(None)
