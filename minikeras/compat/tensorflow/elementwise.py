"""`tf.math`, and what of it stands in `tf` itself: functions of each element, and reductions."""

from __future__ import annotations

import functools
import operator
from typing import Any

import numpy as np

from minikeras import ops
from minikeras.autodiff import Tensor
from minikeras.autodiff.tensor import to_array
from minikeras.common.dtypes import standardize_dtype
from minikeras.compat.tensorflow.table import add, axes, is_symbolic, named, number
from minikeras.ops.core import is_tensor


def dtype_name(x: Any) -> str:
    """Return the name of the dtype that `x` has as a tensor."""
    return standardize_dtype(x.dtype if hasattr(x, "dtype") else to_array(x).dtype)


def like(y: Any, x: Any) -> Any:
    """Return `y` in the dtype of `x`."""
    name = dtype_name(x)
    return y if dtype_name(y) == name else ops.cast(y, name)


def _unary(paths: str, function: Any) -> None:
    @named(paths)
    def applied(x: Any) -> Any:
        return function(x)

    applied.__name__ = paths.split()[0].rpartition(".")[2]
    applied.__doc__ = function.__doc__


def _binary(paths: str, function: Any, strings: bool = False) -> None:
    @named(paths, strings=strings)
    def applied(x: Any, y: Any) -> Any:
        x, y = _alike(x, y)
        return function(x, y)

    applied.__name__ = paths.split()[0].rpartition(".")[2]
    applied.__doc__ = function.__doc__


def _alike(x: Any, y: Any) -> tuple[Any, Any]:
    """Let numbers and lists take the dtype of the tensor or array beside them."""
    if is_tensor(x) != is_tensor(y):
        given, other = (x, y) if is_tensor(x) else (y, x)
        if not hasattr(other, "dtype") and not _loses(other, given):
            other = ops.convert_to_tensor(other, dtype_name(given))
            return (given, other) if given is x else (other, given)
    return x, y


def _loses(value: Any, beside: Any) -> bool:
    """Whether numbers would not be the same in the dtype of a tensor: floats beside integers."""
    return to_array(value).dtype.kind == "f" and "float" not in dtype_name(beside)


_IN_BOTH = """
abs acos acosh asin asinh atan atanh ceil cos cosh erf exp floor log log1p logical_not negative rsqrt
is_finite is_inf is_nan sigmoid sign sin sinh sqrt square tan tanh
"""
_IN_MATH = """
angle conj erfc erfinv expm1 imag real reciprocal softplus softsign
"""
_OURS = {f"a{f}": f"arc{f}" for f in ("cos", "cosh", "sin", "sinh", "tan", "tanh")}
_OURS |= {f"is_{f}": f"is{f}" for f in ("finite", "inf", "nan")}

for _name in (_IN_BOTH + _IN_MATH).split():
    _alone = _name if _name in _IN_BOTH.split() else ""
    _unary(f"math.{_name} {_alone} compat.v1.{_name}", getattr(ops, _OURS.get(_name, _name)))

_unary("math.log_sigmoid compat.v1.log_sigmoid", ops.log_sigmoid)
_unary("round math.round math.rint", ops.round)
_unary("math.bessel_i0 math.special.bessel_i0", ops.i0)

for _names, _function in {
    "add": ops.add,
    "subtract": ops.subtract,
    "multiply": ops.multiply,
    "maximum": ops.maximum,
    "minimum": ops.minimum,
    "pow": lambda x, y: x**y if is_tensor(x) else ops.power(x, y),
    "less": ops.less,
    "less_equal": ops.less_equal,
    "greater": ops.greater,
    "greater_equal": ops.greater_equal,
    "logical_and": ops.logical_and,
    "logical_or": ops.logical_or,
}.items():
    _binary(f"{_names} math.{_names}", _function)
