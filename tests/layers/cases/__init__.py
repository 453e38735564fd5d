"""What each layer is tested with: `tests/layers/test_registry.py` reads these tables.

Every layer that `minikeras.layers` exports has a row in the table of its subject: a file of this
folder with `CASES = {"Dense": Case(...), ...}`. A layer without a row fails the suite, and so does
a row without a layer. A row says how to draw a `Call` (with hypothesis, or a list of a few calls);
all checks follow from it: forward, gradients, names and order of weights, shapes, configs, dtypes,
against Keras and against finite differences.

    from layer_cases import Array, Call, Case, Make, st

    CASES = {
        "Dense": Case(
            st.builds(
                lambda units, activation, shape: Call(
                    {"units": units, "activation": activation}, Array(shape)
                ),
                st.integers(1, 4),
                st.sampled_from([None, "relu", "tanh"]),
                st.sampled_from([(3, 4), (2, 3, 4)]),
            )
        ),
        "Embedding": Case(
            [Call({"input_dim": 7, "output_dim": 3}, Array((2, 5), "int32", 0, 7))],
        ),
        "TimeDistributed": Case(
            [Call({"layer": Make(lambda k: k.layers.Dense(3, name="d"))}, Array((2, 5, 4)))]
        ),
    }
"""

from __future__ import annotations

import importlib
import pkgutil
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st

__all__ = ["Array", "Call", "Case", "Make", "all_cases", "st"]


@dataclass(frozen=True)
class Array:
    """An input that is made when it is needed, the same one every time.

    Args:
        shape: shape, the batch first.
        dtype: `"float"` follows the layer (float32, then float64); others stay as they are.
        low, high: values are uniform between them; integers in `[low, high)`.
        batch: whether the first axis is the batch (checks with 1, 0 and None examples change it).
        seed: another one gives other values.
    """

    shape: tuple
    dtype: str = "float"
    low: float = -2.0
    high: float = 2.0
    batch: bool = True
    seed: int = 0

    def value(self, dtype: str = "float32", batch: int | None = None) -> np.ndarray:
        """Return the array, floats in `dtype`, with `batch` examples if given."""
        shape = self.shape
        if batch is not None and self.batch:
            shape = (batch, *shape[1:])
        rng = np.random.default_rng(zlib.crc32(repr((shape, self.dtype, self.seed)).encode()))
        if self.dtype == "float":
            return rng.uniform(self.low, self.high, shape).astype(dtype)
        if self.dtype == "bool":
            return rng.random(shape) < 0.6
        if np.dtype(self.dtype).kind in "iu":
            return rng.integers(int(self.low), int(self.high), shape).astype(self.dtype)
        return rng.uniform(self.low, self.high, shape).astype(self.dtype)


@dataclass(frozen=True)
class Make:
    """A constructor argument that is made with the library under test: `Make(lambda k: ...)`.

    `k` is `minikeras` or `keras`. Name layers made here, or their configs will differ by the
    number in their names.
    """

    function: Callable[[Any], Any]


@dataclass(frozen=True)
class Call:
    """One layer and what it is called on.

    Args:
        kwargs: constructor arguments (`dtype` and `name` are added by the checks).
        inputs: an `Array`; a list or dict of them is one argument; a tuple of them (or of lists)
            is as many positional arguments.
        call: further arguments of the call: plain values or `Array`s, such as `mask`.
    """

    kwargs: dict = field(default_factory=dict)
    inputs: Any = None
    call: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """How a layer is tested.

    Args:
        calls: list of `Call`s, or a hypothesis strategy that draws one.
        examples: how many calls are drawn for the cheap checks; the expensive ones take fewer.
        random: whether the layer draws random numbers while training; then training is checked by
            `statistics` only.
        statistics: `statistics(x, y, kwargs)` asserts what holds for the outputs `y` of a large
            input `x` of ones while training; by default that their mean is that of `x`.
        twice: whether a gradient of the gradient can be taken.
        keras_gradient: whether Keras's own gradient is right (its max pooling splits ties, ...).
        float32, float64: tolerances, relative and absolute.
        weights: `weights(rng, name, shape)` gives the value of a float weight, standard normal / 2
            if None is given or returned (keep variances positive here).
        keras_config: whether configs can be exchanged with Keras (functions in them cannot).
        from_config: further arguments of `from_config`.
        empty: whether a batch of 0 examples is checked.
        half: whether `mixed_float16` is checked.
        training: whether outputs with `training=True` are compared too, and the weights after it.
    """

    calls: Any
    examples: int = 6
    random: bool = False
    statistics: Callable | None = None
    twice: bool = True
    keras_gradient: bool = True
    float32: float = 1e-5
    float64: float = 1e-10
    weights: Callable | None = None
    keras_config: bool = True
    from_config: dict = field(default_factory=dict)
    empty: bool = True
    half: bool = True
    training: bool = True

    def strategy(self) -> st.SearchStrategy:
        """Return the strategy that draws a call."""
        if isinstance(self.calls, Sequence):
            return st.sampled_from(list(self.calls))
        return self.calls


def all_cases() -> dict[str, Case]:
    """Return the rows of all tables."""
    found: dict[str, Case] = {}
    for module in pkgutil.iter_modules(__path__):
        table = importlib.import_module(f"{__name__}.{module.name}").CASES
        assert not set(found) & set(table), f"{module.name} repeats {set(found) & set(table)}"
        found.update(table)
    return found
