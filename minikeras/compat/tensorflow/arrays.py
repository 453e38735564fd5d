"""Making, reshaping, joining and indexing tensors: what of it stands in `tf` itself."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from minikeras import ops, tree
from minikeras.autodiff import Tensor, Variable
from minikeras.autodiff.expression import SYMBOLIC
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.state import thread
from minikeras.autodiff.tensor import to_array
from minikeras.common.dtypes import standardize_dtype
from minikeras.compat.tensorflow.dtypes import DType, as_dtype
from minikeras.compat.tensorflow.elementwise import dtype_name, like
from minikeras.compat.tensorflow.shapes import Dimension, TensorShape, as_shape
from minikeras.compat.tensorflow.symbols import TensorFlowOp, ask_for_values, known, sized
from minikeras.compat.tensorflow.table import add, axes, is_symbolic, named, number, sizes
from minikeras.compat.tensorflow.tensors import StringTensor, texts

add("TensorShape", TensorShape)
add("Dimension", Dimension)
add("as_dtype dtypes.as_dtype", as_dtype)
add("DType dtypes.DType", DType)
add("newaxis", None)


def tensor(value: Any, dtype: Any = None) -> Any:
    """Make a tensor, of strings too."""
    if isinstance(value, SYMBOLIC):
        return value if dtype is None or value.dtype == dtype else ops.cast(value, dtype)
    if isinstance(value, Variable) and dtype is None:
        return Tensor(value.array, value.node)
    if _is_text(value) or (dtype is not None and standardize_dtype(dtype) == "string"):
        return StringTensor(texts(value))
    if dtype is None and isinstance(value, float):
        dtype = "float32"
    if isinstance(value, Sizes):
        value = tuple(value)
    if is_symbolic(value) or (
        isinstance(value, (list, tuple)) and any(isinstance(t, Tensor) for t in tree.flatten(value))
    ):
        stacked = _stacked(value)
        return stacked if dtype is None else ops.cast(stacked, dtype)
    return ops.convert_to_tensor(value, dtype)


def _stacked(value: Any) -> Any:
    """Join nested lists with tensors among them, so that gradients go through."""
    if isinstance(value, (list, tuple)):
        return ops.stack([_stacked(v) for v in value])
    return tensor(value)


def _is_text(value: Any) -> bool:
    while isinstance(value, (list, tuple)) and value:
        value = value[0]
    if isinstance(value, np.ndarray) and value.dtype.kind == "O":
        return bool(value.size) and isinstance(value.flat[0], (str, bytes))
    return isinstance(value, (str, bytes, StringTensor)) or (
        isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "UST"
    )


@named("constant")
def constant(value: Any, dtype: Any = None, shape: Any = None, verify_shape: bool = False) -> Any:
    """Make a tensor of values; one value fills a shape."""
    t = tensor(value, dtype)
    if shape is None:
        return t
    shape = sizes(shape)
    return ops.full(shape, t) if t.array.size == 1 else t.reshape(shape)


@named("convert_to_tensor")
def convert_to_tensor(
    value: Any, dtype: Any = None, dtype_hint: Any = None, preferred_dtype: Any = None
) -> Any:
    """Make a tensor of values."""
    hint = dtype_hint or preferred_dtype
    if dtype is None and hint is not None and not hasattr(value, "dtype"):
        dtype = hint
    return tensor(value, dtype)


@named("is_tensor debugging.is_tensor contrib.framework.is_tensor")
def is_tensor(x: Any) -> bool:
    """Whether `x` is a tensor, a variable, or a symbolic one."""
    return isinstance(x, (Tensor, KerasTensor))


@named("zeros")
@sized
def zeros(shape: Any, dtype: Any = "float32") -> Any:
    """Return zeros."""
    return _full(shape, 0, dtype)


@named("ones")
@sized
def ones(shape: Any, dtype: Any = "float32") -> Any:
    """Return ones."""
    return _full(shape, 1, dtype)


def _full(shape: Any, value: Any, dtype: Any) -> Any:
    dtype = as_dtype(dtype)
    if dtype == "string":
        return StringTensor(np.full(sizes(shape), "" if value == 0 else str(value)))
    return ops.full(sizes(shape), value, dtype=dtype.name)


@named("fill")
@sized
def fill(dims: Any, value: Any) -> Any:
    """Return a tensor of one value."""
    if _is_text(value):
        return StringTensor(np.full(sizes(dims), texts(value)))
    return ops.full(sizes(dims), value, dtype=dtype_name(value))


@named("eye linalg.eye")
@sized
def eye(
    num_rows: Any, num_columns: Any = None, batch_shape: Any = None, dtype: Any = "float32"
) -> Any:
    """Return identity matrices."""
    n = int(number(num_rows))
    m = n if num_columns is None else int(number(num_columns))
    one = ops.eye(n, m, dtype=standardize_dtype(dtype))
    return one if batch_shape is None else ops.broadcast_to(one, (*sizes(batch_shape), n, m))


@named("range")
@sized
def range_(start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None) -> Any:
    """Return numbers in equal steps, as Python's `range`."""
    if limit is None:
        start, limit = 0, start
    given = [to_array(x) for x in (start, limit, delta)]
    if dtype is None:
        kinds = [a.dtype.name for a in given]
        order = ("int32", "int64", "float32", "float64")
        dtype = max((k for k in kinds if k in order), key=order.index, default="int32")
    return Tensor(np.arange(*[a.item() for a in given]).astype(standardize_dtype(dtype)))


