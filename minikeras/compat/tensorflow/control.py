"""Functions of functions: `tf.function`, conditions, loops, gradients, Python in graphs; `tf.nest`."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minikeras import ops, tree
from minikeras.autodiff import GradientTape, Tensor
from minikeras.autodiff.expression import symbol_of
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.tape import no_recording
from minikeras.autodiff.tensor import to_array
from minikeras.common.dtypes import standardize_dtype
from minikeras.compat.adapters import Lazy
from minikeras.compat.tensorflow import graphs
from minikeras.compat.tensorflow.arrays import stack, tensor
from minikeras.compat.tensorflow.table import add, is_symbolic, named, number
from minikeras.ops.gradients import gradients as graph_gradients

add("GradientTape", GradientTape)
add("TensorSpec", Lazy("minikeras.data:TensorSpec"))


class UnconnectedGradients:
    """What the gradient is where a target does not depend on a source."""

    NONE = "none"
    ZERO = "zero"


add("UnconnectedGradients", UnconnectedGradients)


@named("function")
def function(func: Callable | None = None, input_signature: Any = None, **options: Any) -> Any:
    """Return a function as it is, but for arrays among its arguments, which become tensors.

    Python runs every call; nothing is compiled. Options are taken and change nothing.
    """
    if func is None:
        return functools.partial(function, input_signature=input_signature, **options)
    specs = [] if input_signature is None else list(input_signature)

    def prepared(x: Any, spec: Any = None) -> Any:
        wanted = getattr(spec, "dtype", None)
        if isinstance(x, np.ndarray) or (
            wanted is not None and not isinstance(x, (Tensor, KerasTensor))
        ):
            return tensor(x, wanted)
        return x

    @functools.wraps(func)
    def run(*args: Any, **kwargs: Any) -> Any:
        if specs:
            start = len(args) - len(specs) if len(args) > len(specs) else 0  # `self` comes first
            args = (
                *args[:start],
                *(
                    tree.map_structure(prepared, a) if tree.is_nested(s) else prepared(a, s)
                    for a, s in zip(args[start:], specs)
                ),
                *args[start + len(specs) :],
            )
        else:
            args = tree.map_structure(prepared, args)
        return func(*args, **tree.map_structure(prepared, kwargs))

    run.python_function = func
    run.get_concrete_function = lambda *_, **__: run
    run.experimental_get_tracing_count = lambda: 1
    return run


for _path in (
    "autograph.experimental.do_not_convert",
    "contrib.eager.defun",
    "recompute_grad",
    "autograph.to_graph",
):
    add(_path, lambda func=None, *_, **__: (lambda f: f) if func is None else func)
add("autograph.experimental.set_loop_options", lambda **_: None)


# Conditions and loops.


@named("cond", old={"fn1": "true_fn", "fn2": "false_fn"})
def cond(pred: Any, true_fn: Any = None, false_fn: Any = None, strict: bool = False) -> Any:
    """Call one of two functions."""
    if isinstance(pred, KerasTensor):
        chosen = true_fn(), false_fn()
        return tree.map_structure(lambda a, b: ops.where(pred, a, b), *chosen)
    return ops.cond(pred, true_fn, false_fn)


@named("case")
def case(
    pred_fn_pairs: Any, default: Any = None, exclusive: bool = False, strict: bool = False
) -> Any:
    """Call the function of the first condition that is true."""
    pairs = pred_fn_pairs.items() if isinstance(pred_fn_pairs, dict) else pred_fn_pairs
    for pred, run in pairs:
        if bool(pred):
            return run()
    if default is None:
        raise ValueError("tf.case: no condition is true, and there is no default.")
    return default()


@named("switch_case")
def switch_case(branch_index: Any, branch_fns: Any, default: Any = None) -> Any:
    """Call the function of an index."""
    table = dict(branch_fns if isinstance(branch_fns, dict) else enumerate(branch_fns))
    if table and isinstance(next(iter(table.values())), (tuple, list)):
        table = dict(table.values())
    last = default if default is not None else table[max(table)]
    return table.get(int(number(branch_index)), last)()


@named("while_loop")
def while_loop(
    cond: Callable,
    body: Callable,
    loop_vars: Any,
    shape_invariants: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    maximum_iterations: Any = None,
) -> Any:
    """Call `body` on the loop variables while `cond` of them holds."""
    values = tree.map_structure(tensor, list(loop_vars))
    steps, most = 0, number(maximum_iterations)
    if is_symbolic(values):
        return ops.while_loop(cond, body, tuple(values), most)
    while steps != most and bool(cond(*values)):
        new = body(*values)
        values = list(new) if isinstance(new, (list, tuple)) else [new]
        steps += 1
    return type(loop_vars)(values) if type(loop_vars) in (list, tuple) else values


def _elements(elems: Any) -> Iterator[Any]:
    flat = [tensor(e) for e in tree.flatten(elems)]
    for i in range(len(flat[0])):
        yield tree.pack_sequence_as(elems, [e[i] for e in flat])


def _stacked(results: list) -> Any:
    return tree.map_structure(lambda *parts: stack([tensor(p) for p in parts]), *results)


@named("map_fn")
def map_fn(
    fn: Callable,
    elems: Any,
    dtype: Any = None,
    parallel_iterations: Any = None,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    fn_output_signature: Any = None,
) -> Any:
    """Apply a function to each element and stack the results."""
    if is_symbolic(elems):
        return ops.map(fn, elems)
    return _stacked([fn(e) for e in _elements(elems)])


add("vectorized_map", lambda fn, elems, fallback_to_while_loop=True, warn=True: map_fn(fn, elems))


@named("scan")
def scan(
    fn: Callable,
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    reverse: bool = False,
) -> Any:
    """Return all the running results of a function of the last one and the next element."""
    results = list(_running(fn, elems, initializer, reverse))
    return _stacked(results[::-1] if reverse else results)


def _running(fn: Callable, elems: Any, start: Any, reverse: bool) -> Iterator[Any]:
    steps = list(_elements(elems))
    state = start
    for e in steps[::-1] if reverse else steps:
        state = e if state is None else fn(state, e)
        yield state


@named("foldl")
def foldl(fn: Callable, elems: Any, initializer: Any = None, **options: Any) -> Any:
    """Return the last running result of a function."""
    return list(_running(fn, elems, initializer, False))[-1]


@named("foldr")
def foldr(fn: Callable, elems: Any, initializer: Any = None, **options: Any) -> Any:
    """Return the last running result of a function, from the end."""
    return list(_running(fn, elems, initializer, True))[-1]


class TensorArray:
    """A list of tensors.

    Args:
        dtype: their dtype.
        size: how many there are to begin with.
        dynamic_size: whether there may be more.
    """

    def __init__(
        self, dtype: Any = None, size: Any = 0, dynamic_size: Any = None, *_: Any, **__: Any
    ) -> None:
        self.dtype = dtype
        self._items: list[Any] = [None] * int(number(size) or 0)

    def write(self, index: Any, value: Any, name: Any = None) -> TensorArray:
        """Put a tensor in a place."""
        i = int(number(index))
        self._items.extend([None] * (i + 1 - len(self._items)))
        self._items[i] = tensor(
            value, None if isinstance(value, (Tensor, KerasTensor)) else self.dtype
        )
        return self

    def read(self, index: Any, name: Any = None) -> Any:
        """Return the tensor in a place."""
        return self._items[int(number(index))]

    def stack(self, name: Any = None) -> Any:
        """Return all tensors as one."""
        if not self._items:
            return ops.zeros((0,), standardize_dtype(self.dtype))
        known = next(t for t in self._items if t is not None)
        return ops.stack([ops.zeros_like(known) if t is None else t for t in self._items])

    def concat(self, name: Any = None) -> Any:
        """Return all tensors one after the other."""
        return ops.concatenate(self._items, axis=0)

    def gather(self, indices: Any, name: Any = None) -> Any:
        """Return some of the tensors as one."""
        return ops.stack([self._items[i] for i in to_array(indices).tolist()])

    def unstack(self, value: Any, name: Any = None) -> TensorArray:
        """Put the parts of a tensor in places."""
        self._items = list(tensor(value))
        return self

    def size(self, name: Any = None) -> Any:
        """Return how many places there are."""
        return Tensor(np.asarray(len(self._items), np.int32))

    def identity(self) -> TensorArray:
        """Return itself."""
        return self

    def __len__(self) -> int:
        return len(self._items)


add("TensorArray", TensorArray)


# Python in the middle of tensors.


@named("py_function")
def py_function(func: Callable, inp: Any, Tout: Any) -> Any:
    """Call a Python function on tensors; its results become tensors."""
    return _in_dtypes(func(*[tensor(x) for x in inp]), Tout)


@named("numpy_function py_func")
def numpy_function(func: Callable, inp: Any, Tout: Any, stateful: bool = True) -> Any:
    """Call a Python function on arrays; its results become tensors, which no tape follows."""
    with no_recording():
        return _in_dtypes(func(*[tensor(x).numpy() for x in inp]), Tout)


def _in_dtypes(results: Any, dtypes: Any) -> Any:
    if isinstance(dtypes, (list, tuple)):
        results = [results] if not isinstance(results, (list, tuple)) else results
        return [_in_dtypes(r, d) for r, d in zip(results, dtypes)]
    if dtypes is None or results is None:
        return results
    dtype = getattr(dtypes, "dtype", dtypes)
    return (
        ops.cast(results, dtype)
        if isinstance(results, Tensor) and dtype != "string"
        else tensor(results, dtype)
    )


@named("print")
def print_(
    *inputs: Any,
    output_stream: Any = None,
    summarize: int = 3,
    sep: str = " ",
    end: str = "\n",
    **options: Any,
) -> None:
    """Print tensors as NumPy prints arrays, on stderr."""
    stream = output_stream if hasattr(output_stream, "write") else sys.stderr
    parts = [_shown(x) for x in inputs]
    stream.write(sep.join(parts) + end)
    stream.flush()


def _shown(x: Any) -> str:
    if isinstance(x, (Tensor, np.ndarray)):
        array = np.asarray(x.array if isinstance(x, Tensor) else x)
        if array.ndim == 0:
            return str(array)
        return np.array2string(array, threshold=1000, formatter={"numpystr": str})
    return str(x)


# Gradients.


@named("stop_gradient")
def stop_gradient(input: Any) -> Any:
    """Return the values of a tensor, which no gradient goes through."""
    return ops.stop_gradient(input)


@named("custom_gradient")
def custom_gradient(f: Callable) -> Callable:
    """Give a function a gradient of its own: `f` returns its result and a function of gradients."""
    return ops.custom_gradient(f)


add("grad_pass_through", lambda f: ops.custom_gradient(lambda *args: (f(*args), lambda g: g)))


@named("gradients")
def gradients(
    ys: Any, xs: Any, grad_ys: Any = None, stop_gradients: Any = None, **options: Any
) -> list:
    """Return the gradients of the sum of `ys`, in a graph.

    Raises:
        RuntimeError: for tensors with values: a `GradientTape` has to record how they come about.
    """
    targets = [symbol_of(y) for y in (ys if isinstance(ys, (list, tuple)) else [ys])]
    if not any(isinstance(t, KerasTensor) for t in targets):
        raise RuntimeError(
            "tf.gradients is for graphs, whose tensors have no values yet. Use tf.GradientTape."
        )
    if grad_ys is not None:
        weights = grad_ys if isinstance(grad_ys, (list, tuple)) else [grad_ys]
        targets = [ops.multiply(t, w) for t, w in zip(targets, weights)]
    sources = xs if isinstance(xs, (list, tuple)) else [xs]
    return graph_gradients(targets, [symbol_of(s) for s in sources])


class IndexedSlices:
    """Rows of a gradient. Gradients are whole arrays here, so there are none of them but a script's own."""

    def __init__(self, values: Any, indices: Any, dense_shape: Any = None) -> None:
        self.values, self.indices, self.dense_shape = values, indices, dense_shape


add("IndexedSlices", IndexedSlices)


# Scopes without a meaning here, and groups.


@contextlib.contextmanager
def _scope(name: Any = None, *_: Any, **__: Any) -> Iterator[str]:
    yield name if isinstance(name, str) else ""


for _path in ("name_scope", "device", "init_scope", "colocate_with", "xla.experimental.jit_scope"):
    add(_path, _scope)


@named("no_op")
def no_op() -> None:
    """Do nothing."""


@named("group")
def group(*inputs: Any, **options: Any) -> Any:
    """Carry out operations of a graph together."""
    return graphs.group_of(inputs)


@named("tuple")
def tuple_(tensors: Any, control_inputs: Any = None) -> list:
    """Return tensors as they are."""
    return list(tensors)


# `tf.nest`.

for _name, _function in {
    "map_structure": tree.map_structure,
    "flatten": tree.flatten,
    "is_nested": tree.is_nested,
    "pack_sequence_as": tree.pack_sequence_as,
    "assert_same_structure": tree.assert_same_structure,
}.items():
    add(
        f"nest.{_name} contrib.framework.nest.{_name}",
        lambda *args, f=_function, expand_composites=False, check_types=True, **kwargs: f(
            *args, **kwargs
        ),
    )
