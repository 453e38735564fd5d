"""`DTypePolicy`: in which dtype a layer computes, and in which it keeps its weights."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from minikeras.common.configurable import Configurable
from minikeras.common.dtypes import np_dtype, standardize_dtype
from minikeras.common.object_family import FamilyMember, ObjectFamily
from minikeras.common.settings import settings
from minikeras.ops.core import cast, convert_to_tensor

QUANTIZATION_MODES = ("int8", "float8", "int4", "gptq", "awq")

FAMILY = ObjectFamily("dtype policy")
"""Every kind of policy by name."""


class DTypePolicy(FamilyMember, Configurable, family=FAMILY):
    """The dtypes of a layer's computation and of its weights.

    Args:
        name: a dtype such as `"float64"`, for both; `"mixed_float16"` or `"mixed_bfloat16"` to
            compute in 16 bits and keep the weights in float32; None for the global policy.

    Raises:
        ValueError: for another name.
        ImportError: for bfloat16, where the package ml_dtypes is not installed.

    Source: Micikevicius et al., 2018, "Mixed Precision Training".

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
        self._compute_dtype, self._variable_dtype = _parse(name)
        np_dtype(self._compute_dtype)  # say now that bfloat16 needs a package

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
        """The dtype that layers keep their weights in."""
        return self._variable_dtype

    @property
    def quantization_mode(self) -> str | None:
        """How weights are quantized: None, they are not."""
        return None

    def convert_input(self, x: Any, autocast: bool, dtype: Any) -> Any:
        """Return an argument of a layer as a tensor, of `dtype` if it is a float and may be cast.

        Args:
            x: array, tensor or KerasTensor; anything else is returned as it is.
            autocast: whether floats of another dtype are cast.
            dtype: dtype to cast to.
        """
        if not hasattr(x, "dtype"):
            return x
        if not getattr(x, "_is_keras_tensor", False):
            x = convert_to_tensor(x)
        target = np_dtype(standardize_dtype(dtype))
        current = np_dtype(standardize_dtype(x.dtype))
        floats = current.kind in "fV" and current != np.dtype(object)
        return cast(x, target.name) if autocast and floats and current != target else x

    def __eq__(self, other: Any) -> bool:
        plain = (DTypePolicy, FloatDTypePolicy)
        if type(self) in plain:
            return type(other) in plain and other._name == self._name
        return type(other) is type(self) and other.get_config() == self.get_config()

    def __hash__(self) -> int:
        return hash(self._name)

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self._name}">'


class FloatDTypePolicy(DTypePolicy):
    """`DTypePolicy` under its older name."""


def _parse(name: str) -> tuple[str, str]:
    """Return the compute and the variable dtype that a policy's name stands for."""
    if name in ("mixed_float16", "mixed_bfloat16"):
        return name.removeprefix("mixed_"), "float32"
    if "_from_" in name and name.startswith(QUANTIZATION_MODES):
        raise ValueError(
            f"Quantized dtype policies are not supported. Received: '{name}'. Use "
            f"'{name.split('_from_')[-1]}' instead."
        )
    try:
        dtype = standardize_dtype(name)
    except ValueError:
        raise ValueError(
            f"Cannot convert '{name}' to a mixed precision DTypePolicy. Valid policies include "
            "'mixed_float16', 'mixed_bfloat16', and the name of any float dtype such as 'float32'."
        ) from None
    return dtype, dtype


_chosen: DTypePolicy | None = None


@functools.lru_cache(maxsize=8)
def _policy_of(dtype: str) -> DTypePolicy:
    return DTypePolicy(dtype)


def dtype_policy() -> DTypePolicy:
    """Return the policy of layers that are not given one: `floatx`'s unless set.

    Example:

    >>> import minikeras
    >>> minikeras.config.dtype_policy()
    <DTypePolicy "float32">
    """
    return _policy_of(settings.floatx) if _chosen is None else _chosen


def set_dtype_policy(policy: DTypePolicy | str) -> None:
    """Set the policy of layers that are not given one.

    Args:
        policy: a policy, or the name of one.

    Raises:
        ValueError: if it is neither.

    Example:

    >>> import minikeras
    >>> minikeras.config.set_dtype_policy("mixed_float16")
    >>> minikeras.layers.Dense(1).compute_dtype
    'float16'
    >>> minikeras.config.set_dtype_policy("float32")
    """
    global _chosen
    if isinstance(policy, str):
        policy = DTypePolicy(policy)
    if not isinstance(policy, DTypePolicy):
        raise ValueError(
            "Invalid `policy` argument. Expected the string name of a policy (such as "
            f"'mixed_float16') or a `DTypePolicy` instance. Received: policy={policy!r} "
            f"(of type {type(policy)})"
        )
    _chosen = policy


def reset_dtype_policy() -> None:
    """Let the policy of layers that are not given one follow `floatx` again."""
    global _chosen
    _chosen = None
