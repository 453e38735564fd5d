"""`ops.image.elastic_transform`: it draws random numbers, and so stands above the other functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import as_tensor
from minikeras.autodiff.tensor import Tensor
from minikeras.common.arguments import ArgumentError, is_number, one_of
from minikeras.common.dtypes import is_float
from minikeras.common.settings import standardize_data_format
from minikeras.kernels.sampling import FILL_MODES, Sampling
from minikeras.ops import image
from minikeras.ops.convolution import in_channels_last
from minikeras.ops.resizing import check_rank
from minikeras.ops.sampling import ORDERS, SAMPLE
from minikeras.ops.shapes import reshape
from minikeras.ops.symbolic import TensorLike, op
from minikeras.random.random import normal


def _check(images: Any, alpha: Any, sigma: Any, interpolation: Any, fill_mode: Any) -> None:
    name = "elastic_transform"
    check_rank(images, name)
    one_of(*ORDERS).check(interpolation, "interpolation", name)
    one_of(*FILL_MODES).check(fill_mode, "fill_mode", name)
    if not is_number(alpha):
        raise ArgumentError(name, "alpha", "a number", alpha)
    if not (is_number(sigma) and sigma > 0):
        raise ArgumentError(name, "sigma", "a positive number", sigma)


def _rule(
    images: Any,
    alpha: Any = 20.0,
    sigma: Any = 5.0,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: Any = 0.0,
    seed: Any = None,
    data_format: str | None = None,
) -> KerasTensor:
    _check(images, alpha, sigma, interpolation, fill_mode)
    standardize_data_format(data_format)
    return KerasTensor(images.shape, images.dtype)


@op(rule=_rule)
def elastic_transform(
    images: TensorLike,
    alpha: Any = 20.0,
    sigma: Any = 5.0,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: Any = 0.0,
    seed: Any = None,
    data_format: str | None = None,
) -> Tensor:
    """Bend images: each pixel is taken from a place nearby, neighbours from places nearby each other.

    Args:
        images: one image, `(height, width, channels)`, or a batch of them.
        alpha: by how much pixels move.
        sigma: standard deviation of the moves, and of the blur that makes those of neighbours alike.
        interpolation: `"nearest"` or `"bilinear"`.
        fill_mode: what lies outside of the images, see `affine_transform`.
        fill_value: the constant of `"constant"`.
        seed: `SeedGenerator` or integer to draw with; the global stream if None.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Returns:
        Images of the same shape and dtype.

    Raises:
        ValueError: if an argument is not as described.

    Reference: Simard et al., 2003, "Best practices for convolutional neural networks applied to visual
    document analysis".

    Example:

    >>> import numpy as np
    >>> from minikeras import ops
    >>> ops.image.elastic_transform(np.ones((8, 8, 3)), alpha=2.0, sigma=1.0, seed=0).shape
    (8, 8, 3)
    """
    x = as_tensor(images)
    data_format = standardize_data_format(data_format)
    _check(x, alpha, sigma, interpolation, fill_mode)
    single = x.ndim == 3
    x = reshape(x, (1, *x.shape)) if single else x
    height, width = x.shape[1:3] if data_format == "channels_last" else x.shape[2:]
    n, sigma = x.shape[0], float(sigma)
    dtype = x.dtype if is_float(x.dtype) and x.array.dtype.itemsize >= 4 else "float32"
    moves = normal((n, 2, height, width), stddev=sigma, dtype=dtype, seed=seed)
    moves = reshape(moves, (2 * n, height, width, 1))
    window = int(6 * sigma) | 1
    moves = image.gaussian_blur(moves, (window, window), (sigma, sigma), "channels_last")
    moves = np.reshape(moves.array, (n, 2, height, width)) * float(alpha)
    moves += np.stack(np.meshgrid(np.arange(height), np.arange(width), indexing="ij"))
    places = Tensor(moves)
    how = Sampling(ORDERS[interpolation], fill_mode, float(fill_value))
    y = in_channels_last(x, data_format, lambda t: SAMPLE(t, places, how=how))
    return reshape(y, y.shape[1:]) if single else y


image.elastic_transform = elastic_transform  # where Keras has it
