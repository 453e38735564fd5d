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

import functools
import importlib
import inspect
import pkgutil
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import hypothesis
import numpy as np
from hypothesis import strategies as st
from option_cover import cover, other_draws, text

__all__ = [
    "Array",
    "Call",
    "Case",
    "Make",
    "all_cases",
    "covering",
    "drawn",
    "drops",
    "few",
    "first_call",
    "options",
    "st",
]


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
        if self.dtype == "string":
            return np.array(["a", "b c"])[rng.integers(0, 2, shape)]
        if self.dtype == "bool":
            return rng.random(shape) < 0.6
        if np.dtype(self.dtype).kind in "iu":
            return rng.integers(int(self.low), int(self.high), shape).astype(self.dtype)
        return rng.uniform(self.low, self.high, shape).astype(self.dtype)


@dataclass(frozen=True)
class Make:
    """A constructor argument that is made with the library under test: `Make(lambda k: ...)`.

    `k` is `minikeras` or `keras`. Name layers made here, or their configs will differ by the
    number in their names. `label` tells it from others of the same argument.
    """

    function: Callable[[Any], Any]
    label: str = ""

    def __repr__(self) -> str:
        return self.label or self.function.__qualname__


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
        also: further calls, which need the batch that they have: compared with Keras only.
        keras: whether Keras has it on JAX; what works on texts needs TensorFlow there.
        options: whether every value of every option is compared here, and shows; else in a file of the
            layer's own.
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
    also: Sequence[Call] = ()
    keras: bool = True
    options: bool = True

    def strategy(self) -> st.SearchStrategy:
        """Return the strategy that draws a call."""
        if isinstance(self.calls, Sequence):
            return st.sampled_from(list(self.calls))
        return self.calls


@functools.cache
def all_cases() -> dict[str, Case]:
    """Return the rows of all tables."""
    found: dict[str, Case] = {}
    for module in pkgutil.iter_modules(__path__):
        table = importlib.import_module(f"{__name__}.{module.name}").CASES
        assert not set(found) & set(table), f"{module.name} repeats {set(found) & set(table)}"
        found.update(table)
    return found


DRAWS = 120
# Options that every layer with weights has in the same way, so that the rows need not say them.
OF_WEIGHTS = {
    "initializer": ["ones", None, "truncated_normal"],
    "regularizer": [None, "l2", "l1"],
    "constraint": [None, "non_neg", None, "unit_norm"],
}


def options_of_weights(layer: type) -> dict[str, tuple[int, list]]:
    """Return those arguments of a layer, each with its place among all and its values."""
    found = {}
    for i, name in enumerate(inspect.signature(layer).parameters):
        values = OF_WEIGHTS.get(name.rpartition("_")[2])
        if "variance" in name:  # must stay positive
            continue
        if name == "activity_regularizer" and layer.__name__ == "SimpleRNN":  # Keras drops it
            continue
        if values:
            found[name] = i, values
    return found


def with_options_of_weights(options: dict, call: Call, number: int) -> Call:
    """Give initializers, regularizers and constraints that a drawn call leaves out, in turn."""
    kwargs = dict(call.kwargs)
    for name, (i, values) in options.items():
        value = values[(number + i + number // 3) % len(values)]
        if name not in kwargs and value is not None:
            kwargs[name] = value
    return Call(kwargs, call.inputs, call.call)


@functools.cache
def as_written(name: str, number: int = DRAWS) -> list[Call]:
    """Return so many calls of a layer's row, or all that there are, the simplest first."""
    found: list[Call] = []
    settings = hypothesis.settings(
        max_examples=number,
        derandomize=True,
        database=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    case = all_cases()[name]
    if isinstance(case.calls, Sequence):
        found.extend(case.calls[:number])
    else:
        draw = hypothesis.given(case.strategy())(lambda call: found.append(call))
        seed = zlib.crc32(other_draws(name).encode())  # else it would be this file's text
        settings(hypothesis.seed(seed)(draw))()
    return found


def few(name: str, number: int) -> list[Call]:
    """Return the first calls of a layer's row."""
    return as_written(name)[:number]


def first_call(name: str) -> Call:
    """Return the simplest call of a layer."""
    return as_written(name, 1)[0]


@functools.cache
def drawn(name: str) -> list[Call]:
    """Return many calls of a layer: a pool to pick from."""
    import minikeras

    case, found = all_cases()[name], list(as_written(name))
    if isinstance(case.calls, Sequence):
        found *= 3 if len(found) > 3 else 12 // len(found)
    found.extend(case.also)
    options = options_of_weights(getattr(minikeras.layers, name))
    return [with_options_of_weights(options, call, i) for i, call in enumerate(found)]


def options(call: Call) -> frozenset[tuple[str, str]]:
    """Return what a call says: each argument of the constructor and of the call, with its value."""
    inputs = call.inputs if isinstance(call.inputs, tuple) else (call.inputs,)
    found = [(k, text(v)) for k, v in call.kwargs.items()]
    found += [(f"call.{k}", ranks(v)) for k, v in call.call.items()]
    return frozenset([*found, ("inputs", ranks(inputs))])


def ranks(x: Any) -> str:
    """Return the text of call arguments, in which arrays are known by dtype and rank alone."""
    if isinstance(x, Array):
        return f"{x.dtype}{len(x.shape)}"
    if isinstance(x, (list, tuple)):
        return f"[{', '.join(map(ranks, x))}]"
    return repr(x)


def drops(call: Call) -> bool:
    """Return whether a call of a layer that does not always do so draws random numbers."""
    return any(call.kwargs.get(k) for k in ("dropout", "recurrent_dropout"))


@functools.cache
def covering(name: str) -> list[Call]:
    """Return the few calls of a layer that together hold every value of every option."""
    names = {k for call in drawn(name) for k, _ in options(call)}

    def with_defaults(call: Call) -> frozenset[tuple[str, str]]:
        said = options(call)
        return said | {(k, "default") for k in names - {k for k, _ in said}}

    return cover(drawn(name), with_defaults, more=1)


def set_random_weights(case: Case, layer: Any) -> None:
    """Give a built layer's float weights values that no initializer would."""
    rng = np.random.default_rng(7)
    values = []
    for w in layer.weights:
        value = None
        if np.dtype(w.dtype).kind == "f":
            if case.weights is not None:
                value = case.weights(rng, w.name, tuple(w.shape))
            if value is None:
                value = rng.normal(size=w.shape) / 2
        values.append(np.asarray(w) if value is None else np.asarray(value, w.dtype))
    layer.set_weights(values)
