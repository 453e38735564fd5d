"""`IndexLookup`: what `StringLookup` and `IntegerLookup` have in common."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import chain, repeat
from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.arguments import ArgumentError, one_of, short
from minikeras.common.dtypes import floatx_dtype
from minikeras.common.serialization_scopes import in_safe_mode
from minikeras.common.settings import settings
from minikeras.kernels.texts import Texts, distinct
from minikeras.layers.preprocessing.adapted_layer import AdaptedLayer, as_batch
from minikeras.layers.preprocessing.encoding import encoded, encoded_shape
from minikeras.layers.preprocessing.text_layer import TextLayer, key_of_hash, refuse_sparse

_FILE = "vocabulary.txt"
_UNKNOWN = -2
_MODES = ("int", "one_hot", "multi_hot", "count", "tf_idf")


class IndexLookup(TextLayer, AdaptedLayer):
    """The place of each value in a vocabulary, which is given or learned.

    Indices begin with that of the mask (if there is one, and `output_mode` is `"int"`), then come
    those of values that are not in the vocabulary, then the vocabulary. A subclass says what its
    values are: `_keys`, `_key`, `_value`, `_line`, and how unknown ones are told apart: `_buckets`.
    """

    argument_sources = {
        "vocabulary": "input_vocabulary",
        "idf_weights": "input_idf_weights",
        "vocabulary_size": "_known_size",
        "has_input_vocabulary": None,
    }

    vocabulary_dtype = "string"

    def __init__(
        self,
        max_tokens: int | None,
        num_oov_indices: int,
        mask_token: Any,
        oov_token: Any,
        vocabulary: Any,
        idf_weights: Any,
        invert: bool,
        output_mode: str,
        pad_to_max_tokens: bool,
        sparse: bool,
        salt: Any,
        oov_method: str = "floormod",
        vocabulary_size: int | None = None,
        has_input_vocabulary: bool | None = None,
        **kwargs: Any,
    ) -> None:
        # The dtype is that of the vocabulary, whatever a config says.
        kwargs.pop("dtype", None)
        super().__init__(**kwargs)
        refuse_sparse(sparse)
        if max_tokens is not None and max_tokens <= 1:
            raise ValueError(
                f"If set, `max_tokens` must be greater than 1. Received: max_tokens={max_tokens}"
            )
        if pad_to_max_tokens and max_tokens is None:
            raise ValueError(
                "If pad_to_max_tokens is True, must set `max_tokens`. "
                f"Received: max_tokens={max_tokens}"
            )
        if num_oov_indices < 0:
            raise ValueError(
                "`num_oov_indices` must be greater than or equal to 0. "
                f"Received: num_oov_indices={num_oov_indices}"
            )
        one_of("floormod", "farmhash").check(oov_method, "oov_method", type(self).__name__)
        output_mode = standardized_mode(output_mode, type(self).__name__)
        if invert and output_mode != "int":
            raise ValueError(
                "`output_mode` must be `'int'` when `invert` is true. "
                f"Received: output_mode={output_mode}"
            )
        if invert and oov_token is None:
            raise ValueError(
                f"{type(self).__name__}: `oov_token` must be set when `invert` is true: it is what "
                "unknown indices become. Received: oov_token=None"
            )
        if idf_weights is not None and output_mode != "tf_idf":
            raise ValueError(
                "`idf_weights` should only be set if `output_mode` is `'tf_idf'`. "
                f"Received: idf_weights={idf_weights} and output_mode={output_mode}"
            )
        if output_mode == "tf_idf" and vocabulary is not None and idf_weights is None:
            raise ValueError(
                "When specifying the `vocabulary` argument, in TF-IDF output mode, the `idf_weights` "
                "argument must also be provided."
            )
        self.max_tokens = max_tokens
        self.num_oov_indices = num_oov_indices
        self.mask_token = mask_token
        self.oov_token = oov_token
        self.invert = invert
        self.output_mode = output_mode
        self.pad_to_max_tokens = pad_to_max_tokens
        self.sparse = False
        self.oov_method = oov_method
        self.salt = key_of_hash(salt, type(self).__name__)
        self.input_vocabulary = None
        self.input_idf_weights = None
        self.idf_weights: np.ndarray | None = None
        self._known_size = vocabulary_size
        self._is_fixed = (
            vocabulary is not None if has_input_vocabulary is None else has_input_vocabulary
        )
        self._set_tokens([])
        self.reset_state()
        if vocabulary is not None:
            self._take(vocabulary, idf_weights, in_config=True)

    # What a subclass says of its values.

    def _keys(self, array: np.ndarray) -> list:
        """Return an array's values, flat, as keys of the table."""
        raise NotImplementedError

    def _key(self, value: Any) -> Any:
        """Return one value, as users give it, as a key of the table."""
        raise NotImplementedError

    def _value(self, key: Any) -> Any:
        """Return a key of the table as users see it."""
        raise NotImplementedError

    def _line(self, line: str) -> Any:
        """Return the value in a line of a vocabulary file."""
        raise NotImplementedError

    def _buckets(self, keys: list) -> np.ndarray:
        """Return which of the indices for unknown values each of some keys gets."""
        raise NotImplementedError

    # The vocabulary.

    @property
    def _first_unknown(self) -> int:
        return 1 if self.mask_token is not None and self.output_mode == "int" else 0

    @property
    def _first_token(self) -> int:
        return self._first_unknown + self.num_oov_indices

    @property
    def _special(self) -> list:
        return [self.mask_token] * self._first_unknown + [self.oov_token] * self.num_oov_indices

    def _set_tokens(self, keys: Sequence) -> None:
        self._tokens = list(keys)
        self._table = dict(zip(self._tokens, range(self._first_token, self.vocabulary_size())))
        if self.mask_token is not None:  # an index outside of the vocabulary counts for nothing
            self._table[self._key(self.mask_token)] = 0 if self.output_mode == "int" else -1
        self._values: np.ndarray | None = None  # made when indices are first inverted

    def _listed(self, vocabulary: Any) -> list:
        """Return a vocabulary that a user gave as a list of values."""
        if hasattr(vocabulary, "__array__"):
            vocabulary = to_array(vocabulary).reshape(-1).tolist()
        if not isinstance(vocabulary, (list, tuple)):
            raise ArgumentError(
                type(self).__name__, "vocabulary", "a list, tuple or array, or a path", vocabulary
            )
        return [None if v is None else self._value(self._key(v)) for v in vocabulary]

    def get_vocabulary(self, include_special_tokens: bool = True) -> list:
        """Return the vocabulary.

        Args:
            include_special_tokens: whether it begins with the mask and with what stands for unknown
                values, so that a value's place in it is its index.
        """
        tokens = [self._value(key) for key in self._tokens]
        return self._special + tokens if include_special_tokens else tokens

    def vocabulary_size(self) -> int:
        """Return the size of the vocabulary, with mask and indices of unknown values."""
        return self._first_token + len(self._tokens)

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Put a vocabulary in the place of the one that there is.

        Args:
            vocabulary: list, tuple, array or tensor of values, each once, with or without those of
                mask and unknown values at its beginning; or the path of a file with a value a line.
            idf_weights: weight of each, for `output_mode="tf_idf"`.

        Raises:
            ValueError: if it is empty, too large, or holds a value twice, if the weights do not fit,
                or if it is a path in a model that is being loaded with `safe_mode=True`.
            RuntimeError: if its size differs from that which the output had.
        """
        self._take(vocabulary, idf_weights, in_config=self.input_vocabulary is not None)

    def _take(self, vocabulary: Any, idf_weights: Any, in_config: bool) -> None:
        """`set_vocabulary`; lists go into the config or into the assets, what a file holds into these."""
        if self.output_mode == "tf_idf":
            if idf_weights is None:
                raise ValueError("`idf_weights` must be set if output_mode is 'tf_idf'.")
        elif idf_weights is not None:
            raise ValueError(
                "`idf_weights` should only be set if output_mode is `'tf_idf'`. Received: "
                f"output_mode={self.output_mode} and idf_weights={idf_weights}"
            )
        if isinstance(vocabulary, (str, os.PathLike)):
            self._use(self._checked(self._read(os.fspath(vocabulary))), None)
            self.input_vocabulary = None
            return
        values = self._listed(vocabulary)
        if not values:
            raise ValueError(f"Cannot set an empty vocabulary. Received: vocabulary={vocabulary}")
        first = self._first_token
        with_special = values[:first] == self._special
        keys = self._checked(values[first:] if with_special else values)
        given = None if idf_weights is None else _floats(idf_weights)
        self._use(keys, None if given is None else self._weights(given, len(values), with_special))
        if in_config:
            self.input_vocabulary = values
            self.input_idf_weights = None if given is None else given.tolist()

    def _checked(self, values: list) -> list:
        """Return a vocabulary's own values as keys.

        Raises:
            ValueError: if they are not a vocabulary.
        """
        keys = [self._key(v) for v in values]
        different = set(keys)
        if len(different) < len(keys):
            repeated = [self._value(k) for k, n in Counter(keys).items() if n > 1]
            raise ValueError(
                "The passed vocabulary has at least one repeated term. Please uniquify your dataset. "
                f"The repeated terms are: {repeated}"
            )
        for kind, token in (
            ("mask", self.mask_token),
            ("OOV", self.oov_token if self.invert else None),
        ):
            if token is not None and self._key(token) in different:
                raise ValueError(
                    f"Found reserved {kind} token at unexpected location in `vocabulary`. Note that "
                    "passed `vocabulary` does not need to include the OOV and mask tokens. Either "
                    "remove all mask and OOV tokens, or include them only at the start of the "
                    f"vocabulary in precisely this order: {self._special}. Received: "
                    f"{kind.lower()}_token={token} at vocabulary index {keys.index(self._key(token))}"
                )
        size = self._first_token + len(keys)
        if self.max_tokens is not None and size > self.max_tokens:
            raise ValueError(
                "Attempted to set a vocabulary larger than the maximum vocab size. Received "
                f"vocabulary size is {size}; `max_tokens` is {self.max_tokens}."
            )
        return keys

    def _weights(self, weights: np.ndarray, size: int, with_special: bool) -> np.ndarray:
        """Return a weight for each index, given those of a vocabulary."""
        if weights.ndim != 1:
            raise ValueError(
                f"TF-IDF data must be a 1-index array. Received: shape {weights.shape}"
            )
        if len(weights) != size:
            raise ValueError(
                "`idf_weights` must be the same length as vocabulary. len(idf_weights) is "
                f"{len(weights)}; len(vocabulary) is {size}"
            )
        if not with_special:  # nobody knows how often unknown values occur: as often as the others
            weights = np.concatenate([np.full(self._first_token, np.average(weights)), weights])
        return self._padded(weights)

    def _padded(self, weights: np.ndarray) -> np.ndarray:
        missing = self.max_tokens - len(weights) if self.pad_to_max_tokens else 0
        return np.pad(weights, (0, missing)).astype(floatx_dtype())

    def _use(self, keys: list, weights: np.ndarray | None) -> None:
        """Take a vocabulary, if its size may change."""
        size = self._first_token + len(keys)
        fixed = self.output_mode != "int" and not self.pad_to_max_tokens
        if fixed and self._known_size not in (None, size):
            raise RuntimeError(
                f"When using `output_mode={self.output_mode}` and `pad_to_max_tokens=False`, the "
                "vocabulary size cannot be changed after the layer is called. Old vocab size is "
                f"{self._known_size}, new vocab size is {size}"
            )
        self._known_size = size
        self._set_tokens(keys)
        if weights is not None:
            self.idf_weights = weights

    def _read(self, path: str) -> list:
        """Return the values in a vocabulary file."""
        if in_safe_mode():
            raise ValueError(
                f"Layer '{self.name}': the config names a vocabulary file outside of the model's own "
                "file. Whoever made the model could have it read any file of this machine, so this is "
                "not done by default. If you trust the source of the model, pass `safe_mode=False` to "
                "the loading function, or call `minikeras.config.enable_unsafe_deserialization()`. "
                f"Vocabulary file: '{path}'"
            )
        if not os.path.exists(path):
            raise ValueError(f"Argument `vocabulary`: vocabulary file {path} does not exist.")
        if self.output_mode == "tf_idf":
            raise ValueError(
                "output_mode `'tf_idf'` does not support loading a vocabulary from file."
            )
        return [self._line(line) for line in _lines(path)]

    # Adapting.

    @property
    def is_fixed(self) -> bool:
        """Whether the vocabulary was given."""
        return self._is_fixed

    def reset_state(self) -> None:
        """Forget what `update_state` has counted; the vocabulary stays until it has a new one."""
        self._counts: Counter = Counter()
        self._document_counts: Counter = Counter()
        self._documents = 0

    def update_state(self, data: Any) -> None:
        """Count the values of a batch.

        Args:
            data: array or nested list of values; the last axis holds those of one document.
        """
        array = as_batch(data, self)
        size = array.shape[-1] if array.ndim else 1
        keys = self._keys(array)
        if self.output_mode != "tf_idf" or not size:
            self.count([keys])
        else:
            self.count([keys[i : i + size] for i in range(0, len(keys), size)])

    def count(self, documents: Sequence[list]) -> None:
        """Count the keys in some documents."""
        self._check_adaptable()
        self._counts.update(chain.from_iterable(documents))
        if self.output_mode == "tf_idf":
            self._document_counts.update(chain.from_iterable(map(set, documents)))
            self._documents += len(documents)

    def count_texts(self, texts: Texts, sizes: np.ndarray) -> None:
        """Count the keys in some documents: all their texts, and how many each document has."""
        self._check_adaptable()
        which, numbers = distinct(texts)
        keys = texts[which]
        self._counts.update(dict(zip(keys, np.bincount(numbers, minlength=len(keys)).tolist())))
        if self.output_mode == "tf_idf":
            documents = np.repeat(np.arange(len(sizes)), sizes)
            once = np.unique(documents * len(keys) + numbers) % max(len(keys), 1)
            found = np.bincount(once, minlength=len(keys))
            self._document_counts.update(dict(zip(keys, found.tolist())))
            self._documents += len(sizes)

    def _check_adaptable(self) -> None:
        if self._is_fixed:
            raise ValueError(
                f"Cannot adapt layer '{self.name}' after setting a static vocabulary via `vocabulary` "
                "argument or `set_vocabulary()` method."
            )

    def finalize_state(self) -> None:
        """Make the vocabulary of what was counted: the most frequent values first.

        Of equally frequent ones the last in the alphabet (the greatest) comes first, as in Keras.
        """
        if self._is_fixed or not self._counts:
            self._use(self._tokens, None)
            return
        for token in (self.mask_token, self.oov_token):
            if token is not None:
                self._counts.pop(self._key(token), None)
        ranked = sorted(self._counts.items(), key=lambda item: (item[1], item[0]), reverse=True)
        if self.max_tokens is not None:
            ranked = ranked[: max(0, self.max_tokens - self._first_token)]
        keys = [key for key, _ in ranked]
        weights = None
        if self.output_mode == "tf_idf":
            found = np.array([self._document_counts[key] for key in keys], np.float64)
            weights = np.log(1 + self._documents / (1 + found))
            unknown = np.full(self._first_token, weights.mean() if len(weights) else 0.0)
            weights = self._padded(np.concatenate([unknown, weights]))
        self._use(keys, weights)
        self.reset_state()

    # Calling.

    def call(self, inputs: Any) -> Tensor:
        """Return the indices of values, or the values of indices."""
        array = np.asarray(inputs.array)
        if self.invert:
            return Tensor(self._inverted(array))
        self.check_ready()
        return Tensor(self.encoded(self._indices_of(array).reshape(array.shape)))

    def encoded(self, indices: np.ndarray) -> np.ndarray:
        """Return indices in the form that `output_mode` asks for."""
        return self._weighted(encoded(indices, self._encoding_mode, self._depth, self.output_dtype))

    @property
    def _depth(self) -> int | None:
        return self.max_tokens if self.pad_to_max_tokens else self._known_size

    @property
    def _encoding_mode(self) -> str:
        return "count" if self.output_mode == "tf_idf" else self.output_mode

    def _weighted(self, counts: np.ndarray) -> np.ndarray:
        if self.output_mode == "tf_idf":
            counts *= self.idf_weights
        return counts

    def check_ready(self) -> None:
        """Raise if there is no vocabulary, and the output depends on its size."""
        if self.output_mode != "int" and self._depth is None:
            raise RuntimeError(
                f"When using `output_mode={self.output_mode}` and `pad_to_max_tokens=False`, you must "
                "set the layer's vocabulary before calling it. Either pass a `vocabulary` argument to "
                "the layer, or call `adapt` with some sample data."
            )
        if self.output_mode == "tf_idf" and self.idf_weights is None:
            raise ValueError("When `output_mode` is `'tf_idf'`, `idf_weights` must be provided.")

    def _indices_of(self, array: np.ndarray) -> np.ndarray:
        """Return the indices of an array's values, flat."""
        return self._indices(self._keys(array))

    def _indices(self, keys: list) -> np.ndarray:
        """Return the indices of keys."""
        found = map(self._table.get, keys, repeat(self._unknown))
        found = np.fromiter(found, np.int64, len(keys))
        return self._resolved(found, lambda at: [keys[i] for i in at])

    @property
    def _unknown(self) -> int:
        """What unknown values are, as long as they are not told apart."""
        return self._first_unknown if self.num_oov_indices == 1 else _UNKNOWN

    def _resolved(self, indices: np.ndarray, keys_at: Callable[[np.ndarray], list]) -> np.ndarray:
        """Give unknown values their indices, in place; `keys_at` tells which those at some places are."""
        if self.num_oov_indices == 1:
            return indices
        at = np.flatnonzero(indices == _UNKNOWN)
        if not at.size:
            return indices
        keys = keys_at(at)
        if self.num_oov_indices == 0:
            shown = [self._value(key) for key in dict.fromkeys(keys[:1000])]
            raise ValueError(
                "When `num_oov_indices=0` all inputs should be in vocabulary, found OOV values "
                f"{short(shown)}, consider setting `num_oov_indices=1`."
            )
        indices[at] = self._first_unknown + self._buckets(keys)
        return indices

    def _inverted(self, indices: np.ndarray) -> np.ndarray:
        if indices.dtype.kind not in "iu":
            raise ValueError(
                f"Layer '{self.name}': indices must be integers, since `invert` is true. Received: an "
                f"array of dtype {indices.dtype}"
            )
        if self._values is None:  # with what unknown indices become in front
            self._values = np.asarray([self.oov_token, *self.get_vocabulary()])
        inside = (indices >= 0) & (indices < self.vocabulary_size())
        return self._values[np.where(inside, indices + 1, 0)]

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Return the shape of the output."""
        return encoded_shape(input_shape, self.output_mode, self._depth)

    def compute_output_spec(self, inputs: Any) -> KerasTensor:
        """Describe the output."""
        return KerasTensor(self.compute_output_shape(inputs.shape), self.output_dtype)

    @property
    def input_dtype(self) -> str:
        """The dtype of the input."""
        return "int64" if self.invert else self.vocabulary_dtype

    @property
    def output_dtype(self) -> str:
        """The dtype of the output."""
        if self.invert:
            return self.vocabulary_dtype
        return settings.floatx if self.output_mode == "tf_idf" else "int64"

    # Files.

    def save_own_variables(self, store: Any) -> None:
        """Write the weights of `"tf_idf"` into a dict-like store; the vocabulary is an asset."""
        if self.idf_weights is not None:
            store["idf_weights"] = self.idf_weights

    def load_own_variables(self, store: Mapping[str, Any]) -> None:
        """Read the weights of `"tf_idf"` from a dict-like store."""
        if "idf_weights" in store:
            self.idf_weights = np.array(store["idf_weights"], floatx_dtype())

    def misfit(self, shapes: Mapping[str, tuple]) -> str | None:
        """Say why arrays of some shapes cannot be loaded."""
        if set(shapes) - {"idf_weights"} or (shapes and self.output_mode != "tf_idf"):
            return f"Layer '{self.name}' has no weights {sorted(shapes)}."
        return None

    def save_assets(self, dir_path: str) -> None:
        """Write the vocabulary into a file in a folder, unless it is in the config.

        Raises:
            ValueError: if a value cannot be a line of a file.
        """
        if self.input_vocabulary is not None:
            return
        lines = [str(value) for value in self.get_vocabulary()]
        broken = [line for line in lines if "\n" in line or "\r" in line]
        if broken:
            raise ValueError(
                f"Layer '{self.name}': a vocabulary is saved with one term in a line, so terms must not "
                f"hold line breaks. Received: {short(broken[0])}"
            )
        with open(os.path.join(dir_path, _FILE), "w", encoding="utf-8", newline="\n") as file:
            file.write("\n".join(lines))

    def load_assets(self, dir_path: str) -> None:
        """Read the vocabulary from the file that `save_assets` wrote."""
        path = os.path.join(dir_path, _FILE)
        if self.input_vocabulary is not None or not os.path.exists(path):
            return
        lines = _lines(path)
        special = [str(value) for value in self._special]
        if lines[: len(special)] == special:
            lines = lines[len(special) :]
        self._use(self._checked([self._line(line) for line in lines]), None)


def _lines(path: str) -> list[str]:
    """Return the lines of a file, without empty ones at its end."""
    with open(path, encoding="utf-8", newline="") as file:
        lines = file.read().replace("\r\n", "\n").split("\n")
    while lines and not lines[-1]:
        lines.pop()
    return lines


def standardized_mode(output_mode: str, owner: str) -> str:
    """Return an `output_mode` under the name that it has today.

    Raises:
        ValueError: if there is no such mode.
    """
    mode = {"binary": "multi_hot", "tf-idf": "tf_idf"}.get(output_mode, output_mode)
    return one_of(*_MODES).check(mode, "output_mode", owner) or mode


def _floats(weights: Any) -> np.ndarray:
    return np.asarray(weights.array if isinstance(weights, Tensor) else weights, np.float64)
