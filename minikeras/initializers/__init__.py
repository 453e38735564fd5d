"""Initializers: the first values of weights."""

from typing import Any as _Any

from minikeras.common.serialization import ObjectFamily as _ObjectFamily
from minikeras.initializers.constant_initializers import Constant, Identity, Ones, Zeros
from minikeras.initializers.initializer import Initializer
from minikeras.initializers.random_initializers import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    Orthogonal,
    RandomInitializer,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
)

IdentityInitializer = Identity
OrthogonalInitializer = Orthogonal
constant, identity, ones, zeros = Constant, Identity, Ones, Zeros
glorot_normal, glorot_uniform = GlorotNormal, GlorotUniform
he_normal, he_uniform = HeNormal, HeUniform
lecun_normal, lecun_uniform = LecunNormal, LecunUniform
orthogonal, variance_scaling = Orthogonal, VarianceScaling
random_normal, random_uniform, truncated_normal = RandomNormal, RandomUniform, TruncatedNormal

_family = _ObjectFamily(
    "initializer",
    Initializer,
    [
        Constant,
        GlorotNormal,
        GlorotUniform,
        HeNormal,
        HeUniform,
        Identity,
        LecunNormal,
        LecunUniform,
        Ones,
        Orthogonal,
        RandomNormal,
        RandomUniform,
        TruncatedNormal,
        VarianceScaling,
        Zeros,
    ],
    {
        "normal": RandomNormal,
        "uniform": RandomUniform,
        "one": Ones,
        "zero": Zeros,
        "IdentityInitializer": Identity,
        "OrthogonalInitializer": Orthogonal,
    },
)
serialize = _family.serialize
deserialize = _family.deserialize


def get(identifier: _Any) -> _Any:
    """Return the initializer that an argument stands for: a name, config, object, array or None.

    Example:

    >>> from minikeras import initializers
    >>> type(initializers.get("he_normal")).__name__
    'HeNormal'
    """
    import numpy as np

    from minikeras.autodiff import Tensor

    if isinstance(identifier, (Tensor, np.ndarray, int, float)) and not isinstance(identifier, bool):
        value = identifier
        return Constant(np.asarray(value) if not isinstance(value, (int, float)) else value)
    found = _family.get(identifier)
    # A layer's initializer used for two weights must not give both the same values.
    return found.clone() if isinstance(found, RandomInitializer) and found is identifier and found._given_seed is None else found  # fmt: skip
