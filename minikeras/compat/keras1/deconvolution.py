"""`Deconvolution2D`, which was told the shape of its output."""

from __future__ import annotations

from typing import Any

from minikeras.layers.convolutional.conv2d_transpose import Conv2DTranspose as _Conv2DTranspose


class Conv2DTranspose(_Conv2DTranspose):
    """`Conv2DTranspose` that finds its `output_padding` for a wanted shape of the output.

    It is saved as a `Conv2DTranspose` with that `output_padding`.

    Args:
        filters, kernel_size: as in `Conv2DTranspose`.
        output_shape: shape of the output with the batch axis, which may be anything.
        **kwargs: further arguments of `Conv2DTranspose`.
    """

    _variant_of = _Conv2DTranspose
    argument_sources = {"output_shape": None}

    def __init__(
        self, filters: int, kernel_size: Any, output_shape: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(filters, kernel_size, **kwargs)
        self._wanted = None if output_shape is None else tuple(output_shape)

    def build(self, input_shape: tuple) -> None:
        if self._wanted is not None:
            self._find_output_padding(input_shape)
        super().build(input_shape)

    def _find_output_padding(self, input_shape: tuple) -> None:
        axes = (2, 3) if self.data_format == "channels_first" else (1, 2)
        wanted = [self._wanted[axis] for axis in axes]
        shape = self.compute_output_shape(input_shape)
        sizes = [shape[axis] for axis in axes]
        if sizes == wanted or None in wanted or None in sizes:
            return
        self.output_padding = (0, 0)
        least = self.compute_output_shape(input_shape)
        extra = tuple(w - least[axis] for w, axis in zip(wanted, axes))
        if any(not 0 <= e < s for e, s in zip(extra, self.strides)):
            raise ValueError(
                f"Layer '{self.name}': inputs of shape {tuple(input_shape)} cannot become an output of "
                f"{wanted[0]} by {wanted[1]} with kernel_size={self.kernel_size}, "
                f"strides={self.strides} and padding='{self.padding}'. Received: "
                f"output_shape={self._wanted}"
            )
        self.output_padding = extra
