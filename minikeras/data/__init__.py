"""Pipelines of data: `Dataset`, with the names and the behaviour of `tf.data.Dataset`."""

from minikeras.common.late_names import late_names as _late_names
from minikeras.data.dataset import AUTOTUNE, Dataset, DatasetIterator, assert_cardinality
from minikeras.data.options import Options
from minikeras.data.spec import DatasetSpec, TensorSpec
from minikeras.data.stage import INFINITE_CARDINALITY, UNKNOWN_CARDINALITY

__getattr__, __dir__, __all__ = _late_names(globals())
