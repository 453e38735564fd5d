"""`keras.constraints`: what weights are put through after each update."""

from minikeras.common.late_names import late_names as _late_names
from minikeras.constraints.constraints import Constraint, MaxNorm, MinMaxNorm, NonNeg, UnitNorm
from minikeras.constraints.lookup import deserialize, get, serialize

# Keras's other names for the same classes.
max_norm = MaxNorm
min_max_norm = MinMaxNorm
non_neg = NonNeg
unit_norm = UnitNorm

__getattr__, __dir__, __all__ = _late_names(globals())
