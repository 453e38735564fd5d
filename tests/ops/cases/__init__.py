"""What each op is called with in the registry tests (`tests/ops/test_registry.py`).

Every file of `minikeras/ops/` that defines ops has a file here of the same name, with `CASES`: how to
draw arguments for each op. An op without a case fails the suite, and so does a case without an op.

    from op_cases import Cases

    CASES = Cases()
    CASES.add("exp sin", lambda r: (r.real(),))
    CASES.add("argsort", lambda r: ((r.real(),), {"axis": r.one_of(-1, 0)}), gradient=False)

A case returns `args`, or `(args, kwargs)`, with float64 arrays for whatever is differentiated. `r`
draws sizes, choices and values from seeded generators. Arrays whose first size
is `BATCH` are batches: in the symbolic test that size becomes None, in the tests of empty and single
batches it is 0 and 1. Arrays that must have values where everything else is symbolic are `Fixed`.

`primitives.py` has the primitives that no op calls.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import inspect
import pkgutil
import random
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from option_cover import cover, other_draws, text

BATCH = 5


class Draw:
    """Draws arguments: choices by a function of how many there are, and values from a seed."""

    def __init__(self, choose: Callable, seed: int, batch: int = BATCH) -> None:
        self.choose = choose
        self.rng = np.random.default_rng(seed)
        self.batch = batch
        self.choices: list[int] = []
        self.alternatives: list[str] = []

    def one_of(self, *options: Any) -> Any:
        choice = self.choose(len(options))
        self.choices.append(choice)
        if any(map(_holds_arrays, options)):  # alternatives of a call: each counts as an option
            self.alternatives.append(f"{choice} of {len(options)}")
        return options[choice]

    def shape(self, *more: int) -> tuple[int, ...]:
        """A batch of something: few different shapes, which JAX compiles anew each."""
        return (self.batch, *self.one_of((3,), (2, 3)), *more)

    def uniform(self, low: float, high: float, shape: Any = None) -> np.ndarray:
        return self.rng.uniform(low, high, self.shape() if shape is None else shape)

    def real(self, *shape: int) -> np.ndarray:
        return self.uniform(-2, 2, shape or None)

    def positive(self, *shape: int) -> np.ndarray:
        return self.uniform(0.2, 3, shape or None)

    def complex(self, *shape: int) -> np.ndarray:
        return self.real(*shape) + 1j * self.real(*shape)

    def ints(self, low: int, high: int, *shape: int) -> np.ndarray:
        return self.rng.integers(low, high, shape or self.shape()).astype(np.int32)

    def bools(self, *shape: int) -> np.ndarray:
        return self.rng.random(shape or self.shape()) < 0.5

    def axis(self, ndim: int) -> int:
        return self.one_of(*range(-ndim, ndim))

    def axes(self, ndim: int) -> Any:
        return self.one_of(None, -1, 0, tuple(range(ndim))[-2:])

    def matrix(self, *batch: int, n: int = 3) -> np.ndarray:
        """A square matrix far from singular."""
        return self.uniform(-1, 1, (*batch, n, n)) + 2 * np.eye(n)

    def definite(self, *batch: int, n: int = 3) -> np.ndarray:
        """A symmetric positive definite matrix with eigenvalues well apart."""
        q, _ = np.linalg.qr(self.uniform(-1, 1, (*batch, n, n)))
        return (q * np.arange(1.0, n + 1)) @ np.swapaxes(q, -1, -2)

    def with_nan(self, *shape: int) -> np.ndarray:
        """Numbers, of which some are missing, but no row or column is missing as a whole."""
        x = self.real(*shape)
        missing = self.rng.random(x.shape) < 0.2
        for axis in range(x.ndim):
            missing &= ~missing.all(axis, keepdims=True)
        return np.where(missing, np.nan, x)


@dataclasses.dataclass
class Case:
    """How an op is tested.

    Attributes:
        make: draws the arguments.
        gradient: whether it has one, checked against finite differences and JAX.
        jax: whether JAX has the same gradient.
        twice: whether gradients of gradients exist.
        batched: whether batches of 0 and 1 make sense.
        keras: whether it is compared with Keras.
        dtype: whether Keras on JAX gives the dtype that its own shape rule promises.
        same_spec: whether Keras describes it, and as its own results are.
        rtol32: relative tolerance in float32.
        rtol64: in float64, wider where Keras on JAX computes in float32 all the same.
        result: what is compared, a function of the list of results as arrays.
        differentiate: what is differentiated, a function of the results; None for all.
    """

    make: Callable[[Draw], Any]
    gradient: bool = True
    jax: bool = True
    twice: bool = True
    batched: bool = True
    keras: bool = True
    dtype: bool = True
    same_spec: bool = True
    rtol32: float = 1e-5
    rtol64: float = 1e-10
    result: Callable | None = None
    differentiate: Callable | None = None


@dataclasses.dataclass
class Call:
    args: tuple
    kwargs: dict
    alternatives: list[str] = dataclasses.field(default_factory=list)
    choices: list[int] = dataclasses.field(default_factory=list)


def _holds_arrays(x: Any) -> bool:
    return isinstance(x, np.ndarray) or (
        isinstance(x, (tuple, list)) and any(map(_holds_arrays, x))
    )


def call(case: Case, draw: Draw) -> Call:
    made = case.make(draw)
    if len(made) == 2 and isinstance(made[0], tuple) and isinstance(made[1], dict):
        return Call(*made, draw.alternatives, draw.choices)
    return Call(made, {}, draw.alternatives, draw.choices)


def with_batch(case: Case, given: Call, batch: int) -> Call:
    """Return a call in which the same was chosen, on a batch of another size."""
    choices = iter(given.choices)
    return call(case, Draw(lambda n: next(choices), 0, batch))


@dataclasses.dataclass
class Function:
    """An argument that is a function of tensors, written for either library's ops."""

    write: Callable

    def __repr__(self) -> str:
        return "a function"

    def of(self, ops: Any) -> Callable:
        return self.write(ops)


