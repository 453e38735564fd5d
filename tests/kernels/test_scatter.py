"""Adding rows to those of a table, against `numpy.add.at`."""

import numpy as np
import pytest

from minikeras.kernels.scatter import add_rows


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("index", ["int8", "uint16", "int32", "uint32", "int64"])
@pytest.mark.parametrize("dim", [1, 16, 37])
def test_rows_are_added_where_they_belong(dtype, index, dim):
    rng = np.random.default_rng(0)
    columns = rng.integers(0, 9, (50, 3)).astype(index)
    for indices in (columns[:, 1], columns[:, 2].copy(), columns[:0, 0]):
        rows = rng.normal(size=(indices.size, 2 * dim)).astype(dtype)[:, :dim]  # side by side
        table = rng.normal(size=(9, dim)).astype(dtype)
        wanted = table.copy()
        np.add.at(wanted, indices, rows)
        assert add_rows(table, indices, rows)
        np.testing.assert_array_equal(table, wanted)


@pytest.mark.parametrize("wrong", [-1, 9, 2**31 - 1])
@pytest.mark.parametrize("index", ["int32", "int64"])
def test_an_index_out_of_range_is_refused(wrong, index):
    table = np.zeros((9, 4), "float32")
    with pytest.raises(IndexError, match="9 rows"):
        add_rows(table, np.array([0, wrong], index), np.ones((2, 4), "float32"))
    assert not table.any()


def test_other_arrays_are_left_alone():
    indices = np.array([0, 1])
    for table, rows in (
        (np.zeros((9, 4), "float16"), np.ones((2, 4), "float16")),
        (np.zeros((9, 4), "float32"), np.ones((2, 4), "float64")),
        (np.zeros((4, 9), "float32").T, np.ones((2, 4), "float32")),
    ):
        assert not add_rows(table, indices, rows)
        assert not table.any()
