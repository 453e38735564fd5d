"""`keras.backend`: the small part of it that Keras 3 keeps."""

from __future__ import annotations

from minikeras.common.dtypes import result_type, standardize_dtype
from minikeras.common.naming import reset_names
from minikeras.common.settings import (
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
)
from minikeras.config import backend
from minikeras.ops import convert_to_numpy, is_tensor
from minikeras.random.seed_generator import forget_global_seed


def clear_session(free_memory: bool = True) -> None:
    """Start counting default names anew and forget the global seed."""
    reset_names()
    forget_global_seed()


def get_uid(prefix: str = "") -> int:
    """Return a number that grows with each call for a prefix."""
    _uids[prefix] = _uids.get(prefix, 0) + 1
    return _uids[prefix]


_uids: dict[str, int] = {}


def is_keras_tensor(x: object) -> bool:
    """Return whether `x` is a symbolic tensor."""
    return getattr(x, "_is_keras_tensor", False)
