"""`STFTSpectrogram`: short-time Fourier transforms, as convolutions whose kernels can be trained."""

from __future__ import annotations

import math
from typing import Any, Literal

from minikeras import ops
from minikeras.common.arguments import PositiveInt
from minikeras.common.settings import epsilon, standardize_data_format
from minikeras.common.traceback_utils import warn
from minikeras.initializers import STFT
from minikeras.layers.input_spec import InputSpec
from minikeras.layers.layer import Layer
from minikeras.ops.convolution import conv_output_shape


class STFTSpectrogram(Layer):
    """Turns signals into spectrograms by the short-time Fourier transform.

    The waves that a signal is compared with are weights: they begin as those of the transform, and
    can be trained; set `trainable=False` to leave them.

    Args:
        mode: what is returned: `"log"` (of the magnitude), `"magnitude"`, `"psd"` (power spectral
            density), `"real"`, `"imag"`, `"angle"`, or `"stft"` (real and imaginary parts).
        frame_length: samples of each frame.
        frame_step: distance between the beginnings of frames, half their length if None.
        fft_length: number of elements to transform, at least `frame_length`; the next power of two
            if None.
        window: window of the frames: a name, a vector of `frame_length` factors, or None.
        periodic: whether the window is periodic rather than symmetric.
        scaling: how the window is normalized: `"density"`, `"spectrum"`, or None.
        padding: `"valid"` or `"same"`.
        expand_dims: whether frequencies have an axis of their own, beside that of the channels.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Input: `(batch, samples, channels)`. Output: `(batch, frames, channels * frequencies)`, or with
    `expand_dims` `(batch, frames, frequencies, channels)`; there are `fft_length // 2 + 1`
    frequencies, twice as many with mode `"stft"`. With channels first:
    `(batch, channels * frequencies, frames)`, or `(batch, channels, frames, frequencies)`.

    Raises:
        ValueError: if the frames' step or the length of the transform does not fit `frame_length`.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layer = layers.STFTSpectrogram("magnitude", frame_length=16, frame_step=8, window=None)
    >>> layer(np.sin(np.arange(64.0)).reshape(1, 64, 1)).shape
    (1, 7, 9)
    """

    argument_sources = {"frame_step": "_given_step", "fft_length": "_given_length"}

    def __init__(
        self,
        mode: Literal["log", "magnitude", "psd", "real", "imag", "angle", "stft"] = "log",
        frame_length: PositiveInt = 256,
        frame_step: PositiveInt | None = None,
        fft_length: PositiveInt | None = None,
        window: Any = "hann",
        periodic: bool = False,
        scaling: Literal["density", "spectrum", None] = "density",
        padding: Literal["valid", "same"] = "valid",
        expand_dims: bool = False,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if frame_step is not None and frame_step > frame_length:
            raise ValueError(
                "STFTSpectrogram: argument `frame_step` cannot be more than `frame_length`. "
                f"Received: frame_step={frame_step}, frame_length={frame_length}"
            )
        if fft_length is not None and fft_length < frame_length:
            raise ValueError(
                "STFTSpectrogram: argument `fft_length` cannot be less than `frame_length`. "
                f"Received: fft_length={fft_length}, frame_length={frame_length}"
            )
        if fft_length is not None and fft_length & (fft_length - 1):
            warn(
                "STFTSpectrogram: argument `fft_length` is best a power of two. "
                f"Received: fft_length={fft_length}"
            )
        STFT("real", window, scaling, periodic)  # says what is wrong with a window now
        self.mode = mode
        self.frame_length = frame_length
        self.frame_step = frame_step or max(frame_length // 2, 1)
        self.fft_length = fft_length or 2 ** math.ceil(math.log2(frame_length))
        self._given_step, self._given_length = frame_step, fft_length
        self.window = window
        self.periodic = periodic
        self.scaling = scaling
        self.padding = padding
        self.expand_dims = expand_dims
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=3)

    def build(self, input_shape: Any) -> None:
        shape = (self.frame_length, 1, self.fft_length // 2 + 1)
        for side, without in (("real", "imag"), ("imag", "real")):
            if self.mode != without:
                waves = STFT(side, self.window, self.scaling, self.periodic)
                weight = self.add_weight(shape, waves, name=f"{side}_kernel")
                setattr(self, f"{side}_kernel", weight)

    def call(self, inputs: Any) -> Any:
        if str(inputs.dtype) not in ("float16", "float32", "float64", "bfloat16"):
            raise TypeError(
                f"Layer '{self.name}' takes signals of floats. Received: inputs.dtype={inputs.dtype}"
            )
        if self.mode in ("real", "imag"):
            return self._arranged(self._compared(inputs, getattr(self, f"{self.mode}_kernel")))
        both = self._compared(inputs, ops.concatenate([self.real_kernel, self.imag_kernel], -1))
        if self.mode == "stft":
            return self._arranged(both)
        real, imag = ops.split(both, 2, axis=-1)
        if self.mode == "angle":
            return self._arranged(ops.arctan2(imag, real))
        power = ops.square(real) + ops.square(imag)
        if self.mode == "psd":  # all frequencies but the ends stand for negative ones too
            twice = ops.pad(power[..., 1:-1], ((0, 0), (0, 0), (0, 0), (1, 1)))
            return self._arranged(power + twice)
        magnitude = ops.sqrt(ops.maximum(power, epsilon()))
        if self.mode == "log":
            magnitude = ops.log(ops.maximum(magnitude, epsilon()))
        return self._arranged(magnitude)

    def _compared(self, inputs: Any, waves: Any) -> Any:
        """Return what a convolution with waves gives, `(batch, channels, frames, frequencies)`."""
        if self.data_format == "channels_last":
            inputs = ops.transpose(inputs, (0, 2, 1))
        batch, channels, samples = inputs.shape
        y = ops.conv(
            ops.reshape(inputs, (-1, samples, 1)),
            ops.cast(waves, inputs.dtype),
            strides=self.frame_step,
            padding=self.padding,
            data_format="channels_last",
        )
        return ops.reshape(y, (-1, channels, *y.shape[1:]))

    def _arranged(self, y: Any) -> Any:
        """Put the axes of `(batch, channels, frames, frequencies)` in the order that was asked for."""
        _, channels, frames, frequencies = y.shape
        last = self.data_format == "channels_last"
        if self.expand_dims:
            return ops.transpose(y, (0, 2, 3, 1)) if last else y
        if last:
            return ops.reshape(ops.transpose(y, (0, 2, 1, 3)), (-1, frames, channels * frequencies))
        return ops.reshape(ops.transpose(y, (0, 1, 3, 2)), (-1, channels * frequencies, frames))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        last = self.data_format == "channels_last"
        batch, samples, channels = input_shape if last else [input_shape[i] for i in (0, 2, 1)]
        frequencies = (self.fft_length // 2 + 1) * (2 if self.mode == "stft" else 1)
        windows = (self.frame_length,), (self.frame_step,), self.padding, "channels_last", (1,)
        frames = conv_output_shape((batch, samples, 1), 1, *windows, f"Layer '{self.name}'")[1]
        if self.expand_dims:
            places = (frames, frequencies, channels) if last else (channels, frames, frequencies)
        else:
            total = None if channels is None else channels * frequencies
            places = (frames, total) if last else (total, frames)
        return (batch, *places)
