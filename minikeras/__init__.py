"""minikeras: all of Keras, trainable, in pure NumPy with hand-written backprop.

>>> import numpy as np
>>> import minikeras
>>> model = minikeras.Sequential([minikeras.layers.Dense(1)])
>>> model.compile("sgd", "mse")
>>> history = model.fit(np.ones((8, 2)), np.ones((8, 1)), verbose=0)
"""

from minikeras import (
    activations,
    backend,
    callbacks,
    config,
    constraints,
    datasets,
    dtype_policies,
    initializers,
    layers,
    losses,
    metrics,
    models,
    ops,
    optimizers,
    random,
    regularizers,
    saving,
    tree,
    utils,
    visualization,
)
from minikeras.autodiff import GradientTape, KerasTensor, Variable, grad, value_and_grad
from minikeras.autodiff.gradient_check import gradient_check
from minikeras.dtype_policies import DTypePolicy, FloatDTypePolicy
from minikeras.initializers import Initializer
from minikeras.layers import Input, InputSpec, Layer
from minikeras.losses import Loss
from minikeras.metrics import Metric
from minikeras.models import Model, Sequential
from minikeras.ops.function import Function
from minikeras.ops.operation import Operation
from minikeras.optimizers import Optimizer
from minikeras.regularizers import Regularizer
from minikeras.version import __version__, version


def install_as_keras(dialect: int = 3) -> None:
    """Let `import keras` and `import tensorflow` mean minikeras from here on, in this process.

    For notebooks and tests; a whole script is run by `python -m minikeras script.py`.
    `minikeras.compat.uninstall` ends it.

    Args:
        dialect: which Keras the code is written for: 1, 2 (tf.keras too) or 3.

    Raises:
        ValueError: if there is no such dialect.
        RuntimeError: if Keras or TensorFlow itself has been imported already.
    """
    from minikeras.compat import importer  # not before: nobody else needs it

    importer.install_as_keras(dialect)


def __getattr__(name: str) -> object:
    if name == "data":  # which Keras has not got, and which few need: loaded when it is asked for
        import importlib

        return importlib.import_module("minikeras.data")
    raise AttributeError(f"module 'minikeras' has no attribute {name!r}")
