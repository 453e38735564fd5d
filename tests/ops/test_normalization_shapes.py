"""Statistics and factors of the wrong length are refused, not broadcast."""

import re

import numpy as np
import pytest

from minikeras import Input, ops

X = np.ones((2, 3, 4), "float32")


@pytest.mark.parametrize("wrong", [(1,), (), (3,), (5,), (2, 4)], ids=str)
@pytest.mark.parametrize("name", ["mean", "variance", "offset", "scale"])
@pytest.mark.parametrize("symbolic", [False, True])
def test_batch_normalization(wrong, name, symbolic):
    x = Input((3, 4)) if symbolic else X
    arguments = {"mean": np.ones(4), "variance": np.ones(4), name: np.ones(wrong)}
    with pytest.raises(ValueError, match=rf"`{name}`.*{re.escape(str(wrong))}"):
        ops.batch_normalization(x, axis=-1, **arguments)


def test_right_ones_are_taken():
    ones = np.ones(3, "float32")
    y = ops.batch_normalization(X, ones, ones, 1, scale=np.ones((1, 3, 1)), epsilon=0.0)
    np.testing.assert_array_equal(y, np.zeros_like(X))
    assert ops.batch_normalization(Input((None, 4)), np.ones(4), np.ones(4), -1).shape[-1] == 4


@pytest.mark.parametrize("rms_scaling", [False, True])
def test_layer_normalization(rms_scaling):
    with pytest.raises(ValueError, match=r"`gamma`.*\(3,\)"):
        ops.layer_normalization(X, gamma=np.ones(3), rms_scaling=rms_scaling)
    with pytest.raises(ValueError, match=r"`(gamma|scale)`.*\(3,\)"):
        ops.rms_normalization(X, scale=np.ones(3))
