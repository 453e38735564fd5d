"""What works element by element: mathematics, comparisons, choices, activations."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minikeras.export.graph import CannotExport, Graph, Value
from minikeras.export.rules import RULES, rule

_BOOL = np.dtype(bool)


def _unary(op: str, **attributes: Any) -> Any:
    return lambda g, x: g.pointwise(op, x, **attributes)


def _binary(op: str, **attributes: Any) -> Any:
    return lambda g, x1, x2: g.pointwise(op, x1, x2, **attributes)


RULES.update(
    {
        "exp": _unary("Exp"),
        "log": _unary("Log"),
        "sqrt": _unary("Sqrt"),
        "reciprocal": _unary("Reciprocal"),
        "negative": _unary("Neg"),
        "abs": _unary("Abs"),
        "absolute": _unary("Abs"),
        "fabs": _unary("Abs"),
        "sign": _unary("Sign"),
        "floor": _unary("Floor"),
        "ceil": _unary("Ceil"),
        "sin": _unary("Sin"),
        "cos": _unary("Cos"),
        "tan": _unary("Tan"),
        "arcsin": _unary("Asin"),
        "arccos": _unary("Acos"),
        "arctan": _unary("Atan"),
        "sinh": _unary("Sinh"),
        "cosh": _unary("Cosh"),
        "tanh": _unary("Tanh"),
        "arcsinh": _unary("Asinh"),
        "arccosh": _unary("Acosh"),
        "arctanh": _unary("Atanh"),
        "erf": _unary("Erf"),
        "relu": _unary("Relu"),
        "sigmoid": _unary("Sigmoid"),
        "softplus": _unary("Softplus"),
        "softsign": _unary("Softsign"),
        "selu": _unary(
            "Selu", alpha=1.6732632423543772848170429916717, gamma=1.0507009873554804934193349852946
        ),
        "isnan": _unary("IsNaN", dtype=_BOOL),
        "isinf": _unary("IsInf", dtype=_BOOL),
        "isposinf": _unary("IsInf", dtype=_BOOL, detect_negative=0),
        "isneginf": _unary("IsInf", dtype=_BOOL, detect_positive=0),
        "add": _binary("Add"),
        "subtract": _binary("Sub"),
        "multiply": _binary("Mul"),
        "divide": _binary("Div"),
        "true_divide": _binary("Div"),
        "power": _binary("Pow"),
        "maximum": _binary("Max"),
        "minimum": _binary("Min"),
        "equal": _binary("Equal", dtype=_BOOL),
        "greater": _binary("Greater", dtype=_BOOL),
        "greater_equal": _binary("GreaterOrEqual", dtype=_BOOL),
        "less": _binary("Less", dtype=_BOOL),
        "less_equal": _binary("LessOrEqual", dtype=_BOOL),
        "fmod": _binary("Mod", fmod=1),
    }
)


def _logical(op: str) -> Any:
    """The rule of an operator on booleans; numbers are true unless they are zero."""
    return lambda g, *xs: g.pointwise(op, *[g.cast(x, bool) for x in xs])


for _op in ("Not", "And", "Or", "Xor"):
    RULES[f"logical_{_op.lower()}"] = _logical(_op)


def same(g: Graph, x: Any, **_: Any) -> Any:
    """The rule of what changes nothing."""
    return x


RULES["identity"] = RULES["stop_gradient"] = same


@rule("cast", "convert")
def _cast(g: Graph, x: Any, dtype: Any) -> Any:
    if np.dtype(dtype).kind == "c":
        raise CannotExport("ONNX Runtime has no complex numbers")
    return g.cast(x, dtype)


def where(g: Graph, condition: Any, x1: Any, x2: Any) -> Value:
    """Note a choice between two values, or numbers, by a condition."""
    dtype = next(x.dtype for x in (x1, x2) if hasattr(x, "dtype"))
    working = np.dtype(np.int32) if dtype.kind == "b" else g.working_dtype("Where", dtype)
    pair = [g.cast(x, working) if hasattr(x, "dtype") else np.asarray(x, working) for x in (x1, x2)]
    return g.cast(g.pointwise("Where", condition, *pair, dtype=working), dtype)


@rule("where")
def _where(g: Graph, condition: Any, x1: Any, x2: Any) -> Any:
    if not hasattr(condition, "dtype"):
        condition = np.asarray(condition)
    if not hasattr(x1, "dtype") and not hasattr(x2, "dtype"):
        x1 = np.asarray(x1, np.float32 if float in (type(x1), type(x2)) else np.int32)
    return where(g, condition, x1, x2)


# Exponentials, powers, roots.


@rule("exp2")
def _exp2(g: Graph, x: Any) -> Value:
    return g.pointwise("Pow", np.asarray(2, x.dtype), x)


@rule("expm1")
def _expm1(g: Graph, x: Any) -> Value:
    # tanh(x / 2) * (exp(x) + 1) is exact near zero, where exp(x) - 1 is not.
    half = g.pointwise("Tanh", g.pointwise("Mul", x, 0.5))
    return g.pointwise("Mul", half, g.pointwise("Add", g.pointwise("Exp", x), 1))


@rule("log1p")
def _log1p(g: Graph, x: Any) -> Value:
    return g.pointwise("Log", g.pointwise("Add", x, 1))


def _logarithm(base: float) -> Any:
    return lambda g, x: g.pointwise("Mul", g.pointwise("Log", x), 1 / math.log(base))


RULES["log2"], RULES["log10"] = _logarithm(2), _logarithm(10)


@rule("logaddexp")
def _logaddexp(g: Graph, x1: Any, x2: Any, scale: float = 1.0) -> Value:
    distance = g.pointwise("Abs", g.pointwise("Sub", x1, x2))
    more = _log1p(g, g.pointwise("Exp", g.pointwise("Mul", distance, -scale)))
    more = more if scale == 1 else g.pointwise("Mul", more, 1 / scale)
    return g.pointwise("Add", g.pointwise("Max", x1, x2), more)


@rule("logaddexp2")
def _logaddexp2(g: Graph, x1: Any, x2: Any) -> Value:
    return _logaddexp(g, x1, x2, scale=math.log(2))


@rule("square")
def square(g: Graph, x: Any) -> Value:
    """Note a product with itself."""
    return g.pointwise("Mul", x, x)


@rule("cbrt")
def _cbrt(g: Graph, x: Any) -> Value:
    root = g.pointwise("Pow", g.pointwise("Abs", x), 1 / 3)
    return g.pointwise("Mul", g.pointwise("Sign", x), root)


@rule("rsqrt")
def rsqrt(g: Graph, x: Any) -> Value:
    """Note the reciprocal of the square root."""
    return g.pointwise("Reciprocal", g.pointwise("Sqrt", x))


@rule("hypot")
def _hypot(g: Graph, x1: Any, x2: Any) -> Value:
    return g.pointwise("Sqrt", g.pointwise("Add", square(g, _own(x1, x2)), square(g, _own(x2, x1))))


def _own(x: Any, other: Any) -> Any:
    """Return an operand as a value: a number as an array of the other's dtype."""
    return x if hasattr(x, "dtype") else np.asarray(x, other.dtype)


