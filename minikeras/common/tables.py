"""Tables and their columns as arrays: pandas, polars, Arrow, and what speaks Arrow's protocol.

They are known by what they offer; none of the libraries is imported for it. A table of numbers becomes one
array whose rows lie together, for rows are what is gathered into batches.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from minikeras.common.dtypes import COMPLEX_TYPES, FLOAT_TYPES, INT_TYPES, np_dtype
from minikeras.common.extras import require
from minikeras.common.settings import settings

_PROTOCOLS = ("iloc", "__arrow_c_stream__", "__arrow_c_array__")  # the first is pandas's
_NUMBER = re.compile(r"u?int\d|float|double|half|bool|complex|decimal|null|sparse")
_PANDAS_NUMBERS = frozenset({"bool", "boolean", *INT_TYPES, *FLOAT_TYPES})
_OBJECT = np.dtype(object)
_TIME = re.compile("date|time|duration|period")


def is_table(x: Any) -> bool:
    """Return whether something is a table, or a column of one."""
    return any(hasattr(x, protocol) for protocol in _PROTOCOLS)


def table_to_array(x: Any) -> np.ndarray:
    """Return a table's values, with rows along the first axis, missing numbers as NaN.

    Floats are `floatx()`, also where integers and booleans stand beside them. A column is one-dimensional,
    and lists of one length are rows. Texts and other objects are left to the caller.

    Raises:
        ValueError: if there are dates or times in it, or texts beside numbers.
    """
    floatx = np_dtype(settings.floatx)
    if not hasattr(x, "__array__"):
        x = _read_arrow(x)
    columns = _columns(x)
    _check_columns(x, columns)
    if hasattr(x, "iloc"):
        array = _pandas_to_array(x, columns)
    else:
        array = np.asarray(x)
    if array.dtype.kind == "O":
        if all(_is_number(dtype) for _, dtype in columns):  # and missing ones
            array = array.astype(floatx)
        elif len(columns) == 1:
            array = _stacked(array)
    return array.astype(floatx if is_float(array.dtype) else array.dtype, order="C", copy=False)


def is_float(dtype: Any) -> bool:
    """Whether it is the dtype of floats: NumPy's, ml_dtypes' or one of pandas'."""
    return _numpy_name(dtype) in FLOAT_TYPES


def _columns(x: Any) -> list[tuple[Any, Any]]:
    """Return the names and dtypes of a table's columns, in each library's own terms."""
    schema = getattr(x, "schema", None)
    if hasattr(schema, "types"):  # Arrow's
        return list(zip(schema.names, schema.types))
    if hasattr(x, "columns"):
        return list(zip(x.columns, x.dtypes))
    return [(getattr(x, "name", None), getattr(x, "dtype", getattr(x, "type", None)))]


def _check_columns(x: Any, columns: list[tuple[Any, Any]]) -> None:
    """Refuse what would become numbers that mean nothing, or no numbers."""
    times = [column for column in columns if _TIME.match(str(column[1]).lower())]
    if times:
        raise ValueError(
            f"Cannot use dates and times as they are: {_listed(times)} of a {type(x).__name__}. Make "
            "numbers of them: choose an origin and a unit, or take the year, the weekday, the hour."
        )
    others = [(name, d) for name, d in columns if d != _OBJECT and not _is_number(d)]
    if 0 < len(others) < len(columns):
        raise ValueError(_not_numbers(x, others))


def _not_numbers(x: Any, columns: list[tuple[Any, Any]]) -> str:
    return (
        f"Some columns of the {type(x).__name__} are not numbers: {_listed(columns)}. Make numbers of "
        "them, or give the columns as a dict, `{name: table[[name]] for name in table.columns}`, to a "
        "model that has an input for each; `utils.FeatureSpace` makes both."
    )


def _listed(columns: list[tuple[Any, Any]]) -> str:
    shown = ", ".join(f"{name!r} ({dtype})" for name, dtype in columns[:5])
    return f"{shown} and {len(columns) - 5} more" if len(columns) > 5 else shown


def _is_number(dtype: Any) -> bool:
    return bool(_NUMBER.match(_numpy_name(dtype)))


def _numpy_name(dtype: Any) -> str:
    """Return the name of the NumPy dtype of a column: `Int64` and `int64[pyarrow]` are int64."""
    categories = getattr(dtype, "categories", None)
    dtype = getattr(categories, "dtype", dtype)
    dtype = getattr(dtype, "numpy_dtype", dtype)  # of pandas' own numbers and of pyarrow's
    return (getattr(dtype, "name", None) or str(dtype)).lower()


def _pandas_to_array(x: Any, columns: list[tuple[Any, Any]]) -> np.ndarray:
    """Return a frame or series of pandas as one array.

    Of columns that can hold missing values, pandas by itself would make objects.
    """
    dtypes = {dtype for _, dtype in columns}
    names = set(map(_numpy_name, dtypes))
    has_floats = not names.isdisjoint(FLOAT_TYPES) and names.isdisjoint(COMPLEX_TYPES)
    floatx = np_dtype(settings.floatx)
    if not all(isinstance(d, np.dtype) for d in dtypes):
        if not names <= _PANDAS_NUMBERS:
            return x.to_numpy()
        if has_floats or x.isna().to_numpy().any():
            return x.to_numpy(dtype=floatx, na_value=np.nan)
        return x.to_numpy(dtype=np.result_type(*(n.replace("boolean", "bool") for n in names)))
    if len(dtypes) == 1 or not has_floats:
        return x.to_numpy()  # mostly without a copy
    try:
        return x.to_numpy(dtype=floatx)
    except (TypeError, ValueError) as error:
        objects = [column for column in columns if column[1] == _OBJECT]
        raise ValueError(_not_numbers(x, objects)) from error


def _read_arrow(x: Any) -> Any:
    """Return what has nothing but Arrow's protocol as a table or column of pyarrow."""
    pyarrow = require("pyarrow", "arrow")
    try:
        return pyarrow.table(x)
    except (TypeError, ValueError):  # a column alone
        read = pyarrow.chunked_array if hasattr(x, "__arrow_c_stream__") else pyarrow.array
        return read(x)


def _stacked(array: np.ndarray) -> np.ndarray:
    """Return a column of lists of numbers, all of one length, as a matrix; anything else as it is."""
    rows = array.reshape(-1).tolist()
    if not rows or not all(isinstance(row, (list, np.ndarray)) for row in rows):
        return array
    try:
        return np.stack([np.asarray(row) for row in rows])
    except ValueError:
        return array
