"""Connectionist temporal classification against counting all paths, and with lengths like Keras."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import minikeras
from minikeras import losses
from minikeras.ops.ctc import ctc_loss


def spelled(path):
    """Merge repeats, then drop blanks."""
    return [k for k, _ in itertools.groupby(path) if k != 0]


@pytest.mark.parametrize("labels", [[], [1], [1, 1], [1, 2], [2, 1, 2]])
def test_all_paths(labels):
    rng = np.random.default_rng(0)
    z = rng.normal(size=(1, 5, 3))
    p = np.exp(z[0]) / np.exp(z[0]).sum(-1, keepdims=True)
    total = sum(
        np.prod([p[t, k] for t, k in enumerate(path)])
        for path in itertools.product(range(3), repeat=5)
        if spelled(path) == labels
    )
    target = np.array([labels + [0] * (3 - len(labels))])
    np.testing.assert_allclose(losses.ctc(target, z), [-np.log(total)], rtol=1e-10)


@pytest.mark.parametrize("mask_index", [0, 3])
def test_lengths_like_keras(keras, mask_index):
    import jax

    rng = np.random.default_rng(1)
    z = rng.normal(size=(4, 6, 4))
    target = rng.integers(1, 3, (4, 3))
    lengths = np.array([3, 2, 0, 1]), np.array([6, 5, 6, 4])

    def theirs(z):
        return keras.ops.ctc_loss(target, z, *lengths, mask_index=mask_index)

    value, pull = jax.vjp(theirs, jax.numpy.asarray(z))
    g = rng.normal(size=4)
    v = minikeras.autodiff.Variable(z)
    with minikeras.autodiff.GradientTape() as tape:
        loss = ctc_loss(target, v.value, *lengths, mask_index=mask_index)
    np.testing.assert_allclose(loss, value, rtol=1e-10)
    np.testing.assert_allclose(
        tape.gradient(loss, v, output_gradients=g), pull(jax.numpy.asarray(g))[0], atol=1e-10
    )


def test_bad_input_is_named():
    z = np.zeros((2, 4, 3))
    with pytest.raises(ValueError, match=r"ctc.*\(2,\)"):
        losses.ctc(np.zeros(2), z)
    with pytest.raises(ValueError, match="0 to 2"):
        losses.ctc(np.array([[3], [1]]), z)
    with pytest.raises(ValueError, match="output_length"):
        ctc_loss([[1], [1]], z, [1, 1], [4, 5])
