"""`SpatialDropout1D`, `2D`, `3D`: dropout of whole channels."""

from __future__ import annotations

from typing import Any

from minikeras.common.arguments import Fraction
from minikeras.common.settings import standardize_data_format
from minikeras.layers.input_spec import InputSpec
from minikeras.layers.regularization.dropout import Dropout
from minikeras.random import dropout


class BaseSpatialDropout(Dropout):
    """Sets whole channels to zero while training.

    Args:
        rate: share of the channels that is dropped.
        spatial: number of axes between batch and channels.
        data_format: `"channels_last"` or `"channels_first"`.
        seed: integer seed.
        name: name.
        dtype: dtype name or policy.
    """

    argument_sources = {"dtype": lambda layer: layer.dtype_policy.name}

    def __init__(
        self,
        rate: Fraction,
        spatial: int,
        data_format: str | None,
        seed: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(rate, seed=seed, name=name, dtype=dtype)
        self.data_format = standardize_data_format(data_format)
        self.spatial = spatial
        self.input_spec = InputSpec(ndim=spatial + 2)

    def call(self, inputs: Any, training: bool | None = False) -> Any:
        if not training or self.rate == 0:
            return inputs
        ones = (1,) * self.spatial
        _, *rest = inputs.shape
        last = self.data_format == "channels_last"
        shape = (None, *ones, rest[-1]) if last else (None, rest[0], *ones)
        return dropout(inputs, self.rate, noise_shape=shape, seed=self.seed_generator)


class SpatialDropout1D(BaseSpatialDropout):
    """Sets whole channels of sequences to zero while training, and scales the others up.

    Args:
        rate: share of the channels that is dropped.
        seed: integer seed.
        name: name.
        dtype: dtype name or policy.

    Input and output: `(batch, time, channels)`.

    Source: Tompson et al., 2014.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.SpatialDropout1D(0.5)(np.ones((1, 5, 2))).shape
    (1, 5, 2)
    """

    def __init__(
        self, rate: Fraction, seed: int | None = None, name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(rate, 1, "channels_last", seed=seed, name=name, dtype=dtype)


class SpatialDropout2D(BaseSpatialDropout):
    """Sets whole channels of images to zero while training, and scales the others up.

    Args:
        rate: share of the channels that is dropped.
        data_format: `"channels_last"` or `"channels_first"`, that of the configuration if None.
        seed: integer seed.
        name: name.
        dtype: dtype name or policy.

    Input and output: `(batch, rows, columns, channels)`, or `(batch, channels, rows, columns)`.

    Source: Tompson et al., 2014.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.SpatialDropout2D(0.5)(np.ones((1, 5, 5, 2))).shape
    (1, 5, 5, 2)
    """

    def __init__(
        self,
        rate: Fraction,
        data_format: str | None = None,
        seed: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(rate, 2, data_format, seed, name, dtype)


class SpatialDropout3D(BaseSpatialDropout):
    """Sets whole channels of volumes to zero while training, and scales the others up.

    Args:
        rate: share of the channels that is dropped.
        data_format: `"channels_last"` or `"channels_first"`, that of the configuration if None.
        seed: integer seed.
        name: name.
        dtype: dtype name or policy.

    Input and output: `(batch, *space, channels)`, or `(batch, channels, *space)`.

    Source: Tompson et al., 2014.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.SpatialDropout3D(0.5)(np.ones((1, 3, 3, 3, 2))).shape
    (1, 3, 3, 3, 2)
    """

    def __init__(
        self,
        rate: Fraction,
        data_format: str | None = None,
        seed: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(rate, 3, data_format, seed, name, dtype)
