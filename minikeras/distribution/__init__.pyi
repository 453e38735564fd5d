"""Written by `python tests/stubs.py`: what is public, for checkers of types and editors."""

from minikeras.distribution.distribution_lib import DataParallel as DataParallel
from minikeras.distribution.distribution_lib import DeviceMesh as DeviceMesh
from minikeras.distribution.distribution_lib import LayoutMap as LayoutMap
from minikeras.distribution.distribution_lib import ModelParallel as ModelParallel
from minikeras.distribution.distribution_lib import TensorLayout as TensorLayout
from minikeras.distribution.distribution_lib import distribute_tensor as distribute_tensor
from minikeras.distribution.distribution_lib import distribution as distribution
from minikeras.distribution.distribution_lib import get_device_count as get_device_count
from minikeras.distribution.distribution_lib import initialize as initialize
from minikeras.distribution.distribution_lib import list_devices as list_devices
from minikeras.distribution.distribution_lib import set_distribution as set_distribution

__all__ = [
    "DataParallel",
    "DeviceMesh",
    "LayoutMap",
    "ModelParallel",
    "TensorLayout",
    "distribute_tensor",
    "distribution",
    "get_device_count",
    "initialize",
    "list_devices",
    "set_distribution",
]
