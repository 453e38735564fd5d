"""Callbacks of Keras 2."""

import json
import pickle

import numpy as np
import pytest

import minikeras
from minikeras import layers
from minikeras.compat.keras2 import callbacks
from minikeras.compat.keras2.naming import Logs

X = np.random.RandomState(0).rand(32, 3)
Y = (X[:, 0] > 0.5).astype(int)


def model():
    made = minikeras.Sequential([minikeras.Input((3,)), layers.Dense(1, "sigmoid")])
    made.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return made


def test_logs_are_found_by_all_their_names():
    logs = Logs(accuracy=0.5, val_main_mean_absolute_error=2.0, learning_rate=0.1)
    assert logs["acc"] == 0.5 and logs["val_main_mae"] == 2.0 and logs.get("lr") == 0.1
    assert "acc" in logs and "val_acc" not in logs and logs.get("val_acc") is None
    with pytest.raises(KeyError, match="val_acc"):
        logs["val_acc"]
    assert list(logs) == ["accuracy", "val_main_mean_absolute_error", "learning_rate"]
    assert type(pickle.loads(pickle.dumps(logs))) is dict and json.loads(json.dumps(logs)) == logs


def test_checkpoints_under_old_names(keras2, tmp_path):
    pytest.importorskip("h5py")
    path = str(tmp_path / "weights.{epoch:02d}-{val_acc:.2f}.hdf5")
    checkpoint = callbacks.ModelCheckpoint(
        path, "val_acc", save_best_only=False, save_weights_only=True, period=2
    )
    trained = model()
    history = trained.fit(X, Y, epochs=5, validation_split=0.5, callbacks=[checkpoint], verbose=0)
    names = sorted(p.name for p in tmp_path.iterdir())
    values = history.history["val_accuracy"]
    assert names == [f"weights.{e:02d}-{values[e - 1]:.2f}.hdf5" for e in (2, 4)]
    trained.load_weights(tmp_path / names[0])
    with pytest.raises(KeyError, match="val_f1"):
        wrong = callbacks.ModelCheckpoint("{val_f1:.2f}.h5", mode="max")
        trained.fit(X, Y, callbacks=[wrong], verbose=0)


def test_the_best_checkpoint_is_that_of_the_highest_accuracy(keras2, tmp_path):
    pytest.importorskip("h5py")
    checkpoint = callbacks.ModelCheckpoint(
        str(tmp_path / "{epoch}.h5"), "val_acc", save_best_only=True
    )
    checkpoint.set_model(model())
    for epoch, acc in enumerate([0.5, 0.4, 0.7]):
        checkpoint.on_epoch_end(epoch, Logs(val_acc=acc))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["1.h5", "3.h5"]


@pytest.mark.parametrize(
    "monitor, better",
    [("val_acc", 0.9), ("val_fmeasure", 0.1), ("fmeasure_2", 0.9), ("my_error", 0.1)],
)
def test_auto_goes_by_the_name(keras2, monitor, better):
    stopping = callbacks.NAMES["EarlyStopping"](monitor, patience=1)
    stopping.set_model(model())
    stopping.on_train_begin()
    for epoch, value in enumerate([0.5, better, 0.5]):
        stopping.on_epoch_end(epoch, Logs({monitor: value}))
    assert stopping.best == better


def test_old_arguments_and_logs_of_learning_rates(keras2):
    reduce = callbacks.NAMES["ReduceLROnPlateau"]("loss", 0.5, 1, epsilon=10.0)
    assert reduce.min_delta == 10.0
    trained = model()
    history = trained.fit(X, Y, epochs=3, callbacks=[reduce], verbose=0).history
    np.testing.assert_allclose(history["lr"], [1e-3, 1e-3, 5e-4], rtol=1e-6)
    schedule = callbacks.NAMES["LearningRateScheduler"](lambda epoch: 0.1 / (epoch + 1))
    history = trained.fit(X, Y, epochs=2, callbacks=[schedule, callbacks.BaseLogger()], verbose=0)
    np.testing.assert_allclose(history.history["lr"], [0.1, 0.05], rtol=1e-6)


def test_tensorboard_takes_the_arguments_of_then(keras2, tmp_path):
    pytest.importorskip("tensorboardX")
    from event_files import scalars

    board = callbacks.NAMES["TensorBoard"](
        tmp_path, 1, 32, True, update_freq="batch", write_grads=False
    )
    history = model().fit(X, Y, batch_size=16, validation_split=0.5, callbacks=[board], verbose=0)
    train, validation = scalars(tmp_path / "train"), scalars(tmp_path / "validation")
    assert np.isclose(train["epoch_loss", 0], history.history["loss"][0])
    assert np.isclose(validation["epoch_loss", 0], history.history["val_loss"][0])
    assert ("batch_loss", 1) in train
