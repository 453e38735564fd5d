"""Cases of the ops in `minikeras/ops/convolution.py`."""

from __future__ import annotations

from collections.abc import Callable

from op_cases import Cases, Draw

CASES = Cases()


def windows(rank_two: tuple, rank_one: tuple, kernels: Callable) -> Callable:
    """Images or sequences with kernels for them."""

    def make(r: Draw) -> tuple:
        images = r.one_of(True, False)
        x = r.real(r.batch, *(rank_two if images else rank_one))
        kwargs = {"strides": r.one_of(1, 2), "padding": r.one_of("valid", "same")}
        return (x, *kernels(r, 2 if images else 1)), kwargs

    return make


CASES.add(
    "conv",
    windows((6, 5, 3), (7, 3), lambda r, n: (r.real(*[3, 2][:n], 3, 4),)),
    rtol32=1e-4,
)
CASES.add(
    "conv_transpose",
    windows((4, 3, 3), (4, 3), lambda r, n: (r.real(*[3, 2][:n], 4, 3),)),
    rtol32=1e-4,
)
CASES.add(
    "depthwise_conv",
    windows((6, 5, 3), (7, 3), lambda r, n: (r.real(*[3, 2][:n], 3, 2),)),
    rtol32=1e-4,
)
CASES.add(
    "separable_conv",
    windows((6, 5, 3), (7, 3), lambda r, n: (r.real(*[3, 2][:n], 3, 2), r.real(*[1, 1][:n], 6, 4))),
    rtol32=1e-4,
)
CASES.add(
    "max_pool average_pool",
    windows((6, 5, 3), (7, 3), lambda r, n: (r.one_of(2, 3),)),
)
