"""`tf.data.experimental.make_csv_dataset`: batches of the columns of CSV files."""

from __future__ import annotations

import csv
import glob
import gzip
import os
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from minikeras.common.dtypes import to_np_dtype
from minikeras.compat.tensorflow.dtypes import as_dtype
from minikeras.compat.tensorflow.table import named

_TYPES = ("int32", "int64", "float32", "float64", "string")
"""What a column may be, in the order in which it is tried."""


@named("data.experimental.make_csv_dataset")
def make_csv_dataset(
    file_pattern: Any,
    batch_size: Any,
    column_names: Sequence[str] | None = None,
    column_defaults: Sequence[Any] | None = None,
    label_name: str | None = None,
    select_columns: Sequence[Any] | None = None,
    field_delim: str = ",",
    use_quote_delim: bool = True,
    na_value: str = "",
    header: bool = True,
    num_epochs: int | None = None,
    shuffle: bool = True,
    shuffle_buffer_size: int = 10000,
    shuffle_seed: int | None = None,
    prefetch_buffer_size: Any = None,
    num_parallel_reads: Any = None,
    sloppy: bool = False,
    num_rows_for_inference: int | None = 100,
    compression_type: str | None = None,
    ignore_errors: bool = False,
    encoding: str = "utf-8",
) -> Any:
    """Return a `Dataset` of batches of rows: a dict of columns by name, and the label's column.

    Args:
        file_pattern: files, or patterns of their names. They are read one after another, by name.
        batch_size: rows in a batch.
        column_names: names of all columns, those in the first line if None.
        column_defaults: for each column that is read what stands for a missing value, `0` or `[0.0]` or
            `"NA"`, which also says the dtype; or a dtype, and a missing value is an error. If None, the
            dtypes are those that the first rows need, and what is missing is 0 or "".
        label_name: the column that is the target; there is none if None.
        select_columns: names or places of those that are read, all if None.
        field_delim: what is between two values.
        use_quote_delim: whether values may be in quotes.
        na_value: what stands for a missing value, besides nothing.
        header: whether files begin with a line of names.
        num_epochs: how often the rows come, without end if None; then all batches are full.
        shuffle, shuffle_buffer_size, shuffle_seed: whether and how rows are shuffled.
        num_rows_for_inference: rows from which dtypes are seen, all if None.
        compression_type: `"GZIP"` or None.
        encoding: that of the files.
        prefetch_buffer_size, num_parallel_reads, sloppy: of no effect.
        ignore_errors: not available.

    Raises:
        ValueError: if there is no such file or column, headers differ, a name is there twice, or a
            value is not of its dtype.
    """
    from minikeras.data import Dataset

    if ignore_errors:
        raise ValueError("make_csv_dataset: `ignore_errors=True` is not part of minikeras.")
    if compression_type not in (None, "", "GZIP"):
        raise ValueError(
            f"make_csv_dataset: `compression_type` must be None or 'GZIP'. Received: {compression_type!r}"
        )
    opened = gzip.open if compression_type == "GZIP" else open
    quoting = csv.QUOTE_MINIMAL if use_quote_delim else csv.QUOTE_NONE
    rows: list[list[str]] = []
    names = None if column_names is None else list(column_names)
    first = None
    for path in _files(file_pattern):
        with opened(path, "rt", encoding=encoding, newline="") as file:
            lines = [
                line for line in csv.reader(file, delimiter=field_delim, quoting=quoting) if line
            ]
        if header:
            if not lines:
                raise ValueError(f"make_csv_dataset: {path} is empty, it has no line of names.")
            given, lines = lines[0], lines[1:]
            if column_names is None and first is not None and given != first:
                raise ValueError(
                    f"make_csv_dataset: {path} has the columns {given}, files before have {first}."
                )
            first = given
            names = given if names is None else names
        rows += lines
    if names is None:
        raise ValueError("make_csv_dataset: `column_names` are needed where `header=False`.")
    if len(set(names)) < len(names):
        raise ValueError(f"make_csv_dataset: columns have the same name. Received: {names}")
    _check_lengths(rows, names)
    places = _places(select_columns, names)
    if column_defaults is not None and len(column_defaults) != len(places):
        raise ValueError(
            f"make_csv_dataset: {len(places)} columns are read, and there are {len(column_defaults)} "
            "`column_defaults`."
        )
    missing = {"", na_value}
    columns = {}
    for i, place in enumerate(places):
        texts = [row[place] for row in rows]
        if column_defaults is None:
            dtype = _needed_type(texts[:num_rows_for_inference], missing)
            default: Any = "" if dtype == "string" else 0
        else:
            dtype, default = _dtype_and_default(column_defaults[i])
        columns[names[place]] = _column(names[place], texts, dtype, default, missing)
    data: Any = columns
    if label_name is not None:
        if label_name not in columns:
            raise ValueError(
                f"make_csv_dataset: `label_name` must be a column that is read. Received: "
                f"{label_name!r}. They are {list(columns)}."
            )
        label = columns.pop(label_name)
        data = (columns, label)
    dataset = Dataset.from_tensor_slices(data)
    if shuffle:
        dataset = dataset.shuffle(shuffle_buffer_size, shuffle_seed)
    if num_epochs != 1:
        dataset = dataset.repeat(num_epochs)
    return dataset.batch(int(batch_size), drop_remainder=num_epochs is None)


