"""Layers take the arguments that they took in Keras 2, and are today's.

Outputs of LSTM and GRU are those of tf.keras 2.15 with the old defaults spelled out.
"""

import numpy as np
import pytest

import minikeras
from minikeras import layers as today
from minikeras import ops
from minikeras.compat.extensions import take_back
from minikeras.compat.keras2 import TREE, layers
from minikeras.saving.legacy_configs import hard_sigmoid

X = np.float32([[[1.76, 0.4], [0.98, 2.24], [1.87, -0.98]]])
KERNEL = np.float32(
    [
        [0.48, -0.08, -0.05, 0.21, 0.07, 0.73, 0.38, 0.06],
        [0.22, 0.17, 0.75, -0.1, 0.16, -0.43, -1.28, 0.33],
    ]
)
RECURRENT = np.float32(
    [
        [0.43, -0.37, 1.13, -0.73, 0.02, -0.09, 0.77, 0.73],
        [0.08, 0.19, -0.44, -0.99, -0.17, 0.08, 0.62, 0.6],
    ]
)
BIAS = np.float32([-0.19, -0.15, -0.52, -0.71, -0.85, 0.98, -0.25, -0.22])


def test_recurrent_layers_have_the_defaults_of_the_period(keras2):
    lstm = layers.adapted("LSTM")(2, weights=[KERNEL, RECURRENT, BIAS])
    np.testing.assert_allclose(lstm(X), [[-0.43790507, 0.24570279]], rtol=1e-5)
    gru = layers.adapted("GRU")(2, weights=[KERNEL[:, :6], RECURRENT[:, :6], BIAS[:6]])
    np.testing.assert_allclose(gru(X), [[-0.46538109, 0.80531228]], rtol=1e-5)
    assert type(lstm) is today.LSTM and lstm.recurrent_activation is hard_sigmoid
    of_tensorflow = layers.adapted("GRU", False)(2)
    assert of_tensorflow.reset_after and of_tensorflow.recurrent_activation.__name__ == "sigmoid"


@pytest.mark.parametrize("standalone", [True, False])
def test_convolutional_lstms_had_a_hard_gate_and_another_order(keras2, standalone):
    adapted = layers.adapted("ConvLSTM2D", standalone)
    layer = adapted(4, (3, 2), (1, 1), "same", return_sequences=True, implementation=1)
    assert type(layer) is today.ConvLSTM2D and layer.padding == "same"
    assert layer.recurrent_activation is hard_sigmoid
    by_place = [None, (1, 1), "tanh", "sigmoid", True, "ones", "zeros", "ones", False]
    layer = adapted(4, 3, (1, 1), "same", *by_place)
    assert layer.recurrent_activation.__name__ == "sigmoid" and not layer.unit_forget_bias


def test_configs_and_files_are_todays(keras2, tmp_path):
    pytest.importorskip("h5py")
    model = minikeras.Sequential([minikeras.Input((3, 2)), layers.adapted("LSTM")(2)])
    model.save(tmp_path / "m.keras")
    again = minikeras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(model.predict(X), again.predict(X), rtol=1e-6)


def test_arguments_go_by_the_order_of_2_2(keras2):
    conv = layers.adapted("Conv2D")(4, 3, 1, "same", None, 1, "relu", False)
    assert conv.activation.__name__ == "relu" and conv.use_bias is False and conv.groups == 1
    embedding = layers.adapted("Embedding")(5, 2, "zeros", None, None, None, True)
    assert embedding.mask_zero is True
    assert layers.adapted("LeakyReLU")(0.1).negative_slope == 0.1
    assert layers.adapted("LeakyReLU")(alpha=0.1).negative_slope == 0.1
    assert layers.adapted("MaxPooling2D")().pool_size == (2, 2)
    lstm = layers.adapted("LSTM")(2, "relu", implementation=2, return_sequences=True)
    assert lstm.return_sequences and lstm.activation.__name__ == "relu"


