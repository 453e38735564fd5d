"""`Primitive`: a forward kernel with its hand-written backward beside it.

Three ways to write one:

- `Primitive(name, forward, backward, reference=...)` for heavy operations. `forward` returns the
  result and whatever its backward needs; `backward` returns one gradient per input.
- `elementary(name, forward, vjps)` for small ones: one line of NumPy per input, whose argument
  names say what must be kept (`g` the gradient, `y` the result, else inputs and parameters).
- `without_gradient(name, forward)` for what has none: comparisons, indices, counts.

Each states its shape rule as well, so that it can be called on KerasTensors, and so can all that is
composed of primitives. Without a rule `forward` is run on small arrays.

Gradients of gradients: the lines of an elementary primitive run on tensors as well as on arrays
(NumPy's functions dispatch to `ops`). A heavy primitive is differentiated again through its
`reference`, the same formula composed of elementary ones; without one, asking raises.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.probe import probe
from minikeras.autodiff.state import thread, where_am_i
from minikeras.autodiff.tape import GradientTape, Node, Pick, backpropagate, dependents, record
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.autodiff.variable import Variable
from minikeras.common.dtypes import np_dtype, result_type
from minikeras.common.settings import settings
from minikeras.kernels.per_example import broadcast_sums
from minikeras.kernels.slices import by_slices
from minikeras.kernels.sums import add_reduce

PRIMITIVES: dict[str, Primitive] = {}
"""Every primitive by name: the registry that the tests walk."""

_SCALARS = (int, float, bool)
_SINGLE = np.dtype(np.float32)
_NO_ARRAY = np.zeros((), _SINGLE)

PER_EXAMPLE = 2
"""What `needs` says of an input whose gradient is wanted for each example."""


class Primitive:
    """An operation on arrays that knows its own gradient.

    Args:
        name: name in the registry and in messages.
        forward: `forward(*arrays, **params) -> (result, saved)`; the result is one array, or a
            tuple of arrays where `n_outputs` is not 1.
        backward: `backward(g, saved, needs, out, **params) -> gradients`, one array per input, None
            where `needs[i]` is false (it need not be a bool). `g` is the gradient of the result (a
            list, with None where an output was not used, if there are several). `out` is None, or
            for each input None or an array to write its gradient into.
        rule: `rule(*inputs, **params) -> KerasTensor`, or a tuple of them: what `forward` gives for
            inputs of which some are KerasTensors. None to find out on small arrays (`probe`).
        reference: the same formula composed of differentiable ops, `reference(*tensors, **params)`.
        n_outputs: number of results, or a function of params.
        writes_out: whether `backward` makes use of `out`.
        promotes: whether a first input of integers or booleans is made the float that it becomes
            beside the other inputs.
        per_example: `per_example(g, saved, needs, n, **params) -> gradients`, as `backward`, for a
            result whose first axis holds `n` examples one after the other: where `needs[i]` is
            `PER_EXAMPLE` the gradient is a `kernels.per_example.PerExample`. It may return None
            where it knows no way. Without it, examples are gone through one by one.
        mixes_examples: whether the result for one example depends on the others.
        lean: `forward` for calls that no tape follows: it saves nothing and returns `(result, None)`.
            None if that would be no faster.
    """

    narrow = "E"
    """Codes (`dtype.char`) of dtypes in whose place it computes in float32: here bfloat16, for which
    NumPy has no arithmetic of its own. Empty if inputs are to stay what they are."""

    promotes = False

    per_example: Callable | None = None

    lean: Callable | None = None

    rearranges = False
    """Whether the result has the elements of its input, and no others, in whatever order."""

    def __init__(
        self,
        name: str,
        forward: Callable,
        backward: Callable | None,
        rule: Callable | None = None,
        reference: Callable | None = None,
        n_outputs: int | Callable = 1,
        writes_out: bool = False,
        promotes: bool = False,
        per_example: Callable | None = None,
        mixes_examples: bool = False,
        lean: Callable | None = None,
    ) -> None:
        self.name = name
        self.forward = forward
        if lean is not None:
            self.lean = lean
        if backward is not None:  # else it is a method of a subclass
            self.backward = backward
        self.rule = rule
        self.reference = reference
        self.n_outputs = n_outputs
        self.writes_out = writes_out
        self.promotes = promotes
        if per_example is not None:  # else it may be a method of a subclass
            self.per_example = per_example
        self.mixes_examples = mixes_examples
        PRIMITIVES[name] = self

    def __repr__(self) -> str:
        return f"<Primitive {self.name}>"

    def outputs(self, node: Node) -> int:
        """Return the number of results of a recorded call."""
        return self.n_outputs if isinstance(self.n_outputs, int) else self.n_outputs(**node.params)

    def __call__(self, *inputs: Any, **params: Any) -> Any:
        """Run forward on the inputs' arrays; record the call if a tape follows one of them."""
        here = thread.state
        if here.autocast is not None:
            inputs = tuple([autocast(a) for a in inputs])
        values = []
        parents = []
        for a in inputs:
            kind = type(a)
            if kind is Tensor or kind is Variable:  # which are not split
                values.append(a.array)
                parents.append(a.node)
            elif isinstance(a, Tensor):
                if a._split is not None:
                    return self(*[as_tensor(b) if _is_split(b) else b for b in inputs], **params)
                values.append(a.array)
                parents.append(a.node)
            else:
                if not (type(a) is np.ndarray or a is None or type(a) in _SCALARS):
                    if isinstance(a, KerasTensor):
                        return self.describe(*inputs, **params)
                    a = to_array(a)
                values.append(a)
                parents.append(None)
        if self.narrow and (dtype := values[0].dtype) is not _SINGLE:  # the commonest needs nothing
            if dtype.char in self.narrow:
                return self.widened(inputs, params)
            if self.promotes and dtype.kind in "biu":
                return self(*_first_as_float(inputs), **params)
        tapes = here.tapes
        followed = tapes and any(parents)
        forward = self.forward if followed or self.lean is None else self.lean
        result, saved = forward(*values, **params)
        if settings.debug_numerics:
            check_forward(self.name, result)
        if followed:
            node = record(tapes, self, inputs, parents, saved, params)
            if type(result) is tuple:
                picks = [Pick(node, i) for i in range(len(result))]
                for tape in tapes:
                    tape._nodes.extend(picks)
                return tuple([Tensor(r, p) for r, p in zip(result, picks)])
            return Tensor(result, node)
        if type(result) is tuple:
            return tuple([Tensor(r) for r in result])
        return Tensor(result)

    def describe(self, *inputs: Any, **params: Any) -> Any:
        """Return the results as KerasTensors, for inputs of which some are KerasTensors."""
        if self.rule is None:
            return probe(self, inputs, params, arrays=True)
        return self.rule(*inputs, **params)

    def widened(self, inputs: Sequence[Any], params: dict) -> Any:
        """Run on float32 in place of half precision, and round the results to that."""
        narrow = np_dtype(next(str(a.dtype) for a in inputs if _is_half(a)))
        wide = [CAST(a, dtype=_SINGLE) if _is_half(a) else a for a in inputs]
        result = self(*wide, **params)
        if type(result) is tuple:
            return tuple([_rounded(r, narrow) for r in result])
        return _rounded(result, narrow)

    def backward_graph(self, g: Any, node: Node, needs: Sequence[bool]) -> Sequence[Any]:
        """Return the gradients of the inputs as tensors that can be differentiated again."""
        if self.reference is None:
            raise NotDifferentiableTwice(self.name)
        if node.inputs is None:
            raise RuntimeError(
                f"The gradient of a gradient through '{self.name}' needs both tapes to record while "
                "the operation runs: open the outer tape first."
            )
        # All inputs keep their places on the tapes: whoever records this may follow other inputs than
        # those whose gradients are asked for here.
        inputs = node.inputs
        inner = GradientTape(persistent=True)
        with inner:
            result = self.reference(*inputs, **node.params)
        results = result if isinstance(result, tuple) else (result,)
        gs = g if isinstance(g, list) else [g]
        wanted = {a.node for a, need in zip(inputs, needs) if need}
        nodes = list(inner._nodes)
        grads = {r.node: gi for r, gi in zip(results, gs) if gi is not None and r.node}
        grads = backpropagate(
            nodes, grads, dependents(nodes, wanted), keep=wanted, release=False, graph=True
        )
        # Of an input that is given twice, the first place has what both add up to.
        return [grads.pop(a.node, None) if need else None for a, need in zip(inputs, needs)]


