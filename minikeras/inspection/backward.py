"""`show_backward`: formula, kernel, saved values and a gradient check of a layer, an op or a loss."""

from __future__ import annotations

import copy
import difflib
import inspect
import math
import re
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import numpy as np

from minikeras import layers, losses, tree
from minikeras.autodiff.gradient_check import GradientCheck, gradient_check
from minikeras.autodiff.primitive import PRIMITIVES, Primitive, WithoutGradient
from minikeras.autodiff.tape import GradientTape, Node
from minikeras.autodiff.tensor import Tensor
from minikeras.common.dtypes import np_dtype
from minikeras.inspection import book, sources
from minikeras.inspection.book import NAMESPACES
from minikeras.inspection.mathematics import mathml, parse, replaced
from minikeras.inspection.page import inside, whole
from minikeras.losses.loss import Loss
from minikeras.ops.symbolic import OPS


class BackwardView:
    """What `show_backward` found.

    Attributes:
        name: what was asked for.
        kind: `"layer"`, `"loss"`, `"op"`, `"primitive"` or `"function"`.
        formula: the derivation, Markdown with formulas in `$`, None where none is written.
        page: key of the page of the book that it is on, None if there is none.
        primitives: the primitives that it is made of, in the order of their first use.
        kernels: for each primitive that has a gradient, the source of its backward.
        saved: for each primitive that ran, what it kept for its backward: (name, shape, dtype).
        check: a `GradientCheck`, None if there was nothing to check it with.
        note: why there is no check, or what else is to be said.
    """

    def __init__(self, name: str, kind: str) -> None:
        self.name, self.kind = name, kind
        self.formula: str | None = None
        self.page: str | None = None
        self.primitives: list[Primitive] = []
        self.kernels: dict[str, list[sources.Source]] = {}
        self.saved: dict[str, list[tuple[str, tuple, str]]] = {}
        self.check: GradientCheck | None = None
        self.note = ""

    def __repr__(self) -> str:
        return (
            f"<BackwardView of {self.kind} {self.name}: {', '.join(self.kernels) or 'no kernel'}>"
        )

    def __str__(self) -> str:
        parts = [f"The backward of the {self.kind} {self.name}"]
        parts[0] += "\n" + "═" * len(parts[0])
        if self.formula:
            parts.append(_as_letters(f"{book.NOTATION}\n\n{self.formula}"))
        for name, found in self.kernels.items():
            parts.append(f"Kernel of {name}\n" + "─" * (10 + len(name)))
            parts += [f"# {s.file}:{s.line}\n{s.text}" for s in found]
        if self.saved:
            lines = [f"  {name}: {_saved_text(values)}" for name, values in self.saved.items()]
            parts.append("\n".join(["Saved for the backward", "─" * 22, *lines]))
        parts.append("\n".join(["Gradient check", "─" * 14, "  " + self._verdict()]))
        return "\n\n".join(parts) + "\n"

    def _verdict(self) -> str:
        if self.check is None:
            return self.note
        return " ".join(filter(None, [check_text(self.check), self.note]))

    def to_html(self, theme: str | None = None) -> str:
        """Return a page; `theme` is `"light"`, `"dark"`, or None for what the reader's system says."""
        title = f"The backward of {self.name}"
        return whole("BackwardView.to_html", title, self._content(), theme)

    def _repr_html_(self) -> str:
        return inside(self._content())

    def _content(self) -> str:
        parts = [f"<h3>The backward of the {self.kind} {escape(self.name)}</h3>"]
        if self.formula:
            parts.append(_as_html(f"{book.NOTATION}\n\n{self.formula}"))
        for name, found in self.kernels.items():
            parts.append(f"<h3>Kernel of <code>{escape(name)}</code></h3>")
            for s in found:
                parts.append(
                    f'<div class="faint">{escape(s.file)}:{s.line}</div><pre>{escape(s.text)}</pre>'
                )
        if self.saved:
            parts.append("<h3>Saved for the backward</h3>")
            for name, values in self.saved.items():
                text = _saved_text(values)
                parts.append(f"<div><code>{escape(name)}</code>: {escape(text)}</div>")
        parts.append(f"<h3>Gradient check</h3><div>{escape(self._verdict())}</div>")
        return "".join(parts)


