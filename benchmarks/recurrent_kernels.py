"""Time the kernels of recurrent layers, attention, normalization and embeddings.

    python benchmarks/recurrent_kernels.py            # at the sizes of the benchmark's workloads

The least of many short runs is shown, in microseconds: on a machine that others use too, means tell
of the others.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from minikeras.kernels import (
    attention,
    embedding,
    normalization,
    parallel,
    recurrent,
)

_RNG = np.random.default_rng(0)


def normal(*shape: int) -> np.ndarray:
    return _RNG.standard_normal(shape, dtype=np.float32)


def least(run: Callable[[], Any], seconds: float) -> float:
    """Return the least time of one run, in microseconds."""
    run()
    end = time.perf_counter() + seconds
    best = float("inf")
    while (start := time.perf_counter()) < end:
        run()
        best = min(best, time.perf_counter() - start)
    return 1e6 * best


def cases() -> Iterator[tuple[str, Callable[[], Any], Callable[[Any], Any]]]:
    """Yield a name, a forward, and a backward of what the forward saved."""
    batch, steps, n, units = 32, 80, 128, 128
    x = normal(batch, steps, n)

    def weights(gates: int) -> list[np.ndarray]:
        w, u = normal(n, gates * units), normal(units, gates * units)
        return [w * 0.1, u * 0.1, normal(gates * units)]

    last = normal(batch, units)
    lstm, gru, simple = weights(4), weights(3), weights(1)
    yield (
        f"LSTM {batch}x{steps}x{n} to {units}",
        lambda: recurrent.lstm_forward(x, *lstm, None, None),
        lambda s: recurrent.lstm_backward([None, last, None], s, [1, 1, 1, 1, 0, 0], None),
    )
    for after in (True, False):
        bias = np.stack([gru[2]] * 2) if after else gru[2]
        yield (
            f"GRU, reset_after={after}",
            lambda b=bias, a=after: recurrent.gru_forward(x, *gru[:2], b, None, reset_after=a),
            lambda s: recurrent.gru_backward([None, last], s, [1, 1, 1, 1, 0], None),
        )
    yield (
        "SimpleRNN",
        lambda: recurrent.simple_forward(x, *simple, None),
        lambda s: recurrent.simple_backward([None, last], s, [1, 1, 1, 1, 0], None),
    )
    q, k, v, g = [normal(32, 200, 2, 32) for _ in range(4)]
    yield (
        "attention 32x200, 2 heads of 32",
        lambda: attention.forward(q, k, v, None, scale=0.1767),
        lambda s: attention.backward(g, s, [1, 1, 1, 0], None),
    )
    for rows, channels in ((65536, 32), (16384, 64), (4096, 128)):
        image, gradient = normal(rows, channels), normal(rows, channels)
        gamma, beta = normal(channels), normal(channels)
        yield (
            f"BatchNormalization {rows}x{channels}",
            lambda i=image, a=gamma, b=beta: normalization.batch_forward(i, a, b, -1, 1e-3),
            lambda s, g=gradient: normalization.batch_backward([g, None, None], s, [1] * 3, None),
        )
    tokens, gradient = normal(6400, 32), normal(6400, 32)
    yield (
        "LayerNormalization 6400x32",
        lambda: normalization.layer_forward(tokens, gamma[:32], beta[:32], 1, 1e-3, True),
        lambda s: normalization.layer_backward(gradient, s, [1] * 3, None),
    )
    table, indices = normal(20000, 128), _RNG.integers(0, 20000, (32, 80), np.int32)
    target = np.empty_like(table)
    yield (
        "Embedding 32x80 of 20000x128",
        lambda: embedding.forward(table, indices),
        lambda s: embedding.backward(x, s, [1], [target]),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=0.5, help="for each figure")
    parser.add_argument("--threads", type=int, default=None)
    args = parser.parse_args()
    parallel.set_threads(args.threads)
    print(f"{parallel.threads()} threads{'':20}{'forward':>12}{'backward':>12}  microseconds")
    for name, forward, backward in cases():
        saved = forward()[1]
        there = least(forward, args.seconds)
        back = least(lambda s=saved, b=backward: b(s), args.seconds)
        print(f"{name:31}{there:>12.0f}{back:>12.0f}")


if __name__ == "__main__":
    main()
