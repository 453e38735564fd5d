import copy
import pickle

import numpy as np
import pytest

import minikeras
from minikeras import callbacks
from minikeras.callbacks import Callback

MADE = {
    "BackupAndRestore": {"backup_dir": "backup"},
    "CSVLogger": {"filename": "log.csv"},
    "LearningRateScheduler": {"schedule": np.minimum},  # as a function that can be pickled
    "ModelCheckpoint": {"filepath": "m.weights.h5", "save_weights_only": True},
    "OrbaxCheckpoint": None,  # is left out
    "RemoteMonitor": None,  # needs a server
    "SwapEMAWeights": None,  # needs an optimizer with averages
}


@pytest.mark.parametrize("name", callbacks.__all__)
def test_callbacks_are_copied_and_pickled_with_what_they_know(name, tmp_path, monkeypatch):
    if MADE.get(name, {}) is None:
        pytest.skip("is not made for this training")
    if name == "ModelCheckpoint":
        pytest.importorskip("h5py")
    if name == "TensorBoard":
        pytest.importorskip("tensorboardX")
    monkeypatch.chdir(tmp_path)
    callback = getattr(callbacks, name)(**MADE.get(name, {}))
    model = minikeras.Sequential([minikeras.Input((2,)), minikeras.layers.Dense(1)])
    model.compile("sgd", "mse")
    if name != "CallbackList":
        x = np.ones((4, 2))
        model.fit(x, x[:, :1], epochs=2, validation_split=0.5, verbose=0, callbacks=[callback])
    plain = {
        key: value
        for key, value in vars(callback).items()
        if isinstance(value, (int, float, str, list)) and key not in ("callbacks", "_callbacks")
    }
    for other in (copy.deepcopy(callback), pickle.loads(pickle.dumps(callback))):
        assert {key: getattr(other, key) for key in plain} == plain


def test_hooks_of_a_plain_callback_do_nothing_and_aliases_are_called():
    seen = []

    class Older(Callback):
        def __init__(self):  # without that of the base class
            pass

        def on_batch_begin(self, batch, logs=None):
            seen.append(("begin", batch, logs))

        def on_batch_end(self, batch, logs=None):
            seen.append(("end", batch, logs))

    callback = Older()
    assert callback.model is None and callback.params is None
    callback.on_train_batch_begin(3)
    callback.on_train_batch_end(3, {"loss": 1.0})
    assert seen == [("begin", 3, None), ("end", 3, {"loss": 1.0})]


def test_every_hook_of_keras_is_there(theirs):
    missing = [
        n for n in dir(theirs.Callback) if not n.startswith("_") and not hasattr(Callback, n)
    ]
    assert missing == []
