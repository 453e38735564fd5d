"""Layers of Keras 1 by their old arguments are layers of today."""

import warnings

import numpy as np
import pytest

import minikeras
from minikeras import backend, layers
from minikeras.compat.keras1.full_convolution import FullConv2D
from minikeras.compat.spelling import OldSpelling


def config(layer, *names):
    return {n: getattr(layer, n) for n in names}


# name, arguments -> today's class, its attributes
ROWS = [
    ("core.Dense", (12,), dict(input_dim=8, init="uniform"), layers.Dense, dict(units=12)),
    ("core.Dense", (20, 64), {}, layers.Dense, dict(units=64, input_shape_argument=(None, 20))),
    ("core.Dense", (20, 64, "uniform", "relu"), {}, layers.Dense, dict(units=64)),
    ("core.Dense", (5, "relu"), {}, layers.Dense, dict(units=5)),  # Keras 2 in the same script
    (
        "convolutional.Conv2D",
        (5, (3, 2)),
        dict(padding="same", activation="relu"),
        layers.Conv2D,
        dict(filters=5, kernel_size=(3, 2), padding="same"),
    ),
    ("core.Dense", (3,), dict(bias=False), layers.Dense, dict(use_bias=False)),
    ("core.TimeDistributedDense", (5,), {}, layers.Dense, dict(units=5)),
    ("core.Dropout", (0.25,), {}, layers.Dropout, dict(rate=0.25)),
    ("core.Dropout", (), dict(p=0.1), layers.Dropout, dict(rate=0.1)),
    ("core.RepeatVector", (3,), {}, layers.RepeatVector, dict(n=3)),
    ("core.Reshape", (1, 28, 28), {}, layers.Reshape, dict(target_shape=(1, 28, 28))),
    ("core.Reshape", ((4, 2),), {}, layers.Reshape, dict(target_shape=(4, 2))),
    ("core.Reshape", (), dict(dims=(4, 2)), layers.Reshape, dict(target_shape=(4, 2))),
    ("core.Permute", ((2, 1),), {}, layers.Permute, dict(dims=(2, 1))),
    ("core.Flatten", (), {}, layers.Flatten, dict(data_format="channels_last")),
    (
        "core.SpatialDropout2D",
        (0.5,),
        dict(dim_ordering="th"),
        layers.SpatialDropout2D,
        dict(rate=0.5, data_format="channels_first"),
    ),
    ("noise.GaussianNoise", (0.3,), {}, layers.GaussianNoise, dict(stddev=0.3)),
    ("noise.GaussianNoise", (), dict(sigma=0.3), layers.GaussianNoise, dict(stddev=0.3)),
    ("noise.GaussianDropout", (), dict(p=0.3), layers.GaussianDropout, dict(rate=0.3)),
    ("core.ActivityRegularization", (), dict(l1=0.1), layers.ActivityRegularization, {}),
    ("core.Masking", (), dict(mask_value=-1.0), layers.Masking, dict(mask_value=-1.0)),
    (
        "convolutional_recurrent.ConvLSTM2D",
        (4, 3, 2, "uniform"),
        dict(border_mode="same", dim_ordering="tf", forget_bias_init="zero", dropout_W=0.2),
        layers.ConvLSTM2D,
        dict(filters=4, kernel_size=(3, 2), padding="same", unit_forget_bias=False, dropout=0.2),
    ),
    (
        "convolutional.Convolution1D",
        (),
        dict(nb_filter=4, filter_length=3, border_mode="same", subsample_length=2, input_dim=5),
        layers.Conv1D,
        dict(filters=4, kernel_size=(3,), padding="same", strides=(2,)),
    ),
    (
        "convolutional.Convolution1D",
        (5, 4, 3),  # 2015: input_dim, nb_filter, filter_length
        {},
        layers.Conv1D,
        dict(filters=4, kernel_size=(3,), input_shape_argument=(None, 5)),
    ),
    (
        "convolutional.Convolution2D",
        (32, 3, 5),
        dict(border_mode="same", subsample=(2, 1), dim_ordering="th", input_shape=(3, 9, 9)),
        layers.Conv2D,
        dict(
            filters=32,
            kernel_size=(3, 5),
            padding="same",
            strides=(2, 1),
            data_format="channels_first",
        ),
    ),
    (
        "convolutional.Convolution2D",
        (),
        dict(nb_filter=2, nb_row=3, nb_col=1, dim_ordering="tf"),
        layers.Conv2D,
        dict(filters=2, kernel_size=(3, 1), data_format="channels_last"),
    ),
    (
        "convolutional.Convolution2D",
        (32, 3, 3, 4),  # 2015: the second is the number of channels
        {},
        layers.Conv2D,
        dict(filters=32, kernel_size=(3, 4), data_format="channels_first"),
    ),
    ("convolutional.Convolution2D", (2, 3, 3), dict(border_mode="full"), FullConv2D, {}),
    (
        "convolutional.AtrousConvolution2D",
        (4, 3, 3),
        dict(atrous_rate=(2, 2)),
        layers.Conv2D,
        dict(dilation_rate=(2, 2)),
    ),
    (
        "convolutional.AtrousConvolution1D",
        (4, 3),
        dict(atrous_rate=2),
        layers.Conv1D,
        dict(dilation_rate=(2,)),
    ),
    (
        "convolutional.SeparableConvolution2D",
        (4, 3, 3, "he_normal"),
        dict(depth_multiplier=2),
        layers.SeparableConv2D,
        dict(depth_multiplier=2),
    ),
    (
        "convolutional.Convolution3D",
        (4, 1, 2, 3),
        {},
        layers.Conv3D,
        dict(filters=4, kernel_size=(1, 2, 3)),
    ),
    (
        "convolutional.Convolution3D",
        (),
        dict(nb_filter=4, kernel_dim1=1, kernel_dim2=2, kernel_dim3=3),
        layers.Conv3D,
        dict(kernel_size=(1, 2, 3)),
    ),
    (
        "convolutional.MaxPooling2D",
        (),
        dict(poolsize=(3, 2)),
        layers.MaxPooling2D,
        dict(pool_size=(3, 2)),
    ),
    (
        "convolutional.MaxPooling1D",
        (),
        dict(pool_length=3, stride=1, border_mode="same"),
        layers.MaxPooling1D,
        dict(pool_size=(3,), strides=(1,), padding="same"),
    ),
    (
        "convolutional.AveragePooling3D",
        ((2, 2, 2),),
        dict(dim_ordering="th"),
        layers.AveragePooling3D,
        dict(data_format="channels_first"),
    ),
    ("convolutional.UpSampling1D", (), dict(length=3), layers.UpSampling1D, dict(size=3)),
    (
        "convolutional.ZeroPadding2D",
        ((1, 2, 3, 4),),
        {},
        layers.ZeroPadding2D,
        dict(padding=((1, 2), (3, 4))),
    ),
    (
        "convolutional.ZeroPadding2D",
        (),
        dict(padding={"top_pad": 1, "right_pad": 2}),
        layers.ZeroPadding2D,
        dict(padding=((1, 0), (0, 2))),
    ),
    (
        "embeddings.Embedding",
        (100, 8),
        dict(input_length=5, W_regularizer="l2", mask_zero=True),
        layers.Embedding,
        dict(input_dim=100, output_dim=8, mask_zero=True),
    ),
    (
        "recurrent.LSTM",
        (),
        dict(output_dim=4, input_dim=3, input_length=7, return_sequences=True),
        layers.LSTM,
        dict(units=4, input_shape_argument=(None, 7, 3), return_sequences=True),
    ),
    ("recurrent.LSTM", (3, 4), {}, layers.LSTM, dict(units=4, input_shape_argument=(None, 3))),
    (
        "recurrent.LSTM",
        (4,),
        dict(dropout_W=0.1, dropout_U=0.2, consume_less="gpu", forget_bias_init="zero"),
        layers.LSTM,
        dict(dropout=0.1, recurrent_dropout=0.2, unit_forget_bias=False),
    ),
    ("recurrent.GRU", (4,), {}, layers.GRU, dict(units=4, reset_after=False)),
    ("recurrent.SimpleRNN", (4,), {}, layers.SimpleRNN, dict(units=4)),
    ("advanced_activations.LeakyReLU", (0.1,), {}, layers.LeakyReLU, dict(negative_slope=0.1)),
    ("advanced_activations.ELU", (), dict(alpha=0.5), layers.ELU, dict(alpha=0.5)),
    ("advanced_activations.ThresholdedReLU", (), {}, layers.ReLU, dict(threshold=1.0)),
    (
        "normalization.BatchNormalization",
        (1e-4,),
        dict(axis=1, momentum=0.9),
        layers.BatchNormalization,
        dict(epsilon=1e-4, axis=1, momentum=0.9),
    ),
    (
        "normalization.BatchNormalization",
        ((32,), 1e-4),  # 2015: the shape of the input came first
        {},
        layers.BatchNormalization,
        dict(epsilon=1e-4),
    ),
    ("normalization.BatchNormalization", (), dict(mode=1), layers.LayerNormalization, {}),
]


