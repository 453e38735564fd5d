import io
import re
import sys
import time

import numpy as np
import pytest

import minikeras


class Terminal(io.StringIO):
    def isatty(self):
        return True


def wait_before_the_first_drawing(patch):
    """Let Keras's bar wait before it draws: ours does not draw the first step at once either."""
    logger = sys.modules["keras.src.callbacks.progbar_logger"]

    class Waiting(logger.Progbar):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self._last_update = self._start

    patch.setattr(logger, "Progbar", Waiting)


def output(api, monkeypatch, verbose, steps, epochs=2, out=Terminal, kind="fit"):
    now = [1000.0]
    stream = out()
    with monkeypatch.context() as patch:
        patch.setenv("TERM", "xterm")
        patch.setenv("COLUMNS", "200")
        if api is not minikeras.callbacks:
            wait_before_the_first_drawing(patch)
        patch.setattr(time, "time", lambda: now[0])
        patch.setattr(time, "monotonic", lambda: now[0])
        patch.setattr(sys, "stdout", stream)
        callbacks = api.CallbackList(
            [api.ProgbarLogger()], verbose=verbose, epochs=epochs, steps=steps
        )
        if kind == "fit":
            callbacks.on_train_begin()
            for epoch in range(epochs):
                callbacks.on_epoch_begin(epoch)
                for step in range(4):
                    callbacks.on_train_batch_begin(step)
                    now[0] += (0.03, 0.3)[step % 2]
                    callbacks.on_train_batch_end(step, {"loss": 1 / (step + 1), "acc": 0.5})
                    callbacks._flush_futures() if hasattr(callbacks, "_flush_futures") else None
                callbacks.on_test_begin()
                callbacks.on_test_batch_end(0, {"loss": 7.0})
                callbacks.on_test_end({"loss": 7.0})
                callbacks.on_epoch_end(epoch, {"loss": 0.25, "acc": 0.5, "val_loss": -7.0})
            callbacks.on_train_end()
        else:
            getattr(callbacks, f"on_{kind}_begin")()
            for step in range(4):
                now[0] += (0.03, 0.3)[step % 2]
                getattr(callbacks, f"on_{kind}_batch_end")(step, {"loss": 1 / (step + 1)})
                callbacks._flush_futures() if hasattr(callbacks, "_flush_futures") else None
            getattr(callbacks, f"on_{kind}_end")({} if kind == "predict" else {"loss": 0.5})
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["fit", "test", "predict"])
@pytest.mark.parametrize("steps", [4, None])
@pytest.mark.parametrize("verbose", [0, 1, 2, "auto"])
def test_terminal_shows_what_keras_shows(ours, theirs, monkeypatch, verbose, steps, kind):
    mine = output(ours, monkeypatch, verbose, steps, kind=kind)
    assert mine == output(theirs, monkeypatch, verbose, steps, kind=kind).replace("\b", "")
    assert bool(mine) == (verbose != 0)


@pytest.mark.parametrize("steps", [4, None])
def test_file_gets_two_lines_an_epoch(ours, monkeypatch, steps):
    text = output(ours, monkeypatch, 1, steps, out=io.StringIO)
    metrics = "acc: 0.5000 - loss: 0.2500 - val_loss: -7.0000"
    bar = "━" * 20
    line = f"4/4 {bar} 1s 210ms/step - {metrics}"
    lines = text.splitlines()
    assert lines[0::2] == ["Epoch 1/2", "Epoch 2/2"]
    assert [re.sub(r"\d+ms", "210ms", x) for x in lines[1::2]] == [line, line]


def test_evaluate_after_fit_prints_again(ours, monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    callbacks = ours.CallbackList(ours.ProgbarLogger(), verbose=2, epochs=1, steps=1)
    callbacks.on_train_begin()
    callbacks.on_train_abort()
    callbacks.on_test_begin()
    callbacks.on_test_end({"loss": 0.5})
    assert "loss: 0.5000" in sys.stdout.getvalue()


@pytest.mark.parametrize("verbose", [1, 2])
def test_the_bar_shows_an_epochs_own_metrics_before_those_of_its_validation(
    ours, theirs, monkeypatch, verbose
):
    def order(api, out):
        stream = out()
        monkeypatch.setattr(sys, "stdout", stream)
        callbacks = api.CallbackList([api.ProgbarLogger()], verbose=verbose, epochs=1, steps=1)
        callbacks.on_epoch_begin(0)
        callbacks.on_train_batch_end(0, {"z": 1.0, "a": 2.0})
        callbacks._flush_futures() if hasattr(callbacks, "_flush_futures") else None
        callbacks.on_epoch_end(0, {"z": 1.0, "a": 2.0, "val_z": 3.0, "val_a": 4.0})
        monkeypatch.undo()
        last = re.split("[\r\n]", stream.getvalue().strip())[-1]
        return re.findall(r"- (\w+):", last)

    expected = ["a", "z", "val_a", "val_z"] if verbose == 1 else ["a", "val_a", "val_z", "z"]
    assert order(ours, Terminal) == order(theirs, Terminal) == expected
    assert order(ours, io.StringIO) == expected


def test_fit_calls_for_batches_only_to_draw(monkeypatch):
    model = minikeras.Sequential([minikeras.Input((1,)), minikeras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.zeros((64, 1), "float32")
    monkeypatch.setenv("TERM", "xterm")
    calls, read = [], []

    def run(method, **kwargs):
        calls.clear()
        read.clear()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", Terminal())
            patch.setattr(time, "monotonic", lambda: 0.0)  # it is never time to draw
            advance = minikeras.callbacks.ProgbarLogger._advance

            def noted(self, batch, logs):
                calls.append(batch)
                advance(self, batch, logs)

            patch.setattr(minikeras.callbacks.ProgbarLogger, "_advance", noted)
            patch.setattr(
                "minikeras.callbacks.progbar_logger.pythonify_logs", lambda logs: read.append(logs)
            )
            method(x, batch_size=4, verbose=1, **kwargs)
            return sys.stdout.getvalue()

    assert run(model.fit, y=x).count("\r") == 1
    assert (calls, read) == ([0, 15], [])
    assert run(model.predict).count("\r") == 1
    assert (calls, read) == ([0, 15], [])
    each = minikeras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)
    run(model.fit, y=x, callbacks=[each])
    assert (calls, read) == (list(range(16)), [])


@pytest.mark.parametrize("verbose", [1, 2])
def test_batches_of_unknown_number_are_counted_where_nothing_is_drawn(monkeypatch, verbose):
    model = minikeras.Sequential([minikeras.Input((1,)), minikeras.layers.Dense(1)])
    model.compile("sgd", "mse")
    batch = np.zeros((2, 1), "float32")
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    model.fit(iter([(batch, batch)] * 5), verbose=verbose)
    model.evaluate(iter([(batch, batch)] * 5), verbose=verbose)
    model.predict(iter([batch] * 5), verbose=verbose)
    lines = sys.stdout.getvalue().splitlines()
    assert [line.split()[0] for line in lines] == ["5/5"] * 3


def test_a_training_that_fails_leaves_the_line(ours, monkeypatch):
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    callbacks = ours.CallbackList(ours.ProgbarLogger(), verbose=1, epochs=1, steps=9)
    callbacks.on_train_begin()
    callbacks.on_epoch_begin(0)
    now[0] = 1.0
    callbacks.on_train_batch_end(0, {"loss": 0.5})
    callbacks.on_train_abort()
    assert sys.stdout.getvalue().endswith("loss: 0.5000\n")
