"""`keras.ops`: functions on tensors, arrays and KerasTensors.

All are differentiable where that makes sense; on KerasTensors they become steps of a functional
model. Each file decides what is public where it is defined: `@op` and `@export` fill its `__all__`.
"""

# ruff: noqa: F403
from minikeras.common.late_names import late_names as _late_names
from minikeras.ops import image, linalg, nn, numpy
from minikeras.ops.control import *
from minikeras.ops.core import *
from minikeras.ops.fft import *
from minikeras.ops.linalg import *
from minikeras.ops.math import *
from minikeras.ops.nn import *
from minikeras.ops.numpy import *
from minikeras.ops.operation import Operation
from minikeras.ops.rearrange import *
from minikeras.ops.segments import *

from minikeras.ops import operators  # isort: skip  # gives tensors their operators

__getattr__, __dir__, __all__ = _late_names(globals(), modules="image linalg nn numpy")
