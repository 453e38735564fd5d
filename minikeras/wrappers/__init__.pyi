"""Written by `python tests/stubs.py`: what is public, for checkers of types and editors."""

from minikeras.wrappers.sklearn_wrapper import SKLearnClassifier as SKLearnClassifier
from minikeras.wrappers.sklearn_wrapper import SKLearnRegressor as SKLearnRegressor
from minikeras.wrappers.sklearn_wrapper import SKLearnTransformer as SKLearnTransformer

__all__ = [
    "SKLearnClassifier",
    "SKLearnRegressor",
    "SKLearnTransformer",
]
