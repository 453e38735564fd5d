"""What adaptive pooling layers share."""

from __future__ import annotations

from typing import Any

from minikeras import ops
from minikeras.common.arguments import standardize_tuple
from minikeras.common.settings import standardize_data_format
from minikeras.layers.input_spec import InputSpec
from minikeras.layers.layer import Layer
from minikeras.ops.adaptive_pooling import adaptive_shape


class BaseAdaptivePooling(Layer):
    """Reduces images of `rank` spatial axes to a given size."""

    rank: int

    def __init__(self, output_size: Any, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        owner = type(self).__name__
        self.output_size = standardize_tuple(output_size, self.rank, "output_size", owner)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)
        self._build_at_init()

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return adaptive_shape(tuple(input_shape), self.output_size, self.data_format)


class BaseAdaptiveMaxPooling(BaseAdaptivePooling):
    """Takes the largest of each window."""

    def call(self, inputs: Any) -> Any:
        return ops.adaptive_max_pool(inputs, self.output_size, self.data_format)


class BaseAdaptiveAveragePooling(BaseAdaptivePooling):
    """Takes the mean of each window."""

    def call(self, inputs: Any) -> Any:
        return ops.adaptive_average_pool(inputs, self.output_size, self.data_format)
