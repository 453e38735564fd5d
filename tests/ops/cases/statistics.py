"""Cases of the ops in `minikeras/ops/statistics.py`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from op_cases import Cases, Draw, inner_axes, reduction

CASES = Cases()


def quantiles(scale: float, draw: Callable) -> Callable:
    def make(r: Draw) -> tuple:
        x = draw(r, *r.shape())
        q = r.one_of(0.25, np.array([0.125, 0.5, 0.875]))  # exact in float32, which Keras takes
        method = r.one_of("linear", "lower", "higher", "midpoint", "nearest")
        return (x, q * scale), {
            "axis": inner_axes(r, x.ndim),
            "method": method,
            "keepdims": r.one_of(False, True),
        }

    return make


CASES.add("median", reduction(axes=inner_axes))
CASES.add("nanmedian", reduction(Draw.with_nan, inner_axes))
CASES.add("nansum nanprod nanmean nanvar nanmax nanmin", reduction(Draw.with_nan, inner_axes))
CASES.add("nanstd", reduction(Draw.with_nan, lambda r, n: tuple(range(n))))
CASES.add(
    "nanargmax nanargmin", reduction(Draw.with_nan, lambda r, n: r.one_of(-1, 1)), gradient=False
)
# q is no tensor to differentiate by.
CASES.add("quantile", quantiles(1, Draw.real), gradient=False)
CASES.add("percentile", quantiles(100, Draw.real), gradient=False)
CASES.add("nanquantile", quantiles(1, Draw.with_nan), gradient=False)
CASES.add("nanpercentile", quantiles(100, Draw.with_nan), gradient=False)
CASES.add(
    "average",
    lambda r: (
        (r.real(r.batch, 3),),
        r.one_of(
            {},
            {"axis": 1},
            {"axis": -1, "weights": r.positive(3)},
            {"axis": 1, "weights": r.positive(r.batch, 3)},
        ),
    ),
)
CASES.add("corrcoef", lambda r: (r.real(4, 6),), batched=False, rtol32=1e-4, same_spec=False)
CASES.add(
    "correlate",
    lambda r: ((r.real(5), r.real(r.one_of(3, 5, 4))), {"mode": r.one_of("valid", "same", "full")}),
    batched=False,
    same_spec=False,
)