# Angles.


@rule("deg2rad")
def _deg2rad(g: Graph, x: Any) -> Value:
    return g.pointwise("Mul", x, math.pi / 180)


@rule("rad2deg")
def _rad2deg(g: Graph, x: Any) -> Value:
    return g.pointwise("Mul", x, 180 / math.pi)


@rule("sinc")
def _sinc(g: Graph, x: Any) -> Value:
    angle = g.pointwise("Mul", x, math.pi)
    zero = g.pointwise("Equal", angle, 0, dtype=_BOOL)
    safe = where(g, zero, 1, angle)
    return where(g, zero, 1, g.pointwise("Div", g.pointwise("Sin", safe), safe))


@rule("arctan2")
def _arctan2(g: Graph, x1: Any, x2: Any) -> Value:
    y, x = _own(x1, x2), _own(x2, x1)
    zero = g.pointwise("Equal", x, 0, dtype=_BOOL)
    angle = g.pointwise("Atan", g.pointwise("Div", y, where(g, zero, 1, x)))
    up = g.pointwise("Less", y, 0, dtype=_BOOL)
    half_turn = where(g, up, np.asarray(-math.pi, x.dtype), math.pi)
    angle = where(
        g,
        g.pointwise("Less", x, 0, dtype=_BOOL),
        g.pointwise("Add", angle, half_turn),
        angle,
    )
    upright = g.pointwise("Mul", g.pointwise("Sign", y), math.pi / 2)
    return where(g, zero, upright, angle)


