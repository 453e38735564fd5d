"""Cases of the ops in `minikeras/ops/segments.py`."""

import numpy as np
from op_cases import Cases, Draw

CASES = Cases()


def segments(r: Draw) -> tuple:
    in_order = r.one_of(False, True)
    ids = [0, 0, 1, 1, 2, 2] if in_order else [0, 1, 1, 2, 0, 2]
    return (r.real(6, 2), np.array(ids, np.int32), 3), {"sorted": in_order}


CASES.add(
    "segment_sum segment_max segment_min",
    segments,
    batched=False,
)
CASES.add(
    "segment_prod",
    segments,
    batched=False,
    jax=False,
)
