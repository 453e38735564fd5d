"""summary(), line by line as Keras prints it."""

import io
import re
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minikeras
from minikeras.utils.summary_utils import Table, Text, print_summary


@pytest.fixture
def keras():
    return pytest.importorskip("keras")


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch):
    """80 columns, and nothing in the environment that colours output."""
    for name in ("COLUMNS", "FORCE_COLOR", "NO_COLOR", "COLORTERM", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")


# Models, each made by the same code with `k` either library. Names are given where counted ones
# would differ.


def chain(k):
    return k.Sequential(
        [
            k.Input((8,), name="x"),
            k.layers.Dense(1024, activation="relu", name="first"),
            k.layers.Dropout(0.5, name="drop"),
            k.layers.Dense(512, name="a_layer_with_quite_a_long_name_that_is_cut_somewhere"),
        ],
        name="chain",
    )


def compiled(k):
    model = chain(k)
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    return model


def unbuilt(k):
    return k.Sequential([k.layers.Dense(2, name="d"), k.layers.Dense(3, name="e")], name="unbuilt")


def functional_chain(k):
    x = k.Input((4,), name="x")
    y = k.layers.Dense(3, name="d")(x)
    return k.Model(x, k.layers.Activation("relu", name="act")(y), name="functional_chain")


def chain_with_op(k):
    x = k.Input((4,), name="x")
    return k.Model(x, k.ops.sum(k.layers.Dense(3, name="d")(x), axis=-1), name="chain_with_op")


def shared_layer(k):
    a, b = k.Input((4,), name="a"), k.Input((4,), name="b")
    shared = k.layers.Dense(3, name="shared")
    joined = k.layers.Concatenate(name="joined")([shared(a), shared(b)])
    one = k.layers.Dense(1, name="one")(joined)
    two = k.layers.Dense(2, name="two")(joined)
    return k.Model([a, b], [one, two], name="shared_layer")


def layer_called_twice_in_a_row(k):
    x = k.Input((4,), name="x")
    d = k.layers.Dense(4, name="d")
    return k.Model(x, d(d(x)), name="twice")


def two_heads(k):
    x = k.Input((4,), name="x")
    return k.Model(
        x, [k.layers.Dense(1, name="a")(x), k.layers.Dense(2, name="b")(x)], name="two_heads"
    )


def same_tensor_twice(k):
    x = k.Input((4,), name="x")
    return k.Model(x, k.layers.Add(name="double")([x, x]), name="same_tensor_twice")


def part_of_a_bigger_graph(k):
    x = k.Input((4,), name="x")
    shared = k.layers.Dense(4, name="shared")
    shared(k.Input((4,), name="elsewhere"))
    y = shared(x)
    z = k.layers.Add(name="z")([x, y])
    return k.Model(x, z, name="part")


def frozen(k):
    model = shared_layer(k)
    model.get_layer("shared").trainable = False
    return model


def nested(k):
    x = k.Input((4,), name="outer_x")
    inner = k.Sequential(
        [
            k.Input((4,), name="inner_x"),
            k.layers.Dense(3, name="inner_d"),
            k.Sequential(
                [k.Input((3,), name="core_x"), k.layers.Dense(2, name="core_d")], name="core"
            ),
        ],
        name="inner",
    )
    y = k.Input((2,), name="tail_x")
    tail = k.Model(y, k.layers.Dense(1, name="tail_d")(y), name="tail")
    return k.Model(x, tail(inner(x)), name="nested")


def many_outputs_of_one_layer(k):
    class Pair(k.layers.Layer):
        def call(self, x):
            return x, k.ops.expand_dims(x, -1)

        def compute_output_shape(self, input_shape):
            return tuple(input_shape), (*input_shape, 1)

    class Named(k.layers.Layer):
        def call(self, x):
            return {"same": x, "also": x}

        def compute_output_shape(self, input_shape):
            return {"same": tuple(input_shape), "also": tuple(input_shape)}

    x = k.Input((4,), name="x")
    first, second = Pair(name="pair")(x)
    d = Named(name="named")(first)
    return k.Model(x, [d["also"], second], name="many_outputs")


def subclassed(k):
    class Net(k.Model):
        def __init__(self):
            super().__init__(name="net")
            self.d = k.layers.Dense(3, name="d")
            self.unused = k.layers.Dense(3, name="unused")

        def call(self, x):
            return self.d(x)

    model = Net()
    model(np.ones((2, 4), "float32"))
    return model


MODELS = [
    *(chain, compiled, unbuilt, functional_chain, chain_with_op, shared_layer),
    *(layer_called_twice_in_a_row, two_heads, same_tensor_twice, part_of_a_bigger_graph),
    *(frozen, nested, many_outputs_of_one_layer, subclassed),
]


def both(keras, make, **options):
    """Return what each library prints for the same model."""
    texts = []
    for k in (keras, minikeras):
        k.utils.clear_session()  # names are counted anew
        parts = []
        make(k).summary(print_fn=parts.append, **options)
        assert len(parts) == 1
        texts.append(parts[0])
    return texts


@pytest.mark.parametrize("make", MODELS, ids=lambda f: f.__name__)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"show_trainable": True},
        {"expand_nested": True, "line_length": 72},
        {"line_length": 100},
        {"positions": [0.3, 0.5, 0.8, 0.95]},
    ],
    ids=["default", "trainable", "nested", "wide", "positions"],
)
def test_prints_what_keras_prints(keras, make, options):
    expected, got = both(keras, make, **options)
    assert got == expected


