import json
import os

import numpy as np
import pytest

import minikeras


class Crash(Exception):
    pass


def crash_at(api, epoch=None, batch=None):
    class Crasher(api.Callback):
        def on_epoch_begin(self, now, logs=None):
            self.epoch = now
            if now == epoch and batch is None:
                raise Crash

        def on_train_batch_end(self, now, logs=None):
            if self.epoch == epoch and now == batch:
                raise Crash

    return Crasher()


EPOCHS = [{"loss": 1.0}] * 6
BATCHES = [{"loss": 1.0}] * 4


def test_goes_on_where_it_was_interrupted(api, fit, tiny_model, tmp_path):
    directory = str(tmp_path / "backup")
    with pytest.raises(Crash):
        fit(api, [api.BackupAndRestore(directory), crash_at(api, 4)], EPOCHS)
    with open(os.path.join(directory, "training_metadata.json")) as file:
        assert json.load(file) == {"epoch": 4, "batch": 0}
    model, _ = fit(api, api.BackupAndRestore(directory), EPOCHS)
    assert [epoch for epoch, _, _ in model.trace] == [4, 5]
    assert model.weight == 6
    assert not os.path.exists(directory)


@pytest.mark.parametrize("save_freq", [1, 3, 4, 5])
def test_backups_by_batches_as_keras(ours, theirs, fit, tmp_path, save_freq):
    def run(api, name):
        directory = tmp_path / name
        callbacks = [api.BackupAndRestore(str(directory), save_freq=save_freq)]
        with pytest.raises(Crash):
            fit(api, [*callbacks, crash_at(api, 2, 3)], EPOCHS, batch_logs=BATCHES)
        metadata = json.loads((directory / "training_metadata.json").read_text())
        return metadata, (directory / "latest.weights.h5").read_text()

    assert run(ours, "ours") == run(theirs, "theirs")


def test_a_second_crash_keeps_the_epoch(ours, fit, tmp_path):
    directory = str(tmp_path / "backup")
    for _ in range(2):
        with pytest.raises(Crash):
            fit(
                ours,
                [ours.BackupAndRestore(directory, save_freq=2), crash_at(ours, 3, 2)],
                EPOCHS,
                batch_logs=BATCHES,
            )
        metadata = json.loads((tmp_path / "backup" / "training_metadata.json").read_text())
        assert metadata == {"epoch": 3, "batch": 1}


def test_later_trainings_begin_at_zero(ours, fit, tmp_path):
    directory = str(tmp_path / "backup")
    with pytest.raises(Crash):
        fit(ours, [ours.BackupAndRestore(directory), crash_at(ours, 4)], EPOCHS)
    model, _ = fit(ours, ours.BackupAndRestore(directory), EPOCHS)
    fit(ours, ours.BackupAndRestore(directory), EPOCHS, model=model)
    assert [epoch for epoch, _, _ in model.trace] == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("damage", ["weights", "metadata"])
def test_double_checkpoint(ours, fit, tmp_path, damage):
    directory = tmp_path / "backup"
    with pytest.raises(Crash):
        fit(
            ours,
            [ours.BackupAndRestore(directory, double_checkpoint=True), crash_at(ours, 4)],
            EPOCHS,
        )
    if damage == "weights":
        (directory / "latest.weights.h5").write_text("damaged")
    else:
        (directory / "training_metadata.json").write_text("{")
    model, warned = fit(ours, ours.BackupAndRestore(directory, double_checkpoint=True), EPOCHS)
    assert [epoch for epoch, _, _ in model.trace] == [3, 4, 5]
    assert model.weight == 6
    assert "cannot be read" in warned[0]
    assert not directory.exists()


def test_a_damaged_file_of_a_real_model_is_passed_over(tmp_path):
    pytest.importorskip("h5py")
    model = minikeras.Sequential([minikeras.Input((2,)), minikeras.layers.Dense(1)])
    model.compile("adam", "mse")
    data = np.ones((4, 2)), np.ones((4, 1))

    def fit(epochs):
        backup = minikeras.callbacks.BackupAndRestore(
            tmp_path, double_checkpoint=True, delete_checkpoint=False
        )
        return model.fit(*data, epochs=epochs, verbose=0, callbacks=[backup])

    fit(3)
    with open(tmp_path / "latest.weights.h5", "r+b") as file:
        file.truncate(100)
    with pytest.warns(UserWarning, match="cannot be read.*Going back to the one before"):
        assert fit(4).epoch == [2, 3]


def test_damaged_backup_without_another(api, fit, tmp_path):
    (tmp_path / "latest.weights.h5").write_text("damaged")
    with pytest.raises(OSError, match="damaged"):
        fit(api, api.BackupAndRestore(str(tmp_path)), EPOCHS)


def test_failed_backup_leaves_the_old_one(ours, tmp_path, tiny_model):
    model = tiny_model()
    callback = ours.BackupAndRestore(tmp_path)
    callback.set_model(model)
    model.weight = np.array(7.0)
    callback.on_epoch_end(0)

    def half(path, overwrite):
        with open(path, "w") as file:
            file.write("damaged")
        raise Crash

    model.save_weights = half
    with pytest.raises(Crash):
        callback.on_epoch_end(1)
    restored = tiny_model()
    other = ours.BackupAndRestore(tmp_path)
    other.set_model(restored)
    other.on_train_begin()
    assert restored.weight == 7.0 and restored._initial_epoch == 1


def test_keeps_what_it_is_told_to_keep(ours, fit, tmp_path):
    directory = tmp_path / "backup"
    fit(ours, ours.BackupAndRestore(directory, delete_checkpoint=False), EPOCHS)
    assert (directory / "latest.weights.h5").exists()
    (directory / "mine.txt").write_text("precious")
    fit(ours, ours.BackupAndRestore(directory), EPOCHS)
    assert os.listdir(directory) == ["mine.txt"]


def test_builds_the_optimizer_before_loading(api, tmp_path, tiny_model):
    (tmp_path / "latest.weights.h5").write_text("1.0")
    model, built = tiny_model(), []
    model.optimizer.built = False
    model.optimizer.build = built.append
    callback = api.BackupAndRestore(str(tmp_path))
    callback.set_model(model)
    callback.on_train_begin()
    assert built == [model.trainable_variables]


def test_no_backups(ours, fit, tmp_path):
    fit(
        ours,
        ours.BackupAndRestore(tmp_path / "backup", save_freq=False, delete_checkpoint=False),
        EPOCHS,
        batch_logs=BATCHES,
    )
    assert not (tmp_path / "backup").exists()


def test_model_that_is_not_built(api, fit, tiny_model, tmp_path):
    model = tiny_model()
    model.built = False
    with pytest.raises(ValueError, match="built"):
        fit(api, api.BackupAndRestore(str(tmp_path)), EPOCHS, model=model)


@pytest.mark.parametrize("kwargs", [{"backup_dir": ""}, {"backup_dir": "d", "save_freq": "batch"}])
def test_bad_arguments(api, kwargs):
    with pytest.raises(ValueError, match=r"backup_dir|save_freq"):
        api.BackupAndRestore(**kwargs)
