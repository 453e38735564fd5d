"""What global pooling layers share."""

from __future__ import annotations

from typing import Any

from minikeras import ops
from minikeras.common.settings import standardize_data_format
from minikeras.layers.input_spec import InputSpec
from minikeras.layers.layer import Layer
from minikeras.ops.convolution import GLOBAL_AVERAGE


class BaseGlobalPooling(Layer):
    """Reduces all spatial axes of images."""

    rank: int

    def __init__(
        self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.keepdims = keepdims
        self.input_spec = InputSpec(ndim=self.rank + 2)
        self._build_at_init()

    @property
    def _axes(self) -> tuple:
        first = 2 if self.data_format == "channels_first" else 1
        return tuple(range(first, first + self.rank))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        kept = [1 if i in self._axes else n for i, n in enumerate(input_shape)]
        if self.keepdims:
            return tuple(kept)
        return tuple(n for i, n in enumerate(kept) if i not in self._axes)


class BaseGlobalMaxPooling(BaseGlobalPooling):
    """Takes the largest element of each channel."""

    def call(self, inputs: Any) -> Any:
        return ops.max(inputs, axis=self._axes, keepdims=self.keepdims)


class BaseGlobalAveragePooling(BaseGlobalPooling):
    """Takes the mean of each channel."""

    def call(self, inputs: Any) -> Any:
        if self.data_format == "channels_first":
            return ops.mean(inputs, axis=self._axes, keepdims=self.keepdims)
        y = GLOBAL_AVERAGE(ops.cast(inputs, self.compute_dtype))
        if self.keepdims:
            y = ops.reshape(y, (y.shape[0], *(1,) * self.rank, y.shape[-1]))
        return y
