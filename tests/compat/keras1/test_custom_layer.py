"""Layers of users of Keras 0 and 1, their initializations, regularizers, constraints and helpers."""

import numpy as np
import pytest

import minikeras
from minikeras import ops
from minikeras.autodiff.variable import Variable
from minikeras.compat.keras1 import utils

X = np.random.default_rng(0).normal(size=(16, 3)).astype("float32")


@pytest.fixture
def MyDense(old):
    initializations = {n: old(f"initializations.{n}") for n in ("get", "uniform")}

    class MyDense(old("engine.topology.Layer")):
        def __init__(self, output_dim, init="glorot_uniform", **kwargs):
            self.init = initializations["get"](init)
            self.output_dim = output_dim
            super().__init__(**kwargs)

        def build(self, input_shape):
            self.W = self.init((input_shape[1], self.output_dim), name=f"{self.name}_W")
            self.b = Variable(np.zeros(self.output_dim, "float32"))
            self.fixed = Variable(np.ones((), "float32"))
            self.trainable_weights = [self.W, self.b]
            self.constraints = {self.W: "nonneg"}
            self.built = True

        def get_output_shape_for(self, input_shape):
            return (input_shape[0], self.output_dim)

        def call(self, x, mask=None):
            return (ops.matmul(x, self.W) + self.b) * self.fixed

    return MyDense


def test_a_layer_trains_what_it_says(old, MyDense):
    model = old("models.Sequential")()
    model.add(MyDense(2, input_shape=(3,)))
    assert model.output_shape == (None, 2)
    model.compile(old("optimizers.SGD")(lr=0.1), "mse")
    model.fit(X, np.ones((16, 2)), nb_epoch=3, verbose=0)
    layer = model.layers[0]
    assert [w is v for w, v in zip(layer.trainable_weights, (layer.W, layer.b))] == [True, True]
    assert float(layer.fixed) == 1.0 and not np.allclose(layer.b.numpy(), 0)
    assert (layer.W.numpy() >= 0).all()


def test_a_layer_has_its_arguments_as_its_config(MyDense):
    class WithConfig(MyDense):
        def get_config(self):
            config = {"output_dim": self.output_dim, "init": self.init.__name__}
            return dict(list(super().get_config().items()) + list(config.items()))

    for cls in (MyDense, WithConfig):
        layer = cls(4, init="uniform")
        layer(X)
        config = layer.get_config()
        assert config["output_dim"] == 4
        with minikeras.saving.custom_object_scope({cls.__name__: cls}):
            again = minikeras.layers.deserialize(minikeras.layers.serialize(layer))
        assert again(X).shape == (16, 4) and again.init.__name__ == "uniform"


def test_add_weight_takes_its_arguments_in_their_order(old):
    class Scale(old("layers.Layer")):
        def build(self, input_shape):
            self.w = self.add_weight(input_shape[1:], "one", "w", True, "l2", "maxnorm")
            super().build(input_shape)

        def call(self, x, mask=None):
            return x * self.w

    layer = Scale()
    np.testing.assert_allclose(np.asarray(layer(X)), X)
    assert layer.w.name == "w" and layer.w.trainable
    assert type(layer.w.regularizer).__name__ == "L2"
    assert type(layer.w.constraint).__name__ == "MaxNorm"
    assert layer.get_output_shape_for((None, 3)) == (None, 3)


def test_masks_arrive(old):
    seen = []

    class Mean(old("layers.core.MaskedLayer")):
        def call(self, x, mask=None):
            seen.append(mask)
            return x

        def compute_mask(self, x, mask=None):
            return None

    x = np.ones((1, 3, 1))
    x[0, 2] = 0
    minikeras.Sequential([minikeras.layers.Masking(), Mean()])(x)
    np.testing.assert_array_equal(np.asarray(seen[-1]), [[True, True, False]])


