"""Choosing the adapter that suits the data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from minikeras import tree
from minikeras.trainers.data_adapters.array_data_adapter import ArrayDataAdapter
from minikeras.trainers.data_adapters.data_adapter import DataAdapter
from minikeras.trainers.data_adapters.data_adapter_utils import is_array_like
from minikeras.trainers.data_adapters.generator_data_adapter import (
    GeneratorDataAdapter,
    IterableDataAdapter,
)
from minikeras.trainers.data_adapters.py_dataset_adapter import PyDatasetAdapter, is_py_dataset


def get_data_adapter(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    batch_size: int | None = None,
    steps_per_epoch: int | None = None,
    shuffle: bool | str = False,
    class_weight: dict[int, float] | None = None,
    rng: np.random.Generator | None = None,
) -> DataAdapter:
    """Return the adapter for what `fit`, `evaluate` or `predict` was given.

    Args:
        x: arrays or nested structures of them, a `PyDataset`, a generator, any other iterable of
            batches such as a `minikeras.data.Dataset`, or a `DataAdapter`, which is returned as it is.
        y: targets; only beside arrays.
        sample_weight: weights of the samples; only beside arrays.
        batch_size: samples in a batch; matters only for arrays.
        steps_per_epoch: for arrays, where `batch_size` is None: the number of batches.
        shuffle: whether to shuffle; arrays also take `"batch"`. Generators and data sets without an end
            decide on their order themselves.
        class_weight: a dict from class to weight. Not for generators.
        rng: a `np.random.Generator` that shuffles, by default NumPy's global state.

    Raises:
        ValueError: if `x` is none of these, or if an argument does not suit it.

    Example:

    >>> import numpy as np
    >>> from minikeras.trainers.data_adapters import get_data_adapter
    >>> adapter = get_data_adapter(np.zeros((5, 2)), np.arange(5), batch_size=2)
    >>> [y.tolist() for x, y in adapter]
    [[0, 1], [2, 3], [4]]
    """
    if isinstance(x, DataAdapter):
        return x
    if x is not None and all(map(is_array_like, tree.flatten((x, y, sample_weight)))):
        return ArrayDataAdapter(
            x,
            y,
            sample_weight=sample_weight,
            batch_size=batch_size,
            steps=steps_per_epoch,
            shuffle=shuffle,
            class_weight=class_weight,
            rng=rng,
        )
    is_dataset = is_py_dataset(x)
    # Containers are taken for arrays that somebody forgot to convert, not for batches.
    is_container = isinstance(x, (list, tuple, dict, set, frozenset, range, str, bytes))
    if not is_dataset and (is_container or is_array_like(x) or not hasattr(x, "__iter__")):
        _raise_unrecognized(x, y, sample_weight)
    kind = type(x).__name__
    for name, value in (("y", y), ("sample_weight", sample_weight)):
        if value is not None:
            raise ValueError(
                f"`{name}` must not be given when `x` is a {kind}: it has to come out of `x`, "
                "which gives `(x, y)` or `(x, y, sample_weight)`."
            )
    if is_dataset:
        return PyDatasetAdapter(x, class_weight=class_weight, shuffle=shuffle, rng=rng)
    if isinstance(x, Iterator):
        if class_weight is not None:
            raise ValueError(
                f"`class_weight` must not be given when `x` is a {kind}: "
                "let it yield `(x, y, sample_weight)`."
            )
        return GeneratorDataAdapter(x)
    return IterableDataAdapter(x, class_weight=class_weight)


def _raise_unrecognized(x: Any, y: Any, sample_weight: Any) -> None:
    for name, part in (("x", x), ("y", y), ("sample_weight", sample_weight)):
        for leaf in tree.flatten(part):
            if not is_array_like(leaf) or (name == "x" and part is None):
                where = f"`{name}`" if part is leaf else f"an element of `{name}`"
                text = repr(leaf)
                hint = (
                    "Call its `collect()` first."
                    if hasattr(leaf, "collect")
                    else "Use `np.array` on lists of numbers."
                )
                raise ValueError(
                    f"Unrecognized data type: {where} is {text[:97]} of type "
                    f"{type(leaf).__name__}. Expected arrays (or nested structures of arrays), "
                    f"a PyDataset, a Dataset, a generator or another iterable of batches. {hint}"
                )
