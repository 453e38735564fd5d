"""The public names of Keras 3.15.1 with their arguments, and what minikeras has of them.

`keras_api.txt` lists them, so that they can be compared where Keras is not installed; where it is, the
tests check the list. `python tests/keras_api.py` writes `docs/coverage.md`; with `--names` it first
writes the list anew from the installed Keras.
"""

from __future__ import annotations

import importlib
import inspect
import sys
import types
from collections import defaultdict
from pathlib import Path
from typing import Any

NAMES = Path(__file__).with_name("keras_api.txt")
PAGE = Path(__file__).parents[1] / "docs" / "coverage.md"
MISSING = object()

LEFT_OUT = (
    "layers.TFSMLayer",
    "layers.TorchModuleWrapper",
    "layers.JaxLayer",
    "layers.FlaxLayer",
    "export.ExportArchive",
    "callbacks.OrbaxCheckpoint",
)
"""Classes that only say, when one is made, why they are left out."""
LATER: dict[str, str] = {}
"""Names, or namespaces, that are left out for now and are not there, and why."""
_PRIVACY = {"clipnorm_per_sample", "noise_multiplier", "noise_seed"}
BEYOND = {
    "Optimizer": _PRIVACY,
    "optimizers": _PRIVACY,
    "callbacks.TerminateOnNaN": {"locate"},
    "layers.TextVectorization": {"has_input_vocabulary", "vocabulary_size"},
    "name_scope": {"caller", "deduplicate", "override_parent"},
}
"""Arguments that Keras has not got."""
_WRITTEN_OUT = "written out, where Keras takes `*args, **kwargs`"
OTHERWISE = {
    "Layer": _WRITTEN_OUT,
    "layers.Layer": _WRITTEN_OUT,
    "Operation": _WRITTEN_OUT,
    "Sequential": _WRITTEN_OUT,
    "models.Sequential": _WRITTEN_OUT,
    "layers.serialize": "the first argument goes by place",
    "Variable": "without `layout`, which is for training on several devices",
}
"""Names whose arguments are not Keras's, and how."""


def public_names(package: types.ModuleType) -> dict[str, Any]:
    """Return what a package and the packages in it offer, by names as `layers.Dense`.

    Without `legacy`, where Keras 3 keeps a few names of Keras 2 for its own files.
    """
    found: dict[str, Any] = {}
    waiting, seen = [("", package)], set()
    while waiting:
        path, module = waiting.pop()
        if module in seen:
            continue
        seen.add(module)
        for name in dir(module):
            value = getattr(module, name)
            if name.startswith("_"):
                continue
            if not isinstance(value, types.ModuleType):
                if callable(value):
                    found[path + name] = value
            elif value.__name__ == f"{module.__name__}.{name}" and name not in ("src", "legacy"):
                waiting.append((f"{path}{name}.", value))
    return found


def arguments(obj: Any, without: frozenset[str] | set[str] = frozenset()) -> str:
    """Return the names and defaults of arguments as a text; objects count by their class."""
    shown = []
    for p in inspect.signature(obj).parameters.values():
        if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) or p.name in without:
            continue
        default = "" if p.default is p.empty else f"={_default(p.default)}"
        shown.append(p.name + default)
    return f"({', '.join(shown)})"


