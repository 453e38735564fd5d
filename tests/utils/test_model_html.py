"""Models and layers as notebooks show them."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

import minikeras
from minikeras import layers
from minikeras.common.html import escape
from minikeras.utils import model_html


class Balanced(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def html_of(obj):
    html = obj._repr_html_()
    parser = Balanced()
    parser.feed(re.sub(r"<(rect|path|polygon|circle)[^>]*/>", "", html))
    assert parser.open == []
    return re.sub("<style>.*?</style>", "", html, flags=re.DOTALL)


def chain():
    return minikeras.Sequential(
        [
            minikeras.Input((8,)),
            layers.Dense(4, activation="relu", kernel_regularizer="l2", name="first"),
            layers.Dropout(0.25, name="drop"),
            layers.Dense(1, dtype="mixed_float16", name="last"),
        ],
        name="chain",
    )


def test_a_chain_is_boxes_one_below_the_other():
    html = html_of(chain())
    assert html.count("<details") == 4 and html.count("<details open") == 1
    assert html.count("↓") == 2 and "<svg" not in html
    assert html.index("first") < html.index("drop") < html.index("last")
    assert "(None, 4) · 36 parameters" in html
    for cells in (("units", "4"), ("activation", "relu"), ("rate", "0.25")):
        assert '<tr><td class="l">{}</td><td class="w">{}</td></tr>'.format(*cells) in html
    assert ">mixed_float16<" in html


def test_a_compiled_model_tells_optimizer_and_loss():
    model = chain()
    assert "Adam" not in html_of(model)
    model.compile("adam", "mse")
    assert "· Adam, mse<" in html_of(model)
    model.compile("sgd", minikeras.losses.Huber(name="<h>"))
    assert "· SGD, &lt;h&gt;<" in html_of(model)
    model.compile("sgd", ["mse"])
    assert "· SGD, 1 losses<" in html_of(model)
    model.compile("sgd")
    assert "· SGD<" in html_of(model)


def test_a_graph_is_drawn_and_models_inside_open():
    inner = chain()
    x = minikeras.Input((8,), name="x")
    y = layers.Add(name="both")([inner(x), layers.Dense(1, name="beside")(x)])
    model = minikeras.Model(x, minikeras.ops.sum(y), name="outer")
    html = html_of(model)
    assert html.count("<svg") == 1 and "currentColor" in html
    assert 'fill="white"' not in html and 'stroke="black"' not in html
    assert html.index("<svg") < html.index("first")  # among the layers below the picture
    for name in ("x", "chain", "beside", "both", "Sum"):
        assert name in html


def test_large_models_are_not_drawn(monkeypatch):
    x = minikeras.Input((2,), name="x")
    model = minikeras.Model(x, layers.Add()([x, layers.Dense(2, name="d")(x)]))
    monkeypatch.setattr(model_html, "MOST_DRAWN", 2)
    assert "<svg" not in html_of(model)
    monkeypatch.setattr(model_html, "MOST_BOXES", 2)
    html = html_of(model)
    assert html.count("<details") == 1 and '<td class="w">x[0][0], d[0][0]</td>' in html


def test_models_without_layers_or_shapes():
    assert "no layers yet" in html_of(minikeras.Sequential())
    assert "not built" in html_of(minikeras.Sequential([layers.Dense(2)]))

    class Own(minikeras.Model):
        def __init__(self):
            super().__init__(name="own")
            self.d = layers.Dense(3, name="d")

        def call(self, x):
            return self.d(x)

    model = Own()
    assert "not built" in html_of(model)
    model(np.ones((2, 4), "float32"))
    html = html_of(model)
    assert "15 parameters" in html and "not built" not in html


def test_a_layer_opens_with_its_weights():
    layer = layers.Dense(3, trainable=False, name="a<b>")
    assert "not built" in html_of(layer)
    layer.build((None, 2))
    html = html_of(layer)
    assert "a&lt;b&gt;" in html and "9 parameters, frozen" in html and "<details open" in html
    row = '<td class="l">kernel</td><td class="l">(2, 3)</td><td class="l">float32</td>'
    assert row + '<td class="l">no</td>' in html


@pytest.mark.parametrize("error", [NotImplementedError, TypeError])
def test_a_layer_whose_shape_cannot_be_told(error):
    class Own(layers.Layer):
        def build(self, input_shape):
            self.w = self.add_weight(shape=(1,), name="w")

        def call(self, x):
            return x

        def compute_output_shape(self, input_shape):
            raise error

    layer = Own(name="own")
    layer.build((None, 2))
    assert "1 parameters" in html_of(layer)


def test_long_arguments_are_cut():
    layer = layers.Normalization(mean=list(range(100)), variance=list(range(1, 101)))
    html = html_of(layer)
    assert "…</td>" in html and "99, " not in html


def test_escape_is_that_of_the_standard_library():
    import html

    text = "<a href=\"x\">'&amp;'</a>\u5c42"
    assert escape(text) == html.escape(text)
