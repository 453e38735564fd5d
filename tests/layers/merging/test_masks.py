"""Merging layers and the masks of their inputs."""

import numpy as np
import pytest

import minikeras
from minikeras import layers

X = np.arange(1.0, 13.0, dtype="float32").reshape(1, 3, 4)


def masked(values, step):
    values = np.array(values)
    values[:, step] = 0
    return values


@pytest.mark.parametrize("name", ["Multiply", "Maximum", "Minimum", "Add", "Average", "Subtract"])
@pytest.mark.parametrize("third", [None, "plain", "masked"])
def test_masked_steps_as_in_keras(keras, name, third):
    first, second = masked(X, 1), masked(5 - X, 2)
    if name == "Subtract" and third:
        third = None
    results = []
    for library in (minikeras, keras):
        masking = library.layers.Masking(0.0)
        inputs = [masking(first), masking(second)]
        if third is not None:
            inputs.append(masking(masked(X, 1)) if third == "masked" else X / 2)
        layer = getattr(library.layers, name)()
        y = layer(inputs)
        results.append((np.asarray(y), getattr(y, "_keras_mask", None)))
    (y, mask), (wanted, wanted_mask) = results
    np.testing.assert_allclose(y, wanted, rtol=1e-6)
    if wanted_mask is None:
        assert mask is None
    else:
        np.testing.assert_array_equal(mask, wanted_mask)


@pytest.mark.parametrize("name", ["Multiply", "Maximum", "Minimum"])
def test_a_masked_step_leaves_value_and_gradient_of_the_other(name):
    first = minikeras.ops.convert_to_tensor(masked(X, 1))
    second = minikeras.ops.convert_to_tensor(np.full_like(X, 3.0))
    with minikeras.GradientTape() as tape:
        tape.watch([first, second])
        y = getattr(layers, name)()([layers.Masking(0.0)(first), second])
    np.testing.assert_array_equal(y[:, 1], second[:, 1])
    of_first, of_second = tape.gradient(y, [first, second])
    np.testing.assert_array_equal(of_first[:, 1], 0)
    np.testing.assert_array_equal(of_second[:, 1], 1)


@pytest.mark.parametrize("name", ["Multiply", "Maximum", "Minimum"])
def test_steps_that_all_inputs_mask_are_zero(name):
    masking = layers.Masking(0.0)
    y = getattr(layers, name)()([masking(masked(X, 1)), masking(masked(2 * X, 1))])
    np.testing.assert_array_equal(y[:, 1], 0)
    assert np.asarray(y._keras_mask).tolist() == [[True, False, True]]