def check_text(check: GradientCheck) -> str:
    """Return one sentence on a gradient check."""
    verdict = "agree" if check.ok else f"agree, but for {check.wrong},"
    skipped = f" ({check.skipped} more lie on kinks)" if check.skipped else ""
    text = f"{check.checked} derivatives {verdict} with central differences{skipped}"
    if check.worst is None:
        return text + "."
    return f"{text}; the one that is furthest off: {check.worst}."


def show_backward(target: Any, *inputs: Any, max_entries: int = 20, **kwargs: Any) -> BackwardView:
    """Show how the backward of a layer, an op or a loss comes about, and check it.

    What it returns prints as text, and a notebook shows it as a page: the derivation, where one is
    written (see the book in the documentation); the source of the hand-written backward of each
    primitive that it is made of; what the forward saves for it; and a comparison of its gradients
    with finite differences, made on the spot.

    Args:
        target: a layer, a loss, a function of `ops`, `activations` or `losses`, or a function composed
            of them: the object, its class, or its name (`"Dense"`, `"ops.max"`, `"mse"`).
        *inputs: arguments for the check. By default those of the book, or small random arrays if it
            takes such.
        max_entries: the most elements of each input and variable to check.
        **kwargs: further arguments of the target, for the check.

    Returns:
        A `BackwardView`, whose attributes have all that it shows.

    Raises:
        ValueError: if nothing has this name.
        TypeError: if `target` cannot be called.

    Example:

    >>> import minikeras
    >>> found = minikeras.show_backward("tanh")
    >>> print(found.kernels["tanh"][0].text)
    @unary(np.tanh, lambda g, y: g * (1 - y * y))
    def tanh(x: TensorLike) -> Tensor:
        ...
    >>> found.check.ok, found.saved["tanh"][0][0]
    (True, 'y')
    >>> minikeras.show_backward(minikeras.layers.Dense).primitives
    [<Primitive dense>]
    """
    target, name = _resolve(target)
    view = BackwardView(name, _kind(target))
    view.page = book.page_of(target)
    ran: list[Node] = []
    example = (target, inputs, kwargs) if inputs or kwargs else None
    tried = [lambda: example] if example else _examples(target, view.page)
    problem = ""
    for make in tried:
        try:
            callee, given, more = make()
            callee = copy.deepcopy(callee) if hasattr(callee, "variables") else callee
            ran = _trace(callee, given, more)
            view.check = gradient_check(
                callee, *given, max_entries=max_entries, raise_exception=False, **more
            )
            break
        except Exception as error:
            if example:  # the user's own arguments: tell what is wrong with them
                if ran and isinstance(error, ValueError) and "gradient_check" in str(error):
                    problem = str(error).removeprefix("gradient_check: ")
                    break
                raise
            problem = problem or str(error).splitlines()[0]
    if view.check is None:
        view.note = f"Not checked ({problem})." if ran and problem else NOT_CHECKED
    view.primitives = _primitives(target, ran)
    if view.page is None:
        view.page = next(filter(None, map(book.page_of, view.primitives)), None)
    if view.page is not None:
        view.formula = book.text_of(view.page)
    for primitive in view.primitives:
        if not isinstance(primitive, WithoutGradient):
            view.kernels[primitive.name] = sources.backward_sources(primitive)
    for node in ran:
        view.saved.setdefault(node.primitive.name, _saved(node))
    if not view.kernels and (ran or view.primitives):
        view.check, view.note = None, "No gradient flows through it."
    return view


NOT_CHECKED = "Not checked: give inputs, as show_backward(target, *inputs)."


def _kind(target: Any) -> str:
    if isinstance(target, Primitive):
        return "primitive"
    cls = target if inspect.isclass(target) else type(target)
    if issubclass(cls, layers.Layer):
        return "layer"
    if issubclass(cls, Loss) or (getattr(target, "__module__", "").startswith("minikeras.losses")):
        return "loss"
    return "op" if hasattr(target, "on_data") else "function"


