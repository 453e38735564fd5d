"""`config.set_threads`: another number of threads changes no bit of a training."""

import numpy as np
import pytest

import minikeras
from minikeras import config, layers


@pytest.fixture(autouse=True)
def threads_of_before():
    yield
    config.set_threads(None)


def mlp():
    x, y = draw(256, 300), draw(256, 10)
    hidden = [layers.Dense(512, activation="relu") for _ in range(2)]
    return [hidden[0], layers.Dropout(0.2), hidden[1], layers.Dense(10)], x, y


def convnet():
    x, y = draw(48, 28, 28, 8), draw(48, 4)
    middle = [layers.Conv2D(32, 3, padding="same"), layers.BatchNormalization(), layers.ReLU()]
    end = [layers.DepthwiseConv2D(3), layers.MaxPooling2D(2), layers.Flatten(), layers.Dense(4)]
    return middle + end, x, y


def lstm():
    x = np.random.default_rng(1).integers(0, 2000, (64, 40))
    return [layers.Embedding(2000, 128), layers.LSTM(128), layers.Dense(4)], x, draw(64, 4)


def transformer():
    x, y = draw(16, 128, 64), draw(16, 128, 64)
    inputs = minikeras.Input((128, 64))
    attended = layers.MultiHeadAttention(4, 32, dropout=0.1)(inputs, inputs, use_causal_mask=True)
    hidden = layers.LayerNormalization()(layers.Add()([inputs, attended]))
    outputs = layers.Dense(64)(layers.Dense(256, activation="gelu")(hidden))
    return minikeras.Model(inputs, outputs), x, y


def draw(*shape):
    return np.random.default_rng(len(shape)).normal(size=shape).astype("float32")


def trained(make):
    """Return all that comes out of two steps of training, and of `predict`."""
    minikeras.utils.set_random_seed(3)
    model, x, y = make()
    if isinstance(model, list):
        model = minikeras.Sequential(model)
    model.compile("adam", "mse", metrics=["mae"])
    history = model.fit(x, y, batch_size=len(x), epochs=2, verbose=0).history
    slots = [variable.numpy() for variable in model.optimizer.variables]
    return [*model.get_weights(), *slots, model.predict(x, verbose=0), *history.values()]


@pytest.mark.parametrize("make", [mlp, convnet, lstm, transformer])
def test_a_training_has_the_same_bits_on_any_number_of_threads(make):
    config.set_threads(1)
    expected = trained(make)
    for n in (2, 4, 8):
        config.set_threads(n)
        for ours, theirs in zip(trained(make), expected, strict=True):
            assert np.array_equal(ours, theirs)


def test_the_setting_holds_until_it_is_taken_back():
    before = config.get_threads()
    config.set_threads(before + 3)
    assert config.get_threads() == before + 3
    config.set_threads(None)
    assert config.get_threads() == before


@pytest.mark.parametrize("n", [0, -1, 2.0, "2", True])
def test_a_number_below_one_is_refused(n):
    before = config.get_threads()
    with pytest.raises(ValueError, match="argument `n` must be a positive integer"):
        config.set_threads(n)
    assert config.get_threads() == before


class Asking(minikeras.utils.PyDataset):
    """Batches of the number of threads of whoever makes them."""

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return np.full((1, 1), config.get_threads(), "float32")


def test_worker_processes_of_a_data_set_share_the_threads():
    config.set_threads(5)
    model = minikeras.Sequential([minikeras.Input((1,)), layers.Identity()])
    dataset = Asking(workers=2, use_multiprocessing=True)
    assert model.predict(dataset, verbose=0).tolist() == [[2], [2]]
