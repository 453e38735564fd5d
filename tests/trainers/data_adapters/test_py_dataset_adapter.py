import itertools
import threading
from pathlib import Path

import numpy as np
import pytest

from minikeras.trainers.data_adapters import PyDataset, PyDatasetAdapter, get_data_adapter

PARALLEL = [
    {"workers": 0},
    {"workers": 1},
    {"workers": 3, "max_queue_size": 2},
    {"workers": 2, "max_queue_size": 0},
    {"workers": 1, "use_multiprocessing": True},
    {"workers": 2, "use_multiprocessing": True, "max_queue_size": 3},
]
# A fork beside other threads is what the platform does by default; these workers touch no lock.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


class Numbers(PyDataset):
    def __init__(self, n=7, offset=0, fail_at=None, **kwargs):
        super().__init__(**kwargs)
        self.n, self.offset, self.fail_at = n, offset, fail_at

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        if index == self.fail_at:
            raise KeyError(f"batch {index} is broken")
        value = index + self.offset
        return np.full((2, 3), value, "float32"), np.full(2, value)

    def on_epoch_end(self):
        self.offset += 10


class Endless(Numbers):
    @property
    def num_batches(self):
        return None


def labels(batches):
    return [int(y[0]) for _, y in batches]


def worker_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("Numbers")]


@pytest.mark.parametrize("kwargs", PARALLEL)
def test_batches_come_in_order_and_changes_between_epochs_are_seen(kwargs):
    adapter = get_data_adapter(Numbers(**kwargs))
    assert isinstance(adapter, PyDatasetAdapter)
    assert adapter.num_batches == 7
    assert labels(adapter) == list(range(7))
    adapter.on_epoch_end()
    assert labels(adapter) == list(range(10, 17))
    assert not worker_threads()


@pytest.mark.parametrize("kwargs", PARALLEL)
def test_errors_in_workers_come_through_at_their_batch(kwargs):
    seen = []
    with pytest.raises(KeyError, match="batch 4 is broken"):
        for _, y in get_data_adapter(Numbers(fail_at=4, **kwargs)):
            seen.append(int(y[0]))
    assert seen == [0, 1, 2, 3]
    assert not worker_threads()


@pytest.mark.parametrize("kwargs", PARALLEL)
def test_endless(kwargs):
    batches = iter(get_data_adapter(Endless(**kwargs)))
    assert labels(itertools.islice(batches, 20)) == list(range(20))
    batches.close()
    assert not worker_threads()


def test_workers_end_when_the_iteration_is_abandoned():
    batches = iter(get_data_adapter(Numbers(workers=2)))
    next(batches)
    assert worker_threads()
    del batches
    assert not worker_threads()


def test_workers_work_at_the_same_time():
    class Meeting(Numbers):
        barrier = threading.Barrier(2, timeout=30)

        def __getitem__(self, index):
            self.barrier.wait()  # passes only when two batches are being made at once
            return super().__getitem__(index)

    assert labels(get_data_adapter(Meeting(n=4, workers=2))) == [0, 1, 2, 3]


def test_no_more_is_prepared_than_the_queue_may_hold():
    class Counting(Numbers):
        def __getitem__(self, index):
            self.asked = max(self.asked, index)
            return super().__getitem__(index)

    dataset = Counting(n=50, workers=2, max_queue_size=3)
    dataset.asked = 0
    for index, _ in enumerate(get_data_adapter(dataset)):
        assert dataset.asked <= index + 3


class Named(Numbers):
    def __init__(self, folder, **kwargs):
        super().__init__(**kwargs)
        self.folder = folder

    def __getitem__(self, index):
        import os

        (self.folder / f"{index}").write_text(str(os.getpid()))
        return super().__getitem__(index)


def test_processes_are_processes(tmp_path):
    import os

    dataset = Named(Path(tmp_path), n=4, workers=2, use_multiprocessing=True)
    assert labels(get_data_adapter(dataset)) == [0, 1, 2, 3]
    assert str(os.getpid()) not in {path.read_text() for path in tmp_path.iterdir()}


@pytest.mark.parametrize("workers", [1, 2])
def test_shuffling_takes_batches_in_a_new_order(workers):
    adapter = PyDatasetAdapter(Numbers(n=40, workers=workers), shuffle=True)
    np.random.seed(1)
    first, second = labels(adapter), labels(adapter)
    assert sorted(first) == sorted(second) == list(range(40))
    assert first != second != list(range(40))
    np.random.seed(1)
    assert labels(adapter) == first
    mine = [
        labels(PyDatasetAdapter(Numbers(n=40), shuffle=True, rng=np.random.default_rng(2)))
        for _ in range(2)
    ]
    assert mine[0] == mine[1]


def test_an_endless_data_set_is_not_shuffled():
    adapter = get_data_adapter(Endless(), shuffle=True)
    assert labels(itertools.islice(adapter, 5)) == [0, 1, 2, 3, 4]


def test_class_weight():
    adapter = get_data_adapter(Numbers(n=3), class_weight={1: 4.0})
    assert [w.tolist() for _, _, w in adapter] == [[1, 1], [4, 4], [1, 1]]


def test_hooks_are_passed_on():
    calls = []

    class Hooked(Numbers):
        def on_epoch_begin(self):
            calls.append("begin")

        def on_epoch_end(self):
            calls.append("end")

    adapter = get_data_adapter(Hooked())
    adapter.on_epoch_begin()
    adapter.on_epoch_end()
    assert calls == ["begin", "end"]


def test_iterating_a_data_set_by_hand():
    assert labels(Numbers(n=3, workers=4)) == [0, 1, 2]
    assert labels(itertools.islice(Endless(), 4)) == [0, 1, 2, 3]


def test_a_subclass_that_does_not_call_super():
    class Bare(PyDataset):
        def __init__(self):
            pass

        def __len__(self):
            return 2

        def __getitem__(self, index):
            return [np.full((2, 3), index), np.full(2, index)]

    assert labels(get_data_adapter(Bare())) == [0, 1]


def test_peek():
    adapter = get_data_adapter(Numbers())
    assert adapter.peek()[1].tolist() == [0, 0]
    assert labels(adapter) == list(range(7))


def test_bad_data_sets():
    with pytest.raises(ValueError, match="Numbers given as `x` has no batches"):
        get_data_adapter(Numbers(n=0))
    with pytest.raises(ValueError, match="workers"):
        Numbers(workers=-1)
    with pytest.raises(ValueError, match="max_queue_size"):
        Numbers(max_queue_size=-1)
    with pytest.raises(TypeError, match="__getitem__"):
        PyDataset()

    class NoLength(PyDataset):
        def __getitem__(self, index):
            return None

    with pytest.raises(TypeError, match="NoLength must define `__len__`"):
        get_data_adapter(NoLength())

    class Nothing(Numbers):
        def __getitem__(self, index):
            return None

    with pytest.raises(ValueError, match=r"Nothing\.__getitem__ must give"):
        list(get_data_adapter(Nothing()))


@pytest.mark.parametrize("name", ["y", "sample_weight"])
def test_targets_come_out_of_the_data_set(name):
    with pytest.raises(ValueError, match=f"`{name}` must not be given when `x` is a Numbers"):
        get_data_adapter(Numbers(), **{name: np.zeros(2)})
