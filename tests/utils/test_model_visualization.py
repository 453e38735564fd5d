"""`model_to_dot` beside Keras's, and the pictures that minikeras lays out itself."""

import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import minikeras
from minikeras.utils import model_to_dot, plot_model
from minikeras.utils.graph_drawing import draw
from minikeras.utils.model_diagram import Box, Details, diagram


def chain(k):
    return k.Sequential(
        [
            k.Input((4,)),
            k.layers.Dense(3, activation="relu", name="hidden"),
            k.layers.Dropout(0.5, name="drop"),
            k.layers.Dense(1, name="out"),
        ],
        name="chain",
    )


def branches(k):
    x = inputs = k.Input((8, 8, 3), name="image")
    left = k.layers.Conv2D(4, 1, name="left")(x)
    right = k.layers.Conv2D(4, 3, padding="same", activation="relu", name="right_1")(x)
    right = k.layers.Conv2D(4, 3, padding="same", name="right_2")(right)
    x = k.layers.Concatenate(name="both")([left, right])
    x = k.layers.BatchNormalization(name="norm")(x)
    frozen = k.layers.Conv2D(3, 1, name="frozen", trainable=False)
    x = k.layers.Add(name="residual")([frozen(x), inputs])
    return k.Model(inputs, k.ops.relu(x) * 2, name="branches")


def several(k):
    a, b = k.Input((4,), name="a"), k.Input((6,), name="b", dtype="int32")
    twice = k.layers.Dense(3, activation="tanh", name="twice")
    u = twice(a)
    v = twice(k.layers.Dense(4, name="first")(b))
    p = k.layers.Dense(1, name="p")(k.layers.Concatenate(name="cat")([u, v]))
    return k.Model([a, b], {"p": p, "q": k.layers.Dense(2, name="q")(v)}, name="several")


def inner(k):
    z = k.Input((3,), name="z")
    stack = [k.layers.Dense(3, name="s1"), k.layers.Dense(2, name="s2")]
    stack = k.Sequential([k.Input((3,)), *stack], name="stack")
    return k.Model(z, [stack(z), k.layers.Dense(5, name="side")(z)], name="inner")


def nested(k):
    x = inputs = k.Input((3,), name="x")
    one, two = inner(k)(x)
    head = k.Sequential([k.Input((2,)), k.layers.Dense(4, name="h")], name="head")
    one = k.layers.Dense(4, name="after")(head(one))
    two = k.layers.Dense(1, name="other")(two)
    return k.Model(inputs, [one, two], name="nested")


def siamese(k):
    body = [k.Input((4,)), k.layers.Dense(3, name="e1"), k.layers.Dense(2, name="e2")]
    encoder = k.Sequential(body, name="encoder")
    a, b = k.Input((4,), name="a"), k.Input((4,), name="b")
    distance = k.layers.Subtract(name="distance")([encoder(a), encoder(b)])
    return k.Model([a, b], distance, name="siamese")


def chain_of_models(k):
    first = k.Input((3,), name="i")
    first = k.Model(first, k.layers.Dense(2, name="f")(first), name="first")
    last = k.Sequential([k.Input((2,)), k.layers.Dense(1, name="l")], name="last")
    return k.Sequential([k.Input((3,)), first, k.layers.ReLU(name="r"), last], name="models")


def circle(k):
    again = k.layers.Dense(4, name="again")
    x = inputs = k.Input((4,), name="x")
    x = again(again(x))
    x = k.layers.ReLU(name="between")(x)
    return k.Model(inputs, k.layers.Dense(1, name="out")(again(x)), name="circle")


def named_inputs(k):
    inputs = {"u": k.Input((2,), name="u"), "v": k.Input((3,), name="v")}
    both = k.Model(
        inputs, k.layers.Concatenate(name="cat")([inputs["u"], inputs["v"]]), name="both"
    )
    outer = {"u": k.Input((2,), name="u0"), "v": k.Input((3,), name="v0")}
    return k.Model(list(outer.values()), both(outer), name="named_inputs")


def subclassed(k):
    class Own(k.Model):
        def __init__(self):
            super().__init__(name="own")
            self.dense = k.layers.Dense(2, name="dense")

        def call(self, x):
            return self.dense(x)

    model = Own()
    model(np.ones((1, 3), "float32"))
    return model


MODELS = [
    chain,
    branches,
    several,
    nested,
    siamese,
    chain_of_models,
    circle,
    named_inputs,
    subclassed,
]


def names_of(model):
    """The names of everything in a model by the keys that Graphviz gets."""
    found = {str(id(model)): model.name}
    for op in getattr(model, "operations", []) or []:
        found |= names_of(op)
    for layer in getattr(model, "layers", []) or []:
        found |= names_of(layer)
    return found


