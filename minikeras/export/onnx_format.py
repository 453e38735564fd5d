"""A model as an ONNX graph: traced twice, compared, and written out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minikeras import tree
from minikeras.autodiff.keras_tensor import SymbolicTensorError
from minikeras.autodiff.tensor import Tensor
from minikeras.common.extras import require
from minikeras.common.settings import settings
from minikeras.export import (
    elementwise,
    fourier,
    products,
    random,
    recurrent,
    reductions,
    shapes,
    sizes,
    sorting,
    windows,
)
from minikeras.export.graph import Body, Graph, Node, Value, stored
from minikeras.export.sizes import is_traced, same_size
from minikeras.export.tracing import Trace, TracedArray
from minikeras.version import __version__

RULE_FILES = (
    elementwise,
    fourier,
    products,
    random,
    recurrent,
    reductions,
    shapes,
    sorting,
    windows,
)
"""The files whose rules fill the table (`rules.py`) when they are imported."""

OLDEST_OPSET = 18
"""The first version of ONNX's operators in which all that is used here means what it means now."""

# Numbers to try in place of sizes that are not known, by place, for the two runs. First each has one of
# its own; where that does not work, as with arrays whose axes must agree, all have the same.
_PAIRS = (
    ((7, 23, 29, 31, 37, 41, 43, 47), (11, 53, 59, 61, 67, 71, 73, 79)),
    ((24,) * 8, (40,) * 8),
    ((2,) * 8, (3,) * 8),
)


class Spec:
    """What is known of an input.

    Args:
        name: its name.
        shape: its shape, None where a size is not known.
        dtype: its dtype.
    """

    def __init__(self, name: str, shape: Sequence[int | None], dtype: Any) -> None:
        self.name = name
        self.shape = tuple(shape)
        self.dtype = np.dtype(dtype)


class Traced:
    """What came of a run: the graph, and the arrays that are its outputs."""

    def __init__(self, graph: Graph, inputs: list[TracedArray], outputs: list[Any]) -> None:
        self.graph = graph
        self.inputs = inputs
        self.outputs = outputs


def trace(
    function: Callable,
    specs: Sequence[Spec],
    opset: int,
    variables: dict[int, str],
    name: str = "",
) -> Traced:
    """Trace a function of tensors.

    It runs twice, with different numbers in place of the sizes that are not known. What depends on
    such a size and was not followed, such as a loop over it in Python, differs then.

    Args:
        function: it takes tensors, one for each spec, and returns a structure of tensors.
        specs: what is known of its inputs.
        opset: version of ONNX's operators.
        variables: names of arrays that are weights, by `id`.
        name: name of the outermost layer, which others are not named after.

    Raises:
        ValueError: for something that cannot be exported, naming the layer.
    """
    reason = None
    for pair in _PAIRS:
        try:
            one, other = [
                _traced(function, specs, opset, variables, name, numbers) for numbers in pair
            ]
        except SymbolicTensorError:
            raise
        except _UNFIT as error:
            reason = reason or error
            continue
        _check_same(one, other)
        for a, b in zip(one.outputs, other.outputs):
            if isinstance(a, TracedArray):
                a.shape = tuple([d if same_size(d, e) else None for d, e in zip(a.shape, b.shape)])
        return one
    raise reason


_UNFIT = (ValueError, IndexError, ArithmeticError)
"""What a function raises for sizes that it cannot take."""


def _traced(
    function: Callable,
    specs: Sequence[Spec],
    opset: int,
    variables: dict[int, str],
    name: str,
    numbers: Sequence[int],
) -> Traced:
    graph = Graph(opset, dict(variables))
    tracer = Trace(graph, name, numbers[-1])
    known: dict[str, int] = {}

    def size(d: int | None, axis: int, spec: Spec) -> int:
        if d is not None:
            return d
        label = "batch" if axis == 0 else f"{spec.name}_{axis}"
        if label not in known:
            number = numbers[0 if label == "batch" else 1 + len(known) % (len(numbers) - 1)]
            known[label] = sizes.named(label, number)
        return known[label]

    inputs = []
    for spec in specs:
        shape = [size(d, axis, spec) for axis, d in enumerate(spec.shape)]
        inputs.append(tracer.input(graph.unique(spec.name), tuple(shape), spec.dtype))
    debugging, settings.debug_numerics = settings.debug_numerics, False
    try:
        with tracer.on(), np.errstate(all="ignore"):
            outputs = tree.flatten(function(*[Tensor(a) for a in inputs]))
    finally:
        settings.debug_numerics = debugging
    return Traced(
        graph, inputs, [y.array if isinstance(y, Tensor) else np.asarray(y) for y in outputs]
    )


