"""The part of TensorFlow that Keras's scripts touch."""

from minikeras.compat.adapters import Lazy
from minikeras.compat.namespaces import Contents, Tree

MODULES = {
    "": Contents(
        {"GradientTape": Lazy("minikeras.autodiff:GradientTape"), "__version__": "2.15.0"}
    ),
}

TREE = Tree("TensorFlow", MODULES)
