"""Dtype policies."""

from minikeras.dtype_policies.dtype_policy import (
    DTypePolicy,
    FloatDTypePolicy,
    deserialize,
    dtype_policy,
    get,
    reset_dtype_policy,
    serialize,
    set_dtype_policy,
)