# Quotients with a remainder, and rounding.


@rule("mod")
def mod(g: Graph, x1: Any, x2: Any) -> Value:
    """Note a remainder of the sign of the divisor."""
    dtype = _own(x1, x2).dtype
    if dtype.kind != "f":
        return g.pointwise("Mod", x1, x2)
    rest = g.pointwise("Mod", x1, x2, fmod=1)
    other = g.pointwise("Less", g.pointwise("Mul", rest, x2), 0, dtype=_BOOL)
    return where(g, other, g.pointwise("Add", rest, x2), rest)


@rule("floor_divide")
def floor_divide(g: Graph, x1: Any, x2: Any) -> Value:
    """Note a quotient, rounded down."""
    if _own(x1, x2).dtype.kind == "f":
        # As NumPy has it: what is left is taken off first, so that rounding is exact.
        rest = mod(g, x1, x2)
        return g.pointwise("Round", g.pointwise("Div", g.pointwise("Sub", x1, rest), x2))
    return g.pointwise("Div", g.pointwise("Sub", x1, mod(g, x1, x2)), x2)


@rule("trunc")
def _trunc(g: Graph, x: Any) -> Any:
    if x.dtype.kind != "f":
        return x
    return g.pointwise("Mul", g.pointwise("Sign", x), g.pointwise("Floor", g.pointwise("Abs", x)))


@rule("round")
def _round(g: Graph, x: Any, decimals: int) -> Any:
    if x.dtype.kind != "f":
        if decimals >= 0:
            return x
        raise CannotExport("integers are not rounded to tens there")
    if decimals == 0:
        return g.pointwise("Round", x)
    factor = 10.0**decimals
    return g.pointwise("Div", g.pointwise("Round", g.pointwise("Mul", x, factor)), factor)


@rule("clip")
def _clip(g: Graph, x: Any, low: float, high: float) -> Value:
    if low == -math.inf and high == math.inf:
        return g.pointwise("Identity", x)
    ends = [None if math.isinf(v) else np.asarray(v, x.dtype) for v in (low, high)]
    if None in [e if e is None else 0 for e in ends]:
        op, end = ("Max", low) if ends[1] is None else ("Min", high)
        return g.pointwise(op, x, end)
    return g.pointwise("Clip", x, *ends)


# Extremes, NaN.


def _of_numbers(op: str) -> Any:
    """The rule of an extreme that leaves NaN out."""

    def note(g: Graph, x1: Any, x2: Any) -> Value:
        x1, x2 = _own(x1, x2), _own(x2, x1)
        if x1.dtype.kind != "f":
            return g.pointwise(op, x1, x2)
        first = where(g, g.pointwise("IsNaN", x1, dtype=_BOOL), x2, x1)
        second = where(g, g.pointwise("IsNaN", x2, dtype=_BOOL), x1, x2)
        return g.pointwise(op, first, second)

    return note


RULES["fmax"], RULES["fmin"] = _of_numbers("Max"), _of_numbers("Min")


