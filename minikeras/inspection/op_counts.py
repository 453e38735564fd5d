"""How much work the calls of primitives are: operations on numbers, and bytes that move."""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from minikeras.kernels.gemm import dot

Shape = tuple[int, ...]

MOVES = {
    "broadcast_to", "concatenate", "convert", "diagonal", "flip", "get_item", "identity",
    "overlap_add", "pad", "patches", "put", "reshape", "roll", "stack", "stop_gradient", "take",
    "take_along_axis", "tile", "transpose", "tril", "triu", "view", "embedding", "random",
    "remat", "concatenated_rows",
}  # fmt: skip
"""Primitives that move elements, and compute nothing with them."""


class Machine(NamedTuple):
    """What this computer can do at best, as short runs have measured it.

    Attributes:
        flops: operations a second, in a product of two matrices.
        memory: bytes a second to and from memory, in a copy of a large array.
        cache: the same for an array that stays in the processor's cache.
    """

    flops: float
    memory: float
    cache: float

    def least_seconds(self, flops: float, moved: float) -> float:
        """Return how long an operation takes that lets this computer do its best."""
        rate = self.cache if moved < CACHED else self.memory
        return max(flops / self.flops, moved / rate)


CACHED = 2**20
"""So many bytes are taken to be in the cache."""


@functools.cache
def machine() -> Machine:
    """Measure this computer, in about a tenth of a second, once."""
    a = np.ones((1024, 1024), np.float32)
    flops = 2 * 1024**3 / _fastest(lambda: dot(a, a), 5)
    large, small = np.ones(2**23, np.float32), np.ones(2**16, np.float32)
    into, small_into = np.empty_like(large), np.empty_like(small)
    memory = 2 * large.nbytes / _fastest(lambda: np.copyto(into, large), 4)
    cache = 2 * small.nbytes / _fastest(lambda: np.copyto(small_into, small), 50)
    return Machine(flops, memory, max(cache, memory))


def _fastest(f: Callable[[], object], times: int) -> float:
    f()
    found = []
    for _ in range(times):
        start = time.perf_counter()
        f()
        found.append(time.perf_counter() - start)
    return min(found)


def forward_flops(name: str, inputs: Sequence[Shape], results: Sequence[Shape], params: Any) -> int:
    """Return the operations of a forward: two for a multiplication and the addition that follows.

    They are those of the formula: what a faster algorithm saves (a convolution after Winograd) is
    counted all the same. What is no sum of products counts one for each element.

    Args:
        name: name of the primitive.
        inputs: shapes of its inputs.
        results: shapes of its results.
        params: its parameters.
    """
    products = _PRODUCTS.get(name)
    if products is not None:
        return 2 * products(inputs, results, params)
    if name in MOVES:
        return 0
    return max(map(math.prod, [*inputs, *results]), default=0)


def backward_flops(
    name: str, inputs: Sequence[Shape], results: Sequence[Shape], params: Any, needs: Sequence[Any]
) -> int:
    """Return the operations of a backward that gives the gradients of the inputs in `needs`."""
    wanted = [shape for shape, need in zip(inputs, needs) if need]
    if name in _PRODUCTS:  # each factor's gradient is as many products as the forward
        factors = sum(bool(need) for need in needs[: _FACTORS.get(name, 2)])
        return factors * forward_flops(name, inputs, results, params)
    if name in MOVES:
        return 0
    return sum(max(math.prod(shape), math.prod(results[0])) for shape in wanted)


def _recurrent(inputs: Sequence[Shape], results: Sequence[Shape], params: Any) -> int:
    x, kernel, recurrent = inputs[:3]
    return math.prod(x[:2]) * (math.prod(kernel) + math.prod(recurrent))


def _both_ways(inputs: Sequence[Shape], results: Sequence[Shape], params: Any) -> int:
    half = (len(inputs) - 1) // 2
    return sum(_recurrent([inputs[0], *inputs[i : i + 2]], results, params) for i in (1, 1 + half))


def _attention(inputs: Sequence[Shape], results: Sequence[Shape], params: Any) -> int:
    query, key, value = inputs[:3]
    return math.prod(query[:3]) * key[1] * (query[3] + value[3])


def _self_attention(inputs: Sequence[Shape], results: Sequence[Shape], params: Any) -> int:
    (batch, time, _), query, _, value, _ = inputs[:5]
    projections = sum(math.prod(kernel) for kernel in inputs[1:5])
    return batch * time * (projections + time * query[1] * (query[2] + value[2]))


def _einsum(inputs: Sequence[Shape], results: Sequence[Shape], params: Any) -> int:
    sizes: dict[str, int] = {}
    for labels, shape in zip(params["labels"], inputs):
        for label, size in zip(labels, shape):
            sizes[label] = max(size, sizes.get(label, 1))
    return math.prod(sizes.values()) if len(inputs) > 1 else math.prod(inputs[0]) // 2


def _matmul(inputs: Sequence[Shape], results: Sequence[Shape], params: Any) -> int:
    return math.prod(results[0]) * inputs[0][-1]


def _convolution(inputs: Sequence[Shape], results: Sequence[Shape], params: Any) -> int:
    return math.prod(results[0]) * math.prod(inputs[1][:-1])


_PRODUCTS: dict[str, Callable[[Sequence[Shape], Sequence[Shape], Any], int]] = {
    "attention": _attention,
    "conv": _convolution,
    "conv_transpose": lambda i, r, p: math.prod(i[0]) * math.prod(i[1][:-1]),
    "dense": _matmul,
    "depthwise_conv": lambda i, r, p: math.prod(r[0]) * math.prod(i[1][:-2]),
    "einsum": _einsum,
    "gru": _recurrent,
    "lstm": _recurrent,
    "lstm_both_ways": _both_ways,
    "matmul": _matmul,
    "self_attention": _self_attention,
    "simple_rnn": _recurrent,
}
"""Multiplications by the name of a primitive, from shapes of inputs and results, and parameters."""

_FACTORS = {"attention": 3, "einsum": 100, "gru": 3, "lstm": 3, "simple_rnn": 3}
"""How many of the first inputs are factors, where they are not two."""


def bytes_of(held: Any) -> int:
    """Return the bytes of the arrays in nested lists, tuples and dicts, each array once."""
    seen: dict[int, int] = {}
    _collect(held, seen)
    return sum(seen.values())


def _collect(held: Any, seen: dict[int, int]) -> None:
    if isinstance(held, np.ndarray):
        seen[id(held)] = held.nbytes
    elif isinstance(held, (list, tuple)):
        for item in held:
            _collect(item, seen)
    elif isinstance(held, dict):
        for item in held.values():
            _collect(item, seen)
