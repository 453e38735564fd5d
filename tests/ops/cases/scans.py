"""Cases of the ops in `minikeras/ops/scans.py`."""

from op_cases import Cases

CASES = Cases()

CASES.add(
    "cumsum cumprod",
    lambda r: ((r.real(),), {"axis": r.one_of(None, 0, -1), "dtype": r.one_of(None, "float64")}),
)
CASES.add(
    "nancumsum nancumprod",
    lambda r: (
        (r.with_nan(),),
        {"axis": r.one_of(None, 0, -1), "dtype": r.one_of(None, "float64")},
    ),
)
CASES.add(
    "diff", lambda r: ((r.real(*r.shape(4)),), {"n": r.one_of(1, 2), "axis": r.one_of(-1, 2)})
)
CASES.add(
    "trapezoid",
    lambda r: (
        (r.real(r.batch, 4),),
        r.one_of({}, {"dx": 0.5}, {"x": r.real(4)}, {"x": r.real(r.batch, 4)}, {"axis": 0}),
    ),
)