@rule("heaviside")
def _heaviside(g: Graph, x1: Any, x2: Any) -> Value:
    x1, x2 = _own(x1, x2), _own(x2, x1)
    step = g.cast(g.pointwise("Greater", x1, 0, dtype=_BOOL), x1.dtype)
    return where(g, g.pointwise("Equal", x1, 0, dtype=_BOOL), x2, step)


@rule("isfinite")
def _isfinite(g: Graph, x: Any) -> Value:
    if x.dtype.kind != "f":
        return g.pointwise("Equal", x, x, dtype=_BOOL)
    # The difference of a number and itself is zero, that of others is NaN.
    return g.pointwise("Equal", g.pointwise("Sub", x, x), 0, dtype=_BOOL)


@rule("isreal")
def _isreal(g: Graph, x: Any) -> Value:
    return g.pointwise(
        "Or",
        g.pointwise("Equal", x, x, dtype=_BOOL),
        g.pointwise("Not", g.pointwise("Equal", x, x, dtype=_BOOL)),
    )


@rule("nan_to_num")
def _nan_to_num(g: Graph, x: Any, nan: Any, posinf: Any, neginf: Any) -> Value:
    info = np.finfo(x.dtype)
    y = where(g, g.pointwise("IsNaN", x, dtype=_BOOL), nan, x)
    highest = float(info.max) if posinf is None else posinf
    lowest = float(info.min) if neginf is None else neginf
    y = where(g, g.pointwise("IsInf", x, dtype=_BOOL, detect_negative=0), highest, y)
    return where(g, g.pointwise("IsInf", x, dtype=_BOOL, detect_positive=0), lowest, y)


@rule("signbit")
def _signbit(g: Graph, x: Any) -> Value:
    if x.dtype.kind != "f":
        return g.pointwise("Less", x, 0, dtype=_BOOL)
    # 1 / -0 is negative too.
    least = g.pointwise("Less", g.pointwise("Reciprocal", x), 0, dtype=_BOOL)
    return g.pointwise("Or", g.pointwise("Less", x, 0, dtype=_BOOL), least)


@rule("isclose")
def _isclose(g: Graph, x1: Any, x2: Any, rtol: Any, atol: Any, equal_nan: bool) -> Value:
    x1, x2 = _own(x1, x2), _own(x2, x1)
    if x1.dtype.kind != "f":
        x1, x2 = g.cast(x1, np.float64), g.cast(x2, np.float64)
    rtol, atol = [g.cast(v, x1.dtype) if hasattr(v, "dtype") else v for v in (rtol, atol)]
    distance = g.pointwise("Abs", g.pointwise("Sub", x1, x2))
    reach = g.pointwise("Add", g.pointwise("Mul", g.pointwise("Abs", x2), rtol), atol)
    near = g.pointwise("LessOrEqual", distance, reach, dtype=_BOOL)
    near = g.pointwise("And", near, RULES["isfinite"](g, x2))
    close = g.pointwise("Or", near, g.pointwise("Equal", x1, x2, dtype=_BOOL))
    if not equal_nan:
        return close
    both = [g.pointwise("IsNaN", x, dtype=_BOOL) for x in (x1, x2)]
    return g.pointwise("Or", close, g.pointwise("And", *both))


@rule("not_equal")
def _not_equal(g: Graph, x1: Any, x2: Any) -> Value:
    return g.pointwise("Not", g.pointwise("Equal", x1, x2, dtype=_BOOL))


# Bits.


def _bitwise(op: str, logical: str) -> Any:
    return lambda g, *xs: g.pointwise(logical if xs[0].dtype == bool else op, *xs)


RULES["bitwise_and"] = _bitwise("BitwiseAnd", "And")
RULES["bitwise_or"] = _bitwise("BitwiseOr", "Or")
RULES["bitwise_xor"] = _bitwise("BitwiseXor", "Xor")
RULES["bitwise_not"] = RULES["bitwise_invert"] = _bitwise("BitwiseNot", "Not")


