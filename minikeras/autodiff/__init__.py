"""Tensors, variables, the tape and primitives: everything that gradients need to know."""

from minikeras.autodiff.functional import grad, value_and_grad
from minikeras.autodiff.gradient_check import GradientCheck, GradientCheckError, gradient_check
from minikeras.autodiff.keras_tensor import KerasTensor, SymbolicTensorError
from minikeras.autodiff.primitive import (
    PRIMITIVES,
    NotDifferentiableTwice,
    Primitive,
    elementary,
)
from minikeras.autodiff.tape import GradientTape
from minikeras.autodiff.tensor import Tensor
from minikeras.autodiff.variable import Variable