def _resolve(target: Any) -> tuple[Any, str]:
    """Return what is meant, and its name."""
    if isinstance(target, str):
        found = _by_name(target)
        if found is None:
            names = [n for space in NAMESPACES.values() for n in dir(space) if n[0] != "_"]
            close = difflib.get_close_matches(target, names, 3, 0.6)
            hint = f" Did you mean {' or '.join(map(repr, dict.fromkeys(close)))}?" if close else ""
            raise ValueError(f"show_backward: nothing is called {target!r}.{hint}")
        target = found
    if not callable(target):
        raise TypeError(
            "show_backward: argument `target` must be a layer, an op, a loss or a name. "
            f"Received: {target!r} of type {type(target).__name__}"
        )
    name = getattr(target, "name", None) if not inspect.isclass(target) else None
    name = name if isinstance(name, str) else getattr(target, "__name__", type(target).__name__)
    if isinstance(target, (layers.Layer, Loss)):
        name = f"{name} ({type(target).__name__})"
    return target, name


def _by_name(name: str) -> Any:
    space, _, last = name.removeprefix("minikeras.").rpartition(".")
    spaces = [NAMESPACES[space]] if space in NAMESPACES else [] if space else NAMESPACES.values()
    for names in spaces:
        value = getattr(names, last, None) if not last.startswith("_") else None
        if callable(value):
            return value
    if space:
        return None
    if name in PRIMITIVES:
        return PRIMITIVES[name]
    try:
        return losses.get(name)
    except ValueError:
        pass
    for names in (layers, losses):
        for other in dir(names):
            if other.lower() == name.lower().replace("_", "") and callable(getattr(names, other)):
                return getattr(names, other)
    return None


def _trace(target: Any, inputs: Sequence[Any], kwargs: dict) -> list[Node]:
    """Run the target on a tape, and return what was recorded."""

    def tensor(a: Any) -> Any:
        floats = isinstance(a, np.ndarray) and a.dtype.kind in "fc"
        return Tensor(a.astype("float32") if a.dtype == np.float64 else a) if floats else a

    inputs, kwargs = tree.map_structure(tensor, (list(inputs), dict(kwargs)))
    with GradientTape() as tape:
        tape.watch([a for a in tree.flatten((inputs, kwargs)) if type(a) is Tensor])
        target(*inputs, **kwargs)
        return [n for n in tape._nodes if type(n) is Node]


def _primitives(target: Any, ran: list[Node]) -> list[Primitive]:
    """Return the primitives of a target: those that ran, or else those that its source names."""
    if isinstance(target, Primitive):
        return [target]
    if ran:
        return list(dict.fromkeys(n.primitive for n in ran))
    cls = target if inspect.isclass(target) else type(target)
    if issubclass(cls, (layers.Layer, Loss)):
        return sources.primitives_in(cls.call, cls)
    return sources.primitives_in(target)


def _saved(node: Node) -> list[tuple[str, tuple, str]]:
    """Return names, shapes and dtypes of the arrays that a call keeps, as saved or as a parameter."""
    saved = node.saved
    if isinstance(saved, dict):
        pairs = list(saved.items())
    else:
        values = list(saved) if isinstance(saved, (tuple, list)) else [saved]
        names = sources.saved_names(node.primitive)
        if len(names) != len(values):
            names = [f"saved[{i}]" for i in range(len(values))]
        pairs = list(zip(names, values))
    pairs += node.params.items()
    found: dict[int, tuple[str, np.ndarray]] = {}  # a parameter may be saved, too
    for name, value in pairs:
        if isinstance(value, (tuple, list)):
            pairs += [(f"{name}[{i}]", v) for i, v in enumerate(value)]
        elif isinstance(value, np.ndarray):
            found.setdefault(id(value), (name, value))
    return [(name, array.shape, str(array.dtype)) for name, array in found.values()]


def _saved_text(values: list[tuple[str, tuple, str]]) -> str:
    if not values:
        return "nothing but shapes"
    return ", ".join(
        f"{name} {shape} {dtype} ({math.prod(shape) * np_dtype(dtype).itemsize:,} B)"
        for name, shape, dtype in values
    )


# What a target is checked with if the user gives nothing.

_ARGUMENTS: dict[str, Any] = {
    "units": 3, "filters": 2, "kernel_size": 2, "pool_size": 2, "output_size": 2, "rate": 0.5,
    "stddev": 0.5, "alpha": 0.5, "num_heads": 2, "key_dim": 2, "head_dim": 2,
    "num_query_heads": 2, "num_key_value_heads": 1, "input_dim": 3, "output_dim": 2, "n": 2,
    "axes": -1, "dims": (1,), "target_shape": (-1,), "cropping": 0, "seed": 0, "activation": "tanh",
    "tensor_dim": 1, "max_timescale": 10.0, "sequence_length": 4, "dim": 2,
}  # fmt: skip
"""Values of arguments that classes of layers ask for."""

