"""`FeatureSpace`: a table's columns, prepared and encoded each in its way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from minikeras import tree
from minikeras.common.arguments import PositiveInt, one_of, short
from minikeras.common.naming import auto_name
from minikeras.data.dataset import Dataset
from minikeras.layers.core.input_layer import Input
from minikeras.layers.layer import Layer
from minikeras.layers.preprocessing.adapted_layer import AdaptedLayer, as_batch, as_tensor
from minikeras.layers.preprocessing.category_encoding import CategoryEncoding
from minikeras.layers.preprocessing.discretization import Discretization
from minikeras.layers.preprocessing.feature_space import Cross, Feature, TFDConcat, TFDIdentity
from minikeras.layers.preprocessing.hashed_crossing import HashedCrossing
from minikeras.layers.preprocessing.hashing import Hashing
from minikeras.layers.preprocessing.index_lookup import IndexLookup
from minikeras.layers.preprocessing.integer_lookup import IntegerLookup
from minikeras.layers.preprocessing.normalization import Normalization
from minikeras.layers.preprocessing.rescaling import Rescaling
from minikeras.layers.preprocessing.string_lookup import StringLookup
from minikeras.ops.shapes import expand_dims, reshape
from minikeras.saving.saving_api import save_model

_ROWS = 32
"""Rows that make a batch where there are none. Quantiles depend on it a little; so do Keras's."""


