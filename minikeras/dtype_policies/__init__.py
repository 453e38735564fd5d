"""`keras.dtype_policies`: in which dtypes layers compute and keep their weights."""

from minikeras.common.late_names import late_names as _late_names
from minikeras.dtype_policies.dtype_policy import (
    AWQDTypePolicy,
    DTypePolicy,
    FloatDTypePolicy,
    GPTQDTypePolicy,
    Int4DTypePolicy,
    QuantizedDTypePolicy,
    QuantizedFloat8DTypePolicy,
    dtype_policy,
    reset_dtype_policy,
    set_dtype_policy,
)
from minikeras.dtype_policies.dtype_policy_map import DTypePolicyMap, deserialize, get, serialize

__getattr__, __dir__, __all__ = _late_names(globals())
