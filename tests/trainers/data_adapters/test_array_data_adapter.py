import tracemalloc
from collections import namedtuple
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikeras import tree
from minikeras.common.settings import settings
from minikeras.trainers.data_adapters import (
    ArrayDataAdapter,
    get_data_adapter,
    train_validation_split,
)
from minikeras.trainers.data_adapters import array_data_adapter as module

Inputs = namedtuple("Inputs", "left right")


def numbers(n, *shape, dtype="float32"):
    """Arrays whose first column says which sample a row is."""
    x = np.zeros((n, *shape), dtype)
    x.reshape(n, -1)[:, 0] = np.arange(n)
    return x


def test_batches_in_order_are_views():
    x, y = numbers(10, 2), numbers(10)
    adapter = ArrayDataAdapter(x, y, batch_size=4)
    batches = list(adapter)
    assert [len(bx) for bx, _ in batches] == [4, 4, 2]
    np.testing.assert_array_equal(np.concatenate([bx for bx, _ in batches]), x)
    np.testing.assert_array_equal(np.concatenate([by for _, by in batches]), y)
    assert all(np.shares_memory(bx, x) for bx, _ in batches)
    assert (adapter.num_batches, adapter.num_samples, adapter.batch_size) == (3, 10, 4)
    assert (adapter.partial_batch_size, adapter.has_partial_batch) == (2, True)
    even = ArrayDataAdapter(x, batch_size=5)
    assert (even.partial_batch_size, even.has_partial_batch) == (None, False)


def test_writing_into_a_batch_cannot_change_the_data():
    x = numbers(4, 2)
    (batch,) = ArrayDataAdapter(x, batch_size=4)
    with pytest.raises(ValueError, match="read-only"):
        batch += 1
    assert x.flags.writeable


