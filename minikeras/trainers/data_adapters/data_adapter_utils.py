"""Arrays out of whatever holds data, and the packing of batches."""

from __future__ import annotations

import math
import numbers
from collections.abc import Container, Sequence
from typing import Any

import numpy as np

from minikeras import tree
from minikeras.autodiff.tensor import Tensor
from minikeras.common.dtypes import np_dtype
from minikeras.common.foreign_arrays import foreign_array, holds_array
from minikeras.common.settings import settings
from minikeras.common.tables import is_float, is_table, table_to_array
from minikeras.common.texts import text_array


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """Return `(x, y, sample_weight)` of a batch, with None for what it lacks.

    Args:
        data: `x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)`; a list counts as a tuple.

    Raises:
        ValueError: if `data` is a tuple of any other length.

    Example:

    >>> import minikeras
    >>> minikeras.utils.unpack_x_y_sample_weight(("x", "y"))
    ('x', 'y', None)
    """
    if not isinstance(data, (tuple, list)):
        return data, None, None
    if not 1 <= len(data) <= 3:
        raise ValueError(
            "Data must be `x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)`. "
            f"Received a {type(data).__name__} of length {len(data)}."
        )
    return (*data, None, None)[:3]


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """Return the batch that `train_step` receives: the inverse of `unpack_x_y_sample_weight`.

    Args:
        x: inputs.
        y: targets, or None.
        sample_weight: weights of the samples, or None. Without `y` there is nothing to weigh.

    Returns:
        `(x, y, sample_weight)`, `(x, y)` or `x`; `(x,)` where `x` is itself a list or tuple.

    Example:

    >>> import minikeras
    >>> minikeras.utils.pack_x_y_sample_weight("x", "y")
    ('x', 'y')
    >>> minikeras.utils.pack_x_y_sample_weight("x")
    'x'
    """
    if y is None:
        return (x,) if isinstance(x, (tuple, list)) else x
    if sample_weight is None:
        return x, y
    return x, y, sample_weight


def train_validation_split(arrays: Any, validation_split: float) -> tuple[Any, Any]:
    """Split off the last samples of every array for validation.

    Args:
        arrays: a nested structure of arrays (None stays None) with the same number of samples.
        validation_split: the fraction to split off, between 0 and 1.

    Returns:
        `(train_arrays, validation_arrays)`, each structured as `arrays`: views, unless an array
        first had to be converted.

    Raises:
        ValueError: if `arrays` holds something else than arrays, if the numbers of samples differ,
            or if one of the two parts would be empty.

    Example:

    >>> import numpy as np
    >>> from minikeras.trainers.data_adapters import train_validation_split
    >>> train_validation_split((np.arange(5), None), 0.4)
    ((array([0, 1, 2]), None), (array([3, 4]), None))
    """
    if not isinstance(validation_split, (int, float)) or not 0 < validation_split < 1:
        raise ValueError(
            f"`validation_split` must be between 0 and 1. Received: {validation_split!r}"
        )
    wrong = [type(leaf).__name__ for leaf in tree.flatten(arrays) if not is_array_like(leaf)]
    if wrong:
        raise ValueError(
            "`validation_split` splits only arrays. For other data give `validation_data`. "
            f"Received: {', '.join(wrong)}"
        )
    if all(leaf is None for leaf in tree.flatten(arrays)):
        return arrays, arrays
    arrays = tree.map_structure(to_array, arrays, none_is_leaf=False)
    sizes = sorted({leaf.shape[0] for leaf in tree.flatten(arrays) if leaf is not None})
    if len(sizes) > 1:
        raise ValueError(
            "Data cardinality is ambiguous. `validation_split` needs arrays with the same number "
            f"of samples. Received: {sizes}"
        )
    n = sizes[0]
    split_at = math.floor(n * (1.0 - validation_split))
    if split_at in (0, n):
        raise ValueError(
            f"`validation_split={validation_split}` of {n} samples would leave "
            f"{split_at} for training and {n - split_at} for validation."
        )
    return (
        tree.map_structure(lambda a: a[:split_at], arrays, none_is_leaf=False),
        tree.map_structure(lambda a: a[split_at:], arrays, none_is_leaf=False),
    )


