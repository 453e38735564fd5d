"""Cases of the ops in `minikeras/ops/segments.py`."""

import numpy as np
from op_cases import Cases

CASES = Cases()

CASES.add(
    "segment_sum segment_max segment_min",
    lambda r: (r.real(6, 2), np.array([0, 1, 1, 2, 0, 2], np.int32), 3),
    batched=False,
)
CASES.add(
    "segment_prod",
    lambda r: (r.real(6, 2), np.array([0, 1, 1, 2, 0, 2], np.int32), 3),
    batched=False,
    jax=False,
)
