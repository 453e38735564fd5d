"""Written by `python tests/stubs.py`: what is public, for checkers of types and editors."""

from minikeras.constraints.constraints import Constraint as Constraint
from minikeras.constraints.constraints import MaxNorm as MaxNorm
from minikeras.constraints.constraints import MaxNorm as max_norm
from minikeras.constraints.constraints import MinMaxNorm as MinMaxNorm
from minikeras.constraints.constraints import MinMaxNorm as min_max_norm
from minikeras.constraints.constraints import NonNeg as NonNeg
from minikeras.constraints.constraints import NonNeg as non_neg
from minikeras.constraints.constraints import UnitNorm as UnitNorm
from minikeras.constraints.constraints import UnitNorm as unit_norm
from minikeras.constraints.lookup import deserialize as deserialize
from minikeras.constraints.lookup import get as get
from minikeras.constraints.lookup import serialize as serialize

__all__ = [
    "Constraint",
    "MaxNorm",
    "MinMaxNorm",
    "NonNeg",
    "UnitNorm",
    "deserialize",
    "get",
    "serialize",
    "max_norm",
    "min_max_norm",
    "non_neg",
    "unit_norm",
]