def _files(patterns: Any) -> list[str]:
    if isinstance(patterns, (str, os.PathLike)):
        patterns = [patterns]
    found = []
    for pattern in map(os.fspath, patterns):
        paths = [pattern] if os.path.exists(pattern) else glob.glob(pattern)
        if not paths:
            raise ValueError(f"make_csv_dataset: no file is called {pattern!r}.")
        found += paths
    return sorted(found)


def _check_lengths(rows: list[list[str]], names: list[str]) -> None:
    for i, row in enumerate(rows):
        if len(row) != len(names):
            raise ValueError(
                f"make_csv_dataset: row {i} has {len(row)} values, and there are {len(names)} columns. "
                f"Received: {row}"
            )


def _places(selected: Sequence[Any] | None, names: list[str]) -> list[int]:
    """Return which columns are read, in the order of the file."""
    if selected is None:
        return list(range(len(names)))
    places = []
    for item in selected:
        if item not in names and not (isinstance(item, int) and 0 <= item < len(names)):
            raise ValueError(
                f"make_csv_dataset: `select_columns` names {item!r}. There are {names}."
            )
        places.append(names.index(item) if isinstance(item, str) else item)
    if len(set(places)) < len(places):
        raise ValueError(
            f"make_csv_dataset: `select_columns` names a column twice. Received: {selected}"
        )
    return sorted(places)


def _needed_type(texts: Iterable[str], missing: set[str]) -> str:
    """Return the first dtype that all values have."""
    present = [t for t in texts if t not in missing]
    if not present:
        return "string"
    return next(dtype for dtype in _TYPES if all(_fits(t, dtype) for t in present))


def _fits(text: str, dtype: str) -> bool:
    if dtype == "string":
        return True
    try:
        value = int(text) if dtype.startswith("int") else float(text)
    except ValueError:
        return False
    if dtype.startswith("int"):
        return bool(np.iinfo(dtype).min <= value <= np.iinfo(dtype).max)
    return bool(value <= float(np.finfo(dtype).max))


def _dtype_and_default(given: Any) -> tuple[str, Any]:
    """Return what an entry of `column_defaults` says; a default of None is an error if it is needed."""
    if isinstance(given, type) or (isinstance(given, str) and given in _TYPES):
        return as_dtype(given).name, None
    value = np.asarray(given)
    value = value.reshape(-1)
    if not value.size:
        return as_dtype(value.dtype).name, None
    kind = value.dtype.kind
    if isinstance(given, (list, tuple, int, float)):  # as `tf.constant` takes plain numbers
        dtype = {"i": "int32", "f": "float32", "U": "string"}.get(kind, str(value.dtype))
    else:
        dtype = "string" if kind in "USOT" else as_dtype(value.dtype).name
    return dtype, value[0].item() if hasattr(value[0], "item") else value[0]


def _column(name: str, texts: list[str], dtype: str, default: Any, missing: set[str]) -> np.ndarray:
    filled = []
    for i, text in enumerate(texts):
        if text not in missing:
            filled.append(text)
        elif default is None:
            raise ValueError(f"make_csv_dataset: row {i} has no value in column {name!r}.")
        else:
            filled.append(default)
    if dtype == "string":
        return np.asarray(filled, dtype=str)
    try:
        read = int if dtype.startswith(("int", "uint")) else float
        with np.errstate(over="ignore"):
            return np.asarray([read(v) for v in filled], dtype=to_np_dtype(dtype))
    except (ValueError, OverflowError) as error:
        raise ValueError(
            f"make_csv_dataset: column {name!r} is {dtype}, and has other values ({error})."
        ) from None