@named("zeros_like")
def zeros_like(input: Any, dtype: Any = None, optimize: bool = True) -> Any:
    """Return zeros in the shape of a tensor."""
    return ops.zeros_like(input, dtype)


@named("ones_like")
def ones_like(input: Any, dtype: Any = None, optimize: bool = True) -> Any:
    """Return ones in the shape of a tensor."""
    return ops.ones_like(input, dtype)


@named("linspace math.linspace lin_space")
def linspace(start: Any, stop: Any, num: Any, axis: int = 0) -> Any:
    """Return numbers at equal distances, the last one included."""
    start, stop = (ops.convert_to_tensor(x) for x in (start, stop))
    kind = dtype_name(start) if "float" in dtype_name(start) else "float64"
    return ops.linspace(start, stop, int(number(num)), axis=axis, dtype=kind)


# Shapes.


def _size_rule(function: Any, args: tuple, kwargs: dict) -> Any:
    return KerasTensor((), "int32")


@sized(rule=_size_rule)
def size_along(x: Any, axis: int) -> Any:
    """Return the size of a tensor along an axis."""
    return Tensor(np.asarray(x.array.shape[axis], np.int32))


@named("shape")
def shape(input: Any, out_type: Any = "int32") -> Any:
    """Return the sizes of a tensor, as a tensor.

    Of a KerasTensor it is a tuple of numbers, with a KerasTensor for each size that is not known.
    """
    dtype = standardize_dtype(out_type)
    if not isinstance(input, KerasTensor):
        found = input.array.shape if isinstance(input, Tensor) else np.shape(input)
        return Tensor(np.asarray(found, dtype))
    found = input._shape
    if known(found):
        return Tensor(np.asarray(found, dtype))
    if thread.state.describing:  # a layer may compute with numbers
        ask_for_values(input)
    return Sizes(size_along(input, i) if d is None else d for i, d in enumerate(found))


class Sizes(tuple):
    """The sizes of a KerasTensor: numbers, and KerasTensors for those that are not known.

    It is computed with as with a tensor.
    """

    def __getitem__(self, key: Any) -> Any:
        found = tuple.__getitem__(self, key)
        return Sizes(found) if isinstance(key, slice) else found


