"""Cases of the ops in `minikeras/ops/products.py`."""

from __future__ import annotations

import numpy as np
from op_cases import Cases, Draw

CASES = Cases()


def matrices(r: Draw) -> tuple:
    return r.one_of(
        (r.real(r.batch, 3), r.real(3, 4)),
        (r.real(r.batch, 2, 3), r.real(3, 4)),
        (r.real(r.batch, 2, 3), r.real(r.batch, 3, 2)),
        (r.real(r.batch, 2, 3), r.real(1, 3, 2)),
        (r.real(r.batch, 2, 3), r.real(3)),
        (r.real(3), r.real(3, 4)),
        (r.real(3), r.real(r.batch, 3, 4)),
        (r.real(3), r.real(3)),
    )


CASES.add("matmul", matrices)
CASES.add(
    "dot",
    lambda r: r.one_of(
        (r.real(r.batch, 3), r.real(3, 4)),
        (r.real(r.batch, 2, 3), r.real(4, 3, 2)),
        (r.real(r.batch, 3), r.real(3)),
        (r.real(r.batch, 3), np.array(2.0)),
    ),
)
CASES.add("inner", lambda r: r.one_of((r.real(r.batch, 3), r.real(4, 3)), (r.real(3), r.real(3))))
CASES.add("outer", lambda r: (r.real(3), r.real(2, 2)), batched=False)
CASES.add("vdot", lambda r: (r.real(2, 3), r.real(2, 3)), batched=False)
CASES.add(
    "tensordot",
    lambda r: (
        (
            r.real(r.batch, 3, 4),
            *r.one_of((r.real(4, 3), ((1, 2), (1, 0))), (r.real(3, 4, 2), 2), (r.real(4, 2), 1)),
        )
    ),
)
CASES.add(
    "kron",
    lambda r: r.one_of(
        (r.real(2, 3), r.real(3, 2)), (r.real(3), r.real(2)), (r.real(2, 2, 1), r.real(2, 3))
    ),
    batched=False,
    same_spec=False,
)
CASES.add(
    "cross",
    lambda r: r.one_of(
        (r.real(r.batch, 3), r.real(3)),
        (r.real(r.batch, 3), r.real(r.batch, 3)),
        (r.real(r.batch, 2), r.real(r.batch, 3)),
        (r.real(r.batch, 2), r.real(r.batch, 2)),
        ((r.real(3, r.batch), r.real(r.batch, 3)), {"axisa": 0, "axisb": 1, "axisc": 0}),
        ((r.real(r.batch, 3, 2), r.real(r.batch, 3, 2)), {"axis": 1}),
    ),
    same_spec=False,
)
