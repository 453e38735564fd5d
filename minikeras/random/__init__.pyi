"""Written by `python tests/stubs.py`: what is public, for checkers of types and editors."""

from minikeras.random.random import beta as beta
from minikeras.random.random import binomial as binomial
from minikeras.random.random import categorical as categorical
from minikeras.random.random import dropout as dropout
from minikeras.random.random import gamma as gamma
from minikeras.random.random import normal as normal
from minikeras.random.random import randint as randint
from minikeras.random.random import shuffle as shuffle
from minikeras.random.random import truncated_normal as truncated_normal
from minikeras.random.random import uniform as uniform
from minikeras.random.seed_generator import SeedGenerator as SeedGenerator

__all__ = [
    "beta",
    "binomial",
    "categorical",
    "dropout",
    "gamma",
    "normal",
    "randint",
    "shuffle",
    "truncated_normal",
    "uniform",
    "SeedGenerator",
]
