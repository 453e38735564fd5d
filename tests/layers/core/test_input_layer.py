"""`Input` and `InputLayer`."""

from __future__ import annotations

import numpy as np

import minikeras
from minikeras import layers


def test_an_input_can_stand_on_a_tensor_of_another_graph():
    features = layers.Dense(3)(minikeras.Input((5,)))
    entrance = minikeras.Input(tensor=features)
    assert entrance.shape == (None, 3)
    head = minikeras.Model(entrance, layers.Dense(2)(entrance))
    assert head(np.ones((4, 3), "float32")).shape == (4, 2)
