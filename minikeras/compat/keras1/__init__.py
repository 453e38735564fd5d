"""Keras 0.x and 1.x (2015 to 2017): tables of names, and layers and ways to train that are gone since."""

from minikeras.compat import keras_backend
from minikeras.compat.keras1 import initializations, layers, objectives, utils, weights
from minikeras.compat.keras1.training import EXTENSIONS as OF_MODELS
from minikeras.compat.keras1.training import MODELS
from minikeras.compat.keras2 import EXTENSIONS as EXTENSIONS_LATER
from minikeras.compat.keras2 import MODULES as LATER
from minikeras.compat.keras2 import MOVED as MOVED_LATER
from minikeras.compat.namespaces import Contents, Tree


def _with(module: str, names: dict) -> Contents:
    """Return what a module of Keras 2 has, with other names in front."""
    later = LATER[module]
    return Contents({**later.names, **names}, later.beside, wrap=later.wrap)


_MODELS = _with("models", MODELS)

MODULES = {
    **LATER,
    **keras_backend.KERAS1_MODULES,
    "layers": _with("layers", layers.NAMES),
    "layers.containers": _MODELS,
    "models": _MODELS,
    "": _with("", {**MODELS, "__version__": "1.2.2"}),
    "engine": _with("engine", {**layers.NAMES, **MODELS}),
    "initializations": Contents(initializations.NAMES),
    "regularizers": _with("regularizers", {**weights.REGULARIZERS, "get": weights.get_regularizer}),
    "constraints": _with("constraints", {**weights.CONSTRAINTS, "get": weights.get_constraint}),
    "losses": _with("losses", objectives.NAMES),
    "metrics": _with("metrics", {**objectives.NAMES, **objectives.METRICS}),
    "callbacks": _with("callbacks", utils.CALLBACKS),
    "utils": _with("utils", utils.UTILS),
    "utils.visualize_util": Contents(utils.VISUALIZATION),
}

_LAYERS = (
    *("core", "convolutional", "recurrent", "advanced_activations", "normalization", "embeddings"),
    *("noise", "wrappers", "local", "pooling", "convolutional_recurrent", "timedistributed"),
)

MOVED = {
    **MOVED_LATER,
    **{f"layers.{name}": "layers" for name in _LAYERS},
    "objectives": "losses",
    "engine.topology": "engine",
    "engine.training": "engine",
    "legacy.models": "models",
    "legacy.layers": "layers",
    "utils.np_utils": "utils",
    "utils.layer_utils": "utils",
    "utils.generic_utils": "utils",
}

TREE = Tree("Keras 1", MODULES, MOVED, [*utils.EXTENSIONS, *EXTENSIONS_LATER, *OF_MODELS])
