"""Keras 1 for tests: its names without the import hook, which Keras itself might be in the way of."""

import warnings

import pytest

from minikeras import backend
from minikeras.compat.extensions import lend, take_back
from minikeras.compat.keras1 import TREE
from minikeras.compat.spelling import OldSpelling, forget_what_was_told


@pytest.fixture
def old():
    """Look up what a script of Keras 1 finds: `old("layers.core.Dense")`."""
    lend(TREE.extensions)
    forget_what_was_told()
    before = backend.image_data_format()

    def find(path):
        module, _, name = path.rpartition(".")
        return TREE.contents(module).find(name)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OldSpelling)
        yield find
    backend.set_image_data_format(before)
    take_back()
