"""A `Sequence` of Keras 2 gives as many batches as are asked for."""

import pickle
import warnings

import numpy as np

import minikeras
from minikeras.compat.keras2.rounds import Rounds, enough_for


class Batches(minikeras.utils.PyDataset):
    def __init__(self, n=3, **kwargs):
        super().__init__(**kwargs)
        self.n, self.rounds, self.seen = n, 0, []

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        self.seen.append(index)
        return np.full((2, 1), index), np.zeros((2, 1))

    def on_epoch_end(self):
        self.rounds += 1


def model():
    model = minikeras.Sequential([minikeras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def fit(data, **kwargs):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # "Your input ran out of data"
        return model().fit(data, verbose=0, **kwargs)


def test_epochs_go_on_where_the_last_one_ended():
    batches = Batches()
    history = fit(enough_for(batches, 2, going_on=True), steps_per_epoch=2, epochs=3)
    assert len(history.history["loss"]) == 3
    assert batches.seen[-6:] == [0, 1, 2, 0, 1, 2]
    assert batches.rounds == 1


def test_more_steps_than_batches():
    batches = Batches(workers=3)
    fit(enough_for(batches, 7, going_on=True), steps_per_epoch=7, epochs=1)
    assert len(batches.seen) >= 7 and batches.rounds >= 2


def test_each_round_has_its_own_order():
    batches = Batches(50)
    rounds = Rounds(batches, shuffle=True)
    found = [int(rounds[i][0][0, 0]) for i in range(100)]
    assert sorted(found[:50]) == sorted(found[50:]) == list(range(50))
    assert found[:50] != found[50:]
    again = pickle.loads(pickle.dumps(rounds))
    np.testing.assert_array_equal(again[60][0], rounds[60][0])


def test_what_is_enough_stays_as_it_is():
    batches = Batches()
    for steps, going_on in ((None, True), (3, True), (3, False), (2, False)):
        assert enough_for(batches, steps, going_on=going_on) is batches
    arrays = np.zeros((2, 2))
    assert enough_for(arrays, 7) is arrays
    assert model().predict(enough_for(batches, 5), steps=5, verbose=0).shape == (10, 1)
