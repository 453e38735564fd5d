"""Cases of the ops in `minikeras/ops/indexing.py`."""

import numpy as np
from op_cases import Cases

CASES = Cases()

CASES.add(
    "get_item",
    lambda r: (
        r.real(r.batch, 4, 3),
        r.one_of(
            (slice(None), 1),
            (Ellipsis, slice(None, None, 2)),
            (slice(None), None, slice(1, 3)),
            (slice(None), np.array([0, 3, 3])),
            (slice(None), slice(None), -1),
        ),
    ),
)
CASES.add(
    "take",
    lambda r: (
        (
            r.real(r.batch, 4),
            r.one_of(np.array([0, 3, 1, 1], np.int32), np.array([[0, -1]], np.int32), 2),
        ),
        {"axis": 1},
    ),
)
CASES.add(
    "take_along_axis", lambda r: ((r.real(r.batch, 4), r.ints(0, 4, r.batch, 2)), {"axis": 1})
)
CASES.add(
    "where",
    lambda r: (
        r.bools(r.batch, 3),
        r.real(r.batch, 3),
        r.one_of(r.real(r.batch, 3), r.real(3), r.real(r.batch, 1)),
    ),
)
CASES.add(
    "select",
    lambda r: (
        [r.bools(r.batch, 3), r.bools(r.batch, 3)],
        [r.real(r.batch, 3), r.real(r.batch, 3)],
        0.5,
    ),
)
CASES.add("nonzero", lambda r: (r.bools(4, 3),), gradient=False, batched=False)
CASES.add("unravel_index", lambda r: (r.ints(0, 12, r.batch, 2), (3, 4)), gradient=False)
CASES.add(
    "diagonal",
    lambda r: ((r.real(r.batch, 3, 4),), {"offset": r.one_of(0, 1, -1), "axis1": 1, "axis2": 2}),
)
CASES.add(
    "trace",
    lambda r: ((r.real(r.batch, 3, 4),), {"offset": r.one_of(0, 1, -1), "axis1": 1, "axis2": 2}),
)
CASES.add(
    "diag",
    lambda r: ((r.one_of(r.real(3), r.real(3, 4)),), {"k": r.one_of(0, 1, -2)}),
    batched=False,
)
CASES.add("diagflat", lambda r: ((r.real(2, 2),), {"k": r.one_of(0, 1, -1)}), batched=False)
CASES.add("tril triu", lambda r: ((r.real(r.batch, 3, 4),), {"k": r.one_of(0, 1, -1)}))
CASES.add(
    "vander",
    lambda r: ((r.real(3),), {"N": r.one_of(None, 4), "increasing": r.one_of(False, True)}),
    batched=False,
    rtol32=1e-4,
)
