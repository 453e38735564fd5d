"""What the page's commands do: code that fails or never ends, training, and the arrays of a step."""

import contextlib
import sys
import threading
import time

import numpy as np
import pytest

from minikeras.playground import session as session_module
from minikeras.playground.examples import make_examples
from minikeras.playground.fields import FieldError
from minikeras.playground.interruption import Interruptible, Stopped
from minikeras.playground.model_code import TEMPLATE
from minikeras.playground.session import Session
from minikeras.playground.snapshot import snapshot
from minikeras.playground.trial import MOST_EPOCHS, ModelError, Trial

BEGUN = threading.Event()
"""Set by code that the page runs."""

TELL = f"import sys; sys.modules[{__name__!r}].BEGUN.set()\n"


@pytest.fixture
def session(monkeypatch):
    monkeypatch.setattr(session_module, "GRACE", 0.05)
    BEGUN.clear()
    assert sys.modules[__name__].BEGUN is BEGUN
    with Session() as session:
        yield session
        monkeypatch.setattr(session_module, "GRACE", 10.0)


@contextlib.contextmanager
def stopped_when_begun(session):
    """Stop what runs once the page's code has told that it does."""

    def stop():
        BEGUN.wait(session_module.PATIENCE)
        any(session.stop()["stopped"] for _ in range(600))

    thread = threading.Thread(target=stop, daemon=True)
    thread.start()
    yield
    thread.join()


def until(session, reached):
    """Return the first state that is as it should be."""
    late = time.monotonic() + session_module.PATIENCE
    while not reached(state := session.do("state")):
        assert time.monotonic() < late, state
    return state


@pytest.mark.parametrize(
    ("code", "line", "message"),
    [
        ("x = 1\nmodel = = 2", 2, "SyntaxError: invalid syntax"),
        ("# größer\nprint(größe)", 2, "NameError: name 'größe' is not defined"),
        ("def f():\n    raise ValueError('weg 你好')\nf()", 2, "ValueError: weg 你好"),
        ("raise SystemExit", 1, "SystemExit"),
        ("import nothing_of_that_name", 1, "ModuleNotFoundError: "),
        ("x = 1\0", None, "SyntaxError: source code string cannot contain null bytes"),
        ("model = 3", None, "The code must make a model of minikeras named `model`. Received: "),
        ("", None, "Received: nothing of that name"),
        (TEMPLATE.split("model.compile")[0], None, "The code must call model.compile"),
        (
            TEMPLATE.replace("(2,)", "(3,)"),
            None,
            r"takes inputs of shape (3,), but each example has 2",
        ),
    ],
)
def test_code_that_fails_is_said_with_its_line(session, code, line, message):
    before = session.do("state")
    answer = session.do("code", code=code)
    assert message in answer["error"]["message"] and answer["error"]["line"] == line
    after = session.do("state")
    assert after["error"] == answer["error"] and not session.do("start")["running"]
    assert (after["run"], after["step"]) == (before["run"], before["step"])
    assert session.do("code", code=TEMPLATE)["error"] is None
    assert session.do("state")["run"] == before["run"] + 1


def test_a_model_that_knows_too_few_classes_is_refused():
    with pytest.raises(
        ModelError, match="The model tells 2 classes apart, but the examples have 3"
    ):
        Trial(TEMPLATE, make_examples("blobs", classes=3))


@pytest.mark.parametrize(
    "body", ["while True: pass", "while True:\n  try: import os\n  except Exception: pass"]
)
def test_stop_ends_code_that_never_ends(session, body):
    with stopped_when_begun(session):
        answer = session.do("code", code=TELL + body)
    assert answer["error"]["message"] == f"Stopped. {session_module.AGAIN}"
    assert answer["error"]["line"] >= 2
    assert session.do("code", code=TEMPLATE)["error"] is None
    assert session.do("step")["step"] == 1


def test_code_that_had_to_be_stopped_is_run_anew_by_who_asks_for_it_alone(session):
    endless = TELL + TEMPLATE + "while True: pass\n"
    with stopped_when_begun(session):
        session.do("code", code=endless)
    error = session.do("state")["error"]
    BEGUN.clear()
    answer = session.do("data", name="blobs", classes=4, code=endless)
    assert not BEGUN.is_set() and answer["error"] == error
    assert answer["outline"]["layers"][-1]["units"] == 4  # it is fitted all the same
    state = session.do("state")
    assert state["error"] == error and "map" not in state  # of the old model, which knows no blobs
    session.do("data", name="moons")
    # Neither for another batch size, nor for a layer more; both are there when it is asked for.
    page = session.do("page")
    answer = session.do("settings", code=page["code"], batch_size=16, seed=3)
    assert (answer["code"], answer["error"]) == (page["code"], error)
    answer = session.do("edit", code=page["code"], action="add", at=3, kind="Dropout")
    assert answer["error"] == error and "Dropout" in answer["code"]
    assert answer["outline"]["layers"][3]["kind"] == "Dropout"
    page = session.do("page")
    assert (page["code"], page["batch_size"], page["seed"]) == (answer["code"], 16, 3)
    assert not BEGUN.is_set()
    with stopped_when_begun(session):
        session.do("reset")
    assert BEGUN.is_set()
    BEGUN.clear()
    # What was written meanwhile is other code.
    cured = session.do("page")["code"].replace("while True: pass", "")
    assert session.do("settings", code=cured, batch_size=8, seed=0)["error"] is None
    assert BEGUN.is_set() and session.do("code", code=TEMPLATE)["error"] is None
    assert session.do("data", name="circles")["error"] is None
    assert session.do("step")["step"] == 1 and "map" in session.do("state")


