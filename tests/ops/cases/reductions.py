"""Cases of the ops in `minikeras/ops/reductions.py`."""

from op_cases import Cases, Draw, inner_axes, reduction

CASES = Cases()

CASES.add("sum mean var std", reduction())
CASES.add("max min", reduction(axes=inner_axes))
CASES.add("amax amin ptp", reduction(axes=inner_axes))
CASES.add("prod", reduction(), rtol32=1e-4)
CASES.add("any all", reduction(Draw.bools), gradient=False)
CASES.add("argmax argmin", reduction(axes=lambda r, n: r.one_of(-1, 1)), gradient=False)
CASES.add(
    "count_nonzero",
    lambda r: ((r.bools().astype(float),), {"axis": r.one_of(None, 0, -1)}),
    gradient=False,
)
