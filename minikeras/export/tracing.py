"""Runs a model on arrays that are not there, and notes what each primitive would do with them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minikeras import tree
from minikeras.autodiff.keras_tensor import ArraySpec, KerasTensor, SymbolicTensorError
from minikeras.autodiff.primitive import (
    Elementary,
    Primitive,
    WithoutGradient,
    intercepted,
)
from minikeras.autodiff.probe import describing
from minikeras.autodiff.state import thread, where_am_i
from minikeras.autodiff.tape import no_recording
from minikeras.autodiff.tensor import Tensor
from minikeras.common.dtypes import np_dtype, standardize_dtype
from minikeras.export import loops, sizes
from minikeras.export.graph import CannotExport, Graph, Value
from minikeras.export.rules import RULES
from minikeras.export.sizes import TracedSize, is_traced


class TracedError(SymbolicTensorError):
    """Something that cannot be exported was met while a model ran."""


class TracedArray(ArraySpec):
    """An array that is there only when the exported model runs: a tensor of the graph.

    What layers do with it is what they do with arrays. Ops take it to primitives, NumPy's functions and
    operators to ops. Who asks for its values is told that there are none yet.

    Args:
        trace: what notes the computations.
        name: its name in the graph.
        shape: its shape, with `TracedSize`s where sizes are not known.
        dtype: its dtype.
    """

    def __init__(self, trace: Trace, name: str, shape: tuple, dtype: Any) -> None:
        super().__init__(tuple(shape), np_dtype(standardize_dtype(dtype)))
        self.size = 1
        for d in self.shape:
            self.size = self.size * d
        self.trace = trace
        self.name = name

    def __repr__(self) -> str:
        return f"<array of shape {self.shape} and dtype {self.dtype}>"

    def _no_values(self, *_: Any, **__: Any) -> Any:
        raise self.trace.failed(
            "the values of a tensor are asked for (by `if`, `for`, `int`, `float` or NumPy), and there are "
            "none before the exported model runs. Use functions of minikeras.ops, such as ops.where"
        )

    __array__ = __iter__ = __bool__ = __float__ = __int__ = __index__ = item = tolist = _no_values

    def __len__(self) -> int:
        return int(self.shape[0])

    def assigned_to(self, variable: Any) -> None:
        """Refuse to become the value of a variable."""
        raise self.trace.failed(
            f"it changes its variable '{variable.path}' when it is called, and an ONNX graph keeps no "
            "state (stateful=True does so, for one)"
        )

    def __getitem__(self, key: Any) -> Any:
        return Tensor(self)[_as_tensors(key)].array

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        from minikeras.ops import operators, reductions

        inputs = [_as_tensors(x) for x in inputs]
        if method == "reduce" and ufunc in _REDUCTIONS:
            axis, keepdims = kwargs.get("axis", 0), kwargs.get("keepdims", False)
            return getattr(reductions, _REDUCTIONS[ufunc])(inputs[0], axis, keepdims).array
        # Also `out=`, and `x += y`, are refused: who else sees the array that changes is not known.
        function = operators.op_of(ufunc) if method == "__call__" and not kwargs else None
        if function is None:
            how = " in place, or with `out=`," if kwargs.get("out") else ""
            raise self.trace.failed(f"numpy.{ufunc.__name__}{how} has no form in ONNX")
        return function(*inputs).array

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        from minikeras.ops import operators

        op = operators.op_of(function)
        if op is None:
            raise self.trace.failed(f"numpy.{function.__name__} has no form in ONNX")
        return _as_arrays(op(*_as_tensors(list(args)), **_as_tensors(kwargs)))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or not hasattr(Tensor, name):
            raise AttributeError(f"An array that is not there yet has no '{name}'.")
        of_tensor = getattr(Tensor(self), name)
        if not callable(of_tensor):
            return _as_arrays(of_tensor)
        return lambda *args, **kwargs: _as_arrays(
            of_tensor(*_as_tensors(list(args)), **_as_tensors(kwargs))
        )

    # What `ops` asks an array for that is not there: loops and branches by its values.

    def branch(self, true_fn: Callable, false_fn: Callable) -> Any:
        """Choose between two functions by this condition."""
        return loops.branch(self.trace, self, true_fn, false_fn)

    def scan(self, f: Callable, init: Any, xs: Any, reverse: bool) -> tuple:
        """Carry a value over the first axis; in the order of `xs`."""
        carry, ys = loops.scan(self.trace, f, init, xs, reverse=reverse)
        if reverse:
            from minikeras.ops import shapes

            ys = tree.map_structure(lambda y: y if y is None else shapes.flip(y, 0), ys)
        return carry, ys

    def repeat_while(
        self, condition: Callable, body: Callable, values: tuple, maximum: Any
    ) -> tuple:
        """Call a function on values while a condition of them holds."""
        return loops.repeat_while(self.trace, condition, body, values, maximum)

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        """Return the array in another dtype."""
        return Tensor(self).astype(np.dtype(dtype)).array

    def take(self, indices: Any, axis: Any = None) -> Any:
        """Pick elements along an axis."""
        from minikeras.ops import indexing

        return indexing.take(Tensor(self), _as_tensors(indices), axis).array


_REDUCTIONS = {
    np.add: "sum",
    np.multiply: "prod",
    np.maximum: "max",
    np.minimum: "min",
    np.logical_or: "any",
    np.logical_and: "all",
}


def _as_tensors(x: Any) -> Any:
    return tree.map_structure(lambda a: Tensor(a) if isinstance(a, TracedArray) else a, x)


def _as_arrays(x: Any) -> Any:
    return tree.map_structure(lambda a: a.array if isinstance(a, Tensor) else a, x)


class Trace:
    """What runs the model, and what the graph grows by.

    Args:
        graph: where nodes are noted.
        stem: part of the layers' names that need not be told: the model's.
        count: number to try in place of sizes that depend on values.
    """

    def __init__(self, graph: Graph, stem: str = "", count: int = 1) -> None:
        self.graph = graph
        self.graph.layer = self.layer
        self._thread = threading.get_ident()
        self._stem = stem
        self._count = count
        self._composing: list[Primitive] = []

    def layer(self) -> str:
        """Return the name of the layer that runs, with those of the layers around it."""
        names = [layer.name for layer in thread.state.layers]
        return "/".join(names[1:] if names[:1] == [self._stem] else names)

    @contextlib.contextmanager
    def on(self) -> Iterator[None]:
        """While this is open, primitives that are called on traced arrays are noted."""
        token = sizes.trace.set(self)
        try:
            with intercepted(self._call), describing(), no_recording():
                yield
        finally:
            sizes.trace.reset(token)

    def failed(self, what: str) -> TracedError:
        """Return the error for something that cannot be exported, naming the layer."""
        place = where_am_i() or "the model's own code"
        return TracedError(f"Export to ONNX: {place}: {what}.")

    def array(self, name: str, shape: tuple, dtype: Any) -> TracedArray:
        """Return a tensor of the graph as an array."""
        return TracedArray(self, name, shape, dtype)

    def input(self, name: str, shape: tuple, dtype: Any) -> TracedArray:
        """Return an input of the graph; sizes that it is the first to have are read from it."""
        for axis, d in enumerate(shape):
            if is_traced(d):
                self.graph.sources.setdefault(d.label, (name, axis))
        return self.array(name, shape, dtype)

    def count_of(self, name: str, axis: int) -> TracedSize:
        """Return the size of an axis that depends on values, under a name of its own."""
        g = self.graph
        count = sizes.named(f"size {axis} of {name}", self._count)
        g.sources[f"size {axis} of {name}"] = (name, axis)
        return count

    def array_of_size(self, size: TracedSize) -> TracedArray:
        """Return a size as an array."""
        g = self.graph
        scalar = g.node("Squeeze", g.size(size))
        return self.array(g.cast(Value(scalar, np.dtype(np.int64), 0), np.int32).name, (), np.int32)

    # Primitives.

    def _call(self, primitive: Primitive, forward: Callable, arrays: tuple, params: dict) -> Any:
        if threading.get_ident() != self._thread:
            return forward(*arrays, **params)
        if not _concerns(primitive, arrays, params):
            result = forward(*arrays, **params)
            if primitive.name in ("cast", "reshape", "transpose"):  # of a weight, perhaps
                self.graph.name_alike(arrays[0], result)
            return result
        result = self._noted(primitive, forward, arrays, params)
        bare = isinstance(primitive, (Elementary, WithoutGradient))
        return result if bare else (result, None)

    def _noted(self, primitive: Primitive, forward: Callable, arrays: tuple, params: dict) -> Any:
        rule = RULES.get(primitive.name)
        try:
            given = NotImplemented if rule is None else rule(self.graph, *arrays, **params)
        except CannotExport as error:
            raise self.failed(f"'{primitive.name}' has no form in ONNX: {error}") from None
        if given is NotImplemented:
            return self._composed(primitive, forward, arrays, params)
        return self._shaped(given, primitive, arrays, params)

    def _composed(
        self, primitive: Primitive, forward: Callable, arrays: tuple, params: dict
    ) -> Any:
        """Note a primitive by the formula that it is composed of."""
        if primitive.reference is not None:
            tensors = [Tensor(a) if isinstance(a, (ArraySpec, np.ndarray)) else a for a in arrays]
            return _as_arrays(primitive.reference(*tensors, **params))
        bare = isinstance(primitive, (Elementary, WithoutGradient))
        if bare and primitive not in self._composing:
            self._composing.append(primitive)
            try:
                return forward(*arrays, **params)  # a line of NumPy, which comes back here
            except (TracedError, AttributeError) as error:
                raise self.failed(f"'{primitive.name}' has no form in ONNX") from error
            finally:
                self._composing.remove(primitive)
        raise self.failed(f"'{primitive.name}' has no form in ONNX")

    def _shaped(self, given: Any, primitive: Primitive, arrays: tuple, params: dict) -> Any:
        """Return what a rule gave as arrays."""
        whole = given if isinstance(given, tuple) and type(given) is not Value else (given,)
        if all(isinstance(y, (ArraySpec, np.ndarray)) for y in whole):
            return given
        specs = primitive.describe(*[_spec(a) for a in arrays], **params)
        several = isinstance(specs, tuple)
        specs = specs if several else (specs,)
        results = tuple(
            [self.array(self.graph.name(n), s.shape, s.dtype) for n, s in zip(whole, specs)]
        )
        return results if several else results[0]


def _spec(a: Any) -> Any:
    return KerasTensor(a.shape, str(a.dtype)) if isinstance(a, ArraySpec) else a


def _concerns(primitive: Primitive, arrays: tuple, params: dict) -> bool:
    """Whether a call depends on what is known only when the exported model runs."""
    if primitive.name == "random":
        return True
    flat = [*arrays, *tree.flatten(list(params.values()))] if params else arrays
    return any(isinstance(a, (TracedArray, TracedSize)) for a in flat)