@pytest.mark.parametrize("make", [frozen, chain, nested, many_outputs_of_one_layer])
@pytest.mark.parametrize("columns", ["40", "60", "80", "97", "132", "200"])
def test_adapts_to_the_terminal_as_keras_does(keras, monkeypatch, columns, make):
    monkeypatch.setenv("COLUMNS", columns)
    expected, got = both(keras, make, show_trainable=columns != "40", expand_nested=True)
    assert got == expected


@pytest.mark.parametrize("columns, line_length", [("40", 200), ("200", 40), ("40", 40), ("12", 60)])
def test_a_table_wider_or_narrower_than_the_terminal(keras, monkeypatch, columns, line_length):
    monkeypatch.setenv("COLUMNS", columns)
    expected, got = both(keras, frozen, line_length=line_length)
    assert got == expected


def test_a_terminal_that_is_too_narrow_is_refused_as_by_keras(keras, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    for k in (keras, minikeras):
        with pytest.raises(ValueError, match="(?i)insufficient console width"):
            frozen(k).summary(show_trainable=True, print_fn=lambda text: None)


@pytest.mark.parametrize("layer_range", [["drop", "a_"], ["a_layer", "first"], ["f", "."]])
def test_layer_range_as_in_keras(keras, layer_range):
    expected, got = both(keras, chain, layer_range=layer_range)
    assert got == expected


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


def cells(text):
    """Return the visible characters with the terminal codes in force at each."""
    found, active = [], frozenset()
    for code, character in re.findall(r"\x1b\[([\d;]*)m|(.)", text, re.DOTALL):
        if character:
            # A blank looks the same in any foreground colour or weight.
            found.append((character, frozenset() if character.isspace() else active))
        elif code in ("", "0"):
            active = frozenset()
        else:
            active = active | set(code.replace("38;5;", "38/5/").split(";"))
    return found


@pytest.mark.parametrize(
    "environment",
    [
        {"TERM": "xterm-256color"},
        {"TERM": "xterm"},
        {"TERM": "xterm", "COLORTERM": "truecolor"},
        {"TERM": "dumb"},
        {"TERM": "xterm-256color", "NO_COLOR": "1"},
    ],
    ids=lambda e: "-".join(e.values()),
)
def test_colours_in_a_terminal_are_those_of_keras(keras, monkeypatch, environment):
    style = pytest.importorskip("rich.style").Style
    for cached in (style.parse, style.normalize, style._add):
        cached.cache_clear()  # rich keeps codes even if the number of colours changes
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    screens = []
    for k in (keras, minikeras):
        model = frozen(k)
        terminal = Terminal()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", terminal)
            model.summary(show_trainable=True)
        screens.append(terminal.getvalue())
    expected, got = screens
    assert cells(got) == cells(expected)
    assert ("\x1b" in got) == (environment["TERM"] != "dumb")


def test_plain_in_a_file_and_printed_once(capsys):
    parts = []
    model = chain(minikeras)
    assert model.summary(print_fn=parts.append) is None
    model.summary()
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert out == parts[0]


def test_goes_to_the_log_without_interactive_logging(capsys, caplog):
    minikeras.config.disable_interactive_logging()
    try:
        with caplog.at_level("INFO", logger="minikeras"):
            chain(minikeras).summary()
    finally:
        minikeras.config.enable_interactive_logging()
    assert capsys.readouterr().out == ""
    assert "Total params: 534,016 (2.04 MB)" in caplog.text


def test_frame_in_ascii_where_the_output_cannot_show_lines(monkeypatch):
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
    monkeypatch.setattr(sys, "stdout", out)
    unbuilt(minikeras).summary()
    text = out.buffer.getvalue().decode("ascii")
    assert "| d (Dense) " in text
    assert "+---" in text


@pytest.mark.parametrize(
    "options, message",
    [
        ({"line_length": 12}, "line_length=12"),
        ({"positions": [0.5, 1.0]}, "positions"),
        ({"layer_range": ["nothing", "drop"]}, "no layer's name matches 'nothing'"),
        ({"layer_range": ["drop"]}, "layer_range"),
        ({"layer_range": [1, 2]}, "layer_range"),
    ],
)
def test_refuses_what_it_cannot_print(options, message):
    parts = []
    with pytest.raises(ValueError, match=re.escape(message)):
        print_summary(chain(minikeras), print_fn=parts.append, **options)
    assert not parts


WORDS = st.sampled_from(
    ["a", "dense_1", "(Dense)", "x[0][0],", "(None,", "thelongestofallwords", "层名"]
)


@settings(max_examples=200)
@given(st.data())
def test_table_is_laid_out_as_by_rich(data):
    console = pytest.importorskip("rich.console")
    rich_table = pytest.importorskip("rich.table")
    n = data.draw(st.integers(3, 5))
    header = ["Layer (type)", "Output Shape", "Param #", "Connected to", "Trainable"][:n]
    alignment = ["left", "left", "right", "left", "center"][:n]
    widths = data.draw(st.lists(st.integers(4, 25), min_size=n, max_size=n))
    width = data.draw(st.integers(sum(widths) - 8, sum(widths) + 15))
    sentence = st.lists(WORDS, max_size=6).map(" ".join)
    rows = data.draw(st.lists(st.lists(sentence, min_size=n, max_size=n), max_size=3))

    ours = Table(header, widths, alignment, width)
    columns = [
        rich_table.Column(h, justify=a, width=w) for h, a, w in zip(header, alignment, widths)
    ]
    theirs = rich_table.Table(*columns, width=width, show_lines=True)
    for row in rows:
        ours.rows.append([Text(cell) for cell in row])
        theirs.add_row(*(cell.replace("[", r"\[") for cell in row))
    out = io.StringIO()
    console.Console(file=out, width=200, color_system=None).print(theirs)
    assert "".join(line.plain + "\n" for line in ours.lines()) == out.getvalue()
