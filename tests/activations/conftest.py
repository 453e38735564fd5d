import pytest


@pytest.fixture(scope="session")
def keras():
    """Keras on JAX, in which float64 stays float64."""
    keras = pytest.importorskip("keras")
    from keras.src.backend.common import dtypes

    dtypes.BIT64_TO_BIT32_DTYPE = {k: k for k in dtypes.BIT64_TO_BIT32_DTYPE}
    return keras