def class_weight_to_sample_weights(y: Any, class_weight: dict[int, float]) -> np.ndarray:
    """Return each sample's weight: that of its class, 1 for classes that have none.

    Args:
        y: labels of shape `(n,)` or `(n, 1)`, or one-hot or scored classes of shape
            `(n, n_classes)`.
        class_weight: a dict from class to weight.

    Raises:
        TypeError: if `class_weight` is not a dict of numbers.
        ValueError: if `y` has another shape, or a key is no class of one-hot targets.
    """
    class_weight = check_class_weight(class_weight)
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] > 1:
        check_classes(class_weight, range(y.shape[1]))
        y = np.argmax(y, axis=1)
    elif y.ndim == 2:
        y = y[:, 0]
    if y.ndim != 1:
        raise ValueError(
            "`class_weight` needs targets of shape (n,), (n, 1) or (n, n_classes). "
            f"Received: shape {y.shape}"
        )
    classes, index = np.unique(np.round(y).astype("int64"), return_inverse=True)
    weights = [class_weight.get(int(label), 1.0) for label in classes]
    return np.array(weights, dtype=np_dtype(settings.floatx))[index]


def check_class_weight(class_weight: Any) -> dict[int, float]:
    """Return `class_weight` with plain numbers.

    Raises:
        TypeError: if it is not a dict from integers to numbers.
    """
    if not isinstance(class_weight, dict):
        raise TypeError(
            "`class_weight` must be a dict from class to weight. "
            f"Received: {class_weight!r} of type {type(class_weight).__name__}"
        )
    for label, weight in class_weight.items():
        if not isinstance(label, numbers.Real) or label != int(label):
            raise TypeError(
                f"`class_weight`: classes must be integers. Received the key {label!r} "
                f"of type {type(label).__name__}"
            )
        if not isinstance(weight, (numbers.Real, np.ndarray)) or np.ndim(weight):
            raise TypeError(
                f"`class_weight`: the weight of class {label} must be a number. "
                f"Received: {weight!r} of type {type(weight).__name__}"
            )
    return {int(label): float(weight) for label, weight in class_weight.items()}


def check_classes(class_weight: dict[int, float], classes: Container[int]) -> None:
    """Refuse weights of what is no class: a slip that would change nothing, without a word.

    Raises:
        ValueError: if a key of `class_weight` is not in `classes`.
    """
    unknown = [label for label in class_weight if label not in classes]
    if unknown:
        raise ValueError(
            f"`class_weight` has weights for {unknown}, which are no classes. "
            f"Expected keys in {classes}. Received: class_weight={class_weight}"
        )


def is_scipy_sparse(x: Any) -> bool:
    """Whether `x` is one of SciPy's sparse matrices or arrays."""
    return type(x).__module__.startswith("scipy.sparse") and hasattr(x, "tocsr")


def is_array_like(x: Any) -> bool:
    """Whether `x` is None or something that `to_array` takes."""
    return x is None or holds_array(x) or is_table(x) or is_scipy_sparse(x) or is_column(x)


def is_column(x: Any) -> bool:
    """Whether `x` is a column of one of Hugging Face's data sets, a sequence of rows."""
    return type(x).__module__.partition(".")[0] == "datasets" and isinstance(x, Sequence)


def to_array(x: Any) -> Any:
    """Return a whole data set's array, dense or CSR, in its own dtype.

    Arrays are not copied, tables (`tables.py`) at most once. A pandas `Series` becomes a column.

    Raises:
        ValueError: if `x` holds no numbers, or masked values, or has no axis of samples.
    """
    if is_scipy_sparse(x):
        array = _checked(x.tocsr(), x)
    elif is_column(x):
        array = to_numpy(np.asarray(x[:]))  # all rows at once, not one by one
    else:
        array = to_numpy(x)
        if hasattr(x, "iloc") and array.ndim == 1:
            array = array[:, None]
    if array.ndim == 0:
        raise ValueError(f"Data must have an axis of samples. Received the scalar {x!r}.")
    return array