@pytest.mark.parametrize("name, args, kwargs, cls, attributes", ROWS, ids=lambda v: str(v)[:30])
def test_old_arguments_make_todays_layer(old, name, args, kwargs, cls, attributes):
    layer = old(f"layers.{name}")(*args, **kwargs)
    assert type(layer) is cls
    assert config(layer, *attributes) == attributes


def test_an_activation_may_come_second_as_in_keras_2(old):
    dense = old("layers.Dense")(5, "relu")
    assert dense.activation.__name__ == "relu"
    assert old("layers.Dense")(5, "uniform").activation is not dense.activation


def test_initial_values_are_those_of_the_time(old):
    dense = old("layers.Dense")(3, init="normal", W_constraint="maxnorm", b_constraint="nonneg")
    assert type(dense.kernel_initializer).__name__ == "RandomNormal"
    assert dense.kernel_initializer.stddev == 0.05
    assert type(dense.kernel_constraint).__name__ == "MaxNorm"
    assert type(dense.bias_constraint).__name__ == "NonNeg"
    uniform = old("layers.Dense")(50, init="uniform", input_dim=50)
    uniform.build((None, 50))
    assert 0.049 < np.abs(uniform.kernel.numpy()).max() <= 0.05
    orthogonal = old("layers.Dense")(5, init="orthogonal")
    orthogonal.build((None, 5))
    w = orthogonal.kernel.numpy()
    np.testing.assert_allclose(w @ w.T, 1.21 * np.eye(5), atol=1e-5)


