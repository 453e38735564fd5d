"""Where all random streams are that nobody holds: Python's, NumPy's and minikeras's own."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from minikeras.common.settings import get_local
from minikeras.random.seed_generator import forget_global_seed, global_seed_generator


def get_random_state() -> dict[str, Any]:
    """Return where the global streams are, as plain data.

    Example:

    >>> import numpy as np
    >>> from minikeras.random.random_state import get_random_state, set_random_state
    >>> before = get_random_state()
    >>> first = np.random.rand()
    >>> set_random_state(before)
    >>> np.random.rand() == first
    True
    """
    generator = get_local("global_seed_generator")
    version, words, gauss = random.getstate()
    return {
        "python": (version, np.array(words, np.uint32), gauss),
        "numpy": np.random.get_state(),
        "minikeras": None if generator is None else generator.state.numpy(),
    }


def set_random_state(state: dict[str, Any]) -> None:
    """Let the global streams go on from where `get_random_state` found them."""
    version, words, gauss = state["python"]
    random.setstate((version, tuple(words.tolist()), gauss))
    if state["minikeras"] is None:
        forget_global_seed()
    else:
        global_seed_generator().state.assign(state["minikeras"])
    np.random.set_state(tuple(state["numpy"]))  # last: a new global stream is seeded from it


def random_mark() -> tuple:
    """Return something that is equal as long as nobody draws from the global streams."""
    generator = get_local("global_seed_generator")
    _, key, *rest = np.random.get_state()
    own = None if generator is None else generator.state.array.tobytes()
    return random.getstate(), key.tobytes(), rest, own
