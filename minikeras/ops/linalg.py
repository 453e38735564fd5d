"""`keras.ops.linalg`: linear algebra of (batches of) matrices, with gradients."""

# ruff: noqa: F401, F403  # a namespace: what each file makes public
from minikeras.ops.control import jvp
from minikeras.ops.factorizations import *
from minikeras.ops.math import cdist, logdet
from minikeras.ops.matrices import *
