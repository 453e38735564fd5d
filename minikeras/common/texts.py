"""Texts in arrays: what a tensor of dtype `"string"` holds.

These are NumPy's own types of strings: `str` of one width (`<U5`), of any width (`StringDType`), and
bytes (`S5`). Arrays of objects, and nested lists, become one of them, so that nothing that computes
with objects meets a text.
"""

from __future__ import annotations

from typing import Any

import numpy as np

_ANY_WIDTH = np.dtypes.StringDType(coerce=False)
"""No text of it is as wide as the longest: one long document makes no others longer."""


def is_text_dtype(dtype: np.dtype) -> bool:
    """Whether arrays of a NumPy dtype hold texts."""
    return dtype.kind in "UTS"


def are_texts(value: Any) -> bool:
    """Whether a value is a text, or the first of what nested lists hold is one."""
    while isinstance(value, (list, tuple)) and value:
        value = value[0]
    return isinstance(value, (str, bytes))


def objects_as_texts(array: np.ndarray) -> np.ndarray | None:
    """Return an array of objects that are `str`, or all `bytes`, as an array of texts.

    Returns:
        None if it holds anything else, or nothing.

    Example:

    >>> import numpy as np
    >>> objects_as_texts(np.array(["a", "b c"], dtype=object)).tolist()
    ['a', 'b c']
    >>> objects_as_texts(np.array(["a", 1.5], dtype=object)) is None
    True
    """
    kinds = set(map(type, array.reshape(-1).tolist()))
    if not kinds:
        return None
    if kinds <= {str, np.str_}:
        return array.astype(_ANY_WIDTH)
    if kinds <= {bytes, np.bytes_}:
        return array.astype(np.bytes_)
    return None


def text_array(value: Any) -> np.ndarray | None:
    """Return texts, nested lists of them, or an array of them, as an array that a tensor may hold.

    Returns:
        None if it holds no texts.

    Example:

    >>> text_array([["a"], ["b c"]]).shape
    (2, 1)
    >>> text_array([1, 2]) is None
    True
    """
    if not isinstance(value, np.ndarray):
        if isinstance(value, (list, tuple)) and not are_texts(value):
            return None
        value = np.asarray(value, object if isinstance(value, (list, tuple)) else None)
    if value.dtype.kind == "O":
        return objects_as_texts(value)
    return value if is_text_dtype(value.dtype) else None


def as_strings(array: np.ndarray, encoding: str = "utf-8") -> np.ndarray:
    """Return an array of texts without bytes in it.

    Args:
        array: texts of any of the types above.
        encoding: how bytes are to be read.

    Raises:
        UnicodeDecodeError: if bytes are not in that encoding.
    """
    return np.strings.decode(array, encoding) if array.dtype.kind == "S" else array


def as_utf8(array: np.ndarray, encoding: str = "utf-8") -> list[bytes]:
    """Return an array of texts, flat, as a list of bytes in UTF-8: what texts are compared and hashed by.

    Args:
        array: texts of any of the types above.
        encoding: how bytes are to be read.
    """
    if array.dtype.kind == "S" and encoding.lower() in ("utf-8", "utf8"):
        return array.reshape(-1).tolist()
    return [
        text.encode("utf-8", _ERRORS) for text in as_strings(array, encoding).reshape(-1).tolist()
    ]


_ERRORS = "surrogateescape"
"""Bytes that are no UTF-8 were read as lone surrogates (`os.fsdecode` does), and become bytes again."""
