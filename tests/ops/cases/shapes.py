"""Cases of the ops in `minikeras/ops/shapes.py`."""

from op_cases import Cases

CASES = Cases()

CASES.add(
    "ravel",
    lambda r: (r.real(),),
)
CASES.add(
    "reshape", lambda r: (r.real(r.batch, 4), r.one_of((-1, 2), (4, -1), (-1,))), batched=False
)
CASES.add(
    "transpose", lambda r: (r.real(r.batch, 2, 3), r.one_of(None, (0, 2, 1), (2, 0, 1), (-1, 0, 1)))
)
CASES.add("swapaxes", lambda r: (r.real(r.batch, 2, 3), r.axis(3), r.axis(3)))
CASES.add(
    "moveaxis", lambda r: (r.real(r.batch, 2, 3), *r.one_of((0, 2), (-1, 0), ((0, 1), (1, 2))))
)
CASES.add("expand_dims", lambda r: (r.real(r.batch, 3), r.one_of(0, 1, -1, (0, 3))))
CASES.add("squeeze", lambda r: (r.real(r.batch, 1, 3, 1), r.one_of(1, -1, (1, 3))))
CASES.add("broadcast_to", lambda r: (r.real(1, 3), r.one_of((4, 3), (2, 5, 3))), batched=False)
CASES.add("flip", lambda r: ((r.real(),), {"axis": r.one_of(None, 0, -1, (0, 1))}))
CASES.add("fliplr flipud", lambda r: (r.real(),))
CASES.add(
    "roll",
    lambda r: (
        (r.real(r.batch, 4),),
        r.one_of({"shift": 1}, {"shift": 2, "axis": 1}, {"shift": (1, 2), "axis": (0, 1)}),
    ),
)
CASES.add(
    "rot90",
    lambda r: (
        (r.real(r.batch, 2, 3),),
        {"k": r.one_of(0, 1, 2, 3, -1), "axes": r.one_of((0, 1), (1, 2), (2, 0))},
    ),
    same_spec=False,
)
