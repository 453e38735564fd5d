"""Infinite gradients, weights that begin at zero, names that begin alike: as Keras has them."""

from __future__ import annotations

import numpy as np
import pytest

import minikeras

GRADIENTS = [[[0.1, -0.2, 0.3], [0.5]], [[0.3, 0.1, 0.2], [-0.4]], [[0.2, 0.2, -0.1], [0.3]]]


def after_steps(library, name, begin, gradients, **kwargs):
    optimizer = getattr(library.optimizers, name)(**kwargs)
    weights = [library.Variable(np.array(w, "float32")) for w in begin]
    for step in gradients:
        optimizer.apply(
            [library.ops.convert_to_tensor(np.array(g, "float32")) for g in step], weights
        )
    return [np.asarray(w) for w in weights]


@pytest.mark.parametrize("name", ["Lamb", "Adafactor", "Adam", "SGD", "Lion", "Nadam", "Ftrl"])
def test_steps_from_zero_weights(keras, name):
    begin = [[0.0, 0, 0], [0.0]]
    got, wanted = [
        after_steps(k, name, begin, GRADIENTS, learning_rate=0.1) for k in (minikeras, keras)
    ]
    for a, b in zip(got, wanted):
        assert (b != 0).all()
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("clip", "nans"), [("global_clipnorm", 4), ("clipnorm", 1), ("clipvalue", 0)]
)
def test_an_infinite_gradient_that_is_clipped(keras, clip, nans):
    gradients = [[[np.inf, 1, 1], [1.0]]]
    with np.errstate(invalid="ignore"):
        got, wanted = [
            after_steps(k, "SGD", [[1.0, 2, 3], [1.0]], gradients, learning_rate=0.1, **{clip: 1.0})
            for k in (minikeras, keras)
        ]
    assert np.isnan(np.concatenate(got)).sum() == nans
    for a, b in zip(got, wanted):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_exclusion_goes_by_parts_of_names(keras):
    """A name that is excluded excludes every weight whose path holds it."""
    for library in (minikeras, keras):
        names = ("kernel", "bias", "kernel_bias")
        weights = [library.Variable(np.ones(2, "float32"), name=n) for n in names]
        optimizer = library.optimizers.AdamW(0.1, weight_decay=0.5)
        optimizer.exclude_from_weight_decay(var_names=["bias"])
        optimizer.build(weights)
        optimizer.apply([library.ops.zeros(2)] * 3, weights)
        values = [np.asarray(w)[0] for w in weights]
        np.testing.assert_allclose(values, [0.95, 1, 1], rtol=1e-6)
