import io
import sys

import numpy as np
import pytest

from minikeras.callbacks import (
    BackupAndRestore,
    Callback,
    CallbackList,
    EarlyStopping,
    History,
    LambdaCallback,
    ModelCheckpoint,
    ProgbarLogger,
    TerminateOnNaN,
)
from minikeras.callbacks.callback_list import pythonify_logs

KINDS = ("train", "test", "predict")


def wants(callbacks):
    return tuple(getattr(callbacks, f"wants_{kind}_batches") for kind in KINDS)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def overriding(hook):
    return type("Overriding", (Callback,), {hook: lambda self, batch, logs=None: None})()


@pytest.mark.parametrize("edge", ["begin", "end"])
def test_wants_only_the_batches_somebody_overrides(edge):
    assert wants(CallbackList()) == (False, False, False)
    assert wants(CallbackList([overriding(f"on_batch_{edge}")])) == (True, False, False)
    for kind in KINDS:
        expected = tuple(kind == k for k in KINDS)
        callback = overriding(f"on_{kind}_batch_{edge}")
        assert wants(CallbackList([EarlyStopping(), callback])) == expected
        lambdas = LambdaCallback(**{f"on_{kind}_batch_{edge}": lambda batch, logs: None})
        assert wants(CallbackList(lambdas)) == expected


def test_wants_no_batches_for_what_works_at_epochs(tmp_path):
    quiet = [
        History(),
        EarlyStopping(),
        ModelCheckpoint(tmp_path / "a.keras"),
        BackupAndRestore(tmp_path / "b"),
    ]
    assert wants(CallbackList(quiet)) == (False, False, False)
    assert wants(CallbackList(TerminateOnNaN())) == (True, False, False)
    by_batch = ModelCheckpoint(tmp_path / "a.keras", save_freq=2)
    assert wants(CallbackList(by_batch)) == (True, False, False)
    by_batch = BackupAndRestore(tmp_path / "b", save_freq=2)
    assert wants(CallbackList(by_batch)) == (True, False, False)


@pytest.mark.parametrize(
    "verbose, steps, out, expected",
    [
        (0, 5, Terminal, False),
        (2, 5, Terminal, False),
        (2, None, Terminal, True),  # somebody has to count
        (1, 5, Terminal, True),
        ("auto", 5, Terminal, True),
        (1, 5, io.StringIO, False),
        (1, None, io.StringIO, True),
    ],
)
def test_wants_of_the_progress_bar(monkeypatch, verbose, steps, out, expected):
    monkeypatch.setattr(sys, "stdout", out())
    callbacks = CallbackList(
        add_history=True, add_progbar=True, verbose=verbose, epochs=1, steps=steps
    )
    assert wants(callbacks) == (expected,) * 3
    callbacks.on_train_begin()
    assert wants(callbacks) == (expected, False, expected)  # validation is silent
    callbacks.on_train_end()
    assert wants(callbacks) == (expected,) * 3


class Noted(dict):
    """Logs that note when they are read, as `LazyLogs` would compute them then."""

    def __init__(self, read, *args):
        super().__init__(*args)
        self.read = read

    def items(self):
        self.read.append(1)
        return super().items()


def test_logs_are_read_once_and_only_if_need_be(monkeypatch, tmp_path, tiny_model):
    made = []
    logs = Noted(made, {"loss": np.float32(0.5)})
    checkpoint = ModelCheckpoint(tmp_path / "{loss}.keras", save_freq=2)
    callbacks = CallbackList(checkpoint, model=tiny_model())
    callbacks.on_train_batch_end(0, logs)
    assert made == []
    callbacks.on_train_batch_end(1, logs)
    assert made == [1]
    assert (tmp_path / "0.5.keras").exists()

    seen = []
    for _ in range(2):
        callbacks.append(LambdaCallback(on_batch_end=lambda batch, logs: seen.append(logs)))
    callbacks.on_train_batch_end(2, logs)
    assert made == [1, 1]
    assert seen == [{"loss": 0.5}] * 2


def test_progress_bar_reads_logs_only_to_draw(monkeypatch):
    import time

    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    made = []
    callbacks = CallbackList(add_progbar=True, verbose=1, epochs=1, steps=4)
    callbacks.on_epoch_begin(0)
    for step, passed in enumerate([0.01, 0.1, 0.01, 0.1]):
        now[0] += passed
        read = []
        callbacks.on_train_batch_end(step, Noted(read, {"loss": 1.0}))
        made += [step] * len(read)
    assert made == [1, 3]


def test_an_overridden_lazy_hook_is_called_always_and_with_a_dict(tmp_path, tiny_model):
    seen = []

    class Mine(ModelCheckpoint):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(logs)
            super().on_train_batch_end(batch, logs)

    callbacks = CallbackList(Mine(tmp_path / "{loss}.keras", save_freq=1), model=tiny_model())
    callbacks.on_train_batch_end(0, {"loss": 1})
    assert seen == [{"loss": 1.0}]
    assert (tmp_path / "1.0.keras").exists()
    callbacks = CallbackList(Mine(tmp_path / "x.keras"), model=tiny_model())
    assert callbacks.wants_train_batches