def _on_sizes(name: str) -> Callable:
    def operate(self: Sizes, *other: Any) -> Any:
        return getattr(tensor(tuple(self)), name)(*other)

    return operate


for _name in ("add", "radd", "sub", "rsub", "mul", "rmul", "floordiv", "truediv", "mod", "neg"):
    setattr(Sizes, f"__{_name}__", _on_sizes(f"__{_name}__"))


@named("shape_n")
def shape_n(input: Any, out_type: Any = "int32") -> list:
    """Return the sizes of several tensors."""
    return [shape(x, out_type) for x in input]


@named("size")
def size(input: Any, out_type: Any = "int32") -> Any:
    """Return the number of elements of a tensor."""
    return ops.cast(ops.prod(tensor(shape(input, out_type))), out_type)


@named("rank")
def rank(input: Any) -> Any:
    """Return the number of axes of a tensor."""
    return Tensor(np.asarray(len(ops.shape(input)), np.int32))


def _reshape_rule(function: Any, args: tuple, kwargs: dict) -> Any:
    x, target = args
    if isinstance(target, KerasTensor):
        return KerasTensor([None] * (target.shape[0] or 0), x.dtype)
    sizes_ = [None if isinstance(d, KerasTensor) else d for d in target]
    if -1 in sizes_:
        given = list(x.shape)
        rest = [d for d in sizes_ if d != -1]
        if None in given and None in rest and any(map(_is_batch_size, target)):
            given.remove(None)  # the size that is not known stays what it is
            rest.remove(None)
        missing = None if None in given or None in rest else math.prod(given) // math.prod(rest)
        sizes_ = [missing if d == -1 else d for d in sizes_]
    return KerasTensor(sizes_, x.dtype)


def _is_batch_size(size: Any) -> bool:
    """Whether a symbolic size is `tf.shape(x)[0]`."""
    history = getattr(size, "_keras_history", None)
    if history is None or not isinstance(history.operation, TensorFlowOp):
        return False
    return history.operation.place.endswith(":size_along") and history.node.args[1] == 0


@sized(rule=_reshape_rule)
def _reshaped(x: Any, target: Any) -> Any:
    return ops.reshape(x, sizes(target))


@named("reshape", strings=True)
def reshape(tensor: Any, shape: Any) -> Any:
    """Return the same elements in a new shape."""
    shape = sizes(shape)
    if is_symbolic(shape):
        return _reshaped(tensor, shape)
    if is_symbolic(tensor) and shape and any(d is None for d in shape):
        shape = tuple(-1 if d is None else d for d in shape)
    return ops.reshape(tensor, shape)


@named("transpose", strings=True)
def transpose(a: Any, perm: Any = None, conjugate: bool = False) -> Any:
    """Return a tensor with its axes in another order."""
    y = ops.transpose(a, None if perm is None else axes(perm))
    return ops.conj(y) if conjugate else y


@named("expand_dims", strings=True, old={"dim": "axis"})
def expand_dims(input: Any, axis: Any) -> Any:
    """Return a tensor with one more axis, of size 1."""
    return ops.expand_dims(input, number(axis))


@named("squeeze", strings=True, old={"squeeze_dims": "axis"})
def squeeze(input: Any, axis: Any = None) -> Any:
    """Return a tensor without axes of size 1."""
    axis = axes(axis)
    return ops.squeeze(input, axis if axis not in ((), []) else None)


@named("identity", strings=True)
def identity(input: Any) -> Any:
    """Return the same values as another tensor."""
    return ops.copy(input) if isinstance(input, SYMBOLIC) else tensor(input)


@named("identity_n")
def identity_n(input: Any) -> list:
    """Return the same values as other tensors."""
    return [identity(x) for x in input]


@named("cast dtypes.cast")
def cast(x: Any, dtype: Any) -> Any:
    """Return a tensor in another dtype."""
    if isinstance(x, StringTensor):
        return x
    return ops.cast(x, standardize_dtype(dtype))


