import io
import sys
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minikeras.utils.io_utils import disable_interactive_logging, enable_interactive_logging
from minikeras.utils.progbar import Progbar


@pytest.fixture(scope="module")
def keras():
    return pytest.importorskip("keras")


class Terminal(io.StringIO):
    def isatty(self):
        return True


def written(cls, out, script, target, **kwargs):
    """Return what a bar writes to `out`; each line of the script begins with a time to let pass."""
    now = [1000.0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", out)
        patch.setattr(time, "time", lambda: now[0])
        bar = cls(target, **kwargs)
        for passed, method, args in script:
            now[0] += passed
            getattr(bar, method)(*args)
    return out.getvalue()


def loss(*values):
    return [("loss", v) for v in values]


values = st.one_of(st.none(), st.sampled_from([0.0, 1.5, -0.25, 3e-4, -2e-4, 12345.678]))


@st.composite
def scripts(draw):
    target = draw(st.sampled_from([1, 3, 10, 128, None, 0]))
    steps = draw(st.lists(st.integers(1, 5), min_size=1, max_size=8))
    script, seen = [], 0
    for step in steps:
        passed = draw(st.sampled_from([0.0, 1e-5, 0.01, 0.06, 2.0, 90.0, 4000.0]))
        pairs = [(n, v) for n in ("loss", "acc") if (v := draw(values)) is not None]
        if draw(st.booleans()):
            script.append((passed, "add", (step, pairs)))
        else:
            script.append((passed, "update", (seen + step, pairs)))
        seen += step
    script.append((0.5, "update", (target or seen, [("loss", 0.125)], True)))
    return target, script


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    scripts(),
    st.sampled_from([0, 1, 2]),
    st.sampled_from(
        [
            {},
            {"stateful_metrics": ["loss"]},
            {"stateless_metrics": ["loss"]},
            {"stateless_metrics": set(), "width": 7, "unit_name": "sample", "interval": 0.5},
        ]
    ),
)
def test_terminal_shows_what_keras_shows(keras, script, verbose, kwargs):
    target, steps = script
    ours = written(Progbar, Terminal(), steps, target, verbose=verbose, **kwargs)
    theirs = written(keras.utils.Progbar, Terminal(), steps, target, verbose=verbose, **kwargs)
    assert ours == theirs


SCRIPT = [
    (1.0, "update", (1, loss(4.0))),
    (0.5, "update", (2, loss(2.0))),
    (0.5, "update", (3, loss(1.0))),
]


def test_terminal_draws_over_the_same_line():
    out = written(Progbar, Terminal(), SCRIPT, 3)
    assert out.count("\r") == 3
    assert out.count("\n") == 1
    assert "loss: 4.0000" in out
    assert "loss: 3.0000" in out  # the mean of the first two


def test_file_gets_the_last_line_only():
    expected = "3/3 ━━━━━━━━━━━━━━━━━━━━ 2s 500ms/step - loss: 1.0000\n"
    assert written(Progbar, io.StringIO(), SCRIPT, 3) == expected


def test_file_gets_the_text_of_keras(keras):
    text = written(keras.utils.Progbar, Terminal(), SCRIPT, 3).rsplit("\r", 1)[1]
    for colour in ("\x1b[1m", "\x1b[32m", "\x1b[37m", "\x1b[0m"):
        text = text.replace(colour, "")
    assert written(Progbar, io.StringIO(), SCRIPT, 3) == text


def test_one_line_form():
    expected = " 3/12 - 2s - 500ms/step - loss: 1.0000\n"
    script = [*SCRIPT[:2], (0.5, "update", (3, loss(1.0), True))]
    assert written(Progbar, Terminal(), script, 12, verbose=2) == expected


def test_file_without_the_bar_characters():
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii", write_through=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", out)
        Progbar(2, width=4).update(2)
    assert b"2/2 ==== 0s" in raw.getvalue()


def test_notebook_is_live():
    notebook = type("OutStream", (io.StringIO,), {"__module__": "ipykernel.iostream"})
    assert written(Progbar, notebook(), SCRIPT, 3).count("\r") == 3


def test_logger_gets_the_last_line(caplog):
    caplog.set_level("INFO", logger="minikeras")
    disable_interactive_logging()
    try:
        assert written(Progbar, Terminal(), SCRIPT, 3) == ""
    finally:
        enable_interactive_logging()
    assert caplog.messages == ["3/3 ━━━━━━━━━━━━━━━━━━━━ 2s 500ms/step - loss: 1.0000"]


def test_due_says_whether_an_update_would_draw():
    assert not Progbar(3, verbose=2).due()
    now = [1000.0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", lambda: now[0])
        patch.setattr(sys, "stdout", io.StringIO())
        assert not Progbar(3).due()
        patch.setattr(sys, "stdout", Terminal())
        bar = Progbar(3, interval=1)
        assert bar.due()
        bar.update(1)
        assert not bar.due()
        now[0] += 1
        assert bar.due()


def test_two_kinds_of_lists_of_metrics():
    with pytest.raises(ValueError, match="only one of `stateful_metrics` and `stateless_metrics`"):
        Progbar(3, stateful_metrics=["a"], stateless_metrics=["b"])
