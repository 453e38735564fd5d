"""Written by `python tests/stubs.py`: what is public, for checkers of types and editors."""

from minikeras.dtype_policies.dtype_policy import AWQDTypePolicy as AWQDTypePolicy
from minikeras.dtype_policies.dtype_policy import DTypePolicy as DTypePolicy
from minikeras.dtype_policies.dtype_policy import FloatDTypePolicy as FloatDTypePolicy
from minikeras.dtype_policies.dtype_policy import GPTQDTypePolicy as GPTQDTypePolicy
from minikeras.dtype_policies.dtype_policy import Int4DTypePolicy as Int4DTypePolicy
from minikeras.dtype_policies.dtype_policy import QuantizedDTypePolicy as QuantizedDTypePolicy
from minikeras.dtype_policies.dtype_policy import QuantizedFloat8DTypePolicy as QuantizedFloat8DTypePolicy
from minikeras.dtype_policies.dtype_policy import dtype_policy as dtype_policy
from minikeras.dtype_policies.dtype_policy import reset_dtype_policy as reset_dtype_policy
from minikeras.dtype_policies.dtype_policy import set_dtype_policy as set_dtype_policy
from minikeras.dtype_policies.dtype_policy_map import DTypePolicyMap as DTypePolicyMap
from minikeras.dtype_policies.dtype_policy_map import deserialize as deserialize
from minikeras.dtype_policies.dtype_policy_map import get as get
from minikeras.dtype_policies.dtype_policy_map import serialize as serialize

__all__ = [
    "dtype_policy",
    "AWQDTypePolicy",
    "DTypePolicy",
    "FloatDTypePolicy",
    "GPTQDTypePolicy",
    "Int4DTypePolicy",
    "QuantizedDTypePolicy",
    "QuantizedFloat8DTypePolicy",
    "reset_dtype_policy",
    "set_dtype_policy",
    "DTypePolicyMap",
    "deserialize",
    "get",
    "serialize",
]