@named("saturate_cast dtypes.saturate_cast")
def saturate_cast(value: Any, dtype: Any) -> Any:
    """Return a tensor in another dtype, values that do not fit at its ends."""
    return ops.saturate_cast(value, standardize_dtype(dtype))


for _name in ("float32", "float64", "int32", "int64", "bfloat16"):
    _old = {"float32": "to_float", "float64": "to_double"}.get(_name, f"to_{_name}")
    named(_old)(lambda x, d=_name: ops.cast(x, d))


@named("bitcast")
def bitcast(input: Any, type: Any) -> Any:
    """Read the bits of a tensor as another dtype."""
    return ops.view(input, standardize_dtype(type))


@named("broadcast_to")
def broadcast_to(input: Any, shape: Any) -> Any:
    """Repeat a tensor along axes of size 1 until it has a shape."""
    if is_symbolic(shape):
        return _broadcast(input, shape)
    return ops.broadcast_to(input, sizes(shape))


@sized
def _broadcast(x: Any, shape: Any) -> Any:
    return ops.broadcast_to(x, sizes(shape))


@named("broadcast_static_shape")
def broadcast_static_shape(shape_x: Any, shape_y: Any) -> TensorShape:
    """Return the shape that two shapes give together."""
    return as_shape(np.broadcast_shapes(tuple(shape_x), tuple(shape_y)))


@named("broadcast_dynamic_shape")
def broadcast_dynamic_shape(shape_x: Any, shape_y: Any) -> Any:
    """Return the shape that two shapes give together, as a tensor."""
    return Tensor(np.asarray(np.broadcast_shapes(sizes(shape_x), sizes(shape_y)), np.int32))


@named("ensure_shape")
def ensure_shape(x: Any, shape: Any) -> Any:
    """Return `x`, which must have a shape.

    Raises:
        ValueError: if it does not.
    """
    as_shape(ops.shape(x)).assert_is_compatible_with(shape)
    return x


# Joining and cutting.


@named("concat", strings=True, old={"concat_dim": "axis"})
def concat(values: Any, axis: Any) -> Any:
    """Join tensors along an axis."""
    if isinstance(values, (int, np.integer)):  # before TensorFlow 1, the axis came first
        values, axis = axis, values
    if not isinstance(values, (list, tuple)):
        return ops.convert_to_tensor(values)
    return ops.concatenate([_joined(v) for v in values], axis=number(axis))


def _joined(v: Any) -> Any:
    return tensor(v) if isinstance(v, (list, tuple)) else v


@named("stack", strings=True)
def stack(values: Any, axis: Any = 0) -> Any:
    """Join tensors along a new axis."""
    return ops.stack([tensor(v) for v in values], axis=number(axis))


add("pack", stack)
add("parallel_stack", stack)


@named("unstack", strings=True)
def unstack(value: Any, num: Any = None, axis: int = 0) -> list:
    """Return the parts of a tensor along an axis."""
    if isinstance(value, Sizes):
        return list(value)
    value = tensor(value) if isinstance(value, (list, tuple)) else value
    return list(ops.unstack(value, num, axis))


add("unpack", unstack)


@named("split", strings=True, old={"split_dim": "axis"})
def split(value: Any, num_or_size_splits: Any, axis: Any = 0, num: Any = None) -> list:
    """Cut a tensor along an axis, into so many equal parts or into parts of given sizes."""
    parts, axis = number(num_or_size_splits), number(axis)
    if isinstance(parts, (int, np.integer)):
        return list(ops.split(value, int(parts), axis))
    parts = list(sizes(parts))
    if -1 in parts:
        parts[parts.index(-1)] = ops.shape(value)[axis] - sum(p for p in parts if p != -1)
    return list(ops.split(value, np.cumsum(parts)[:-1].tolist(), axis))