def test_weights_are_what_a_layer_begins_with(keras2):
    w, b = np.ones((3, 2)), np.array([1.0, 2.0])
    late = layers.adapted("Dense")(2, weights=[w, b])
    first = layers.adapted("Dense")(2, weights=[w, b], input_dim=3)
    model = minikeras.Sequential([first])
    np.testing.assert_allclose(late(np.ones((1, 3))), [[4.0, 5.0]])
    np.testing.assert_allclose(model.predict(np.ones((1, 3))), [[4.0, 5.0]])
    late.set_weights([w * 0, b])
    np.testing.assert_allclose(late(np.ones((1, 3))), [[1.0, 2.0]])  # only once
    table = np.arange(6.0).reshape(3, 2)
    np.testing.assert_array_equal(
        layers.adapted("Embedding")(3, 2, weights=[table])(np.array([[1]])), [[[2.0, 3.0]]]
    )


def test_shapes_of_first_layers(keras2):
    dense = layers.adapted("Dense")
    for arguments, shape in (
        ({"input_dim": 3}, (None, 3)),
        ({"input_shape": (4, 3)}, (None, 4, 3)),
        ({"batch_input_shape": (5, 3)}, (5, 3)),
        ({"batch_size": 5, "input_shape": (3,)}, (5, 3)),
        ({"batch_size": 5, "input_dim": 3}, (5, 3)),
    ):
        assert minikeras.Sequential([dense(2, **arguments)]).input_shape == shape, arguments


def test_hard_sigmoid_was_steeper(keras2):
    layer = layers.adapted("Activation")("hard_sigmoid")
    np.testing.assert_allclose(layer(np.float32([-2.0, 1.0, 3.0])), [0.1, 0.7, 1.0], rtol=1e-6)


def test_the_absolute_value_is_an_activation_of_tutorials(keras2, tmp_path):
    layer = layers.adapted("Dense")(2, activation="abs", weights=[np.eye(2), np.zeros(2)])
    model = minikeras.Sequential([minikeras.Input((2,)), layer])
    np.testing.assert_array_equal(model.predict(np.float32([[-1.0, 2.0]])), [[1.0, 2.0]])
    pytest.importorskip("h5py")
    model.save(tmp_path / "m.keras")
    again = minikeras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again.predict(np.float32([[-3.0, 2.0]])), [[3.0, 2.0]])


def test_names_that_are_gone(keras2):
    relu = layers.NAMES["ThresholdedReLU"](theta=0.5)
    np.testing.assert_array_equal(relu(np.float32([-1.0, 0.4, 0.6])), np.float32([0, 0, 0.6]))
    assert type(layers.NAMES["CuDNNLSTM"](3, return_sequences=True)) is today.LSTM
    gru = layers.NAMES["CuDNNGRU"](3)
    assert gru.reset_after and gru.recurrent_activation.__name__ == "sigmoid"
    assert type(layers.NAMES["Conv2dTranspose"](3, 2)) is today.Conv2DTranspose


class Old(layers.adapted("Layer")):
    """As the documentation of Keras 2 had it, with the two ways to make weights."""

    def __init__(self, output_dim, **kwargs):
        self.output_dim = output_dim
        super().__init__(**kwargs)

    def build(self, input_shape):
        self.kernel = self.add_weight(
            name="kernel",
            shape=(input_shape[1], self.output_dim),
            initializer="uniform",
            trainable=True,
        )
        self.bias = self.add_weight("bias", (self.output_dim,), None, "one", None, False)
        self.scale = self.add_weight((1,), initializer="ones", use_resource=True)
        super().build(input_shape)

    def call(self, x):
        self.add_metric(minikeras.ops.mean(x), aggregation="mean", name="size")
        self.add_loss(minikeras.ops.sum(self.kernel) * 0.0 + 2.0, inputs=x)
        return x @ self.kernel + self.bias * self.scale

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.output_dim)