def plain(label):
    """A label as rows of fields: what is written, what is bold, and the colours."""
    assert label.startswith("<<table") and label.endswith("</table>>")
    rows = ET.fromstring(label[1:-1]).findall("tr")
    return [
        [
            (
                field.get("bgcolor"),
                field.find("font").get("color"),
                field.find("font").get("point-size"),
                "".join(field.itertext()),
                [bold.text for bold in field.iter("b")],
            )
            for field in row
        ]
        for row in rows
    ]


def structure(graph, names):
    """What is in a graph of pydot's, with the layers' names in place of their keys."""
    nodes = [n for n in graph.get_node_list() if n.get_name() != "node"]
    return {
        "attributes": dict(graph.get_attributes()),
        "nodes": {names[n.get_name()]: plain(n.get_label()) for n in nodes},
        "styles": {(n.get("fontname"), str(n.get("border")), str(n.get("margin"))) for n in nodes},
        "edges": sorted(
            (names[e.get_source()], names[e.get_destination()], str(e.get("penwidth")))
            for e in graph.get_edge_list()
        ),
        "frames": {g.get_name(): structure(g, names) for g in graph.get_subgraph_list()},
    }


@pytest.fixture(scope="module")
def pydot():
    return pytest.importorskip("pydot")


OPTIONS = [
    {},
    {"show_layer_names": False, "rankdir": "LR", "dpi": 96, "splines": "curved"},
    {"show_shapes": True},
    {"show_dtype": True, "show_trainable": True},
    {"show_layer_activations": True, "expand_nested": True},
    {
        "show_shapes": True,
        "show_dtype": True,
        "show_layer_activations": True,
        "show_trainable": True,
        "expand_nested": True,
    },
    {"subgraph": True, "expand_nested": True},
]


@pytest.mark.parametrize("make", MODELS)
def test_graphviz_gets_what_keras_gives_it(keras, pydot, make):
    models = {}
    for library in (keras, minikeras):
        library.utils.clear_session()
        models[library] = make(library)
    for options in OPTIONS:
        structures = []
        for library, model in models.items():
            dot = library.utils.model_to_dot(model, **options)
            assert isinstance(dot, pydot.Cluster if options.get("subgraph") else pydot.Dot)
            structures.append(structure(dot, names_of(model)))
        assert structures[1] == structures[0], options
        assert structures[0]["nodes"] or structures[0]["frames"]


def test_signatures_are_those_of_keras(keras):
    import inspect

    for name in ("plot_model", "model_to_dot"):
        ours, theirs = (
            [(p.name, p.default) for p in inspect.signature(getattr(k, name)).parameters.values()]
            for k in (minikeras.utils, keras.utils)
        )
        assert ours == theirs


def test_signs_of_html_in_names(pydot):
    model = minikeras.Sequential(
        [minikeras.layers.Dense(1, name="a<b>&c"), minikeras.layers.ReLU()]
    )
    model.build((None, 1))
    label = next(n.get_label() for n in model_to_dot(model).get_node_list() if n.get_label())
    assert plain(label)[0][0][3] == "a<b>&c (Dense)"


@pytest.mark.parametrize("function", [model_to_dot, plot_model])
def test_bad_calls(function):
    pytest.importorskip("pydot")
    with pytest.raises(ValueError, match="model 'm' has not yet been built"):
        function(minikeras.Sequential([minikeras.layers.Dense(1)], name="m"))
    model = chain(minikeras)
    with pytest.raises(ValueError, match="`layer_range` is no longer supported"):
        function(model, layer_range=("hidden", "out"))
    with pytest.raises(ValueError, match=r"unrecognized keyword arguments: \{'show_names': True\}"):
        function(model, show_names=True)


# The pictures of our own.

EVERYTHING = Details(*[True] * 5)


def drawn(make, rankdir="TB", details=EVERYTHING, splines="ortho", expand_nested=True):
    frame = diagram(make(minikeras), details, expand_nested)
    return frame, draw(frame, rankdir, splines)


def texts(picture):
    return ["".join(text for text, _ in label.parts) for label in picture.labels]