@given(st.integers(1, 50), st.integers(1, 60), st.sampled_from([1, 64, 1 << 20]))
def test_shuffling_permutes_samples_and_keeps_them_together(n, batch_size, chunk_bytes):
    x, y, w = numbers(n, 3, 2), numbers(n, dtype="int64"), numbers(n)
    adapter = ArrayDataAdapter(x, y, w, batch_size=batch_size, shuffle=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_CHUNK_BYTES", chunk_bytes)
        batches = list(adapter)
    sizes = [len(bx) for bx, _, _ in batches]
    assert sizes == [len(b) for b in ArrayDataAdapter(x, batch_size=batch_size)]
    xs, ys, ws = (np.concatenate(parts) for parts in zip(*batches))
    np.testing.assert_array_equal(np.sort(ys), np.arange(n))
    np.testing.assert_array_equal(xs, x[ys])
    np.testing.assert_array_equal(ws, ys)


def test_the_order_is_new_in_each_epoch_and_follows_the_seed():
    x = numbers(100)

    def two_epochs(**kwargs):
        adapter = ArrayDataAdapter(x, shuffle=True, **kwargs)
        return [np.concatenate(list(adapter)) for _ in range(2)]

    np.random.seed(3)
    first, second = two_epochs()
    assert not np.array_equal(first, second)
    np.random.seed(3)
    np.testing.assert_array_equal(two_epochs(), [first, second])
    np.random.seed(3)
    np.testing.assert_array_equal(first, np.random.permutation(100))

    state = np.random.get_state()[1].copy()
    mine = two_epochs(rng=np.random.default_rng(1))
    np.testing.assert_array_equal(mine, two_epochs(rng=np.random.default_rng(1)))
    np.testing.assert_array_equal(np.random.get_state()[1], state)


def test_shuffle_batch_stays_within_batches():
    x = numbers(70)
    batches = list(ArrayDataAdapter(x, batch_size=16, shuffle="batch"))
    for start, batch in zip(range(0, 70, 16), batches):
        assert sorted(batch) == list(range(start, min(start + 16, 70)))
        assert not np.array_equal(batch, np.sort(batch))


@pytest.mark.parametrize("shuffle", [False, True, "batch"])
@pytest.mark.parametrize(
    "structure",
    [
        lambda a, b: ([a, b], a, None),
        lambda a, b: ({"b": a, "a": (b, None)}, [a, b], [b, a]),
        lambda a, b: (Inputs(a, b), {"out": a}, None),
        lambda a, b: ((a,), None, None),
        lambda a, b: (a, [a, None], None),
    ],
)
def test_structures_are_preserved(structure, shuffle):
    x, y, w = structure(numbers(10, 2), numbers(10, 3, dtype="int32"))
    expected = (x, y, w) if w is not None else (x, y) if y is not None else (x,)
    batches = list(ArrayDataAdapter(x, y, w, batch_size=4, shuffle=shuffle))
    for batch in batches:
        tree.assert_same_structure(batch, expected)
    first = [np.concatenate(parts) for parts in zip(*map(without_none, batches))]
    for got, given_array in zip(first, without_none(expected)):
        order = got[:, 0].astype(int)
        np.testing.assert_array_equal(np.sort(order), np.arange(10))
        np.testing.assert_array_equal(got, given_array[order], strict=True)
        np.testing.assert_array_equal(order, first[0][:, 0])


def without_none(structure):
    return [leaf for leaf in tree.flatten(structure) if leaf is not None]


def test_peek_shows_a_batch_and_draws_nothing():
    x, y = numbers(10, 2), numbers(10)
    adapter = ArrayDataAdapter(x, y, batch_size=4, shuffle=True)
    state = np.random.get_state()[1].copy()
    np.testing.assert_array_equal(adapter.peek()[1], [0, 1, 2, 3])
    np.testing.assert_array_equal(np.random.get_state()[1], state)
    assert sum(len(batch) for batch, _ in adapter) == 10


def test_floats_become_floatx_and_nothing_else_is_cast(monkeypatch):
    ints, bools = numbers(3, dtype="int64"), np.ones(3, bool)
    doubles, singles, halves = (numbers(3, dtype=f"float{bits}") for bits in (64, 32, 16))
    x = [ints, bools, doubles, singles, halves]
    ((batch,),) = ArrayDataAdapter(x)
    assert [str(a.dtype) for a in batch] == ["int64", "bool", "float32", "float32", "float32"]
    assert np.shares_memory(batch[3], singles)
    monkeypatch.setattr(settings, "floatx", "float64")
    ((batch,),) = ArrayDataAdapter(x)
    assert [str(a.dtype) for a in batch] == ["int64", "bool", "float64", "float64", "float64"]
    assert np.shares_memory(batch[2], doubles)


class ArrayLike:
    def __array__(self, dtype=None, copy=None):
        return np.arange(6.0)


def test_anything_with_array():
    (batch,) = ArrayDataAdapter(ArrayLike(), batch_size=6)
    np.testing.assert_array_equal(batch, np.arange(6, dtype="float32"), strict=True)


@pytest.mark.parametrize("shuffle", [False, True])
def test_memory_order_does_not_matter(shuffle):
    x = np.asfortranarray(numbers(9, 4))
    got = np.concatenate(list(ArrayDataAdapter(x, batch_size=2, shuffle=shuffle)))
    np.testing.assert_array_equal(np.sort(got[:, 0]), np.arange(9))


@pytest.mark.parametrize("shuffle", [False, True, "batch"])
def test_sparse_matrices_come_in_dense_batches(shuffle, monkeypatch):
    sparse = pytest.importorskip("scipy.sparse")
    monkeypatch.setattr(module, "_CHUNK_BYTES", 100)
    dense = numbers(11, 3, dtype="float64")
    adapter = ArrayDataAdapter(
        sparse.coo_matrix(dense), np.arange(11), batch_size=4, shuffle=shuffle
    )
    batches = list(adapter)
    for x, y in batches:
        assert type(x) is np.ndarray
        np.testing.assert_array_equal(x, dense[y].astype("float32"), strict=True)
    assert [len(x) for x, _ in batches] == [4, 4, 3]
    assert type(adapter.peek()[0]) is np.ndarray


def test_pandas():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1, 2, 3], "b": [0.5, 1.5, 2.5], "c": [True, False, True]})
    ((x, y),) = ArrayDataAdapter(frame, frame["a"])
    np.testing.assert_array_equal(
        x, np.array([[1, 0.5, 1], [2, 1.5, 0], [3, 2.5, 1]], "float32"), strict=True
    )
    np.testing.assert_array_equal(y, np.array([[1], [2], [3]], "int64"), strict=True)
    (ints,) = ArrayDataAdapter(frame[["a"]])
    assert ints.dtype == "int64"
    with pytest.raises(ValueError, match=r"not numbers: 'b' \((str|object)\)"):
        ArrayDataAdapter(pandas.DataFrame({"a": [1, 2], "b": ["x", "y"]}))


ARROW = {"int64": "int64[pyarrow]", "float64": "double[pyarrow]", "bool": "bool[pyarrow]"}
NULLABLE = {"int64": "Int64", "float64": "Float64", "bool": "boolean"}


