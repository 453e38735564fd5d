"""Cases of the ops in `minikeras/ops/sorting.py`."""

import numpy as np
from op_cases import Cases, Fixed

CASES = Cases()

CASES.add("sort", lambda r: ((r.real(),), {"axis": r.one_of(-1, 0, 1)}))
CASES.add("argsort", lambda r: ((r.real(),), {"axis": r.one_of(-1, 0, 1)}), gradient=False)
CASES.add(
    "argpartition",
    lambda r: (r.real(r.batch, 5), *r.one_of((1, -1), (3, -1), (0, 0))),
    gradient=False,
    result=lambda out: [],
)
CASES.add(
    "searchsorted",
    lambda r: ((np.sort(r.real(6)), r.real(r.batch, 3)), {"side": r.one_of("left", "right")}),
    gradient=False,
)
CASES.add("digitize", lambda r: (r.real(), np.array([-1.0, 0.0, 0.5])), gradient=False)
CASES.add(
    "unique",
    lambda r: (
        (r.ints(0, 4, 4, 3),),
        r.one_of(
            {},
            {"return_counts": True},
            {"return_index": True, "return_inverse": True},
            {"axis": 0},
            {"size": 5, "fill_value": -1},
        ),
    ),
    gradient=False,
    batched=False,
)
CASES.add(
    "isin",
    lambda r: (
        (r.ints(0, 6, r.batch, 3), r.ints(0, 6, 4)),
        {"invert": r.one_of(False, True), "assume_unique": r.one_of(False, True)},
    ),
    gradient=False,
)
CASES.add(
    "bincount",
    lambda r: (
        (r.ints(0, 5, 8),),
        {"minlength": r.one_of(0, 7), "weights": r.one_of(None, Fixed(r.real(8)))},
    ),
    gradient=False,
    batched=False,
)
CASES.add(
    "histogram",
    lambda r: ((r.real(9),), {"bins": r.one_of(10, 3), "range": r.one_of(None, (-1, 1))}),
    gradient=False,
    dtype=False,
    batched=False,
    same_spec=False,
)