def _is_split(a: Any) -> bool:
    return getattr(a, "_split", None) is not None


def _is_half(a: Any) -> bool:
    """Whether a value is bfloat16 or float16."""
    return str(getattr(a, "dtype", None)) in ("bfloat16", "float16")


def _rounded(y: Tensor, dtype: np.dtype) -> Tensor:
    return CAST(y, dtype=dtype) if y.array.dtype == _SINGLE else y


def _first_as_float(inputs: Sequence[Any]) -> tuple:
    """Make the first of several inputs the float that it becomes beside the others."""
    dtypes = [a.dtype for a in inputs if a is not None and np_dtype(str(a.dtype)).kind in "fV"]
    dtype = np_dtype(result_type(inputs[0].dtype, float, *dtypes))
    return CAST(inputs[0], dtype=dtype), *inputs[1:]


class NotDifferentiableTwice(ValueError):
    """A gradient of a gradient was asked through an operation that has none."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Operation '{name}' has a hand-written backward that cannot be differentiated again, "
            "so gradients of gradients through it are not available."
        )


class Elementary(Primitive):
    """A primitive given by one line of NumPy per input; see `elementary`."""

    def __init__(
        self,
        name: str,
        forward: Callable,
        vjps: Sequence[Callable | None],
        inputs: Sequence[str],
        rule: Callable | None = None,
        costly: bool = False,
    ) -> None:
        super().__init__(name, by_slices(forward) if costly else forward, None, rule)
        self.inputs = tuple(inputs)
        self.vjps = tuple([by_slices(v) if v and costly else v for v in vjps])
        self.wants = [() if v is None else _argument_names(v)[1:] for v in vjps]
        names = {n for want in self.wants for n in want}
        self.keeps_result = "y" in names
        self.kept_inputs = tuple((i, n) for i, n in enumerate(self.inputs) if n in names)
        self.keeps_shapes = "shape" in names

    def __call__(self, *inputs: Any, **params: Any) -> Tensor:
        values = []
        tracked = False
        array = _NO_ARRAY
        for a in inputs:
            if type(a) is Tensor:
                array = a.array
                values.append(array)
                if a.node is not None:
                    tracked = True
            elif type(a) is np.ndarray:
                array = a
                values.append(a)
            elif type(a) in _SCALARS:
                values.append(a)
            elif isinstance(a, KerasTensor):
                return self.describe(*inputs, **params)
            else:
                return self(*[as_tensor(a) for a in inputs], **params)
        if array.dtype.char in self.narrow:
            return self.widened(inputs, params)
        y = self.forward(*values, **params)
        if settings.debug_numerics:
            check_forward(self.name, y)
        if tracked:
            tapes = thread.state.tapes
            if tapes:
                parents = [a.node if type(a) is Tensor else None for a in inputs]
                return Tensor(y, record(tapes, self, inputs, parents, self.save(values, y), params))
        return Tensor(y)

    def save(self, values: Sequence[Any], y: Any) -> dict:
        """Collect what the backward lines name."""
        saved = {n: values[i] for i, n in self.kept_inputs}
        if self.keeps_result:
            saved["y"] = y
        if self.keeps_shapes:
            saved["shape"] = [np.shape(v) for v in values]
        return saved

    def backward(self, g: Any, saved: Any, needs: Any, out: Any, **params: Any) -> Sequence[Any]:
        result: list[Any] = []
        for i, need in enumerate(needs):
            if not need or self.vjps[i] is None:
                result.append(None)
                continue
            args = [
                saved["shape"][i] if n == "shape" else saved[n] if n in saved else params[n]
                for n in self.wants[i]
            ]
            result.append(self.vjps[i](g, *args))
        return result

    def backward_graph(self, g: Any, node: Node, needs: Any) -> Sequence[Any]:
        if node.inputs is None and self.kept_inputs:
            raise RuntimeError(
                f"The gradient of a gradient through '{self.name}' needs both tapes to record while "
                "the operation runs: open the outer tape first."
            )
        saved = dict(node.saved)
        for i, n in self.kept_inputs:
            if isinstance(node.inputs[i], Tensor):
                saved[n] = node.inputs[i]
        if self.keeps_result:
            saved["y"] = Tensor(saved["y"], node)
        return self.backward(g, saved, needs, None, **node.params)


def _argument_names(function: Callable) -> tuple[str, ...]:
    """Return the names of a Python function's arguments; `inspect` would take 20 times as long."""
    code = function.__code__
    return code.co_varnames[: code.co_argcount]


