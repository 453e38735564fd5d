"""Arrays of other libraries, known by the protocols that they speak; no library is imported for it."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.common.dtypes import np_dtype
from minikeras.common.tables import is_table, table_to_array

_PROTOCOLS = ("__array__", "__array_interface__", "__dlpack__")
_CPU = 1
"""DLPack's number for memory that NumPy can read."""


def holds_array(value: Any) -> bool:
    """Return whether a value is an array: NumPy's, or another library's that NumPy can read."""
    return any(hasattr(value, protocol) for protocol in _PROTOCOLS)


def foreign_array(value: Any) -> Any:
    """Return what holds an array as a NumPy array; memory is shared where its library allows that.

    Args:
        value: for example an array of JAX, PyTorch, CuPy, TensorFlow or Arrow. Anything without an array in
            it is returned as it is.

    Example:

    >>> import numpy as np
    >>> class Shared:
    ...     __array_interface__ = np.arange(3).__array_interface__
    >>> foreign_array(Shared())
    array([0, 1, 2])
    """
    if hasattr(value, "detach") and hasattr(value, "cpu"):  # a tensor of PyTorch
        value = value.detach().cpu()
        if str(value.dtype) == "torch.bfloat16":  # which it does not hand to NumPy
            return np.asarray(value.float()).astype(np_dtype("bfloat16"))
    if hasattr(value, "__array__") or hasattr(value, "__array_interface__"):
        array = np.asarray(value)
        # Columns of several types, or with missing values, are numbers all the same.
        return table_to_array(value) if array.dtype.kind == "O" and is_table(value) else array
    if not hasattr(value, "__dlpack__"):
        return value
    if value.__dlpack_device__()[0] == _CPU:
        return np.from_dlpack(value)
    return np.from_dlpack(value, device="cpu")
