"""Values, shapes and dtypes are those of tf.keras 2.15's backend: on values, variables and in graphs."""

import json
from pathlib import Path

import numpy as np
import pytest

from minikeras import ops

from .cases import EXPRESSIONS, FIXED, INPUTS, halves, summary

KERAS = json.loads(Path(__file__).with_name("keras_2_15.json").read_text())
"""What tf.keras 2.15 gave for each expression: dtype, shape, the sum of all elements and some of them."""


def computed(expression, K, inputs):
    """Return what an expression gives; `eval` is Python's."""
    return eval(expression, {"K": K, "np": np, "halves": halves, **inputs})


def check(result, expression):
    dtype, shape, numbers = summary(result)
    wanted_dtype, wanted_shape, wanted = KERAS[expression]
    assert (dtype, shape) == (wanted_dtype, wanted_shape)
    size = max(np.size(result), 1)
    exact = "float" not in dtype
    tolerance = 0 if exact else 2e-5
    np.testing.assert_allclose(numbers[1:], wanted[1:], rtol=10 * tolerance, atol=tolerance)
    np.testing.assert_allclose(numbers[0], wanted[0], rtol=10 * tolerance, atol=tolerance * size)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_on_values(K, expression):
    inputs = {name: ops.convert_to_tensor(a) for name, a in INPUTS.items()}
    check(K.eval(computed(expression, K, inputs)), expression)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_on_variables_that_change(K, expression):
    inputs = {name: K.variable(np.zeros_like(a) + 1, str(a.dtype)) for name, a in INPUTS.items()}
    inputs.update(ctc_steps=INPUTS["ctc_steps"], ctc_lengths=INPUTS["ctc_lengths"])
    inputs.update(labels=INPUTS["labels"])  # numbers that must fit others
    result = computed(expression, K, inputs)
    for name, variable in inputs.items():
        if not isinstance(variable, np.ndarray):
            K.set_value(variable, INPUTS[name])
    check(K.function([], [result])([])[0], expression)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_in_graphs(K, expression):
    inputs = {
        name: K.placeholder(a.shape if name in FIXED else (None, *a.shape[1:]), dtype=str(a.dtype))
        for name, a in INPUTS.items()
    }
    result = computed(expression, K, inputs)
    function = K.function(list(inputs.values()), [result])
    (value,) = function(list(INPUTS.values()))
    check(value, expression)
    described = getattr(result, "shape", np.shape(value))
    assert len(described) == np.ndim(value)
    assert all(d is None or d == n for d, n in zip(described, np.shape(value)))
    if hasattr(result, "dtype"):
        assert str(result.dtype) == str(np.asarray(value).dtype)


def test_every_expression_has_a_value_of_keras():
    assert KERAS.keys() == set(EXPRESSIONS)
