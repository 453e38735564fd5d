"""Give tensors and KerasTensors their operators and NumPy dispatch.

`autodiff` lies below `ops` and knows none of it; this module hands the operators down.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras import tree
from minikeras.autodiff.keras_tensor import KerasTensor, SymbolicTensorError, has_values
from minikeras.autodiff.state import thread
from minikeras.autodiff.tensor import Tensor
from minikeras.autodiff.variable import Variable
from minikeras.ops import (
    bitwise,
    comparison,
    creation,
    elementwise,
    indexing,
    numpy,
    products,
    reductions,
    shapes,
)
from minikeras.ops.core import cast

_BINARY = {
    "add": elementwise.add,
    "sub": elementwise.subtract,
    "mul": elementwise.multiply,
    "truediv": elementwise.true_divide,
    "floordiv": elementwise.floor_divide,
    "mod": elementwise.mod,
    "pow": elementwise.power,
    "matmul": products.matmul,
}
_LOGICAL = {
    "and": comparison.logical_and,
    "or": comparison.logical_or,
    "xor": comparison.logical_xor,
}
"""Operators of KerasTensors and variables, in Keras."""
_BITWISE = {
    "and": bitwise.bitwise_and,
    "or": bitwise.bitwise_or,
    "xor": bitwise.bitwise_xor,
    "lshift": bitwise.left_shift,
    "rshift": bitwise.right_shift,
}
"""Operators of tensors: on booleans they are the logical ones."""
_COMPARE = {
    "eq": comparison.equal,
    "ne": comparison.not_equal,
    "lt": comparison.less,
    "le": comparison.less_equal,
    "gt": comparison.greater,
    "ge": comparison.greater_equal,
}


def _power(x1: Any, x2: Any) -> Any:
    """Squares and roots are much faster than powers."""
    if type(x2) in (int, float):
        if x2 == 2:
            return elementwise.square(x1)
        if x2 == 0.5:
            return elementwise.sqrt(x1)
        if x2 == 1:
            return elementwise.multiply(x1, 1)
    return elementwise.power(x1, x2)


_BINARY["pow"] = _power


_REDUCTIONS = (
    "all",
    "any",
    "argmax",
    "argmin",
    "max",
    "mean",
    "min",
    "prod",
    "std",
    "sum",
    "var",
)


def _reduction(function: Any) -> Any:
    def method(self: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return function(self, axis=axis, keepdims=keepdims)

    method.__doc__ = function.__doc__
    return method


def _operators(cls: type, functions: dict) -> None:
    for name, function in functions.items():
        setattr(cls, f"__{name}__", function)
        setattr(cls, f"__r{name}__", lambda a, b, f=function: f(b, a))


def _install(cls: type) -> None:
    _operators(cls, _BINARY)
    for name, function in _COMPARE.items():
        setattr(cls, f"__{name}__", function)
    cls.__neg__ = elementwise.negative
    cls.__pos__ = lambda a: a
    cls.__abs__ = elementwise.abs
    cls.__getitem__ = indexing.get_item
    cls.__round__ = lambda a, n=None: elementwise.round(a, n or 0)
    cls.T = property(lambda a: shapes.transpose(a))

    def reshape(self: Any, *newshape: Any) -> Any:
        """Return the same elements in a new shape."""
        flat = newshape[0] if len(newshape) == 1 and not isinstance(newshape[0], int) else newshape
        return shapes.reshape(self, flat)

    cls.reshape = reshape
    cls.squeeze = lambda self, axis=None: shapes.squeeze(self, axis)
    for name in _REDUCTIONS:
        setattr(cls, name, _reduction(getattr(reductions, name)))
    cls.__eq__ = lambda a, b: False if b is None else comparison.equal(a, b)
    cls.__ne__ = lambda a, b: True if b is None else comparison.not_equal(a, b)


_install(Tensor)
_install(KerasTensor)
_operators(Tensor, _BITWISE)
_operators(Variable, _LOGICAL)
_operators(KerasTensor, _LOGICAL)
Tensor.__invert__ = bitwise.bitwise_not
KerasTensor.__invert__ = comparison.logical_not


def _astype(self: Tensor, dtype: Any, copy: bool = True) -> Tensor:
    """Return the tensor in another dtype."""
    return cast(self, dtype)


Tensor.astype = _astype
Tensor.copy = lambda self: self
Tensor.flatten = lambda self: shapes.reshape(self, (-1,))
Tensor.ravel = Tensor.flatten
Tensor.transpose = lambda self, *axes: shapes.transpose(
    self, (axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes) or None
)

# NumPy's own functions on tensors: followed by the tape where it follows an argument, plain NumPy
# otherwise. The derivative lines of elementary primitives rely on it for gradients of gradients.

_FUNCTIONS: dict[Any, Any] = {}


def _map_numpy() -> None:
    for name in dir(numpy):
        source = getattr(np, name, None)
        if callable(source) and hasattr(getattr(numpy, name), "on_data"):
            _FUNCTIONS[source] = getattr(numpy, name)
    _FUNCTIONS[np.absolute] = elementwise.abs
    _FUNCTIONS[np.true_divide] = elementwise.divide
    _FUNCTIONS[np.reshape] = lambda a, shape: shapes.reshape(a, shape)
    _FUNCTIONS[np.zeros_like] = creation.zeros_like
    _FUNCTIONS[np.ones_like] = creation.ones_like


def op_of(function: Any) -> Any:
    """Return the op that does what a function of NumPy does, None if there is none."""
    if not _FUNCTIONS:
        _map_numpy()
    return _OPERATORS.get(function) or _FUNCTIONS.get(function)


def _followed(args: Any) -> bool:
    """Whether NumPy's result would not do: a tape wants to know, or there are no values to compute with."""
    tapes = bool(thread.state.tapes)
    return any(
        isinstance(a, Tensor) and ((tapes and a.node is not None) or not has_values(a.array))
        for a in tree.flatten(args)
    )