@named("tile", strings=True)
def tile(input: Any, multiples: Any) -> Any:
    """Repeat a tensor along its axes."""
    if is_symbolic(multiples):
        return _tiled(input, multiples)
    return ops.tile(input, sizes(multiples))


@sized
def _tiled(x: Any, multiples: Any) -> Any:
    return ops.tile(x, sizes(multiples))


@named("repeat", strings=True)
def repeat(input: Any, repeats: Any, axis: Any = None) -> Any:
    """Repeat the elements of a tensor."""
    return ops.repeat(input, sizes(repeats) if np.ndim(repeats) else number(repeats), axis)


@named("pad")
def pad(tensor: Any, paddings: Any, mode: str = "CONSTANT", constant_values: Any = 0) -> Any:
    """Put values around a tensor."""
    widths = np.asarray(paddings).tolist() if not isinstance(paddings, list) else paddings
    widths = [[int(number(n)) for n in pair] for pair in widths]
    if mode.lower() == "constant":
        return ops.pad(tensor, widths, "constant", constant_values)
    return ops.pad(tensor, widths, mode.lower())


@named("reverse", strings=True)
def reverse(tensor: Any, axis: Any) -> Any:
    """Return a tensor in the opposite order along axes."""
    return ops.flip(tensor, axes(axis))


@named("roll", strings=True)
def roll(input: Any, shift: Any, axis: Any) -> Any:
    """Shift elements along axes, around the end."""
    return ops.roll(input, axes(shift), axes(axis))


@named("meshgrid")
def meshgrid(*args: Any, indexing: str = "xy") -> list:
    """Return the coordinates of a grid."""
    return list(ops.meshgrid(*args, indexing=indexing))


@named("slice", strings=True)
def slice_(input_: Any, begin: Any, size: Any) -> Any:
    """Return a part of a tensor; a size of -1 goes to the end."""
    begin, size = sizes(begin), sizes(size)
    key = tuple(slice(b, None if s == -1 else b + s) for b, s in zip(begin, size))
    return ops.get_item(input_, key)


@named("strided_slice", strings=True)
def strided_slice(input_: Any, begin: Any, end: Any, strides: Any = None) -> Any:
    """Return every so manieth element of a part of a tensor."""
    strides = strides if strides is not None else [1] * len(sizes(begin))
    key = tuple(slice(*k) for k in zip(sizes(begin), sizes(end), sizes(strides)))
    return ops.get_item(input_, key)


# Indices.


@named("gather", strings=True)
def gather(
    params: Any, indices: Any, validate_indices: Any = None, axis: Any = None, batch_dims: Any = 0
) -> Any:
    """Take the elements at some indices along an axis."""
    batch = int(number(batch_dims))
    indices = ops.convert_to_tensor(indices)
    if batch < 0:
        batch += len(indices.shape)
    axis = batch if axis is None else int(number(axis))
    if not batch:
        return ops.take(params, indices, axis=axis)
    params = ops.convert_to_tensor(params)
    rank_ = len(params.shape)
    axis %= rank_
    moved = ops.moveaxis(params, axis, batch)
    grid = np.ix_(*[np.arange(d) for d in indices.shape[:batch]])
    more = (1,) * (len(indices.shape) - batch)
    key = (*[g.reshape(g.shape + more) for g in grid], indices)
    found = ops.get_item(moved, key)  # batch, indices, what was before the axis, what was after it
    inner, before = len(indices.shape) - batch, axis - batch
    order = [
        *range(batch),
        *range(batch + inner, batch + inner + before),
        *range(batch, batch + inner),
        *range(batch + inner + before, len(found.shape)),
    ]
    return ops.transpose(found, order)


