"""Tensors, variables, the tape and primitives: everything that gradients need to know."""

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import PRIMITIVES, Primitive, elementary
from minikeras.autodiff.tape import GradientTape
from minikeras.autodiff.tensor import Tensor
from minikeras.autodiff.variable import Variable
