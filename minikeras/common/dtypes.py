"""Dtype names and Keras's promotion rules.

Keras promotes like JAX: Python scalars are weak (they take the dtype of the arrays beside them),
integers beside floats take the float's dtype, and 64 bits appear only where the caller asked.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from minikeras.common.extras import installation
from minikeras.common.settings import settings

INT_TYPES = ("uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64")
FLOAT_TYPES = ("bfloat16", "float16", "float32", "float64")
COMPLEX_TYPES = ("complex64", "complex128")
ALLOWED_DTYPES = ("bool", "string", *INT_TYPES, *FLOAT_TYPES, *COMPLEX_TYPES)

_PYTHON_TYPES = {bool: "bool", int: "int32", float: None, complex: "complex64", str: "string"}


def standardize_dtype(dtype: Any) -> str:
    """Return the canonical name of `dtype`, `floatx()` for None.

    Args:
        dtype: None, a string, a NumPy dtype or scalar type, a Python type, or anything with a
            `name` such as the dtypes of other frameworks.

    Raises:
        ValueError: if it is not a dtype that Keras knows.

    Example:

    >>> import minikeras, numpy as np
    >>> minikeras.utils.standardize_dtype(np.int64)
    'int64'
    """
    if dtype is None or dtype is float:
        return settings.floatx
    try:
        known = _name_of(dtype)
    except TypeError:  # unhashable
        known = None
    if known is None:
        raise ValueError(f"Invalid dtype: {dtype!r}. Expected one of {ALLOWED_DTYPES}.")
    return known


def is_float_dtype(dtype: Any) -> bool:
    """Return whether a dtype, or its name, is one of floats.

    Example:

    >>> import minikeras
    >>> minikeras.backend.is_float_dtype("bfloat16"), minikeras.backend.is_float_dtype("int8")
    (True, False)
    """
    return standardize_dtype(dtype) in FLOAT_TYPES


def is_int_dtype(dtype: Any) -> bool:
    """Return whether a dtype, or its name, is one of integers, signed or not.

    Example:

    >>> import minikeras
    >>> minikeras.backend.is_int_dtype("uint8"), minikeras.backend.is_int_dtype("bool")
    (True, False)
    """
    return standardize_dtype(dtype) in INT_TYPES


@functools.lru_cache(maxsize=256)
def _name_of(dtype: Any) -> str | None:
    if isinstance(dtype, type) and dtype in _PYTHON_TYPES:
        return _PYTHON_TYPES[dtype]
    if isinstance(dtype, str):
        name = {"int": "int32", "float": "float32"}.get(dtype, dtype)
    elif isinstance(dtype, np.dtype):
        name = "string" if dtype.kind in "UTS" else dtype.name  # of any width
    elif isinstance(dtype, type) and issubclass(dtype, np.generic):
        name = np.dtype(dtype).name
    else:  # tf.float32, torch.float32, jnp.float32
        name = getattr(dtype, "name", None) or str(dtype).rpartition(".")[2].rstrip("'>")
    if name.startswith("str"):
        name = "string"
    return name if name in ALLOWED_DTYPES else None


def own_dtype(x: Any) -> Any:
    """Return NumPy's own object for a dtype, or an array with it; anything else as it is.

    Copies and pickles of dtypes are other objects, and what runs at every step tells dtypes apart by
    `is`.
    """
    if isinstance(x, np.dtype):
        return _OWN.get(x, x)
    if type(x) is np.ndarray and x.dtype is not _OWN.get(x.dtype):
        return x.view(_OWN[x.dtype]) if x.dtype in _OWN else x
    return x


_OWN = {np.dtype(n): np.dtype(n) for n in ("bool", *INT_TYPES, *FLOAT_TYPES[1:], *COMPLEX_TYPES)}
"""NumPy's own dtype objects, by dtypes that equal them."""


@functools.lru_cache(maxsize=64)
def np_dtype(name: str) -> np.dtype:
    """Return NumPy's dtype object for a canonical name."""
    if name == "bfloat16":
        try:
            import ml_dtypes
        except ImportError as error:
            raise ImportError(
                "NumPy has no bfloat16. The package ml_dtypes adds it: `pip install ml_dtypes`, or "
                f"`{installation('bfloat16')}`."
            ) from error
        return np.dtype(ml_dtypes.bfloat16)
    if name == "string":
        return np.dtype(object)
    return np.dtype(name)


def to_np_dtype(dtype: Any) -> np.dtype:
    """`np_dtype(standardize_dtype(dtype))`."""
    return dtype if type(dtype) is np.dtype else np_dtype(standardize_dtype(dtype))


def floatx_dtype() -> np.dtype:
    """Return the default float dtype as a NumPy dtype."""
    return np_dtype(settings.floatx)


def finfo(dtype: np.dtype) -> Any:
    """`numpy.finfo`, for bfloat16 too."""
    if dtype.kind != "V":
        return np.finfo(dtype)
    import ml_dtypes

    return ml_dtypes.finfo(dtype)


def is_float(dtype: Any) -> bool:
    """Whether `dtype` is a (real) floating point dtype."""
    return standardize_dtype(dtype) in FLOAT_TYPES


def result_type(*dtypes: Any) -> str:
    """Return the dtype that an operation on these dtypes gives.

    Args:
        *dtypes: dtypes, or the Python types `int` and `float` for scalars, which are weak.

    Example:

    >>> import minikeras
    >>> minikeras.backend.result_type("int64", "float32"), minikeras.backend.result_type("int8", int)
    ('float32', 'int8')
    """
    if not dtypes:
        return settings.floatx
    weak = {d for d in dtypes if d is int or d is float}
    strong = {standardize_dtype(d) for d in dtypes if d is not int and d is not float}
    result = functools.reduce(_promote, sorted(strong)) if strong else None
    if float in weak and (result is None or result == "bool" or result in INT_TYPES):
        return settings.floatx
    if int in weak and (result is None or result == "bool"):
        return "int32"
    return settings.floatx if result == "float" else result


@functools.lru_cache(maxsize=512)
def _promote(a: str, b: str) -> str:
    """Promote two strong dtypes; "float" stands for a float of the default width."""
    if a == b:
        return a
    if "float" in (a, b):
        other = b if a == "float" else a
        return other if other in FLOAT_TYPES or other in COMPLEX_TYPES else "float"
    for x, y in ((a, b), (b, a)):
        if x == "bool":
            return y
        if x in INT_TYPES and y not in INT_TYPES:
            return y
    if a in INT_TYPES and b in INT_TYPES:
        name = np.promote_types(a, b).name
        if name == "int64" and "64" not in a + b:  # uint32 beside signed integers
            return "int32"
        return name if name in INT_TYPES else "float"
    if "bfloat16" in (a, b):
        other = b if a == "bfloat16" else a
        return "float32" if other == "float16" else other
    return np.promote_types(a, b).name