@named("gather_nd", strings=True)
def gather_nd(params: Any, indices: Any, batch_dims: Any = 0) -> Any:
    """Take the parts at places: the last axis of `indices` is a place."""
    batch = int(number(batch_dims))
    indices = ops.convert_to_tensor(indices)
    depth = indices.shape[-1]
    key = tuple(indices[..., i] for i in range(depth))
    if batch:
        more = (1,) * (len(indices.shape) - 1 - batch)
        grid = np.ix_(*[np.arange(d) for d in indices.shape[:batch]])
        key = (*[g.reshape(g.shape + more) for g in grid], *key)
    return ops.get_item(ops.convert_to_tensor(params), key) if key else params


@named("scatter_nd")
def scatter_nd(indices: Any, updates: Any, shape: Any) -> Any:
    """Put values into zeros; those for one place are added."""
    return ops.scatter(indices, updates, sizes(shape))


def _scatter(name: str, reduction: str | None) -> None:
    @named(f"tensor_scatter_nd_{name} compat.v1.tensor_scatter_{name}")
    def tensor_scatter_nd(tensor: Any, indices: Any, updates: Any) -> Any:
        return ops.scatter_update(tensor, indices, updates, reduction=reduction)


_scatter("update", None)
_scatter("add", "add")
_scatter("max", "max")
_scatter("min", "min")


@named("tensor_scatter_nd_sub")
def tensor_scatter_nd_sub(tensor: Any, indices: Any, updates: Any) -> Any:
    """Subtract values at places."""
    return ops.scatter_update(tensor, indices, -ops.convert_to_tensor(updates), reduction="add")


@named("where", strings=True, old={"input": "condition"})
def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    """Choose elements by a condition; without choices, return the places where it holds."""
    if x is None and y is None:
        return Tensor(np.argwhere(to_array(condition)).astype(np.int64))
    return ops.where(condition, x, y)


@named("boolean_mask", strings=True)
def boolean_mask(tensor: Any, mask: Any, axis: Any = None) -> Any:
    """Return the elements where a mask is true."""
    mask = to_array(mask).astype(bool)
    key = (slice(None),) * (0 if axis is None else int(number(axis)))
    return ops.get_item(ops.convert_to_tensor(tensor), (*key, mask))


@named("one_hot")
def one_hot(
    indices: Any,
    depth: Any,
    on_value: Any = None,
    off_value: Any = None,
    axis: Any = None,
    dtype: Any = None,
) -> Any:
    """Return vectors that are `on_value` at an index and `off_value` elsewhere."""
    axis = -1 if axis is None else axis
    if dtype is None:
        given = [v for v in (on_value, off_value) if v is not None]
        dtype = dtype_name(given[0]) if given else "float32"
    dtype = standardize_dtype(dtype)
    if on_value is None and off_value is None:
        return ops.one_hot(indices, int(number(depth)), axis=axis, dtype=dtype)
    here = ops.one_hot(indices, int(number(depth)), axis=axis, dtype="bool")
    on, off = (ops.cast(d if v is None else v, dtype) for v, d in ((on_value, 1), (off_value, 0)))
    return ops.where(here, on, off)


@named("sequence_mask")
def sequence_mask(lengths: Any, maxlen: Any = None, dtype: Any = "bool") -> Any:
    """Return masks that are true for the first elements of each row."""
    lengths = ops.convert_to_tensor(lengths)
    n = int(to_array(ops.max(lengths))) if maxlen is None else number(maxlen)
    places = range_(n) if isinstance(n, KerasTensor) else np.arange(n, dtype=np.int32)
    return ops.cast(ops.less(places, ops.expand_dims(lengths, -1)), standardize_dtype(dtype))


@named("unique", strings=True)
def unique(x: Any, out_idx: Any = "int32") -> Any:
    """Return the different elements in the order in which they appear, and where each one is there."""
    return tuple(_unique(x, out_idx)[:2])


@named("unique_with_counts", strings=True)
def unique_with_counts(x: Any, out_idx: Any = "int32") -> Any:
    """Return what `unique` does, and how often each element appears."""
    return tuple(_unique(x, out_idx))


