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
        kind = "DTypePolicy" if type(self) is FloatDTypePolicy else type(self).__name__
        return f'<{kind} "{self._name}">'


class FloatDTypePolicy(DTypePolicy):
    """`DTypePolicy` under its older name."""


def _parse(name: str) -> tuple[str, str]:
    """Return the compute and the variable dtype that a policy's name stands for."""
    if name in ("mixed_float16", "mixed_bfloat16"):
        return name.removeprefix("mixed_"), "float32"
    try:
        dtype = standardize_dtype(name)
    except ValueError:
        raise ValueError(
            f"Cannot convert '{name}' to a mixed precision DTypePolicy. Valid policies include "
            "'mixed_float16', 'mixed_bfloat16', and the name of any float dtype such as 'float32'."
        ) from None
    return dtype, dtype


class QuantizedDTypePolicy(DTypePolicy):
    """A policy of a layer whose weights are in few bits.

    Args:
        mode: `"int8"`, `"int4"` or `"float8"`, and what a subclass writes behind it.
        source_name: name of the policy that the layer had before, the global one if None.

    Raises:
        ValueError: for another mode, and for `"int8"` with computation in float16, whose numbers end
            at 65504.

    Example:

    >>> import minikeras
    >>> policy = minikeras.dtype_policies.get("int8_from_mixed_bfloat16")
    >>> policy.quantization_mode, policy.compute_dtype, policy.variable_dtype
    ('int8', 'bfloat16', 'float32')
    """

    argument_sources = {"mode": "full_mode", "source_name": "_source_name", "name": None}

    def __init__(self, mode: str, source_name: str | None = None) -> None:
        source = dtype_policy().name if source_name is None else source_name
        try:
            super().__init__(source)
        except (ValueError, TypeError) as error:
            raise type(error)(
                f"{type(self).__name__}: argument `source_name` must be the name of a policy. {error}"
            ) from None
        base = self._read_mode(mode)
        if base not in QUANTIZATION_MODES:
            raise ValueError(
                f"{type(self).__name__}: argument `mode` must be one of {QUANTIZATION_MODES}. "
                f"Received: mode={mode!r}"
            )
        if base == "int8" and self._compute_dtype == "float16":
            raise ValueError(
                "Quantization mode='int8' doesn't work well with compute_dtype='float16'. Use "
                "'mixed_bfloat16' or 'float32'."
            )
        self._name = f"{mode}_from_{source}"
        self.full_mode, self._mode, self._source_name = mode, base, source

    def _read_mode(self, mode: str) -> str:
        """Return the kind of quantization, and keep the numbers that are behind it."""
        return mode

    def _numbers_of(self, mode: str, expected: str) -> list[int]:
        """Return the numbers of a mode.

        Args:
            mode: `"int4/128"`.
            expected: how it must look, such as `"int4/<block_size>"`.
        """
        wanted, parts = expected.split("/"), str(mode).split("/")
        if len(parts) != len(wanted) or parts[0] != wanted[0]:
            problem = ""
        else:
            try:
                return [int(part) for part in parts[1:]]
            except ValueError:
                problem = " with integers"
        raise ValueError(
            f"Invalid mode for {type(self).__name__}. Expected format '{expected}'{problem}. "
            f"Received: mode={mode!r}"
        )

    def _check_number(self, name: str, value: int, right: bool, expected: str) -> int:
        if not right:
            raise ValueError(
                f"{type(self).__name__}: {name} must be {expected}. Received: {name}={value}"
            )
        return value

    def _check_size(self, name: str, value: int) -> int:
        return self._check_number(name, value, value == -1 or value > 0, "a positive integer or -1")

    @property
    def quantization_mode(self) -> str:
        """How weights are quantized."""
        return self._mode