@pytest.mark.parametrize("own", [ARROW, NULLABLE], ids=["pyarrow", "nullable"])
@pytest.mark.parametrize("kinds", [("int64", "float64"), ("int64", "bool"), ("bool",), ("int64",)])
def test_pandas_columns_that_can_hold_missing_values(own, kinds):
    pandas = pytest.importorskip("pandas")
    if own is ARROW:
        pytest.importorskip("pyarrow")
    values = {"int64": [0, 1, 2], "float64": [0.5, 1.5, 2.5], "bool": [True, False, True]}
    plain = pandas.DataFrame({kind: values[kind] for kind in kinds})
    special = plain.astype({kind: own[kind] for kind in kinds})
    (got,) = ArrayDataAdapter(special)
    expected = np.stack([np.array(values[kind]) for kind in kinds], axis=1)
    expected = expected.astype("float32") if "float64" in kinds else expected
    np.testing.assert_array_equal(got, expected, strict=True)
    (column,) = ArrayDataAdapter(special[kinds[0]])
    np.testing.assert_array_equal(column, np.array(values[kinds[0]])[:, None], strict=True)
    special.loc[1, kinds[0]] = None
    (holed,) = ArrayDataAdapter(special)
    assert np.isnan(holed[1, 0]) and np.isnan(holed).sum() == 1 and holed.dtype == "float32"


class Column(Sequence):
    """A column as Hugging Face's `datasets` have it: rows in lists, read from a file."""

    __module__ = "datasets.arrow_dataset"

    def __init__(self, rows):
        self.rows = rows
        self.reads = 0

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        self.reads += 1
        return self.rows[index]


def test_columns_of_data_sets():
    x, y = Column([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]), Column([0, 1, 2])
    ((a, b),) = get_data_adapter({"x": x}, y)
    np.testing.assert_array_equal(a["x"], np.arange(6, dtype="float32").reshape(3, 2), strict=True)
    np.testing.assert_array_equal(b, np.arange(3), strict=True)
    assert x.reads == y.reads == 1
    with pytest.raises(ValueError, match="`x`"):
        get_data_adapter(Column([[1], [2, 3]]))


@pytest.mark.parametrize("shuffle", [False, True, "batch"])
@pytest.mark.parametrize("dtype", ["float16", "float64", "bfloat16"])
def test_casting_a_few_batches_at_a_time_gives_the_same_bits(dtype, shuffle, monkeypatch):
    if dtype == "bfloat16":
        dtype = pytest.importorskip("ml_dtypes").bfloat16
    monkeypatch.setattr(module, "_CHUNK_BYTES", 100)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(23, 5)).astype(dtype), np.arange(23)
    adapter = ArrayDataAdapter(x, y, batch_size=4, shuffle=shuffle)
    whole = x.astype("float32")
    np.testing.assert_array_equal(adapter.peek()[0], whole[:4], strict=True)
    for bx, by in adapter:
        np.testing.assert_array_equal(bx, whole[by], strict=True)


@pytest.mark.parametrize("dtype", ["float16", "float64"])
@pytest.mark.parametrize("shuffle", [False, True])
def test_data_are_never_cast_as_a_whole(dtype, shuffle, monkeypatch):
    monkeypatch.setattr(module, "_CHUNK_BYTES", 1 << 16)
    x = np.ones((4096, 512), dtype)
    tracemalloc.start()
    try:
        (first,), _ = train_validation_split((x,), 0.25)
        count = sum(len(batch) for batch in ArrayDataAdapter(first, shuffle=shuffle))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 3072
    assert peak < x.nbytes / 8


def test_the_same_batches_as_keras(keras):
    from keras.src.trainers.data_adapters.array_data_adapter import ArrayDataAdapter as Theirs

    x, y = {"a": numbers(50, 2), "b": numbers(50, 3)}, np.arange(50) % 3
    for kwargs in (
        {"batch_size": 16, "shuffle": True},
        {"steps": 7},
        {"batch_size": 100},
        {"class_weight": {0: 2.0, 2: 0.25}, "shuffle": True},
    ):
        np.random.seed(0)
        ours = list(ArrayDataAdapter(x, y, **kwargs))
        np.random.seed(0)
        theirs = list(Theirs(x, y, **kwargs).get_numpy_iterator())
        assert len(ours) == len(theirs)
        for mine, other in zip(ours, theirs):
            tree.map_structure(np.testing.assert_array_equal, mine, other)
            tree.map_structure(lambda a, b: np.testing.assert_equal(a.dtype, b.dtype), mine, other)


def test_default_batch_size():
    x = numbers(100)
    assert ArrayDataAdapter(x).batch_size == 32
    assert ArrayDataAdapter(x, steps=6).batch_size == 17
    assert ArrayDataAdapter(x, steps=6, batch_size=8).batch_size == 8