@pytest.mark.parametrize("field", ["seed", "batch_size"])
@pytest.mark.parametrize("value", ["abc", "", -1, 1.5, 2**32, 1e300, True, [1], float("nan")])
@pytest.mark.parametrize("command", ["code", "settings"])
def test_a_setting_that_cannot_be_used_is_refused_and_nothing_changes(
    session, command, field, value
):
    session.do("step")
    session.do("start")
    before = session.do("page"), session.do("state")["run"]
    with pytest.raises(
        FieldError, match="must be a whole number from . to .*Received: "
    ) as refused:
        session.do(command, **{"code": TEMPLATE + "\n", "batch_size": 8, "seed": 1, field: value})
    assert refused.value.field == field
    after = session.do("state")
    assert (session.do("page"), after["run"]) == before
    assert after["running"] and after["error"] is None
    # The largest there is is used.
    assert session.do("settings", code=TEMPLATE, seed=2**32 - 1)["error"] is None


@pytest.mark.parametrize("failure", ["KeyboardInterrupt", "GeneratorExit", "SystemExit"])
def test_whatever_a_training_raises_the_thread_goes_on(session, failure):
    code = ENDLESS_STEP.replace("while True: pass", f"raise {failure}")
    session.do("code", code=code)
    session.do("start")
    state = until(session, lambda state: not state["running"])
    assert state["error"]["message"] == failure and state["error"]["line"]


def test_a_closed_session_says_so_at_once(patience):
    with Session() as session:
        pass
    session._thread.join(patience)
    with pytest.raises(RuntimeError, match="closed"):
        session.do("state")


ENDLESS_STEP = (
    TEMPLATE.replace(
        "model = keras.Sequential", "class Slow(keras.Sequential):\n    BODY\nmodel = Slow"
    )
    .replace("BODY", "def train_step(self, data):\n        tell()\n        while True: pass")
    .replace("import minikeras", "def tell():\n    " + TELL + "import minikeras")
)


@pytest.mark.parametrize("command", ["start", "step"])
def test_stop_ends_a_training_step_that_never_ends(session, command):
    assert session.do("code", code=ENDLESS_STEP)["error"] is None
    with stopped_when_begun(session):
        session.do(command)
    state = session.do("state")
    assert state["error"]["message"] == "Stopped." and not state["running"]


def test_stop_ends_a_training_and_start_goes_on_with_it(session, monkeypatch, patience):
    monkeypatch.setattr(session_module, "GRACE", patience)
    session.do("start", speed=0)
    until(session, lambda state: state["epoch"] >= 2)
    assert session.stop() == {"stopped": True}
    state = session.do("state")
    assert not state["running"] and state["error"] is None
    session.do("start")
    until(session, lambda later: later["epoch"] > state["epoch"])
    session.do("reset")
    assert (session.do("state")["epoch"], session.do("state")["running"]) == (0, False)


def test_a_busy_thread_is_said_and_what_it_was_told_is_done_all_the_same(
    session, monkeypatch, patience
):
    monkeypatch.setattr(session_module, "PATIENCE", 0.02)
    for command, arguments in (("code", {"code": TELL + "while True: pass"}), ("state", {})):
        with pytest.raises(TimeoutError, match="still running"):
            session.do(command, **arguments)
    with pytest.raises(TimeoutError):
        session.do("code", code=TEMPLATE, seed=5)
    monkeypatch.setattr(session_module, "PATIENCE", patience)
    with stopped_when_begun(session):
        page = session.do("page")
    assert (page["seed"], page["code"]) == (5, TEMPLATE)


def test_a_training_that_nobody_looks_at_pauses(session, monkeypatch):
    monkeypatch.setattr(session_module, "UNSEEN", -1.0)
    session.do("start", speed=0)
    assert until(session, lambda state: not state["running"])["epoch"] == 0


