"""`SeedGenerator`: the state of a stream of random numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.tensor import Tensor
from minikeras.autodiff.variable import Variable
from minikeras.common.naming import auto_name
from minikeras.common.settings import get_local, set_local


class SeedGenerator:
    """A stream of random numbers whose state is a variable, so that it can be saved.

    Args:
        seed: integer; drawn from NumPy's global state if None.
        name: name, counted if None.

    Example:

    >>> import minikeras
    >>> seed = minikeras.random.SeedGenerator(seed=1)
    >>> a, b = minikeras.random.normal((2,), seed=seed), minikeras.random.normal((2,), seed=seed)
    >>> bool((a == b).all())
    False
    """

    def __init__(self, seed: int | None = None, name: str | None = None, **kwargs: Any) -> None:
        kwargs.pop("backend", None)
        if kwargs:
            raise ValueError(f"SeedGenerator: unrecognized keyword arguments: {sorted(kwargs)}")
        if seed is None:
            seed = make_default_seed()
        if not isinstance(seed, (int, np.integer)) or isinstance(seed, bool):
            raise ValueError(
                f"SeedGenerator: argument `seed` must be an integer. Received: seed={seed!r}"
            )
        if seed < 0:
            raise ValueError(
                f"SeedGenerator: argument `seed` must not be negative. Received: seed={seed}"
            )
        self.name = name or auto_name("seed_generator")
        self._initial_seed = int(seed)
        self.state = Variable(
            np.array([int(seed) % 2**32, 0], np.uint32),
            dtype="uint32",
            trainable=False,
            autocast=False,
            name="seed_generator_state",
        )

    def next_key(self) -> tuple[int, int]:
        """Return the key of the next draw and count it."""
        seed, count = self.state._value.tolist()
        self.state._value = np.array([seed, (count + 1) % 2**32], np.uint32)
        return seed, count

    def next(self, ordered: bool = True) -> Tensor:
        """Return the key of the next draw as a tensor of two uint32, and count it."""
        return Tensor(np.array(self.next_key(), np.uint32))

    def get_config(self) -> dict:
        """Return what `from_config` needs."""
        return {"seed": self._initial_seed}

    @classmethod
    def from_config(cls, config: dict) -> SeedGenerator:
        """Make a generator from its config."""
        return cls(**config)


def make_default_seed() -> int:
    """Draw a seed from NumPy's global state.

    So `numpy.random.seed(7)`, with which older tutorials begin, makes a whole run repeatable.
    """
    return int(np.random.randint(1, 2**31 - 1))


def global_seed_generator() -> SeedGenerator:
    """Return the stream that is used where no seed is given."""
    generator = get_local("global_seed_generator")
    if generator is None:
        generator = SeedGenerator()
        set_local("global_seed_generator", generator)
    return generator


def forget_global_seed() -> None:
    """Let the next draw start a new global stream."""
    set_local("global_seed_generator", None)


def draw_key(seed: Any) -> tuple[int, int]:
    """Return the key that a `seed` argument gives: an integer the same one always.

    Raises:
        ValueError: if it is no integer, `SeedGenerator`, pair of integers or None.
    """
    if seed is None:
        return global_seed_generator().next_key()
    if isinstance(seed, SeedGenerator):
        return seed.next_key()
    if isinstance(seed, (int, np.integer)):
        return int(seed), 0
    array = np.asarray(seed)
    if array.shape == (2,):
        return int(array[0]), int(array[1])
    raise ValueError(
        "Argument `seed` must be an integer, a SeedGenerator or None. "
        f"Received: seed={seed!r} (of type {type(seed).__name__})"
    )