def boxes_of(picture):
    """The boxes by their headings: each from the top of a heading to the bottom of its last row."""
    fields = [r for r in picture.rectangles if not r.dashed]
    heading = {(r.left + r.width / 2, r.top + r.height / 2): r for r in fields}
    found = {}
    for label in picture.labels:
        r = heading.get((label.x, label.y))
        if r is not None and r.fill == "black":
            below = [s for s in fields if s.left >= r.left - 1e-6 and s is not r]
            below = [s for s in below if s.left + s.width <= r.left + r.width + 1e-6]
            height, grown = r.height, True
            while grown:
                next_row = [s for s in below if abs(s.top - r.top - height) < 1e-6]
                next_row = [s for s in next_row if s.fill != "black"]
                grown = bool(next_row)
                height += next_row[0].height if grown else 0
            name = "".join(text for text, _ in label.parts)
            found[name] = (r.left, r.top, r.left + r.width, r.top + height)
    return found


def overlap(a, b):
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def touched(boxes, point):
    """The boxes that a point lies on the edge of."""
    x, y = point
    return [
        name
        for name, (x0, y0, x1, y1) in boxes.items()
        if x0 - 0.1 < x < x1 + 0.1
        and y0 - 0.1 < y < y1 + 0.1
        and min(abs(x - x0), abs(x - x1), abs(y - y0), abs(y - y1)) < 0.1
    ]


DRAWN = [m for m in MODELS if m is not subclassed]


@pytest.mark.parametrize("rankdir", ["TB", "BT", "LR", "RL"])
@pytest.mark.parametrize("make", DRAWN)
def test_boxes_stand_apart_and_arrows_go_from_box_to_box(make, rankdir):
    frame, picture = drawn(make, rankdir)
    boxes = boxes_of(picture)
    items = {item.key: item for item in frame.walk() if isinstance(item, Box)}
    headings = {key: f"{item.name} ({item.kind})" for key, item in items.items()}
    assert sorted(boxes) == sorted(headings.values())

    corners = list(boxes.values())
    assert not any(overlap(a, b) for i, a in enumerate(corners) for b in corners[:i])
    for x0, y0, x1, y1 in corners:
        assert x0 > 0 and y0 > 0 and x1 < picture.width and y1 < picture.height

    frames = [frame, *(i for i in frame.walk() if not isinstance(i, Box))]
    wanted = [(headings[a], headings[b]) for f in frames for a, b in f.arrows]
    assert len(picture.arrows) == len(wanted) > 0
    direction = {"TB": (0, 1), "BT": (0, -1), "LR": (1, 0), "RL": (-1, 0)}[rankdir]
    for arrow, (source, target) in zip(picture.arrows, wanted):
        assert touched(boxes, arrow.points[0]) == [source]
        assert touched(boxes, arrow.head[0]) == [target]
        if make is not circle:
            assert np.dot(np.subtract(arrow.head[0], arrow.points[0]), direction) > 0
        # A line is no shortcut through the boxes that it passes.
        for name, corner in boxes.items():
            if name not in (source, target):
                line = lines_of(arrow)
                inside = (line > np.add(corner[:2], 0.5)) & (line < np.subtract(corner[2:], 0.5))
                assert not inside.all(axis=1).any()


def lines_of(arrow):
    """Points along an arrow."""
    t = np.linspace(0, 1, 50)[:, None]
    points, pieces, at = np.array(arrow.points), [], 0
    for bent in arrow.bent:
        p = points[at : at + (4 if bent else 2)]
        if bent:
            weights = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3
            pieces.append(sum(w * q for w, q in zip(weights, p)))
        else:
            pieces.append((1 - t) * p[0] + t * p[1])
        at += len(p) - 1
    assert at == len(points) - 1
    return np.concatenate(pieces)


def test_boxes_tell_what_is_asked_for():
    _, picture = drawn(several)
    written = texts(picture)
    assert "Activation: tanh" in written
    assert "Input shape: [(None, 3), (None, 3)]" in written
    assert "Output dtype: int32" in written
    _, picture = drawn(several, details=Details())
    assert sorted(texts(picture)) == sorted(["InputLayer"] * 2 + ["Dense"] * 4 + ["Concatenate"])
    _, picture = drawn(branches)
    colours = {"".join(t for t, _ in label.parts): label for label in picture.labels}
    assert {"Trainable", "Non-trainable"} < set(colours)
    assert {"forestgreen", "firebrick"} < {r.fill for r in picture.rectangles}


def test_text_fits_into_its_field():
    fonts = pytest.importorskip("matplotlib.font_manager")
    from matplotlib.textpath import text_to_path

    for make in DRAWN:
        _, picture = drawn(make)
        for label in picture.labels:
            width = 0
            for text, bold in label.parts:
                weight = "bold" if bold else "normal"
                font = fonts.FontProperties(family="DejaVu Sans", size=label.size, weight=weight)
                width += text_to_path.get_text_width_height_descent(text, font, False)[0]
            around = [
                r
                for r in picture.rectangles
                if r.left < label.x < r.left + r.width and r.top < label.y < r.top + r.height
            ]
            assert width + 8 < min(r.width for r in around), texts(picture)


