"""Cases of the ops in `minikeras/ops/reductions.py`."""

from op_cases import Cases, Draw, inner_axes, reduction

CASES = Cases()

CASES.add("sum mean var std", reduction())


def from_initial(r: Draw) -> tuple:
    args, kwargs = reduction(axes=inner_axes)(r)
    return args, {**kwargs, "initial": r.one_of(None, 0.5)}


CASES.add("max min", from_initial)
CASES.add("amax amin ptp", reduction(axes=inner_axes))
CASES.add(
    "prod",
    lambda r: (
        (r.real(),),
        {
            "axis": r.one_of(None, 0, -1),
            "keepdims": r.one_of(False, True),
            "dtype": r.one_of(None, "float64"),
        },
    ),
    rtol32=1e-4,
)
CASES.add("any all", reduction(Draw.bools), gradient=False)
CASES.add("argmax argmin", reduction(axes=lambda r, n: r.one_of(-1, 1)), gradient=False)
CASES.add(
    "count_nonzero",
    lambda r: ((r.bools().astype(float),), {"axis": r.one_of(None, 0, -1)}),
    gradient=False,
)
