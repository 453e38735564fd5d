"""Sizes that are known only when an exported model runs."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from minikeras.autodiff.keras_tensor import AssumedSize

Monomial = tuple  # of atoms, sorted: their product; the empty one is the number 1
Terms = dict  # of monomials, each with its factor: their sum


class Atom(str):
    """What terms are made of: the name of a size, or a quotient or remainder of two sizes.

    Attributes:
        operation: None for a size that a tensor has, else `"floordiv"` or `"mod"`.
        operands: the two sizes that it is of.
    """

    operation: str | None = None
    operands: tuple = ()


class TracedSize(AssumedSize):
    """A size that is not known: a number to try in its place, and the formula that gives it.

    The formula is a polynomial with integer factors. Sums, differences and products are exact, and so
    are quotients that divide; others become atoms of their own. What cancels out is a plain number.

    Args:
        value: the number.
        terms: the formula.
    """

    terms: Terms

    def __new__(cls, value: int, terms: Terms) -> TracedSize:
        self = super().__new__(cls, value)
        self.terms = terms
        return self

    @property
    def key(self) -> tuple:
        """The formula as something to compare, and to look up by."""
        return tuple(sorted(self.terms.items()))

    @property
    def label(self) -> str | None:
        """The size's name, if it is one that a tensor has; None for a formula."""
        (monomial, factor), *more = self.terms.items()
        plain = not more and factor == 1 and len(monomial) == 1 and monomial[0].operation is None
        return str(monomial[0]) if plain else None

    def as_array(self) -> Any:
        """Return what the size is among tensors: known only when the model runs."""
        return trace.get().array_of_size(self)

    def __add__(self, other: Any) -> Any:
        return _computed(self, other, int.__add__, _sum)

    def __sub__(self, other: Any) -> Any:
        return _computed(self, other, int.__sub__, lambda a, b: _sum(a, _product(b, {(): -1})))

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        return _computed(self, other, int.__mul__, _product)

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> Any:
        return self * -1

    def __floordiv__(self, other: Any) -> Any:
        return _divided(self, other, "floordiv")

    def __rfloordiv__(self, other: Any) -> Any:
        return _divided(other, self, "floordiv")

    def __mod__(self, other: Any) -> Any:
        return _divided(self, other, "mod")

    def __rmod__(self, other: Any) -> Any:
        return _divided(other, self, "mod")

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other


trace: ContextVar[Any] = ContextVar("trace")
"""Who traces, and can make an array of a size."""


def named(name: str, value: int) -> TracedSize:
    """Return a size with a name of its own, and a number to try in its place."""
    return TracedSize(value, {(Atom(name),): 1})


def terms_of(size: int) -> Terms:
    """Return the formula of any size."""
    return size.terms if isinstance(size, TracedSize) else {(): int(size)}


def is_traced(size: Any) -> bool:
    """Whether a size is known only when the model runs."""
    return isinstance(size, TracedSize)


def same_size(a: int, b: int) -> bool:
    """Whether two sizes are the same whatever they turn out to be."""
    return _without_zeros(terms_of(a)) == _without_zeros(terms_of(b))


def _without_zeros(terms: Terms) -> Terms:
    return {m: c for m, c in terms.items() if c}


def _size(value: int, terms: Terms) -> int:
    terms = _without_zeros(terms)
    return TracedSize(value, terms) if any(terms) else value


def _computed(a: Any, b: Any, number: Callable, formula: Callable) -> Any:
    if not isinstance(b, int):
        return NotImplemented
    return _size(number(int(a), int(b)), formula(terms_of(a), terms_of(b)))


def _sum(a: Terms, b: Terms) -> Terms:
    return {m: a.get(m, 0) + b.get(m, 0) for m in (*a, *b)}


def _product(a: Terms, b: Terms) -> Terms:
    result: Terms = {}
    for m, p in a.items():
        for n, q in b.items():
            both = tuple(sorted(m + n))
            result[both] = result.get(both, 0) + p * q
    return result


def _divided(a: Any, b: Any, operation: str) -> Any:
    if not isinstance(a, int) or not isinstance(b, int):
        return NotImplemented
    value = getattr(int, f"__{operation}__")(int(a), int(b))
    quotient = _exact_quotient(terms_of(a), terms_of(b))
    if quotient is not None:
        return _size(value, quotient) if operation == "floordiv" else 0
    atom = Atom(f"{operation}({sorted(terms_of(a).items())}, {sorted(terms_of(b).items())})")
    atom.operation, atom.operands = operation, (a, b)
    return TracedSize(value, {(atom,): 1})


def _exact_quotient(a: Terms, b: Terms) -> Terms | None:
    """Return a / b if b is one monomial that divides all of a."""
    a, b = _without_zeros(a), _without_zeros(b)
    if len(b) != 1:
        return {(): 1} if a == b else None
    (divisor, factor), result = next(iter(b.items())), {}
    for monomial, c in a.items():
        rest = list(monomial)
        for atom in divisor:
            if atom not in rest:
                return None
            rest.remove(atom)
        if c % factor:
            return None
        result[tuple(rest)] = c // factor
    return result
