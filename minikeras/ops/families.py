"""Families of ops: one decorator makes a public function of a NumPy function and its derivative.

The decorated function gives name, signature and documentation; its body is only a docstring.
In a derivative `g` is the gradient of the result, `y` the result, `x`, `x1`, `x2` the inputs.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from minikeras.autodiff.expression import SYMBOLIC
from minikeras.autodiff.keras_tensor import AssumedSize, KerasTensor, is_known
from minikeras.autodiff.primitive import (
    CAST,
    Broadcasting,
    Elementary,
    WithoutGradient,
    as_tensor,
    without_gradient,
)
from minikeras.autodiff.state import thread
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.arguments import F
from minikeras.common.call_errors import raise_explained
from minikeras.common.dtypes import floatx_dtype, np_dtype, result_type
from minikeras.common.settings import settings
from minikeras.ops.symbolic import call_on_symbols, register

CONVERT = without_gradient(
    "convert",
    lambda x, dtype: x.astype(dtype),
    rule=lambda x, dtype: KerasTensor(x.shape, dtype),
)


def unary(
    forward: Callable,
    vjp: Callable | None,
    *,
    floating: bool = True,
    numeric: bool = False,
    result: str | Callable | None = None,
    name: str | None = None,
) -> Callable[[F], F]:
    """Decorate a one-input elementwise op.

    Args:
        forward: NumPy function of one array.
        vjp: derivative line, None if the op has no gradient (or a gradient of zero).
        floating: whether integers are first cast to `floatx`.
        numeric: whether booleans are first cast to int32, if integers stay what they are.
        result: dtype of the result where it differs from the input's, such as `"bool"`, or a
            function of the input's.
        name: name of the primitive; the function's if None.
    """

    def decorate(function: F) -> F:
        def rule(x: KerasTensor) -> KerasTensor:
            return KerasTensor(x.shape, result(x.dtype) if callable(result) else result or x.dtype)

        op_name = name or function.__name__
        if vjp is None:
            primitive = WithoutGradient(op_name, forward, rule)
        else:
            primitive = Elementary(op_name, forward, [vjp], ["x"], rule)

        @functools.wraps(function)
        def public(x: Any) -> Any:
            try:
                if type(x) is not Tensor:
                    if isinstance(x, SYMBOLIC):
                        return call_on_symbols(public, (x,), {})
                    x = as_tensor(x)
                if floating:
                    if x.array.dtype.kind not in "fcV":
                        x = CONVERT(x, dtype=floatx_dtype())
                elif numeric and x.array.dtype.kind == "b":
                    x = CONVERT(x, dtype=_INT32)
                return primitive(x)
            except Exception as error:
                raise_explained(error, function, (x,), {})

        def on_symbols(x: Any) -> Any:
            return primitive(as_floating(x) if floating else as_numeric(x) if numeric else x)

        return _register(function, public, on_symbols, primitive)

    return decorate


def binary(
    forward: Callable,
    vjp1: Callable | None = None,
    vjp2: Callable | None = None,
    *,
    floating: bool = False,
    numeric: bool = False,
    weak: bool = True,
    result: str | Callable | None = None,
) -> Callable[[F], F]:
    """Decorate a two-input elementwise op; inputs broadcast and promote by Keras's rules.

    Args:
        forward: NumPy function of two arrays.
        vjp1, vjp2: derivative lines, None if the op has no gradient.
        floating: whether integers are cast to `floatx`.
        numeric: whether two booleans are cast to int32.
        weak: whether a Python number takes the other input's dtype; Keras makes a tensor of it first
            where not.
        result: dtype of the result where it differs from the promoted one, such as `"bool"`, or a
            function of that.
    """

    def decorate(function: F) -> F:
        def rule(x1: Any, x2: Any) -> KerasTensor:
            shape = broadcast_shapes(np_shape(x1), np_shape(x2), function.__name__)
            dtype = result_type(operand_kind(x1), operand_kind(x2))
            return KerasTensor(shape, result(dtype) if callable(result) else result or dtype)

        if vjp1 is None:
            primitive = WithoutGradient(function.__name__, forward, rule)
        else:
            pair = ["x1", "x2"]
            primitive = Broadcasting(function.__name__, forward, [vjp1, vjp2], pair, rule)
        kinds = "fcV" if floating else "fcViu" if numeric else "fcViub"
        scalars = _WEAK if weak else ()

        @functools.wraps(function)
        def public(x1: Any, x2: Any) -> Any:
            try:
                # The commonest cases need no promotion: tensors or arrays of one dtype, and a float tensor
                # beside a Python number (which NumPy gives the tensor's dtype too).
                if type(x1) is Tensor:
                    dtype = x1.array.dtype
                    if type(x2) is Tensor:
                        ready = dtype is x2.array.dtype and dtype.kind in kinds
                    elif type(x2) is np.ndarray:
                        ready = dtype is x2.dtype and dtype.kind == "f" and not thread.state.tapes
                    else:
                        ready = type(x2) in scalars and dtype.kind in "fc"
                elif type(x1) is np.ndarray:
                    ready = type(x2) is np.ndarray and x1.dtype is x2.dtype and x1.dtype.kind == "f"
                else:
                    ready = (
                        type(x1) in scalars and type(x2) is Tensor and x2.array.dtype.kind in "fc"
                    )
                if not ready:
                    if isinstance(x1, SYMBOLIC) or isinstance(x2, SYMBOLIC):
                        return call_on_symbols(public, (x1, x2), {})
                    return primitive(*promoted(x1, x2))
                return primitive(x1, x2)
            except Exception as error:
                if type(error) is ValueError:
                    a, b = np_shape(plain(x1)), np_shape(plain(x2))
                    if not _broadcastable(a, b):
                        error = ValueError(f"shapes {a} and {b} cannot be broadcast together.")
                raise_explained(error, function, (x1, x2), {})

        def promoted(x1: Any, x2: Any) -> tuple:
            if weak:
                x1, x2 = promote_pair(x1, x2, floating)
            else:
                tensors = promote_pair(as_tensor(x1), as_tensor(x2), floating)
                x1, x2 = [_all_digits(x, t) for x, t in zip((x1, x2), tensors)]
            return (as_numeric(x1), as_numeric(x2)) if numeric else (x1, x2)

        def on_symbols(x1: Any, x2: Any) -> Any:
            return primitive(*promoted(x1, x2))

        return _register(function, public, on_symbols, primitive)

    return decorate


def _register(function: Callable, public: F, on_symbols: Any, primitive: Any) -> F:
    public.on_data = public
    public.rule = on_symbols
    public.primitive = primitive
    return register(function.__name__, public)


def plain(x: Any) -> Any:
    """Return a tensor's array; anything else as it is."""
    return x.array if isinstance(x, Tensor) else x


