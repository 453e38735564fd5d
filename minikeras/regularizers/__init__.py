"""Regularizers: penalties on weights and outputs."""

from minikeras.common.serialization import ObjectFamily as _ObjectFamily
from minikeras.regularizers.regularizers import L1, L1L2, L2, OrthogonalRegularizer, Regularizer

l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer

_family = _ObjectFamily(
    "regularizer",
    Regularizer,
    [L1, L2, L1L2, OrthogonalRegularizer],
    {"l1": L1, "l2": L2, "l1_l2": L1L2, "orthogonal": OrthogonalRegularizer},
)
get = _family.get
serialize = _family.serialize
deserialize = _family.deserialize
