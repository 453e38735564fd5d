"""What pooling layers share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minikeras import ops
from minikeras.autodiff.primitive import Primitive
from minikeras.autodiff.tensor import Tensor
from minikeras.common.arguments import standardize_padding, standardize_tuple
from minikeras.common.settings import standardize_data_format
from minikeras.layers.input_spec import InputSpec
from minikeras.layers.layer import Layer
from minikeras.ops.convolution import AVERAGE_POOL, MAX_POOL, conv_output_shape, pool


class BasePooling(Layer):
    """Reduces windows of images of `rank` spatial axes."""

    rank: int

    def __init__(
        self,
        pool_size: Any,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        rank = self.rank
        owner = type(self).__name__
        self.pool_size = standardize_tuple(pool_size, rank, "pool_size", owner)
        self.strides = standardize_tuple(
            self.pool_size if strides is None else strides, rank, "strides", owner
        )
        self.padding = standardize_padding(padding, owner)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=rank + 2)
        self._build_at_init()

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        channels = input_shape[1 if self.data_format == "channels_first" else -1]
        return conv_output_shape(
            tuple(input_shape),
            channels,
            self.pool_size,
            self.strides,
            self.padding,
            self.data_format,
            (1,) * len(self.pool_size),
            f"Layer '{self.name}'",
        )

    def _reduce(self, inputs: Any, primitive: Primitive, op: Callable[..., Any]) -> Any:
        """Reduce windows by a primitive; what is no plain tensor goes to the operation that calls it."""
        arguments = inputs, self.pool_size, self.strides, self.padding, self.data_format
        return pool(primitive, *arguments) if type(inputs) is Tensor else op(*arguments)


class BaseMaxPooling(BasePooling):
    """Takes the largest of each window."""

    def call(self, inputs: Any) -> Any:
        return self._reduce(inputs, MAX_POOL, ops.max_pool)

    def _as_max_pool(self) -> tuple | None:
        beside = self.strides == self.pool_size and self.padding == "valid"
        if beside and self.data_format == "channels_last" and self._computes_as(BaseMaxPooling):
            return self.pool_size
        return None


class BaseAveragePooling(BasePooling):
    """Takes the mean of each window."""

    def call(self, inputs: Any) -> Any:
        return self._reduce(inputs, AVERAGE_POOL, ops.average_pool)