class FeatureSpace(Layer):
    """Prepares and encodes the columns of a table: numbers, categories, texts, and crosses of them.

    Args:
        features: dict from the names of the columns to what they are: one of the class methods below
            (`FeatureSpace.float_normalized()`), or the name of one (`"float_normalized"`).
        output_mode: `"concat"` to put all encoded features side by side, in alphabetical order of
            their names and crosses last; `"dict"` for a dict of them.
        crosses: list of combinations of features: tuples of their names, or `FeatureSpace.cross(...)`.
        crossing_dim: number of bins that combinations are hashed into, where a cross does not say it.
        hashing_dim: number of bins of `"string_hashed"` and `"integer_hashed"`.
        num_discretization_bins: number of bins of `"float_discretized"`.
        name: name.

    What is called is a dict of columns, of `(batch,)` or `(batch, 1)`, or of the values of one row.
    Vocabularies, means and bins are learned by `adapt`, which comes first. Data sets are encoded by
    `dataset.map(feature_space)`. A model on encoded features, and one on raw columns that runs
    without further preparation, are made of the same space, as in the example.

    Attributes:
        features: dict of `Feature`s.
        preprocessors: dict of the features' layers.
        crossers: dict of the crosses' layers, by names such as `"sex_X_age"`.

    Example:

    >>> import numpy as np
    >>> import minikeras as keras
    >>> from minikeras.utils import FeatureSpace
    >>> table = {
    ...     "income": [1.0, 2.0, 3.0, 4.0],
    ...     "town": ["Rome", "Paris", "Rome", "Oslo"],
    ... }
    >>> space = FeatureSpace(
    ...     {"income": "float_normalized", "town": "string_categorical"},
    ... )
    >>> space.adapt(table)
    >>> space.preprocessors["town"].get_vocabulary()
    ['[UNK]', 'Rome', 'Paris', 'Oslo']
    >>> space({"income": 2.5, "town": "Paris"})
    <Tensor shape=(5,) dtype=float32 [0. 0. 0. 1. 0.]>
    >>> encoded = space.get_encoded_features()
    >>> outputs = keras.layers.Dense(1)(encoded)
    >>> training_model = keras.Model(encoded, outputs)
    >>> inference_model = keras.Model(space.get_inputs(), outputs)
    """

    argument_sources = {"name": None, "trainable": None, "dtype": None}

    def __init__(
        self,
        features: Mapping[str, Any],
        output_mode: Literal["concat", "dict"] = "concat",
        crosses: Sequence | None = None,
        crossing_dim: PositiveInt | None = 32,
        hashing_dim: PositiveInt = 32,
        num_discretization_bins: PositiveInt = 32,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        if not features:
            raise ValueError("FeatureSpace: argument `features` must name at least one column.")
        self.output_mode = output_mode
        self.crossing_dim = crossing_dim
        self.hashing_dim = hashing_dim
        self.num_discretization_bins = num_discretization_bins
        self.features = {key: self._feature(key, value) for key, value in features.items()}
        self.crosses = [self._cross(cross) for cross in crosses or ()]
        self.crosses_by_name = {cross.name: cross for cross in self.crosses}
        self.inputs = {
            key: Input((1,), dtype=feature.dtype, name=key)
            for key, feature in self.features.items()
        }
        self.preprocessors = {key: f.preprocessor for key, f in self.features.items()}
        self.crossers = {
            key: HashedCrossing(cross.crossing_dim, name=key)
            for key, cross in self.crosses_by_name.items()
        }
        self.one_hot_encoders: dict[str, CategoryEncoding] = {}
        self.concat: TFDConcat | None = None
        self.encoded_features: Any = None
        self._is_adapted = not self._adaptable()

    def _feature(self, name: str, value: Any) -> Feature:
        if isinstance(value, Feature):
            return value
        one_of(*_KINDS).check(value, f"features['{name}']", "FeatureSpace")
        sizes = {
            "float_discretized": {"num_bins": self.num_discretization_bins},
            "string_hashed": {"num_bins": self.hashing_dim},
            "integer_hashed": {"num_bins": self.hashing_dim},
        }
        return getattr(self, value)(name=name, **sizes.get(value, {}))

    def _cross(self, value: Any) -> Cross:
        cross = value
        if not isinstance(cross, Cross):
            if self.crossing_dim is None:
                raise ValueError(
                    "FeatureSpace: argument `crossing_dim` must be given for crosses that do not say "
                    f"it themselves. Received: crosses with {value!r}"
                )
            cross = Cross(value, self.crossing_dim)
        unknown = [name for name in cross.feature_names if name not in self.features]
        if unknown:
            raise ValueError(
                f"FeatureSpace: the features {unknown} of argument `crosses` are not among `features`, "
                f"{list(self.features)}."
            )
        return cross

    # Kinds of features.

    @classmethod
    def feature(cls, dtype: Any, preprocessor: Any, output_mode: str) -> Feature:
        """Return a feature with a layer of one's own; arguments as in `Feature`."""
        return Feature(dtype, preprocessor, output_mode)

    @classmethod
    def cross(
        cls, feature_names: Sequence[str], crossing_dim: int, output_mode: str = "one_hot"
    ) -> Cross:
        """Return a combination of features; arguments as in `Cross`."""
        return Cross(feature_names, crossing_dim, output_mode)

    @classmethod
    def float(cls, name: str | None = None) -> Feature:
        """Return a feature of numbers that are taken as they are."""
        name = _name_of_layer(name, "float")
        return Feature("float32", TFDIdentity(dtype="float32", name=name), "float")

    @classmethod
    def float_rescaled(
        cls, scale: Any = 1.0, offset: Any = 0.0, name: str | None = None
    ) -> Feature:
        """Return a feature of numbers that become `scale * x + offset`."""
        name = _name_of_layer(name, "float_rescaled")
        return Feature("float32", Rescaling(scale, offset, name=name), "float")

    @classmethod
    def float_normalized(cls, name: str | None = None) -> Feature:
        """Return a feature of numbers that are brought to mean 0 and variance 1."""
        layer = Normalization(axis=-1, name=_name_of_layer(name, "float_normalized"))
        return Feature("float32", layer, "float")

    @classmethod
    def float_discretized(
        cls,
        num_bins: int | None,
        bin_boundaries: Sequence | None = None,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Return a feature of numbers in bins: `num_bins` of about as many each, or those between
        `bin_boundaries`, with `num_bins=None`."""
        name = _name_of_layer(name, "float_discretized")
        layer = Discretization(num_bins=num_bins, bin_boundaries=bin_boundaries, name=name)
        return Feature("float32", layer, output_mode)

    @classmethod
    def integer_categorical(
        cls,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Return a feature of integers that stand for categories; arguments as in `IntegerLookup`."""
        name = _name_of_layer(name, "integer_categorical")
        layer = IntegerLookup(name=name, max_tokens=max_tokens, num_oov_indices=num_oov_indices)
        return Feature("int32", layer, output_mode)

    @classmethod
    def string_categorical(
        cls,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Return a feature of texts that stand for categories; arguments as in `StringLookup`."""
        name = _name_of_layer(name, "string_categorical")
        layer = StringLookup(name=name, max_tokens=max_tokens, num_oov_indices=num_oov_indices)
        return Feature("string", layer, output_mode)

    @classmethod
    def string_hashed(
        cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None
    ) -> Feature:
        """Return a feature of texts that are hashed into bins."""
        layer = Hashing(name=_name_of_layer(name, "string_hashed"), num_bins=num_bins)
        return Feature("string", layer, output_mode)

    @classmethod
    def integer_hashed(
        cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None
    ) -> Feature:
        """Return a feature of integers that are hashed into bins."""
        layer = Hashing(name=_name_of_layer(name, "integer_hashed"), num_bins=num_bins)
        return Feature("int32", layer, output_mode)

    # Adapting.

    def _adaptable(self) -> list[str]:
        """Return the names of the features whose layers have something to learn from data."""
        return [
            name
            for name, layer in self.preprocessors.items()
            if hasattr(layer, "adapt") and not getattr(layer, "is_fixed", False)
        ]

    def adapt(self, dataset: Any) -> None:
        """Learn vocabularies, means and bins from a table, in one pass.

        Args:
            dataset: dict of columns, or a `Dataset` (or another iterable) of dicts: of batches, or of
                rows. Of elements with labels, which are tuples, the first part counts.

        Raises:
            ValueError: if the data is something else, has no rows, or lacks a column.
        """
        layers = {name: self.preprocessors[name] for name in self._adaptable()}
        ours = {n: layer for n, layer in layers.items() if isinstance(layer, AdaptedLayer)}
        for layer in ours.values():
            layer.reset_state()
        empty = True
        for batch in _batches(dataset):
            empty = False
            for name, layer in ours.items():
                column = _column(batch, name, layer)
                whole = batch is dataset and isinstance(layer, Discretization)
                for part in _in_batches(column) if whole else [column]:
                    layer.update_state(part)
        if empty:
            raise ValueError("FeatureSpace: adapt: argument `dataset` has no rows.")
        for name, layer in layers.items():
            if name in ours:
                layer.finalize_state()
            else:  # a user's layer has perhaps no more than `adapt`
                layer.adapt(_column(batch, name, layer) for batch in _batches(dataset))
        self._is_adapted = True
        self._forget_encoders()
        self._finish()

    def _forget_encoders(self) -> None:
        """What is learned anew may have another number of categories."""
        self.one_hot_encoders = {}
        self.concat = self.encoded_features = None

    def _finish(self) -> None:
        """Make what follows from what was learned."""
        if not self._is_adapted:
            raise ValueError(
                f"FeatureSpace '{self.name}': call `adapt` on data first. The features "
                f"{self._adaptable()} learn from it."
            )
        if self.encoded_features is not None:
            return
        indices, crossed = self._prepared(self.inputs)
        for name, value in [*sorted(indices.items()), *sorted(crossed.items())]:
            self._make_encoder(name, value)
        if self.output_mode == "concat":
            self.concat = TFDConcat(axis=-1)
        self.encoded_features = self._merged(indices, crossed)
        self.built = True

    def _make_encoder(self, name: str, value: Any) -> None:
        """Make the layer that makes vectors of a feature's categories, if it needs one."""
        spec = self.features.get(name) or self.crosses_by_name[name]
        layer = self.preprocessors.get(name) or self.crossers[name]
        dtypes = {str(t.dtype) for t in tree.flatten(value)}
        whole = all(dtype.startswith(("int", "uint")) for dtype in dtypes)
        if spec.output_mode == "one_hot":
            depth = _cardinality(layer)
            if not whole or depth is None:
                why = (
                    f"gives {', '.join(dtypes)}"
                    if not whole
                    else "has no known number of categories"
                )
                raise ValueError(
                    f"FeatureSpace: feature '{name}' has output_mode='one_hot', which needs a layer "
                    f"that gives integers below a known number. But {layer!r} {why}. Use "
                    "output_mode='float', or 'int' in a space with output_mode='dict'."
                )
            self.one_hot_encoders[name] = CategoryEncoding(depth, output_mode="multi_hot")
        elif self.output_mode == "concat" and (spec.output_mode == "int" or "string" in dtypes):
            raise ValueError(
                f"FeatureSpace: feature '{name}' gives {', '.join(dtypes)}, which cannot be put beside "
                "the other features as it is. Use output_mode='one_hot' for it, or "
                "output_mode='dict' for the space."
            )

    def get_inputs(self) -> dict[str, Any]:
        """Return the raw columns as inputs of a functional model, by name."""
        self._finish()
        return self.inputs

    def get_encoded_features(self) -> Any:
        """Return the encoded features as symbolic tensors: one, or a dict of them."""
        self._finish()
        return self.encoded_features

    # Calling.

    def __call__(self, data: Any) -> Any:
        """Encode a table, or a row of one.

        Args:
            data: dict of columns `(batch,)` or `(batch, 1)`, or of single values.

        Returns:
            Tensor `(batch, width)`, or a dict of tensors; without the batch axis for single values.

        Raises:
            ValueError: if the space is not adapted, or `data` has other columns.
        """
        self._finish()
        if not isinstance(data, Mapping):
            raise ValueError(
                f"FeatureSpace '{self.name}' is called on a dict of columns. Received: {short(data)} "
                f"(of type {type(data).__name__})"
            )
        if set(data) != set(self.features):
            raise ValueError(
                f"FeatureSpace '{self.name}' has the features {sorted(self.features)}. Received: data "
                f"with {sorted(data)}"
            )
        columns = {name: as_tensor(data[name], layer) for name, layer in self.preprocessors.items()}
        is_row = any(column.ndim == 0 for column in columns.values())
        columns = {
            name: expand_dims(reshape(c, (-1,)), -1) if c.ndim < 2 else c
            for name, c in columns.items()
        }
        encoded = self._merged(*self._prepared(columns))
        if not is_row:
            return encoded
        return tree.map_structure(lambda y: y[0] if y.ndim > 1 and y.shape[0] == 1 else y, encoded)

    def _prepared(self, columns: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what the features' layers make of columns, and the crosses of that."""
        prepared = {name: self.preprocessors[name](columns[name]) for name in self.features}
        crossed = {
            name: self.crossers[name]([prepared[feature] for feature in cross.feature_names])
            for name, cross in self.crosses_by_name.items()
        }
        return prepared, crossed

    def _merged(self, prepared: dict[str, Any], crossed: dict[str, Any]) -> Any:
        encoders = self.one_hot_encoders
        encoded = {
            name: encoders[name](value) if name in encoders else value
            for name, value in [*sorted(prepared.items()), *sorted(crossed.items())]
        }
        return encoded if self.concat is None else self.concat(list(encoded.values()))

    # Configs and files.

    def get_build_config(self) -> dict:
        """Return the shapes that the features' layers were built with."""
        return {name: layer.get_build_config() for name, layer in self.preprocessors.items()}

    def build_from_config(self, config: dict) -> None:
        """Build the features' layers from what `get_build_config` gave; their state comes next."""
        for name, built in config.items():
            layer = self.preprocessors[name]
            if built and not layer.built:
                layer.build_from_config(built)
        self._is_adapted = True

    def save(self, filepath: Any) -> None:
        """Save the space, with what it learned, as a `.keras` file that `saving.load_model` reads."""
        save_model(self, filepath)


_KINDS = (
    *("float", "float_rescaled", "float_normalized", "float_discretized"),
    *("integer_categorical", "string_categorical", "integer_hashed", "string_hashed"),
)


def _name_of_layer(name: str | None, kind: str) -> str:
    return f"{name or auto_name(kind)}_preprocessor"


def _cardinality(layer: Any) -> int | None:
    """Return how many categories a layer tells apart, None if that is not known."""
    if isinstance(layer, IndexLookup):
        return layer.vocabulary_size()
    if isinstance(layer, Discretization):
        return layer.num_bins or len(layer.bin_boundaries) + 1
    if isinstance(layer, (Hashing, HashedCrossing)):
        return layer.num_bins
    return layer.num_tokens if isinstance(layer, CategoryEncoding) else None


def _batches(dataset: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the batches of a table."""
    if isinstance(dataset, Mapping):
        yield dataset
        return
    if not isinstance(dataset, Iterable):
        raise _no_table(dataset)
    for i, batch in enumerate(dataset):
        if isinstance(batch, tuple) and batch:
            batch = batch[0]  # with labels
        if not isinstance(batch, Mapping):
            raise _no_table(dataset)
        if i == 0 and isinstance(dataset, Dataset) and all(_is_number(v) for v in batch.values()):
            yield from _batches(dataset.batch(_ROWS))
            return
        yield batch


def _in_batches(column: np.ndarray) -> Iterator[np.ndarray]:
    for i in range(0, len(column), _ROWS):
        yield column[i : i + _ROWS]


def _is_number(value: Any) -> bool:
    return np.ndim(value) == 0


def _no_table(dataset: Any) -> ValueError:
    return ValueError(
        "FeatureSpace: adapt: argument `dataset` must be a dict of columns, or a Dataset of dicts. "
        f"Received: {short(dataset)} (of type {type(dataset).__name__})"
    )


def _column(batch: Mapping[str, Any], name: str, layer: Any) -> np.ndarray:
    if name not in batch:
        raise ValueError(
            f"FeatureSpace: adapt: argument `dataset` lacks the column '{name}'. Received: "
            f"{sorted(batch)}"
        )
    column = as_batch(batch[name], layer)
    return column.reshape(-1, 1) if column.ndim < 2 else column
