"""Cases of the ops in `minikeras/ops/comparison.py`."""

import numpy as np
from op_cases import Cases, two

CASES = Cases()

CASES.add(
    "isnan isinf isfinite isposinf isneginf isreal signbit logical_not",
    lambda r: (r.with_nan(),),
    gradient=False,
)
CASES.add(
    "equal not_equal less less_equal greater greater_equal logical_and logical_or logical_xor",
    two(lambda r, *s: r.ints(0, 2, *s).astype(float)),
    gradient=False,
)
CASES.add(
    "isclose",
    lambda r: (
        (r.with_nan(r.batch, 3), r.real(r.batch, 3)),
        {"rtol": 0.5, "atol": r.one_of(1e-8, 0.3), "equal_nan": r.one_of(True, False)},
    ),
    gradient=False,
)
CASES.add(
    "allclose",
    lambda r: r.one_of(
        (
            (r.real(r.batch, 3), r.real(r.batch, 3)),
            {"rtol": r.one_of(1e-5, 10.0), "atol": r.one_of(1e-8, 5.0)},
        ),
        ((np.array([np.nan, 1]), np.array([np.nan, 1])), {"equal_nan": r.one_of(True, False)}),
    ),
    gradient=False,
)
