"""`Graph`: ONNX nodes and constants in the making.

Nodes are noted as they come. What has been computed already is not computed again, and transpositions
(our images have their channels last, ONNX's first) are moved behind what works element by element, so
that most of them meet their inverse and vanish.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from minikeras.export.sizes import is_traced


class CannotExport(Exception):
    """Something that ONNX cannot express; the message says what, and maybe why."""


class Value(NamedTuple):
    """A tensor of the graph.

    Args:
        name: its name.
        dtype: its dtype.
        ndim: number of its axes.
    """

    name: str
    dtype: np.dtype
    ndim: int


class Node:
    """One call of an ONNX operator.

    Args:
        op: the operator's name.
        inputs: names of its inputs, `""` for one that is left out.
        outputs: names of its outputs.
        attributes: numbers, texts, lists of them, and `Body`s.
        name: its own name.
        layer: the layer that it belongs to, for messages.
    """

    def __init__(
        self, op: str, inputs: list, outputs: list, attributes: dict, name: str, layer: str
    ) -> None:
        self.op = op
        self.inputs = inputs
        self.outputs = outputs
        self.attributes = attributes
        self.name = name
        self.layer = layer

    @property
    def bodies(self) -> list[Body]:
        """The graphs inside, of loops and branches."""
        return [a for a in self.attributes.values() if isinstance(a, Body)]

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Node) and vars(self) == vars(other)

    __hash__ = None


class Body(NamedTuple):
    """A graph inside a node: what a loop repeats, or a branch.

    Args:
        nodes: its nodes.
        inputs: its inputs.
        outputs: its outputs.
    """

    nodes: list
    inputs: list
    outputs: list


_WIDER = {
    np.dtype(narrow): np.dtype(wide)
    for narrow, wide in {
        "int8": "int32",
        "int16": "int32",
        "uint8": "int32",
        "uint16": "int32",
        "uint32": "int64",
        "uint64": "int64",
    }.items()
}
"""What integers are computed in: ONNX Runtime has few operators for the others."""

# fmt: off
_SINGLE_ONLY = frozenset([
    "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "AveragePool", "Conv", "ConvTranspose", "Cosh",
    "Det", "Elu", "Erf", "GRU", "HardSigmoid", "LSTM", "LeakyRelu", "RNN", "Resize", "Selu", "Sinh",
    "Softplus", "Softsign", "Tan",
])
# fmt: on
"""Operators that ONNX Runtime has in single precision only: doubles are rounded on the way in."""

_NOT_HALF = frozenset(["ScatterND", "IsInf"])
"""Operators that it has not in half precision."""


def stored(dtype: Any) -> np.dtype:
    """Return the dtype in which a graph holds one.

    ONNX Runtime computes next to nothing in bfloat16. Such numbers are held in float32, rounded where the
    model rounds them.
    """
    dtype = np.dtype(dtype)
    return np.dtype(np.float32) if dtype.kind == "V" else dtype


class Graph:
    """Nodes and constants.

    Args:
        opset: version of ONNX's operators.
        variables: names of arrays that are weights, by `id`.
    """

    def __init__(self, opset: int, variables: dict[int, str]) -> None:
        self.opset = opset
        self.variables = variables
        self.nodes: list[Node] = []
        self.constants: dict[str, np.ndarray] = {}
        self.layer: Callable[[], str] = lambda: ""
        self.sources: dict[str, tuple[str, int]] = {}
        """Of which tensor a size is, and of which of its axes; by the size's name."""
        self._made_by: dict[str, Node] = {}
        self._known: list[dict[Any, Any]] = [{}]
        self._names: dict[str, int] = {}
        self._kept: list[np.ndarray] = []  # so that their ids stay theirs
        self._narrower: dict[str, Any] = {}  # what was cast to something that holds it exactly

    # Names and constants.

    def unique(self, name: str) -> str:
        """Return a name that nothing else has."""
        count = self._names.get(name, 0)
        self._names[name] = count + 1
        return self.unique(f"{name}_{count}") if count else name

    def name(self, x: Any) -> str:
        """Return the name of a tensor: of a value, of an array, which becomes a constant, or of None."""
        if x is None:
            return ""
        if isinstance(x, str):
            return x
        if isinstance(x, (np.ndarray, np.generic)):
            return self.constant(np.asarray(x))
        return x.name

    def constant(self, array: np.ndarray) -> str:
        """Return the name of a constant; equal ones are one."""
        own = self.variables.get(id(array))
        key: Any = (array.dtype.name, array.shape, id(array) if own else array.tobytes())
        known = self._known[0]  # constants belong to the whole graph
        if key not in known:
            layer = self.layer()
            name = self.unique(own or (f"{layer}/constant" if layer else "constant"))
            known[key] = name
            self.constants[name] = array.astype(stored(array.dtype), copy=False)
        return known[key]

    def weight(self, original: Any, array: np.ndarray) -> str:
        """Return the name of a weight that is another one in ONNX's order: the same name."""
        key = ("weight", id(original), array.shape, array.dtype.name, hash(array.tobytes()))
        known = self._known[0]
        if key not in known:
            own = self.variables.get(id(original))
            if own is None:
                return self.constant(array)
            known[key] = self.unique(own)
            self.constants[known[key]] = array.astype(stored(array.dtype), copy=False)
        return known[key]

    def name_alike(self, original: Any, array: np.ndarray) -> None:
        """Give an array that was made of a weight the weight's name."""
        if id(original) in self.variables:
            self.variables[id(array)] = self.variables[id(original)]
            self._kept.append(array)

    def ints(self, *numbers: int) -> np.ndarray:
        """Return a vector of integers, as shapes, axes and places are given."""
        return np.array(numbers, np.int64)

    # Nodes.

    def node(self, op: str, *inputs: Any, outputs: int = 1, **attributes: Any) -> Any:
        """Note a call of an operator.

        Args:
            op: its name.
            *inputs: values, names, arrays (which become constants), or None.
            outputs: number of outputs.
            **attributes: its attributes; None is left out.

        Returns:
            The name of the output, or a list of them.
        """
        names = [self.name(x) for x in inputs]
        while names and not names[-1]:
            names.pop()
        attributes = {k: v for k, v in attributes.items() if v is not None}
        key = None
        if not op.startswith("Random") and not any(
            isinstance(a, Body) for a in attributes.values()
        ):
            key = (op, *names, outputs, repr(sorted(attributes.items())))
            for known in reversed(self._known):
                if key in known:
                    return known[key]
        layer = self.layer()
        own = self.unique(f"{layer}/{op}" if layer else op)
        results = [own if i == 0 else self.unique(f"{own}_{i}") for i in range(outputs)]
        node = Node(op, names, results, attributes, own, layer)
        self.nodes.append(node)
        for r in results:
            self._made_by[r] = node
        result = results[0] if outputs == 1 else results
        if key is not None:
            self._known[-1][key] = result
        return result

    @contextlib.contextmanager
    def inside(self) -> Iterator[list[Node]]:
        """Note nodes apart, in a list that this gives: those of a body."""
        outer, self.nodes = self.nodes, []
        self._known.append({})
        try:
            yield self.nodes
        finally:
            self.nodes = outer
            self._known.pop()

    # What works element by element.

    def pointwise(self, op: str, *inputs: Any, dtype: Any = None, **attributes: Any) -> Value:
        """Note an operator that works element by element, on inputs of one dtype that broadcast.

        Args:
            op: its name.
            *inputs: values, arrays, and Python numbers, which take the others' dtype.
            dtype: dtype of the result, if it is not the inputs'.
        """
        own = next(x.dtype for x in inputs if hasattr(x, "dtype"))
        if own.kind == "c":
            raise CannotExport("it has no complex numbers")
        working = self.working_dtype(op, own)
        operands = [self._operand(x, own, working) for x in inputs]
        y = self._moved(op, operands, np.dtype(dtype or working), attributes)
        return y if dtype is not None or working == own else self.cast(y, own)

    def working_dtype(self, op: str, dtype: np.dtype) -> np.dtype:
        """Return the dtype in which ONNX Runtime computes what is wanted in `dtype`."""
        if (dtype == np.float64 and op in _SINGLE_ONLY) or (
            dtype == np.float16 and op in _NOT_HALF
        ):
            return np.dtype(np.float32)
        return dtype if op in ("Not", "And", "Or", "Xor") else _WIDER.get(dtype, dtype)

    def _operand(self, x: Any, own: np.dtype, working: np.dtype) -> Any:
        if not hasattr(x, "dtype"):
            return np.asarray(x, own).astype(working)
        if isinstance(x, (np.ndarray, np.generic)):
            return x if x.dtype == working or x.dtype != own else np.asarray(x).astype(working)
        return x if x.dtype != own else self.cast(x, working)

    def _moved(self, op: str, operands: list, dtype: np.dtype, attributes: dict) -> Value:
        """Note the operator before the transpositions that its inputs come from, if they are alike."""
        values = [x for x in operands if not isinstance(x, (np.ndarray, np.generic))]
        ndim = max(x.ndim for x in operands)
        orders = {self._order_of(v) for v in values}
        order = next(iter(orders)) if len(orders) == 1 else None
        if order is None or any(v.ndim != ndim for v in values):
            return Value(self.node(op, *operands, **attributes), dtype, ndim)

        def before(x: Any) -> Any:
            if not isinstance(x, (np.ndarray, np.generic)):
                return self._made_by[x.name].inputs[0]
            if x.ndim == 0:
                return x
            return np.transpose(np.reshape(x, (1,) * (ndim - x.ndim) + x.shape), inverse(order))

        y = self.node(op, *map(before, operands), **attributes)
        return Value(self.transpose(y, order), dtype, ndim)

    def _order_of(self, x: Any) -> tuple | None:
        node = self._made_by.get(self.name(x))
        return node.attributes["perm"] if node is not None and node.op == "Transpose" else None

    def cast(self, x: Any, dtype: Any) -> Any:
        """Return a value in another dtype."""
        dtype = np.dtype(dtype)
        if not hasattr(x, "dtype"):
            return np.asarray(x, dtype)
        if x.dtype == dtype:
            return x
        if isinstance(x, (np.ndarray, np.generic)):
            return np.asarray(x).astype(dtype)
        if x.dtype.kind == "V" and dtype == stored(x.dtype):
            return Value(x.name, dtype, x.ndim)
        before = self._narrower.get(x.name)
        if before is not None and before.dtype == dtype:
            return before  # there and back again
        y = x
        if dtype.kind == "V":  # rounded
            y = self._moved("Cast", [x], dtype, {"to": dtype})
        y = self._moved("Cast", [y], dtype, {"to": stored(dtype)})
        if x.dtype.kind != "V" and dtype.kind != "V" and np.can_cast(x.dtype, dtype, "safe"):
            self._narrower[y.name] = x
        return y

    # Axes.

    def transpose(self, x: Any, order: Sequence[int]) -> Any:
        """Permute axes; of what was permuted before, at once."""
        order = tuple(order)
        if isinstance(x, np.ndarray):
            return np.transpose(x, order)
        name = self.name(x)
        before = self._order_of(name)
        if before is not None:
            name = self._made_by[name].inputs[0]
            order = tuple([before[i] for i in order])
        if order == tuple(range(len(order))):
            return name
        return self.node("Transpose", name, perm=order)

    def reduce(self, op: str, x: Any, axes: Sequence[int], keepdims: bool, **more: Any) -> str:
        """Note a reduction over axes, as they were before a transposition where that is all the same."""
        name, order = self.name(x), self._order_of(x)
        axes = sorted(a % x.ndim for a in axes)
        if order is not None and not keepdims:
            rest = [order[i] for i in range(x.ndim) if i not in axes]
            if rest == sorted(rest):
                name = self._made_by[name].inputs[0]
                axes = sorted(order[i] for i in axes)
        if op in ("ArgMax", "ArgMin"):
            return self.node(op, name, axis=axes[0], keepdims=int(keepdims), **more)
        if not axes:
            return self.node("Identity", name)
        return self.node(op, name, self.ints(*axes), keepdims=int(keepdims), **more)

    def reshape(self, x: Any, shape: Sequence[int]) -> str:
        """Note a new shape, whose sizes may be traced, without -1 in it."""
        sizes, x = list(shape), self.name(x)
        while x in self._made_by and self._made_by[x].op == "Reshape":
            x = self._made_by[x].inputs[0]
        traced = [i for i, d in enumerate(sizes) if is_traced(d)]
        if len(traced) == 1 and 0 not in sizes:
            sizes[traced[0]] = -1
        return self.node("Reshape", x, self.shape(sizes))

    def joined(self, xs: Sequence[Any], axis: int) -> str:
        """Note tensors joined along an axis, before a transposition that all of them come from."""
        orders = {self._order_of(x) for x in xs if not isinstance(x, np.ndarray)}
        order = next(iter(orders)) if len(orders) == 1 else None
        if order is None:
            return self.node("Concat", *xs, axis=axis)
        before = [
            np.transpose(x, inverse(order))
            if isinstance(x, np.ndarray)
            else self._made_by[self.name(x)].inputs[0]
            for x in xs
        ]
        return self.transpose(self.node("Concat", *before, axis=order[axis]), order)

    def padded(self, x: Any, width: Sequence[tuple], value: np.ndarray) -> str:
        """Note a border of a value, `(before, after)` for each axis, before a transposition."""
        order, width = self._order_of(x), list(width)
        name = self.name(x)
        if order is not None:
            name = self._made_by[name].inputs[0]
            width = [width[i] for i in inverse(order)]
        pads = self.shape([a for a, _ in width] + [b for _, b in width])
        y = self.node("Pad", name, pads, value)
        return y if order is None else self.transpose(y, order)

    # Sizes.

    def shape(self, sizes: Sequence[int]) -> Any:
        """Return sizes, some of which may be traced, as a vector."""
        if not any(map(is_traced, sizes)):
            return self.ints(*map(int, sizes))
        parts: list[Any] = []
        known: list[int] = []
        for d in sizes:
            if is_traced(d):
                parts += [self.ints(*known)] if known else []
                parts.append(self.size(d))
                known = []
            else:
                known.append(int(d))
        parts += [self.ints(*known)] if known else []
        return parts[0] if len(parts) == 1 else self.node("Concat", *parts, axis=0)

    def size(self, size: int) -> Any:
        """Return a size as a vector of one integer."""
        if not is_traced(size):
            return self.ints(int(size))
        total = None
        for monomial, factor in size.key:
            product: Any = None
            for atom in monomial:
                a = self._atom(atom)
                product = a if product is None else self.node("Mul", product, a)
            if product is None:
                product = self.ints(factor)
            elif factor != 1:
                product = self.node("Mul", product, self.ints(factor))
            total = product if total is None else self.node("Add", total, product)
        return total

    def _atom(self, atom: Any) -> str:
        if atom.operation is None:
            source, axis = self.sources[atom]
            return self.node("Shape", source, start=axis, end=axis + 1)
        a, b = map(self.size, atom.operands)
        rest = self.node("Mod", a, b)  # of the divisor's sign, as in Python
        if atom.operation == "mod":
            return rest
        return self.node("Div", self.node("Sub", a, rest), b)

    # In the end.

    def replace(self, names: dict[str, str]) -> None:
        """Give tensors other names."""

        def renamed(nodes: list[Node]) -> None:
            for node in nodes:
                node.inputs = [names.get(n, n) for n in node.inputs]
                node.outputs = [names.get(n, n) for n in node.outputs]
                for body in node.bodies:
                    renamed(body.nodes)

        renamed(self.nodes)

    def prune(self, outputs: Sequence[str]) -> None:
        """Leave out what no output depends on."""
        needed = set(outputs)

        def wanted(nodes: list[Node], needed: set) -> list[Node]:
            kept = []
            for node in reversed(nodes):
                if needed.isdisjoint(node.outputs):
                    continue
                kept.append(node)
                needed.update(node.inputs)
                for body in node.bodies:
                    inner = {o.name for o in body.outputs} | needed
                    body.nodes[:] = wanted(body.nodes, inner)
                    needed.update(inner)
            return kept[::-1]

        self.nodes = wanted(self.nodes, needed)
        self.constants = {n: a for n, a in self.constants.items() if n in needed}


def inverse(order: Sequence[int]) -> tuple:
    """Return the permutation that undoes another."""
    back = [0] * len(order)
    for i, a in enumerate(order):
        back[a] = i
    return tuple(back)
