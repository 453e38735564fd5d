"""Functions that take sizes, in functional models and graphs, where sizes are not known yet.

`tf.shape(x)[0]` of a KerasTensor is a KerasTensor itself; `tf.zeros((batch, 3))` with it is a step of the
graph that is computed when the sizes are there.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from minikeras import tree
from minikeras.autodiff import Tensor
from minikeras.autodiff.keras_tensor import KerasTensor, SymbolicTensorError
from minikeras.autodiff.probe import describing
from minikeras.autodiff.state import thread
from minikeras.common.registry import register_keras_serializable
from minikeras.compat.tensorflow.table import is_symbolic
from minikeras.ops.operation import Operation

_TRIED = (4, 7)
"""What stands for the first unknown size, in two tries; others are multiples."""


@register_keras_serializable("tensorflow", "TensorFlowOp")
class TensorFlowOp(Operation):
    """A function of TensorFlow's that takes sizes, as a step of a functional model.

    Args:
        place: where the function is, `"module:name"`.
        name: name, counted if None.
    """

    def __init__(self, place: str, name: str | None = None) -> None:
        self.place = place
        super().__init__(name)

    def default_name(self) -> str:
        return f"tf.{self.place.partition(':')[2]}"

    @property
    def _function(self) -> Any:
        module, _, name = self.place.partition(":")
        return getattr(importlib.import_module(module), name)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute on tensors."""
        return self._function.on_data(*args, **kwargs)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        function = self._function
        return function.rule(function.on_data, args, kwargs)


def sized(function: Callable | None = None, *, rule: Callable | None = None) -> Any:
    """Let a function take symbolic sizes.

    Args:
        function: the function on data. It is found again by its module and name.
        rule: `rule(function, args, kwargs)`, its description; by trying numbers if None.
    """
    if function is None:
        return functools.partial(sized, rule=rule)
    place = f"{function.__module__}:{function.__name__}"

    @functools.wraps(function)
    def public(*args: Any, **kwargs: Any) -> Any:
        if not is_symbolic((args, kwargs)):
            return function(*args, **kwargs)
        args, kwargs = _plain((args, kwargs))
        if thread.state.describing:
            return public.rule(function, args, kwargs)
        return TensorFlowOp(place).symbolic_call(*args, **kwargs)

    public.on_data = function
    public.rule = rule or tried
    return public


def _plain(arguments: Any) -> Any:
    """Return arguments with plain tuples in place of shapes, so that graphs look into them."""
    if isinstance(arguments, (list, tuple)) and type(arguments) not in (list, tuple):
        return tuple(map(_plain, arguments))
    if type(arguments) in (list, tuple):
        return type(arguments)(map(_plain, arguments))
    if type(arguments) is dict:
        return {k: _plain(v) for k, v in arguments.items()}
    return arguments


def tried(function: Callable, args: tuple, kwargs: dict) -> Any:
    """Describe what a function gives by two tries with numbers in place of symbolic sizes."""
    runs = [_run(function, args, kwargs, size) for size in _TRIED]

    def merged(*ys: Any) -> Any:
        if not isinstance(ys[0], (Tensor, KerasTensor)):
            return ys[0]
        shape = [a if a == b else None for a, b in zip(*[tuple(y.shape) for y in ys])]
        return KerasTensor(shape, str(np.dtype(ys[0].array.dtype)))

    return tree.map_structure(merged, *runs)


def _run(function: Callable, args: tuple, kwargs: dict, size: int) -> Any:
    count = iter(range(1, 1000))

    def number(t: Any) -> Any:
        if not isinstance(t, KerasTensor):
            return t
        if len(t.shape) <= 1 and "int" in t.dtype:  # sizes
            n = t.shape[0] if t.shape else None
            values = [size * next(count) for _ in range(n or 1)]
            return Tensor(np.asarray(values if t.shape else values[0], np.int32))
        shape = [size * next(count) if d is None else d for d in t.shape]
        return Tensor(np.ones(shape, t.dtype))

    args, kwargs = tree.map_structure(number, (args, kwargs))
    with describing():
        return function(*args, **kwargs)


def known(shape: tuple) -> bool:
    """Whether all sizes of a KerasTensor are known."""
    return None not in tuple(shape)


def ask_for_values(x: Any) -> None:
    """Raise what makes a layer that is being described be tried on arrays."""
    raise SymbolicTensorError(f"The sizes of {x!r} are not known while the model is described.")
