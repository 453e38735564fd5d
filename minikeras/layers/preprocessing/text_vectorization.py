"""`TextVectorization`: documents to indices of their words, or to counts of them."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any, TypeAlias

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.tensor import Tensor
from minikeras.common.arguments import Count, any_of, is_integer, kind_of, one_of, short
from minikeras.common.texts import as_strings, as_utf8, text_array, utf8
from minikeras.kernels.texts import Texts, ngrams_of, words_of
from minikeras.layers.preprocessing.adapted_layer import AdaptedLayer, as_batch
from minikeras.layers.preprocessing.encoding import encoded_rows
from minikeras.layers.preprocessing.index_lookup import standardized_mode
from minikeras.layers.preprocessing.string_lookup import StringLookup
from minikeras.layers.preprocessing.text_layer import TextLayer, refuse_sparse

Rows: TypeAlias = list[list[bytes]]
"""Documents, each as the list of its tokens in UTF-8."""

_STANDARDIZE = ("lower_and_strip_punctuation", "lower", "strip_punctuation")
_SPLIT = ("whitespace", "character")
_PUNCTUATION = string.punctuation.encode()


class _WordLookup(StringLookup):
    """The place of each word in a vocabulary, where words are bytes in UTF-8, as `split` gives them."""

    def _key(self, value: Any) -> bytes:
        return super()._key(value).encode("utf-8", "surrogateescape")

    def _value(self, key: bytes) -> str:
        return key.decode("utf-8", "surrogateescape")

    def _utf8(self, keys: Iterable) -> list[bytes]:
        return list(keys)

    def indices(self, words: Texts | list[bytes]) -> np.ndarray:
        """Return the indices of words."""
        if isinstance(words, list):
            return self._indices(words)
        return self._quick_table().numbers(words, self._unknown)

    def encoded_rows(self, indices: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        """Return the vectors of texts that have so many words each, given the indices of all words."""
        mode, dtype = self._encoding_mode, self.output_dtype
        return self._weighted(encoded_rows(indices, sizes, mode, self._depth, dtype))


class TextVectorization(TextLayer, AdaptedLayer):
    """Documents as sequences of integers, or as vectors that count their words.

    Each text is standardized, split into words, and words are put together to n-grams if wanted. Their
    vocabulary is given, or learned by `adapt`: the most frequent ones.

    Args:
        max_tokens: greatest size of the vocabulary, with what stands for padding and for unknown words;
            None for any.
        standardize: `"lower_and_strip_punctuation"`, `"lower"`, `"strip_punctuation"`, a function of an
            array of texts, or None. Only letters of ASCII become small ones, as in Keras.
        split: `"whitespace"`, `"character"`, a function that makes lists of words of a flat array of
            texts, or None if each text is one word.
        ngrams: number of words that are put together at most, or a tuple of such numbers; None for
            single words.
        output_mode: `"int"` for the indices of the words (0 is padding, 1 any unknown word),
            `"multi_hot"`, `"count"` or `"tf_idf"` (counts, each times the weight of its word) for a
            vector for each text.
        output_sequence_length: length that sequences are cut or padded to, for `"int"`; None for that
            of the longest.
        pad_to_max_tokens: whether vectors are of length `max_tokens`, however many words there are.
        vocabulary: list, tuple or array of words, or the path of a file with one a line. None if it is
            to be learned.
        idf_weights: weights of the words of `vocabulary`, for `"tf_idf"`.
        sparse: must be False.
        ragged: must be False.
        encoding: how bytes among inputs and vocabulary are to be read.
        name: name, counted if None.
        **kwargs: arguments of `Layer`.

    Input: texts of shape `(batch,)` or `(batch, 1)`. Output: int64 `(batch, length)` for `"int"`, else
    `(batch, vocabulary_size)`, int64, or floats for `"tf_idf"`.

    Raises:
        ValueError: if arguments contradict each other, or the vocabulary is none.

    Example:

    >>> from minikeras import layers
    >>> vectorize = layers.TextVectorization(output_sequence_length=4)
    >>> vectorize.adapt(["foo bar", "bar baz", "baz, bada boom!"])
    >>> vectorize.get_vocabulary()
    ['', '[UNK]', 'baz', 'bar', 'foo', 'boom', 'bada']
    >>> vectorize(["Foo qux bar", "qux baz"]).tolist()
    [[4, 1, 3, 0], [1, 2, 0, 0]]
    """

    argument_sources = {
        "max_tokens": lambda layer: layer._lookup_layer.max_tokens,
        "pad_to_max_tokens": lambda layer: layer._lookup_layer.pad_to_max_tokens,
        "vocabulary": lambda layer: layer._lookup_layer.input_vocabulary,
        "idf_weights": lambda layer: layer._lookup_layer.input_idf_weights,
        "vocabulary_size": lambda layer: layer._lookup_layer.vocabulary_size(),
        "has_input_vocabulary": None,
    }

    def __init__(
        self,
        max_tokens: int | None = None,
        standardize: str | Callable | None = "lower_and_strip_punctuation",
        split: str | Callable | None = "whitespace",
        ngrams: int | tuple | None = None,
        output_mode: str = "int",
        output_sequence_length: Count | None = None,
        pad_to_max_tokens: bool = False,
        vocabulary: Any = None,
        idf_weights: Any = None,
        sparse: bool = False,
        ragged: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        vocabulary_size: int | None = None,
        has_input_vocabulary: bool | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("dtype", None)  # the words' own, whatever a config says
        super().__init__(name=name, **kwargs)
        refuse_sparse(sparse)
        if ragged:
            raise ValueError("`ragged=True` can only be used with the TensorFlow backend.")
        a_function = kind_of(Callable)
        for argument, value, options in (
            ("standardize", standardize, _STANDARDIZE),
            ("split", split, _SPLIT),
        ):
            kind = any_of([one_of(*options), a_function, one_of(None)])
            kind.check(value, argument, type(self).__name__)
        output_mode = standardized_mode(output_mode, type(self).__name__)
        widths = (ngrams,) if is_integer(ngrams) else ngrams
        if widths is not None and not all(is_integer(n) and n > 0 for n in widths):
            raise ValueError(
                "`ngrams` must be None, an integer, or a tuple of integers. Received: "
                f"ngrams={ngrams}"
            )
        if output_mode != "int" and output_sequence_length is not None:
            raise ValueError(
                "`output_sequence_length` must not be set if `output_mode` is not 'int'. Received "
                f"output_sequence_length={output_sequence_length}."
            )
        self.standardize = standardize
        self.split = split
        self.ngrams = ngrams
        self._widths = range(1, ngrams + 1) if is_integer(ngrams) else ngrams
        self.output_mode = output_mode
        self.output_sequence_length = output_sequence_length
        self.sparse = self.ragged = False
        self.encoding = encoding
        self._lookup_layer = _WordLookup(
            max_tokens=max_tokens,
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            pad_to_max_tokens=pad_to_max_tokens,
            mask_token="",
            output_mode=output_mode,
            encoding=encoding,
            vocabulary_size=vocabulary_size,
            has_input_vocabulary=has_input_vocabulary,
        )

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> TextVectorization:
        """Make a layer from its config, in which JSON made a list of a tuple of `ngrams`."""
        if isinstance(config.get("ngrams"), list):
            config = {**config, "ngrams": tuple(config["ngrams"])}
        return super().from_config(config, custom_objects)

    # The vocabulary.

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[str]:
        """Return the vocabulary.

        Args:
            include_special_tokens: whether it begins with what stands for padding and for unknown
                words, so that a word's place in it is its index.
        """
        return self._lookup_layer.get_vocabulary(include_special_tokens)

    def vocabulary_size(self) -> int:
        """Return the size of the vocabulary, with padding and unknown words."""
        return self._lookup_layer.vocabulary_size()

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Put a vocabulary in the place of the one that there is.

        Args:
            vocabulary: list, tuple or array of words, each once, or the path of a file with one a line.
            idf_weights: weight of each, for `output_mode="tf_idf"`.

        Raises:
            ValueError: see `StringLookup.set_vocabulary`.
        """
        self._lookup_layer.set_vocabulary(vocabulary, idf_weights)

    @property
    def is_fixed(self) -> bool:
        """Whether the vocabulary was given."""
        return self._lookup_layer.is_fixed

    def reset_state(self) -> None:
        """Forget what `update_state` has counted; the vocabulary stays until it has a new one."""
        self._lookup_layer.reset_state()

    def update_state(self, data: Any) -> None:
        """Count the words of a batch of texts."""
        texts = self._texts(as_batch(data, self))
        if self.split == "whitespace":
            self._lookup_layer.count_texts(*self._words(texts))
        else:
            self._lookup_layer.count(self._rows(texts)[0])

    def finalize_state(self) -> None:
        """Make the vocabulary of what was counted."""
        self._lookup_layer.finalize_state()

    # From texts to words.

    def _texts(self, array: np.ndarray) -> np.ndarray:
        """Return an array as texts that are to be split: without the axis of one that they may have.

        What `standardize` names is done later; a function of the user's is called here.
        """
        texts = text_array(array)
        if texts is None:
            raise ValueError(
                f"Layer '{self.name}' takes texts. Received: an array of dtype {array.dtype}"
            )
        if callable(self.standardize):
            texts = _as_texts(self.standardize(as_strings(texts, self.encoding)))
        if self.split is None or texts.ndim < 2:
            return texts
        if texts.shape[-1] != 1:
            raise ValueError(
                "When using `TextVectorization` to tokenize strings, the input rank must be 1 or the "
                f"last shape dimension must be 1. Received: inputs.shape={texts.shape} with "
                f"rank={texts.ndim}"
            )
        return texts[..., 0]

    def _words(self, texts: np.ndarray) -> tuple[Texts, np.ndarray]:
        """Return the words of texts that are split at white space, and how many each text has.

        No object is made of a word.
        """
        words, sizes = words_of(self._standardized(as_utf8(texts, self.encoding)))
        return (words, sizes) if self._widths is None else ngrams_of(words, sizes, self._widths)

    def _rows(self, texts: np.ndarray) -> tuple[Rows, tuple]:
        """Return an array of texts as rows of tokens, and the shape of the array that the rows lie in.

        Texts that are split at white space are for `_words`.
        """
        shape = texts.shape
        standardized = self._standardized(as_utf8(texts, self.encoding))
        if self.split is None:
            shape, size = shape[:-1], shape[-1] if shape else 1
            rows = [standardized[i : i + size] for i in range(0, len(standardized), max(size, 1))]
        elif self.split == "character":
            rows = [utf8(t.decode("utf-8", "replace")) for t in standardized]
        else:
            strings = [t.decode("utf-8", "surrogateescape") for t in standardized]
            rows = _as_rows(self.split(np.array(strings, str)))
        if self._widths is not None:
            rows = [self._with_ngrams(row) for row in rows]
        return rows, shape

    def _standardized(self, texts: list[bytes]) -> list[bytes]:
        named = self.standardize if isinstance(self.standardize, str) else ""
        if "lower" in named:
            texts = [t.lower() for t in texts]
        return [t.translate(None, _PUNCTUATION) for t in texts] if "punct" in named else texts

    def _with_ngrams(self, row: list[bytes]) -> list[bytes]:
        made = []
        for n in self._widths:
            made += row if n == 1 else map(b" ".join, zip(*[row[i:] for i in range(n)]))
        return made

    # Calling.

    def call(self, inputs: Any) -> Tensor:
        """Return the indices of texts' words, or vectors that count them."""
        lookup = self._lookup_layer
        lookup.check_ready()
        texts = self._texts(np.asarray(inputs.array))
        if self.split == "whitespace":
            shape = texts.shape
            words, sizes = self._words(texts)
            indices = lookup.indices(words)
        else:
            rows, shape = self._rows(texts)
            sizes = np.fromiter(map(len, rows), np.int64, len(rows))
            indices = lookup.indices(list(chain.from_iterable(rows)))
        if self.output_mode not in ("int", "one_hot"):
            vectors = lookup.encoded_rows(indices, sizes)
            return Tensor(vectors.reshape(*shape, vectors.shape[-1]))
        length = self.output_sequence_length
        if length is None:
            length = int(sizes.max(initial=0))
        else:
            place = np.arange(len(indices)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
            indices, sizes = indices[place < length], np.minimum(sizes, length)
        # What fills rows up is the index of the mask: 0, or what counts for nothing.
        filled = np.full((len(sizes), length), 0 if self.output_mode == "int" else -1)
        filled[np.arange(length) < sizes[:, None]] = indices
        return Tensor(lookup.encoded(filled.reshape(*shape, length)))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Return the shape of the output."""
        shape = tuple(input_shape)
        if self.split is not None:  # an axis of texts becomes one of their words
            shape = (*(shape[:-1] if len(shape) > 1 else shape), None)
        if self.output_mode == "int":
            length = self.output_sequence_length
            same = self.split is None and self._widths is None
            return shape if same and length is None else (*shape[:-1], length)
        vectors = self._lookup_layer.compute_output_shape(shape[-1:])
        return (*shape[:-1], *vectors) if self.output_mode != "one_hot" else (*shape, vectors[-1])

    def compute_output_spec(self, inputs: Any) -> KerasTensor:
        """Describe the output."""
        return KerasTensor(self.compute_output_shape(inputs.shape), self._lookup_layer.output_dtype)

    @property
    def input_dtype(self) -> str:
        """The dtype of the input."""
        return "string"

    # Files: the vocabulary is written for the layer itself and for the one that it holds, as in Keras.

    def save_own_variables(self, store: Any) -> None:
        """Write the weights of `"tf_idf"` into a dict-like store; the vocabulary is an asset."""
        self._lookup_layer.save_own_variables(store)

    def load_own_variables(self, store: Any) -> None:
        """Read the weights of `"tf_idf"` from a dict-like store."""
        self._lookup_layer.load_own_variables(store)

    def misfit(self, shapes: Any) -> str | None:
        """Say why arrays of some shapes cannot be loaded."""
        return self._lookup_layer.misfit(shapes)

    def save_assets(self, dir_path: str) -> None:
        """Write the vocabulary into a file in a folder, unless it is in the config."""
        self._lookup_layer.save_assets(dir_path)

    def load_assets(self, dir_path: str) -> None:
        """Read the vocabulary from the file that `save_assets` wrote."""
        self._lookup_layer.load_assets(dir_path)


def _as_texts(value: Any) -> np.ndarray:
    """Return what a function of the user's made of texts as an array of them."""
    value = value.array if isinstance(value, Tensor) else value
    texts = text_array(value if isinstance(value, list) else np.asarray(value))
    if texts is None:
        raise ValueError(
            f"The function `standardize` must return texts. Received: {short(value)} (of type "
            f"{type(value).__name__})"
        )
    return texts


def _as_rows(value: Any) -> Rows:
    """Return what a function of the user's made of texts as a list of words for each."""
    if hasattr(value, "to_list"):  # TensorFlow's ragged tensors
        value = value.to_list()
    value = value.array if isinstance(value, Tensor) else value
    rows = [np.asarray(row, object).reshape(-1).tolist() for row in value]
    if not all(isinstance(word, (str, bytes)) for row in rows for word in row):
        raise ValueError(
            "The function `split` must return a list of words for each text. Received: "
            f"{short(value)} (of type {type(value).__name__})"
        )
    return [
        [w if isinstance(w, bytes) else w.encode("utf-8", "surrogateescape") for w in row]
        for row in rows
    ]
