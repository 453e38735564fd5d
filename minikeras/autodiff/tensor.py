"""`Tensor`: one NumPy array and, while a tape records, the node that made it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from minikeras.autodiff.keras_tensor import ArraySpec, AssumedSize, KerasTensor, SymbolicTensorError
from minikeras.common.arguments import short
from minikeras.common.dtypes import floatx_dtype, to_np_dtype
from minikeras.common.foreign_arrays import foreign_array, holds_array
from minikeras.common.serialization import array_config, array_from_config, register_type
from minikeras.common.texts import objects_as_texts, text_array

if TYPE_CHECKING:
    from minikeras.autodiff.arithmetic import ArrayArithmetic

    _Arithmetic = ArrayArithmetic["Tensor"]
else:
    _Arithmetic = object

_DLPACK_READ_ONLY = np.lib.NumpyVersion(np.__version__) >= "2.1.0"
"""Whether NumPy can hand out memory that nobody may write to: DLPack 1.0."""


class Tensor(_Arithmetic):
    """An immutable array that a tape can follow.

    Tensors come out of `minikeras.ops`, layers and models; `ops.convert_to_tensor` makes one from
    data. They take NumPy's operators and indexing, and `np.asarray(t)` or `t.numpy()` gives the
    array back. Values never change in place: `t += 1` makes a new tensor.

    Attributes:
        array: the NumPy array itself, for reading; nobody may write to it.
        node: what gave the tensor while a tape recorded (`tape.Node`, or a `Leaf`), else None.

    Example:

    >>> from minikeras import ops
    >>> t = ops.convert_to_tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> t[:, 1] * 2
    <Tensor shape=(2,) dtype=float32 [4. 8.]>
    """

    __slots__ = ("__weakref__", "_keras_mask", "array", "node")
    __array_priority__ = 1000  # ndarray + Tensor is a Tensor

    _split: Any = None
    """How a `SplitVariable` is split over ranks."""

    def __init__(self, value: np.ndarray, node: Any = None) -> None:
        self.array = value
        self.node = node
        self._keras_mask = None

    # Facts about the array.

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def dtype(self) -> np.dtype:
        return self.array.dtype

    @property
    def ndim(self) -> int:
        return self.array.ndim

    @property
    def size(self) -> int:
        return self.array.size

    @property
    def nbytes(self) -> int:
        return self.array.nbytes

    # Leaving the world of tensors.

    def numpy(self) -> np.ndarray:
        """Return the value as a read-only NumPy array, without a copy."""
        view = np.asarray(self.array).view()
        view.flags.writeable = False
        return view

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if dtype is not None and np.dtype(dtype) != self.array.dtype:
            if copy is False:
                raise ValueError(f"A copy is needed to read {self.dtype} as {dtype}.")
            return np.asarray(self.array).astype(dtype)
        return np.array(self.array) if copy else self.numpy()

    @property
    def __array_interface__(self) -> dict:
        """Where the (read-only) values lie, for libraries that share memory with NumPy."""
        return self._shared_view().__array_interface__

    @property
    def __array_struct__(self) -> Any:
        """The same in C's terms, which NumPy itself asks for first."""
        return self._shared_view().__array_struct__

    def _shared_view(self) -> np.ndarray:
        """Return a view on the values, if they lie where they do as long as the tensor lives."""
        array = self.array
        if type(array) is not np.ndarray or array.dtype.kind not in "biufc":
            raise AttributeError(
                "Scalars, bfloat16 and strings have no place in NumPy's array interface."
            )
        view = array.view()
        view.flags.writeable = False
        return view

    def __dlpack__(self, *, max_version: tuple | None = None, **options: Any) -> Any:
        """Hand the values to another library: shared if it respects read-only memory, else copied."""
        if not _DLPACK_READ_ONLY:
            return np.array(self.array).__dlpack__(stream=options.get("stream"))
        if max_version is not None and max_version >= (1, 0):
            return self.numpy().__dlpack__(max_version=max_version, **options)
        return np.array(self.array).__dlpack__(**options)

    def __dlpack_device__(self) -> tuple:
        return np.asarray(self.array).__dlpack_device__()

    def item(self, *args: int) -> Any:
        """Return one element as a Python number."""
        return self.array.item(*args)

    def tolist(self) -> Any:
        """Return the value as nested lists of Python numbers."""
        return self.array.tolist()

    def _single(self) -> Any:
        if self.array.size != 1:
            raise TypeError(
                "Only a tensor of one element can become a Python number. "
                f"Received: a tensor of shape {self.array.shape}"
            )
        return self.array.item()

    def __float__(self) -> float:
        return float(self._single())

    def __int__(self) -> int:
        return int(self._single())

    def __complex__(self) -> complex:
        return complex(self._single())

    def __index__(self) -> int:
        return self.array.__index__()

    def __bool__(self) -> bool:
        return bool(self.array)

    def __len__(self) -> int:
        return len(self.array)

    def __iter__(self) -> Any:
        if self.array.ndim == 0:
            raise TypeError("Cannot iterate over a 0-d tensor.")
        return (self[i] for i in range(len(self.array)))

    def __contains__(self, item: Any) -> bool:
        return bool((self.array == to_array(item)).any())

    def __hash__(self) -> int:
        return id(self)

    def __setitem__(self, key: Any, value: Any) -> None:
        raise TypeError(
            "Tensors are immutable: `t[key] = value` is not possible. Use "
            "`minikeras.ops.slice_update`, `ops.scatter_update` or `ops.where`, which return a new tensor."
        )

    def __copy__(self) -> Tensor:
        return self

    def __deepcopy__(self, memo: Any) -> Tensor:
        return Tensor(np.array(self.array))

    def __reduce__(self) -> Any:
        return Tensor, (np.array(self.array),)

    def __format__(self, spec: str) -> str:
        if spec and self.array.ndim == 0:
            return format(self.array.item(), spec)
        return format(str(self), spec)

    def __repr__(self) -> str:
        return f"<Tensor {describe(self.array)}>"

    def __str__(self) -> str:
        return repr(self)