_OP_INPUTS: dict[str, Callable[[Callable], tuple[tuple, dict]]] = {
    "arccosh": lambda r: ((1 + r((2, 3)),), {}),
    "average_pool": lambda r: ((r((2, 4, 4, 2)), 2), {}),
    "batch_normalization": lambda r: ((r((4, 3)), r((3,)), r((3,)), -1), {}),
    "broadcast_to": lambda r: ((r((3,)), (2, 3)), {}),
    "cholesky": lambda r: ((np.eye(3) + 0.2 * np.ones((3, 3)),), {}),
    "clip": lambda r: ((r((2, 3)), 0.4, 0.7), {}),
    "conv": lambda r: ((r((2, 5, 5, 2)), r((3, 3, 2, 3))), {"strides": 2}),
    "conv_transpose": lambda r: ((r((2, 3, 3, 2)), r((3, 3, 3, 2))), {"strides": 2}),
    "ctc_loss": lambda r: (([[1, 2]], r((1, 4, 3)), [2], [4]), {}),
    "depthwise_conv": lambda r: ((r((2, 4, 4, 2)), r((3, 3, 2, 2))), {}),
    "dot_product_attention": lambda r: ((r((2, 3, 1, 4)), r((2, 5, 1, 4)), r((2, 5, 1, 4))), {}),
    "expand_dims": lambda r: ((r((2, 3)), 1), {}),
    "get_item": lambda r: ((r((3, 4)), (slice(0, 2), 1)), {}),
    "histogram": lambda r: ((np.array([1, 2, 2]),), {}),
    "logdet": lambda r: ((np.eye(3) + 0.2 * r((3, 3)),), {}),
    "max_pool": lambda r: ((r((2, 4, 4, 2)), 2), {}),
    "moveaxis": lambda r: ((r((2, 3, 4)), 0, 2), {}),
    "nanpercentile": lambda r: ((r((2, 5)), 30.0), {}),
    "nanquantile": lambda r: ((r((2, 5)), 0.3), {}),
    "pad": lambda r: ((r((2, 3)), ((1, 0), (0, 2))), {}),
    "percentile": lambda r: ((r((2, 5)), 30.0), {}),
    "quantile": lambda r: ((r((2, 5)), 0.3), {}),
    "repeat": lambda r: ((r((2, 3)), 2), {"axis": 1}),
    "reshape": lambda r: ((r((2, 3)), (3, 2)), {}),
    "roll": lambda r: ((r((2, 3)), 1), {"axis": 1}),
    "segment_max": lambda r: ((r((4,)), np.array([0, 1, 1, 0])), {}),
    "segment_sum": lambda r: ((r((4,)), np.array([0, 1, 1, 0])), {}),
    "separable_conv": lambda r: (
        (r((2, 4, 4, 2)), r((3, 3, 2, 2)), r((1, 1, 4, 3))),
        {},
    ),
    "split": lambda r: ((r((2, 4)), 2), {"axis": 1}),
    "sparse_categorical_crossentropy": lambda r: (([1, 0], r((2, 3))), {}),
    "swapaxes": lambda r: ((r((2, 3)), 0, 1), {}),
    "take_along_axis": lambda r: ((r((2, 3)), np.array([[0, 2], [1, 1]])), {"axis": 1}),
    "threshold": lambda r: ((r((2, 3)), 0.5, 0.0), {}),
    "tile": lambda r: ((r((2, 3)), (2, 1)), {}),
    "top_k": lambda r: ((r((2, 5)), 2), {}),
    "where": lambda r: ((np.array([[True, False, True]]), r((2, 3)), r((2, 3))), {}),
}
"""Inputs of ops that take something besides tensors, or not all numbers."""

_SHAPES = [(2, 3), (2, 4, 3), (2, 5, 5, 2), (2, 4, 4, 4, 2), (2, 3, 5, 5, 2)]


