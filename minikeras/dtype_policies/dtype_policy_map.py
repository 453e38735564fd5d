"""`DTypePolicyMap`: policies for the layers inside a layer, by their paths; and any policy by its name."""

from __future__ import annotations

import re
from collections.abc import Iterator, MutableMapping
from typing import Any

from minikeras.common.dtypes import standardize_dtype
from minikeras.dtype_policies.dtype_policy import (
    FAMILY,
    DTypePolicy,
    dtype_policy,
    policy_named,
)


class DTypePolicyMap(DTypePolicy, MutableMapping):
    """A dict from layers' paths to policies, itself a policy.

    A key is a path, or a regular expression that has to match the whole of one. Paths that no key
    fits have the default policy.

    Args:
        default_policy: a policy or its name; the global one, whatever it is when asked, if None.
        policy_map: dict from paths to policies.

    Raises:
        ValueError: if `default_policy` is a map.
        TypeError: if `policy_map` is no dict.

    Example:

    >>> import minikeras
    >>> policies = minikeras.dtype_policies.DTypePolicyMap("float32")
    >>> policies["encoder/.*"] = "mixed_float16"
    >>> policies["encoder/dense"], policies["decoder/dense"]
    (<DTypePolicy "mixed_float16">, <DTypePolicy "float32">)
    """

    argument_sources = {"default_policy": "_default", "policy_map": "_policies"}

    def __init__(self, default_policy: Any = None, policy_map: dict | None = None) -> None:
        if isinstance(default_policy, DTypePolicyMap):
            raise ValueError("`default_policy` cannot be a `DTypePolicyMap`.")
        if policy_map is not None and not isinstance(policy_map, dict):
            raise TypeError(
                "If specified, `policy_map` must be a dict. Received: "
                f"policy_map={policy_map!r} of type {type(policy_map)}"
            )
        self._default = None if default_policy is None else _policy(default_policy)
        self._policies = {path: _policy(p) for path, p in (policy_map or {}).items()}

    @property
    def default_policy(self) -> DTypePolicy:
        """The policy of paths that no key fits."""
        return dtype_policy() if self._default is None else self._default

    @property
    def _name(self) -> str:
        return f"map_{self.default_policy.name}"

    @property
    def compute_dtype(self) -> str:
        """The dtype that the default policy computes in."""
        return self.default_policy.compute_dtype

    @property
    def variable_dtype(self) -> str:
        """The dtype that the default policy keeps weights in."""
        return self.default_policy.variable_dtype

    @property
    def quantization_mode(self) -> str | None:
        """How the default policy quantizes weights."""
        return self.default_policy.quantization_mode

    def __getitem__(self, key: str) -> DTypePolicy:
        if key in self._policies:
            return self._policies[key]
        fitting = [pattern for pattern in self._policies if re.fullmatch(pattern, key)]
        if len(fitting) > 1:
            raise ValueError(
                f"Path '{key}' matches multiple keys of the DTypePolicyMap: {fitting}. It may "
                "match one of them at most."
            )
        return self._policies[fitting[0]] if fitting else self.default_policy

    def __setitem__(self, key: str, policy: Any) -> None:
        if key in self._policies:
            raise ValueError(
                f"'{key}' already exists in the DTypePolicyMap with value {self._policies[key]}. "
                "Delete it first."
            )
        self._policies[key] = _policy(policy)

    def __delitem__(self, key: str) -> None:
        del self._policies[key]

    def __contains__(self, key: Any) -> bool:
        return key in self._policies

    def __len__(self) -> int:
        return len(self._policies)

    def __iter__(self) -> Iterator[str]:
        return iter(self._policies)

    __hash__ = None

    def __repr__(self) -> str:
        mapping = [(path, p.name) for path, p in self._policies.items()]
        return f"<DTypePolicyMap default_policy={self.default_policy.name}, mapping={mapping}>"


def _policy(value: Any) -> DTypePolicy:
    try:
        return get(value)
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"Cannot interpret a value of the DTypePolicyMap as a policy: {error} "
            f"Received: {value!r} of type {type(value)}"
        ) from error


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
        return policy_named(identifier)
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
    return FAMILY.serialize(dtype_policy)


def deserialize(config: Any, custom_objects: dict | None = None) -> DTypePolicy:
    """Return the policy that a config, or a name, describes.

    Args:
        config: config of `serialize`, or the name of a policy.
        custom_objects: dict from names to policy classes.
    """
    if isinstance(config, str):
        return policy_named(config)
    return FAMILY.deserialize(config, custom_objects)
