import warnings

import numpy as np
import pytest

from minikeras import tree
from minikeras.trainers.data_adapters import (
    GeneratorDataAdapter,
    IterableDataAdapter,
    get_data_adapter,
)


def batches(n):
    for index in range(n):
        yield np.full((2, 3), index), np.full(2, index)


class Loader:
    """Like a data loader: starts anew with every `iter`."""

    def __init__(self, n, make=lambda index: [np.full((2, 3), index), np.full(2, index)]):
        self.n, self.make, self.begun = n, make, 0

    def __iter__(self):
        self.begun += 1
        return map(self.make, range(self.n))


class SizedLoader(Loader):
    def __len__(self):
        return self.n


def labels(adapter):
    return [int(y[0]) for _, y in adapter]


def test_a_generator_is_read_once():
    adapter = get_data_adapter(batches(4))
    assert isinstance(adapter, GeneratorDataAdapter)
    assert adapter.num_batches is None and adapter.batch_size is None
    np.testing.assert_array_equal(adapter.peek()[1], [0, 0])
    epoch = iter(adapter)
    assert [int(next(epoch)[1][0]) for _ in range(2)] == [0, 1]
    # Goes on where it was left, with nothing lost.
    assert labels(adapter) == [2, 3]
    assert labels(adapter) == []


@pytest.mark.parametrize("make", [lambda: zip(range(3)), lambda: iter([(np.ones(2),)])])
def test_other_iterators_are_generators(make):
    assert isinstance(get_data_adapter(make()), GeneratorDataAdapter)


x, y, w = np.zeros((2, 3)), np.zeros(2), np.ones(2)


@pytest.mark.parametrize(
    "batch, expected",
    [
        ((x,), (x,)),
        ((x, y), (x, y)),
        ((x, y, w), (x, y, w)),
        ([x, y], (x, y)),
        (x, (x,)),
        ({"a": x}, {"a": x}),
        (({"a": x}, [y, None]), ({"a": x}, [y, None])),
    ],
)
@pytest.mark.parametrize("wrap", [lambda b: iter([b, b]), lambda b: Loader(2, lambda _: b)])
def test_what_a_batch_may_look_like(batch, expected, wrap):
    adapter = get_data_adapter(wrap(batch))
    for got in (adapter.peek(), *adapter):
        tree.assert_same_structure(got, expected)
        for leaf, other in zip(tree.flatten(got), tree.flatten(expected)):
            assert leaf is other


class Foreign:
    def __array__(self, dtype=None, copy=None):
        return np.arange(3.0)


def test_leaves_become_arrays_of_their_own_dtype():
    sparse = pytest.importorskip("scipy.sparse")
    adapter = get_data_adapter(iter([({"a": Foreign(), "b": sparse.eye(2).tocsr()}, 1)]))
    ((inputs, target),) = adapter
    np.testing.assert_array_equal(inputs["a"], np.arange(3.0), strict=True)
    np.testing.assert_array_equal(inputs["b"], np.eye(2), strict=True)
    assert target == 1


@pytest.mark.parametrize("batch", [None, "text", (), (x, y, w, w), 3])
@pytest.mark.parametrize("wrap", [lambda b: iter([b]), lambda b: Loader(1, lambda _: b)])
def test_what_a_batch_may_not_look_like(batch, wrap):
    with pytest.raises(ValueError, match=r"given as `x` must give `x`, `\(x,\)`"):
        list(get_data_adapter(wrap(batch)))


def test_errors_of_a_generator_come_through():
    def broken():
        yield x, y
        raise KeyError("broken")

    with pytest.raises(KeyError, match="broken"):
        list(get_data_adapter(broken()))


def test_nothing_in_it():
    with pytest.raises(ValueError, match="at least one batch"):
        get_data_adapter(batches(0))
    with pytest.raises(ValueError, match="no batches"):
        get_data_adapter(SizedLoader(0))
    with pytest.raises(ValueError, match="at least one batch"):
        get_data_adapter(Loader(0)).peek()


def test_iterables_start_anew():
    loader = SizedLoader(3)
    adapter = get_data_adapter(loader)
    assert isinstance(adapter, IterableDataAdapter)
    assert adapter.num_batches == 3
    assert labels(adapter) == labels(adapter) == [0, 1, 2]
    assert get_data_adapter(Loader(3)).num_batches is None


def test_peeking_begins_no_second_pass():
    loader = Loader(3)
    adapter = get_data_adapter(loader)
    assert adapter.peek()[1][0] == adapter.peek()[1][0] == 0
    assert labels(adapter) == [0, 1, 2]
    assert loader.begun == 1
    assert labels(adapter) == [0, 1, 2]
    assert loader.begun == 2


def test_a_length_that_is_not_known():
    class Endless(Loader):
        def __len__(self):
            raise TypeError("infinite")

    assert get_data_adapter(Endless(3)).num_batches is None


def test_class_weight():
    adapter = get_data_adapter(Loader(2), class_weight={1: 5.0})
    weights = [weight.tolist() for _, _, weight in adapter]
    assert weights == [[1, 1], [5, 5]]
    with pytest.raises(ValueError, match="at the same time"):
        list(get_data_adapter(Loader(1, lambda _: (x, y, w)), class_weight={1: 5.0}))
    with pytest.raises(ValueError, match="single target"):
        list(get_data_adapter(Loader(1, lambda _: (x, [y, y])), class_weight={1: 5.0}))


@pytest.mark.parametrize("make", [lambda: batches(2), lambda: Loader(2)])
@pytest.mark.parametrize("name", ["y", "sample_weight"])
def test_targets_come_out_of_x(make, name):
    with pytest.raises(ValueError, match=f"`{name}` must not be given"):
        get_data_adapter(make(), **{name: y})


def test_generators_take_no_class_weight():
    with pytest.raises(ValueError, match=r"class_weight.*generator"):
        get_data_adapter(batches(2), class_weight={0: 1.0})


@pytest.mark.parametrize("make", [lambda: batches(2), lambda: Loader(2)])
def test_generators_decide_on_their_order(make):
    with warnings.catch_warnings():  # `fit` passes shuffle=True when nobody has said anything
        warnings.simplefilter("error")
        assert labels(get_data_adapter(make(), shuffle=True)) == [0, 1]


@pytest.mark.parametrize(
    "data, match",
    [
        ((3,), "`x` is 3 of type int"),
        ((None,), "`x` is None"),
        (([[1, 2], [3, 4]],), "element of `x` is 1 of type int.*np.array"),
        ((x, [1, 2]), "element of `y` is 1"),
        ((range(3),), "range"),
        (("text",), "'text'"),
        ((x, batches(1)), "`y` is <generator"),
    ],
)
def test_unrecognized(data, match):
    with pytest.raises(ValueError, match=f"Unrecognized data type: .*{match}"):
        get_data_adapter(*data)


def test_an_adapter_is_taken_as_it_is():
    adapter = get_data_adapter(x)
    assert get_data_adapter(adapter) is adapter
