import random as python_random

import numpy as np
import pytest

import minikeras
from minikeras.utils.rng_utils import set_random_seed


def draws():
    return [
        python_random.random(),
        np.random.rand(),
        minikeras.random.normal((2,)).tolist(),
        minikeras.random.uniform((2,)).tolist(),
        minikeras.initializers.GlorotUniform()((2,)).tolist(),
        minikeras.random.SeedGenerator().state.numpy().tolist(),
    ]


def test_everything_repeats():
    set_random_seed(3)
    first = draws()
    assert draws() != first
    set_random_seed(3)
    assert draws() == first
    set_random_seed(4)
    assert draws() != first


@pytest.mark.parametrize("seed", ["a", -1, 1.5, None, 2**32])
def test_seeds_that_are_none(seed):
    with pytest.raises(ValueError, match="seed"):
        set_random_seed(seed)
