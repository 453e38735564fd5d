"""`keras.regularizers`: penalties on weights and outputs."""

from minikeras.common.late_names import late_names as _late_names
from minikeras.regularizers.lookup import deserialize, get, serialize
from minikeras.regularizers.regularizers import (
    L1,
    L1L2,
    L2,
    OrthogonalRegularizer,
    Regularizer,
)

# Keras's other names for the same classes.
l1 = L1
l1_l2 = L1L2
l2 = L2
orthogonal_regularizer = OrthogonalRegularizer

__getattr__, __dir__, __all__ = _late_names(globals())