def test_frames_hold_the_layers_of_nested_models():
    frame, picture = drawn(nested)
    boxes = boxes_of(picture)
    frames = [
        (r.left, r.top, r.left + r.width, r.top + r.height) for r in picture.rectangles if r.dashed
    ]
    inside = [
        {
            n.split()[0]
            for n, b in boxes.items()
            if f[0] < b[0] and f[1] < b[1] and b[2] < f[2] and b[3] < f[3]
        }
        for f in frames
    ]
    assert inside == [{"z", "s1", "s2", "side"}, {"s1", "s2"}, {"h"}]
    assert {"inner", "stack", "head"} < set(texts(picture))
    for f in frames:  # and nobody else reaches in
        for b in boxes.values():
            within = f[0] < b[0] and f[1] < b[1] and b[2] < f[2] and b[3] < f[3]
            assert within or not overlap(f, b)


def test_what_follows_one_another_stands_in_one_line():
    _, picture = drawn(chain)
    assert len({round(arrow.points[0][0], 6) for arrow in picture.arrows}) == 1
    _, picture = drawn(branches)
    heads = boxes_of(picture)
    right = [n for n in heads if n.startswith("right")]
    assert len({round(sum(heads[n][::2]), 6) for n in right}) == 1


def overlapping(k):
    """Two nested models, one of which is a part of the other."""
    x = inner = k.Input((3,), name="x")
    x = features = k.layers.Dense(3, name="features")(x)
    whole = k.Model(inner, k.layers.Dense(3, name="rest")(x), name="whole")
    part = k.Model(inner, features, name="part")
    inputs = k.Input((3,), name="inputs")
    return k.Model(inputs, k.layers.Add(name="sum")([whole(inputs), part(inputs)]), name="outer")


def test_a_layer_of_two_nested_models_is_one_box():
    _, picture = drawn(overlapping)
    names = sorted(name.split()[0] for name in boxes_of(picture))
    assert names == ["features", "inputs", "rest", "sum", "x"]
    assert len([t for t in texts(picture) if "(" not in t and t in ("whole", "part")]) == 1
    assert len(picture.arrows) == 5


def test_svg_holds_everything():
    _, picture = drawn(nested)
    root = ET.fromstring(picture.svg())
    space = "{http://www.w3.org/2000/svg}"
    written = ["".join(t.itertext()) for t in root.iter(f"{space}text")]
    assert written == texts(picture)
    assert len(root.findall(f"{space}path")) == len(picture.arrows)
    assert len(root.findall(f"{space}polygon")) == len(picture.arrows)


def test_a_chain_that_was_built_on_several_inputs_has_no_graph():
    layers = minikeras.layers
    model = minikeras.Sequential(
        [layers.Add(name="sum"), layers.Dense(1, name="out")], name="on_two"
    )
    model.build([(None, 2), (None, 2)])
    for expand_nested in (False, True):
        frame = diagram(model, EVERYTHING, expand_nested)
        assert [item.name for item in frame.items] == ["sum", "out"]
        assert frame.arrows == [tuple(item.key for item in frame.items)]


@pytest.fixture
def no_graphviz(monkeypatch):
    monkeypatch.setenv("PATH", "")


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("multilayer_perceptron_graph.png", b"\x89PNG"),
        ("model", b"\x89PNG"),
        ("model.PDF", b"%PDF"),
        ("model.svg", b"<svg"),
    ],
)
def test_files_without_graphviz(no_graphviz, tmp_path, name, start):
    pytest.importorskip("matplotlib")
    plot_model(chain(minikeras), to_file=str(tmp_path / name), show_shapes=True)
    assert (tmp_path / name).read_bytes().startswith(start)
    plot_model(chain(minikeras), to_file=tmp_path / name, rankdir="LR")


def test_pixels_follow_from_dpi(no_graphviz, tmp_path):
    plt = pytest.importorskip("matplotlib.pyplot")
    sizes = []
    for dpi in (50, 100):
        plot_model(chain(minikeras), tmp_path / "m.png", dpi=dpi)
        sizes.append(plt.imread(tmp_path / "m.png").shape[:2])
    np.testing.assert_allclose(np.multiply(sizes[0], 2), sizes[1], atol=2)


