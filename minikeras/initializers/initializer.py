"""`Initializer`: the base class."""

from __future__ import annotations

from typing import Any


class Initializer:
    """Makes the first value of a weight: `initializer(shape, dtype) -> tensor`.

    Example:

    >>> import minikeras
    >>> class Half(minikeras.initializers.Initializer):
    ...     def __call__(self, shape, dtype=None):
    ...         return minikeras.ops.full(shape, 0.5, dtype=dtype)
    >>> minikeras.layers.Dense(2, kernel_initializer=Half())
    <Dense name=dense, built=False>
    """

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Return a tensor of `shape`."""
        raise NotImplementedError("Initializer subclasses must implement the `__call__()` method.")

    def get_config(self) -> dict:
        """Return what `from_config` needs."""
        return {}

    @classmethod
    def from_config(cls, config: dict) -> Any:
        """Make an initializer from its config."""
        return cls(**config)

    def clone(self) -> Any:
        """Return another of the same config."""
        return type(self).from_config(self.get_config())