def _plain(args: Any) -> Any:
    return tree.map_structure(lambda a: a.numpy() if isinstance(a, Tensor) else a, args)


_OPERATORS = {
    np.add: elementwise.add,
    np.subtract: elementwise.subtract,
    np.multiply: elementwise.multiply,
    np.true_divide: elementwise.divide,
    np.floor_divide: elementwise.floor_divide,
    np.remainder: elementwise.mod,
    np.power: _power,
    np.matmul: products.matmul,
    np.equal: comparison.equal,
    np.not_equal: comparison.not_equal,
    np.less: comparison.less,
    np.less_equal: comparison.less_equal,
    np.greater: comparison.greater,
    np.greater_equal: comparison.greater_equal,
}
"""What `array + tensor` becomes: Python asks the array first, and NumPy asks the tensor."""


def _array_ufunc(self: Tensor, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
    if method == "__call__" and not kwargs:
        if ufunc in _OPERATORS:
            return _OPERATORS[ufunc](*inputs)
        if _followed(inputs):
            return _derivable(ufunc)(*inputs)
    if any(isinstance(o, Tensor) for o in kwargs.get("out", ())):
        raise TypeError("Tensors are immutable and cannot be written to by NumPy (`out=`).")
    return getattr(ufunc, method)(*_plain(inputs), **kwargs)


def _derivable(function: Any) -> Any:
    op = op_of(function)
    if op is None:
        raise TypeError(
            f"numpy.{function.__name__} has no gradient here. Use a function of minikeras.ops, or "
            "ops.stop_gradient(x) to leave the tape."
        )
    return op


def _array_function(self: Tensor, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
    if _followed((list(args), kwargs)):
        return _derivable(func)(*args, **kwargs)
    args, kwargs = _plain((list(args), kwargs))
    return func(*args, **kwargs)


Tensor.__array_ufunc__ = _array_ufunc
Tensor.__array_function__ = _array_function


def _symbolic_ufunc(self: KerasTensor, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
    if method == "__call__" and ufunc in _OPERATORS and not kwargs:
        return _OPERATORS[ufunc](*inputs)
    return _symbolic_function(self, ufunc)


def _symbolic_function(self: KerasTensor, func: Any, *_: Any) -> Any:
    raise SymbolicTensorError(
        f"numpy.{func.__name__} needs values, and a KerasTensor has none. Use functions of "
        f"minikeras.ops, or wrap the computation in a layer. Received: {self!r}"
    )


KerasTensor.__array_ufunc__ = _symbolic_ufunc
KerasTensor.__array_function__ = _symbolic_function
