import io
import re
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


def written(cls, out, script, target, environment=(("COLUMNS", "200"),), **kwargs):
    """Return what a bar writes to `out`; each line of the script begins with a time to let pass."""
    now = [1000.0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TERM", "xterm")
        for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR"):
            patch.delenv(name, raising=False)
        for name, value in dict(environment).items():
            patch.setenv(name, value)
        patch.setattr(sys, "stdout", out)
        patch.setattr(time, "time", lambda: now[0])
        patch.setattr(time, "monotonic", lambda: now[0])
        bar = cls(target, **kwargs)
        bar._last_update = now[0]  # Keras draws the first step at once, we do not
        for passed, method, args in script:
            now[0] += passed
            getattr(bar, method)(*args)
    return out.getvalue()


def loss(*values):
    return [("loss", v) for v in values]


def as_seen(text):
    """Return what a terminal gets without what cannot be seen: blanks at the end, steps back."""
    return re.sub(" +\n", "\n", text.replace("\b", ""))


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
    assert as_seen(ours) == as_seen(theirs)


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
        patch.setattr(time, "monotonic", lambda: now[0])
        patch.setattr(sys, "stdout", io.StringIO())
        assert not Progbar(3).due()
        patch.setattr(sys, "stdout", Terminal())
        patch.setenv("TERM", "xterm")
        bar = Progbar(3, interval=1)
        assert not bar.due()
        now[0] += 1
        assert bar.due()
        bar.update(1)
        assert not bar.due()
        now[0] += 1
        assert bar.due()


def test_two_kinds_of_lists_of_metrics():
    with pytest.raises(ValueError, match="only one of `stateful_metrics` and `stateless_metrics`"):
        Progbar(3, stateful_metrics=["a"], stateless_metrics=["b"])


class Screen:
    """What a terminal of so many columns shows: lines that are too long go on in the next one."""

    def __init__(self, columns):
        self.columns, self.lines, self.at = columns, [[]], 0

    def show(self, text):
        for character in re.sub("\x1b\\[[\\d;]*m", "", text):
            if character == "\n":
                self.lines.append([])
                self.at = 0
            elif character == "\r":
                self.at = 0
            else:
                if self.at == self.columns:
                    self.lines.append([])
                    self.at = 0
                line = self.lines[-1]
                line[self.at : self.at + 1] = [character]
                self.at += 1
        return ["".join(line).rstrip() for line in self.lines]


@pytest.mark.parametrize("columns", [20, 40, 60, 80, 200])
@pytest.mark.parametrize("target", [300, None])
def test_a_narrow_terminal_is_drawn_over_and_not_scrolled(columns, target):
    values = [("loss", 1.5), ("accuracy", 0.25), ("层", 2.0)]
    script = [(1.0, "update", (i, values)) for i in (1, 9, 270)]
    environment = {"COLUMNS": str(columns)}
    text = written(Progbar, Terminal(), script, target, environment=environment)
    assert text.count("\r") == 3
    (line,) = Screen(columns).show(text)
    assert line.startswith("270/300 ━━━━" if target else "    270/Unknown")
    whole = " 7ms/step - loss: 1.5000 - accuracy: 0.2500 - 层: 2.0000"
    assert line.endswith(whole if columns == 200 or (columns == 80 and not target) else "…")
    text = written(
        Progbar,
        Terminal(),
        [*script, (0.1, "update", (300, values, True))],
        target,
        environment=environment,
    )
    *lines, empty = Screen(columns).show(text)
    assert empty == ""
    last = "".join(lines).replace(" ", "")
    assert last.endswith(whole.replace(" ", ""))  # the last one is whole


@pytest.mark.parametrize(
    "environment, live, coloured",
    [
        ({}, True, True),
        ({"NO_COLOR": "1"}, True, False),
        ({"TERM": "dumb"}, False, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, False, False),
    ],
)
def test_environment_decides_about_colours(environment, live, coloured):
    text = written(Progbar, Terminal(), SCRIPT, 3, environment=environment)
    assert ("\x1b[32m" in text, "\x1b" in text) == (coloured, coloured)
    assert text.count("\r") == 3 * live
    if not live:
        assert text == "3/3 ━━━━━━━━━━━━━━━━━━━━ 2s 500ms/step - loss: 1.0000\n"


def test_lines_are_plain_in_every_environment():
    text = written(Progbar, Terminal(), SCRIPT, 3, environment={"FORCE_COLOR": "1"}, verbose=2)
    assert text == "3/3 - 2s - 500ms/step - loss: 1.0000\n"


def test_draws_at_most_once_an_interval_and_not_before_the_first():
    steps = [(0.001, "update", (i + 1, loss(1.0))) for i in range(200)]
    out = written(Progbar, Terminal(), steps, 1000)
    assert out.count("\r") == 3  # after 50, 100 and 150 ms
    assert out.startswith(("\r\x1b[1m  50/1000", "\r\x1b[1m  51/1000"))


def test_formats_nothing_between_drawings(monkeypatch):
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(time, "monotonic", lambda: 0.0)
    bar = Progbar(1000)
    monkeypatch.setattr(bar, "_draw", lambda *args: pytest.fail("drawn"))
    monkeypatch.setattr(bar, "_metrics", lambda *args: pytest.fail("formatted"))
    for step in range(999):
        bar.update(step + 1, loss(1.0))


def test_leave_ends_a_line_that_is_not_finished():
    out = Terminal()
    text = written(Progbar, out, [*SCRIPT[:2], (0.1, "leave", ()), (0, "leave", ())], 3)
    assert text.endswith("loss: 3.0000\n")
    assert written(Progbar, Terminal(), [*SCRIPT, (0, "leave", ())], 3).count("\n") == 1