_binary("equal math.equal", ops.equal, strings=True)
_binary("not_equal math.not_equal", ops.not_equal, strings=True)
_binary("math.logical_xor compat.v1.logical_xor", ops.logical_xor)
_binary("math.floormod floormod math.mod mod", ops.mod)
_binary("math.floordiv floordiv", ops.floor_divide)
_binary("math.atan2 atan2", ops.arctan2)
_binary("math.divide_no_nan div_no_nan", ops.divide_no_nan)
_binary("math.nextafter", ops.nextafter)
_binary("math.squared_difference squared_difference", lambda x, y: ops.square(x - y))
_binary("math.truncatemod truncatemod", ops.fmod)
_binary("bitwise.bitwise_and", ops.bitwise_and)
_binary("bitwise.bitwise_or", ops.bitwise_or)
_binary("bitwise.bitwise_xor", ops.bitwise_xor)
_binary("bitwise.left_shift", ops.left_shift)
_binary("bitwise.right_shift", ops.right_shift)
_unary("bitwise.invert", ops.bitwise_not)


def _quotient(x: Any, y: Any) -> Any:
    x, y = _alike(x, y)
    if "int" in dtype_name(x) and "int" in dtype_name(y):  # as TensorFlow: int32 gives float64
        wide = "float32" if max(map(_width, (x, y))) <= 16 else "float64"
        x, y = ops.cast(x, wide), ops.cast(y, wide)
    return ops.divide(x, y)


def _width(x: Any) -> int:
    return 8 * np.dtype(dtype_name(x)).itemsize


_binary("divide math.divide truediv math.truediv", _quotient)


@named("div")
def div(x: Any, y: Any) -> Any:
    """Divide as Python 2 did: integers give the quotient rounded down."""
    whole = "int" in dtype_name(x) and "int" in dtype_name(y)
    return ops.floor_divide(x, y) if whole else ops.divide(x, y)


@named("math.multiply_no_nan")
def multiply_no_nan(x: Any, y: Any) -> Any:
    """Multiply; zero where `y` is zero, whatever `x` is."""
    product = ops.multiply(x, y)
    return ops.where(ops.equal(y, 0), ops.zeros_like(product), product)


@named("math.xlogy")
def xlogy(x: Any, y: Any) -> Any:
    """`x * log(y)`, zero where `x` is zero."""
    none = ops.equal(x, 0)
    return ops.where(none, ops.zeros_like(x), x * ops.log(ops.where(none, ops.ones_like(y), y)))


@named("math.xlog1py")
def xlog1py(x: Any, y: Any) -> Any:
    """`x * log(1 + y)`, zero where `x` is zero."""
    return xlogy(x, ops.convert_to_tensor(y) + 1)


@named("math.reciprocal_no_nan")
def reciprocal_no_nan(x: Any) -> Any:
    """`1 / x`, zero where `x` is zero."""
    return ops.divide_no_nan(ops.ones_like(x), x)


@named("math.scalar_mul scalar_mul")
def scalar_mul(scalar: Any, x: Any) -> Any:
    """Multiply by a number."""
    return ops.multiply(*_alike(scalar, x))


@named("math.is_non_decreasing")
def is_non_decreasing(x: Any) -> Any:
    """Whether no element is less than the one before it."""
    flat = ops.reshape(x, (-1,))
    return ops.all(flat[1:] >= flat[:-1])


@named("math.is_strictly_increasing")
def is_strictly_increasing(x: Any) -> Any:
    """Whether each element is greater than the one before it."""
    flat = ops.reshape(x, (-1,))
    return ops.all(flat[1:] > flat[:-1])


@named("math.invert_permutation")
def invert_permutation(x: Any) -> Any:
    """Return where each number stands."""
    return Tensor(np.argsort(to_array(x)).astype(to_array(x).dtype))


@named("math.xdivy")
def xdivy(x: Any, y: Any) -> Any:
    """`x / y`, zero where `x` is zero."""
    none = ops.equal(x, 0)
    return ops.where(none, ops.zeros_like(x), x / ops.where(none, ops.ones_like(y), y))


@named("add_n math.add_n math.accumulate_n")
def add_n(inputs: Any) -> Any:
    """Return the sum of tensors of one shape."""
    inputs = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
    return functools.reduce(operator.add, inputs[1:], ops.convert_to_tensor(inputs[0]))


