import threading
import warnings

import numpy as np
import pytest

from minikeras.common.settings import settings
from minikeras.random.random_state import get_random_state, set_random_state
from minikeras.saving.plain_data import Packed
from minikeras.trainers.data_adapters import PyDataset
from minikeras.trainers.epoch_iterator import EpochIterator

RAN_OUT = "Your input ran out of data"


def generate(n):
    for index in range(n):
        yield np.full((2, 1), index), np.full(2, index)


class Loader:
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return generate(self.n)


class Dataset(PyDataset):
    def __init__(self, n, **kwargs):
        super().__init__(**kwargs)
        self.n, self.calls = n, []

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        return np.full((2, 1), index), np.full(2, index)

    def on_epoch_begin(self):
        self.calls.append("begin")

    def on_epoch_end(self):
        self.calls.append("end")


def arrays(n):
    return np.arange(n).repeat(2)


SOURCES = [generate, Loader, Dataset, lambda n: Dataset(n, workers=2), arrays]


def make(source, n, **kwargs):
    return EpochIterator(source(n), batch_size=2 if source is arrays else None, **kwargs)


def run(epochs):
    """The batches of an epoch, and whether it warned that the data ran out."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        steps, batches = [], []
        for step, batch in epochs.epoch():
            steps.append(step)
            batches.append(int(np.asarray(batch[-1] if isinstance(batch, tuple) else batch)[0]))
    assert steps == list(range(len(steps)))
    assert all(RAN_OUT in str(warning.message) for warning in caught)
    return batches, bool(caught)


@pytest.mark.parametrize("source", SOURCES)
def test_one_pass_is_one_epoch(source):
    epochs = make(source, 3)
    assert run(epochs) == ([0, 1, 2], False)
    assert epochs.num_batches == 3
    if source is generate:
        assert run(epochs) == ([], True)
        assert epochs.exhausted
    else:
        assert run(epochs) == ([0, 1, 2], False)
        assert not epochs.exhausted


@pytest.mark.parametrize("source", SOURCES)
def test_epochs_share_a_stream(source):
    epochs = make(source, 5, steps_per_epoch=2)
    assert epochs.num_batches == 2
    assert [run(epochs) for _ in range(3)] == [([0, 1], False), ([2, 3], False), ([4], True)]
    assert not epochs.exhausted
    assert run(epochs) == (([], True) if source is generate else ([0, 1], False))
    assert epochs.exhausted == (source is generate)


@pytest.mark.parametrize("source", SOURCES[1:])
def test_a_stream_that_ends_with_an_epoch_starts_anew_in_silence(source):
    epochs = make(source, 4, steps_per_epoch=2)
    assert [run(epochs) for _ in range(4)] == [([0, 1], False), ([2, 3], False)] * 2


def test_no_workers_are_left_when_the_last_epoch_ends_with_the_data():
    epochs = EpochIterator(Dataset(4, workers=2), steps_per_epoch=2)
    run(epochs), run(epochs)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("Dataset")]


@pytest.mark.parametrize("source", SOURCES[1:])
def test_more_steps_than_data(source):
    epochs = make(source, 3, steps_per_epoch=5)
    assert [run(epochs) for _ in range(2)] == [([0, 1, 2], True)] * 2


def test_an_endless_generator():
    epochs = EpochIterator(generate(10**9), steps_per_epoch=3)
    assert [run(epochs)[0] for _ in range(3)] == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


def test_hooks_enclose_each_epoch():
    for kwargs in ({}, {"steps_per_epoch": 2}):
        dataset = Dataset(4)
        epochs = EpochIterator(dataset, **kwargs)
        for _ in epochs.epoch():
            assert dataset.calls == ["begin"]
        assert dataset.calls == ["begin", "end"]


@pytest.mark.parametrize("kwargs", [{}, {"steps_per_epoch": 3}])
def test_an_abandoned_epoch_starts_anew(kwargs):
    epochs = make(Dataset, 4, **kwargs)
    epoch = epochs.epoch()
    next(epoch)
    epoch.close()
    assert run(epochs)[0][0] == 0


def test_reset_starts_the_stream_anew():
    epochs = make(arrays, 5, steps_per_epoch=2)
    run(epochs)
    epochs.reset()
    assert run(epochs) == ([0, 1], False)


@pytest.mark.parametrize("source", SOURCES)
def test_peek_uses_up_nothing(source):
    epochs = make(source, 3)
    first = epochs.peek()
    assert np.asarray(first[-1] if isinstance(first, tuple) else first)[0] == 0
    assert run(epochs) == ([0, 1, 2], False)


def test_steps_divide_arrays_without_batch_size():
    epochs = EpochIterator(np.zeros((100, 2)), steps_per_epoch=3)
    assert [len(batch) for _, batch in epochs.epoch()] == [34, 34, 32]


def test_the_cap_for_debugging(monkeypatch):
    monkeypatch.setattr(settings, "max_steps_per_epoch", 2)
    with pytest.warns(UserWarning, match="Limiting steps_per_epoch to 2"):
        epochs = EpochIterator(np.zeros((100, 2)), steps_per_epoch=10)
    assert epochs.num_batches == 2
    assert [len(batch) for _, batch in epochs.epoch()] == [10, 10]


@pytest.mark.parametrize("steps", [0, -1, 2.5, "all"])
def test_bad_steps(steps):
    with pytest.raises(ValueError, match="steps_per_epoch"):
        EpochIterator(np.zeros(3), steps_per_epoch=steps)


# A place in the data, gone to in another process.


class Drawing:
    """An iterable that draws an order for each pass, and noise for each batch."""

    def __iter__(self):
        for index in np.random.permutation(5):
            yield np.full((2, 1), index) + np.random.rand(), np.full(2, index)


class DrawingDataset(Dataset):
    order = np.arange(5)

    def __getitem__(self, index):
        x, y = super().__getitem__(self.order[index])
        return x + np.random.rand(), y

    def on_epoch_begin(self):
        self.order = np.random.permutation(self.n)


def drawing_generator():
    while True:
        yield from Drawing()


ROWS = np.arange(10.0)
DATA = {
    "arrays": lambda: {"x": ROWS, "y": ROWS, "shuffle": True},
    "arrays within batches": lambda: {"x": ROWS, "y": ROWS, "shuffle": "batch"},
    "arrays in order": lambda: {"x": ROWS, "y": ROWS},
    "data set": lambda: {"x": DrawingDataset(5), "shuffle": True},
    "data set with threads": lambda: {"x": Dataset(5, workers=2), "shuffle": True},
    "iterable": lambda: {"x": Drawing()},
    "generator": lambda: {"x": drawing_generator()},
}


@pytest.mark.parametrize("kind", DATA)
@pytest.mark.parametrize("steps", [None, 2, 3, 5])
def test_goes_on_from_a_state(kind, steps):
    """Stop after each batch and at the end of each epoch, and go on with another iterator."""
    if kind == "generator" and steps is None:
        pytest.skip("is endless")
    epochs, rest = 3, {"batch_size": 2, "steps_per_epoch": steps}

    def begin():
        np.random.seed(0)
        iterator = EpochIterator(**DATA[kind](), **rest)
        iterator.peek()
        iterator.note_randoms()
        return iterator

    def batches(iterator, first, states=None):
        """Give all batches, with draws of others between them, and note the state at each."""
        for epoch in range(first, epochs):
            for step, batch in iterator.epoch():
                other = np.random.rand() if step == 1 else None
                yield epoch, step, [a.tolist() for a in batch], other
                if states is not None:
                    states.append((epoch, *state_of(iterator)))
            if states is not None:
                states.append((epoch + 1, *state_of(iterator)))

    def state_of(iterator):
        source = iterator.source.get_state() if iterator.source is not None else None
        return Packed((iterator.get_state(), source, get_random_state())).value()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that data run out
        states = []
        whole = list(batches(begin(), 0, states))
        assert len(states) == len(whole) + epochs
        count = 0
        for epoch, state, source, randoms in states:
            count += state["done"] > 0
            iterator = begin()
            if source is not None:
                iterator.source.set_state(source)
            iterator.set_state(state)
            set_random_state(randoms)
            assert list(batches(iterator, epoch)) == whole[count:]
