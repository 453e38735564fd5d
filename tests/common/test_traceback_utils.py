"""Tracebacks of the user's lines, and warnings that name one of them."""

import ast
import sys
import traceback
import warnings
from pathlib import Path

import numpy as np
import pytest

import minikeras
from minikeras import callbacks, config, layers, losses, ops, optimizers
from minikeras.common.settings import _Settings
from minikeras.common.traceback_utils import is_own_file

PACKAGE = Path(minikeras.__file__).parent
x, y = np.ones((8, 4), "float32"), np.ones((8, 1), "float32")


class Inner(layers.Layer):
    def call(self, inputs):
        return self.multiply(inputs)

    def multiply(self, inputs):
        return ops.matmul(inputs, ops.ones((7, 2)))


class Late(callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        raise KeyError("of the user's")


def generate():
    yield x, y
    raise KeyError("of the user's")


def own_loss(y_true, y_pred):
    return y_true.no_such_attribute


def compiled(*middle, loss="mse"):
    model = minikeras.Sequential([minikeras.Input((4,)), *middle, layers.Dense(1)])
    model.compile("sgd", loss)
    return model


FAILURES = {
    "layer": (lambda: layers.Dense(3)(np.ones(2)), []),
    "own layer": (lambda: Inner()(x), ["call", "multiply"]),
    "symbolic": (lambda: compiled(Inner()), ["compiled", "call", "multiply"]),
    "op": (lambda: ops.matmul(x, x), []),
    "symbolic op": (lambda: ops.matmul(minikeras.Input((3,)), x), []),
    "functional": (lambda: minikeras.Model(minikeras.Input((4,)), minikeras.Input((4,))), []),
    "fit": (lambda: compiled().fit(np.ones((8, 5)), y, verbose=0), []),
    "train_on_batch": (lambda: compiled().train_on_batch(np.ones((8, 5)), y), []),
    "evaluate": (lambda: compiled().evaluate(np.ones((8, 5)), y, verbose=0), []),
    "predict": (lambda: compiled().predict(np.ones((8, 5)), verbose=0), []),
    "compile": (lambda: compiled(loss="mean_squared_mistake"), ["compiled"]),
    "callback": (lambda: compiled().fit(x, y, verbose=0, callbacks=[Late()]), ["on_epoch_end"]),
    "generator": (lambda: compiled().fit(generate(), verbose=0), ["generate"]),
    "own loss": (lambda: compiled(loss=own_loss).fit(x, y, verbose=0), ["own_loss"]),
}


def frames_of(fail):
    """Return the names of this file's functions in a traceback, and the number of minikeras's."""
    with pytest.raises(Exception) as caught:
        fail()
    error = caught.value
    entries = traceback.extract_tb(error.__traceback__)
    assert error.__cause__ is None and (error.__suppress_context__ or error.__context__ is None)
    here = [e.name for e in entries if e.filename == __file__]
    return here, sum(is_own_file(e.filename) for e in entries)


@pytest.mark.parametrize("name", FAILURES)
def test_tracebacks_show_the_lines_of_the_user(name):
    fail, expected = FAILURES[name]
    config.enable_traceback_filtering()
    here, own = frames_of(fail)
    assert here == ["frames_of", "<lambda>", *expected]
    assert own <= 2  # where it was called, and where its error is told


def test_filtering_is_on_by_default_and_can_be_switched_off():
    assert _Settings.traceback_filtering
    config.enable_traceback_filtering()
    assert config.is_traceback_filtering_enabled()
    fail, _ = FAILURES["own layer"]
    _, short = frames_of(fail)
    config.disable_traceback_filtering()
    assert not config.is_traceback_filtering_enabled()
    with pytest.raises(ValueError) as caught:
        fail()
    entries = traceback.extract_tb(caught.value.__traceback__)
    assert sum(is_own_file(e.filename) for e in entries) > short + 2


def test_causes_in_the_users_code_are_kept_without_our_lines():
    class Reraise(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            try:
                ops.matmul(x, x)
            except ValueError as error:
                raise RuntimeError("in a callback") from error

    config.enable_traceback_filtering()
    with pytest.raises(RuntimeError) as caught:
        compiled().fit(x, y, verbose=0, callbacks=[Reraise()])
    cause = caught.value.__cause__
    names = [e.filename for e in traceback.extract_tb(cause.__traceback__)]
    assert isinstance(cause, ValueError) and names == [__file__]


def test_interrupts_are_not_touched():
    class Interrupt(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise KeyboardInterrupt

    config.enable_traceback_filtering()
    with pytest.raises(KeyboardInterrupt) as caught:
        compiled().fit(x, y, verbose=0, callbacks=[Interrupt()])
    assert any("trainer.py" in e.filename for e in traceback.extract_tb(caught.tb))


def _masked(layer):
    sequence = layers.Embedding(3, 4, mask_zero=True)(np.array([[1, 0]]))
    layer(sequence)


class NoMask(layers.Layer):
    def call(self, inputs):
        return inputs + 1.0


def _exhausted():
    compiled().fit(iter([(x, y)] * 2), steps_per_epoch=2, epochs=2, verbose=0)


WARNINGS = {
    "fit without a loss": lambda: compiled(loss=None).fit(x, y, verbose=0),
    "data run out": lambda: _exhausted(),
    "an argument of an optimizer": lambda: optimizers.SGD(decay=0.1),
    "a mode of a callback": lambda: callbacks.EarlyStopping("loss", mode="least"),
    "a metric that is missing": lambda: compiled().fit(
        x, y, verbose=0, callbacks=[callbacks.EarlyStopping("val_loss")]
    ),
    "a mask that is lost": lambda: _masked(NoMask()),
    "a loss of one class": lambda: losses.categorical_crossentropy(x[:, :1], x[:, :1]),
    "an argument of a layer": lambda: layers.LayerNormalization(rms_scaling=True),
    "softmax of one number": lambda: layers.Dense(1, activation="softmax")(x),
}


@pytest.mark.parametrize("name", WARNINGS)
def test_warnings_point_at_the_users_line(name):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        WARNINGS[name]()
    assert caught
    assert {w.filename for w in caught} == {__file__}


def test_all_warnings_go_one_way():
    """Only `warn` knows the user's line: nobody else counts frames."""
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if "warnings.warn" not in text:
            continue
        calls = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Call)]
        named = [ast.unparse(c.func) for c in calls]
        assert path.name == "traceback_utils.py" or "warnings.warn" not in named, path


@pytest.mark.skipif(sys.version_info < (3, 11), reason="raising costs more in older Pythons")
def test_what_succeeds_makes_no_further_call():
    layer = layers.Dense(3)
    layer(x)
    calls = []
    sys.setprofile(lambda frame, event, _: calls.append(frame.f_code) if event == "call" else None)
    try:
        layer(minikeras.ops.convert_to_tensor(x))
    finally:
        sys.setprofile(None)
    assert not any(code.co_filename.endswith("traceback_utils.py") for code in calls)
