"""Families of ops: one decorator makes a public function of a NumPy function and its derivative.

The decorated function gives name, signature and documentation; its body is only a docstring.
In a derivative `g` is the gradient of the result, `y` the result, `x`, `x1`, `x2` the inputs.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import CAST, Broadcasting, Elementary, as_tensor
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.dtypes import floatx_dtype, np_dtype, result_type
from minikeras.ops.symbolic import OPS, OpCall

ELEMENTWISE: dict[str, Elementary] = {}
"""Elementwise primitives by public name; the fused kernels and the tests look them up here."""


def unary(
    forward: Callable,
    vjp: Callable | None,
    *,
    floating: bool = True,
    result: str | None = None,
    name: str | None = None,
) -> Callable:
    """Decorate a one-input elementwise op.

    Args:
        forward: NumPy function of one array.
        vjp: derivative line, None if the op has no gradient (or a gradient of zero).
        floating: whether integers are first cast to `floatx`.
        result: dtype of the result where it differs from the input's, such as `"bool"`.
        name: name of the primitive; the function's if None.
    """

    def decorate(function: Callable) -> Callable:
        op_name = name or function.__name__
        primitive = Elementary(op_name, forward, [vjp], ["x"]) if vjp else None

        @functools.wraps(function)
        def public(x: Any) -> Any:
            if type(x) is not Tensor:
                if isinstance(x, KerasTensor):
                    return OpCall(function.__name__).symbolic_call(x)
                x = as_tensor(x)
            if floating and x._value.dtype.kind not in "fcV":
                x = Tensor(x._value.astype(floatx_dtype()))
            if primitive is None:
                return Tensor(forward(x._value))
            return primitive(x)

        def rule(x: KerasTensor) -> KerasTensor:
            if result is not None:
                return KerasTensor(x.shape, result)
            keep = not floating or np_dtype(x.dtype).kind in "fcV"
            return KerasTensor(x.shape, x.dtype if keep else floatx_dtype())

        return _register(function, public, rule, primitive)

    return decorate


def binary(
    forward: Callable,
    vjp1: Callable | None = None,
    vjp2: Callable | None = None,
    *,
    floating: bool = False,
    result: str | None = None,
) -> Callable:
    """Decorate a two-input elementwise op; inputs broadcast and promote by Keras's rules.

    Args:
        forward: NumPy function of two arrays.
        vjp1, vjp2: derivative lines, None if the op has no gradient.
        floating: whether integers are cast to `floatx`.
        result: dtype of the result where it differs from the promoted one, such as `"bool"`.
    """

    def decorate(function: Callable) -> Callable:
        primitive = None
        if vjp1 is not None:
            primitive = Broadcasting(function.__name__, forward, [vjp1, vjp2], ["x1", "x2"])

        @functools.wraps(function)
        def public(x1: Any, x2: Any) -> Any:
            if (
                type(x1) is not Tensor
                or type(x2) is not Tensor
                or x1._value.dtype is not x2._value.dtype
                or floating
            ):
                if isinstance(x1, KerasTensor) or isinstance(x2, KerasTensor):
                    return OpCall(function.__name__).symbolic_call(x1, x2)
                x1, x2 = promote(x1, x2, floating=floating)
            try:
                if primitive is None:
                    return Tensor(forward(_value(x1), _value(x2)))
                return primitive(x1, x2)
            except ValueError as error:
                a, b = np.shape(_value(x1)), np.shape(_value(x2))
                if _broadcastable(a, b):
                    raise
                raise ValueError(
                    f"{function.__name__}: shapes {a} and {b} cannot be broadcast together."
                ) from error

        def rule(x1: Any, x2: Any) -> KerasTensor:
            shape = broadcast_shapes(np_shape(x1), np_shape(x2), function.__name__)
            if result is not None:
                return KerasTensor(shape, result)
            dtype = result_type(*[_kind(x) for x in (x1, x2)])
            if floating and np_dtype(dtype).kind not in "fcV":
                dtype = floatx_dtype()
            return KerasTensor(shape, dtype)

        return _register(function, public, rule, primitive)

    return decorate


def _register(function: Callable, public: Callable, rule: Callable, primitive: Any) -> Callable:
    public.on_data = public
    public.rule = rule
    public.primitive = primitive
    OPS[function.__name__] = public
    if primitive is not None:
        ELEMENTWISE[function.__name__] = primitive
    return public


def _value(x: Any) -> Any:
    return x._value if isinstance(x, Tensor) else x


def _kind(x: Any) -> Any:
    """What `result_type` needs to know of an operand."""
    if type(x) in (int, float):
        return type(x)
    if type(x) is bool:
        return "bool"
    if type(x) is complex:
        return "complex64"
    return x.dtype if hasattr(x, "dtype") else to_array(x).dtype


def promote(*xs: Any, floating: bool = False) -> list[Any]:
    """Bring operands to their common dtype.

    Returns:
        Tensors of one dtype; a Python scalar beside a tensor that it does not change stays one.
    """
    if len(xs) == 2:  # tensor and scalar, the commonest case
        for a, b in ((0, 1), (1, 0)):
            scalar, x = xs[a], xs[b]
            if type(scalar) in (int, float) and isinstance(x, Tensor):
                kind = x._value.dtype.kind
                if kind in "fc" or (kind in "iu" and type(scalar) is int and not floating):
                    pair = [None, None]
                    pair[a], pair[b] = scalar, as_tensor(x)
                    if kind in "iu":
                        pair[a] = Tensor(np.asarray(scalar).astype(x._value.dtype))
                    return pair
    kinds = [_kind(x) for x in xs]
    tensors = [as_tensor(x) for x in xs]
    kinds = [t.dtype if isinstance(x, Tensor) else k for t, x, k in zip(tensors, xs, kinds)]
    dtype = np_dtype(result_type(*kinds))
    if floating and dtype.kind not in "fcV":
        dtype = floatx_dtype()
    return [t if t._value.dtype == dtype else CAST(t, dtype=dtype) for t in tensors]


def np_shape(x: Any) -> tuple:
    """Return the shape of a KerasTensor, tensor, array or scalar."""
    return tuple(x.shape) if hasattr(x, "shape") else np.shape(x)


def _broadcastable(a: tuple, b: tuple) -> bool:
    return all(m == n or 1 in (m, n) for m, n in zip(reversed(a), reversed(b)))


def broadcast_shapes(a: tuple, b: tuple, name: str) -> tuple:
    """Broadcast two shapes in which None stands for an unknown size.

    Raises:
        ValueError: if they cannot be broadcast, naming the op.
    """
    n = max(len(a), len(b))
    wide_a, wide_b = (1,) * (n - len(a)) + tuple(a), (1,) * (n - len(b)) + tuple(b)
    out = []
    for p, q in zip(wide_a, wide_b):
        if p == q or q == 1:
            out.append(p)
        elif p == 1 or p is None:
            out.append(q)
        elif q is None:
            out.append(p)
        else:
            raise ValueError(f"{name}: shapes {a} and {b} cannot be broadcast together.")
    return tuple(out)
