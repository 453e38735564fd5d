"""Windows that slide over a series."""

import numpy as np
import pytest

import minikeras
from minikeras.data import TensorSpec
from minikeras.utils import timeseries_dataset_from_array

N = 40
DATA = np.arange(N * 2.0).reshape(N, 2)
TARGETS = np.arange(N)


def by_hand(data, targets, length, stride=1, rate=1, start=None, end=None):
    """Windows and targets one by one, as Keras's documentation has them."""
    data = data[start:end]
    targets = None if targets is None else targets[start:end]
    found = []
    for i in range(0, len(data), stride):
        rows = [i + k * rate for k in range(length)]
        if rows[-1] < len(data) and (targets is None or i < len(targets)):
            found.append((data[rows].tolist(), None if targets is None else targets[i]))
    return found


@pytest.mark.parametrize(
    ("targets", "length", "stride", "rate", "start", "end"),
    [
        (TARGETS, 5, 1, 1, None, None),
        (None, 5, 3, 2, None, None),
        (TARGETS[:20], 4, 2, 3, None, None),
        (TARGETS, 3, 1, 1, 7, 22),
        (TARGETS[:25], 3, 4, 1, 7, None),
        (TARGETS, 1, 1, 1, None, None),
        (TARGETS, N + 1, 1, 1, None, None),
    ],
)
def test_windows(targets, length, stride, rate, start, end):
    expected = by_hand(DATA, targets, length, stride, rate, start, end)
    options = {"sequence_stride": stride, "sampling_rate": rate}
    options |= {"start_index": start, "end_index": end}
    for batch_size in (None, 4):
        dataset = timeseries_dataset_from_array(
            DATA, targets, length, batch_size=batch_size, **options
        )
        found = []
        for element in dataset:
            x, y = element if targets is not None else (element, None)
            if batch_size is None:
                found.append((x.tolist(), None if y is None else y.item()))
            else:
                found += zip(x.tolist(), [None] * len(x) if y is None else y.tolist())
        assert found == expected
        assert len(dataset) == (len(expected) if batch_size is None else -(-len(expected) // 4))


def test_specs_and_what_is_taken():
    dataset = timeseries_dataset_from_array(DATA.astype("float32"), TARGETS, 5)
    assert dataset.element_spec == (
        TensorSpec((None, 5, 2), "float32"),
        TensorSpec((None,), str(TARGETS.dtype)),
    )
    numbers = timeseries_dataset_from_array(list(range(9)), None, 3, batch_size=None)
    assert numbers.element_spec == TensorSpec((3,), "int32")
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1.0, 2.0, 3.0], "b": [4.0, 5.0, 6.0]})
    (batch,) = timeseries_dataset_from_array(frame, frame["a"], 2)
    assert batch[0].tolist() == [[[1, 4], [2, 5]], [[2, 5], [3, 6]]]


def test_shuffles_repeat_with_the_seed_and_lose_nothing():
    def passes(seed):
        dataset = timeseries_dataset_from_array(
            DATA, TARGETS, 3, shuffle=True, seed=seed, batch_size=2
        )
        return [[i for _, y in dataset for i in y.tolist()] for _ in range(2)]

    first, second = passes(1)
    assert first != second and [first, second] == passes(1) != passes(2)
    assert sorted(first) == sorted(second) == list(range(38))
    # The series is shuffled as a whole before: a buffer of 16 alone leaves late windows late.
    assert max(first[:10]) > 30
    minikeras.utils.set_random_seed(0)
    drawn = passes(None)
    minikeras.utils.set_random_seed(0)
    assert passes(None) == drawn


def test_memory_and_the_users_array():
    """A hundred million numbers of windows are there one batch at a time, and none is the user's."""
    data = np.arange(100_000, dtype="float32")
    dataset = timeseries_dataset_from_array(data, None, 1000, batch_size=None)
    assert len(dataset) == 99_001
    first = next(dataset.as_numpy_iterator())
    assert np.shares_memory(first, data) and not first.flags.writeable
    batch = next(timeseries_dataset_from_array(data, None, 3, batch_size=2).as_numpy_iterator())
    np.testing.assert_array_equal(batch, [[0, 1, 2], [1, 2, 3]])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sequence_length": 0}, "sequence_length"),
        ({"sequence_stride": N}, "`sequence_stride` must be lower than the length of `data`, 40"),
        ({"sampling_rate": 0}, "sampling_rate"),
        ({"sampling_rate": N}, "`sampling_rate` must be lower"),
        ({"start_index": -1}, "start_index"),
        ({"start_index": N}, "`start_index` must be lower"),
        ({"end_index": N}, "`end_index` must be lower"),
        ({"start_index": 9, "end_index": 9}, "`end_index` must be higher than `start_index`"),
        ({"end_index": 0}, "`end_index` must be higher than `start_index`"),
        ({"batch_size": 0}, "batch_size"),
        ({"data": 3.0}, "`data` must be an array"),
        ({"format": "torch"}, "format"),
    ],
)
def test_bad_arguments(arguments, message):
    arguments = {"data": DATA, "targets": TARGETS, "sequence_length": 3, **arguments}
    with pytest.raises(ValueError, match=message):
        timeseries_dataset_from_array(**arguments)


def test_keras_refuses_the_same(keras):
    """Arguments are checked before TensorFlow is asked for, so Keras can be compared without it."""
    for arguments in (
        *({"sequence_stride": n} for n in (0, N)),
        *({"sampling_rate": n} for n in (0, N)),
        *({"start_index": n} for n in (-1, N)),
        *({"end_index": n} for n in (-1, N)),
        {"start_index": 9, "end_index": 9},
    ):
        for library in (keras, minikeras):
            with pytest.raises(ValueError):
                library.utils.timeseries_dataset_from_array(DATA, TARGETS, 3, **arguments)