register_type(
    Tensor, "__tensor__", lambda t: array_config(t.array), lambda c: Tensor(array_from_config(c))
)


def describe(value: np.ndarray) -> str:
    """Return shape, dtype and (abbreviated) values on as few lines as they need."""
    text = np.array2string(np.asarray(value), threshold=40, edgeitems=3, precision=6)
    break_ = "\n" if "\n" in text else " "
    return f"shape={tuple(value.shape)} dtype={value.dtype}{break_}{text}"


def to_array(value: Any, dtype: Any = None) -> np.ndarray:
    """Return `value` as a NumPy array by Keras's rules, without a copy where possible.

    Python floats (and lists of them) become `floatx`, Python integers int32; arrays keep their
    dtype unless `dtype` is given.

    Raises:
        TypeError: if it is no number, array, or nested list of them.
    """
    if isinstance(value, Tensor):
        array = value.array if value._split is None else value.numpy()
        if dtype is None:
            return array
    elif type(value) is np.ndarray or isinstance(value, np.generic):
        array = value
    elif isinstance(value, np.ndarray):  # np.matrix and others have operators of their own
        if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
            raise TypeError(
                "Cannot make a tensor of an array with masked values: they would count like others. "
                "Fill them first, with `.filled(0.)`."
            )
        array = np.asarray(value)
    else:
        if isinstance(value, KerasTensor):
            raise SymbolicTensorError(
                f"A KerasTensor has no values: {value!r} is a symbolic placeholder of a functional "
                "model. Use it as the input of layers and of minikeras.ops functions only."
            )
        return _from_python(value, dtype)
    if dtype is not None and array.dtype != (target := to_np_dtype(dtype)):
        array = _texts(array) if target.kind == "O" else array.astype(target)
    if array.dtype.kind in "OMm":
        if (texts := objects_as_texts(array)) is not None:
            return texts
        raise TypeError(
            f"Expected numbers, received an array of dtype {array.dtype} (rows of different lengths, "
            f"dates, or values that are not numbers): {str(array)[:80]}"
        )
    return array


def _texts(value: Any) -> np.ndarray:
    texts = text_array(value)
    if texts is None:
        raise TypeError(
            f"Expected texts, since dtype is 'string'. Received: {short(value)} (of type "
            f"{type(value).__name__})"
        )
    return texts


_PLAIN = (int, float, complex, list, tuple, str, bytes)


def _from_python(value: Any, dtype: Any) -> np.ndarray:
    if isinstance(value, AssumedSize):
        value = value.as_array()
    if isinstance(value, ArraySpec):  # what stands for an array is as good as one
        return value if dtype is None else value.astype(to_np_dtype(dtype))
    if isinstance(value, (list, tuple)) and any(isinstance(v, Tensor) for v in value):
        value = [to_array(v) for v in value]
    is_foreign = not isinstance(value, _PLAIN) and holds_array(value)
    try:
        array = np.asarray(foreign_array(value) if is_foreign else value)
    except ValueError as error:
        raise ValueError(f"Cannot make a tensor of {str(value)[:80]}: {error}") from error
    if array.dtype.kind in "OMm":
        if (texts := objects_as_texts(array)) is not None:  # a column of pandas
            return texts
        raise TypeError(f"Cannot make a tensor of {type(value).__name__}: {str(value)[:80]}")
    if dtype is not None:
        target = to_np_dtype(dtype)
        return _texts(value) if target.kind == "O" else array.astype(target)
    if is_foreign:  # keep its dtype
        return array
    if array.dtype.kind in "iu":
        return array.astype(np.int32) if _fits_int32(array) else array
    if array.dtype.kind == "f" and not _holds_numpy(value):
        return array.astype(floatx_dtype())
    if array.dtype.kind == "c" and not _holds_numpy(value):
        return array.astype(np.complex64)
    return array


def _fits_int32(array: np.ndarray) -> bool:
    return array.size == 0 or (array.min() >= -(2**31) and array.max() < 2**31)


def _holds_numpy(value: Any) -> bool:
    """Whether the innermost items of nested lists are NumPy values, which keep their dtype."""
    while isinstance(value, (list, tuple)) and value:
        value = value[0]
    return isinstance(value, (np.ndarray, np.generic))
