"""`tf.lookup`: tables from keys to values."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras import layers, ops
from minikeras.autodiff import KerasTensor
from minikeras.compat.tensorflow.arrays import tensor
from minikeras.compat.tensorflow.dtypes import DType, as_dtype
from minikeras.compat.tensorflow.environment import InvalidArgumentError
from minikeras.compat.tensorflow.table import add
from minikeras.compat.tensorflow.tensors import StringTensor, texts


class KeyValueTensorInitializer:
    """The contents of a table.

    Args:
        keys: strings or integers, of any shape. One that is there twice has the same value both times.
        values: what they stand for: numbers or strings, of the same shape.
        key_dtype, value_dtype: their dtypes, those that they have if None.
        name: ignored.
    """

    def __init__(
        self,
        keys: Any,
        values: Any,
        key_dtype: Any = None,
        value_dtype: Any = None,
        name: str | None = None,
    ) -> None:
        self.keys, self.key_dtype = _array(keys, key_dtype)
        self.values, self.value_dtype = _array(values, value_dtype)
        if self.keys.shape != self.values.shape:
            raise InvalidArgumentError(
                "tf.lookup: `keys` and `values` must have the same shape. Received: "
                f"keys of shape {self.keys.shape} and values of shape {self.values.shape}"
            )
        self.keys, self.values = self.keys.ravel(), self.values.ravel()
        if self.key_dtype != "string" and not self.key_dtype.is_integer:
            raise ValueError(f"tf.lookup: keys are strings or integers. Received: {self.key_dtype}")
        _, first, which = np.unique(self.keys, return_index=True, return_inverse=True)
        if len(first) != len(self.keys):
            same = self.values == self.values[first][which]
            if not same.all():
                key = self.keys[~same][0].item()
                raise ValueError(f"tf.lookup: key {key!r} is there twice, with two values.")
            first.sort()
            self.keys, self.values = self.keys[first], self.values[first]


class StaticHashTable:
    """A table that does not change.

    Args:
        initializer: a `KeyValueTensorInitializer`.
        default_value: what all other keys stand for.
        name: ignored.
        experimental_is_anonymous: ignored.

    Raises:
        InvalidArgumentError: if there are no keys, as in TensorFlow.

    Example:

    >>> table = StaticHashTable(KeyValueTensorInitializer(["a", "b"], [3, 5]), default_value=-1)
    >>> table.lookup(["b", "c"]).numpy()
    array([ 5, -1], dtype=int32)
    """

    def __init__(
        self,
        initializer: KeyValueTensorInitializer,
        default_value: Any,
        name: str | None = None,
        experimental_is_anonymous: bool = False,
    ) -> None:
        if not initializer.keys.size:
            raise InvalidArgumentError(
                "tf.lookup.StaticHashTable: `keys` and `values` cannot be empty, as in TensorFlow. A table "
                "of none but the default value is `tf.fill(tf.shape(keys), default_value)`."
            )
        self.key_dtype, self.value_dtype = initializer.key_dtype, initializer.value_dtype
        self._texts = self.value_dtype == "string"
        default = _array([default_value], self.value_dtype)[0]
        self._values = np.concatenate([default, initializer.values])  # as the layer counts
        self._pairs = initializer.keys, initializer.values
        layer = layers.StringLookup if self.key_dtype == "string" else layers.IntegerLookup
        keys = initializer.keys.tolist()
        # What the layer calls unknown words by must be none of the keys.
        unknown: Any = "[UNK]" if self.key_dtype == "string" else -1
        while unknown in keys:
            unknown = f"{unknown}]" if isinstance(unknown, str) else unknown - 1
        self._index = layer(vocabulary=keys, mask_token=None, oov_token=unknown)

    def lookup(self, keys: Any, name: str | None = None) -> Any:
        """Return the values of keys, of any shape."""
        if not isinstance(keys, KerasTensor):
            keys = tensor(keys)
        index = self._index(keys)
        if not self._texts:
            return ops.take(self._values, index, axis=0)
        if isinstance(index, KerasTensor):
            raise ValueError("tf.lookup: values of a model's tensors must be numbers, not strings.")
        return StringTensor(np.asarray(self._values[index.numpy()]))

    __getitem__ = lookup

    def size(self, name: str | None = None) -> Any:
        """Return the number of keys."""
        return tensor(np.int64(len(self._pairs[0])))

    def export(self, name: str | None = None) -> tuple:
        """Return keys and values."""
        return tuple(map(tensor, self._pairs))


def _array(values: Any, dtype: Any) -> tuple[np.ndarray, DType]:
    """Return values as an array, and their dtype."""
    found = tensor(values)
    wanted = as_dtype(found.dtype if dtype is None else dtype)
    if wanted == "string":
        return texts(found), wanted
    return np.asarray(found.numpy(), wanted.as_numpy_dtype), wanted


add("lookup.KeyValueTensorInitializer", KeyValueTensorInitializer)
add("lookup.StaticHashTable", StaticHashTable)