def _unique(x: Any, dtype: Any) -> list:
    values, first, inverse, counts = np.unique(
        to_array(x), return_index=True, return_inverse=True, return_counts=True
    )
    order = np.argsort(first)
    place = np.argsort(order)
    dtype = standardize_dtype(dtype)
    return [
        Tensor(values[order]),
        Tensor(place[inverse.reshape(-1)].astype(dtype)),
        Tensor(counts[order].astype(dtype)),
    ]


@named("sort", strings=True)
def sort(values: Any, axis: Any = -1, direction: str = "ASCENDING") -> Any:
    """Return sorted values."""
    y = ops.sort(values, axis)
    return ops.flip(y, axis) if direction == "DESCENDING" else y


def _places_rule(function: Any, args: tuple, kwargs: dict) -> Any:
    return KerasTensor(args[0].shape, "int32")


@named("argsort", strings=True)
@sized(rule=_places_rule)
def argsort(values: Any, axis: Any = -1, direction: str = "ASCENDING", stable: bool = False) -> Any:
    """Return the indices that sort values."""
    array = to_array(values)
    if direction == "DESCENDING":
        array = -array.astype(np.int64) if array.dtype.kind in "ub" else -array
    return Tensor(np.argsort(array, axis, kind="stable").astype(np.int32))


@named("searchsorted")
def searchsorted(
    sorted_sequence: Any, values: Any, side: str = "left", out_type: Any = "int32"
) -> Any:
    """Return where values belong among sorted ones, row by row."""
    rows, given = to_array(sorted_sequence), to_array(values)
    found = np.empty(given.shape, standardize_dtype(out_type))
    for at in np.ndindex(rows.shape[:-1]):
        found[at] = np.searchsorted(rows[at], given[at], side=side)
    return Tensor(found)


@named("dynamic_partition", strings=True)
def dynamic_partition(data: Any, partitions: Any, num_partitions: Any) -> list:
    """Divide the rows of a tensor among lists."""
    where_ = to_array(partitions)
    return [boolean_mask(data, where_ == i) for i in range(int(number(num_partitions)))]


@named("dynamic_stitch")
def dynamic_stitch(indices: Any, data: Any) -> Any:
    """Put the parts of `dynamic_partition` together again."""
    places = np.concatenate([to_array(i).reshape(-1) for i in indices])
    rows = [
        ops.reshape(d, (-1, *ops.shape(d)[len(np.shape(to_array(i))) :]))
        for i, d in zip(indices, data)
    ]
    rows = ops.concatenate(rows, axis=0)
    empty = ops.zeros((int(places.max()) + 1, *rows.shape[1:]), dtype_name(rows))
    return ops.scatter_update(empty, places[:, None], rows)


@named("reverse_sequence")
def reverse_sequence(
    input: Any, seq_lengths: Any, seq_axis: Any = None, batch_axis: Any = None
) -> Any:
    """Reverse the first elements of each row."""
    seq, batch = seq_axis if seq_axis is not None else 1, batch_axis or 0
    x = ops.moveaxis(ops.convert_to_tensor(input), (batch, seq), (0, 1))
    steps, lengths = np.arange(x.shape[1]), to_array(seq_lengths)[:, None]
    places = np.where(steps < lengths, lengths - 1 - steps, steps)
    y = ops.get_item(x, (np.arange(x.shape[0])[:, None], places))
    return ops.moveaxis(y, (0, 1), (batch, seq))


@named("histogram_fixed_width")
def histogram_fixed_width(
    values: Any, value_range: Any, nbins: Any = 100, dtype: Any = "int32"
) -> Any:
    """Count values in bins of equal width; those beyond the range belong to its ends."""
    low, high = (float(v) for v in to_array(value_range))
    n = int(number(nbins))
    places = np.floor((to_array(values).reshape(-1) - low) / (high - low) * n)
    counts = np.bincount(np.clip(places, 0, n - 1).astype(int), minlength=n)
    return Tensor(counts.astype(standardize_dtype(dtype)))


