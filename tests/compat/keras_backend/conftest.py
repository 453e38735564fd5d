"""`K` as scripts of Keras 2 and 1 see it."""

import warnings

import pytest

from minikeras.compat.keras_backend import KERAS1_MODULES, MODULES, phases
from minikeras.compat.spelling import OldSpelling


class _Names:
    def __init__(self, modules):
        self.contents = modules["backend"]

    def __getattr__(self, name):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OldSpelling)
            value = self.contents.find(name)
        assert value is not None, name
        return value


@pytest.fixture
def K():
    """The backend of Keras 2."""
    yield _Names(MODULES)
    phases.forget_learning_phase()


@pytest.fixture
def K1():
    """The backend of Keras 1."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OldSpelling)
        yield _Names(KERAS1_MODULES)