def _power_of_two(g: Graph, x: Any, dtype: Any) -> Value:
    # Powers of floats: ONNX Runtime's powers of integers go through them as well.
    wide = np.float64 if np.dtype(dtype).kind in "iu" else dtype
    return g.cast(g.pointwise("Pow", np.asarray(2, wide), g.cast(x, wide)), dtype)


RULES["power_of_two"] = _power_of_two


@rule("left_shift", "bitwise_left_shift")
def _left_shift(g: Graph, x1: Any, x2: Any) -> Value:
    x1, x2 = _own(x1, x2), _own(x2, x1)
    return g.pointwise("Mul", x1, _power_of_two(g, x2, x1.dtype))


@rule("right_shift", "bitwise_right_shift")
def _right_shift(g: Graph, x1: Any, x2: Any) -> Value:
    x1, x2 = _own(x1, x2), _own(x2, x1)
    return floor_divide(g, x1, _power_of_two(g, x2, x1.dtype))


# Activations.


def activated(g: Graph, y: Value, activation: Any) -> Any:
    """Note an activation that a kernel applies to its result (`kernels.activations.Fused`), or None."""
    if activation is None:
        return y
    if activation.name == "softmax":
        return RULES["softmax"](g, y, axis=-1)
    return RULES[activation.name](g, y)


@rule("elu")
def _elu(g: Graph, x: Any, alpha: float) -> Value:
    return g.pointwise("Elu", x, alpha=float(alpha))


@rule("leaky_relu")
def _leaky_relu(g: Graph, x: Any, slope: Any) -> Any:
    if np.ndim(slope):
        return NotImplemented
    return g.pointwise("LeakyRelu", x, alpha=float(slope))


@rule("silu")
def _silu(g: Graph, x: Any) -> Value:
    return g.pointwise("Mul", x, g.pointwise("Sigmoid", x))


@rule("hard_sigmoid")
def _hard_sigmoid(g: Graph, x: Any) -> Value:
    return g.pointwise("HardSigmoid", x, alpha=1 / 6, beta=0.5)


@rule("hard_silu")
def _hard_silu(g: Graph, x: Any) -> Value:
    return g.pointwise("Mul", x, _hard_sigmoid(g, x))


@rule("log_sigmoid")
def _log_sigmoid(g: Graph, x: Any) -> Value:
    return g.pointwise("Neg", g.pointwise("Softplus", g.pointwise("Neg", x)))


@rule("erfc")
def _erfc(g: Graph, x: Any) -> Value:
    return g.pointwise("Sub", np.asarray(1, x.dtype), g.pointwise("Erf", x))


@rule("gelu")
def _gelu(g: Graph, x: Any) -> Value:
    share = g.pointwise("Erf", g.pointwise("Mul", x, math.sqrt(0.5)))
    return g.pointwise("Mul", g.pointwise("Mul", x, g.pointwise("Add", share, 1)), 0.5)


@rule("gelu_tanh")
def _gelu_tanh(g: Graph, x: Any) -> Value:
    bent = g.pointwise("Add", g.pointwise("Mul", square(g, x), 0.044715), 1)
    bent = g.pointwise("Mul", g.pointwise("Mul", bent, x), math.sqrt(2 / math.pi))
    share = g.pointwise("Add", g.pointwise("Tanh", bent), 1)
    return g.pointwise("Mul", g.pointwise("Mul", x, share), 0.5)


@rule("softmax")
def _softmax(g: Graph, x: Any, axis: int) -> Any:
    return g.node("Softmax", x, axis=axis)


@rule("log_softmax")
def _log_softmax(g: Graph, x: Any, axis: int) -> Any:
    return g.node("LogSoftmax", x, axis=axis)


@rule("dropout")
def _dropout(g: Graph, x: Any, factors: Any) -> Value:
    return g.pointwise("Mul", x, factors)