def operand_kind(x: Any) -> Any:
    """What `result_type` needs to know of an operand."""
    if type(x) in (int, float):
        return type(x)
    if isinstance(x, AssumedSize):
        return int
    if type(x) is bool:
        return "bool"
    if type(x) is complex:
        return "complex64"
    return x.dtype if hasattr(x, "dtype") else to_array(x).dtype


_WEAK = frozenset({int, float})
_INT32 = np.dtype(np.int32)
_PYTHON_SCALARS = frozenset({int, float, bool, complex})


def _operand(x: Any) -> tuple[Any, Any]:
    """Return what `x` counts as when dtypes are promoted, and `x` as a primitive takes it."""
    t = type(x)
    if t is Tensor:
        return x.array.dtype, x
    if t is np.ndarray:
        if thread.state.tapes or x.dtype.kind not in "fiub":
            x = as_tensor(x)
        return x.dtype, x
    if t in _PYTHON_SCALARS:
        return t, x
    if t is AssumedSize:
        return int, int(x)
    x = as_tensor(x)  # a KerasTensor stays one
    return x.array.dtype, x


@functools.lru_cache(maxsize=1024)
def _common(kinds: tuple, floating: bool, floatx: str) -> np.dtype:
    names = {bool: "bool", complex: "complex64"}
    dtype = np_dtype(result_type(*[names.get(k, k) if isinstance(k, type) else k for k in kinds]))
    return np_dtype(floatx) if floating and dtype.kind not in "fcV" else dtype


