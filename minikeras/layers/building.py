"""How layers are built: once, in a scope of names, by shapes that are remembered."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Iterator
from threading import Lock, RLock
from typing import Any
from weakref import WeakKeyDictionary

from minikeras.autodiff.state import thread
from minikeras.common.call_errors import explained_build
from minikeras.common.ranks import unshared
from minikeras.layers.call_arguments import build_shapes_of, tensor_arguments

_lock = Lock()
_first_calls: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()


def first_call(layer: Any) -> Any:
    """Return the lock under which a layer is built and called for the first time.

    So two threads do not build it twice, and one whose call fails does not undo what another has
    built. A layer takes its own lock and then those of its sublayers, so that no two threads wait for
    each other.
    """
    with _lock:
        return _first_calls.setdefault(layer, RLock())


class Before:
    """What a layer and its sublayers are like before they are built, to go back to if that fails."""

    def __init__(self, layer: Any) -> None:
        self._parts = [
            # Another thread may be using a part meanwhile; the copy of a dict is atomic.
            (part, {k: _copied(v) for k, v in part.__dict__.copy().items()})
            for part in layer._flatten_layers()
        ]

    def go_back(self) -> None:
        """Give all parts the attributes that they had."""
        for part, attributes in self._parts:
            part.__dict__.clear()
            part.__dict__.update(attributes)


def _copied(value: Any) -> Any:
    """Copy what attributes hold others in: it may be changed in place."""
    return value.copy() if type(value) in (list, dict, set) else value


def build_once(build: Any) -> Any:
    """Wrap a class's `build`: name scope, remembered shapes, `built` set at the end.

    A layer whose `build` fails is as it was before.
    """
    if getattr(build, "_wrapped", False):
        return build

    @functools.wraps(build)
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> None:
        if self.__dict__.get("_building"):  # a super().build(...) inside
            return build(self, *args, **kwargs)
        # Draws for weights are no draws for rows, where ranks share the batch of a first step.
        with first_call(self), unshared():
            return build_alone(self, args, kwargs)

    def build_alone(self: Any, args: tuple, kwargs: dict) -> None:
        before = Before(self)
        inside = bool(thread.state.layers) and thread.state.layers[-1] is self
        if not inside:
            self._push()
        object.__setattr__(self, "_building", True)
        # A layer that is first called while another is described is built for good, with whatever
        # graph its `build` makes.
        here = thread.state
        described, here.describing = here.describing, False
        try:
            build(self, *args, **kwargs)
            bound = inspect.signature(build).bind(self, *args, **kwargs).arguments
            names = list(bound)[1:]
            object.__setattr__(self, "_build_shapes", {n: bound[n] for n in names})
            self.built = True
            self._end_build()
        except Exception as error:
            before.go_back()
            told = explained_build(error, self, args, kwargs)
            if told is error:
                raise
            raise told from None
        finally:
            here.describing = described
            object.__setattr__(self, "_building", False)
            if not inside:
                thread.state.layers.pop()

    wrapped._wrapped = True
    return wrapped


def quantize_once(quantize: Any) -> Any:
    """Wrap a class's `quantize`: arguments are checked, and variables may be added meanwhile."""
    if getattr(quantize, "_wrapped", False):
        return quantize

    signature = inspect.signature(quantize)

    @functools.wraps(quantize)
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> None:
        # Most programs quantize nothing, and need not import it.
        from minikeras.quantizers.quantization_config import resolved_config

        given = signature.bind(self, *args, **kwargs).arguments
        config = resolved_config(given.get("mode"), given.get("config"))
        given.update(mode=config.mode, config=config)
        if self.__dict__.get("_quantizing"):  # a super().quantize(...) inside
            return quantize(**given)
        check_quantizable(self, config.mode)
        object.__setattr__(self, "_quantizing", True)
        try:
            with opened(self):
                quantize(**given)
        finally:
            object.__setattr__(self, "_quantizing", False)

    wrapped._wrapped = True
    return wrapped


def check_quantizable(layer: Any, mode: str) -> None:
    """Raise ValueError if the layer is not in a state in which it could be quantized."""
    if not layer.built:
        raise ValueError(
            f"Cannot quantize a layer that isn't yet built. Layer '{layer.name}' (of type "
            f"'{type(layer).__name__}') is not built yet: call it on data first, or build it."
        )
    if layer.quantization_mode is not None:
        raise ValueError(
            f"Layer '{layer.name}' is already quantized with dtype_policy="
            f"'{layer._policy.name}'. Received: mode={mode!r}"
        )
    if mode == "int8" and layer.compute_dtype == "float16":
        raise ValueError(
            f"Layer '{layer.name}': quantization mode='int8' doesn't work well with "
            "compute_dtype='float16'. Use 'mixed_bfloat16' or 'float32'."
        )


@contextlib.contextmanager
def opened(layer: Any) -> Iterator[None]:
    """Let a built layer get other variables meanwhile."""
    closed = layer._closed
    object.__setattr__(layer, "_closed", False)
    try:
        yield
    finally:
        object.__setattr__(layer, "_closed", closed)


def build_arguments(layer: Any, args: tuple, kwargs: dict) -> dict[str, Any]:
    """Return the arguments of `build` that these call arguments give."""
    named = tensor_arguments(layer.call_signature, args, kwargs)
    shapes = {f"{k}_shape": build_shapes_of(v) for k, v in named.items()}
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
            f"{type(layer).__name__} '{layer.name}': `build` takes {names}, of which {missing} are "
            "not named after a tensor argument of `call` with '_shape' behind it: `call` has "
            f"{sorted(named)}, so name them {sorted(shapes)}."
        )
    return {n: shapes[n] for n in names if n in shapes}
