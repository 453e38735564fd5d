"""The table of TensorFlow's functions, which the files beside fill by subject."""

from __future__ import annotations

import functools
import inspect
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from minikeras import tree
from minikeras.autodiff import Tensor
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.tensor import to_array
from minikeras.compat.spelling import tell
from minikeras.compat.tensorflow.tensors import StringTensor, texts

TABLE: dict[str, dict[str, Any]] = defaultdict(dict)
"""Objects by module and name: `TABLE["math"]["sin"]`."""

_CODE = np.dtype("uint32")


def add(paths: str, value: Any) -> Any:
    """Put an object into the table under names like `"reduce_sum math.reduce_sum"`.

    What is in `tf` is in `tf.compat.v1`, too, unless something else is put there by the same name.
    """
    for path in paths.split():
        module, _, name = path.rpartition(".")
        TABLE[module][name] = value
    return value


def named(paths: str, *, strings: bool = False, old: Mapping[str, str] | None = None) -> Callable:
    """Make a function TensorFlow's under some names; it takes and ignores `name=`.

    Args:
        paths: names like `"reduce_sum math.reduce_sum"`.
        strings: whether it may be given tensors of strings. It is called on numbers in their place.
        old: today's names of arguments, by what TensorFlow 1 called them.
    """

    def decorate(function: Callable) -> Callable:
        has_name = "name" in inspect.signature(function).parameters
        shown = paths.split()[0]

        @functools.wraps(function)
        def public(*args: Any, **kwargs: Any) -> Any:
            if not has_name:
                kwargs.pop("name", None)
            if old:
                for was, now in old.items():
                    if was in kwargs:
                        tell(f"tf.{shown}({was}=...)", f"tf.{shown}({now}=...)")
                        kwargs[now] = kwargs.pop(was)
            if strings and any(map(_is_text, tree.flatten((args, kwargs)))):
                return _on_codes(function, args, kwargs)
            return function(*args, **kwargs)

        add(paths, public)
        return public

    return decorate


def _is_text(x: Any) -> bool:
    return isinstance(x, (StringTensor, bytes)) or (
        isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "USOT"
    )


def _on_codes(function: Callable, args: tuple, kwargs: dict) -> Any:
    """Call a function on numbers in place of strings, and put the strings back into its results."""
    known = [texts(x).reshape(-1) for x in tree.flatten((args, kwargs)) if _is_text(x)]
    # Plain text beside them is data, too, but for what only says how: `tf.sort(direction=...)`.
    plain = [x for x in tree.flatten(args) if isinstance(x, str)]
    words = np.unique(np.concatenate([*known, np.asarray(plain, str)]))

    def encoded(x: Any) -> Any:
        if _is_text(x) or (isinstance(x, str) and x in plain):
            return Tensor(np.asarray(np.searchsorted(words, texts(x)), _CODE))
        return x

    def decoded(x: Any) -> Any:
        if isinstance(x, Tensor) and x.array.dtype == _CODE:
            return StringTensor(np.asarray(words[np.asarray(x.array)]))
        return x

    args, kwargs = tree.map_structure(encoded, (args, kwargs))
    return tree.map_structure(decoded, function(*args, **kwargs))


def is_symbolic(x: Any) -> bool:
    """Whether a KerasTensor is among (nested) arguments."""
    if isinstance(x, (list, tuple)):
        return any(map(is_symbolic, x))
    if isinstance(x, dict):
        return any(map(is_symbolic, x.values()))
    return isinstance(x, KerasTensor)


def sizes(shape: Any) -> Any:
    """Return a shape, which may be a tensor or hold some, as a tuple of numbers.

    What is symbolic stays what it is.
    """
    if isinstance(shape, KerasTensor):
        return shape
    if isinstance(shape, (Tensor, np.ndarray)):
        return tuple(int(d) for d in np.atleast_1d(to_array(shape)))
    if isinstance(shape, (int, np.integer)):
        return (shape,)
    return tuple(
        int(to_array(d)) if isinstance(d, (Tensor, np.ndarray, np.integer)) else d for d in shape
    )


def axes(axis: Any) -> Any:
    """Return an axis, or several, as numbers."""
    if isinstance(axis, (Tensor, np.ndarray)):
        axis = to_array(axis).tolist()
    return tuple(int(a) for a in axis) if isinstance(axis, (list, tuple)) else axis


def number(x: Any) -> Any:
    """Return a configuring number that may be a tensor."""
    return x.item() if isinstance(x, (Tensor, np.ndarray, np.generic)) else x
