"""One seed for everything."""

from __future__ import annotations

import random

import numpy as np

from minikeras.common.settings import set_local
from minikeras.random.seed_generator import SeedGenerator, forget_global_seed


def set_random_seed(seed: int) -> None:
    """Seed Python's, NumPy's and minikeras's random numbers, so that a run can be repeated.

    Args:
        seed: non-negative integer.

    Example:

    >>> import minikeras
    >>> minikeras.utils.set_random_seed(1)
    >>> a = float(minikeras.random.normal(()))
    >>> minikeras.utils.set_random_seed(1)
    >>> a == float(minikeras.random.normal(()))
    True
    """
    if not isinstance(seed, (int, np.integer)):
        raise ValueError(
            f"Argument `seed` must be an integer. Received: {seed!r} of type {type(seed).__name__}"
        )
    random.seed(int(seed))
    np.random.seed(int(seed) % 2**32)
    forget_global_seed()
    set_local("global_seed_generator", SeedGenerator(int(seed), name="global_seed_generator"))