def promote_pair(x1: Any, x2: Any, floating: bool = False) -> tuple[Any, Any]:
    """Bring two operands to their common dtype.

    Returns:
        What a primitive takes: tensors or arrays of one dtype. A Python number beside a float
        tensor stays a number, since NumPy gives it the tensor's dtype too.
    """
    kind1, x1 = _operand(x1)
    kind2, x2 = _operand(x2)
    if kind1 in _WEAK:
        if type(kind2) is not type and kind2.kind in "fc":
            return x1, x2
    elif kind2 in _WEAK:
        if type(kind1) is not type and kind1.kind in "fc":
            return x1, x2
    elif kind1 is kind2 and type(kind1) is not type and (not floating or kind1.kind in "fcV"):
        return x1, x2
    dtype = _common((kind1, kind2), floating, settings.floatx)
    return _as_dtype(x1, dtype), _as_dtype(x2, dtype)


def _as_dtype(x: Any, dtype: np.dtype) -> Tensor:
    if type(x) is not Tensor and not isinstance(x, KerasTensor):
        return Tensor(np.asarray(x).astype(dtype, copy=False))
    return x if x.array.dtype == dtype else CAST(x, dtype=dtype)


def _all_digits(x: Any, t: Any) -> Any:
    """Return a tensor that was made of `x` and then promoted; of a number, without rounding twice."""
    return Tensor(np.asarray(x, t.array.dtype)) if type(x) is float else t


def promote(*xs: Any, floating: bool = False) -> list[Tensor]:
    """Bring operands to tensors of their common dtype."""
    first = xs[0]
    if type(first) is Tensor and not floating:
        dtype = first.array.dtype
        for x in xs:
            if type(x) is not Tensor or x.array.dtype is not dtype:
                break
        else:
            return list(xs)
    kinds, operands = zip(*[_operand(x) for x in xs])
    dtype = _common(kinds, floating, settings.floatx)
    return [_as_dtype(x, dtype) for x in operands]


def promote_factors(*xs: Any) -> list[Tensor]:
    """`promote` for sums of products, which Keras computes in int32 if all factors are int8."""
    if all(getattr(x, "dtype", None) == "int8" for x in xs):
        xs = [CONVERT(x, dtype=_INT32) for x in xs]
    return promote(*xs)


def as_floating(x: Any) -> Tensor:
    """Return `x` as a tensor of floats; integers become `floatx`."""
    if type(x) is not Tensor:
        x = as_tensor(x)
    return x if x.array.dtype.kind in "fcV" else CONVERT(x, dtype=floatx_dtype())


def as_numeric(x: Any) -> Any:
    """Return `x`, booleans as int32."""
    return CONVERT(x, dtype=_INT32) if getattr(x, "dtype", None) == "bool" else x


def np_shape(x: Any) -> tuple:
    """Return the shape of a KerasTensor, tensor, array or scalar."""
    return tuple(x.shape) if hasattr(x, "shape") else np.shape(x)


def _broadcastable(a: tuple, b: tuple) -> bool:
    return all(m == n or 1 in (m, n) for m, n in zip(reversed(a), reversed(b)))


def same_shape(a: tuple, b: tuple) -> bool:
    """Whether two shapes are the same as far as is known."""
    return len(a) == len(b) and all(fits(m, n) for m, n in zip(a, b))


def fits(m: int | None, n: int | None) -> bool:
    """Whether two sizes are the same as far as is known."""
    return m == n or not (is_known(m) and is_known(n))


def broadcast_shapes(a: tuple, b: tuple, name: str) -> tuple:
    """Broadcast two shapes in which None stands for an unknown size.

    Raises:
        ValueError: if they cannot be broadcast, naming the op.
    """
    n = max(len(a), len(b))
    wide_a, wide_b = (1,) * (n - len(a)) + tuple(a), (1,) * (n - len(b)) + tuple(b)
    out = []
    for p, q in zip(wide_a, wide_b):
        if p == q:
            out.append(p if is_known(q) else q)
        elif q == 1:
            out.append(p)
        elif p == 1 or not is_known(p):
            out.append(q)
        elif not is_known(q):
            out.append(p)
        else:
            raise ValueError(f"{name}: shapes {a} and {b} cannot be broadcast together.")
    return tuple(out)