@named("clip_by_value")
def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any) -> Any:
    """Put values beyond a range at its ends."""
    return like(ops.clip(t, clip_value_min, clip_value_max), t)


@named("clip_by_norm")
def clip_by_norm(t: Any, clip_norm: Any, axes: Any = None) -> Any:
    """Scale a tensor down to a norm."""
    t = ops.convert_to_tensor(t)
    square = ops.sum(ops.square(t), axis=axes, keepdims=True)
    positive = ops.greater(square, 0)  # the gradient of the root is infinite at zero
    norm = ops.where(positive, ops.sqrt(ops.where(positive, square, 1.0)), square)
    return t * clip_norm / ops.maximum(norm, clip_norm)


@named("linalg.global_norm global_norm")
def global_norm(t_list: Any) -> Any:
    """Return the norm of all tensors of a list together."""
    squares = [ops.sum(ops.square(t)) for t in t_list if t is not None]
    return ops.sqrt(functools.reduce(operator.add, squares))


@named("clip_by_global_norm")
def clip_by_global_norm(t_list: Any, clip_norm: Any, use_norm: Any = None) -> tuple:
    """Scale tensors down to a norm of all of them together; return them and the norm that they had."""
    norm = global_norm(t_list) if use_norm is None else use_norm
    scale = clip_norm / ops.maximum(norm, clip_norm)
    return [None if t is None else t * ops.cast(scale, dtype_name(t)) for t in t_list], norm


@named("unravel_index")
def unravel_index(indices: Any, dims: Any) -> Any:
    """Return the places of flat indices, one axis a row."""
    found = np.unravel_index(to_array(indices), sizes(dims))
    return Tensor(np.stack(found).astype(to_array(indices).dtype))


def _blocks(block_shape: Any, spaces: Any) -> tuple[list[int], list[list[int]]]:
    blocks = list(sizes(block_shape))
    return blocks, [[int(number(n)) for n in pair] for pair in np.asarray(spaces).tolist()]


@named("space_to_batch space_to_batch_nd nn.space_to_batch")
def space_to_batch(input: Any, block_shape: Any, paddings: Any) -> Any:
    """Move blocks of the axes after the first into the first."""
    blocks, around = _blocks(block_shape, paddings)
    x = ops.convert_to_tensor(input)
    n = len(blocks)
    x = ops.pad(x, [[0, 0], *around, *[[0, 0]] * (len(x.shape) - n - 1)])
    rest = x.shape[n + 1 :]
    parts = [p for size, b in zip(x.shape[1:], blocks) for p in (size // b, b)]
    y = ops.reshape(x, (-1, *parts, *rest))
    inner = [2 * i + 2 for i in range(n)]
    outer = [2 * i + 1 for i in range(n)]
    y = ops.transpose(y, [*inner, 0, *outer, *range(2 * n + 1, len(y.shape))])
    return ops.reshape(y, (-1, *parts[::2], *rest))


@named("batch_to_space batch_to_space_nd")
def batch_to_space(input: Any, block_shape: Any, crops: Any) -> Any:
    """Undo `space_to_batch`."""
    blocks, cuts = _blocks(block_shape, crops)
    x = ops.convert_to_tensor(input)
    n = len(blocks)
    space, rest = x.shape[1 : n + 1], x.shape[n + 1 :]
    y = ops.reshape(x, (*blocks, -1, *space, *rest))
    order = [n, *(a for i in range(n) for a in (n + 1 + i, i)), *range(2 * n + 1, len(y.shape))]
    whole = [size * b for size, b in zip(space, blocks)]
    y = ops.reshape(ops.transpose(y, order), (-1, *whole, *rest))
    return y[(slice(None), *(slice(a, size - b) for (a, b), size in zip(cuts, whole)))]
