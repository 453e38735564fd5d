"""`MelSpectrogram`: how loud which pitches are when."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minikeras import ops
from minikeras.common.arguments import NonNegative, Positive, PositiveInt
from minikeras.common.dtypes import np_dtype
from minikeras.layers.layer import Layer


class MelSpectrogram(Layer):
    """Turns audio signals into spectrograms on the mel scale, on which equal steps sound equal.

    Args:
        fft_length: number of elements that are transformed at a time.
        sequence_stride: distance between the beginnings of neighbouring frames.
        sequence_length: samples of each frame, `fft_length` if None.
        window: window of the frames: `"hann"`, `"hamming"`, a vector, or None.
        sampling_rate: samples per second.
        num_mel_bins: number of bands of pitches.
        min_freq, max_freq: the lowest and the highest frequency, in Hz; half the sampling rate if
            None.
        power_to_db: whether the result is in decibels.
        top_db: the quietest place is so many decibels below the loudest, of all in the batch.
        mag_exp: exponent of the magnitudes: 1 for energy, 2 for power.
        min_power: smallest power that is told from silence.
        ref_power: power of 0 decibels.

    Input: `(batch, samples)` or `(samples,)`.
    Output: `(batch, num_mel_bins, frames)` or `(num_mel_bins, frames)`.

    Raises:
        ValueError: if frames are longer than `fft_length`.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layer = layers.MelSpectrogram(fft_length=256, sequence_stride=128, num_mel_bins=20)
    >>> layer(np.sin(np.arange(16000) / 10)[None]).shape
    (1, 20, 126)
    """

    def __init__(
        self,
        fft_length: PositiveInt = 2048,
        sequence_stride: PositiveInt = 512,
        sequence_length: PositiveInt | None = None,
        window: Any = "hann",
        sampling_rate: Positive = 16000,
        num_mel_bins: PositiveInt = 128,
        min_freq: NonNegative = 20.0,
        max_freq: Positive | None = None,
        power_to_db: bool = True,
        top_db: NonNegative = 80.0,
        mag_exp: Positive = 2.0,
        min_power: Positive = 1e-10,
        ref_power: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.fft_length = fft_length
        self.sequence_stride = sequence_stride
        self.sequence_length = sequence_length or fft_length
        if self.sequence_length > fft_length:
            raise ValueError(
                "MelSpectrogram: argument `fft_length` must be at least `sequence_length`. "
                f"Received: fft_length={fft_length}, sequence_length={sequence_length}"
            )
        if not math.isfinite(sampling_rate):
            raise ValueError(
                "MelSpectrogram: argument `sampling_rate` must be finite. "
                f"Received: sampling_rate={sampling_rate}"
            )
        self.window = window
        self.sampling_rate = sampling_rate
        self.num_mel_bins = num_mel_bins
        self.min_freq = min_freq
        self.max_freq = max_freq or int(sampling_rate / 2)
        self.power_to_db = power_to_db
        self.top_db = top_db
        self.mag_exp = mag_exp
        self.min_power = min_power
        self.ref_power = ref_power
        self._build_at_init()

    def call(self, inputs: Any) -> Any:
        wide = "float64" if self.compute_dtype == "float64" else "float32"
        real, imag = ops.stft(
            ops.cast(inputs, wide),
            self.sequence_length,
            self.sequence_stride,
            self.fft_length,
            self.window,
        )
        power = ops.square(real) + ops.square(imag)
        if self.mag_exp != 2:
            power = ops.power(power, self.mag_exp / 2)
        bands = ops.matmul(power, self._matrix(wide))
        if self.power_to_db:
            bands = self._in_decibels(bands)
        return ops.cast(ops.swapaxes(bands, -1, -2), self.compute_dtype)

    def _matrix(self, dtype: str) -> np.ndarray:
        return self.linear_to_mel_weight_matrix(
            self.num_mel_bins,
            self.fft_length // 2 + 1,
            self.sampling_rate,
            self.min_freq,
            self.max_freq,
            dtype,
        ).array

    def _in_decibels(self, power: Any) -> Any:
        reference = max(abs(self.ref_power), self.min_power)
        level = 10.0 * ops.log10(ops.maximum(power, self.min_power)) - 10.0 * np.log10(reference)
        return ops.maximum(level, ops.max(level) - self.top_db)

    def linear_to_mel_weight_matrix(
        self,
        num_mel_bins: int = 20,
        num_spectrogram_bins: int = 129,
        sampling_rate: float = 8000,
        lower_edge_hertz: float = 125.0,
        upper_edge_hertz: float = 3800.0,
        dtype: str = "float32",
    ) -> Any:
        """Return the matrix that sums frequencies up to bands, triangles on the mel scale.

        Args:
            num_mel_bins: number of bands.
            num_spectrogram_bins: number of frequencies, from 0 to half the sampling rate.
            sampling_rate: samples per second.
            lower_edge_hertz, upper_edge_hertz: where the lowest band begins and the highest ends.
            dtype: dtype of the result.

        Returns:
            `(num_spectrogram_bins, num_mel_bins)`.
        """
        pitches = _mel(np.linspace(0, sampling_rate / 2, num_spectrogram_bins)[1:])[:, None]
        edges = np.linspace(_mel(lower_edge_hertz), _mel(upper_edge_hertz), num_mel_bins + 2)
        low, middle, high = edges[:-2], edges[1:-1], edges[2:]
        rising, falling = (pitches - low) / (middle - low), (high - pitches) / (high - middle)
        weights = np.maximum(np.minimum(rising, falling), 0)
        return ops.convert_to_tensor(np.pad(weights, ((1, 0), (0, 0))).astype(np_dtype(dtype)))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        n = input_shape[-1]
        frames = None if n is None else n // self.sequence_stride + 1
        return (*input_shape[:-1], self.num_mel_bins, frames)


def _mel(hertz: Any) -> Any:
    """Return frequencies on the mel scale, as the Hidden Markov Model Toolkit defines it."""
    return 1127.0 * np.log(1.0 + hertz / 700.0)
