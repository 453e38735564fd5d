"""Optimizers of Keras 2.0 to 2.2 take the steps that they took.

The values are those of tf.keras 2.15's legacy optimizers with the defaults of Keras 2.2.
"""

import numpy as np
import pytest

import minikeras
from minikeras import optimizers as today
from minikeras.compat.adapters import Adapted
from minikeras.compat.keras2 import optimizers


def after_six_steps(optimizer):
    w = minikeras.Variable([1.0, -2.0, 0.5, 1e-4])
    for _ in range(6):
        optimizer.apply([w.numpy() * np.float32([1.0, 0.5, 3.0, 2.0])], [w])
    return w.numpy()


@pytest.mark.parametrize(
    "name, arguments, expected",
    [
        (
            "SGD",
            {"lr": 0.1, "momentum": 0.9, "decay": 0.5, "nesterov": True},
            [0.00190644, -0.84988022, -0.32310069, -4.8897520e-05],
        ),
        ("Adam", {"lr": 0.1, "decay": 0.1}, [0.51916665, -1.51389062, 0.04024662, 0.0498888]),
        ("RMSprop", {"lr": 0.01}, [0.88152480, -1.88020480, 0.38433102, 4.37e-08]),
        ("Adagrad", {}, [0.96384925, -1.96372437, 0.46410331, 1.27e-12]),
        ("Adadelta", {}, [0.99134636, -1.99133646, 0.49136645, 9.0750378e-05]),
        ("Adamax", {}, [0.98800302, -1.98798656, 0.48803601, 0.00107368676]),
        ("Nadam", {}, [0.99038363, -1.99037623, 0.49039817, 7.1050992e-05]),
    ],
)
def test_the_steps_are_those_of_the_period(standalone, name, arguments, expected):
    w = after_six_steps(optimizers.NAMES[name](**arguments))
    np.testing.assert_allclose(w, expected, rtol=2e-5, atol=3e-8)
    assert not np.allclose(w, after_six_steps(getattr(today, name)()), rtol=1e-3)


def test_what_is_made_is_of_today(keras2):
    made = optimizers.NAMES["Adam"](lr=0.01, decay=1e-3)
    assert type(made) is today.Adam
    config = made.get_config()
    assert config["learning_rate"]["class_name"] == "InverseTimeDecay"
    assert type(optimizers.TF_NAMES["Nadam"](lr=0.01)) is today.Nadam


def test_arguments_go_by_the_order_of_the_time(keras2):
    adam = optimizers.NAMES["Adam"](0.0002, 0.5)
    assert (float(adam.learning_rate.numpy()), adam.beta_1) == (np.float32(0.0002), 0.5)
    sgd = optimizers.NAMES["SGD"](0.1, 0.9, 0.0, True)
    assert (sgd.momentum, sgd.nesterov) == (0.9, True)
    assert optimizers.TF_NAMES["SGD"](0.1, 0.9, True).nesterov is True
    assert optimizers.NAMES["RMSprop"](0.001, 0.8, None).epsilon == 1e-7**2


def test_clipnorm_was_over_all_gradients_before_tensorflow_2(keras2):
    first, second = minikeras.Variable([0.0]), minikeras.Variable([0.0])
    optimizers.NAMES["SGD"](lr=1.0, clipnorm=1.0).apply([[3.0], [4.0]], [first, second])
    np.testing.assert_allclose([first.numpy()[0], second.numpy()[0]], [-0.6, -0.8], rtol=1e-6)
    assert optimizers.TF_NAMES["SGD"](clipnorm=1.0).clipnorm == 1.0


def test_the_rates_of_names_are_those_of_the_period(keras2):
    for standalone, rates in ((True, optimizers._RATES), (False, optimizers._RATES_OF_TENSORFLOW)):
        for name, rate in rates.items():
            made = optimizers.by_name(name.lower(), standalone)
            assert float(made.learning_rate.numpy()) == np.float32(rate), name
    assert optimizers.by_name("ftrl", True) == "ftrl"


def test_lr_is_the_rate_before_decay_and_can_be_set(keras2):
    optimizer = optimizers.NAMES["SGD"](lr=0.5, decay=1.0)
    w = minikeras.Variable([0.0])
    optimizer.apply([[0.0]], [w])
    assert float(optimizer.lr.numpy()) == 0.5
    assert float(np.asarray(optimizer.learning_rate)) == 0.25
    assert optimizer.decay == optimizer.initial_decay == 1.0
    optimizer.lr.assign(1.0)  # what K.set_value does
    assert float(np.asarray(optimizer.learning_rate)) == 0.5
    optimizer.lr = 2.0
    assert float(optimizer.lr.numpy()) == 2.0 and optimizer.decay == 1.0
    plain = optimizers.NAMES["SGD"](lr=0.5)
    plain.lr = 0.25
    assert float(plain.learning_rate.numpy()) == 0.25 and plain.decay == 0.0


def test_weights_of_optimizers_can_be_read_and_set(keras2):
    optimizer = optimizers.NAMES["Adam"]()
    w = minikeras.Variable([1.0])
    optimizer.apply([[0.5]], [w])
    values = optimizer.get_weights()
    optimizer.apply([[0.5]], [w])
    optimizer.set_weights(values)
    for now, before in zip(optimizer.get_weights(), values, strict=True):
        np.testing.assert_array_equal(now, before)


def test_lower_names_and_wrapped_optimizers(keras2):
    assert isinstance(optimizers.NAMES["adam"], Adapted)
    sgd = today.SGD()
    assert optimizers.TFOptimizer(sgd) is sgd


def test_nothing_stays_on_the_classes_afterwards():
    assert not hasattr(today.SGD(), "lr")
    assert not hasattr(minikeras.Model, "fit_generator")


def test_scaled_losses_as_tensorflow_had_them(keras2):
    from minikeras.compat.keras2 import TF_TREE
    from minikeras.compat.keras2.optimizers import EXPERIMENTAL_PRECISION, MIXED_PRECISION

    for namespace, options in (
        (MIXED_PRECISION, {"initial_scale": None}),
        (EXPERIMENTAL_PRECISION, {"loss_scale": "dynamic"}),
    ):
        optimizer = namespace["LossScaleOptimizer"](minikeras.optimizers.SGD(1.0), **options)
        v = minikeras.Variable(1.0)
        with minikeras.GradientTape() as tape:
            loss = optimizer.get_scaled_loss(v * v)
        assert float(loss) == 2.0**15
        gradients = optimizer.get_unscaled_gradients(tape.gradient(loss, [v]))
        optimizer.apply_gradients(zip(gradients, [v]))
        assert float(v.value) == -1
    assert EXPERIMENTAL_PRECISION["Policy"]("mixed_float16").compute_dtype == "float16"
    assert TF_TREE.modules["mixed_precision"].find("set_global_policy") is not None
