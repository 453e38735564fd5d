"""`Normalization`: features to mean 0 and variance 1, by what data showed or what is given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.arguments import ArgumentError, Reals, are_numbers, short
from minikeras.common.dtypes import np_dtype
from minikeras.common.settings import settings
from minikeras.kernels.normalization import combine_moments, moments
from minikeras.layers.normalization.axes import check_axes
from minikeras.layers.preprocessing.adapted_layer import AdaptedLayer
from minikeras.ops.core import cast
from minikeras.ops.elementwise import maximum
from minikeras.ops.families import fits
from minikeras.ops.math import sqrt
from minikeras.ops.normalization import STANDARDIZE, computing_dtype
from minikeras.ops.shapes import reshape

_ROWS = 128
"""Rows that are looked at together where data gives them one by one."""


def _listed(value: Any) -> Any:
    return None if value is None else np.asarray(to_array(value)).tolist()


class Normalization(AdaptedLayer):
    """Normalizes features: `(inputs - mean) / sqrt(variance)`.

    Mean and variance are given, or `adapt` takes them from data. They are no parameters to train.

    Args:
        axis: axis or axes of the features: each place along them has a mean and a variance of its
            own. With None all numbers have the same.
        mean, variance: numbers, or arrays that broadcast to the sizes of these axes, together; then
            there is nothing to adapt.
        invert: whether to undo a normalization: `inputs * sqrt(variance) + mean`.

    Input and output: the same shape.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layer = layers.Normalization()
    >>> layer.adapt(np.array([[0.0, 70.0], [2.0, 90.0]]))
    >>> layer(np.array([[1.0, 90.0]]))
    <Tensor shape=(1, 2) dtype=float32 [[0. 1.]]>
    """

    argument_sources = {
        "mean": lambda layer: _listed(layer.input_mean),
        "variance": lambda layer: _listed(layer.input_variance),
    }

    def __init__(
        self,
        axis: int | Sequence[int] | None = -1,
        mean: Reals | None = None,
        variance: Reals | None = None,
        invert: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        axes = () if axis is None else (axis,) if np.ndim(axis) == 0 else axis
        self.axis = tuple([int(a) for a in axes])
        self.input_mean, self.input_variance = mean, variance
        self.invert = invert
        self.supports_masking = True
        self.reset_state()
        if (mean is None) != (variance is None):
            raise ValueError(
                "Normalization: `mean` and `variance` must be given together. "
                f"Received: mean={mean}, variance={variance}"
            )
        if mean is not None:
            shape = np.shape(to_array(mean))
            if shape != np.shape(to_array(variance)):
                raise ValueError(
                    "Normalization: `mean` and `variance` must have the same shape. Received: "
                    f"mean.shape={shape}, variance.shape={np.shape(to_array(variance))}"
                )
            if len(shape) > len(self.axis):
                expected = f"of at most {len(self.axis)} axes, since axis={self.axis}"
                raise ArgumentError("Normalization", "mean", expected, mean)

    def build(self, input_shape: tuple) -> None:
        check_axes(self, input_shape)
        n = len(input_shape)
        self._keep = sorted([a % n for a in self.axis])
        sizes = tuple([input_shape[a] for a in self._keep])
        if None in sizes:
            raise ValueError(
                f"Layer '{self.name}': the sizes of the axes {self.axis} must be known. "
                f"Received: input_shape={input_shape}"
            )
        self._broadcast = tuple([d if i in self._keep else 1 for i, d in enumerate(input_shape)])
        if self.input_mean is None:
            self.adapt_mean = self._statistic("mean", sizes, "zeros")
            self.adapt_variance = self._statistic("variance", sizes, "ones")
            # Files of Keras have it; nobody reads it.
            self.count = self.add_weight((), "zeros", dtype="int32", trainable=False, name="count")
            return
        dtype = computing_dtype(self.compute_dtype)
        self._given = [
            np.broadcast_to(np.asarray(to_array(v), dtype), sizes).reshape(self._broadcast)
            for v in (self.input_mean, self.input_variance)
        ]

    def _statistic(self, name: str, shape: tuple, initializer: str) -> Any:
        return self.add_weight(shape, initializer, trainable=False, autocast=False, name=name)

    @property
    def mean(self) -> Tensor | None:
        """The mean, in the shape that broadcasts to the inputs'; None before the layer is built."""
        return self._parameters()[0] if self.built else None

    @property
    def variance(self) -> Tensor | None:
        """The variance, in the same shape."""
        return self._parameters()[1] if self.built else None

    def _parameters(self) -> list[Tensor]:
        if self.input_mean is not None:
            return [Tensor(v) for v in self._given]
        dtype = computing_dtype(self.compute_dtype)
        return [
            cast(reshape(v, self._broadcast), dtype) for v in (self.adapt_mean, self.adapt_variance)
        ]

    # Adapting.

    @property
    def is_fixed(self) -> bool:
        """Whether mean and variance were given."""
        return self.input_mean is not None

    def adapt(self, data: Any) -> None:
        """Take mean and variance from data, those of all its numbers, however they are batched.

        Args:
            data: an array; or a `Dataset`, a generator, a list of arrays or anything else that gives
                batches of them. Of batches with labels, which are tuples, the first part counts.

        Raises:
            ValueError: if the layer was made with `mean` and `variance`, if the data's features are
                not those that it was built for, or if there is no data.
        """
        if self.is_fixed:
            raise ValueError(
                f"Layer '{self.name}': adapt: the layer was made with `mean` and `variance`, so there "
                "is nothing to adapt."
            )
        spec = getattr(data, "element_spec", None)
        spec = spec[0] if isinstance(spec, tuple) and spec else spec
        if len(getattr(spec, "shape", None) or ()) == 1:  # a Dataset of rows
            data = data.batch(_ROWS)
        super().adapt(data)

    def reset_state(self) -> None:
        """Forget the data seen so far."""
        self._seen = (0, 0.0, 0.0)

    def update_state(self, data: Any) -> None:
        """Take one more batch of data into account."""
        data = np.asarray(to_array(data))
        if not are_numbers(data):
            raise ValueError(
                f"Layer '{self.name}': adapt: data must be numbers. Received: {short(data)}"
            )
        if not self.built:
            self.build(data.shape)
        sizes = (
            [data.shape[a] for a in self._keep] if len(data.shape) == len(self._broadcast) else []
        )
        if sizes != [self._broadcast[a] for a in self._keep]:
            raise ValueError(
                f"Layer '{self.name}': the layer was built for inputs of shape "
                f"{self._build_shapes['input_shape']}, and cannot be adapted to data of shape "
                f"{data.shape}"
            )
        self._seen = combine_moments(self._seen, moments(data, self._keep))

    def finalize_state(self) -> None:
        """Make mean and variance of the data seen the layer's own."""
        count, mean, variance = self._seen
        if count == 0:
            raise ValueError(f"Layer '{self.name}': adapt: there is no data to adapt to.")
        self.adapt_mean.assign(mean)
        self.adapt_variance.assign(variance)

    # Calling.

    def _aligned(self, shape: tuple) -> tuple:
        """Return the shape of mean and variance that broadcasts to inputs of a shape.

        These may have more axes in front than those that the layer was built for, or fewer.
        """
        n, own = len(shape), self._broadcast
        aligned = (*(1,) * (n - len(own)), *own[max(len(own) - n, 0) :])
        left_out = own[: max(len(own) - n, 0)]
        if any(d != 1 for d in left_out) or not all(
            a == 1 or fits(a, d) for a, d in zip(aligned, shape)
        ):
            raise ValueError(
                f"Layer '{self.name}': the layer was built for inputs of shape "
                f"{self._build_shapes['input_shape']}, with axis={self.axis}. Received: inputs of "
                f"shape {tuple(shape)}"
            )
        return aligned

    def call(self, inputs: Any) -> Any:
        dtype = computing_dtype(self.compute_dtype)
        shape = self._aligned(inputs.shape)
        mean, variance = [reshape(v, shape) for v in self._parameters()]
        deviation = maximum(sqrt(variance), np_dtype(dtype).type(settings.epsilon))
        y = STANDARDIZE(cast(inputs, dtype), mean, deviation, invert=self.invert)
        return cast(y, self.compute_dtype)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        if self.built:
            self._aligned(input_shape)
        return input_shape