def test_gates_are_those_of_the_time(old):
    lstm = old("layers.LSTM")(2)
    lstm.build((None, 3, 4))
    assert float(lstm.recurrent_activation(np.float32(1.0))) == pytest.approx(0.7)  # 0.2 x + 0.5
    w = lstm.get_weights()
    np.testing.assert_array_equal(w[2], [0, 0, 1, 1, 0, 0, 0, 0])
    gate = w[1] @ w[1].T
    np.testing.assert_allclose(gate, 1.21 * np.eye(2), atol=1e-5)


def _lstm(x, W, U, b):
    """Keras 1's LSTM; gates in the order i, c, f, o."""
    hard = lambda v: np.clip(0.2 * v + 0.5, 0, 1)  # noqa: E731
    h = c = np.zeros((len(x), U[0].shape[0]))
    for t in range(x.shape[1]):
        i, cc, f, o = (x[:, t] @ W[k] + h @ U[k] + b[k] for k in range(4))
        c = hard(f) * c + hard(i) * np.tanh(cc)
        h = hard(o) * np.tanh(c)
    return h


def test_weights_of_a_recurrent_layer_are_taken_gate_by_gate(old):
    r = np.random.default_rng(0)
    W, U = r.normal(size=(4, 3, 2)), r.normal(size=(4, 2, 2))
    b = r.normal(size=(4, 2))
    arrays = [a for k in range(4) for a in (W[k], U[k], b[k])]
    x = r.normal(size=(5, 6, 3))
    y = old("layers.LSTM")(2, weights=arrays)(x)
    np.testing.assert_allclose(np.asarray(y), _lstm(x, W, U, b), atol=1e-5)


