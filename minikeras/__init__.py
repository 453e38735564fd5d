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
    preprocessing,
    random,
    regularizers,
    saving,
    tree,
    utils,
    wrappers,
)
from minikeras.autodiff import GradientTape, KerasTensor, Variable, grad, value_and_grad
from minikeras.autodiff.gradient_check import gradient_check
from minikeras.autodiff.remat import remat
from minikeras.common.late_names import late_names as _late_names
from minikeras.dtype_policies import DTypePolicy, FloatDTypePolicy
from minikeras.initializers import Initializer
from minikeras.layers import Input, InputSpec, Layer
from minikeras.layers.remat_scope import RematScope
from minikeras.losses import Loss
from minikeras.metrics import Metric
from minikeras.models import Model, Sequential
from minikeras.ops.function import Function
from minikeras.ops.operation import Operation
from minikeras.optimizers import Optimizer
from minikeras.regularizers import Regularizer
from minikeras.version import __version__, version

_LATE = {
    "Quantizer": "minikeras.quantizers",
    "StatelessScope": "minikeras.autodiff.scopes",
    "SymbolicScope": "minikeras.autodiff.scopes",
    "applications": "minikeras.applications",
    "data": "minikeras.data",
    "device": "minikeras.autodiff.scopes",
    "distillation": "minikeras.distillation",
    "distribution": "minikeras.distribution",
    "export": "minikeras.export",
    "install_as_keras": "minikeras.compat.importer",
    "mixed_precision": "minikeras.mixed_precision",
    "name_scope": "minikeras.autodiff.scopes",
    "profile": "minikeras.inspection",
    "quantizers": "minikeras.quantizers",
    "show_backward": "minikeras.inspection",
    "visualization": "minikeras.visualization",
}
"""What few scripts need, and where it is: imported when it is asked for."""

_MODULES = """
    activations backend callbacks config constraints datasets dtype_policies initializers layers
    losses metrics models ops optimizers preprocessing random regularizers saving tree utils wrappers
"""

__getattr__, __dir__, __all__ = _late_names(globals(), _LATE, _MODULES)
