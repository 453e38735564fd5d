import tracemalloc
from decimal import Decimal

import numpy as np
import pytest

from minikeras import layers, ops
from minikeras.common.tables import table_to_array
from minikeras.trainers.data_adapters import ArrayDataAdapter, get_data_adapter

NUMBERS = np.array([[0.5, 1, 1], [1.5, 2, 0], [2.5, 3, 1]], "float32")
COLUMNS = {"a": [0.5, 1.5, 2.5], "b": [1, 2, 3], "c": [True, False, True]}
HOLED = {"a": [0.5, None, 2.5], "b": [1, 2, None], "c": [None, False, True]}


def make(library, columns):
    """Make a table of a library's, with its own types of columns that can be missing."""
    module = pytest.importorskip(library)
    if library == "pandas":
        return module.DataFrame(columns).convert_dtypes()
    return {"pyarrow": lambda: module.table(columns), "polars": lambda: module.DataFrame(columns)}[
        library
    ]()


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_numbers_of_all_kinds(library):
    table = make(library, COLUMNS)
    array = table_to_array(table)
    np.testing.assert_array_equal(array, NUMBERS, strict=True)
    assert array.flags.c_contiguous  # rows are gathered, in every epoch
    holed = NUMBERS.copy()
    holed[[0, 1, 2], [2, 0, 1]] = np.nan
    np.testing.assert_array_equal(table_to_array(make(library, HOLED)), holed, strict=True)
    ((x, y),) = ArrayDataAdapter(table, table["b"])
    np.testing.assert_array_equal(x, NUMBERS)
    assert y.dtype == "int64" and y.ravel().tolist() == [1, 2, 3]


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_dates_and_texts_are_refused_by_name(library):
    dates = np.array(["2024-01-01", "2024-01-02"], "datetime64[us]")
    for time in (dates, dates - dates[0]):
        for columns in ({"when": time}, {"a": [1.0, 2.0], "when": time}):
            with pytest.raises(ValueError, match=r"`x`: .*dates and times as they are: 'when' \("):
                ArrayDataAdapter(make(library, columns))
    with pytest.raises(ValueError, match=r"`x`: Some columns .* are not numbers: 'town' \("):
        ArrayDataAdapter(make(library, {"a": [1.0, 2.0], "town": ["Rome", "Oslo"]}))
    (texts,) = ArrayDataAdapter(make(library, {"town": ["Rome", "Oslo"]}))
    assert texts.tolist() == [["Rome"], ["Oslo"]]


def test_tables_are_tensors_too():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(COLUMNS).convert_dtypes()
    np.testing.assert_array_equal(ops.convert_to_tensor(table), NUMBERS)
    assert ops.convert_to_tensor(table[["a"]].astype("float64")).dtype == "float64"
    normalize = layers.Normalization()
    normalize.adapt(table)
    np.testing.assert_allclose(ops.mean(normalize(table), axis=0), np.zeros(3), atol=1e-6)


def test_categories_of_pandas():
    pandas = pytest.importorskip("pandas")
    sizes = pandas.Categorical([10, 20, 10])
    (x,) = ArrayDataAdapter(pandas.DataFrame({"a": [0.5, 1.5, 2.5], "size": sizes}))
    np.testing.assert_array_equal(x, np.array([[0.5, 10], [1.5, 20], [2.5, 10]], "float32"))
    (ints,) = ArrayDataAdapter(pandas.DataFrame({"size": sizes}))
    np.testing.assert_array_equal(ints, np.array([[10], [20], [10]]), strict=True)
    towns = pandas.Categorical(["Rome", "Oslo", "Rome"])
    (texts,) = ArrayDataAdapter(pandas.DataFrame({"town": towns}))
    assert texts.tolist() == [["Rome"], ["Oslo"], ["Rome"]]
    with pytest.raises(ValueError, match=r"'town' \(category\)"):
        ArrayDataAdapter(pandas.DataFrame({"a": [0.5, 1.5, 2.5], "town": towns}))


def test_other_columns_of_pandas():
    pandas = pytest.importorskip("pandas")
    floats = [0.5, 1.5]
    numbers = pandas.DataFrame({"a": floats, "b": pandas.Series([1, Decimal("2.5")], dtype=object)})
    np.testing.assert_array_equal(table_to_array(numbers), np.array([[0.5, 1], [1.5, 2.5]], "f4"))
    numbers["b"] = pandas.Series([1, "two"], dtype=object)
    with pytest.raises(ValueError, match=r"not numbers: 'b' \(object\)"):
        table_to_array(numbers)
    waves = pandas.DataFrame({"a": floats, "b": [1j, 2.0]})
    np.testing.assert_array_equal(table_to_array(waves), np.array([[0.5, 1j], [1.5, 2]]))
    rare = pandas.DataFrame({"a": floats}).astype(pandas.SparseDtype(float))
    np.testing.assert_array_equal(table_to_array(rare), np.array([[0.5], [1.5]], "float32"))
    zoned = pandas.DataFrame({"when": pandas.to_datetime(["2024-01-01"]).tz_localize("UTC")})
    with pytest.raises(ValueError, match="dates and times"):
        table_to_array(zoned)


def test_lists_of_one_length_are_rows():
    rows = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
    pyarrow = pytest.importorskip("pyarrow")
    fixed = pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(np.ravel(rows)), 2)
    columns = [
        pyarrow.array(rows),
        fixed,
        pyarrow.table({"v": rows}),
        pyarrow.chunked_array([rows]),
    ]
    for library in ("pandas", "polars"):
        columns.append(pytest.importorskip(library).Series(rows))
    for column in columns:
        (x,) = ArrayDataAdapter(column)
        np.testing.assert_array_equal(x, np.array(rows, "float32"), strict=True)
    with pytest.raises(ValueError, match="dtype object"):
        ArrayDataAdapter(pyarrow.array([[1.0], [2.0, 3.0]]))


class Arrow:
    """What has nothing but Arrow's protocol."""

    def __init__(self, held):
        self.held = held

    def __arrow_c_stream__(self, requested_schema=None):
        return self.held.__arrow_c_stream__(requested_schema)


def test_arrow_by_its_protocol_alone():
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table(COLUMNS)
    y = pyarrow.chunked_array([[1, 2], [3]])
    for x in (Arrow(table), table.to_batches()[0], table.to_reader()):  # a reader is read once
        ((a, b),) = get_data_adapter(x, Arrow(y))
        np.testing.assert_array_equal(a, NUMBERS, strict=True)
        np.testing.assert_array_equal(b, [1, 2, 3])


def test_a_query_must_be_run_first():
    polars = pytest.importorskip("polars")
    with pytest.raises(ValueError, match=r"Call its `collect\(\)` first"):
        get_data_adapter(polars.DataFrame(COLUMNS).lazy())


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_table_of_floats_is_copied_once(library):
    module = pytest.importorskip(library)
    values = np.zeros((20000, 10))
    table = module.DataFrame({f"c{i}": values[:, i] for i in range(10)})
    np.asarray(table)  # polars's own memory is not seen by tracemalloc
    tracemalloc.start()
    try:
        adapter = ArrayDataAdapter(table, shuffle=True)
        assert tracemalloc.get_traced_memory()[1] < 1.1 * values.nbytes
        assert adapter._ready  # so that batches are gathered without another cast
    finally:
        tracemalloc.stop()
