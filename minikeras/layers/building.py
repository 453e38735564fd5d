"""How layers are built: once, in a scope of names, by shapes that are remembered."""

from __future__ import annotations

import functools
import inspect
from typing import Any

from minikeras.autodiff.state import thread
from minikeras.layers.call_arguments import shapes_of, tensor_arguments


def build_once(build: Any) -> Any:
    """Wrap a class's `build`: name scope, remembered shapes, `built` set at the end."""
    if getattr(build, "_wrapped", False):
        return build

    @functools.wraps(build)
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> None:
        if self.__dict__.get("_building"):  # a super().build(...) inside
            return build(self, *args, **kwargs)
        inside = bool(thread.state.layers) and thread.state.layers[-1] is self
        if not inside:
            self._push()
        object.__setattr__(self, "_building", True)
        try:
            build(self, *args, **kwargs)
            bound = inspect.signature(build).bind(self, *args, **kwargs).arguments
            names = list(bound)[1:]
            object.__setattr__(self, "_build_shapes", {n: bound[n] for n in names})
            self.built = True
        finally:
            object.__setattr__(self, "_building", False)
            if not inside:
                thread.state.layers.pop()
        return None

    wrapped._wrapped = True
    return wrapped


def build_arguments(layer: Any, args: tuple, kwargs: dict) -> dict[str, Any]:
    """Return the arguments of `build` that these call arguments give."""
    named = tensor_arguments(layer.call_signature, args, kwargs)
    shapes = {f"{k}_shape": shapes_of(v) for k, v in named.items()}
    wanted = inspect.signature(type(layer).build).parameters
    names = [
        n
        for n, p in list(wanted.items())[1:]
        if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    ]
    if not names:
        return {}
    if len(named) == 1 or len(names) == 1:
        first = next(iter(shapes.values()), None)
        if set(names) & set(shapes):
            return {n: shapes[n] for n in names if n in shapes}
        return {names[0]: first}
    missing = [n for n in names if n not in shapes and wanted[n].default is inspect.Parameter.empty]
    if missing:
        raise ValueError(
            f"{type(layer).__name__} '{layer.name}': `build` takes {names}, which do not match "
            f"the tensor arguments of `call`, {sorted(named)}. Name them "
            f"{sorted(shapes)}."
        )
    return {n: shapes[n] for n in names if n in shapes}
