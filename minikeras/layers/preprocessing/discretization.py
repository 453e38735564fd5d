"""`Discretization`: numbers by the bin that they fall into."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.common.arguments import ArgumentError, Positive, PositiveInt
from minikeras.common.settings import settings
from minikeras.layers.preprocessing.adapted_layer import AdaptedLayer
from minikeras.layers.preprocessing.encoding import encode, encoded_shape
from minikeras.layers.preprocessing.text_layer import refuse_sparse
from minikeras.ops.core import cast
from minikeras.ops.sorting import digitize


class Discretization(AdaptedLayer):
    """Replaces numbers by the index of their bin: `i` where `boundaries[i - 1] <= x < boundaries[i]`.

    The first bin has no lower end, the last one no upper end. The boundaries are given, or `adapt`
    finds quantiles of data, so that about as many numbers fall into each bin.

    Args:
        bin_boundaries: numbers in ascending order.
        num_bins: number of bins whose boundaries `adapt` is to find; not together with
            `bin_boundaries`.
        epsilon: how exact the quantiles are: data is summarized in about `1 / epsilon` numbers.
        output_mode: `"int"` for the index; `"one_hot"`, `"multi_hot"` and `"count"` for vectors, as in
            `CategoryEncoding`.
        sparse: must be False.

    Input: numbers of any shape. Output: with `"int"` integers of the same shape.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.Discretization(bin_boundaries=[0.0, 1.0, 2.0])(np.array([[-1.5, 1.0, 3.4, 0.5]]))
    <Tensor shape=(1, 4) dtype=int32 [[0 2 3 1]]>
    >>> layer = layers.Discretization(num_bins=4)
    >>> layer.adapt(np.arange(100.0))
    >>> layer(np.array([10.0, 30.0, 60.0, 90.0]))
    <Tensor shape=(4,) dtype=int32 [0 1 2 3]>
    """

    argument_sources = {"trainable": None, "dtype": "dtype"}

    def __init__(
        self,
        bin_boundaries: Sequence[float] | None = None,
        num_bins: PositiveInt | None = None,
        epsilon: Positive = 0.01,
        output_mode: Literal["int", "one_hot", "multi_hot", "count"] = "int",
        sparse: bool = False,
        dtype: Any = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if (num_bins is None) == (bin_boundaries is None):
            raise ValueError(
                "Discretization: either `num_bins` or `bin_boundaries` must be given. "
                f"Received: num_bins={num_bins}, bin_boundaries={bin_boundaries}"
            )
        if bin_boundaries is not None and list(bin_boundaries) != sorted(bin_boundaries):
            expected = "numbers in ascending order"
            raise ArgumentError("Discretization", "bin_boundaries", expected, bin_boundaries)
        self.bin_boundaries = bin_boundaries
        self.num_bins = num_bins
        self.epsilon = epsilon
        self.output_mode = output_mode
        refuse_sparse(sparse)
        self.sparse = False
        self.autocast = False
        self.reset_state()
        self._build_at_init()

    @property
    def input_dtype(self) -> str:
        return settings.floatx

    @property
    def output_dtype(self) -> str:
        """The dtype of the result."""
        return "int32" if self.output_mode == "int" else self.compute_dtype

    # Adapting.

    @property
    def is_fixed(self) -> bool:
        """Whether the boundaries were given."""
        return self.num_bins is None

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Find the boundaries of bins that hold about as many numbers of the data each.

        Args:
            data: an array; or a `Dataset`, a generator or anything else that gives batches of them.
            steps: number of batches to look at, all if None.

        Raises:
            ValueError: if the layer was made with `bin_boundaries`.
        """
        if self.is_fixed:
            raise ValueError(
                f"Layer '{self.name}': adapt: the layer was made with `bin_boundaries`; with "
                "`num_bins` in their place it finds them."
            )
        super().adapt(data, steps=steps)

    def reset_state(self) -> None:
        """Forget the data seen so far."""
        self.summary = np.zeros((2, 0), np.float32)

    def update_state(self, data: Any) -> None:
        """Take one more batch of data into account."""
        more = _summarized(np.asarray(data, np.float32), self.epsilon)
        merged = np.concatenate([more, self.summary], axis=1)
        self.summary = _compressed(merged[:, np.argsort(merged[0])], self.epsilon)

    def finalize_state(self) -> None:
        """Make boundaries of what the data showed."""
        if not self.is_fixed:
            self.bin_boundaries = _compressed(self.summary, 1 / self.num_bins)[0, :-1].tolist()

    # Calling.

    def call(self, inputs: Any) -> Any:
        if self.bin_boundaries is None:
            raise ValueError(
                f"Layer '{self.name}': the boundaries are not known yet. Give `bin_boundaries`, or "
                "call `adapt` on data first."
            )
        x = cast(inputs, settings.floatx)
        indices = digitize(x, np.asarray(self.bin_boundaries, x.array.dtype))
        return encode(indices, self.output_mode, len(self.bin_boundaries) + 1, self.output_dtype)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        known = self.bin_boundaries is not None
        depth = len(self.bin_boundaries) + 1 if known else self.num_bins
        return encoded_shape(input_shape, self.output_mode, depth)

    def compute_output_spec(self, inputs: Any) -> KerasTensor:
        return KerasTensor(self.compute_output_shape(inputs.shape), self.output_dtype)

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> Discretization:
        """Make a layer from its config; one that was adapted has both boundaries and `num_bins`."""
        found = config.get("bin_boundaries") if config.get("num_bins") is not None else None
        if found is None:
            return super().from_config(config, custom_objects)
        layer = super().from_config({**config, "bin_boundaries": None}, custom_objects)
        layer.bin_boundaries = list(found)
        return layer


# A summary of many numbers: few of them in ascending order, and how many each stands for. Like Keras
# these compute in float32 where it does, so that the boundaries are the same to the last bit.


def _summarized(x: np.ndarray, epsilon: float) -> np.ndarray:
    """Return a summary of an array: every so-maniest number in ascending order."""
    x = np.sort(x, axis=None)
    step = max(x.size / (1 / epsilon), 1)
    chosen = x[int(step - 1) :: int(step)]
    return np.stack([chosen, np.full(chosen.shape, step, np.float32)])


def _compressed(summary: np.ndarray, epsilon: float) -> np.ndarray:
    """Return a summary in about `1 / epsilon` numbers that stand for as many others each."""
    if summary.shape[1] * epsilon < 1:
        return summary
    values, weights = summary
    reached = np.cumsum(weights)
    shares = reached / reached[-1]
    wanted = epsilon + np.arange(0.0, 1.0, epsilon)
    values = np.interp(wanted, shares, values)
    reached = np.interp(wanted, shares, reached)
    reached[1:] -= reached[:-1].copy()
    return np.stack([values, reached]).astype(np.float32)
