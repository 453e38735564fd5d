"""`keras.preprocessing.sequence` of Keras 2; expected values are Keras 2.15's."""

import json
import random

import numpy as np
import pytest

import minikeras
from minikeras.compat.keras2.preprocessing.sequence import (
    TimeseriesGenerator,
    make_sampling_table,
    skipgrams,
    timeseries_generator_from_json,
)

pytestmark = pytest.mark.filterwarnings("ignore::minikeras.compat.spelling.OldSpelling")

WORDS = [1, 5, 0, 3, 2, 7, 3]


def drawn(*args, **kwargs):
    random.seed(5)
    return skipgrams(*args, **kwargs)


def test_skipgrams_are_drawn_as_by_keras():
    couples, labels = drawn(WORDS, 20, window_size=1)
    assert couples == [
        *([7, 13], [2, 7], [5, 4], [3, 16], [2, 18], [5, 1], [3, 8], [3, 7], [7, 3], [7, 2]),
        *([2, 6], [7, 2], [2, 3], [3, 2], [1, 12], [1, 5]),
    ]
    assert labels == [0, 1, 0, 0, 0, 1, 0, 1, 1, 1, 0, 0, 1, 1, 0, 1]
    seeded, _ = drawn(WORDS, 20, seed=9)
    assert seeded[:5] == [[2, 6], [2, 6], [3, 6], [2, 3], [2, 18]]
    table = make_sampling_table(20, 0.1)
    couples, labels = drawn(WORDS, 20, sampling_table=table)
    assert couples[:4] == [[5, 16], [5, 4], [7, 2], [5, 2]] and sum(labels) == 8


def test_pairs_and_labels():
    couples, labels = skipgrams(WORDS, 20, negative_samples=0, shuffle=False)
    assert couples[:4] == [[1, 5], [1, 3], [1, 2], [5, 1]] and set(labels) == {1}
    assert not any(0 in pair for pair in couples)
    couples, labels = skipgrams(WORDS, 20, negative_samples=2.5, categorical=True)
    assert len(couples) == len(labels) == int(len(couples) / 3.5 * 2.5) + 24
    assert labels.count([0, 1]) == 24 and labels.count([1, 0]) == 60


def test_sampling_table():
    np.testing.assert_allclose(
        make_sampling_table(10, 0.3), [0.54598535, 0.54598535, 0.94846629, *[1] * 7], rtol=1e-7
    )


SERIES = np.arange(60).reshape(30, 2)
TARGETS = np.arange(30) * 10


def test_windows():
    generator = TimeseriesGenerator(SERIES, TARGETS, length=4, batch_size=8)
    assert len(generator) == 4
    x, y = generator[3]
    assert x.shape == (2, 4, 2)
    np.testing.assert_array_equal(x[-1], SERIES[25:29])
    assert y.tolist() == [280, 290]


def test_rates_strides_and_limits():
    generator = TimeseriesGenerator(
        SERIES,
        TARGETS,
        length=6,
        sampling_rate=2,
        stride=3,
        start_index=2,
        end_index=25,
        batch_size=4,
    )
    batches = list(generator)
    assert len(batches) == len(generator) == 2
    np.testing.assert_array_equal(batches[0][0][1], SERIES[5:11:2])
    assert np.concatenate([y for _, y in batches]).tolist() == [80, 110, 140, 170, 200, 230]


def test_shuffled_windows_are_drawn_as_by_keras():
    np.random.seed(2)
    generator = TimeseriesGenerator(SERIES, TARGETS, 3, shuffle=True, batch_size=5, reverse=True)
    x, y = generator[0]
    np.random.seed(2)
    rows = np.random.randint(3, 30, size=5)
    assert y.tolist() == (rows * 10).tolist()
    np.testing.assert_array_equal(x[0], SERIES[rows[0] - 3 : rows[0]][::-1])


def test_json_goes_there_and_back():
    generator = TimeseriesGenerator(SERIES, list(TARGETS.tolist()), 4, stride=2, start_index=3)
    config = json.loads(generator.to_json())
    assert config["class_name"] == "TimeseriesGenerator"
    again = timeseries_generator_from_json(generator.to_json())
    for ours, theirs in zip(generator[0], again[0]):
        np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(TypeError, match="`data` cannot be written as JSON"):
        TimeseriesGenerator([object()] * 9, [0] * 9, 2).to_json()


def test_what_does_not_fit_is_said():
    with pytest.raises(ValueError, match="must have the same length. Received: 30 and 3"):
        TimeseriesGenerator(SERIES, [1, 2, 3], 2)
    with pytest.raises(ValueError, match="there is no window"):
        TimeseriesGenerator(SERIES, TARGETS, length=30)
    assert len(TimeseriesGenerator(SERIES, TARGETS, length=29)) == 1


def test_it_trains():
    model = minikeras.Sequential([minikeras.layers.Flatten(), minikeras.layers.Dense(1)])
    model.compile("adam", "mse")
    x = np.linspace(0, 1, 40)[:, None]
    generator = TimeseriesGenerator(x, x, 3, batch_size=8)
    loss = model.fit(generator, epochs=20, verbose=0).history["loss"]
    assert loss[-1] < loss[0]
    assert model.predict(generator, verbose=0).shape == (37, 1)
