"""Written by `python tests/stubs.py`: what is public, for checkers of types and editors."""

from minikeras import activations as activations
from minikeras import applications as applications
from minikeras import backend as backend
from minikeras import callbacks as callbacks
from minikeras import config as config
from minikeras import constraints as constraints
from minikeras import data as data
from minikeras import datasets as datasets
from minikeras import distillation as distillation
from minikeras import distribution as distribution
from minikeras import dtype_policies as dtype_policies
from minikeras import export as export
from minikeras import initializers as initializers
from minikeras import layers as layers
from minikeras import losses as losses
from minikeras import metrics as metrics
from minikeras import mixed_precision as mixed_precision
from minikeras import models as models
from minikeras import ops as ops
from minikeras import optimizers as optimizers
from minikeras import preprocessing as preprocessing
from minikeras import quantizers as quantizers
from minikeras import random as random
from minikeras import regularizers as regularizers
from minikeras import saving as saving
from minikeras import tree as tree
from minikeras import utils as utils
from minikeras import visualization as visualization
from minikeras import wrappers as wrappers
from minikeras.autodiff.functional import grad as grad
from minikeras.autodiff.functional import value_and_grad as value_and_grad
from minikeras.autodiff.gradient_check import gradient_check as gradient_check
from minikeras.autodiff.keras_tensor import KerasTensor as KerasTensor
from minikeras.autodiff.remat import remat as remat
from minikeras.autodiff.scopes import StatelessScope as StatelessScope
from minikeras.autodiff.scopes import SymbolicScope as SymbolicScope
from minikeras.autodiff.scopes import device as device
from minikeras.autodiff.scopes import name_scope as name_scope
from minikeras.autodiff.tape import GradientTape as GradientTape
from minikeras.autodiff.variable import Variable as Variable
from minikeras.compat.importer import install_as_keras as install_as_keras
from minikeras.dtype_policies.dtype_policy import DTypePolicy as DTypePolicy
from minikeras.dtype_policies.dtype_policy import FloatDTypePolicy as FloatDTypePolicy
from minikeras.initializers.initializer import Initializer as Initializer
from minikeras.inspection.backward import show_backward as show_backward
from minikeras.inspection.profiling import profile as profile
from minikeras.layers.core.input_layer import Input as Input
from minikeras.layers.input_spec import InputSpec as InputSpec
from minikeras.layers.layer import Layer as Layer
from minikeras.layers.remat_scope import RematScope as RematScope
from minikeras.losses.loss import Loss as Loss
from minikeras.metrics.metric import Metric as Metric
from minikeras.models.model import Model as Model
from minikeras.models.sequential import Sequential as Sequential
from minikeras.ops.function import Function as Function
from minikeras.ops.operation import Operation as Operation
from minikeras.optimizers.optimizer import Optimizer as Optimizer
from minikeras.quantizers.quantizers import Quantizer as Quantizer
from minikeras.regularizers.regularizers import Regularizer as Regularizer
from minikeras.version import __version__ as __version__
from minikeras.version import version as version

__all__ = [
    "version",
    "GradientTape",
    "KerasTensor",
    "Variable",
    "grad",
    "value_and_grad",
    "gradient_check",
    "remat",
    "DTypePolicy",
    "FloatDTypePolicy",
    "Initializer",
    "Input",
    "InputSpec",
    "Layer",
    "RematScope",
    "Loss",
    "Metric",
    "Model",
    "Sequential",
    "Function",
    "Operation",
    "Optimizer",
    "Regularizer",
    "activations",
    "backend",
    "callbacks",
    "config",
    "constraints",
    "datasets",
    "dtype_policies",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "models",
    "ops",
    "optimizers",
    "preprocessing",
    "random",
    "regularizers",
    "saving",
    "tree",
    "utils",
    "wrappers",
    "Quantizer",
    "StatelessScope",
    "SymbolicScope",
    "applications",
    "data",
    "device",
    "distillation",
    "distribution",
    "export",
    "install_as_keras",
    "mixed_precision",
    "name_scope",
    "profile",
    "quantizers",
    "show_backward",
    "visualization",
]
