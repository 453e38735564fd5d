"""`TextLayer`: a layer that takes texts, or integers, as data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minikeras.common.arguments import is_integer
from minikeras.layers.layer import Layer
from minikeras.layers.preprocessing.adapted_layer import as_tensor


class TextLayer(Layer):
    """The base of layers that look things up, or hash them: no gradient goes through them.

    They take arrays of any of NumPy's types of strings, nested lists of `str` or `bytes`, and single
    texts; integers likewise.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.autocast = False
        self._build_at_init()

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Compute (or describe, for KerasTensors) the outputs."""
        return super().__call__(as_tensor(inputs, self), *args, **kwargs)


def refuse_sparse(sparse: bool) -> None:
    """Refuse `sparse=True`, as Keras does on all backends but TensorFlow."""
    if sparse:
        raise ValueError("`sparse=True` can only be used with the TensorFlow backend.")


def key_of_hash(salt: Any, owner: str) -> list[int] | None:
    """Return a `salt` as the two integers of a key, None for none.

    Raises:
        ValueError: if it is neither an integer nor two of them.
    """
    if salt is None:
        return None
    if is_integer(salt):
        return [int(salt)] * 2
    if isinstance(salt, Sequence) and len(salt) == 2 and all(map(is_integer, salt)):
        return [int(s) for s in salt]
    raise ValueError(
        f"The `salt` argument for `{owner}` can only be a tuple of 2 integers, or a single integer. "
        f"Received: salt={salt}."
    )
