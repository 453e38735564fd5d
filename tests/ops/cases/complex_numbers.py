"""Cases of the ops in `minikeras/ops/complex_numbers.py`."""

from op_cases import Cases

CASES = Cases()

CASES.add(
    "conj conjugate real imag angle",
    lambda r: (r.real(),),
)