@named("math.polyval")
def polyval(coeffs: Any, x: Any) -> Any:
    """Evaluate a polynomial, the highest power's coefficient first."""
    total = ops.zeros_like(x)
    for c in coeffs:
        total = total * x + c
    return total


@named("math.approximate_equal")
def approximate_equal(x: Any, y: Any, tolerance: float = 1e-5) -> Any:
    """Whether elements differ by less than `tolerance`."""
    return ops.less(ops.abs(x - y), tolerance)


# Reductions. They keep the dtype of what they are given.

_OLD = {"reduction_indices": "axis", "keep_dims": "keepdims"}


def _reduction(name: str, function: Any) -> None:
    @named(f"reduce_{name} math.reduce_{name}", old=_OLD)
    def reduce(input_tensor: Any, axis: Any = None, keepdims: bool = False) -> Any:
        if isinstance(input_tensor, (list, tuple)) and is_symbolic(input_tensor):
            input_tensor = ops.stack([ops.convert_to_tensor(x) for x in input_tensor])
        y = function(input_tensor, axis=axes(axis), keepdims=bool(keepdims))
        return like(y, input_tensor)

    reduce.__name__ = f"reduce_{name}"
    reduce.__doc__ = function.__doc__


def _mean(x: Any, axis: Any, keepdims: bool) -> Any:
    if "int" in dtype_name(x):  # as TensorFlow: rounded towards zero
        return ops.cast(ops.mean(ops.cast(x, "float64"), axis, keepdims), dtype_name(x))
    return ops.mean(x, axis, keepdims)


for _name, _function in {
    "sum": ops.sum,
    "mean": _mean,
    "prod": ops.prod,
    "max": ops.max,
    "min": ops.min,
    "all": ops.all,
    "any": ops.any,
    "logsumexp": ops.logsumexp,
}.items():
    _reduction(_name, _function)


