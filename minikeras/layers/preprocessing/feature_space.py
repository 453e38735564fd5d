"""What a `FeatureSpace` is made of: features, crosses of them, and the layers between."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from minikeras.common.arguments import PositiveInt
from minikeras.common.configurable import Configurable
from minikeras.common.serialization import deserialize_keras_object
from minikeras.layers.layer import Layer
from minikeras.ops.joining import concatenate


class Feature(Configurable):
    """A column of a table, and how it is prepared.

    Args:
        dtype: dtype of its raw values: `"float32"`, `"int32"`, `"string"`.
        preprocessor: layer that prepares them, or the config of one.
        output_mode: `"float"` for what the layer gives, as it is; `"int"` for indices, as they are;
            `"one_hot"` for indices that become vectors.
    """

    def __init__(
        self, dtype: Any, preprocessor: Any, output_mode: Literal["int", "one_hot", "float"]
    ) -> None:
        self.dtype = dtype
        if isinstance(preprocessor, dict):
            preprocessor = deserialize_keras_object(preprocessor)
        self.preprocessor = preprocessor
        self.output_mode = output_mode


class Cross(Configurable):
    """A combination of features.

    Args:
        feature_names: names of the features.
        crossing_dim: number of bins that combinations are hashed into.
        output_mode: `"int"` for the number of the bin, `"one_hot"` for a vector.
    """

    def __init__(
        self,
        feature_names: Sequence[str],
        crossing_dim: PositiveInt,
        output_mode: Literal["int", "one_hot"] = "one_hot",
    ) -> None:
        self.feature_names = tuple(feature_names)
        self.crossing_dim = crossing_dim
        self.output_mode = output_mode

    @property
    def name(self) -> str:
        """The names of the features, joined."""
        return "_X_".join(self.feature_names)


class TFDIdentity(Layer):
    """What a feature goes through that is taken as it is, under the name that files of Keras know."""

    def call(self, x: Any) -> Any:
        return x

    def compute_output_spec(self, x: Any) -> Any:
        return type(x)(x.shape, x.dtype)


class TFDConcat(Layer):
    """Features side by side, under the name that files of Keras know.

    Args:
        axis: axis along which they lie.
    """

    def __init__(self, axis: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, xs: Any) -> Any:
        return concatenate(xs, axis=self.axis)
