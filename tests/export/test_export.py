"""`Model.export`: files, formats, signatures, and what is said where it cannot be done."""

from __future__ import annotations

import numpy as np
import pytest
from onnx_runs import assert_same, run

import minikeras as keras
from minikeras import layers, ops

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


def small():
    return keras.Sequential([keras.Input((4,)), layers.Dense(2)], name="small")


def test_format_goes_by_the_name_or_is_given(tmp_path, capsys):
    model = small()
    model.export(str(tmp_path / "a.onnx"))
    assert "Saved artifact at" in capsys.readouterr().out
    model.export(tmp_path / "b", format="onnx", verbose=False)
    assert capsys.readouterr().out == ""
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b").read_bytes()


def test_unknown_arguments(tmp_path):
    with pytest.raises(ValueError, match="takes `opset_version`"):
        small().export(tmp_path / "a.onnx", dynamic=True)
    with pytest.raises(ValueError, match="from 18 to"):
        small().export(tmp_path / "a.onnx", opset_version=9)


def test_a_model_must_be_built(tmp_path):
    model = keras.Sequential([layers.Dense(2)])
    with pytest.raises(ValueError, match="has not been built"):
        model.export(tmp_path / "a.onnx")
    model.build((None, 3))
    model.export(tmp_path / "a.onnx", verbose=False)


def test_input_signature(tmp_path):
    class Summed(keras.Model):
        def call(self, x):
            return ops.sum(x, axis=1)

    model = Summed()
    model(np.ones((2, 3), "float32"))
    spec = keras.layers.InputSpec(shape=(None, None), dtype="int32", name="numbers")
    model.export(tmp_path / "a.onnx", input_signature=[spec], verbose=False)
    proto = onnx.load(tmp_path / "a.onnx")
    assert proto.graph.input[0].name == "numbers"
    x = np.arange(10, dtype="int32").reshape(2, 5)
    assert_same(run(proto, [x]), [x.sum(1, dtype="int32")], 0)
    for wrong, message in [
        (keras.layers.InputSpec(ndim=2), "`shape` and a `dtype`"),
        (3, "InputSpec"),
    ]:
        with pytest.raises((ValueError, TypeError), match=message):
            model.export(tmp_path / "b.onnx", input_signature=wrong)


def refused(model, folder, message):
    """Check that a model is refused with a message, that it stays as it was, and nothing is written."""
    before = model.get_weights()
    with pytest.raises(ValueError, match=message):
        model.export(folder / "refused.onnx")
    assert list(folder.iterdir()) == []
    for a, b in zip(before, model.get_weights()):
        np.testing.assert_array_equal(a, b)


def of_layer(layer, shape=(4,), **options):
    return keras.Sequential([keras.Input(shape, **options), layer], name="model")


class Python(layers.Layer):
    """Decides by values in Python."""

    def call(self, x):
        return x if float(ops.sum(x)) > 0 else -x


class Steps(layers.Layer):
    """Loops over an axis in Python."""

    def call(self, x):
        total = 0
        for t in range(x.shape[1]):
            total = total + x[:, t] / (t + 1)
        return total


class Solved(layers.Layer):
    def call(self, x):
        return ops.linalg.inv(x)


def test_what_depends_on_values(tmp_path):
    layer = Python(name="python")
    model = keras.Sequential([layer], name="model")
    model(np.ones((2, 4), "float32"))
    refused(model, tmp_path, "layer 'model/python': the values of a tensor are asked for")


def test_a_loop_over_an_axis(tmp_path):
    refused(
        of_layer(Steps(name="steps"), (None, 4)), tmp_path, "layer 'steps': it depends on a size"
    )
    model = of_layer(Steps(), (3, 4))
    model.export(tmp_path / "known.onnx", verbose=False)
    x = np.random.default_rng(0).normal(size=(5, 3, 4)).astype("float32")
    proto = onnx.load(tmp_path / "known.onnx")
    assert_same(run(proto, [x]), [np.asarray(model(x))], 1e-5)


def test_what_onnx_has_not(tmp_path):
    refused(
        of_layer(Solved(name="solved"), (3, 3)), tmp_path, "layer 'model/solved': 'inv' has no form"
    )


def test_state(tmp_path):
    model = of_layer(layers.LSTM(3, stateful=True, name="lstm"), (5, 4), batch_size=2)
    refused(model, tmp_path, "layer 'model/lstm': it changes its variable")


def test_random_numbers_of_other_distributions(tmp_path):
    class Gamma(layers.Layer):
        def call(self, x):
            return x * keras.random.gamma(ops.shape(x), 2.0)

    refused(
        of_layer(Gamma(name="gamma")),
        tmp_path,
        "layer 'model/gamma'.*no generator for random.gamma",
    )


def test_dropout_that_never_ends(tmp_path):
    class Always(layers.Layer):
        def __init__(self, layer, **kwargs):
            super().__init__(**kwargs)
            self.layer = layer

        def call(self, x):
            return self.layer(x, training=True)

    refused(of_layer(Always(layers.Dropout(0.5), name="always")), tmp_path, "layer 'model/always")
    attention = layers.MultiHeadAttention(2, 3, dropout=0.5)

    class Attending(layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.attention = attention

        def call(self, x):
            return self.attention(x, x, training=True)

    refused(of_layer(Attending(name="attending"), (3, 4)), tmp_path, "layer 'model/attending")


def test_the_model_is_left_as_it_was(tmp_path):
    model = keras.Sequential(
        [keras.Input((None, 4)), layers.BatchNormalization(), layers.Dropout(0.5), layers.GRU(3)]
    )
    model.compile("sgd", "mse")
    x, y = np.ones((6, 5, 4), "float32"), np.ones((6, 3), "float32")
    model.fit(x, y, verbose=0)
    before = [np.asarray(v) for v in model.variables]
    expected = model.predict(x, verbose=0)
    model.export(tmp_path / "a.onnx", verbose=False)
    for a, v in zip(before, model.variables):
        np.testing.assert_array_equal(a, np.asarray(v))
    np.testing.assert_array_equal(model.predict(x, verbose=0), expected)
    model.predict(x[:, :2], verbose=0)  # other lengths than the ones that were tried
    model.fit(x, y, verbose=0)


def test_a_file_that_was_there_stays_if_the_model_is_refused(tmp_path):
    path = tmp_path / "a.onnx"
    small().export(path, verbose=False)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="no form"):
        of_layer(Solved(), (3, 3)).export(path)
    assert path.read_bytes() == before
