"""Values that remember how they were computed: `Expression`, and the variables that they begin with.

`x = SymbolicVariable(2.0); y = x * 3` gives 6 at once, and `y.symbol` is the KerasTensor that leads back
to `x`. So `y` can be computed anew after `x` has changed, and be differentiated, without a tape. Inside
layers, and while a tape records, both are plain tensors.
"""

from __future__ import annotations

from typing import Any

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.tensor import Tensor
from minikeras.autodiff.variable import Variable


class Expression(Tensor):
    """A tensor that knows what it is the value of.

    Args:
        value: the array.
        symbol: the KerasTensor that describes it.
    """

    __slots__ = ("symbol",)

    def __init__(self, value: Any, symbol: KerasTensor) -> None:
        super().__init__(value)
        self.symbol = symbol

    @property
    def value(self) -> Tensor:
        """The value alone."""
        return Tensor(self.array)


def symbol_of(a: Any) -> Any:
    """Return the KerasTensor of an expression; anything else as it is."""
    return a.symbol if type(a) is Expression else a


class SymbolicVariable(Variable):
    """A variable whose expressions remember that they were computed from it.

    Example:

    >>> x = SymbolicVariable(2.0)
    >>> y = x * 3
    >>> float(y), type(y).__name__, y.symbol.shape
    (6.0, 'Expression', ())
    """

    __slots__ = ()

    def __getitem__(self, key: Any) -> Any:
        return Tensor.__getitem__(self, key)


REMEMBERING = (Expression, SymbolicVariable)
SYMBOLIC = (KerasTensor, *REMEMBERING)
"""What makes a call of an op a step of a graph."""
