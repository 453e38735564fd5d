"""Cases of the ops in `minikeras/ops/windows.py`."""

import numpy as np
from op_cases import Cases

CASES = Cases()

CASES.add(
    "bartlett blackman hamming hanning",
    lambda r: (np.array(r.one_of(4, 7, 1), "int32"),),
    gradient=False,
    batched=False,
    same_spec=False,
)
CASES.add(
    "kaiser",
    lambda r: (np.array(r.one_of(4, 7), "int32"), r.one_of(2.0, 5.0)),
    gradient=False,
    batched=False,
    same_spec=False,
)
