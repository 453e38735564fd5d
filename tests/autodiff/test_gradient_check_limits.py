"""Where finite differences say less than they seem to, `gradient_check` raises no false alarm."""

import numpy as np
import pytest

from minikeras import gradient_check, layers, ops
from minikeras.models import Sequential


def steps():
    x = np.random.default_rng(0).normal(size=(2, 4, 3))
    x[0, 1] = x[1, 3] = 0  # masked
    x[0, 2, 1] = 0  # not masked: other features of this step are not 0
    return x


@pytest.mark.parametrize(
    "after",
    [
        [],
        [layers.LSTM(2)],
        [layers.Dense(2)],
        [layers.GlobalAveragePooling1D()],
        [layers.Flatten()],
    ],
    ids=lambda after: type(after[0]).__name__ if after else "alone",
)
def test_masked_steps_raise_no_alarm(after):
    result = gradient_check(Sequential([layers.Masking(), *after]), steps())
    assert result.ok
    assert result.skipped <= 6
    assert result.checked >= 18


def test_another_mask_value():
    x = steps()
    x[x == 0] = -1.0
    x[0, 1] = x[1, 3] = -1.0
    assert gradient_check(layers.Masking(-1.0), x).skipped == 6


def test_a_gradient_of_zero_behind_large_outputs():
    x = np.random.default_rng(1).normal(size=(8, 3))

    def function(x):
        shifted = x * 1e6 + 1e9
        return (shifted - ops.mean(shifted)) * 0 + 1e9, ops.sum(shifted - ops.mean(shifted)) + 1e9

    assert gradient_check(function, x).ok
    assert gradient_check(lambda x: ops.softmax(x) * 1e8 + 1e9, x).ok


def test_wrong_gradients_are_found_all_the_same():
    x = np.random.default_rng(2).normal(size=(4,))
    wrong = ops.custom_gradient(lambda x: (x * x, lambda g: g * x))
    nothing = ops.custom_gradient(lambda x: (x * x, lambda g: g * 0))
    for function in (wrong, nothing):
        assert gradient_check(function, x, raise_exception=False).wrong == 4
        with_large = gradient_check(lambda x, f=function: f(x) + 1e6, x, raise_exception=False)
        assert with_large.wrong == 4
