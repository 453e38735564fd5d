"""What layers that add or take away borders of images share."""

from __future__ import annotations

from typing import Any

from minikeras.common.arguments import standardize_tuple
from minikeras.common.settings import standardize_data_format
from minikeras.layers.input_spec import InputSpec
from minikeras.layers.layer import Layer
from minikeras.ops.joining import pad


def standardize_border(value: Any, rank: int, name: str, owner: str) -> tuple:
    """Return a pair of numbers for each axis.

    Args:
        value: one number for all sides, one for each axis, or a pair for each axis.
        rank: number of axes.
        name: name of the argument, for messages.
        owner: who takes it, for messages.
    """
    if hasattr(value, "__index__") and not isinstance(value, bool):
        number = standardize_tuple(value, 1, name, owner, allow_zero=True)[0]
        return ((number, number),) * rank
    if not hasattr(value, "__len__") or len(value) != rank:
        raise ValueError(
            f"{owner}: `{name}` must be an integer, {rank} integers, or {rank} pairs of them. "
            f"Received: {name}={value!r}"
        )
    return tuple(standardize_tuple(v, 2, f"{name}[{i}]", owner, True) for i, v in enumerate(value))


class Border(Layer):
    """A layer that changes images at their borders, by pairs of numbers for each spatial axis."""

    _keeps_dtype = True

    rank: int

    def _set_border(self, name: str, value: Any, data_format: str | None) -> tuple:
        """Take over the pairs of numbers; return them as the layer's attribute."""
        owner = type(self).__name__
        if self.rank == 1:
            self._border = (standardize_tuple(value, 2, name, owner, allow_zero=True),)
        else:
            self._border = standardize_border(value, self.rank, name, owner)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)
        return self._border[0] if self.rank == 1 else self._border

    @property
    def _first(self) -> int:
        """The first spatial axis."""
        return 2 if self.data_format == "channels_first" else 1


class ZeroPadding(Border):
    """Puts zeros around images."""

    def __init__(self, padding: Any = 1, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.padding = self._set_border("padding", padding, data_format)

    def call(self, inputs: Any) -> Any:
        before = ((0, 0),) * self._first
        after = ((0, 0),) * (len(inputs.shape) - self._first - len(self._border))
        return pad(inputs, (*before, *self._border, *after))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        shape = list(input_shape)
        for axis, (low, high) in enumerate(self._border, self._first):
            shape[axis] = None if shape[axis] is None else shape[axis] + low + high
        return tuple(shape)


class Cropping(Border):
    """Cuts borders off images."""

    def __init__(self, cropping: Any, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cropping = self._set_border("cropping", cropping, data_format)

    def call(self, inputs: Any) -> Any:
        shape = self.compute_output_shape(tuple(inputs.shape))
        index = [slice(None)] * len(shape)
        for axis, (low, _) in enumerate(self._border, self._first):
            index[axis] = slice(low, low + shape[axis])
        return inputs[tuple(index)]

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        shape = list(input_shape)
        for axis, (low, high) in enumerate(self._border, self._first):
            if shape[axis] is None:
                continue
            shape[axis] -= low + high
            if shape[axis] <= 0:
                raise ValueError(
                    f"Layer '{self.name}': cropping {self._border} leaves nothing of inputs of "
                    f"shape {tuple(input_shape)}."
                )
        return tuple(shape)