def _check_same(one: Traced, other: Traced) -> None:
    """Check that two runs with different sizes gave the same graph.

    Raises:
        ValueError: if they did not, naming the first layer where they differ.
    """
    for traced in (one, other):
        traced.graph.prune([traced.graph.name(y) for y in traced.outputs])
    a, b = one.graph, other.graph
    differing = next((n for n, m in zip(a.nodes, b.nodes) if n != m), None)
    if differing is None:
        users = {i: n for n in reversed(a.nodes) for i in _used_by(n)}
        for name, value in a.constants.items():
            if not _equal(value, b.constants.get(name)):
                differing = users.get(name)
                break
        else:
            if len(a.nodes) == len(b.nodes) and a.constants.keys() == b.constants.keys():
                return
            differing = a.nodes[-1] if a.nodes else None
    place = (
        f"layer '{differing.layer}'" if differing and differing.layer else "the model's own code"
    )
    raise ValueError(
        f"Export to ONNX: {place}: it depends on a size that is not known in a way that cannot be "
        "followed, such as a loop of Python over an axis, or a number made of its length. Give all "
        "sizes but the batch's in `Input` (or in `input_signature`)."
    )


def _used_by(node: Node) -> list[str]:
    return [*node.inputs, *[i for body in node.bodies for n in body.nodes for i in _used_by(n)]]


def _equal(a: np.ndarray, b: np.ndarray | None) -> bool:
    if a is b:
        return True
    return (
        b is not None and a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    )


# Writing.


def to_onnx(traced: Traced, names: Sequence[str], name: str) -> Any:
    """Return what was traced as an `onnx.ModelProto`.

    Args:
        traced: what was traced.
        names: names of the outputs.
        name: name of the graph.

    Raises:
        ImportError: if onnx is not installed.
        ValueError: if inputs or outputs are complex numbers, or there are too many weights.
    """
    onnx = require("onnx", "onnx")
    graph = traced.graph
    if (size := sum(a.nbytes for a in graph.constants.values())) >= 2**31:
        raise ValueError(f"Export to ONNX: weights of {size} bytes; a file holds less than 2 GB.")
    made = {o for node in graph.nodes for o in node.outputs}
    new: dict[str, str] = {}
    outputs = []
    for y, wanted in zip(traced.outputs, names):
        inner, outer = graph.name(y), graph.unique(wanted)
        if inner in made and inner not in new:
            new[inner] = outer
        else:
            graph.nodes.append(Node("Identity", [inner], [outer], {}, outer, ""))
        outputs.append(_info(onnx, outer, y.dtype, y.shape))
    graph.replace(new)
    graph.prune([o.name for o in outputs])
    proto = onnx.helper.make_graph(
        [_node(onnx, n) for n in graph.nodes],
        name,
        [_info(onnx, x.name, x.dtype, x.shape) for x in traced.inputs],
        outputs,
        [_constant(onnx, n, a) for n, a in graph.constants.items()],
    )
    opsets = [onnx.helper.make_opsetid("", graph.opset)]
    return onnx.helper.make_model(
        proto,
        opset_imports=opsets,
        ir_version=onnx.helper.find_min_ir_version_for(opsets),
        producer_name="minikeras",
        producer_version=__version__,
    )


def _type(onnx: Any, dtype: Any) -> int:
    if np.dtype(dtype).kind == "c":
        raise ValueError("Export to ONNX: inputs and outputs cannot be complex numbers.")
    if np.dtype(dtype).kind == "V":
        return onnx.TensorProto.BFLOAT16
    return onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))


def _held(onnx: Any, dtype: Any) -> int:
    return _type(onnx, stored(dtype))


def _info(onnx: Any, name: str, dtype: Any, shape: Sequence[Any]) -> Any:
    sizes = [d.label if is_traced(d) else d if d is None else int(d) for d in shape]
    return onnx.helper.make_tensor_value_info(name, _held(onnx, dtype), sizes)


def _constant(onnx: Any, name: str, array: np.ndarray) -> Any:
    data = np.ascontiguousarray(array).tobytes()
    return onnx.helper.make_tensor(name, _type(onnx, array.dtype), array.shape, data, raw=True)


def _node(onnx: Any, node: Node) -> Any:
    attributes = {k: _attribute(onnx, a, f"{node.name}/{k}") for k, a in node.attributes.items()}
    return onnx.helper.make_node(node.op, node.inputs, node.outputs, node.name, **attributes)


def _attribute(onnx: Any, value: Any, name: str) -> Any:
    if isinstance(value, Body):
        return onnx.helper.make_graph(
            [_node(onnx, n) for n in value.nodes],
            name,
            [_loose(onnx, v) for v in value.inputs],
            [_loose(onnx, v) for v in value.outputs],
        )
    if isinstance(value, np.dtype):
        return _type(onnx, value)
    return list(value) if isinstance(value, tuple) else value


def _loose(onnx: Any, v: Value) -> Any:
    """Describe a tensor by its dtype and number of axes."""
    return onnx.helper.make_tensor_value_info(v.name, _held(onnx, v.dtype), [None] * v.ndim)