def test_buttons_and_data_change_the_code(session):
    page = session.do("page")
    answer = session.do("edit", code=page["code"], action="add", at=3, kind="Dropout")
    assert [layer["kind"] for layer in answer["outline"]["layers"]][3] == "Dropout"
    answer = session.do("data", name="blobs", classes=4, code=answer["code"])
    assert answer["error"] is None and answer["outline"]["layers"][-1]["units"] == 4
    assert answer["examples"]["labels"] == ["0", "1", "2", "3"]
    text = "a,b,kind\n" + "1,2,ja\n3,4,nein\n" * 10
    answer = session.do("data", name="csv", text=text, code=answer["code"])
    assert answer["examples"]["labels"] == ["ja", "nein"]
    assert answer["outline"]["layers"][-1]["units"] == 1
    with pytest.raises(ValueError, match="Row 1 has 2 columns"):
        session.do("data", name="csv", text="1,2\n")
    assert session.do("page")["examples"]["name"] == "csv"  # what was there stays
    with pytest.raises(ValueError, match="Line 1: "):
        session.do("edit", code="(", action="add", at=0, kind="Dense")
    with pytest.raises(ValueError, match="Unknown action '__init__'"):
        session.do("edit", code="", action="__init__")
    assert "one Sequential" in session.do("code", code="model = 0")["outline"]["why"]


def test_every_array_of_a_step_can_be_read(session):
    session.do("code", code=TEMPLATE, batch_size=7)
    assert session.do("step")["step"] == 1
    listed = session.do("state")["arrays"]
    assert {"name": "x", "shape": [7, 2]} in listed
    for array in listed:
        read = session.do("array", name=array["name"])
        assert np.shape(read["values"]) == tuple(read["shape"]) == tuple(array["shape"])
    before, after, gradient = (
        np.array(session.do("array", name=name)["values"])
        for name in ("dense/bias before", "dense/bias after", "gradient of dense/bias")
    )
    # The first step of Adam is the learning rate, against the gradient's sign.
    np.testing.assert_allclose(after - before, -0.01 * np.sign(gradient), rtol=1e-3)
    with pytest.raises(ValueError, match="There is no array 'z'"):
        session.do("array", name="z")


def test_moons_are_learnt_to_99_percent_and_the_same_seed_is_the_same_training():
    def trained(seed):
        trial = Trial(TEMPLATE, make_examples("moons"), seed=seed)
        while trial.epoch < 60:
            trial.train_batch()
        return trial

    one, other = trained(0), trained(0)
    assert one.last[3] >= 0.99 and one.history == other.history
    seen = snapshot(one)
    assert [layer["kind"] for layer in seen["layers"]] == ["Dense"] * 3
    assert len(seen["layers"][0]["units"]) == 8 and np.shape(seen["layers"][0]["lines"]) == (2, 8)
    weights = {w["name"]: w for layer in seen["layers"] for w in layer["weights"]}
    kernel = one.model.layers[0].kernel.numpy()
    assert weights["dense/kernel"]["value"]["mean"] == pytest.approx(kernel.mean(), rel=1e-5)
    assert sum(weights["dense/kernel"]["gradient"]["bars"]) == kernel.size


def test_a_long_training_keeps_as_many_points_as_can_be_seen(monkeypatch):
    trial = Trial(TEMPLATE, make_examples("moons", points=20), batch_size=20)
    monkeypatch.setattr(trial, "_loss", lambda x, y: 0.5)
    monkeypatch.setattr(trial, "accuracy", lambda held_out=False: 0.5)
    monkeypatch.setattr(trial.model, "train_on_batch", lambda x, y: None)
    for _ in range(3 * MOST_EPOCHS):
        trial.train_batch()
    epochs = [row[0] for row in trial.history]
    assert len(epochs) < MOST_EPOCHS and set(np.diff(epochs)) == {4}
    assert trial.last[0] == 3 * MOST_EPOCHS


def test_models_written_otherwise_are_seen_too():
    code = """
import minikeras as keras
from minikeras import layers, ops

class Net(keras.Model):
    def __init__(self):
        super().__init__(name="net")
        self.norm = layers.BatchNormalization(name="norm")
        self.scale = self.add_weight((2, 1), "glorot_uniform", name="scale")
    def call(self, x, training=False):
        return ops.sigmoid(self.norm(x, training=training) @ self.scale)

model = Net()
model.compile("sgd", "binary_crossentropy")
"""
    trial = Trial(code, make_examples("circles", points=40))
    trial.train_batch()
    seen = snapshot(trial)
    found = {layer["name"]: [w["name"] for w in layer["weights"]] for layer in seen["layers"]}
    assert found == {"norm": ["norm/gamma", "norm/beta"], "net": ["scale"]}
    assert all(w["gradient"] for layer in seen["layers"] for w in layer["weights"])


def test_a_stop_that_comes_too_late_stops_nothing_else(patience):
    work = Interruptible()
    assert work.stop(0)
    begun, ended = threading.Event(), threading.Event()

    def once():
        begun.set()
        with contextlib.suppress(Stopped):
            while True:
                pass
        ended.wait(patience)  # not told again
        return "ended"

    results = []
    thread = threading.Thread(target=lambda: results.extend([work.run(once), work.run(lambda: 1)]))
    thread.start()
    begun.wait(patience)
    assert not work.stop(0.05) and not work.stop(0)
    ended.set()
    thread.join()
    assert results == ["ended", 1]