def test_layers_of_keras_0_ask_for_their_input(old):
    class Double(old("layers.core.Layer")):
        def build(self):
            self.b = Variable(np.ones(self.input_shape[-1] // 3, "float32"))
            self.trainable_weights = [self.b]

        def get_output(self, train=False):
            X = self.get_input(train)
            return (X * 2 + self.b) if train else X + self.b

    layer = Double()
    np.testing.assert_allclose(np.asarray(layer(X)), X + 1)
    np.testing.assert_allclose(np.asarray(layer(X, training=True)), 2 * X + 1, rtol=1e-6)
    model = old("models.Sequential")([Double(input_shape=(3,))])
    model.compile("sgd", "mse")
    model.fit(X, X, nb_epoch=1, verbose=0)
    assert float(model.layers[0].b[0]) != 1.0 and model.layers[0].input_shape == (None, 3)


def test_initializations_return_variables(old):
    for name in ("uniform", "normal", "lecun_uniform", "glorot_normal", "glorot_uniform"):
        assert old(f"initializations.{name}")((3, 4), name="W").shape == (3, 4)
    for name in ("he_normal", "he_uniform", "orthogonal", "identity", "zero", "one"):
        assert old("initializations.get")(name)((4, 4)).shape == (4, 4)
    assert np.abs(old("initializations.uniform")((50, 50), 2.0).numpy()).max() > 1.9
    q = old("initializations.orthogonal")((3, 3)).numpy()
    np.testing.assert_allclose(q @ q.T, 1.21 * np.eye(3), atol=1e-5)
    np.testing.assert_array_equal(old("initializations.identity")((2, 2), 3).numpy(), 3 * np.eye(2))
    assert old("initializations.normal")((200, 200), scale=0.5).numpy().std() == pytest.approx(
        0.5, rel=0.05
    )
    with pytest.raises(ValueError, match="no initialization 'unifrom'"):
        old("initializations.get")("unifrom")
    fans = old("initializations.get_fans")
    assert fans((4, 3, 2, 2)) == (12, 16) and fans((2, 2, 3, 4), "tf") == (12, 16)
    assert fans((5, 6)) == (5, 6)


def test_a_function_of_a_shape_is_an_initializer(old):
    normal = old("initializations.normal")
    dense = old("layers.Dense")(
        50, init=lambda shape, name=None: normal(shape, scale=3.0, name=name)
    )
    dense.build((None, 50))
    assert dense.kernel.numpy().std() == pytest.approx(3.0, rel=0.1)
    dense = old("layers.Dense")(2, init=old("initializations.one"))
    dense.build((None, 2))
    np.testing.assert_array_equal(dense.kernel.numpy(), np.ones((2, 2)))


W = np.array([[1.0, -2.0], [3.0, 0.5]], "float32")


@pytest.mark.parametrize(
    "name, args, kwargs, expected",
    [
        ("l1", (0.1,), {}, 0.65),
        ("l2", (), {"l": 0.1}, 1.425),
        ("l1l2", (), {"l1": 0.1, "l2": 0.1}, 2.075),
        ("l1l2", (), {}, 0.2075),
        ("activity_l2", (0.1,), {}, 1.425),
        ("activity_l1", (0.1,), {}, 0.65),
        ("WeightRegularizer", (), {"l2": 0.1}, 1.425),
        ("EigenvalueRegularizer", (2.0,), {}, 2 * np.linalg.svd(W)[1][0]),
    ],
)
def test_regularizers(old, name, args, kwargs, expected):
    penalty = old(f"regularizers.{name}")(*args, **kwargs)
    assert float(penalty(ops.convert_to_tensor(W))) == pytest.approx(expected, rel=1e-5)


def test_activity_regularizers_are_means_over_the_batch(old):
    layer = old("layers.Dense")(2, activity_regularizer=old("regularizers.activity_l2")(0.5))
    y = np.asarray(layer(X))
    (loss,) = layer.losses
    assert float(loss) == pytest.approx(0.5 * (y**2).sum() / 16, rel=1e-5)


@pytest.mark.parametrize(
    "name, args, expected",
    [
        ("maxnorm", (1.0,), W * np.minimum(1, 1 / np.linalg.norm(W, axis=0))),
        ("nonneg", (), np.maximum(W, 0)),
        ("unitnorm", (), W / np.linalg.norm(W, axis=0)),
        ("UnitNorm", (1,), W / np.linalg.norm(W, axis=1, keepdims=True)),
    ],
)
def test_constraints(old, name, args, expected):
    constrained = old(f"constraints.{name}")(*args)(ops.convert_to_tensor(W))
    np.testing.assert_allclose(np.asarray(constrained), expected, rtol=1e-5, atol=1e-6)


def test_norms_by_their_old_arguments(old):
    norm = old("constraints.MinMaxNorm")(low=0.5, high=1.0)
    assert (norm.min_value, norm.max_value) == (0.5, 1.0)
    assert old("constraints.maxnorm")(m=3).max_value == 3


def test_helpers_for_arrays(old):
    y = old("utils.np_utils.to_categorical")(np.array([[0], [2]]), nb_classes=3)
    np.testing.assert_array_equal(y, [[1, 0, 0], [0, 0, 1]])
    np.testing.assert_array_equal(utils.probas_to_classes([[0.2], [0.7]]), [0, 1])
    np.testing.assert_array_equal(utils.probas_to_classes([[0.2, 0.8], [0.7, 0.3]]), [1, 0])
    assert utils.accuracy(np.array([1, 2]), np.array([1, 3])) == 0.5
    p = np.array([0.8, 0.4])
    expected = -(np.log(0.8) + np.log(0.6)) / 2
    assert utils.binary_logloss(p, [1, 0]) == pytest.approx(expected)
    assert utils.multiclass_logloss([[0.2, 0.8], [0.6, 0.4]], [1, 0]) == pytest.approx(expected)
