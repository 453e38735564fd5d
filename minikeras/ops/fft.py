"""Fourier transforms. As in Keras, complex numbers are pairs `(real, imaginary)` of tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import as_tensor, elementary, same
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.arguments import ArgumentError
from minikeras.common.dtypes import np_dtype, standardize_dtype
from minikeras.ops.complex_numbers import imag, make_complex, real
from minikeras.ops.creation import arange
from minikeras.ops.elementwise import multiply
from minikeras.ops.families import as_floating, promote
from minikeras.ops.indexing import GET_ITEM, take
from minikeras.ops.joining import pad
from minikeras.ops.reductions import float_dtype
from minikeras.ops.shapes import moveaxis, reshape
from minikeras.ops.symbolic import TensorLike, op, probed

# A Fourier transform is linear and symmetric: it is its own backward.


def _dispatch(name: str) -> Any:
    """Return a transform of arrays that also takes tensors, when its own backward runs on them."""

    def transform(z: Any) -> Any:
        return _PRIMITIVES[name](z) if isinstance(z, Tensor) else getattr(np.fft, name)(z)

    return transform


def _symmetric(name: str) -> Any:
    transform = _dispatch(name)
    return elementary(name, transform, lambda g: transform(g), rule=same)


_PRIMITIVES = {name: _symmetric(name) for name in ("fft", "fft2", "ifft2")}


def _pad_to(z: Any, n: int) -> Any:
    """Fill up with zeros, or cut off, the last axis."""
    if z.shape[-1] >= n:
        return z[..., :n]
    return np.concatenate([z, np.zeros((*z.shape[:-1], n - z.shape[-1]), z.dtype)], axis=-1)


def _rfft_vjp(g: Any, shape: tuple, n: int) -> Any:
    dx = np.real(_dispatch("fft")(_pad_to(g, n)))
    return _pad_to(dx, shape[-1])


def _irfft_weights(m: int, n: int, dtype: Any) -> np.ndarray:
    """How often each frequency counts: those with a mirror image twice."""
    weights = np.full(m, 2.0, dtype)
    weights[0] = 1
    if n % 2 == 0:
        weights[-1] = 1
    return weights / n


def _irfft_vjp(g: Any, shape: tuple, n: int) -> Any:
    m = n // 2 + 1
    dz = np.conjugate(_rfft(g, n)) * _irfft_weights(m, n, g.dtype)
    return _pad_to(dz, shape[-1])


def _rfft(x: Any, n: int) -> Any:
    return _RFFT(x, n=n) if isinstance(x, Tensor) else np.fft.rfft(x, n)


def _frequencies(x: Any, n: int) -> KerasTensor:
    dtype = "complex128" if np_dtype(x.dtype).itemsize > 4 else "complex64"
    return KerasTensor((*x.shape[:-1], n // 2 + 1), dtype)


_RFFT = elementary("rfft", _rfft, _rfft_vjp, rule=_frequencies)
_IRFFT = elementary(
    "irfft",
    lambda z, n: np.fft.irfft(z, n),
    _irfft_vjp,
    rule=lambda z, n: KerasTensor(
        (*z.shape[:-1], n), "float64" if np_dtype(z.dtype).itemsize > 8 else "float32"
    ),
)


def _parts(z: Tensor) -> tuple[Tensor, Tensor]:
    return real(z), imag(z)


def _joined(x: Any, name: str, ndim: int) -> Tensor:
    if not isinstance(x, (tuple, list)) or len(x) != 2:
        raise ValueError(
            f"{name}: the input must be a pair (real part, imaginary part). "
            f"Received: {type(x).__name__}"
        )
    re, im = promote(as_floating(x[0]), as_floating(x[1]))
    if re.shape != im.shape:
        raise ValueError(
            f"{name}: real and imaginary part must have one shape. "
            f"Received shapes {re.shape} and {im.shape}."
        )
    if re.ndim < ndim:
        raise ValueError(f"{name}: inputs need at least {ndim} axes. Received shape {re.shape}.")
    return make_complex(re, im)


def _pair_rule(x: Any) -> tuple:
    re, im = x
    if tuple(re.shape) != tuple(im.shape):
        raise ValueError(
            "Fourier transforms need parts of one shape. "
            f"Received shapes {re.shape} and {im.shape}."
        )
    return KerasTensor(re.shape, re.dtype), KerasTensor(im.shape, im.dtype)


@op
def fft(x: TensorLike) -> tuple[Tensor, Tensor]:
    """Transform the last axis.

    Args:
        x: pair of real and imaginary parts.

    Returns:
        The same of the transform.
    """
    return _parts(_PRIMITIVES["fft"](_joined(x, "fft", 1)))


@op
def fft2(x: TensorLike) -> tuple[Tensor, Tensor]:
    """Transform the last two axes of a pair of real and imaginary parts."""
    return _parts(_PRIMITIVES["fft2"](_joined(x, "fft2", 2)))


@op
def ifft2(x: TensorLike) -> tuple[Tensor, Tensor]:
    """Transform the last two axes of a pair of real and imaginary parts back."""
    return _parts(_PRIMITIVES["ifft2"](_joined(x, "ifft2", 2)))


def _with_axis(x: Any, name: str) -> Any:
    """Return a tensor, or raise ValueError if it has no axis to transform."""
    if len(x.shape) < 1:
        raise ValueError(f"{name}: inputs need at least 1 axis. Received shape {x.shape}.")
    return x


def _rfft_rule(x: Any, fft_length: int | None = None) -> tuple:
    n = _with_axis(x, "rfft").shape[-1] if fft_length is None else fft_length
    shape = (*x.shape[:-1], None if n is None else n // 2 + 1)
    dtype = float_dtype(x.dtype)
    return KerasTensor(shape, dtype), KerasTensor(shape, dtype)


@op(rule=_rfft_rule)
def rfft(x: TensorLike, fft_length: int | None = None) -> tuple[Tensor, Tensor]:
    """Transform the last axis of real numbers.

    Args:
        x: tensor.
        fft_length: number of elements to transform, cut off or filled up with zeros.

    Returns:
        Real and imaginary part of the `fft_length // 2 + 1` frequencies that are not negative.

    Example:

    >>> from minikeras import ops
    >>> real, imag = ops.rfft([1.0, 2.0, 3.0, 4.0])
    >>> real
    <Tensor shape=(3,) dtype=float32 [10. -2. -2.]>
    """
    x = _with_axis(as_floating(x), "rfft")
    n = x.shape[-1] if fft_length is None else int(fft_length)
    return _parts(_RFFT(x, n=n))


def _irfft_rule(x: Any, fft_length: int | None = None) -> KerasTensor:
    re, _ = _pair_rule(x)
    m = re.shape[-1]
    n = fft_length if fft_length is not None else None if m is None else 2 * (m - 1)
    return KerasTensor((*re.shape[:-1], n), re.dtype)


@op(rule=_irfft_rule)
def irfft(x: TensorLike, fft_length: int | None = None) -> Tensor:
    """Transform the frequencies that `rfft` gives back into real numbers.

    Args:
        x: pair of real and imaginary parts.
        fft_length: number of elements of the result; twice those of `x`, less two, if None.
    """
    z = _joined(x, "irfft", 1)
    n = 2 * (z.shape[-1] - 1) if fft_length is None else int(fft_length)
    return _IRFFT(z, n=n)


def _sequences_rule(x: Any, sequence_length: int, sequence_stride: int) -> KerasTensor:
    size = x.shape[-1]
    n = None if size is None else 1 + (size - sequence_length) // sequence_stride
    return KerasTensor((*x.shape[:-1], n, sequence_length), x.dtype)


@op(rule=_sequences_rule)
def extract_sequences(x: TensorLike, sequence_length: int, sequence_stride: int) -> Tensor:
    """Cut the last axis into sequences that may overlap.

    Args:
        x: tensor.
        sequence_length: elements in each.
        sequence_stride: distance between the beginnings of neighbours.

    Returns:
        Tensor of shape `(..., sequences, sequence_length)`.

    Example:

    >>> from minikeras import ops
    >>> ops.extract_sequences(ops.arange(5), 3, 2)
    <Tensor shape=(2, 3) dtype=int32
    [[0 1 2]
     [2 3 4]]>
    """
    x = as_tensor(x)
    n = 1 + (x.shape[-1] - sequence_length) // sequence_stride
    starts = multiply(arange(n), sequence_stride)
    return take(x, reshape(starts, (-1, 1)) + np.arange(sequence_length), axis=-1)


def _window(window: Any, sequence_length: int, fft_length: int, dtype: Any) -> np.ndarray | None:
    """Return the window's values in the middle of `fft_length` zeros."""
    if window is None:
        values = np.ones(sequence_length)
    elif isinstance(window, str):
        from scipy.signal import get_window

        values = get_window(window, sequence_length)
    else:
        values = to_array(window)
    if values.shape != (sequence_length,):
        raise ValueError(
            f"stft: the window must have shape ({sequence_length},). Received: {values.shape}"
        )
    before = (fft_length - sequence_length) // 2
    return np.pad(values, (before, fft_length - sequence_length - before)).astype(dtype)


