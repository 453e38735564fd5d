"""Process-wide settings. The ground floor: imports nothing of minikeras but checks.

`minikeras.config` is the public face of this module.
"""

from __future__ import annotations

import threading
from typing import Any

from minikeras.common.arguments import Positive, checked

FLOAT_TYPES = ("float16", "bfloat16", "float32", "float64")


class _Settings:
    """The one mutable record of global choices, read by every storey above."""

    floatx: str = "float32"
    epsilon: float = 1e-7
    image_data_format: str = "channels_last"
    interactive_logging: bool = True
    traceback_filtering: bool = True
    flash_attention: bool | None = None
    debug_numerics: bool = False
    max_epochs: int | None = None
    max_steps_per_epoch: int | None = None
    unsafe_deserialization: bool = False


settings = _Settings()


class _Local(threading.local):
    """Per-thread attributes: a worker thread never records on, or names things for, another."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}


_local = _Local()


def get_local(key: str, default: Any = None) -> Any:
    """Return the calling thread's value of `key`."""
    return _local.values.get(key, default)


def set_local(key: str, value: Any) -> None:
    """Set the calling thread's value of `key`."""
    _local.values[key] = value


def floatx() -> str:
    """Return the default float dtype as a string, `"float32"` unless changed.

    Example:

    >>> import minikeras
    >>> minikeras.config.floatx()
    'float32'
    """
    return settings.floatx


def set_floatx(value: str) -> None:
    """Set the default float dtype.

    Args:
        value: `"float16"`, `"float32"` or `"float64"`.

    Raises:
        ValueError: if `value` is not a float dtype.
    """
    if value not in FLOAT_TYPES:
        raise ValueError(f"Unknown floatx value: {value!r}. Expected one of {FLOAT_TYPES}.")
    settings.floatx = str(value)


def epsilon() -> float:
    """Return the fuzz factor used in numeric expressions, `1e-7` unless changed."""
    return settings.epsilon


@checked
def set_epsilon(value: Positive) -> None:
    """Set the fuzz factor used in numeric expressions.

    Raises:
        ArgumentError: if `value` is not a positive number.
    """
    settings.epsilon = float(value)


def image_data_format() -> str:
    """Return the default image data format, `"channels_last"` unless changed."""
    return settings.image_data_format


def set_image_data_format(data_format: str) -> None:
    """Set the default image data format, `"channels_last"` or `"channels_first"`.

    Raises:
        ValueError: for any other value.
    """
    settings.image_data_format = standardize_data_format(data_format)


def standardize_data_format(data_format: str | None) -> str:
    """Return `data_format`, or the global default where it is None.

    Raises:
        ValueError: if it is neither `"channels_last"` nor `"channels_first"`.
    """
    if data_format is None:
        return settings.image_data_format
    value = str(data_format).lower()
    if value not in ("channels_first", "channels_last"):
        raise ValueError(
            "data_format must be 'channels_first' or 'channels_last'. "
            f"Received: data_format={data_format!r}"
        )
    return value
