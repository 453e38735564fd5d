"""`KerasTensor`: the shape and dtype of a tensor that has no values yet."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from minikeras.common.dtypes import np_dtype, standardize_dtype
from minikeras.common.naming import auto_name
from minikeras.common.serialization import register_type

if TYPE_CHECKING:
    from minikeras.autodiff.arithmetic import Arithmetic

    _Arithmetic = Arithmetic["KerasTensor"]
else:
    _Arithmetic = object


class SymbolicTensorError(TypeError, ValueError):
    """A KerasTensor was asked for values, which it has not got.

    Keras raises TypeError for truths and ValueError for arrays; code that catches either catches this.
    """


class _SymbolicAttributeError(SymbolicTensorError, AttributeError):
    """A KerasTensor was asked for an attribute that only tensors with values have."""


class AssumedSize(int):
    """A number in place of a size that is not known, while a function is tried with it.

    What is computed from such numbers is one too, so that sizes that are only assumed can be told
    from known ones: they fit any other, where shapes are checked, and a layer that is built meanwhile
    takes them for unknown. Messages show None.
    """

    def __repr__(self) -> str:
        return "None"

    __str__ = __repr__

    def as_array(self) -> Any:
        """Return the number as an array: what it becomes where it meets tensors."""
        return np.asarray(int(self), np.int32)


def _assuming(name: str) -> Any:
    compute = getattr(int, name)

    def computed(*operands: Any) -> Any:
        y = compute(*operands)
        return AssumedSize(y) if type(y) is int else y

    return computed


for _name in ["add", "sub", "mul", "floordiv", "mod"]:
    setattr(AssumedSize, f"__{_name}__", _assuming(f"__{_name}__"))
    setattr(AssumedSize, f"__r{_name}__", _assuming(f"__r{_name}__"))
AssumedSize.__neg__ = _assuming("__neg__")


def is_known(size: int | None) -> bool:
    """Whether a size is neither None nor only assumed."""
    return size is not None and not isinstance(size, AssumedSize)


def has_values(array: Any) -> bool:
    """Whether an array is there, and not only described: then it may be looked at."""
    return not isinstance(array, ArraySpec)


class ArraySpec(np.lib.mixins.NDArrayOperatorsMixin):
    """Shape and dtype of an array that is not there yet: the `array` of a KerasTensor."""

    def __init__(self, shape: tuple, dtype: np.dtype) -> None:
        self.shape = shape
        self.dtype = dtype
        self.ndim = len(shape)
        self.size = None if None in shape else math.prod(shape)

    def _no_values(self, *_: Any, **__: Any) -> Any:
        raise SymbolicTensorError(
            "A KerasTensor has no values: they are asked for while a model is being described. "
            f"Its shape is {self.shape}."
        )

    __array__ = __array_ufunc__ = __array_function__ = _no_values
    __getitem__ = __len__ = __iter__ = __bool__ = __float__ = __int__ = __index__ = _no_values

    def __getattr__(self, name: str) -> Any:
        raise _SymbolicAttributeError(f"The array of a KerasTensor has no '{name}'.")


class KerasTensor(_Arithmetic):
    """A symbolic tensor: what flows through a functional model while it is being described.

    Args:
        shape: tuple of sizes, None where a size is not known.
        dtype: dtype name.
        name: name, counted if None.

    Example:

    >>> import minikeras
    >>> x = minikeras.Input(shape=(3,))
    >>> (x * 2).shape
    (None, 3)
    """

    _is_keras_tensor = True

    def __init__(
        self,
        shape: Any,
        dtype: Any = "float32",
        sparse: bool = False,
        ragged: bool = False,
        record_history: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if sparse or ragged:
            raise ValueError(
                "KerasTensor: sparse and ragged tensors are not supported. "
                f"Received: sparse={sparse}, ragged={ragged}"
            )
        self._shape = standardize_shape(shape)
        self._dtype = standardize_dtype(dtype)
        self.record_history = record_history
        self.name = name or auto_name("keras_tensor")
        self._keras_mask = None

    @property
    def shape(self) -> tuple[int | None, ...]:
        return self._shape

    @property
    def dtype(self) -> str:
        return self._dtype

    @property
    def sparse(self) -> bool:
        return False

    @property
    def ragged(self) -> bool:
        return False

    @property
    def ndim(self) -> int:
        return len(self._shape)

    @property
    def array(self) -> ArraySpec:
        """What is known of the array that will be there: formulas read shape and dtype of it."""
        return ArraySpec(self._shape, np_dtype(self._dtype))

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        raise SymbolicTensorError(
            "A KerasTensor has no values: it is a symbolic placeholder of a functional model and "
            "cannot become a NumPy array. Use functions of minikeras.ops instead of NumPy's, or "
            f"wrap the computation in a layer. Received: {self!r}"
        )

    def __len__(self) -> int:
        if not self._shape or self._shape[0] is None:
            raise SymbolicTensorError(f"{self!r} has no known length.")
        return self._shape[0]

    def __iter__(self) -> Any:
        if not self._shape or self._shape[0] is None:
            raise SymbolicTensorError(f"Cannot iterate over {self!r}: its first size is not known.")
        return (self[i] for i in range(self._shape[0]))

    def __bool__(self) -> bool:
        raise SymbolicTensorError(
            f"The truth of {self!r} is not known while the model is described. Use "
            "minikeras.ops.cond or ops.where."
        )

    def __float__(self) -> float:
        raise SymbolicTensorError(f"{self!r} has no value yet.")

    __int__ = __index__ = __complex__ = __float__

    def __getattr__(self, name: str) -> Any:
        raise _SymbolicAttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return (
            f"<KerasTensor shape={self.shape}, dtype={self.dtype}, sparse={self.sparse}, "
            f"ragged={self.ragged}, name={self.name}>"
        )


def _to_config(t: KerasTensor) -> dict:
    history = getattr(t, "_keras_history", None)
    if history is not None:
        history = [history.operation.name, history.node_index, history.tensor_index]
    return {"shape": t.shape, "dtype": t.dtype, "keras_history": history}


register_type(
    KerasTensor, "__keras_tensor__", _to_config, lambda c: KerasTensor(c["shape"], dtype=c["dtype"])
)


def standardize_shape(shape: Any) -> tuple[int | None, ...]:
    """Return a shape as a tuple of non-negative integers and None.

    Raises:
        ValueError: for anything else.
    """
    if shape is None:
        raise ValueError("Undefined shapes are not supported.")
    if isinstance(shape, (int, np.integer)) or not hasattr(shape, "__iter__"):
        raise ValueError(f"Cannot convert {shape!r} to a shape.")
    result = []
    for d in shape:
        if d is None:
            result.append(None)
        elif isinstance(d, (int, np.integer)) and not isinstance(d, bool):
            if d < 0:
                raise ValueError(
                    f"Cannot convert {tuple(shape)} to a shape. Negative dimensions are not allowed."
                )
            result.append(d if isinstance(d, int) else int(d))
        else:
            raise ValueError(
                f"Cannot convert {tuple(shape)} to a shape. Found invalid entry {d!r} of type "
                f"{type(d).__name__}."
            )
    return tuple(result)


def any_symbolic(args: Any) -> bool:
    """Whether a KerasTensor is among (nested) arguments."""
    for a in args:
        if isinstance(a, KerasTensor):
            return True
        if isinstance(a, (list, tuple)):
            if any_symbolic(a):
                return True
        elif isinstance(a, dict) and any_symbolic(a.values()):
            return True
    return False