class QuantizedFloat8DTypePolicy(QuantizedDTypePolicy):
    """A policy of a layer that is trained with 8-bit floats.

    Args:
        mode: `"float8"`.
        source_name: name of the policy that the layer had before, the global one if None.
        amax_history_length: of how many steps the largest absolute values are kept.

    Example:

    >>> import minikeras
    >>> minikeras.dtype_policies.get("float8_from_float32").amax_history_length
    1024
    """

    default_amax_history_length = 1024
    argument_sources = {"amax_history_length": "_amax_history_length"}

    def __init__(
        self,
        mode: str,
        source_name: str | None = None,
        amax_history_length: int = default_amax_history_length,
    ) -> None:
        super().__init__(mode, source_name)
        if not isinstance(amax_history_length, int):
            raise TypeError(
                "`amax_history_length` must be an integer. Received: "
                f"amax_history_length={amax_history_length!r}"
            )
        self._amax_history_length = amax_history_length

    @property
    def amax_history_length(self) -> int:
        """Of how many steps the largest absolute values are kept."""
        return self._amax_history_length


class Int4DTypePolicy(QuantizedDTypePolicy):
    """A policy of a layer whose weights are in 4 bits.

    Args:
        mode: `"int4/<block_size>"`: of how many numbers that are summed up each group has a scale; -1
            for one scale for each output.
        source_name: name of the policy that the layer had before, the global one if None.

    Example:

    >>> import minikeras
    >>> minikeras.dtype_policies.get("int4/128_from_float32").block_size
    128
    """

    def _read_mode(self, mode: str) -> str:
        (size,) = self._numbers_of(mode, "int4/<block_size>")
        self.block_size = self._check_size("block_size", size)
        return "int4"


class GPTQDTypePolicy(QuantizedDTypePolicy):
    """A policy of a layer that was quantized by GPTQ.

    Args:
        mode: `"gptq/<weight_bits>/<group_size>"`: 2, 3, 4 or 8 bits; a positive size or -1 for no groups.
        source_name: name of the policy that the layer had before, the global one if None.

    Example:

    >>> import minikeras
    >>> policy = minikeras.dtype_policies.get("gptq/4/128_from_float32")
    >>> policy.weight_bits, policy.group_size
    (4, 128)
    """

    def _read_mode(self, mode: str) -> str:
        bits, size = self._numbers_of(mode, "gptq/<weight_bits>/<group_size>")
        known = bits in (2, 3, 4, 8)
        self.weight_bits = self._check_number("weight_bits", bits, known, "2, 3, 4 or 8")
        self.group_size = self._check_size("group_size", size)
        return "gptq"


class AWQDTypePolicy(QuantizedDTypePolicy):
    """A policy of a layer that was quantized by AWQ.

    Args:
        mode: `"awq/4/<group_size>"`: a positive size, or -1 for no groups.
        source_name: name of the policy that the layer had before, the global one if None.

    Example:

    >>> import minikeras
    >>> minikeras.dtype_policies.get("awq/4/64_from_float32").group_size
    64
    """

    def _read_mode(self, mode: str) -> str:
        bits, size = self._numbers_of(mode, "awq/<weight_bits>/<group_size>")
        self.weight_bits = self._check_number("weight_bits", bits, bits == 4, "4")
        self.group_size = self._check_size("group_size", size)
        return "awq"


_BY_MODE = {
    "int8": QuantizedDTypePolicy,
    "int4": QuantizedDTypePolicy,
    "int4/": Int4DTypePolicy,
    "float8": QuantizedFloat8DTypePolicy,
    "gptq/": GPTQDTypePolicy,
    "awq/": AWQDTypePolicy,
}


def policy_named(name: str) -> DTypePolicy:
    """Return the policy that a name stands for, quantized ones included: `"int8_from_float32"`.

    Example:

    >>> policy_named("int4/64_from_float32")
    <Int4DTypePolicy "int4/64_from_float32">
    """
    if not name.startswith(QUANTIZATION_MODES):
        return DTypePolicy(name)
    mode, *source = name.split("_from_")
    kind, slash, _ = mode.partition("/")
    cls = _BY_MODE.get(kind + slash)
    if len(source) != 1 or cls is None:
        raise ValueError(
            "The name of a quantized policy must look like 'int8_from_float32', "
            "'int4/128_from_float32', 'float8_from_float32', 'gptq/4/128_from_float32' or "
            f"'awq/4/128_from_float32'. Received: {name!r}"
        )
    return cls(mode, source[0])


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
        policy = policy_named(policy)
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
