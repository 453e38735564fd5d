"""`tf.signal` and `tf.audio`: spectra of sounds, and sounds in WAV files."""

from __future__ import annotations

import io
import wave
from collections import namedtuple
from typing import Any

import numpy as np

from minikeras import ops
from minikeras.autodiff import Tensor
from minikeras.common.dtypes import standardize_dtype
from minikeras.compat.tensorflow.arrays import tensor
from minikeras.compat.tensorflow.elementwise import dtype_name
from minikeras.compat.tensorflow.linear_algebra import complex_
from minikeras.compat.tensorflow.table import named, number

Sound = namedtuple("DecodeWav", "audio sample_rate")


def _parts(x: Any) -> tuple:
    return ops.real(x), ops.imag(x)


def _transform(name: str, function: Any) -> None:
    @named(f"signal.{name} {name}")
    def transform(input: Any) -> Any:
        return complex_(*function(_parts(tensor(input))))


def _inverse(parts: tuple) -> tuple:
    """The inverse transform is the transform with real and imaginary parts exchanged."""
    imag, real = ops.fft(parts[::-1])
    n = real.shape[-1]
    return real / n, imag / n


_transform("fft", ops.fft)
_transform("ifft", _inverse)
_transform("fft2d", ops.fft2)
_transform("ifft2d", ops.ifft2)


@named("signal.rfft")
def rfft(input_tensor: Any, fft_length: Any = None) -> Any:
    """Return the spectrum of real numbers."""
    return complex_(*ops.rfft(input_tensor, _length(fft_length)))


@named("signal.irfft")
def irfft(input_tensor: Any, fft_length: Any = None) -> Any:
    """Return the real numbers of a spectrum."""
    return ops.irfft(_parts(tensor(input_tensor)), _length(fft_length))


def _length(fft_length: Any) -> int | None:
    return None if fft_length is None else int(np.asarray(fft_length).reshape(-1)[0])


def _window(name: str, mean: float) -> Any:
    @named(f"signal.{name}_window")
    def window(window_length: Any, periodic: bool = True, dtype: Any = "float32") -> Any:
        n = int(number(window_length))
        steps = n if periodic and n % 2 == 0 else n - 1
        if n == 1:
            return ops.ones(1, standardize_dtype(dtype))
        values = mean - (1 - mean) * np.cos(2 * np.pi * np.arange(n) / steps)
        return Tensor(values.astype(standardize_dtype(dtype)))

    return window


hann_window = _window("hann", 0.5)
hamming_window = _window("hamming", 0.54)


