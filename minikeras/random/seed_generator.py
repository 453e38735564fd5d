"""`SeedGenerator`: the state of a stream of random numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.journal import note_change
from minikeras.autodiff.state import thread
from minikeras.autodiff.tensor import Tensor
from minikeras.autodiff.tracking import Trackable
from minikeras.common.configurable import Configurable
from minikeras.common.naming import auto_name
from minikeras.common.settings import get_local, set_local
from minikeras.kernels.random import Key

_LIMIT = 2**32


class SeedGenerator(Trackable, Configurable):
    """A stream of random numbers: each draw that it is given to as `seed` gives new ones.

    Its `state` is a variable of two uint32, the seed and the number of draws so far, which models
    save with their weights. A draw is a pure function of them, so a restored stream goes on as if
    it had never stopped.

    Args:
        seed: integer in `[0, 2**32)`; drawn from NumPy's global generator if None.
        name: name, counted if None.

    Raises:
        ValueError: if `seed` is no such integer.

    Example:

    >>> import minikeras
    >>> stream = minikeras.random.SeedGenerator(seed=1)
    >>> a = minikeras.random.normal((2,), seed=stream)
    >>> b = minikeras.random.normal((2,), seed=stream)
    >>> bool((a == b).any()), stream.state.numpy().tolist()
    (False, [1, 2])
    """

    argument_sources = {"seed": "_initial_seed"}

    def __init__(self, seed: int | None = None, name: str | None = None, **kwargs: Any) -> None:
        kwargs.pop("backend", None)  # there is one
        if kwargs:
            raise ValueError(f"SeedGenerator: unrecognized keyword arguments: {sorted(kwargs)}")
        self.name = name or auto_name(type(self).__name__)
        self._initial_seed = seed
        first = make_default_seed() if seed is None else check_seed(seed, "SeedGenerator")
        self.state = self.make_variable(
            [*thread.state.scopes, self.name],
            np.array([first, 0], np.uint32),
            dtype="uint32",
            trainable=False,
            autocast=False,
            name="seed_generator_state",
        )

    def next_key(self) -> Key:
        """Return the key of the next draw, and count it (unless a call is only described)."""
        seed, count = self.state.array.tolist()
        if not thread.state.describing:
            note_change(self.state)
            self.state.array = np.array((seed, (count + 1) % _LIMIT), np.uint32)
        return seed, count

    def next(self, ordered: bool = True) -> Tensor:
        """Return the state as a tensor, and move on to the next.

        Args:
            ordered: whether the next state is the next count; else both numbers are scrambled.

        Returns:
            A tensor of two uint32, which draws take as `seed`.
        """
        before = self.state.array
        if ordered:
            self.next_key()
        else:
            note_change(self.state)
            self.state.array = (before + np.uint32(1)) * np.uint32(5387) % np.uint32(933199)
        return Tensor(before)


def check_seed(seed: Any, owner: str) -> int:
    """Return a seed as an int.

    Raises:
        ValueError: if it is not an integer in `[0, 2**32)`.
    """
    if not isinstance(seed, (int, np.integer)) or not 0 <= seed < _LIMIT:
        raise ValueError(
            f"{owner}: argument `seed` must be an integer in [0, 2**32). Received: seed={seed!r} "
            f"(of type {type(seed).__name__})"
        )
    return int(seed)


def make_default_seed() -> int:
    """Draw a seed from NumPy's global generator.

    Tutorials for older Keras begin with `numpy.random.seed(7)`: because seeds that nobody gives
    come from there, that line makes a whole run repeatable. After `seed_defaults` they come from a
    stream of their own.
    """
    own = get_local("default_seeds")
    return int(np.random.randint(1, 10**9) if own is None else own.integers(1, 10**9))


def seed_defaults(seed: int | None) -> None:
    """Let seeds that nobody gives come from a stream of their own, in this thread.

    Args:
        seed: where it starts; None to draw from NumPy's global generator again.
    """
    set_local("default_seeds", None if seed is None else np.random.default_rng(seed))


def global_seed_generator() -> SeedGenerator:
    """Return the stream of this thread that is used where no seed is given."""
    generator = get_local("global_seed_generator")
    if generator is None:
        generator = SeedGenerator(name="global_seed_generator")
        set_local("global_seed_generator", generator)
    return generator


def set_global_seed(seed: int) -> None:
    """Start the global stream of this thread from a seed."""
    set_local("global_seed_generator", SeedGenerator(seed, name="global_seed_generator"))


def forget_global_seed() -> None:
    """Let the next draw start a new global stream, with a seed from NumPy's generator."""
    set_local("global_seed_generator", None)


def get_global_draws() -> Any:
    """Return where the global stream of this thread is, for `set_global_draws`."""
    generator = get_local("global_seed_generator")
    return None if generator is None else (generator, generator.state.array)


def set_global_draws(draws: Any) -> None:
    """Go back to where `get_global_draws` found the global stream of this thread."""
    if draws is None:
        forget_global_seed()
    else:
        generator, generator.state.array = draws
        set_local("global_seed_generator", generator)


def draw_key(seed: Any) -> Key:
    """Return the key that a `seed` argument stands for.

    Args:
        seed: None for the next of the global stream, a `SeedGenerator` for its next, an integer for
            always the same, or a state that `SeedGenerator.next` returned.

    Raises:
        ValueError: if it is none of them.
    """
    if seed is None:
        return global_seed_generator().next_key()
    if isinstance(seed, SeedGenerator):
        return seed.next_key()
    if isinstance(seed, (int, np.integer)):
        return check_seed(seed, "random"), 0
    if isinstance(seed, (Tensor, np.ndarray)) and seed.shape == (2,):
        first, count = np.asarray(seed).tolist()
        return check_seed(first, "random"), check_seed(count, "random")
    raise ValueError(
        "Argument `seed` must be either an integer or an instance of `SeedGenerator`. "
        f"Received: seed={seed!r} (of type {type(seed).__name__})"
    )
