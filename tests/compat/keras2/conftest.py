"""Today's classes with what Keras 2 lends them, in a process where `keras` may be Keras itself."""

import sys
import warnings

import pytest

from minikeras.compat.extensions import lend, take_back
from minikeras.compat.keras2 import EXTENSIONS, TREE
from minikeras.compat.namespaces import Namespace
from minikeras.compat.spelling import OldSpelling, forget_what_was_told


@pytest.fixture
def keras2():
    """Lend models, layers and optimizers what Keras 2 had; without its warnings."""
    forget_what_was_told()
    lend(EXTENSIONS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OldSpelling)
        yield
    take_back()


@pytest.fixture
def standalone(keras2, monkeypatch):
    """The same, for a script that imports `keras` and no `tensorflow.keras`."""
    monkeypatch.delitem(sys.modules, "tensorflow.keras", raising=False)
    monkeypatch.setitem(sys.modules, "keras", Namespace("keras", TREE, ""))