@named("math.reduce_std")
def reduce_std(input_tensor: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the standard deviation along axes."""
    return ops.std(input_tensor, axes(axis), keepdims)


@named("math.reduce_variance")
def reduce_variance(input_tensor: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the variance along axes."""
    return ops.var(input_tensor, axes(axis), keepdims)


@named("math.reduce_euclidean_norm")
def reduce_euclidean_norm(input_tensor: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the root of the sum of squares along axes."""
    return ops.sqrt(ops.sum(ops.square(input_tensor), axes(axis), keepdims))


@named("math.count_nonzero count_nonzero", old={**_OLD, "input_tensor": "input"})
def count_nonzero(
    input: Any, axis: Any = None, keepdims: bool = False, dtype: Any = "int64"
) -> Any:
    """Return the number of elements that are not zero."""
    return ops.sum(ops.cast(ops.not_equal(input, 0), dtype), axes(axis), bool(keepdims))


def _arg(name: str, function: Any) -> None:
    @named(f"{name} math.{name}", old={"dimension": "axis"})
    def find(input: Any, axis: Any = None, output_type: Any = "int64") -> Any:
        return ops.cast(function(input, axis=0 if axis is None else number(axis)), output_type)

    find.__name__ = name
    find.__doc__ = function.__doc__


_arg("argmax", ops.argmax)
_arg("argmin", ops.argmin)
add("arg_max", lambda input, dimension, **_: ops.cast(ops.argmax(input, dimension), "int64"))
add("arg_min", lambda input, dimension, **_: ops.cast(ops.argmin(input, dimension), "int64"))


def _cumulative(function: Any, start: Any) -> Any:
    def run(x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False) -> Any:
        x = ops.convert_to_tensor(x)
        axis = number(axis)
        if reverse:
            x = ops.flip(x, axis)
        y = like(function(x, axis=axis), x)
        if exclusive:
            along = axis % len(x.shape)
            cut = (slice(None),) * along
            y = ops.concatenate([start(x[(*cut, slice(0, 1))]), y[(*cut, slice(None, -1))]], axis)
        return ops.flip(y, axis) if reverse else y

    return run


named("cumsum math.cumsum")(_cumulative(ops.cumsum, ops.zeros_like))
named("math.cumprod")(_cumulative(ops.cumprod, ops.ones_like))


@named("math.bincount")
def bincount(
    arr: Any,
    weights: Any = None,
    minlength: Any = None,
    maxlength: Any = None,
    dtype: Any = "int32",
    axis: Any = None,
    binary_output: bool = False,
) -> Any:
    """Count how often each integer appears."""
    array = np.asarray(arr)
    if axis is None:
        array = array.reshape(-1)
    weights = None if weights is None else np.asarray(weights)
    length = max(int(array.max(initial=-1)) + 1, int(number(minlength) or 0))
    length = length if maxlength is None else min(length, int(number(maxlength)))

    def count(row: Any, by: Any) -> Any:
        keep = row < length
        found = np.bincount(row[keep], None if by is None else by[keep], minlength=length)
        return np.minimum(found, 1) if binary_output else found

    kind = standardize_dtype(dtype) if weights is None else standardize_dtype(weights.dtype)
    if array.ndim == 1:
        counts = count(array, weights if weights is None else weights.reshape(-1))
    else:
        each = [None] * len(array) if weights is None else weights
        counts = np.stack([count(row, by) for row, by in zip(array, each)])
    return Tensor(np.asarray(counts).astype(kind))


@named("math.confusion_matrix compat.v1.confusion_matrix")
def confusion_matrix(
    labels: Any,
    predictions: Any,
    num_classes: Any = None,
    weights: Any = None,
    dtype: Any = "int32",
) -> Any:
    """Count how often each label met each prediction: labels are rows."""
    labels, predictions = np.asarray(labels).reshape(-1), np.asarray(predictions).reshape(-1)
    n = number(num_classes) or int(max(labels.max(initial=-1), predictions.max(initial=-1))) + 1
    counts = np.zeros((n, n), np.float64)
    np.add.at(counts, (labels, predictions), 1 if weights is None else np.asarray(weights))
    return ops.convert_to_tensor(counts, dtype)


@named("math.in_top_k nn.in_top_k")
def in_top_k(targets: Any, predictions: Any, k: Any) -> Any:
    """Whether each target is among the `k` largest predictions."""
    return ops.in_top_k(targets, predictions, number(k))


def _segments(name: str, function: Any, unsorted: Any) -> None:
    @named(f"math.segment_{name}")
    def segment(data: Any, segment_ids: Any) -> Any:
        return function(data, segment_ids, int(np.asarray(segment_ids).max(initial=-1)) + 1)

    @named(f"math.unsorted_segment_{name}")
    def unsorted_segment(data: Any, segment_ids: Any, num_segments: Any) -> Any:
        return unsorted(data, segment_ids, int(number(num_segments)))


def _segment_mean(data: Any, ids: Any, num: int) -> Any:
    data = ops.convert_to_tensor(data)
    count = ops.segment_sum(ops.ones(ops.shape(ids), dtype_name(data)), ids, num)
    count = ops.reshape(
        ops.maximum(count, 1), (num, *[1] * (len(data.shape) - len(ops.shape(ids))))
    )
    return ops.segment_sum(data, ids, num) / count


def _no_gaps(function: Any, empty: int = 0) -> Any:
    def segment(data: Any, ids: Any, num: int) -> Any:
        """Segments that nothing belongs to are zero, or one for products."""
        y = function(data, ids, num)
        present = np.isin(np.arange(num), np.asarray(ids))
        shape = (num, *[1] * (len(y.shape) - 1))
        return ops.where(present.reshape(shape), y, ops.full_like(y, empty))

    return segment


_segments("sum", ops.segment_sum, ops.segment_sum)
_segments("max", _no_gaps(ops.segment_max), ops.segment_max)
_segments("min", _no_gaps(ops.segment_min), ops.segment_min)
_segments("prod", _no_gaps(ops.segment_prod, 1), ops.segment_prod)
_segments("mean", _segment_mean, _segment_mean)
