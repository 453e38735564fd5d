"""Where functions stand in the source, what they refer to, and which primitives they use."""

from __future__ import annotations

import ast
import functools
import inspect
import textwrap
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from minikeras.autodiff.primitive import Elementary, Primitive
from minikeras.ops.symbolic import OPS

ROOT = Path(__file__).resolve().parents[2]

HELPERS = 120
"""Lines of helpers, at the most, that are shown with a backward."""


class Source(NamedTuple):
    """A statement of the source: a function with its decorators, or an assignment.

    Attributes:
        file: path of the file, from the directory of the package on.
        line: number of its first line.
        text: the statement, without its documentation.
    """

    file: str
    line: int
    text: str


def plain_function(f: Any) -> types.FunctionType | None:
    """Return the Python function behind decorators, methods and partial functions, if there is one."""
    while True:
        if isinstance(f, functools.partial):
            f = f.func
        elif isinstance(f, types.MethodType):
            f = f.__func__
        elif getattr(f, "on_data", f) is not f:
            f = f.on_data
        elif hasattr(f, "__wrapped__"):
            f = f.__wrapped__
        else:
            return f if isinstance(f, types.FunctionType) else None


@functools.lru_cache(maxsize=64)
def _file(path: str) -> tuple[list[str], list[ast.stmt]]:
    """Return the lines of a file, and its statements, those within classes one by one."""
    text = Path(path).read_text(encoding="utf-8")
    found: list[ast.stmt] = []

    def collect(body: list[ast.stmt]) -> None:
        for node in body:
            if isinstance(node, (ast.ClassDef, ast.If, ast.Try, ast.With)):
                collect(node.body)
            else:
                found.append(node)

    collect(ast.parse(text).body)
    return text.splitlines(), found


def _first_line(node: ast.stmt) -> int:
    decorators = getattr(node, "decorator_list", ())
    return min([node.lineno, *[d.lineno for d in decorators]])


def _statement(f: types.FunctionType) -> tuple[list[str], ast.stmt] | None:
    code = f.__code__
    try:
        lines, statements = _file(code.co_filename)
    except (OSError, SyntaxError):  # typed in, or made by exec
        return None
    for node in statements:
        if _first_line(node) <= code.co_firstlineno <= (node.end_lineno or 0):
            return lines, node
    return None


def source_of(function: Any) -> Source | None:
    """Return the statement that a function is written in, None if it is not in a file."""
    f = plain_function(function)
    found = None if f is None else _statement(f)
    if found is None:
        return None
    lines, node = found
    start, end = _first_line(node), node.end_lineno or 0
    text = lines[start - 1 : end]
    if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
        doc = node.body[0]
        text = lines[start - 1 : doc.lineno - 1] + lines[doc.end_lineno or 0 : end]
        if len(node.body) == 1:
            text.append(" " * doc.col_offset + "...")
    path = Path(f.__code__.co_filename)
    name = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
    return Source(name, start, textwrap.dedent("\n".join(text)))


def references(function: Any, owner: type | None = None) -> Iterator[Any]:
    """Iterate over what a function names: globals and their attributes, and methods of `self`."""
    f = plain_function(function)
    found = None if f is None else _statement(f)
    if found is None:
        return
    names = dict(f.__globals__)
    if f.__closure__:
        for name, cell in zip(f.__code__.co_freevars, f.__closure__):
            try:
                names[name] = cell.cell_contents
            except ValueError:  # not filled yet
                continue
    node = found[1]
    local = {a.arg for n in ast.walk(node) if isinstance(n, ast.arguments) for a in n.args}
    for part in ast.walk(node):
        chain: list[str] = []
        at: Any = part
        while isinstance(at, ast.Attribute):
            chain.append(at.attr)
            at = at.value
        if not isinstance(at, ast.Name):
            continue
        if at.id == "self" and owner is not None and chain:
            value = inspect.getattr_static(owner, chain.pop(), None)
        elif at.id in names and at.id not in local:
            value = names[at.id]
        else:
            continue
        for attribute in reversed(chain):
            value = getattr(value, attribute, None)
        if value is not None:
            yield value


_SEARCHED = tuple(f"minikeras.{p}" for p in ("ops", "layers", "losses", "activations", "random"))


