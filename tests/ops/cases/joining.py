"""Cases of the ops in `minikeras/ops/joining.py`."""

import numpy as np
from op_cases import Cases

CASES = Cases()

CASES.add(
    "concatenate",
    lambda r: (([r.real(r.batch, 3), r.real(r.batch, r.one_of(3, 2))],), {"axis": r.one_of(1, -1)}),
)
CASES.add("append", lambda r: (r.real(r.batch, 3), r.real(r.batch, 2), r.one_of(None, 1)))
CASES.add(
    "stack", lambda r: (([r.real(r.batch, 3), r.real(r.batch, 3)],), {"axis": r.one_of(0, 1, -1)})
)
CASES.add("hstack", lambda r: ([r.real(r.batch, 3), r.real(r.batch, 2)],))
CASES.add("vstack", lambda r: ([r.real(r.batch, 3), r.real(r.batch, 3)],))
CASES.add("dstack", lambda r: ([r.real(r.batch, 3, 1), r.real(r.batch, 3, 2)],))
CASES.add("split", lambda r: (r.real(r.batch, 6), r.one_of(2, 3, [1, 4]), 1))
CASES.add("array_split", lambda r: (r.real(r.batch, 7), r.one_of(2, 3), 1))
CASES.add("hsplit", lambda r: (r.real(r.batch, 6), r.one_of(2, 3)))
CASES.add("vsplit", lambda r: (r.real(4, 3), 2), batched=False)
CASES.add("dsplit", lambda r: (r.real(r.batch, 2, 4), 2))
CASES.add("tile", lambda r: (r.real(r.batch, 3), r.one_of((1, 2), (2, 1, 1), 2)))
CASES.add(
    "repeat",
    lambda r: (
        (r.real(r.batch, 3),),
        r.one_of(
            {"repeats": 2}, {"repeats": 2, "axis": 1}, {"repeats": np.array([1, 2, 0]), "axis": 1}
        ),
    ),
)
CASES.add(
    "pad",
    lambda r: (
        (r.real(r.batch, 4, 3), ((0, 0), (1, 2), r.one_of((0, 0), (2, 1)))),
        r.one_of({}, {"constant_values": 2.0}, {"mode": "reflect"}, {"mode": "symmetric"}),
    ),
)
