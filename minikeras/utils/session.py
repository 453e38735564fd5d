"""Starting anew within one process."""

from __future__ import annotations

from minikeras.common.naming import reset_names
from minikeras.random.seed_generator import forget_global_seed


def clear_session(free_memory: bool = True) -> None:
    """Start counting default names anew and forget the global seed.

    Models and tensors are freed as soon as nobody holds them, so this frees no memory.

    Args:
        free_memory: accepted, without effect.

    Example:

    >>> import minikeras
    >>> minikeras.utils.clear_session()
    >>> minikeras.layers.Dense(1).name, minikeras.layers.Dense(1).name
    ('dense', 'dense_1')
    """
    reset_names()
    forget_global_seed()


def is_keras_tensor(x: object) -> bool:
    """Return whether `x` is a symbolic tensor, as `Input` gives.

    Example:

    >>> import minikeras
    >>> minikeras.utils.is_keras_tensor(minikeras.Input((2,)))
    True
    """
    return getattr(x, "_is_keras_tensor", False)