def primitives_in(function: Any, owner: type | None = None) -> list[Primitive]:
    """Return the primitives that a function may use, itself or through functions that it calls.

    They are found in the source, so what is decided by an argument is all among them.
    """
    found: dict[Primitive, None] = {}
    start = plain_function(function)
    if isinstance(getattr(function, "primitive", None), Primitive):
        return [function.primitive]
    queue, seen = [(start, owner)], {start}
    while queue:
        f, within = queue.pop(0)
        for value in references(f, within):
            if isinstance(value, Primitive):
                found[value] = None
                continue
            if isinstance(getattr(value, "primitive", None), Primitive):
                found[value.primitive] = None
                continue
            inner = plain_function(value) if callable(value) else None
            if inner is None or inner in seen or not inner.__module__.startswith(_SEARCHED):
                continue
            if inner.__module__ == "minikeras.layers.layer":
                continue
            seen.add(inner)
            is_method = owner is not None and getattr(owner, inner.__name__, None) is not None
            queue.append((inner, owner if is_method else None))
    return list(found)


_OTHER_SIDES = ("forward", "rule", "reference", "per_example")
"""What a primitive holds besides its backward."""


def backward_sources(primitive: Primitive) -> list[Source]:
    """Return the statements that a primitive's backward is written in: the backward, then helpers."""
    functions: list[Any] = []
    if isinstance(primitive, Elementary):
        public = OPS.get(primitive.name)
        if getattr(public, "primitive", None) is primitive:
            functions.append(public.__wrapped__)
        functions += [vjp for vjp in primitive.vjps if vjp is not None]
        if type(primitive).backward.__module__ != "minikeras.autodiff.primitive":
            functions.append(type(primitive).backward)
            kept = [value for name, value in vars(primitive).items() if name not in _OTHER_SIDES]
            functions += filter(inspect.isfunction, kept)
    else:
        functions += _kernel(getattr(primitive, "backward", None))
    found: dict[tuple[str, int], Source] = {}
    for f in functions:
        source = source_of(f)
        if source is not None:
            found[source.file, source.line] = source
    for helper in _helpers(functions):
        source = source_of(helper)
        lines = sum(s.text.count("\n") + 1 for s in found.values())
        if source is not None and lines + source.text.count("\n") < HELPERS:
            found.setdefault((source.file, source.line), source)
    return list(found.values())


def _kernel(backward: Callable | None) -> list[Any]:
    """Return the kernels that a backward hands its work to, or the backward itself."""
    f = plain_function(backward)
    if f is None:
        return []
    if f.__module__.startswith("minikeras.kernels."):
        return [f]
    kernels = []
    for value in _within(f, references(f)):
        inner = plain_function(value) if callable(value) else None
        if inner is not None and inner.__module__.startswith("minikeras.kernels."):
            kernels.append(inner)
    return kernels or [f]


def _within(f: types.FunctionType, values: Iterator[Any]) -> list[Any]:
    """Return those values that the code of `f` itself names, not others of its statement."""
    held = [c.cell_contents for c in f.__closure__ or ()]
    named = [v for v in values if getattr(v, "__name__", None) in f.__code__.co_names]
    return held + named


def _helpers(functions: list[Any]) -> list[Any]:
    """Return functions of the same file that backwards call; of files of ops, private ones."""
    helpers: dict[Any, None] = {}
    for function in functions:
        f = plain_function(function)
        if f is None or f.__module__ == "minikeras.ops.families":
            continue
        values = references(f)
        for value in _within(f, values) if f.__name__ == "<lambda>" else values:
            inner = plain_function(value) if callable(value) else None
            same = inner is not None and inner.__module__ == f.__module__
            kernel = f.__module__.startswith("minikeras.kernels.")
            if same and (kernel or inner.__name__.startswith("_")) and inner not in functions:
                helpers[inner] = None
    return list(helpers)


def saved_names(primitive: Primitive) -> list[str]:
    """Return what a backward calls the values that its forward saved, in their order."""
    for source in backward_sources(primitive):
        for node in ast.walk(ast.parse(source.text)):
            if (
                isinstance(node, ast.Assign)
                and isinstance(node.value, ast.Name)
                and node.value.id == "saved"
                and isinstance(node.targets[0], ast.Tuple)
            ):
                return [ast.unparse(t) for t in node.targets[0].elts]
    return []