def as_floatx(array: Any) -> Any:
    """Return an array, dense or sparse, whose floats are `floatx()`; anything else as it is."""
    floatx = np_dtype(settings.floatx)
    if array.dtype == floatx or not is_float(array.dtype):
        return array
    return array.astype(floatx)


def to_numpy(x: Any) -> Any:
    """Return a batch's leaf as an ndarray, without changing its dtype.

    What is not array-like, such as a Python number, is returned as it is.

    Raises:
        ValueError: if it holds no numbers, or masked values.
    """
    if type(x) is Tensor:
        x = x.array
    if type(x) is np.ndarray:
        return _checked(x, x)
    if is_scipy_sparse(x):
        return x.toarray()
    if is_table(x):
        return _checked(table_to_array(x), x)
    return _checked(foreign_array(x), x) if holds_array(x) else x


def _checked(array: Any, source: Any) -> Any:
    """Return the array made of `source` if it holds numbers, all of which count, or texts."""
    kind = array.dtype.kind
    if isinstance(source, np.ma.MaskedArray) and np.ma.is_masked(source):
        raise ValueError(
            "Cannot use masked arrays: which values are masked would be forgotten. Fill them, with "
            "`.filled(0.)`, and give weights of zero in `sample_weight` to those that must not "
            f"count. Received: a masked array of shape {source.shape}"
        )
    if kind in "biufc" or (kind == "V" and _is_number_type(array.dtype)):
        return array
    texts = text_array(array)
    if texts is not None:
        return texts
    hints = {
        "O": "convert it to numbers, with `.astype('float32')`. Sequences of different lengths "
        "become an array with `utils.pad_sequences`",
        "M": "choose a unit and an origin, as in `(x - x.min()) / np.timedelta64(1, 'D')`",
        "m": "choose a unit, as in `x / np.timedelta64(1, 'D')`",
    }
    raise ValueError(
        f"Cannot use data of dtype {array.dtype} ({type(source).__name__} of shape "
        f"{tuple(array.shape)}): {hints.get(kind, 'convert it to numbers')}."
    )


def _is_number_type(dtype: np.dtype) -> bool:
    """Whether a dtype that NumPy does not know is one of ml_dtypes' numbers."""
    return dtype.names is None and dtype.type is not np.void


def batch_to_numpy(batch: Any, source: str, as_is: bool = False) -> Any:
    """Return what a generator or data set yielded as a batch of NumPy arrays.

    Args:
        batch: `(x,)`, `(x, y)` or `(x, y, sample_weight)` as a tuple or list; or a lone `x`, an
            array or a dict of them.
        source: how to call where it comes from, in the error.
        as_is: whether a step gets the batch in the structure that it has: a lone `x` alone, and tuples of
            any length, which a step of the user's may know what to do with. Otherwise `(x,)`.

    Raises:
        ValueError: if it is neither.
    """
    if isinstance(batch, list):
        batch = tuple(batch)
    if not isinstance(batch, (tuple, dict)) and is_array_like(batch) and batch is not None:
        batch = (batch,) if not as_is else batch
    elif not isinstance(batch, dict) and not (
        isinstance(batch, tuple) and len(batch) >= 1 and (as_is or len(batch) <= 3)
    ):
        text = repr(batch)
        raise ValueError(
            f"{source} must give `x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)`, where `x` "
            "alone is an array or a dict. "
            f"Received: {text if len(text) <= 100 else text[:97] + '...'} "
            f"of type {type(batch).__name__}"
        )
    return tree.map_structure(to_numpy, batch, none_is_leaf=False)


def add_class_weight(batch: Any, class_weight: dict[int, float] | None) -> Any:
    """Return `batch` with the sample weights that follow from `class_weight`.

    A batch without targets is returned as it is.

    Raises:
        ValueError: if it has sample weights already, or several targets.
    """
    if class_weight is None:
        return batch
    x, y, sample_weight = unpack_x_y_sample_weight(batch)
    if y is None:
        return batch
    if sample_weight is not None:
        raise ValueError("`class_weight` and `sample_weight` cannot be given at the same time.")
    if tree.is_nested(y):
        raise ValueError("`class_weight` works only with a single target array.")
    return x, y, class_weight_to_sample_weights(y, class_weight)
