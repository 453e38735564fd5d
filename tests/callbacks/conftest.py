"""A model of a few attributes and a loop like that of `fit`, for callbacks of both libraries."""

import warnings
from types import SimpleNamespace

import numpy as np
import pytest

import minikeras.callbacks


class TinyModel:
    """What callbacks ask of a model. Its one weight counts the epochs."""

    def __init__(self, learning_rate=0.1, metrics=()):
        self.built = True
        self.stop_training = False
        self.optimizer = SimpleNamespace(learning_rate=learning_rate, built=True)
        self.metrics = list(metrics)
        self.trainable_variables = []
        self.weight = np.zeros(())
        self.saved = []
        self._initial_epoch = None

    def get_weights(self):
        return [self.weight.copy()]

    def set_weights(self, weights):
        self.weight = weights[0].copy()

    def save(self, filepath, overwrite):
        self.saved.append(("model", str(filepath)))
        self._write(filepath)

    def save_weights(self, filepath, overwrite):
        self.saved.append(("weights", str(filepath)))
        self._write(filepath)

    def _write(self, path):
        with open(path, "w") as file:
            file.write(str(float(self.weight)))

    def load_weights(self, filepath):
        with open(filepath) as file:
            text = file.read()
        if text == "damaged":
            raise OSError("damaged file")
        self.weight = np.array(float(text))


def train(api, callbacks, epoch_logs, model=None, batch_logs=(), verbose=0, **kwargs):
    """Call every hook as `fit` does, with these logs; return the model and what was warned."""
    model = TinyModel() if model is None else model
    steps = len(batch_logs)
    if not isinstance(callbacks, list):
        callbacks = [callbacks]  # outside of a list, Keras calls it from several threads at once
    epochs = kwargs.pop("epochs", len(epoch_logs))
    container = api.CallbackList(
        callbacks, model=model, verbose=verbose, epochs=epochs, steps=steps, **kwargs
    )
    model.stop_training = False
    model.trace = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        container.on_train_begin()
        logs = {}
        for epoch in range(model._initial_epoch or 0, epochs):
            container.on_epoch_begin(epoch)
            rate = model.optimizer.learning_rate
            for step, logs in enumerate(batch_logs):
                container.on_train_batch_begin(step)
                container.on_train_batch_end(step, logs)
                if model.stop_training:
                    break
            model.weight = model.weight + 1
            logs = dict(epoch_logs[epoch])
            container.on_epoch_end(epoch, logs)
            model.trace.append((epoch, float(rate), model.stop_training))
            if model.stop_training:
                break
        container.on_train_end(logs)
    messages = [str(w.message) for w in caught if w.category is UserWarning]
    return model, messages


@pytest.fixture
def tiny_model():
    return TinyModel


@pytest.fixture(scope="session")
def fit():
    return train


@pytest.fixture(scope="session")
def ours():
    return minikeras.callbacks


@pytest.fixture(scope="session")
def theirs(keras):
    return keras.callbacks


@pytest.fixture(params=["ours", pytest.param("theirs", marks=pytest.mark.slow)])
def api(request):
    """Both, for what is asserted against known values."""
    return request.getfixturevalue(request.param)
