"""What is made from arguments: signatures, configs, and classes of a user's."""

from __future__ import annotations

import inspect

import pytest

import minikeras
from minikeras import layers
from minikeras.common.configurable import accepted, arguments_of, parameters_of
from minikeras.constraints import Constraint
from minikeras.initializers import Initializer
from minikeras.optimizers.schedules import LearningRateSchedule
from minikeras.regularizers import L2, Regularizer


class Scaled(layers.Layer):
    def __init__(self, factor, *, shift=0.5, inner=None, **kwargs):
        super().__init__(**kwargs)
        self.stored = factor, shift
        self.inner = layers.Dense(3) if inner is None else inner


def config(obj):
    return {k: v for k, v in obj.get_config().items() if k not in ("name", "trainable", "dtype")}


def test_a_users_layer_is_described_by_what_it_was_made_with_defaults_too():
    assert config(Scaled(2.0)) == {"factor": 2.0, "shift": 0.5, "inner": None}


def test_a_users_layer_comes_back_with_the_objects_in_it():
    with minikeras.saving.custom_object_scope({"Scaled": Scaled}):
        again = Scaled.from_config(Scaled(2.0, shift=1.0, inner=layers.Dense(5)).get_config())
    assert again.stored == (2.0, 1.0)
    assert again.inner.units == 5


def test_what_a_subclass_adds_goes_after_what_its_base_says_now():
    class Noisy(layers.Dropout):
        def __init__(self, rate, colour="pink", **kwargs):
            super().__init__(rate / 2, **kwargs)

    layer = Noisy(0.5, seed=3)
    assert config(layer) == {"rate": 0.5, "noise_shape": None, "seed": 3, "colour": "pink"}
    assert Noisy.from_config(layer.get_config()).rate == 0.25


def test_a_config_of_the_users_own_adds_to_that_of_the_base():
    class Own(Scaled):
        def __init__(self, extra, **kwargs):
            super().__init__(factor=1.0, **kwargs)
            self.extra = extra

        def get_config(self):
            return {**super().get_config(), "extra": self.extra}

    assert config(Own(extra=4)) == {"extra": 4}
    assert Own.from_config(Own(extra=4).get_config()).extra == 4


def test_without_kwargs_a_base_is_not_asked():
    class Fixed(layers.Dense):
        def __init__(self, width):
            super().__init__(width, activation="relu")

    assert Fixed(3).get_config() == {"width": 3}


def test_attributes_are_read_when_the_config_is_made():
    layer = layers.Dropout(0.5)
    layer.rate = 0.25
    assert layer.get_config()["rate"] == 0.25
    layer = layers.Dense(2, activation="relu")
    layer.activation = minikeras.activations.tanh
    assert layer.get_config()["activation"] == "tanh"


@pytest.mark.parametrize("base", [Regularizer, Constraint, Initializer, LearningRateSchedule])
def test_every_family_has_configs_for_nothing(base):
    class Mine(base):
        def __init__(self, a, b=2):
            self.hidden = (a, b)

    assert Mine(1).get_config() == {"a": 1, "b": 2}
    assert Mine.from_config({"a": 5, "b": 6}).hidden == (5, 6)


def test_parameters_follow_kwargs_down_to_the_base():
    assert list(parameters_of(layers.Conv2D))[:4] == [
        "filters",
        "kernel_size",
        "strides",
        "padding",
    ]
    assert {"name", "dtype", "trainable"} <= set(parameters_of(layers.Conv2D))
    assert accepted(layers.Dropout, {"rate": 1, "units": 2}) == {"rate": 1}


def test_an_inherited_init_has_the_classes_own_defaults_and_name():
    defaults = inspect.signature(layers.Conv2D).parameters
    assert defaults["strides"].default == (1, 1)
    assert inspect.signature(layers.Conv1D).parameters["strides"].default == 1
    with pytest.raises(TypeError, match=r"Conv2D\.__init__\(\) missing .* 'kernel_size'"):
        layers.Conv2D(3)
    assert layers.MaxPooling2D().pool_size == (2, 2)


def test_arguments_are_objects_where_configs_are_plain():
    kernel = arguments_of(layers.Dense(2, kernel_regularizer=L2(0.5)))["kernel_regularizer"]
    assert isinstance(kernel, L2)
    assert layers.Dense(2, kernel_regularizer=L2(0.5)).get_config()["kernel_regularizer"] == {
        "module": "keras.regularizers",
        "class_name": "L2",
        "config": {"l2": 0.5},
        "registered_name": None,
    }


def test_sources_name_arguments():
    """What a class says of where its arguments are found is about arguments that it has."""
    for namespace in (layers, minikeras.losses, minikeras.metrics, minikeras.optimizers):
        for name, cls in vars(namespace).items():
            if inspect.isclass(cls) and hasattr(cls, "argument_sources"):
                own = set(cls.argument_sources) - set(super(cls, cls).argument_sources)
                assert own <= set(parameters_of(cls)), name
