"""What is kept when, and what becomes of it; tests/callbacks/test_killed_training.py kills for real."""

import json
import os

import numpy as np
import pytest

import minikeras
from minikeras import callbacks, layers
from minikeras.saving.saving_lib import load_training

DATA = np.arange(16.0).reshape(8, 2) / 16, np.ones((8, 1))


class Crash(Exception):
    pass


def crash_at(api, epoch, batch=None):
    """Return a callback that raises when an epoch begins, or a batch of it."""

    class Crasher(api.Callback):
        def on_epoch_begin(self, now, logs=None):
            self.epoch = now
            if now == epoch and batch is None:
                raise Crash

        def on_train_batch_begin(self, now, logs=None):
            if self.epoch == epoch and now == batch:
                raise Crash

    return Crasher()


class Batches(callbacks.Callback):
    """Notes which batches were trained on."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append((self.epoch, batch))


def built():
    minikeras.utils.set_random_seed(1)
    model = minikeras.Sequential([minikeras.Input((2,)), layers.Dense(1)])
    model.compile("adam", "mse")
    return model


def trained(*more, model=None, epochs=6, **kwargs):
    """Train with batches of 2, 4 of them an epoch; return the model and the history."""
    model = model or built()
    kwargs = {"batch_size": 2, "verbose": 0, **kwargs}
    return model, model.fit(*DATA, epochs=epochs, callbacks=list(more), **kwargs)


def crashed(directory, epoch, batch=None, **kwargs):
    backup = callbacks.BackupAndRestore(directory, **kwargs)
    with pytest.raises(Crash):
        trained(backup, crash_at(callbacks, epoch, batch))


def position(directory, name="latest.weights.npz"):
    model = built()
    model.optimizer.build(model.trainable_variables)
    found = load_training(model, str(directory / name))["position"]
    return found["epoch"], found["batch"]


def weights(model):
    return [w.tolist() for w in (*model.get_weights(), *map(np.asarray, model.optimizer.variables))]


@pytest.mark.parametrize("save_freq", ["epoch", 3])
@pytest.mark.parametrize("first", [True, False])
def test_goes_on_where_it_was_interrupted(tmp_path, save_freq, first):
    whole, history = trained()
    crashed(tmp_path / "b", 4, 3, save_freq=save_freq)
    others = [callbacks.TerminateOnNaN(), batches := Batches()]
    backup = callbacks.BackupAndRestore(tmp_path / "b", save_freq=save_freq)
    model, again = trained(*([backup, *others] if first else [*others, backup]))
    begun = {"epoch": (4, 0), 3: (4, 2)}[save_freq]
    assert batches.seen == [(e, b) for e in range(6) for b in range(4) if (e, b) >= begun]
    assert (backup.position.epoch, backup.position.batch) == begun
    assert weights(model) == weights(whole)
    assert again.history == history.history and again.epoch == [0, 1, 2, 3, 4, 5]
    assert not os.path.exists(tmp_path / "b")


@pytest.mark.parametrize("save_freq", [1, 3, 4, 5])
def test_backups_by_batches_as_keras(theirs, tmp_path, request, save_freq):
    """Compare the last batch before the last backup."""
    run = request.getfixturevalue("fit")
    backup = theirs.BackupAndRestore(str(tmp_path / "theirs"), save_freq=save_freq)
    logs = {"epoch_logs": [{"loss": 1.0}] * 6, "batch_logs": [{"loss": 1.0}] * 4}
    with pytest.raises(Crash):
        run(theirs, [backup, crash_at(theirs, 3, 0)], **logs)
    metadata = json.loads((tmp_path / "theirs" / "training_metadata.json").read_text())
    crashed(tmp_path / "ours", 3, 0, save_freq=save_freq)
    epoch, batch = position(tmp_path / "ours")
    assert metadata == {"epoch": epoch, "batch": batch - 1}


def test_the_first_backup_is_made_when_the_first_epoch_begins(tmp_path):
    crashed(tmp_path, 0, 0)
    assert position(tmp_path) == (0, 0)
    # Nothing that an epoch begins with is done twice.
    slower = callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    model, _ = trained(callbacks.BackupAndRestore(tmp_path), slower, epochs=1)
    assert float(np.asarray(model.optimizer.learning_rate)) == np.float32(0.001)


def test_a_schedule_that_halves_the_rate_halves_it_once_an_epoch(tmp_path):
    def slower():
        return callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)

    whole, history = trained(slower())
    backup = callbacks.BackupAndRestore(tmp_path / "b", save_freq=2)
    with pytest.raises(Crash):
        trained(slower(), backup, crash_at(callbacks, 2, 3))
    model, again = trained(slower(), callbacks.BackupAndRestore(tmp_path / "b", save_freq=2))
    assert again.history == history.history
    assert weights(model) == weights(whole)


def test_later_trainings_begin_at_zero(tmp_path):
    crashed(tmp_path / "b", 4)
    model, _ = trained(callbacks.BackupAndRestore(tmp_path / "b"))
    _, history = trained(callbacks.BackupAndRestore(tmp_path / "b"), model=model)
    assert history.epoch == [0, 1, 2, 3, 4, 5]
    crashed(tmp_path / "b", 4)
    with pytest.raises(Crash):
        trained(callbacks.BackupAndRestore(tmp_path / "b"), crash_at(callbacks, 5), model=model)
    assert trained(model=model)[1].epoch == [0, 1, 2, 3, 4, 5]


def test_ends_at_once_if_the_backup_is_kept(tmp_path):
    def keeping():
        return callbacks.BackupAndRestore(tmp_path, delete_checkpoint=False)

    stop = callbacks.EarlyStopping("loss", patience=1, min_delta=1.0)
    whole, history = trained(keeping(), stop)
    assert history.epoch == [0, 1]
    stop = callbacks.EarlyStopping("loss", patience=1, min_delta=1.0)
    model, again = trained(keeping(), stop, batches := Batches())
    assert batches.seen == []
    assert again.history == history.history and weights(model) == weights(whole)
    assert stop.stopped_epoch == 1
    (tmp_path / "mine.txt").write_text("precious")
    trained(callbacks.BackupAndRestore(tmp_path), epochs=8)
    assert os.listdir(tmp_path) == ["mine.txt"]


def test_what_callbacks_are_made_with_anew_counts(tmp_path):
    stop = callbacks.EarlyStopping("loss", patience=100, min_delta=1.0)
    with pytest.raises(Crash):
        trained(callbacks.BackupAndRestore(tmp_path), stop, crash_at(callbacks, 3))
    stop = callbacks.EarlyStopping("loss", patience=3, min_delta=1.0)
    assert trained(callbacks.BackupAndRestore(tmp_path), stop)[1].epoch == [0, 1, 2, 3]


def test_double_checkpoint(tmp_path):
    whole, _ = trained()
    crashed(tmp_path / "b", 4, double_checkpoint=True)
    assert position(tmp_path / "b") == (4, 0)
    path = tmp_path / "b" / "latest.weights.npz"
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.warns(UserWarning, match="cannot be read.*Going back to the one before"):
        model, _ = trained(
            callbacks.BackupAndRestore(tmp_path / "b", double_checkpoint=True), b := Batches()
        )
    assert b.seen[0] == (3, 0)
    assert weights(model) == weights(whole)
    assert not (tmp_path / "b").exists()


def test_damaged_backup_without_another(tmp_path):
    (tmp_path / "latest.weights.npz").write_text("damaged")
    with pytest.raises(OSError, match=r"latest\.weights\.npz.*damaged"):
        trained(callbacks.BackupAndRestore(tmp_path))


def test_a_backup_of_another_model(tmp_path):
    crashed(tmp_path, 2)
    model = minikeras.Sequential([minikeras.Input((2,)), layers.Dense(3), layers.Dense(1)])
    model.compile("adam", "mse")
    with pytest.raises(ValueError, match=f"{tmp_path}.*does not fit.*delete"):
        trained(callbacks.BackupAndRestore(tmp_path), model=model)


def test_failed_backup_leaves_the_old_one(tmp_path, monkeypatch):
    def fail(self, store):
        raise OSError(28, "No space left on device")

    class Fill(callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                monkeypatch.setattr(layers.Dense, "save_own_variables", fail)

    backup = callbacks.BackupAndRestore(tmp_path)
    with pytest.raises(OSError, match="No space left.*unchanged.*latest.weights.npz") as error:
        trained(backup, Fill())
    assert error.value.errno == 28
    monkeypatch.undo()
    assert os.listdir(tmp_path) == ["latest.weights.npz"]
    assert position(tmp_path) == (2, 0)


def test_a_lost_folder_is_made_again(tmp_path):
    class Lose(callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                os.remove(tmp_path / "b" / "latest.weights.npz")
                os.rmdir(tmp_path / "b")

    backup = callbacks.BackupAndRestore(tmp_path / "b")
    with pytest.raises(Crash):
        trained(backup, Lose(), crash_at(callbacks, 4))
    assert position(tmp_path / "b") == (4, 0)


def test_a_file_in_place_of_the_folder(tmp_path):
    (tmp_path / "b").write_text("")
    with pytest.raises(OSError, match=str(tmp_path / "b")):
        trained(callbacks.BackupAndRestore(tmp_path / "b"))


def test_builds_the_optimizer_before_loading(tmp_path):
    crashed(tmp_path, 4)
    model = built()
    backup = callbacks.BackupAndRestore(tmp_path)
    container = callbacks.CallbackList([backup], model=model)
    assert not model.optimizer.built
    container.on_train_begin()
    assert int(model.optimizer.iterations) == 16


def test_in_a_loop_of_ones_own(tmp_path):
    def train(crash):
        model, count = built(), []
        container = callbacks.CallbackList(
            [callbacks.BackupAndRestore(tmp_path / "b", save_freq=3), tell := Batches()],
            model=model,
            add_history=True,
        )
        container.on_train_begin()
        place = container.resumed
        for epoch in range(place.epoch if place else 0, 3):
            container.on_epoch_begin(epoch)
            first = place.batch if place and place.epoch == epoch else 0
            for batch in range(first, 4):
                if (epoch, batch) == crash:
                    return None
                rows = slice(2 * batch, 2 * batch + 2)
                loss = model.train_on_batch(DATA[0][rows], DATA[1][rows])
                container.on_train_batch_end(batch, {"loss": loss})
                count.append((epoch, batch))
            container.on_epoch_end(epoch, {"loss": loss})
        container.on_train_end()
        return weights(model), model.history.history, tell.seen, count

    whole = train(None)
    assert train((2, 1)) is None
    again = train(None)
    assert again[:3] == whole[:3]
    assert again[3] == [(2, b) for b in range(1, 4)]


def test_no_backups(tmp_path):
    trained(callbacks.BackupAndRestore(tmp_path / "b", save_freq=False, delete_checkpoint=False))
    assert not (tmp_path / "b").exists()


def test_no_work_in_batches_for_backups_by_epochs(tmp_path):
    container = callbacks.CallbackList([callbacks.BackupAndRestore(tmp_path)], model=built())
    container.on_train_begin()
    assert not container.wants_train_batches


def test_states_of_stateful_layers_go_on(tmp_path):
    def model():
        minikeras.utils.set_random_seed(2)
        inputs = minikeras.Input((3, 2), batch_size=2)
        model = minikeras.Model(inputs, layers.LSTM(2, stateful=True)(inputs))
        model.compile("sgd", "mse")
        return model

    x, y = np.random.default_rng(0).normal(size=(8, 3, 2)), np.ones((8, 2))

    def train(*more):
        now = model()
        history = now.fit(
            x, y, batch_size=2, epochs=3, shuffle=False, verbose=0, callbacks=list(more)
        )
        return history.history, [s.numpy().tolist() for s in now.layers[-1].states]

    whole = train()
    with pytest.raises(Crash):
        train(callbacks.BackupAndRestore(tmp_path, save_freq=3), crash_at(callbacks, 2, 3))
    assert train(callbacks.BackupAndRestore(tmp_path, save_freq=3)) == whole


def test_optimizers_that_only_a_step_of_the_users_builds(tmp_path):
    class Two(minikeras.Model):
        """Trains two layers in turn, the second only in every fifth step."""

        def __init__(self):
            super().__init__()
            self.first, self.second = layers.Dense(2), layers.Dense(1)

        def call(self, x):
            return self.second(self.first(x))

        def compile(self):
            super().compile(loss="mse")
            self.slow = minikeras.optimizers.Adam(0.1)
            self.fast = minikeras.optimizers.SGD(0.1, momentum=0.5)
            self.count = self.add_weight((), "zeros", trainable=False, dtype="int32", name="count")

        def train_step(self, data):
            x, y = data
            self.count.assign_add(1)
            slow = int(self.count) % 5 == 0
            layer, optimizer = (self.second, self.slow) if slow else (self.first, self.fast)
            with minikeras.GradientTape() as tape:
                loss = self.compute_loss(y=y, y_pred=self(x))
            weights = layer.trainable_variables
            optimizer.apply(tape.gradient(loss, weights), weights)
            return {"loss": loss}

    def train(*more):
        minikeras.utils.set_random_seed(3)
        model = Two()
        model.compile()
        model(DATA[0][:2])
        trained(*more, model=model)
        optimizers = [model.fast, model.slow]
        return [v.numpy().tolist() for o in (model, *optimizers) for v in o.variables]

    def backup():
        return callbacks.BackupAndRestore(tmp_path, save_freq=1)

    whole = train()
    for place in ((1, 3), (2, 0), (4, 1)):
        with pytest.raises(Crash):
            train(backup(), crash_at(callbacks, *place))
    assert train(backup()) == whole


def test_model_that_is_not_built(api, fit, tiny_model, tmp_path):
    model = tiny_model()
    model.built = False
    with pytest.raises(ValueError, match="built"):
        fit(api, api.BackupAndRestore(str(tmp_path)), [{"loss": 1.0}], model=model)


@pytest.mark.parametrize("kwargs", [{"backup_dir": ""}, {"backup_dir": "d", "save_freq": "batch"}])
def test_bad_arguments(api, kwargs):
    with pytest.raises(ValueError, match=r"backup_dir|save_freq"):
        api.BackupAndRestore(**kwargs)
