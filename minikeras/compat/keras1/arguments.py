"""What arguments could be in Keras 1, brought up to date: `init="uniform"`, `dim_ordering="th"`, ..."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from minikeras import backend, constraints, initializers, regularizers
from minikeras.common.configurable import Configurable
from minikeras.common.registry import register_keras_serializable
from minikeras.compat.adapters import Adapted
from minikeras.compat.keras2.activations import of_then
from minikeras.compat.keras_backend.orderings import ORDERINGS
from minikeras.compat.spelling import tell
from minikeras.saving.legacy_configs import (
    ARGUMENTS_OF_KERAS_1,
    NAMES_OF_KERAS_1,
    OTHER_ARGUMENTS_OF_KERAS_1,
)

_ORTHOGONAL_GAIN = 1.1  # what Keras 1 scaled orthogonal matrices by


def initializer(value: Any) -> Any:
    """Return today's initializer for what `init=` took.

    Args:
        value: a name, a function of Keras 1 `(shape, name=None)` that returns a variable, an array, or an
            initializer of today.
    """
    value = getattr(value, "today", value)  # a function of `keras.initializations`
    if isinstance(value, str):
        if value == "orthogonal":
            return initializers.Orthogonal(gain=_ORTHOGONAL_GAIN)
        value = _named(value, "initializers")
        return value
    if isinstance(value, np.ndarray):
        return initializers.Constant(value)
    if callable(value) and not isinstance(value, (type, Configurable)):
        return FromFunction(value)
    return value


@register_keras_serializable("keras1")
class FromFunction(initializers.Initializer):
    """Initial values from a function of Keras 1, which returned a variable.

    Args:
        function: function of a shape; it may take `name` as well.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        taken = inspect.signature(self.function).parameters
        every = any(p.kind is p.VAR_KEYWORD for p in taken.values())
        options = {"name": None, "dtype": dtype}
        value = self.function(
            tuple(shape), **{k: v for k, v in options.items() if k in taken or every}
        )
        return backend.convert_to_numpy(value).astype(dtype or backend.floatx())


def regularizer(value: Any) -> Any:
    """Return today's regularizer for a name of Keras 1."""
    if value in ("l1l2", "activity_l1l2"):
        return regularizers.L1L2(0.01, 0.01)
    return value.removeprefix("activity_") if isinstance(value, str) else value


def constraint(value: Any) -> Any:
    """Return today's constraint for a name of Keras 1."""
    return _named(value, "constraints") if isinstance(value, str) else value


def _named(value: str, home: str) -> Any:
    today = NAMES_OF_KERAS_1.get(value, value)
    if isinstance(today, dict):
        return getattr(initializers, today["class_name"])(**today["config"])
    return getattr(constraints, today, today) if home == "constraints" else today


def data_format(value: Any) -> str | None:
    """Return today's name of an order of axes: `"th"` and `"tf"` were Theano's and TensorFlow's.

    Raises:
        ValueError: if it is no order of axes.
    """
    if value in (None, "default"):
        return None
    if value in ("channels_first", "channels_last"):
        return value
    if value not in ORDERINGS:
        raise ValueError(f"dim_ordering must be 'th' or 'tf'. Received: {value!r}")
    return ORDERINGS[value]


_BY_ENDING = {
    "initializer": initializer,
    "activation": of_then,
    "regularizer": regularizer,
    "constraint": constraint,
    "data_format": data_format,
}


def values_of(names: Any) -> dict[str, Callable[[Any], Any]]:
    """Return, by today's name of an argument, what brings its old values up to date."""
    return {n: f for n in names for ending, f in _BY_ENDING.items() if n.endswith(ending)}


def guess_data_format(shape: Any, reshaped: bool = False) -> None:
    """Take it that images have their channels first if the first shape of images looks like it.

    Until 2016 that was the default, and after that it stood in a file of the user's, so scripts do not say
    so: `Convolution2D(32, 3, 3, input_shape=(1, 28, 28))`.

    Args:
        shape: shape of an input without the batch axis.
        reshaped: whether a script makes images of that shape from something else; then a square behind
            another number says it as well.
    """
    if shape is None or len(shape) not in (3, 4) or backend.image_data_format() == "channels_first":
        return
    first, *others = shape
    colours = first in (1, 3) and all(n is None or n > 4 for n in others)
    features = reshaped and len(set(others)) == 1 and first not in others
    if colours or features:
        backend.set_image_data_format("channels_first")
        tell(
            f"dim_ordering by default, with input_shape={tuple(shape)}",
            "data_format='channels_first'",
        )


def layer(
    name: str,
    positional: str | Callable[[tuple], str],
    renamed: Mapping[str, str] | None = None,
    *,
    today: str | None = None,
    place: str = "minikeras.layers",
    prepare: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
    sizes: tuple[str, ...] = (),
    **options: Any,
) -> Adapted:
    """Return a layer of today under the signature that Keras 1 gave it.

    Args:
        name: its name then.
        positional: its arguments then, as `Adapted` takes them.
        renamed: today's names of arguments, in addition to those that all layers have in common.
        today: its name today, if it is another one.
        place: where it is today.
        prepare: as `Adapted` takes it.
        sizes: arguments that are one `kernel_size` today.
        options: further options of `Adapted`.
    """
    todays = {**ARGUMENTS_OF_KERAS_1, **OTHER_ARGUMENTS_OF_KERAS_1.get(name, {}), **(renamed or {})}

    def prepared(kwargs: dict[str, Any]) -> dict[str, Any]:
        if sizes and sizes[0] in kwargs:
            kwargs["kernel_size"] = tuple(kwargs.pop(s) for s in sizes)
        if "data_format" in kwargs and kwargs["data_format"] is None:
            del kwargs["data_format"]  # today's default
        if kwargs.get("input_length", 0) is None:
            del kwargs["input_length"]
        if kwargs.get("input_dim", 0) is None:
            del kwargs["input_dim"]
        if "data_format" not in kwargs and not name.startswith("Embedding"):
            batch_shape = kwargs.get("batch_input_shape") or (None,)
            guess_data_format(kwargs.get("input_shape") or batch_shape[1:])
        return kwargs if prepare is None else prepare(kwargs)

    return Adapted(
        f"{place}:{today or name}",
        positional,
        todays,
        values=values_of({*todays.values(), "activation", "activity_regularizer"}),
        prepare=prepared,
        name=name,
        old_name=today is not None,
        today=today,
        **options,
    )