def _check_lengths(name: str, sequence_length: int, fft_length: int, window: Any) -> None:
    if fft_length < sequence_length:
        raise ValueError(
            f"{name}: `fft_length` must not be smaller than `sequence_length`. Received: "
            f"sequence_length={sequence_length}, fft_length={fft_length}"
        )
    if isinstance(window, str) and window not in ("hann", "hamming"):
        raise ValueError(
            f"{name}: a window given by name must be 'hann' or 'hamming'. "
            f"Received: window={window!r}"
        )


@probed
def stft(
    x: TensorLike,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    window: Any = "hann",
    center: bool = True,
) -> tuple[Tensor, Tensor]:
    """Transform short overlapping sequences along the last axis (short-time Fourier transform).

    Args:
        x: real tensor.
        sequence_length: elements in each sequence.
        sequence_stride: distance between the beginnings of neighbours.
        fft_length: number of elements to transform, sequences being filled up with zeros.
        window: `"hann"`, `"hamming"`, a vector of `sequence_length` factors, or None for ones.
        center: whether sequences are centered at their places, the ends being reflected.

    Returns:
        Real and imaginary part, of shape `(..., sequences, fft_length // 2 + 1)`.

    Raises:
        ValueError: if lengths or window do not fit.
        TypeError: for a tensor of another dtype than float32 and float64.
    """
    _check_lengths("stft", sequence_length, fft_length, window)
    x = as_tensor(x)
    if standardize_dtype(x.dtype) not in ("float32", "float64"):
        raise ArgumentError("stft", "x", "a tensor of dtype float32 or float64", x)
    if center:
        x = pad(x, [(0, 0)] * (x.ndim - 1) + [(fft_length // 2, fft_length // 2)], mode="reflect")
    frames = extract_sequences(x, fft_length, sequence_stride)
    if window is not None:
        factors = _window(window, sequence_length, fft_length, x.array.dtype)
        frames = multiply(frames, Tensor(factors))
    return rfft(frames, fft_length)


def _overlap_add(frames: Tensor, stride: int) -> Tensor:
    """Add sequences up again, each at its place along the last axis."""
    n, length = frames.shape[-2:]
    total = (n - 1) * stride + length
    places = np.arange(n)[:, None] * stride + np.arange(length)
    flat = moveaxis(reshape(frames, (-1, n, length)), 0, -1)
    summed = _OVERLAP(flat, places=places, total=total)
    return reshape(moveaxis(summed, -1, 0), (*frames.shape[:-2], total))


def _put_at(x: np.ndarray, places: np.ndarray, total: int) -> np.ndarray:
    y = np.zeros((total, x.shape[-1]), x.dtype)
    np.add.at(y, places, x)
    return y


_OVERLAP = elementary(
    "overlap_add",
    _put_at,
    lambda g, places: g[places],
    rule=lambda x, places, total: KerasTensor((total, x.shape[-1]), x.dtype),
)


@probed
def istft(
    x: TensorLike,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    length: int | None = None,
    window: Any = "hann",
    center: bool = True,
) -> Tensor:
    """Turn what `stft` gives back into a signal.

    Args:
        x: pair of real and imaginary parts, `(..., sequences, fft_length // 2 + 1)`.
        sequence_length: elements in each sequence.
        sequence_stride: distance between the beginnings of neighbours.
        fft_length: number of elements that were transformed.
        length: elements of the result, cut off or filled up with zeros.
        window: the window of `stft`.
        center: whether sequences were centered.

    Returns:
        Real tensor.

    Raises:
        ValueError: if lengths or window do not fit.
    """
    _check_lengths("istft", sequence_length, fft_length, window)
    frames = irfft(x, fft_length)
    dtype = frames.array.dtype
    factors = _window(window, sequence_length, fft_length, dtype)
    n = frames.shape[-2]
    # Least squares: windowed sequences added up, divided by the sum of squared windows.
    summed = _overlap_add(multiply(frames, Tensor(factors)), sequence_stride)
    squares = np.zeros(summed.shape[-1], dtype)
    for i in range(n):
        squares[i * sequence_stride : i * sequence_stride + fft_length] += factors**2
    scale = np.where(squares > 1e-10, 1 / np.maximum(squares, 1e-10), 1)
    summed = multiply(summed, Tensor(scale.astype(dtype)))
    start = fft_length // 2 if center else 0
    if length is not None:
        end = start + length
    else:
        end = summed.shape[-1] - (fft_length // 2 if center else 0)
    missing = end - summed.shape[-1]
    if missing > 0:
        summed = pad(summed, [(0, 0)] * (summed.ndim - 1) + [(0, missing)])
    return GET_ITEM(summed, key=(Ellipsis, slice(start, end)))
