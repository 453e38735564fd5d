"""Keras 2 (2017 to 2023), on its own and as `tf.keras`."""

from minikeras.compat import keras_backend
from minikeras.compat.keras2 import layers, models, optimizers, preprocessing, utils, wrappers
from minikeras.compat.keras3 import TREE as TODAY
from minikeras.compat.keras_backend.training import EXTENSIONS as OF_BACKEND
from minikeras.compat.namespaces import Contents, Tree

MODULES = {
    **TODAY.modules,
    "layers": Contents(layers.NAMES, ["minikeras.layers"]),
    "models": Contents(models.NAMES, ["minikeras.models"]),
    "optimizers": Contents(optimizers.NAMES, ["minikeras.optimizers"]),
    "utils": Contents(utils.NAMES, ["minikeras.utils"]),
    "engine": Contents({**layers.NAMES, **models.NAMES}, ["minikeras.layers", "minikeras.models"]),
    **keras_backend.MODULES,
    **preprocessing.MODULES,
    **wrappers.MODULES,
}

MOVED = {
    "engine.topology": "engine",
    "engine.training": "engine",
    "layers.core": "layers",
    "layers.convolutional": "layers",
    "layers.recurrent": "layers",
    "utils.np_utils": "utils",
}

TREE = Tree("Keras 2", MODULES, MOVED, OF_BACKEND)
