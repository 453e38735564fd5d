"""Constraints on weights."""

from minikeras.common.serialization import ObjectFamily as _ObjectFamily
from minikeras.constraints.constraints import Constraint, MaxNorm, MinMaxNorm, NonNeg, UnitNorm

max_norm, min_max_norm, non_neg, unit_norm = MaxNorm, MinMaxNorm, NonNeg, UnitNorm

_family = _ObjectFamily("constraint", Constraint, [MaxNorm, MinMaxNorm, NonNeg, UnitNorm])
get = _family.get
serialize = _family.serialize
deserialize = _family.deserialize