def _default(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # 80.0 is 80
    if isinstance(value, (int, float, str, tuple, type(None))):
        return repr(value)
    return type(value).__name__


def read_names() -> dict[str, str]:
    """Return Keras's public names with their arguments, as the list has them."""
    found, space = {}, ""
    for line in NAMES.read_text().splitlines():
        if line.startswith("# "):
            continue
        if line.startswith("["):
            space = line[1:-1]
        elif line:
            name, _, rest = line.partition("(")
            found[f"{space}.{name}".lstrip(".")] = f"({rest}"
    return found


def written_names(keras: types.ModuleType) -> str:
    """Return the list for an installed Keras."""
    spaces: dict[str, list[str]] = defaultdict(list)
    for path, value in public_names(keras).items():
        space, _, name = path.rpartition(".")
        spaces[space].append(name + arguments(value))
    lines = [f"# Public names of Keras {keras.__version__}; written by tests/keras_api.py"]
    for space in sorted(spaces):
        lines += ["", f"[{space}]", *sorted(spaces[space])]
    return "\n".join(lines) + "\n"


def ours(path: str) -> Any:
    """Return what minikeras has under a name of Keras's, or `MISSING`."""
    value: Any = importlib.import_module("minikeras")
    for name in path.split("."):
        try:
            value = getattr(value, name)
        except AttributeError:
            if not isinstance(value, types.ModuleType):
                return MISSING
            try:
                value = importlib.import_module(f"{value.__name__}.{name}")
            except ModuleNotFoundError:
                return MISSING
    return value


def reason(path: str) -> str | None:
    """Return why a name is left out, or None."""
    if path in LEFT_OUT:
        return ours(path).reason
    return LATER.get(path) or LATER.get(path.rpartition(".")[0])


def beyond(path: str) -> set[str]:
    """Return the arguments that a name may have and Keras has not got."""
    return BEYOND.get(path, BEYOND.get(path.rpartition(".")[0], set()))


def difference(path: str, theirs: str) -> str | None:
    """Return in what the arguments of a name differ from Keras's, or None."""
    if path in OTHERWISE:
        return OTHERWISE[path]
    got = arguments(ours(path), beyond(path))
    return None if got == theirs else f"`{got}`, where Keras has `{theirs}`"


def missing() -> list[str]:
    """Return the names that are not there, for no reason."""
    return [path for path in read_names() if not reason(path) and ours(path) is MISSING]


def page() -> str:
    """Return `docs/coverage.md`."""
    names = read_names()
    lacking = missing()
    out = [(path, reason(path)) for path in names if reason(path)]
    there = [path for path in names if not reason(path) and path not in lacking]
    differing = [(path, text) for path in there if (text := difference(path, names[path]))]
    more = []
    for path in there:
        known = set(inspect.signature(ours(path)).parameters)
        more += [(path, f"takes `{extra}`, too") for extra in sorted(beyond(path) & known)]
    counts = f"**{len(there):,} are in minikeras, {len(out)} are left out"
    counts += f", {len(lacking)} are still missing.**" if lacking else ".**"
    lines = [
        "# What of Keras is there",
        "",
        "<!-- Written by `python tests/keras_api.py`. -->",
        "",
        f"Keras 3.15.1 has {len(names):,} public names, counted under every place where they can be",
        f"imported from. {counts}",
        f"Of those that are there, {len(there) - len(differing):,} have Keras's arguments: the same names,",
        f"in the same order, with the same defaults; {len(differing)} have not.",
        "",
        "## Left out",
        "",
        *_table("Why", out),
    ]
    if lacking:
        lines += ["", "## Still missing", "", *_paragraphs(lacking)]
    lines += ["", "## Arguments that differ", "", *_table("Arguments", [*differing, *more])]
    lines += ["", "## There", "", *_paragraphs(there)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _table(about: str, pairs: list[tuple[str, str]]) -> list[str]:
    """Return rows of what is said, with the names of which it is; many names by the first of them."""
    found: dict[str, list[str]] = defaultdict(list)
    for path, text in pairs:
        found[text].append(path)
    lines = [f"| Name | {about} |", "| --- | --- |"]
    for text, paths in found.items():
        shown = ", ".join(f"`{path}`" for path in paths)
        if len(paths) > 11:
            shown = f"`{paths[0]}` and {len(paths) - 1} others of `{paths[-1].rpartition('.')[0]}`"
        lines.append(f"| {shown} | {text} |")
    return lines


def _paragraphs(paths: list[str]) -> list[str]:
    """Return a paragraph for each namespace, with its names."""
    spaces: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        space, _, name = path.rpartition(".")
        spaces[f"keras.{space}".rstrip(".")].append(f"`{name}`")
    lines: list[str] = []
    for space, found in sorted(spaces.items()):
        lines += [f"**{space}** ({len(found)}): {', '.join(sorted(found, key=str.lower))}", ""]
    return lines[:-1]


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    if "--names" in sys.argv:
        NAMES.write_text(written_names(importlib.import_module("keras")))
    PAGE.write_text(page())