class Broadcasting(Elementary):
    """An elementary primitive of two inputs that broadcast against each other."""

    def save(self, values: Sequence[Any], y: Any) -> dict:
        saved = {n: values[i] for i, n in self.kept_inputs}
        if self.keeps_result:
            saved["y"] = y
        saved["shape"] = [np.shape(v) for v in values]
        return saved

    def backward(self, g: Any, saved: Any, needs: Any, out: Any, **params: Any) -> Sequence[Any]:
        grads = super().backward(g, saved, needs, out, **params)
        return [
            d if d is None or d.shape == shape else unbroadcast(d, shape)
            for d, shape in zip(grads, saved["shape"])
        ]

    def per_example(self, g: Any, saved: Any, needs: Any, n: int, **params: Any) -> list | None:
        grads = super().backward(g, saved, needs, None, **params)
        shapes = saved["shape"]
        result: list[Any] = []
        for d, shape, need in zip(grads, shapes, needs):
            if d is not None and need == PER_EXAMPLE:
                d = broadcast_sums(np.broadcast_to(d, g.shape), shape, n)
                if d is None:
                    return None
            elif d is not None:
                d = d if d.shape == shape else unbroadcast(d, shape)
            result.append(d)
        return result


class WithoutGradient(Primitive):
    """A primitive that no gradient flows through; see `without_gradient`."""

    narrow = ""

    def __init__(self, name: str, forward: Callable, rule: Callable | None = None) -> None:
        super().__init__(name, forward, None, rule)

    def __call__(self, *inputs: Any, **params: Any) -> Any:
        values = []
        for a in inputs:
            kind = type(a)
            if kind is Tensor or kind is Variable:  # which are not split
                values.append(a.array)
            elif kind is np.ndarray or a is None or kind in _SCALARS:
                values.append(a)
            elif isinstance(a, KerasTensor):
                return self.describe(*inputs, **params)
            else:
                values.append(to_array(a))
        if self.narrow and values[0].dtype.char in self.narrow:
            return self.widened(inputs, params)
        y = self.forward(*values, **params)
        return tuple([Tensor(v) for v in y]) if type(y) is tuple else Tensor(y)


