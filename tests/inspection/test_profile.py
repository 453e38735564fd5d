"""`profile`: what it counts, and that it leaves everything as it was."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

import minikeras
from minikeras import layers
from minikeras.autodiff import PRIMITIVES
from minikeras.autodiff.state import thread
from minikeras.inspection import op_counts, profiling

X = np.random.default_rng(0).random((64, 6, 6, 2), "float32")
Y = np.arange(64) % 3


def image_model():
    return minikeras.Sequential(
        [
            layers.Input((6, 6, 2)),
            layers.Conv2D(4, 3, activation="relu", name="conv"),
            layers.Flatten(name="flatten"),
            layers.Dropout(0.5, seed=1, name="dropout"),
            layers.Dense(3, activation="softmax", name="last"),
        ],
        name="images",
    )


def test_training():
    model = image_model()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    before = [w.numpy() for w in model.variables]
    found = minikeras.profile(model, X, Y, batch_size=16, steps=3, warmup=1)

    names = [row.name for row in found.layers]
    assert names == [
        *("images", "conv", "flatten", "dropout", "last", "loss", "update (adam)", "metrics", "fit")
    ]
    rows = {row.name: row for row in found.layers}
    # Forward and the gradient of the kernel; the inputs need none.
    assert rows["conv"].flops == 2 * 2 * (16 * 4 * 4 * 4) * (3 * 3 * 2)
    # Forward and two gradients.
    assert rows["last"].flops == 3 * 2 * 16 * 64 * 3
    for name in ("conv", "last", "loss"):
        assert rows[name].forward > 0 and rows[name].backward > 0 and rows[name].calls == 2
    assert rows["update (adam)"].other > 0 and rows["update (adam)"].forward == 0
    ops = {row.name: row for row in found.ops}
    assert ops["conv"].flops == rows["conv"].flops and ops["(Python)"].seconds > 0
    assert ops["dropout"].moved == 2 * 3 * 4 * 16 * 64  # each way two factors and their product
    assert found.training and found.examples == 16 and found.seconds > 0
    # All the time of a step is somewhere.
    for table in profiling._rows(found.span, found.machine):
        total = sum(row.seconds for row in table.values())
        assert total == pytest.approx(found.span.seconds)

    for w, value in zip(model.variables, before):
        np.testing.assert_array_equal(w, value)
    assert model.optimizer.iterations.numpy() == 0
    assert type(thread.state.layers) is list and thread.state.play is None
    assert thread.state.new_nodes is list and "<lambda>" not in PRIMITIVES["conv"].forward.__name__


def test_what_is_nested_is_told_apart_and_prediction_has_no_backward():
    i = minikeras.Input((5, 8))
    a = layers.MultiHeadAttention(2, 4, use_gate=True, name="attention")(i, i)
    b = layers.MultiHeadAttention(2, 4, name="at_once")(a, a)
    model = minikeras.Model(i, layers.LSTM(3, name="lstm")(b))
    found = minikeras.profile(model, np.ones((8, 5, 8), "float32"), steps=2, warmup=0)
    assert not found.training
    rows = {row.name: row for row in found.layers}
    assert rows["attention/query"].flops == 2 * 8 * 5 * 8 * 8
    assert rows["at_once"].flops == 2 * 8 * 5 * (4 * 8 * 8 + 2 * 5 * (4 + 4))
    assert rows["lstm"].flops == 2 * 8 * 5 * (8 * 12 + 3 * 12)
    assert all(row.backward == 0 for row in found.layers)


def test_backwards_are_put_where_their_forward_ran():
    class Twice(minikeras.Model):
        def __init__(self):
            super().__init__(name="twice")
            self.inner = layers.Dense(4, name="inner")

        def call(self, x):
            return self.inner(minikeras.ops.tanh(self.inner(x)))

        def train_step(self, data):
            x, y = data
            with minikeras.GradientTape() as tape:
                loss = minikeras.ops.mean(minikeras.ops.square(self(x, training=True) - y))
            grads = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply(grads, self.trainable_variables)
            return {"loss": loss}

    model = Twice()
    model.compile("sgd")
    x = np.ones((8, 4), "float32")
    found = minikeras.profile(
        model, minikeras.data.Dataset.from_tensor_slices((x, x)).batch(4), steps=2
    )
    rows = {row.name: row for row in found.layers}
    assert rows["inner"].calls == 4  # two uses, forward and backward
    assert rows["inner"].flops == (2 + 3) * 2 * 4 * 4 * 4
    assert {row.name for row in found.layers} >= {"twice", "inner", "update (sgd)", "fit"}
    tanh = next(row for row in found.ops if row.name == "tanh")
    assert tanh.calls == 2 and tanh.forward > 0 and tanh.backward > 0


def test_remat_and_debug_numerics_go_with_it():
    model = minikeras.Sequential([layers.Dense(3, name="d"), layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    remat = minikeras.remat(minikeras.ops.tanh)
    model.add(layers.Lambda(remat, name="again"))
    x = np.ones((8, 2), "float32")
    minikeras.config.enable_debug_numerics()
    try:
        found = minikeras.profile(model, x, x[:, :1], batch_size=4, steps=2)
    finally:
        minikeras.config.disable_debug_numerics()
    assert next(row for row in found.ops if row.name == "remat").backward > 0


def test_a_step_of_the_model_itself_is_watched():
    model = minikeras.Sequential([layers.Input((2,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    steps, step = [], model.train_step
    model.train_step = lambda batch: [steps.append(1), step(batch)][1]
    minikeras.profile(model, np.ones((8, 2)), np.ones((8, 1)), batch_size=4, steps=3, warmup=1)
    assert len(steps) == 2 + 4 + 4  # before, watched, and by themselves


def test_how_it_is_shown(tmp_path):
    model = image_model()
    found = minikeras.profile(model, X, steps=2)
    text = str(found)
    assert "Model 'images'" in text and "conv" in text and "of peak" in text
    svg = ElementTree.fromstring(found.svg())
    titles = [t.text for t in svg.iter("{http://www.w3.org/2000/svg}title")]
    assert titles[0].startswith("predict: ") and any(t.startswith("conv: ") for t in titles)
    page = found.to_html(tmp_path / "profile.html", theme="dark")
    assert (tmp_path / "profile.html").read_text(encoding="utf-8") == page
    assert 'class="minikeras-inside dark"' in page and "<script" not in page
    assert "<table>" in found._repr_html_()
    with pytest.raises(ValueError, match="argument `theme`"):
        found.to_html(theme="blue")


def test_what_cannot_be_watched():
    with pytest.raises(TypeError, match="must be a Model"):
        minikeras.profile(layers.Dense(1), X)

    class Own(minikeras.Sequential):
        def make_train_function(self, force=False):
            return lambda iterator: (next(iterator), {"loss": 0.0})[1]

    model = Own([layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="nothing to watch"):
        minikeras.profile(model, np.ones((4, 2)), np.ones((4, 1)))
    assert type(thread.state.layers) is list


@pytest.mark.parametrize(
    "name, inputs, results, params, count",
    [
        ("matmul", [(5, 2, 3), (3, 4)], [(5, 2, 4)], {}, 2 * 5 * 2 * 3 * 4),
        ("depthwise_conv", [(2, 5, 5, 3), (3, 3, 3, 2)], [(2, 3, 3, 6)], {}, 2 * 2 * 9 * 6 * 9),
        ("conv_transpose", [(2, 3, 3, 4), (2, 2, 5, 4)], [(2, 6, 6, 5)], {}, 2 * 2 * 9 * 4 * 20),
        ("einsum", [(2, 3, 4), (4, 2)], [], {"labels": ("bij", "jk")}, 2 * 2 * 3 * 4 * 2),
        ("attention", [(2, 3, 1, 4), (2, 5, 1, 4), (2, 5, 1, 6)], [], {}, 2 * 2 * 3 * 5 * (4 + 6)),
        ("tanh", [(3, 4)], [(3, 4)], {}, 12),
        ("reshape", [(3, 4)], [(12,)], {}, 0),
    ],
)
def test_operations(name, inputs, results, params, count):
    assert op_counts.forward_flops(name, inputs, results, params) == count


def test_the_measured_peak_is_plausible():
    best = op_counts.machine()
    assert 1e8 < best.flops < 1e14 and 1e8 < best.memory <= best.cache < 1e13
    assert best.least_seconds(best.flops, 0) == 1
    assert best.least_seconds(0, 1000) == 1000 / best.cache
    assert best.least_seconds(0, best.memory) == 1


def test_gradients_of_examples_are_a_part_of_their_own():
    model = minikeras.Sequential([layers.Input((2,)), layers.Dense(1)])
    model.compile(minikeras.optimizers.SGD(clipnorm_per_sample=1.0), "mse")
    found = minikeras.profile(model, np.ones((8, 2)), np.ones((8, 1)), steps=2)
    row = next(row for row in found.layers if row.name == "gradients of examples")
    assert row.backward > 0
