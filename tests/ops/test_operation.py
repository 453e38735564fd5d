"""`Operation`: what a call on KerasTensors leaves behind."""

from __future__ import annotations

import pytest

import minikeras
from minikeras import layers


def test_input_and_output_are_those_of_the_first_call():
    shared = layers.Dense(2, name="shared")
    with pytest.raises(AttributeError, match="'shared' has never been called"):
        _ = shared.output
    a, b = minikeras.Input((3,), name="a"), minikeras.Input((3,), name="b")
    first = shared(a)
    shared(b)
    assert shared.output is first
    assert shared.input is a


def test_first_call_is_what_keras_gives_too(keras):
    shared = keras.layers.Dense(2)
    first = shared(keras.Input((3,)))
    shared(keras.Input((3,)))
    assert shared.output is first
