"""Written by `python tests/stubs.py`: what is public, for checkers of types and editors."""

from minikeras.data.dataset import AUTOTUNE as AUTOTUNE
from minikeras.data.dataset import Dataset as Dataset
from minikeras.data.dataset import DatasetIterator as DatasetIterator
from minikeras.data.dataset import assert_cardinality as assert_cardinality
from minikeras.data.options import Options as Options
from minikeras.data.spec import DatasetSpec as DatasetSpec
from minikeras.data.spec import TensorSpec as TensorSpec
from minikeras.data.stage import INFINITE_CARDINALITY as INFINITE_CARDINALITY
from minikeras.data.stage import UNKNOWN_CARDINALITY as UNKNOWN_CARDINALITY

__all__ = [
    "AUTOTUNE",
    "Dataset",
    "DatasetIterator",
    "assert_cardinality",
    "Options",
    "DatasetSpec",
    "TensorSpec",
    "INFINITE_CARDINALITY",
    "UNKNOWN_CARDINALITY",
]