def _examples(target: Any, page: str | None) -> list[Callable[[], tuple]]:
    """Return ways to make a callable, its inputs and further arguments, to be tried in turn."""
    tried: list[Callable[[], tuple]] = []
    own = book.example_of(target, page)
    if isinstance(target, Primitive):
        public = OPS.get(target.name)
        if public is not None and public.__name__ == target.name:
            tried = _examples(public, book.page_of(public))
        return tried if own is None else [*tried, own]
    if own is not None:
        return [own]
    rng = np.random.default_rng(0)

    def real(shape: tuple) -> np.ndarray:
        return rng.uniform(0.2, 0.9, shape)

    cls = target if inspect.isclass(target) else type(target)
    if issubclass(cls, layers.Layer):
        if cls.__module__.startswith("minikeras.layers.preprocessing"):
            return []
        layer = _instance(target) if inspect.isclass(target) else target
        if layer is None:
            return []
        shapes = [tuple(2 if d is None else d for d in s) for s in _built_for(layer)]
        more = {"training": True} if layer.call_signature.training else {}
        for shape in shapes or _SHAPES:
            tried.append(lambda shape=shape: (layer, (real(shape),), more))
            tried.append(lambda shape=shape: (layer, ([real(shape), real(shape)],), more))
            tried.append(lambda shape=shape: (layer, (real(shape), real(shape)), more))
        return tried
    if issubclass(cls, Loss) or _kind(target) == "loss":
        try:
            loss = target() if inspect.isclass(target) else target
        except TypeError:
            return []
        targets = [[0.5, 0.3, 0.1, 0.1], [0.2, 0.2, 0.4, 0.2], [0.7, 0.1, 0.1, 0.1]]
        return [lambda t=t: (loss, (t, real((3, 4))), {}) for t in (targets, [1, 0, 3])]
    if getattr(target, "__name__", None) in _OP_INPUTS and hasattr(target, "on_data"):
        return [lambda: (target, *_OP_INPUTS[target.__name__](real))]
    needed = _required(target)
    if needed is None:
        return []
    return [lambda s=s: (target, [real(s) for _ in needed], {}) for s in ((2, 3), (3, 3), (2,))]


def _built_for(layer: Any) -> list[tuple]:
    """Return the shape of the one input that a layer was built for, if that is so."""
    shapes = getattr(layer, "_build_shapes", None) or {}
    found = [s for s in shapes.values() if isinstance(s, tuple)]
    return found if len(found) == 1 and None not in found[0][1:] else []


def _instance(cls: type) -> Any:
    """Return a layer of a class, made with small arguments; None if one is needed that is not known."""
    arguments = {}
    for p in inspect.signature(cls).parameters.values():
        required = p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        if required or p.name == "seed":
            if p.name not in _ARGUMENTS:
                return None
            arguments[p.name] = _ARGUMENTS[p.name]
    try:
        return cls(**arguments)
    except (TypeError, ValueError):
        return None


def _required(function: Any) -> list[str] | None:
    """Return the required arguments of an op if all of them are tensors."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    needed = [p for p in parameters if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
    tensors = all("TensorLike" in str(p.annotation) for p in needed)
    return [p.name for p in needed] if needed and tensors else None


# Markdown, as little of it as the derivations use.


def _as_letters(text: str) -> str:
    def write(latex: str, display: bool) -> str:
        letters = parse(latex).text()
        if not display:
            return letters
        return "\n" + "\n".join("    " + line.strip() for line in letters.splitlines()) + "\n"

    text = replaced(text, write)
    text = re.sub(r"\*\*(.+?)\*\*", r"\1", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _as_html(text: str) -> str:
    blocks = []
    for block in re.split(r"\n\s*\n", text.strip()):
        formulas: list[str] = []

        def write(latex: str, display: bool, formulas: list[str] = formulas) -> str:
            formulas.append(mathml(latex, display))
            return f"\x00{len(formulas) - 1}\x00"

        body = escape(replaced(block, write), quote=False)
        body = re.sub(r"`([^`]+)`", r"<code>\1</code>", body)
        body = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", body)
        body = re.sub(r"\x00(\d+)\x00", lambda m, f=formulas: f[int(m[1])], body)
        if body.startswith("#"):
            blocks.append(f"<h3>{body.lstrip('# ')}</h3>")
        else:
            blocks.append(f"<p>{body}</p>")
    return "".join(blocks)
