"""`tf.float32` and its like: names of dtypes, which know what TensorFlow's dtypes know."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.common.dtypes import ALLOWED_DTYPES, finfo, standardize_dtype, to_np_dtype


class DType(str):
    """The name of a dtype, with the attributes that TensorFlow's dtypes have.

    As a string it is taken wherever a dtype is, by minikeras and by NumPy; what NumPy's dtypes have beside
    (`kind`, `itemsize`) it has too.

    Example:

    >>> import numpy as np
    >>> float32 = DType("float32")
    >>> float32 == np.float32, float32.as_numpy_dtype, float32.is_floating
    (True, <class 'numpy.float32'>, True)
    """

    __slots__ = ()

    @property
    def name(self) -> str:
        return str.__str__(self)

    @property
    def as_numpy_dtype(self) -> type:
        return object if self.name == "string" else to_np_dtype(self.name).type

    @property
    def base_dtype(self) -> DType:
        return self

    @property
    def real_dtype(self) -> DType:
        return as_dtype({"complex64": "float32", "complex128": "float64"}.get(self.name, self.name))

    @property
    def is_floating(self) -> bool:
        return "float" in self.name

    @property
    def is_complex(self) -> bool:
        return "complex" in self.name

    @property
    def is_integer(self) -> bool:
        return "int" in self.name

    @property
    def is_unsigned(self) -> bool:
        return "uint" in self.name

    @property
    def is_bool(self) -> bool:
        return self.name == "bool"

    @property
    def is_numpy_compatible(self) -> bool:
        return True

    @property
    def size(self) -> int:
        return 1 if self.name == "string" else to_np_dtype(self.name).itemsize

    @property
    def min(self) -> Any:
        return self._limits().min

    @property
    def max(self) -> Any:
        return self._limits().max

    @property
    def limits(self) -> tuple[Any, Any]:
        return (0 if self.is_unsigned else self.min), self.max

    def _limits(self) -> Any:
        dtype = to_np_dtype(self.name)
        if dtype.kind in "iu":
            return np.iinfo(dtype)
        if not self.is_floating:
            raise TypeError(f"tf.{self.name} has no least and no largest value.")
        return finfo(dtype)

    def is_compatible_with(self, other: Any) -> bool:
        """Whether `other` is the same dtype."""
        return self == as_dtype(other)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(to_np_dtype(self.name), name)

    def __eq__(self, other: Any) -> bool:
        if isinstance(other, str):
            return str.__eq__(self, other)
        try:
            return str.__eq__(self, standardize_dtype(other)) if other is not None else False
        except ValueError:
            return False

    def __ne__(self, other: Any) -> bool:
        return not self == other

    __hash__ = str.__hash__

    def __repr__(self) -> str:
        return f"tf.{self.name}"

    def __str__(self) -> str:
        return self.name  # what asks for a dtype's name by `str` is to find it

    def __reduce__(self) -> Any:
        return DType, (self.name,)


_BY_NAME = {name: DType(name) for name in ALLOWED_DTYPES}
_OLDEST = "float32 float64 int32 uint8 int16 int8 string complex64 int64 bool"
_BY_NUMBER = dict(enumerate(_OLDEST.split(), 1)) | {
    14: "bfloat16",
    17: "uint16",
    18: "complex128",
    19: "float16",
    22: "uint32",
    23: "uint64",
}
"""Numbers that stand for dtypes in TensorFlow's files, which its functions take, too."""
_BY_NUMPY: dict[Any, DType] = {}

NAMES = {
    **_BY_NAME,
    **{old: _BY_NAME[new] for old, new in (("half", "float16"), ("double", "float64"))},
}


def as_dtype(type_value: Any) -> DType:
    """Return a dtype by its name, or by that of NumPy or Python."""
    if isinstance(type_value, DType):
        return type_value
    if type_value is float:
        return _BY_NAME["float32"]
    if type_value in (object, bytes):
        return _BY_NAME["string"]
    if isinstance(type_value, int) and type_value in _BY_NUMBER:
        return _BY_NAME[_BY_NUMBER[type_value]]
    return _BY_NAME[standardize_dtype(type_value)]


def dtype_of(array: Any) -> DType:
    """Return the dtype of an array, whatever its strings are to NumPy."""
    dtype = array.dtype
    found = _BY_NUMPY.get(dtype)
    if found is None:
        name = "string" if dtype.kind in "USOT" else standardize_dtype(dtype)
        found = _BY_NUMPY[dtype] = _BY_NAME[name]
    return found
