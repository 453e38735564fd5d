"""Cases of the ops in `minikeras/ops/sequences.py`."""

import numpy as np
from op_cases import Cases

CASES = Cases()

CASES.add(
    "dot_product_attention",
    lambda r: (
        (r.real(r.batch, 4, 2, 3), r.real(r.batch, 6, 2, 3), r.real(r.batch, 6, 2, 3)),
        r.one_of(
            {},
            {"is_causal": True},
            {"mask": r.bools(r.batch, 2, 4, 6) | (np.arange(6) == 0)},
            {"bias": r.real(1, 2, 4, 6), "scale": 0.5},
        ),
    ),
    rtol32=1e-4,
    rtol64=1e-5,
)
