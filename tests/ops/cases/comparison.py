"""Cases of the ops in `minikeras/ops/comparison.py`."""

from op_cases import Cases, two

CASES = Cases()

CASES.add(
    "isnan isinf isfinite isposinf isneginf isreal signbit logical_not",
    lambda r: (r.with_nan(),),
    gradient=False,
)
CASES.add(
    "equal not_equal less less_equal greater greater_equal logical_and logical_or logical_xor",
    two(lambda r, *s: r.ints(0, 2, *s).astype(float)),
    gradient=False,
)
CASES.add(
    "isclose",
    lambda r: ((r.with_nan(r.batch, 3), r.real(r.batch, 3)), {"rtol": 0.5, "equal_nan": True}),
    gradient=False,
)
CASES.add(
    "allclose",
    lambda r: ((r.real(r.batch, 3), r.real(r.batch, 3)), {"rtol": r.one_of(1e-5, 10.0)}),
    gradient=False,
)
