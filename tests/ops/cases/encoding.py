"""Cases of the ops in `minikeras/ops/encoding.py`."""

from op_cases import Cases

CASES = Cases()

CASES.add(
    "one_hot",
    lambda r: (
        (r.ints(-1, 5, r.batch, 2), 4),
        {"axis": r.one_of(-1, 0, 1), "dtype": r.one_of(None, "int32")},
    ),
    gradient=False,
)
CASES.add(
    "multi_hot",
    lambda r: (
        (r.ints(0, 4, r.batch, 3), 4),
        {"axis": r.one_of(-1, 0) if r.batch else -1, "dtype": r.one_of(None, "int32")},
    ),
    gradient=False,
    same_spec=False,
)
