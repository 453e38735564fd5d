"""Cases of the ops in `minikeras/ops/core.py`."""

import numpy as np
from op_cases import Cases

CASES = Cases()

CASES.add("stop_gradient", lambda r: (r.real(),), gradient=False)
CASES.add("cast", lambda r: (r.real(), "float64"))
CASES.add(
    "saturate_cast",
    lambda r: (r.uniform(-300, 300), r.one_of("uint8", "int8", "float16")),
    gradient=False,
)
CASES.add("slice", lambda r: (r.real(4, 5), r.one_of((1, 2), (0, 1)), (2, 3)), batched=False)
CASES.add(
    "slice_update", lambda r: (r.real(4, 5), r.one_of((1, 2), (0, 1)), r.real(2, 3)), batched=False
)
CASES.add(
    "scatter",
    lambda r: (np.array([[0], [2], [0]]), r.real(3, 2), (4, 2)),
    batched=False,
)
CASES.add(
    "scatter_update",
    lambda r: (
        (r.real(4, 2), np.array([[0], [2]]), r.real(2, 2)),
        {"reduction": r.one_of(None, "add", "max", "min", "mul")},
    ),
    batched=False,
)
