"""Keras 0.x and 1.x (2015 to 2017)."""

from minikeras.compat import keras_backend
from minikeras.compat.keras1 import layers
from minikeras.compat.keras2 import MODULES as LATER
from minikeras.compat.keras2 import MOVED as MOVED_LATER
from minikeras.compat.keras_backend.training import EXTENSIONS as OF_BACKEND
from minikeras.compat.namespaces import Contents, Tree

MODULES = {
    **LATER,
    **keras_backend.KERAS1_MODULES,
    "layers": Contents({**LATER["layers"].names, **layers.NAMES}, ["minikeras.layers"]),
}

MOVED = {**MOVED_LATER, "objectives": "losses", "layers.advanced_activations": "layers"}

TREE = Tree("Keras 1", MODULES, MOVED, OF_BACKEND)
