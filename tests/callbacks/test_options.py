"""No argument of a callback is without effect, and each has the effect that it has in Keras."""

from __future__ import annotations

import inspect
from pathlib import Path

import numpy as np
import pytest

import minikeras
from minikeras import callbacks

EPOCHS = [
    {"loss": 9.0 - i, "val_loss": v, "acc": a}
    for i, (v, a) in enumerate(
        zip([3.0, 2.0, 2.05, 1.95, 2.5, 2.6, 1.0, 1.2], [0.1, 0.3, 0.2, 0.4, 0.5, 0.6, 0.7, 0.6])
    )
]
BATCHES = [{"loss": 1.0}, {"loss": 2.0}, {"loss": np.nan}]

BEST = {"save_best_only": True}
PLATEAU = {"patience": 1}

# Each argument with a value other than its default, and what has to be given beside it to show.
CHANGED = {
    "CSVLogger": {
        "filename": ("other.csv", {}),
        "separator": (";", {}),
        "append": (True, {}),
    },
    "EarlyStopping": {
        "monitor": ("acc", {"mode": "max"}),
        "min_delta": (1.5, {}),
        "patience": (2, {}),
        "verbose": (1, {}),
        "mode": ("max", {}),
        "baseline": (0.5, {"patience": 3}),
        "restore_best_weights": (True, {}),
        "start_from_epoch": (4, {}),
    },
    "LearningRateScheduler": {
        "schedule": (lambda epoch, rate: rate / 2, {}),
        "verbose": (1, {}),
    },
    "ModelCheckpoint": {
        "filepath": ("other-{epoch}.keras", {}),
        "monitor": ("acc", {**BEST, "mode": "max"}),
        "verbose": (1, {}),
        "save_best_only": (True, {}),
        "save_weights_only": (True, {"filepath": "m-{epoch}.weights.h5"}),
        "mode": ("max", BEST),
        "save_freq": (2, {"filepath": "m-{epoch}-{loss}.keras"}),
        "initial_value_threshold": (1.5, BEST),
    },
    "ReduceLROnPlateau": {
        "monitor": ("acc", {**PLATEAU, "mode": "max"}),
        "factor": (0.5, PLATEAU),
        "patience": (2, {}),
        "verbose": (1, PLATEAU),
        "mode": ("max", PLATEAU),
        "min_delta": (1.5, PLATEAU),
        "cooldown": (2, PLATEAU),
        "min_lr": (0.05, PLATEAU),
    },
    "TerminateOnNaN": {"raise_error": (True, {})},
}
NEEDED = {
    "CSVLogger": {"filename": "log.csv"},
    "LearningRateScheduler": {"schedule": lambda epoch, rate: rate},
    "ModelCheckpoint": {"filepath": "m-{epoch}.keras"},
}
HOOKS = [
    "on_epoch_begin",
    "on_epoch_end",
    "on_train_begin",
    "on_train_end",
    "on_train_batch_begin",
    "on_train_batch_end",
]
ELSEWHERE = {
    "BackupAndRestore": "each argument is tested in test_backup_and_restore.py; its file is our own",
    "Callback": "takes no arguments",
    "CallbackList": "tested in test_callback_list.py",
    "History": "takes no arguments",
    "LambdaCallback": "tested below",
    "LivePlot": "Keras has none; tested in tests/utils/test_notebook.py",
    "OrbaxCheckpoint": "is left out",
    "ProgbarLogger": "takes no arguments",
    "RemoteMonitor": "each argument is tested in test_remote_monitor.py",
    "SwapEMAWeights": "tested below",
    "TensorBoard": "each argument is tested in test_tensorboard.py",
}
OWN = {
    ("TerminateOnNaN", "locate")
}  # Keras has no such argument; tested in test_terminate_on_nan.py

CASES = [(name, argument) for name, arguments in CHANGED.items() for argument in arguments]


def arguments_of(name):
    found = inspect.signature(getattr(callbacks, name)).parameters.values()
    return {p.name for p in found if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)}


def test_every_argument_is_changed():
    assert set(CHANGED) | set(ELSEWHERE) == set(callbacks.__all__)
    for name, changed in CHANGED.items():
        missing = arguments_of(name) - set(changed)
        assert {(name, argument) for argument in missing} <= OWN
    assert arguments_of("LambdaCallback") == set(HOOKS)


@pytest.fixture
def observed(fit, tmp_path, monkeypatch, capsys):
    """Give a function that returns all that shows of a training with a callback."""

    def run(api, name, kwargs):
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        monkeypatch.chdir(folder)
        Path("log.csv").write_text("old\n")
        batches = BATCHES if name == "TerminateOnNaN" else BATCHES[:2]
        callback = getattr(api, name)(**{**NEEDED.get(name, {}), **kwargs})
        seen, error = [], None
        capsys.readouterr()
        try:
            model, _ = fit(api, callback, EPOCHS, batch_logs=batches)
        except RuntimeError as raised:
            error = type(raised).__name__
        else:
            seen = [model.trace, float(model.weight), model.stop_training, model.saved]
        files = {
            str(p): p.read_text().splitlines() for p in sorted(Path().rglob("*")) if p.is_file()
        }
        return [*seen, error, files, bool(capsys.readouterr().out)]

    return run


@pytest.mark.parametrize(("name", "argument"), CASES)
def test_no_argument_is_ignored(name, argument, observed):
    value, beside = CHANGED[name][argument]
    plain = observed(callbacks, name, beside)
    assert observed(callbacks, name, {**beside, argument: value}) != plain


@pytest.mark.parametrize(("name", "argument"), CASES)
def test_arguments_do_what_they_do_in_keras(name, argument, theirs, observed):
    value, beside = CHANGED[name][argument]
    kwargs = {**beside, argument: value}
    assert observed(callbacks, name, kwargs) == observed(theirs, name, kwargs)


@pytest.mark.parametrize("hook", HOOKS)
def test_each_hook_of_a_lambda_callback_is_called(hook, fit):
    seen = []
    fit(callbacks, callbacks.LambdaCallback(**{hook: lambda *args, **_: seen.append(args)}), EPOCHS)
    assert bool(seen) == ("batch" not in hook)
    fit(
        callbacks,
        callbacks.LambdaCallback(**{hook: lambda *args, **_: seen.append(args)}),
        EPOCHS,
        batch_logs=BATCHES[:2],
    )
    assert seen


def weights_seen(library, swap_on_epoch):
    """Return the weights that a callback after SwapEMAWeights sees at the end of each epoch."""
    model = library.Sequential(
        [library.Input((2,)), library.layers.Dense(1, kernel_initializer="ones")]
    )
    model.compile(library.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5), "mse")
    seen = []
    note = library.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(np.array(model.get_weights()[0]))
    )
    swap = library.callbacks.SwapEMAWeights(swap_on_epoch=swap_on_epoch)
    x, y = np.ones((4, 2), "float32"), np.zeros((4, 1), "float32")
    model.fit(
        x, y, epochs=3, batch_size=2, verbose=0, callbacks=[swap, note], validation_data=(x, y)
    )
    return seen


def test_averages_are_swapped_in_at_epochs_or_at_tests(keras):
    plain, swapped = weights_seen(minikeras, False), weights_seen(minikeras, True)
    assert any((a != b).any() for a, b in zip(plain, swapped))
    np.testing.assert_allclose(plain, weights_seen(keras, False), rtol=1e-5)
    np.testing.assert_allclose(swapped, weights_seen(keras, True), rtol=1e-5)