@named("signal.frame")
def frame(
    signal: Any,
    frame_length: Any,
    frame_step: Any,
    pad_end: bool = False,
    pad_value: Any = 0,
    axis: int = -1,
) -> Any:
    """Return the windows of a signal along its last axis."""
    if axis not in (-1, len(ops.shape(signal)) - 1):
        raise ValueError(f"tf.signal.frame goes along the last axis here. Received: axis={axis}")
    length, step = int(number(frame_length)), int(number(frame_step))
    x = tensor(signal)
    n = x.shape[-1]
    if pad_end:
        count = -(-n // step)
        after = max(0, length + step * (count - 1) - n)
        around = [[0, 0]] * (len(x.shape) - 1) + [[0, after]]
        x = ops.pad(x, around, "constant", pad_value)
    else:
        count = max(0, 1 + (n - length) // step)
    return ops.take(x, np.arange(count)[:, None] * step + np.arange(length), axis=-1)


@named("signal.stft")
def stft(
    signals: Any,
    frame_length: Any,
    frame_step: Any,
    fft_length: Any = None,
    window_fn: Any = "hann",
    pad_end: bool = False,
) -> Any:
    """Return the spectra of the windows of signals."""
    length = int(number(frame_length))
    frames = frame(signals, length, frame_step, pad_end)
    size = 1 << (length - 1).bit_length() if fft_length is None else int(number(fft_length))
    if window_fn is not None:
        make = hann_window if window_fn == "hann" else window_fn
        frames = frames * make(length, dtype=dtype_name(frames))
    return rfft(frames, size)


@named("signal.overlap_and_add")
def overlap_and_add(signal: Any, frame_step: Any) -> Any:
    """Return the sum of windows `(..., frames, frame_length)`, each `frame_step` after the last."""
    x, step = tensor(signal), int(number(frame_step))
    *outer, count, length = x.shape
    pieces = -(-length // step)  # of a window, each as long as a step
    x = ops.pad(x, [[0, 0]] * (len(outer) + 1) + [[0, pieces * step - length]])
    x = ops.reshape(x, (*outer, count, pieces, step))
    around = [[0, 0]] * len(outer)
    total = sum(
        ops.pad(x[..., i, :], [*around, [i, pieces - 1 - i], [0, 0]]) for i in range(pieces)
    )
    flat = ops.reshape(total, (*outer, (count + pieces - 1) * step))
    return flat[..., : (count - 1) * step + length]


@named("signal.inverse_stft_window_fn")
def inverse_stft_window_fn(frame_step: Any, forward_window_fn: Any = hann_window) -> Any:
    """Return the window for `inverse_stft` that makes it undo `stft` with `forward_window_fn`."""

    def window(frame_length: Any, dtype: Any = "float32") -> Any:
        length, step = int(number(frame_length)), int(number(frame_step))
        forward = forward_window_fn(length, dtype=dtype)
        pieces = -(-length // step)
        squares = ops.pad(ops.square(forward), [[0, pieces * step - length]])
        per_step = ops.sum(ops.reshape(squares, (pieces, step)), axis=0)
        return forward / ops.tile(per_step, (pieces,))[:length]

    return window


@named("signal.inverse_stft")
def inverse_stft(
    stfts: Any,
    frame_length: Any,
    frame_step: Any,
    fft_length: Any = None,
    window_fn: Any = "hann",
) -> Any:
    """Return signals of the spectra of their windows."""
    length = int(number(frame_length))
    size = 1 << (length - 1).bit_length() if fft_length is None else int(number(fft_length))
    frames = irfft(stfts, size)[..., :length]
    frames = ops.pad(frames, [[0, 0]] * (len(frames.shape) - 1) + [[0, length - frames.shape[-1]]])
    if window_fn is not None:
        make = hann_window if window_fn == "hann" else window_fn
        frames = frames * make(length, dtype=dtype_name(frames))
    return overlap_and_add(frames, frame_step)


@named("signal.linear_to_mel_weight_matrix")
def linear_to_mel_weight_matrix(
    num_mel_bins: int = 20,
    num_spectrogram_bins: int = 129,
    sample_rate: float = 8000,
    lower_edge_hertz: float = 125.0,
    upper_edge_hertz: float = 3800.0,
    dtype: Any = "float32",
) -> Any:
    """Return how much of each frequency belongs to each of some bins, triangles on the mel scale."""

    def mel(hertz: Any) -> Any:
        return 1127.0 * np.log1p(np.asarray(hertz) / 700.0)

    at = mel(np.linspace(0.0, number(sample_rate) / 2.0, num_spectrogram_bins)[1:])[:, None]
    edges = np.linspace(mel(lower_edge_hertz), mel(upper_edge_hertz), num_mel_bins + 2)
    low, center, high = edges[:-2], edges[1:-1], edges[2:]
    weights = np.maximum(
        0.0, np.minimum((at - low) / (center - low), (high - at) / (high - center))
    )
    return Tensor(np.pad(weights, [[1, 0], [0, 0]]).astype(standardize_dtype(dtype)))


@named("audio.decode_wav")
def decode_wav(contents: Any, desired_channels: int = -1, desired_samples: int = -1) -> Sound:
    """Return the samples of a WAV file of 16 bits, from -1 to 1, as `(samples, channels)`."""
    data = contents.numpy() if hasattr(contents, "numpy") else contents
    with wave.open(io.BytesIO(data)) as file:
        if file.getsampwidth() != 2:
            raise ValueError(
                f"tf.audio.decode_wav: {8 * file.getsampwidth()} bits a sample, not 16."
            )
        rate, channels = file.getframerate(), file.getnchannels()
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, channels)
    if desired_channels > 0:
        samples = samples[:, :desired_channels]
    if desired_samples >= 0:
        samples = samples[:desired_samples]
        samples = np.pad(samples, [[0, desired_samples - len(samples)], [0, 0]])
    return Sound(Tensor(samples.astype(np.float32) / 32768), Tensor(np.asarray(rate, np.int32)))
