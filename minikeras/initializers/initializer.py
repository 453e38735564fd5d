"""`Initializer`: the base class."""

from __future__ import annotations

from typing import Annotated, Any

from minikeras.autodiff.tensor import Tensor
from minikeras.common.arguments import Kind, any_of
from minikeras.common.configurable import Configurable
from minikeras.common.object_family import FamilyMember, ObjectFamily

FAMILY = ObjectFamily("initializer")
"""Every initializer by name."""

InitializerLike = Annotated[
    Any, any_of([Kind("an array", lambda value: hasattr(value, "__array__")), FAMILY.argument])
]
"""What an argument may be that stands for an initializer."""


class Initializer(FamilyMember, Configurable, family=FAMILY):
    """Makes the first value of a weight: `initializer(shape, dtype)` gives a tensor.

    Subclasses define `__call__`, and `get_config` if they take arguments.

    Example:

    >>> import minikeras
    >>> class Halves(minikeras.initializers.Initializer):
    ...     def __call__(self, shape, dtype=None):
    ...         return minikeras.ops.full(shape, 0.5, dtype=dtype)
    >>> layer = minikeras.layers.Dense(2, kernel_initializer=Halves())
    >>> layer.build((None, 1))
    >>> layer.kernel.numpy()
    array([[0.5, 0.5]], dtype=float32)
    """

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        """Return a tensor.

        Args:
            shape: its shape.
            dtype: its dtype, `floatx` if None.
        """
        raise NotImplementedError("Initializer subclasses must implement the `__call__()` method.")

    def clone(self) -> Any:
        """Return another of the same config: without a seed in it, one that gives other values."""
        return type(self).from_config(self.get_config())
