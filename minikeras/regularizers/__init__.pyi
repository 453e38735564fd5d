"""Written by `python tests/stubs.py`: what is public, for checkers of types and editors."""

from minikeras.regularizers.lookup import deserialize as deserialize
from minikeras.regularizers.lookup import get as get
from minikeras.regularizers.lookup import serialize as serialize
from minikeras.regularizers.regularizers import L1 as L1
from minikeras.regularizers.regularizers import L1 as l1
from minikeras.regularizers.regularizers import L1L2 as L1L2
from minikeras.regularizers.regularizers import L1L2 as l1_l2
from minikeras.regularizers.regularizers import L2 as L2
from minikeras.regularizers.regularizers import L2 as l2
from minikeras.regularizers.regularizers import OrthogonalRegularizer as OrthogonalRegularizer
from minikeras.regularizers.regularizers import OrthogonalRegularizer as orthogonal_regularizer
from minikeras.regularizers.regularizers import Regularizer as Regularizer

__all__ = [
    "deserialize",
    "get",
    "serialize",
    "L1",
    "L1L2",
    "L2",
    "OrthogonalRegularizer",
    "Regularizer",
    "l1",
    "l1_l2",
    "l2",
    "orthogonal_regularizer",
]