def test_initial_weights_of_other_layers(old):
    w, b = np.ones((3, 2)), np.array([1.0, 2.0])
    y = old("layers.Dense")(2, weights=[w, b])(np.ones((1, 3)))
    np.testing.assert_allclose(np.asarray(y), [[4, 5]])
    r = np.random.default_rng(0)
    kernel, bias = r.normal(size=(4, 3, 2, 2)), np.zeros(4)  # Theano's order
    conv = old("layers.Convolution2D")(4, 2, 2, dim_ordering="th", weights=[kernel, bias])
    x = r.normal(size=(1, 3, 2, 2))
    expected = np.einsum("bcij,fcij->bf", x, kernel)
    np.testing.assert_allclose(np.asarray(conv(x))[:, :, 0, 0], expected, rtol=1e-5)
    table = r.normal(size=(7, 2))
    embedding = old("layers.Embedding")(7, 2, weights=[table])
    np.testing.assert_allclose(np.asarray(embedding(np.array([[6]]))), [[table[6]]], rtol=1e-6)


def test_arguments_must_fit(old):
    with pytest.raises(TypeError, match="same argument"):
        old("layers.Dense")(output_dim=3, units=3)
    with pytest.raises(ValueError, match="mode must be 0, 1 or 2"):
        old("layers.BatchNormalization")(mode=3)
    with pytest.raises(ValueError, match="'th' or 'tf'"):
        old("layers.MaxPooling2D")(dim_ordering="channels")
    with pytest.raises(ValueError, match="forget_bias_init must be 'one' or 'zero'"):
        old("layers.LSTM")(3, forget_bias_init="uniform")


def test_each_old_name_is_told_with_todays(old):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for _ in range(2):
            old("layers.Convolution2D")(4, 3, 3, border_mode="same")
    told = [str(w.message) for w in told if w.category is OldSpelling]
    assert len(told) == 2
    assert "`Convolution2D` is older Keras. Today it is `Conv2D`." in told
    assert any("(border_mode=...)` is older Keras. Today it is" in t for t in told)


def test_channels_come_first_where_a_script_says_nothing_and_its_shapes_do(old):
    model = old("models.Sequential")()
    model.add(old("layers.Convolution2D")(4, 3, 3, input_shape=(3, 12, 16)))
    model.add(old("layers.MaxPooling2D")((2, 2)))
    assert model.output_shape == (None, 4, 5, 7)
    assert backend.image_data_format() == "channels_first"


def test_channels_come_first_where_images_are_made_so(old):
    old("layers.Reshape")((7, 7, 16))
    assert backend.image_data_format() == "channels_last"
    old("layers.Reshape")((16, 7, 7))
    assert old("layers.Convolution2D")(2, 3, 3).data_format == "channels_first"


@pytest.mark.parametrize("shape", [(12, 12, 3), (3,), (1, 4, 4), (5, 10)])
def test_channels_stay_last_otherwise(old, shape):
    old("layers.Input")(shape=shape)
    assert backend.image_data_format() == "channels_last"


def test_what_is_made_is_saved_as_todays(old):
    model = old("models.Sequential")(
        [old("layers.Dense")(4, input_dim=3, init="uniform"), old("layers.GRU")(2, input_dim=4)][:1]
    )
    assert '"keras.layers"' in model.to_json() and "compat" not in model.to_json()
    again = minikeras.models.model_from_json(model.to_json())
    assert again.layers[0].get_config() == model.layers[0].get_config()