@pytest.mark.parametrize(
    "y",
    [
        np.array([0, 1, 2, 1]),
        np.array([[0], [1], [2], [1]]),
        np.array([0.0, 1.0, 2.0, 0.9]),
        np.eye(3)[[0, 1, 2, 1]],
    ],
)
def test_class_weight(y):
    ((_, _, weight),) = ArrayDataAdapter(numbers(4), y, class_weight={0: 0.5, 1: 3})
    np.testing.assert_array_equal(weight, np.array([0.5, 3, 1, 3], "float32"), strict=True)


def test_one_sample_weight_for_several_targets():
    y, weight = {"a": numbers(4), "b": numbers(4, 2)}, numbers(4)
    ((_, _, weights),) = ArrayDataAdapter(numbers(4), y, weight)
    tree.map_structure(lambda w: np.testing.assert_array_equal(w, weight), weights)
    tree.assert_same_structure(weights, y)


one, two = np.zeros((4, 2)), np.zeros((4, 3))


@pytest.mark.parametrize(
    "args, kwargs, match",
    [
        ((one, np.zeros(3)), {}, "'x' sizes: 4; 'y' sizes: 3"),
        (([one, np.zeros(5)], None), {}, "cardinality.*'x' sizes: 4, 5"),
        ((one, np.zeros(4), np.zeros(2)), {}, "'sample_weight' sizes: 2"),
        ((np.zeros((0, 2)), np.zeros(0)), {}, "no data: 0 samples in `x`, `y`"),
        ((one,), {"batch_size": 0}, "batch_size.*positive integer.*0"),
        ((one,), {"batch_size": -3}, "batch_size.*positive integer.*-3"),
        ((one,), {"batch_size": 2.5}, "batch_size.*positive integer.*2.5"),
        ((one,), {"shuffle": "epoch"}, "shuffle.*'epoch'"),
        ((np.array(["a", 1], object),), {}, "`x`.*dtype object"),
        ((np.zeros(4, [("a", "f4")]),), {}, "`x`.*dtype .*'a'"),
        ((one.astype("datetime64[s]"),), {}, "`x`.*datetime64.*unit and an origin"),
        ((one, one.astype("datetime64[s]")), {}, "`y`.*datetime64"),
        ((one.astype("timedelta64[s]"),), {}, "`x`.*timedelta64.*unit"),
        ((np.ma.masked_array(one, one == 0),), {}, "`x`.*masked array.*shape .4, 2"),
        ((one, np.ma.masked_array(one, one == 0)), {}, "`y`.*masked array"),
        ((one, one, np.ma.masked_array(one[:, 0], True)), {}, "`sample_weight`.*masked array"),
        ((one, np.eye(4)), {"class_weight": {4: 1.0}}, r"\[4\].*no classes.*range\(0, 4\)"),
        ((one, np.array(3.0)), {}, "`y`.*axis of samples"),
        (([1.0, 2.0],), {}, "`x`.*float"),
        ((one, [1, 2]), {}, "`y`.*int"),
        ((one, None, np.zeros(4)), {}, "`sample_weight` was given without `y`"),
        ((one,), {"class_weight": {0: 1.0}}, "`class_weight` was given without `y`"),
        ((one, np.zeros(4), np.zeros(4)), {"class_weight": {}}, "at the same time"),
        ((one, [one, two]), {"class_weight": {0: 1.0}}, "single target"),
        ((one, np.zeros((4, 2, 2))), {"class_weight": {0: 1.0}}, r"shape \(4, 2, 2\)"),
        ((one, [one, two], [one]), {}, "one array for each of `y`"),
        ((one, [one, two], two), {}, r"shape \(n,\) or \(n, 1\)"),
        ((None,), {}, "no array"),
    ],
)
def test_bad_arguments(args, kwargs, match):
    with pytest.raises(ValueError, match=match):
        ArrayDataAdapter(*args, **kwargs)


def test_class_weight_must_be_a_dict():
    for wrong, match in (
        ([1, 2], r"class_weight.*\[1, 2\]"),
        ({"a": 1}, "class_weight.*integers.*'a'"),
        ({0.5: 1}, "class_weight.*integers.*0.5"),
        ({0: None}, "class_weight.*class 0.*None"),
        ({1: "2"}, "class_weight.*class 1.*'2'"),
        ({1: [2.0]}, "class_weight.*class 1"),
    ):
        with pytest.raises(TypeError, match=match):
            ArrayDataAdapter(one, np.zeros(4), class_weight=wrong)


def test_chosen_for_arrays():
    assert isinstance(get_data_adapter({"a": one}, [two, None]), ArrayDataAdapter)