@dataclasses.dataclass
class Fixed:
    """An array that stays one where KerasTensors take the place of the others."""

    value: np.ndarray

    def __repr__(self) -> str:
        return "fixed " + text(self.value)


class Cases(dict):
    """The cases of one file, by op."""

    def add(self, names: str, make: Callable[[Draw], Any], **options: Any) -> None:
        """Add one case for several ops, named with spaces between."""
        for name in names.split():
            assert name not in self, name
            self[name] = Case(make, **options)


@functools.cache
def all_cases() -> dict[str, Case]:
    """Return the cases of all files."""
    found: dict[str, Case] = {}
    for module in pkgutil.iter_modules(__path__):
        table = getattr(importlib.import_module(f"{__name__}.{module.name}"), "CASES", {})
        assert not set(found) & set(table), f"{module.name} repeats {set(found) & set(table)}"
        found.update(table)
    return found


def function_of(library: Any, name: str) -> Callable:
    """Return an op of a library's `ops`, where it has it: those for images in a namespace alone."""
    return getattr(library, name, None) or getattr(library.image, name)


@functools.cache
def drawn(name: str) -> list[Call]:
    """Return many calls of an op, in each of which something else was chosen: a pool to pick from."""
    case, chance = all_cases()[name], random.Random(other_draws(name))
    first = zlib.crc32(other_draws("").encode())
    found: dict[tuple, Call] = {}
    for seed in range(first, first + 120):
        made = call(case, Draw(chance.randrange, seed))
        found.setdefault(tuple(made.choices), made)
    return list(found.values())


def options(name: str, call: Call) -> frozenset[tuple[str, str]]:
    """Return what a call says: each parameter with its value, arrays by kind and rank.

    Where a case draws one of several calls, which one it is counts, too.
    """
    from minikeras import ops

    bound = inspect.signature(function_of(ops, name)).bind(*call.args, **call.kwargs)
    bound.apply_defaults()
    said = [(k, text(v)) for k, v in bound.arguments.items()]
    said += [(f"alternative {i}", choice) for i, choice in enumerate(call.alternatives)]
    return frozenset(said)


def shown(call: Call) -> str:
    """Return a call as a short text."""
    return f"Call: {text(call.args)}, {text(call.kwargs)}"


@functools.cache
def covering(name: str) -> list[Call]:
    """Return the few calls of an op that together hold every value of every option."""
    return cover(drawn(name), functools.partial(options, name), more=1)


@functools.cache
def covering_ranks(name: str) -> list[Call]:
    """Return calls that together hold every option and every combination of ranks of arrays."""

    def options_and_ranks(call: Call) -> frozenset[tuple[str, str]]:
        arrays = [x for x in call.args if hasattr(x, "ndim")]
        return options(name, call) | {("arrays", text(arrays))}

    return cover(drawn(name), options_and_ranks)


# What several files draw.


def two(draw: Callable = Draw.real) -> Callable:
    """Two inputs that broadcast, one of them perhaps a number."""

    def make(r: Draw) -> tuple:
        shape = r.shape()
        other = r.one_of(shape, shape[1:], (1, *shape[1:]), ())
        pair = [draw(r, *shape), np.reshape(draw(r, *other) if other else draw(r, 1), other)]
        if other == () and r.one_of(False, True):
            pair[1] = pair[1].item()
        return tuple(pair[::-1] if r.one_of(False, True) else pair)

    return make


def reduction(draw: Callable = Draw.real, axes: Callable | None = None) -> Callable:
    """An input, and axes to reduce."""

    def make(r: Draw) -> tuple:
        x = draw(r, *r.shape())
        axis = r.axes(x.ndim) if axes is None else axes(r, x.ndim)
        return (x,), {"axis": axis, "keepdims": r.one_of(False, True)}

    return make


def inner_axes(r: Draw, ndim: int) -> Any:
    """Axes that are never empty."""
    return r.one_of(-1, 1, tuple(range(1, ndim)))