def test_layers_of_ones_own(keras2):
    layer = Old(4, input_shape=(3,), weights=[np.zeros((3, 4)), np.ones(1), np.full(4, 7.0)])
    model = minikeras.Sequential([layer])
    assert [w.name for w in layer.trainable_weights] == ["kernel", layer.scale.name]
    assert layer.bias.name == "bias" and not layer.bias.trainable
    np.testing.assert_array_equal(model.predict(np.ones((1, 3))), np.full((1, 4), 7.0))
    model.compile("sgd", "mse")
    model.fit(np.full((4, 3), 0.5), np.full((4, 4), 7.0), verbose=0)
    history = model.history.history
    assert history["loss"] == [2.0] and history["size"] == [0.5]


def test_nodes_can_be_asked_for(keras2):
    a, b = minikeras.Input((3,)), minikeras.Input((3,))
    dense = layers.adapted("Dense")(2)
    with pytest.raises(AttributeError, match="never been called"):
        _ = dense.output_shape
    first, second = dense(a), dense(b)
    assert dense.get_input_at(1) is b and dense.get_output_at(0) is first
    assert dense.get_output_at(1) is second and dense.get_output_shape_at(1) == (None, 2)
    assert dense.output_shape == (None, 2) and dense.input_shape == (None, 3)
    with pytest.raises(ValueError, match="has 2 nodes"):
        dense.get_output_at(2)
    add = layers.adapted("Add")()
    add([a, b])
    assert add.input_shape == [(None, 3), (None, 3)]
    assert layers.adapted("Dropout")(0.5).uses_learning_phase and not dense.uses_learning_phase


def test_states_are_reset_by_their_old_name(keras2):
    lstm = layers.adapted("LSTM")(2, stateful=True, batch_input_shape=(1, 3, 2))
    model = minikeras.Sequential([lstm])
    first = model.predict(X)
    second = model.predict(X)
    model.reset_states()
    np.testing.assert_array_equal(model.predict(X), first)
    assert not np.allclose(first, second)


def test_flags_may_stand_behind_the_inputs(keras2):
    x = np.ones((3, 4), "float32")
    dropout = minikeras.Sequential([minikeras.Input((4,)), minikeras.layers.Dropout(0.5)])
    assert float(ops.max(dropout(x, True))) == 2.0
    assert np.array_equal(dropout(x, False), x)
    take_back()
    with pytest.raises(ValueError, match="only tensors may be passed as positional"):
        dropout(x, True)


def test_names_may_have_slashes(keras2):
    x = minikeras.Input((4,))
    layer = minikeras.layers.Dense(2, name="encoder_0/dense")
    model = minikeras.Model(x, layer(x))
    assert model.get_layer("encoder_0/dense") is layer
    again = minikeras.models.clone_model(model)
    assert [part.name for part in again.layers][1:] == ["encoder_0/dense"]
    take_back()
    with pytest.raises(ValueError, match="without '/'"):
        minikeras.layers.Dense(2, name="a/b")


def test_reductions_had_a_class_of_their_own(keras2):
    reduction = TREE.contents("losses").find("Reduction")
    y_true, y_pred = np.ones((3, 2)), np.zeros((3, 2))

    def loss(kind):
        return minikeras.losses.MeanSquaredError(reduction=kind)(y_true, y_pred).numpy().tolist()

    assert loss(reduction.NONE) == [1, 1, 1] and loss(reduction.SUM) == 3
    assert loss(reduction.AUTO) == loss("auto") == loss(reduction.SUM_OVER_BATCH_SIZE) == 1

    class Own(minikeras.losses.Loss):
        def __init__(self, reduction="auto", name=None):
            super().__init__(reduction=reduction, name=name)

        def call(self, y_true, y_pred):
            return ops.abs(y_true - y_pred)

    assert float(Own()(y_true, y_pred)) == 1

    class Positional(Own):
        def __init__(self, *args):
            minikeras.losses.Loss.__init__(self, *args)

    named = Positional(reduction.SUM, "mine")  # today the name comes first
    assert (named.reduction, named.name) == ("sum", "mine")
    assert float(Positional("auto")(y_true, y_pred)) == 1 and Positional("mine").name == "mine"
    with pytest.raises(ValueError, match="Invalid Reduction"):
        reduction.validate("mean")
