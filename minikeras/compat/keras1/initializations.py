"""`keras.initializations` of Keras 1: functions of a shape that return variables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minikeras import initializers
from minikeras.autodiff.variable import Variable


class Initialization:
    """A function `(shape, scale=..., name=None)` that returns a variable with initial values.

    Args:
        name: its name.
        make: function of the scale, if it has one, that returns today's initializer.
        scale: default of the scale, None if it has none.

    Attributes:
        today: the initializer of today that it is with its default scale.

    Example:

    >>> from minikeras.compat.keras1 import initializations
    >>> initializations.get("one")((2,)).numpy().tolist()
    [1.0, 1.0]
    """

    def __init__(self, name: str, make: Callable[..., Any], scale: float | None = None) -> None:
        self.__name__ = name
        self._make = make
        self._scale = scale

    @property
    def today(self) -> Any:
        return self._make() if self._scale is None else self._make(self._scale)

    def __call__(
        self,
        shape: Any,
        scale: float | None = None,
        name: str | None = None,
        dim_ordering: str = "th",
    ) -> Variable:
        """Return a variable of a shape; `dim_ordering` makes no difference."""
        if isinstance(scale, str):
            scale, name = None, scale
        initializer = self.today if scale is None else self._make(scale)
        return Variable(initializer(tuple(int(n) for n in shape)), name=name)

    def __repr__(self) -> str:
        return f"<function {self.__name__}>"


def _named(name: str) -> Callable[[], Any]:
    return lambda: initializers.get(name)


_FUNCTIONS = [
    Initialization("uniform", lambda s: initializers.RandomUniform(-s, s), 0.05),
    Initialization("normal", lambda s: initializers.RandomNormal(0.0, s), 0.05),
    Initialization("orthogonal", lambda s: initializers.Orthogonal(gain=s), 1.1),
    Initialization("identity", lambda s: initializers.Identity(gain=s), 1.0),
    Initialization("zero", _named("zeros")),
    Initialization("one", _named("ones")),
    *(
        Initialization(name, _named(name))
        for name in (
            "lecun_uniform",
            "glorot_normal",
            "glorot_uniform",
            "he_normal",
            "he_uniform",
        )
    ),
]


def get(identifier: Any, **kwargs: Any) -> Any:
    """Return the function that an argument stands for.

    Args:
        identifier: a name, or a function.

    Raises:
        ValueError: if there is no such function.
    """
    if not isinstance(identifier, str):
        return identifier
    if identifier not in _BY_NAME:
        raise ValueError(
            f"There is no initialization '{identifier}'. There are: {', '.join(sorted(_BY_NAME))}"
        )
    return _BY_NAME[identifier]


def get_fans(shape: Any, dim_ordering: str = "th") -> tuple[float, float]:
    """Return the numbers of inputs and outputs that a weight of a shape connects.

    Args:
        shape: its shape.
        dim_ordering: order of the axes of a convolution's kernel, `"th"` or `"tf"`.
    """
    if len(shape) == 2:
        return shape[0], shape[1]
    if len(shape) not in (4, 5):
        return float(np.sqrt(np.prod(shape))), float(np.sqrt(np.prod(shape)))
    if dim_ordering == "th":
        out, into, *window = shape
    else:
        *window, into, out = shape
    size = int(np.prod(window))
    return into * size, out * size


_BY_NAME = {f.__name__: f for f in _FUNCTIONS}
NAMES = {**_BY_NAME, "get": get, "get_fans": get_fans}
