"""One seed for everything."""

from __future__ import annotations

import random

import numpy as np

from minikeras.common.call_errors import told
from minikeras.random.seed_generator import check_seed, set_global_seed


@told
def set_random_seed(seed: int) -> None:
    """Seed Python's, NumPy's and minikeras's random numbers, so that a run can be repeated.

    Args:
        seed: integer in `[0, 2**32)`.

    Raises:
        ValueError: if it is no such integer.

    Example:

    >>> import minikeras
    >>> minikeras.utils.set_random_seed(1)
    >>> a = float(minikeras.random.normal(()))
    >>> minikeras.utils.set_random_seed(1)
    >>> a == float(minikeras.random.normal(()))
    True
    """
    seed = check_seed(seed, "set_random_seed")
    random.seed(seed)
    np.random.seed(seed)
    set_global_seed(seed)
