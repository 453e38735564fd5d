import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

eighths = st.integers(-8, 8).map(lambda n: n / 8)
arguments = st.fixed_dictionaries(
    {
        "monitor": st.sampled_from(["loss", "val_loss"]),
        "verbose": st.sampled_from([0, 1]),
        "save_best_only": st.booleans(),
        "save_weights_only": st.booleans(),
        "mode": st.sampled_from(["auto", "min", "max"]),
        "initial_value_threshold": st.one_of(st.none(), eighths),
    }
)
epochs = st.lists(
    st.fixed_dictionaries({"loss": eighths}, optional={"val_loss": eighths}), min_size=1, max_size=6
)


def run(api, fit, directory, capsys, epochs, ending=".keras", name="{epoch:02d}-{loss:.2f}", **kw):
    path = os.path.join(directory, "new", name + ending)
    batch_logs = kw.pop("batch_logs", ())
    callback = api.ModelCheckpoint(path, **kw)
    model, warned = fit(api, callback, epochs, batch_logs=batch_logs)
    warned = [w.partition(" Saving this one.")[0] for w in warned]
    return model.saved, warned, callback.best, capsys.readouterr().out


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arguments, epochs)
def test_epochs_as_keras(ours, theirs, fit, tmp_path, capsys, arguments, epochs):
    ending = ".weights.h5" if arguments["save_weights_only"] else ".keras"
    mine = run(ours, fit, tmp_path, capsys, epochs, ending, **arguments)
    assert mine == run(theirs, fit, tmp_path, capsys, epochs, ending, **arguments)


@pytest.mark.parametrize("save_freq", [1, 2, 3, 7])
def test_batches_as_keras(ours, theirs, fit, tmp_path, capsys, save_freq):
    kwargs = {
        "save_freq": save_freq,
        "name": "{epoch}-{batch:03d}-{loss:.1f}",
        "batch_logs": [{"loss": b / 2} for b in range(5)],
        "verbose": 1,
    }
    epochs = [{"loss": 1.0}] * 3
    mine = run(ours, fit, tmp_path, capsys, epochs, **kwargs)
    assert mine == run(theirs, fit, tmp_path, capsys, epochs, **kwargs)
    assert len(mine[0]) == 15 // save_freq


def test_several_steps_per_execution(api, tmp_path, tiny_model):
    model = tiny_model()
    callback = api.ModelCheckpoint(str(tmp_path / "{epoch}-{batch}.keras"), save_freq=4)
    callback.set_model(model)
    for epoch in range(2):
        callback.on_epoch_begin(epoch)
        for last in (2, 5, 6):
            callback.on_train_batch_end(last, {})
    assert [os.path.basename(p) for _, p in model.saved] == ["1-6.keras", "2-3.keras", "2-7.keras"]


def test_best_among_batches(ours, tmp_path, tiny_model):
    model = tiny_model()
    callback = ours.ModelCheckpoint(
        tmp_path / "{batch}.keras", "loss", save_best_only=True, save_freq=1
    )
    callback.set_model(model)
    for batch, loss in enumerate([3.0, 4.0, 2.0]):
        callback.on_train_batch_end(batch, {"loss": loss})
    assert [os.path.basename(p) for _, p in model.saved] == ["1.keras", "3.keras"]


def test_best_survives_a_second_training(api, fit, tmp_path):
    callback = api.ModelCheckpoint(str(tmp_path / "best.keras"), "loss", save_best_only=True)
    model, _ = fit(api, callback, [{"loss": 1.0}])
    fit(api, callback, [{"loss": 2.0}], model=model)
    assert len(model.saved) == 1


def test_unknown_metric_saves_with_a_warning(api, fit, tmp_path):
    callback = api.ModelCheckpoint(str(tmp_path / "m.keras"), save_best_only=True)
    model, warned = fit(api, callback, [{"loss": 1.0}])
    assert warned[0].startswith("Can save best model only with val_loss available.")
    assert len(model.saved) == 1


def test_vector_metric_saves_with_a_warning(api, fit, tmp_path):
    import numpy as np

    callback = api.ModelCheckpoint(str(tmp_path / "m.keras"), "loss", save_best_only=True)
    model, warned = fit(api, callback, [{"loss": np.ones(2)}])
    assert "a scalar value" in warned[0]
    assert len(model.saved) == 1


def test_placeholder_without_a_metric(api, fit, tmp_path):
    callback = api.ModelCheckpoint(str(tmp_path / "{accuracy}.keras"))
    with pytest.raises(KeyError, match=r"Failed to format this callback filepath.*accuracy"):
        fit(api, callback, [{"loss": 1.0}])


def test_directory_in_the_way(api, fit, tmp_path):
    (tmp_path / "m.keras").mkdir()
    callback = api.ModelCheckpoint(str(tmp_path / "m.keras"))
    with pytest.raises(OSError, match="directory"):
        fit(api, callback, [{"loss": 1.0}])


@pytest.mark.parametrize(
    "kwargs",
    [
        {"filepath": "m"},
        {"filepath": "m.h5", "save_weights_only": True},
        {"filepath": "m.keras", "save_freq": "batch"},
        {"filepath": "m.keras", "save_freq": 1.5},
    ],
)
def test_bad_arguments(api, kwargs):
    with pytest.raises(ValueError, match=r"filepath|save_freq"):
        api.ModelCheckpoint(**kwargs)


def test_save_freq_must_be_positive(ours):
    with pytest.raises(
        ValueError,
        match="ModelCheckpoint: argument `save_freq` must be 'epoch' or a pos",
    ):
        ours.ModelCheckpoint("m.keras", save_freq=0)


def test_subclasses_find_the_inner_names_of_keras(api, fit, tmp_path):
    paths = []

    class Noting(api.ModelCheckpoint):
        """As the callback of Weights & Biases does."""

        def on_train_batch_end(self, batch, logs=None):
            if self._should_save_on_batch(batch):
                self._save_model(epoch=self._current_epoch, batch=batch, logs=logs)
                path = self._get_file_path(epoch=self._current_epoch, batch=batch, logs=logs)
                paths.append(os.path.basename(path))

    callback = Noting(str(tmp_path / "{epoch}-{batch}.keras"), save_freq=2)
    fit(api, callback, [{"loss": 1.0}] * 2, batch_logs=[{"loss": 1.0}] * 4)
    assert paths == ["1-2.keras", "1-4.keras", "2-2.keras", "2-4.keras"]
