"""`DTypePolicy`: in which dtype a layer computes, and in which it keeps its weights."""

from __future__ import annotations

from typing import Any

from minikeras.common.dtypes import FLOAT_TYPES, np_dtype, standardize_dtype
from minikeras.common.settings import settings


class DTypePolicy:
    """The dtypes of a layer's computation and weights.

    Args:
        name: a dtype (`"float32"`), for both; `"mixed_float16"` or `"mixed_bfloat16"` to compute in
            16 bits and keep weights in float32; None for the global policy.

    Example:

    >>> import minikeras
    >>> policy = minikeras.DTypePolicy("mixed_float16")
    >>> policy.compute_dtype, policy.variable_dtype
    ('float16', 'float32')
    """

    def __init__(self, name: str | None = None) -> None:
        if name is None:
            name = dtype_policy().name
        if not isinstance(name, str):
            raise TypeError(
                f"'name' must be a string, such as 'mixed_float16'. Received: name={name!r} "
                f"(of type {type(name).__name__})"
            )
        self._name = name
        if name in ("mixed_float16", "mixed_bfloat16"):
            self._compute_dtype, self._variable_dtype = name[6:], "float32"
        else:
            try:
                self._compute_dtype = self._variable_dtype = standardize_dtype(name)
            except ValueError:
                raise ValueError(
                    f"Cannot convert '{name}' to a mixed precision DTypePolicy. Valid policies "
                    f"include 'mixed_float16', 'mixed_bfloat16', and the names of dtypes such as "
                    f"{FLOAT_TYPES}."
                ) from None
        np_dtype(self._compute_dtype)  # bfloat16 needs a package; say so now

    @property
    def name(self) -> str:
        """The policy's name."""
        return self._name

    @property
    def compute_dtype(self) -> str:
        """The dtype that layers compute in."""
        return self._compute_dtype

    @property
    def variable_dtype(self) -> str:
        """The dtype that layers keep weights in."""
        return self._variable_dtype

    @property
    def quantization_mode(self) -> None:
        """Always None: weights are not quantized."""
        return None

    def convert_input(self, x: Any, autocast: bool, dtype: Any) -> Any:
        """Return `x` as a tensor, floats in `dtype` where `autocast` is on."""
        from minikeras import ops

        if hasattr(x, "_is_keras_tensor"):
            return x
        x = ops.convert_to_tensor(x)
        if autocast and x.dtype.kind == "f" and x.dtype != np_dtype(standardize_dtype(dtype)):
            x = ops.cast(x, dtype)
        return x

    def get_config(self) -> dict:
        """Return what `from_config` needs."""
        return {"name": self._name}

    @classmethod
    def from_config(cls, config: dict) -> DTypePolicy:
        """Make a policy from its config."""
        return cls(**config)

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, DTypePolicy) and other._name == self._name

    def __hash__(self) -> int:
        return hash(self._name)

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self._name}">'


class FloatDTypePolicy(DTypePolicy):
    """The same as `DTypePolicy`, under its older name."""

    def __repr__(self) -> str:
        return f'<FloatDTypePolicy "{self._name}">'


_global: list[DTypePolicy | None] = [None]


def dtype_policy() -> DTypePolicy:
    """Return the global policy: `floatx` unless set."""
    policy = _global[0]
    return DTypePolicy(settings.floatx) if policy is None else policy


def set_dtype_policy(policy: Any) -> None:
    """Set the policy of layers that are not given one.

    Args:
        policy: a policy or its name.
    """
    if isinstance(policy, str):
        policy = DTypePolicy(policy)
    if not isinstance(policy, DTypePolicy):
        raise ValueError(
            "Invalid `policy` argument. Expected the string name of a policy (such as "
            f"'mixed_float16') or a `DTypePolicy` instance. Received: policy={policy!r} "
            f"(of type {type(policy)})"
        )
    _global[0] = policy


def reset_dtype_policy() -> None:
    """Let the global policy follow `floatx` again."""
    _global[0] = None


def get(identifier: Any) -> DTypePolicy:
    """Return the policy that a `dtype` argument stands for: None, a name, config, or policy.

    Raises:
        ValueError: if it is none of these.
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
        return DTypePolicy(standardize_dtype(identifier))
    except (ValueError, TypeError):
        raise ValueError(
            "Cannot interpret `dtype` argument. Expected a string or an instance of DTypePolicy. "
            f"Received: dtype={identifier}"
        ) from None


def serialize(dtype_policy: DTypePolicy) -> Any:
    """Return the config of a policy."""
    from minikeras.common.serialization import serialize_keras_object

    return serialize_keras_object(dtype_policy)


def deserialize(config: Any, custom_objects: Any = None) -> DTypePolicy:
    """Return the policy that a config describes."""
    if isinstance(config, str):
        return DTypePolicy(config)
    return DTypePolicy(config["config"]["name"])
