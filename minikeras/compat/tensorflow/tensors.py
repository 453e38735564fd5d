"""What TensorFlow's tensors and variables have and ours lack, while scripts that use it run.

`EXTENSIONS` lends it to the classes; nothing of it is there otherwise.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from minikeras import tree
from minikeras.autodiff import KerasTensor, Tensor, Variable
from minikeras.autodiff.state import thread
from minikeras.compat.extensions import Around, Extension
from minikeras.compat.tensorflow.dtypes import DType, as_dtype, dtype_of
from minikeras.compat.tensorflow.shapes import TensorShape
from minikeras.trainers.ownership import owns_a_model

_DEVICE = "/job:localhost/replica:0/task:0/device:CPU:0"


class Reference:
    """A tensor as a key of a dict: equal to another reference of the same tensor."""

    def __init__(self, tensor: Any) -> None:
        self._tensor = tensor

    def deref(self) -> Any:
        """Return the tensor."""
        return self._tensor

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Reference) and other._tensor is self._tensor

    def __hash__(self) -> int:
        return id(self._tensor)


class ReadValue(Tensor):
    """The value of a variable, which TensorFlow has as a method, Keras as a property."""

    __slots__ = ()

    @property
    def value(self) -> Tensor:
        """The value as a plain tensor."""
        return Tensor(self.array, self.node)

    def __call__(self) -> Tensor:
        return self.value


def to_bytes(array: np.ndarray) -> Any:
    """Return texts as bytes: an array of objects, or bytes alone."""
    if not array.ndim:
        return _one_as_bytes(array.item())
    out = np.empty(array.shape, object)
    out.reshape(-1)[:] = [_one_as_bytes(text) for text in array.reshape(-1).tolist()]
    return out


def _one_as_bytes(text: Any) -> bytes:
    return text if isinstance(text, bytes) else str(text).encode("utf-8", "surrogateescape")


class StringTensor(Tensor):
    """A tensor of strings. To Python they are bytes, as in TensorFlow; to layers they are texts."""

    __slots__ = ()

    def numpy(self) -> Any:
        """Return the strings as bytes: an array of objects, or bytes alone."""
        return to_bytes(self.array)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        array = np.asarray(self.numpy(), object)
        return array if dtype is None else array.astype(dtype)

    def item(self, *args: int) -> Any:
        """Return one string as bytes."""
        return _one_as_bytes(self.array.item(*args))

    def tolist(self) -> Any:
        """Return nested lists of bytes."""
        return np.asarray(self.numpy(), object).tolist()

    def __getitem__(self, key: Any) -> StringTensor:
        key = tuple(_plain(k) for k in key) if isinstance(key, tuple) else _plain(key)
        return StringTensor(np.asarray(self.array[key]))

    def __iter__(self) -> Any:
        return (StringTensor(np.asarray(a)) for a in self.array)

    def __eq__(self, other: Any) -> Any:
        return Tensor(np.asarray(self.array == texts(other)))

    def __ne__(self, other: Any) -> Any:
        return Tensor(np.asarray(self.array != texts(other)))

    def __add__(self, other: Any) -> StringTensor:
        return StringTensor(np.asarray(np.char.add(self.array, texts(other))))

    def __radd__(self, other: Any) -> StringTensor:
        return StringTensor(np.asarray(np.char.add(texts(other), self.array)))

    def reshape(self, *newshape: Any) -> StringTensor:
        """Return the same strings in a new shape."""
        return StringTensor(self.array.reshape(*newshape))

    def __hash__(self) -> int:
        return id(self)

    def __bool__(self) -> bool:
        return bool(str(self.array))

    def __reduce__(self) -> Any:
        return StringTensor, (self.array,)

    def __deepcopy__(self, memo: Any) -> StringTensor:
        return self

    def __repr__(self) -> str:
        return f"<tf.Tensor: shape={self.array.shape}, dtype=string, numpy={self.numpy()!r}>"

    __str__ = __repr__


class FileContents(StringTensor):
    """The bytes of a file, as they are."""

    __slots__ = ("contents",)

    def __init__(self, contents: bytes) -> None:
        super().__init__(np.asarray(contents.decode("utf-8", "surrogateescape")))
        self.contents = contents

    def numpy(self) -> bytes:
        """Return the bytes."""
        return self.contents

    def __reduce__(self) -> Any:
        return FileContents, (self.contents,)


def _plain(key: Any) -> Any:
    return key.array if isinstance(key, Tensor) else key


def texts(value: Any) -> np.ndarray:
    """Return strings, bytes, or arrays or nested lists of them, as an array of texts."""
    if isinstance(value, Tensor):
        value = value.array
    array = np.asarray(value)
    if array.dtype.kind == "U":
        return array
    if array.dtype.kind == "T":  # as `common/texts.py` holds them
        return np.asarray(array.tolist(), dtype=str)
    if array.dtype.kind == "S":
        return np.char.decode(array, "utf-8", "surrogateescape")
    if array.dtype.kind == "O":
        flat = [
            x.decode("utf-8", "surrogateescape") if isinstance(x, bytes) else _text(x)
            for x in array.reshape(-1)
        ]
        return np.asarray(flat, dtype=str if not flat else None).reshape(array.shape)
    if not array.size:
        return array.astype(str)
    raise TypeError(f"Expected strings. Received: an array of dtype {array.dtype}")


def _text(x: Any) -> str:
    if isinstance(x, Tensor):
        return str(texts(x))
    if not isinstance(x, str):
        raise TypeError(f"Expected strings. Received: {x!r}")
    return x


def _shape(t: Any) -> TensorShape:
    return TensorShape(t.array.shape)


def _symbolic_shape(t: KerasTensor) -> TensorShape:
    return TensorShape(t._shape)


def _dtype(t: Tensor) -> DType:
    return dtype_of(t.array)


def _set_shape(t: Any, shape: Any) -> None:
    t.shape.assert_is_compatible_with(shape)


def _set_symbolic_shape(t: KerasTensor, shape: Any) -> None:
    t._shape = tuple(t.shape.merge_with(shape))


_PLAIN_NUMPY = Tensor.numpy


def _numpy(t: Tensor) -> Any:
    """Return the value; strings that came from a data set as bytes."""
    return to_bytes(t.array) if t.array.dtype.kind in "UO" else _PLAIN_NUMPY(t)


def _truth(v: Variable) -> bool:
    return bool(v.array)


def _scatter(function: str) -> Any:
    def method(v: Variable, sparse_delta: Any, *_: Any, **__: Any) -> Variable:
        from minikeras import ops

        indices = ops.expand_dims(sparse_delta.indices, -1)
        reduction = None if function == "update" else "add"
        values = -sparse_delta.values if function == "sub" else sparse_delta.values
        return v.assign(ops.scatter_update(v, indices, values, reduction=reduction))

    return method


_ALL = {
    "get_shape": lambda t: t.shape,
    "device": property(lambda t: _DEVICE),
    "ref": lambda t: Reference(t),
    "experimental_ref": lambda t: Reference(t),
}


def _array_function(original: Callable) -> Callable:
    def array_function(t: Any, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        """What a script computes by NumPy are arrays, on tapes, too; minikeras itself goes on as ever.

        So do layers, and steps and losses of `fit`: TensorFlow refuses it there, and nobody would see
        that the gradient ends.
        """
        caller = sys._getframe(1).f_globals.get("__name__", "")
        if caller.startswith("minikeras.") or thread.state.layers or owns_a_model():
            return original(t, func, types, args, kwargs)
        args, kwargs = tree.map_structure(
            lambda a: a.numpy() if isinstance(a, Tensor) else a, (list(args), kwargs)
        )
        return func(*args, **kwargs)

    return array_function


EXTENSIONS = (
    Extension(
        "minikeras.autodiff:Tensor",
        {
            **_ALL,
            "__array_function__": Around(_array_function),
            "shape": property(_shape),
            "dtype": property(_dtype),
            "set_shape": _set_shape,
            "numpy": _numpy,
            "_numpy": lambda t: t.numpy(),
            "is_sparse": property(lambda t: False),
        },
    ),
    Extension(
        "minikeras.autodiff:Variable",
        {
            "dtype": property(_dtype),
            "value": property(lambda v: ReadValue(v.array, v.node)),
            "read_value": lambda v: Tensor(v.array, v.node),
            "initialized_value": lambda v: Tensor(v.array, v.node),
            "is_initialized": lambda v: True,
            "initial_value": property(lambda v: Tensor(v.array)),
            "load": lambda v, value, session=None: v.assign(value),
            "__bool__": _truth,
            "scatter_update": _scatter("update"),
            "scatter_add": _scatter("add"),
            "scatter_sub": _scatter("sub"),
        },
    ),
    Extension(
        "minikeras.autodiff:KerasTensor",
        {
            **_ALL,
            "shape": property(_symbolic_shape),
            "dtype": property(lambda t: as_dtype(t._dtype)),
            "set_shape": _set_symbolic_shape,
            "op": property(lambda t: t),
        },
    ),
)
"""What today's classes have in addition while TensorFlow's names are in use."""