def test_hooks_as_keras_calls_them(ours, theirs, fit):
    def run(api):
        calls = []

        def spy(name):
            def call(self, *args, **kwargs):
                calls.append((name, args, kwargs))

            return call

        hooks = [n for n in dir(theirs.Callback) if n.startswith("on_")]
        hooks = [n for n in hooks if n not in ("on_batch_begin", "on_batch_end")]
        callback = type("Spy", (api.Callback,), {n: spy(n) for n in hooks})()
        fit(
            api,
            [callback],
            [{"loss": np.float32(0.5), "acc": 1, "d": {"e": np.array(2)}, "v": [1, 2]}],
            batch_logs=[{"loss": np.float64(1.0)}, None],
        )
        container = api.CallbackList([callback])
        container.on_test_begin()
        container.on_test_batch_begin(0)
        container.on_test_batch_end(0, {"z": 1, "a": True})
        container.on_test_end({"loss": 1})
        container.on_predict_begin()
        container.on_predict_batch_begin(0)
        container.on_predict_batch_end(0, {"outputs": "array"})
        container.on_predict_end()
        return [(name, args, list(map(str, kwargs.items()))) for name, args, kwargs in calls]

    assert run(ours) == run(theirs)


def test_model_params_and_default_callbacks(api, tiny_model):
    model = tiny_model()
    history = api.History()
    callbacks = api.CallbackList([history], add_history=True, model=model, epochs=3, verbose=0)
    assert callbacks.callbacks == [history]
    assert model.history is history
    assert history.model is model and callbacks.model is model
    assert history.params == callbacks.params == {"epochs": 3, "verbose": 0}

    model = tiny_model()
    callbacks = api.CallbackList(
        add_history=True, add_progbar=True, model=model, verbose=0, epochs=1, steps=1
    )
    assert [type(c).__name__ for c in callbacks.callbacks] == ["History", "ProgbarLogger"]
    assert model.history is callbacks.callbacks[0]


def test_append(tiny_model):
    model = tiny_model()
    callbacks = CallbackList(model=model, verbose=0, epochs=1, steps=1)
    late = overriding("on_train_batch_end")
    callbacks.append(late)
    assert late.model is model and late.params["epochs"] == 1
    assert callbacks.wants_train_batches
    with pytest.raises(TypeError, match="must hold instances of Callback"):
        callbacks.append(print)


def test_exceptions_come_through_unchanged():
    error = KeyError("mine")

    class Raises(Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise error

    with pytest.raises(KeyError) as caught:
        CallbackList(Raises()).on_epoch_end(0)
    assert caught.value is error


def test_what_is_no_callback():
    with pytest.raises(TypeError, match=r"Did you mean EarlyStopping\(\)\?"):
        CallbackList([EarlyStopping])
    with pytest.raises(TypeError, match="Received: 3 of type int"):
        CallbackList([History(), 3])


def test_callbacks_of_keras_work(theirs, tiny_model):
    calls = []

    class Theirs(theirs.Callback):
        def on_batch_end(self, batch, logs=None):
            calls.append((batch, logs))

    callbacks = CallbackList([Theirs(), ProgbarLogger()], model=tiny_model())
    callbacks.on_train_batch_end(0, {"loss": 1})
    callbacks.on_train_abort()
    assert calls == [(0, {"loss": 1.0})]


def test_pythonify_logs():
    from minikeras.autodiff import Tensor

    logs = pythonify_logs(
        {
            "b": Tensor(np.float32(0.5)[None].sum(keepdims=False)),
            "a": np.int64(3),
            "vector": Tensor(np.ones(2)),
            "none": None,
            "text": "x",
        }
    )
    assert list(logs) == ["a", "b", "none", "text", "vector"]
    assert type(logs["a"]) is float and type(logs["b"]) is float and logs["b"] == 0.5
    assert type(logs["vector"]) is np.ndarray
    assert logs["none"] is None and logs["text"] == "x"
    assert pythonify_logs(None) == {}


def test_idle_until_somebody_has_something_to_do(monkeypatch):
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("time.monotonic", lambda: 100.0)
    assert CallbackList([EarlyStopping()]).idle_until("train") == float("inf")
    bar = CallbackList(add_progbar=True, verbose=1, epochs=1, steps=5)
    bar.on_train_begin()
    bar.on_epoch_begin(0)
    assert bar.idle_until("train") == pytest.approx(100.05)
    assert bar.idle_until("test") == float("inf")  # a validation draws nothing
    for edge in ("begin", "end"):
        bar = CallbackList(
            overriding(f"on_train_batch_{edge}"), add_progbar=True, verbose=1, epochs=1, steps=5
        )
        assert bar.idle_until("train") == -float("inf")

    class Own(ProgbarLogger):
        def on_train_batch_end(self, batch, logs=None):
            pass

    assert CallbackList(Own(), verbose=1, epochs=1, steps=5).idle_until("train") == -float("inf")


@pytest.mark.parametrize(
    "kind, begin", [("train", "epoch"), ("test", "test"), ("predict", "predict")]
)
def test_hooks_may_be_set_when_an_epoch_begins(kind, begin):
    class Late(Callback):
        """Makes its hook only then, as tqdm's callback does."""

    seen = []

    def set_hook(*args):
        setattr(late, f"on_{kind}_batch_end", lambda batch, logs=None: seen.append(batch))

    late = Late()
    setattr(late, f"on_{begin}_begin", set_hook)
    callbacks = CallbackList([late])
    assert not any(wants(callbacks))
    getattr(callbacks, f"on_{begin}_begin")(*([0] if begin == "epoch" else []))
    assert getattr(callbacks, f"wants_{kind}_batches")
    getattr(callbacks, f"on_{kind}_batch_end")(7)
    assert seen == [7]