def test_a_long_picture_is_drawn_with_fewer_pixels(no_graphviz, monkeypatch, tmp_path):
    plt = pytest.importorskip("matplotlib.pyplot")
    monkeypatch.setattr("minikeras.utils.graph_drawing.MOST_PIXELS", 500)
    with pytest.warns(UserWarning, match="at 200 dots per inch the picture would have"):
        plot_model(chain(minikeras), tmp_path / "m.png")
    assert max(plt.imread(tmp_path / "m.png").shape) in (500, 501)


def test_a_notebook_shows_the_picture(no_graphviz, monkeypatch, tmp_path):
    pytest.importorskip("matplotlib")
    display = SimpleNamespace(
        Image=lambda filename: ("image", filename), SVG=lambda filename: ("svg", filename)
    )
    # matplotlib, if Keras brings it in now, asks for the version.
    ipython = SimpleNamespace(display=display, version_info=(9, 0), get_ipython=SimpleNamespace)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    for name, shown in (("m.png", "image"), ("m.svg", "svg")):
        path = str(tmp_path / name)
        assert plot_model(chain(minikeras), path) == (shown, path)
    assert plot_model(chain(minikeras), tmp_path / "m.pdf") is None
    monkeypatch.setattr(ipython, "get_ipython", lambda: None)  # imported, but not running
    assert plot_model(chain(minikeras), tmp_path / "m.png") is None
    monkeypatch.setitem(sys.modules, "IPython", None)
    assert plot_model(chain(minikeras), tmp_path / "m.png") is None


def test_what_own_pictures_cannot_do(no_graphviz, tmp_path):
    model = chain(minikeras)
    pytest.importorskip("matplotlib")
    with pytest.raises(ValueError, match="must end in a format that matplotlib writes.*'m.xyz'"):
        plot_model(model, "m.xyz")
    with pytest.raises(ValueError, match="`rankdir` must be one of.*Received: 'down'"):
        plot_model(model, tmp_path / "m.svg", rankdir="down")
    with pytest.raises(ValueError, match="`splines` must be.*Received: 'wavy'"):
        plot_model(model, tmp_path / "m.svg", splines="wavy")
    assert not list(tmp_path.iterdir())


def test_source_for_graphviz_needs_pydot_alone(no_graphviz, pydot, tmp_path):
    plot_model(nested(minikeras), tmp_path / "m.dot", expand_nested=True)
    text = (tmp_path / "m.dot").read_text(encoding="utf-8")
    assert text.startswith("digraph") and text.count("->") == 7
    assert "subgraph cluster_inner" in text and "subgraph cluster_stack" in text


@pytest.mark.skipif(not shutil.which("dot"), reason="Graphviz is not installed")
@pytest.mark.parametrize("make", MODELS)
def test_graphviz_draws_it(pydot, make, tmp_path):
    options = {"splines": "spline", "show_layer_names": True, "expand_nested": True}
    model = make(minikeras)
    plot_model(model, tmp_path / "m.svg", **options)  # "ortho" makes some versions fail
    text = (tmp_path / "m.svg").read_text(encoding="utf-8")
    assert "Generated by graphviz" in text
    written = re.findall(r"<text[^>]*>([^<]*)</text>", text)
    names = [i.name for i in diagram(model, EVERYTHING, True).walk() if isinstance(i, Box)]
    assert set(names) <= {t.split()[0] for t in written if t.strip()}


@pytest.mark.skipif(sys.platform == "win32", reason="the failing program is a script")
def test_where_graphviz_fails_the_picture_is_our_own(pydot, monkeypatch, tmp_path):
    (tmp_path / "dot").write_text("#!/bin/sh\necho its own trouble >&2\nexit 1\n")
    (tmp_path / "dot").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.warns(UserWarning, match="Graphviz failed.*splines"):
        plot_model(chain(minikeras), tmp_path / "m.svg")
    assert (tmp_path / "m.svg").read_text(encoding="utf-8").startswith("<svg")


def test_without_the_extra(tmp_path):
    """An SVG needs no library; where one is needed, the message says what brings it."""
    code = f"""
import sys
sys.modules["matplotlib"] = sys.modules["pydot"] = None
import minikeras
from minikeras.utils import model_to_dot, plot_model
model = minikeras.Sequential([minikeras.Input((2,)), minikeras.layers.Dense(1, name="only")])
plot_model(model, {str(tmp_path / "m.svg")!r}, show_layer_names=True)
for call in (lambda: model_to_dot(model), lambda: plot_model(model, "m.png")):
    try:
        call()
    except ImportError as error:
        print(error)
"""
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, env={"PATH": ""}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first.startswith("This needs pydot") and second.startswith("This needs matplotlib")
    assert all('pip install "minikeras-numpy[plot]"' in line for line in (first, second))
    assert "only" in (tmp_path / "m.svg").read_text(encoding="utf-8")
