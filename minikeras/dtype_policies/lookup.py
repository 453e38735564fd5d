"""From what a `dtype` argument may be to a policy, and to configs and back."""

from __future__ import annotations

from typing import Any

from minikeras.common.dtypes import standardize_dtype
from minikeras.common.serialization import ObjectFamily
from minikeras.dtype_policies.dtype_policy import DTypePolicy, FloatDTypePolicy, dtype_policy
from minikeras.dtype_policies.dtype_policy_map import DTypePolicyMap

_family = ObjectFamily("dtype policy", DTypePolicy, [DTypePolicy, FloatDTypePolicy, DTypePolicyMap])


def get(identifier: Any) -> DTypePolicy:
    """Return the policy that a `dtype` argument stands for.

    Args:
        identifier: None for the global policy, the name of a policy or dtype, a dtype, a config, or
            a policy itself.

    Raises:
        ValueError: if it is none of these.

    Example:

    >>> import minikeras
    >>> minikeras.dtype_policies.get("mixed_float16")
    <DTypePolicy "mixed_float16">
    """
    if identifier is None:
        return dtype_policy()
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        return DTypePolicy(identifier)
    try:
        name = standardize_dtype(identifier)
    except (ValueError, TypeError):
        raise ValueError(
            "Cannot interpret `dtype` argument. Expected a string or an instance of DTypePolicy. "
            f"Received: dtype={identifier!r}"
        ) from None
    return DTypePolicy(name)


def serialize(dtype_policy: DTypePolicy) -> Any:
    """Return the config of a policy.

    Example:

    >>> import minikeras
    >>> minikeras.dtype_policies.serialize(minikeras.DTypePolicy("float64"))["config"]
    {'name': 'float64'}
    """
    return _family.serialize(dtype_policy)


def deserialize(config: Any, custom_objects: dict | None = None) -> DTypePolicy:
    """Return the policy that a config, or a name, describes.

    Args:
        config: config of `serialize`, or the name of a policy.
        custom_objects: dict from names to policy classes.
    """
    if isinstance(config, str):
        return DTypePolicy(config)
    return _family.deserialize(config, custom_objects)
