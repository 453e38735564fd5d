"""Keras as the oracle of the optimizers."""

import pytest


@pytest.fixture(scope="session")
def keras():
    """Keras on JAX, in which float64 stays float64."""
    keras = pytest.importorskip("keras")
    from keras.src.backend.common import dtypes

    before = dict(dtypes.BIT64_TO_BIT32_DTYPE)
    dtypes.BIT64_TO_BIT32_DTYPE.clear()
    yield keras
    dtypes.BIT64_TO_BIT32_DTYPE.update(before)