@contextlib.contextmanager
def intercepted(call: Callable) -> Iterator[None]:
    """While this is open, run `call(primitive, forward, arrays, params)` in place of forwards.

    It returns what `forward(*arrays, **params)` would. All threads come through it.
    """

    def instead(primitive: Primitive, forward: Callable) -> Callable:
        return lambda *arrays, **params: call(primitive, forward, arrays, params)

    with _interception:
        forwards = [
            (primitive, name, getattr(primitive, name))
            for primitive in PRIMITIVES.values()
            for name in ("forward", "lean")
        ]
        forwards = [one for one in forwards if one[2] is not None]
        try:
            for primitive, name, forward in forwards:
                setattr(primitive, name, instead(primitive, forward))
            yield
        finally:
            for primitive, name, forward in forwards:
                setattr(primitive, name, forward)


_interception = threading.RLock()


def unbroadcast(g: Any, shape: tuple) -> Any:
    """Sum `g` over the axes along which an input of `shape` was broadcast."""
    extra = g.ndim - len(shape)
    axes = tuple(range(extra)) + tuple(
        i + extra for i, d in enumerate(shape) if d == 1 and g.shape[i + extra] != 1
    )
    return np.reshape(sum_over(g, axes), shape) if axes else np.broadcast_to(g, shape)


def sum_over(g: Any, axes: Any, keepdims: bool = False) -> Any:
    """Sum an array or a tensor over axes."""
    if isinstance(g, Tensor):
        return np.sum(g, axis=axes, keepdims=keepdims)
    return add_reduce(g, axes, keepdims)


def as_tensor(a: Any) -> Tensor:
    """Return `a` as a tensor that operations can use at once; a KerasTensor stays one.

    An array is copied while a tape records, since its owner may change it before the backward.
    """
    if isinstance(a, Tensor):
        if thread.state.autocast is not None and isinstance(a, Variable):
            a = autocast(a)
        if type(a) is Tensor:
            return a
        return Tensor(a.array, a.node) if a._split is None else a.value
    if isinstance(a, KerasTensor):
        return a
    value = to_array(a)
    if value is a and thread.state.tapes:
        value = np.array(value)
    return Tensor(value)


def elementary(
    name: str,
    forward: Callable,
    *vjps: Callable | None,
    inputs: Sequence[str] = ("x",),
    rule: Callable | None = None,
    narrow: str = Primitive.narrow,
    costly: bool = False,
) -> Elementary:
    """Make a primitive of a NumPy function and one line of NumPy per input.

    Args:
        name: name in the registry.
        forward: `forward(*arrays, **params) -> array`.
        *vjps: for each input, a function of the gradient `g` and of whatever else it names: `y`
            (the result), an input's name, a parameter's name, or `shape` (its input's shape). None
            where an input has no gradient.
        inputs: the inputs' names.
        rule: `rule(*inputs, **params) -> KerasTensor`; None to run `forward` on small arrays.
        narrow: codes of the dtypes in whose place it computes in float32.
        costly: whether it is elementwise, without warnings, and so much work an element that several
            threads pay.
    """
    primitive = Elementary(name, forward, vjps, inputs, rule, costly)
    primitive.narrow = narrow
    return primitive


def without_gradient(
    name: str,
    forward: Callable,
    rule: Callable | None = None,
    narrow: str = WithoutGradient.narrow,
) -> WithoutGradient:
    """Make a primitive that has no gradient.

    Args:
        name: name in the registry.
        forward: `forward(*arrays, **params)`, which gives an array or a tuple of arrays.
        rule: `rule(*inputs, **params) -> KerasTensor(s)`; None to run `forward` on small arrays.
        narrow: codes of the dtypes in whose place it computes in float32.
    """
    primitive = WithoutGradient(name, forward, rule)
    primitive.narrow = narrow
    return primitive


def same(x: Any, *_: Any, **__: Any) -> KerasTensor:
    """The shape rule of what keeps shape and dtype of its first input."""
    return KerasTensor(x.shape, x.dtype)


def autocast(a: Any) -> Any:
    """Cast a float variable to the dtype that the running layer computes in."""
    if isinstance(a, Variable) and a._casts(thread.state.autocast):
        a = Tensor(a.array, a.node) if a._split is None else a.value
        return CAST(a, dtype=thread.state.autocast)
    return a


def _cast_back(g: Any, x: Any) -> Any:
    if g.dtype.kind == "c" and x.dtype.kind != "c":
        g = np.real(g)
    return g.astype(x.dtype)


CAST = elementary(
    "cast",
    lambda x, dtype: np.asarray(x).astype(dtype),
    _cast_back,
    rule=lambda x, dtype: KerasTensor(x.shape, dtype),
    narrow="",
)
CAST.rearranges = True


def check_forward(name: str, result: Any) -> None:
    """Raise FloatingPointError if a result holds NaN or Inf (debug numerics)."""
    for r in result if type(result) is tuple else (result,):
        if r is not None and r.dtype.kind in "fc" and not np.isfinite(r).all():
            place = where_am_i()
            what = "NaN" if np.isnan(r).any() else "Inf"
            raise FloatingPointError(
                f"{what} in the forward pass: first produced by op '{name}'"
                + (f" in {place}." if place else ".")
            )
