"""Cases of the ops in `minikeras/ops/matrices.py`."""

from op_cases import Cases

CASES = Cases()

CASES.add("inv det", lambda r: (r.matrix(r.batch),), rtol32=1e-4)
CASES.add("slogdet", lambda r: (r.matrix(r.batch),), rtol32=1e-4, same_spec=False)
CASES.add(
    "solve",
    lambda r: r.one_of((r.matrix(r.batch), r.real(r.batch, 3, 2)), (r.matrix(), r.real(3))),
    rtol32=1e-4,
)
CASES.add(
    "solve_triangular",
    lambda r: ((r.matrix(r.batch), r.real(r.batch, 3, 2)), {"lower": r.one_of(False, True)}),
    rtol32=1e-4,
)
CASES.add(
    "pinv",
    lambda r: ((r.real(*r.one_of((3, 4), (4, 3))),), {"rcond": r.one_of(None, 1e-3)}),
    batched=False,
    rtol32=1e-3,
)
CASES.add(
    "lstsq",
    lambda r: (
        (r.real(5, 3), r.one_of(r.real(5), r.real(5, 2))),
        {"rcond": r.one_of(None, 1e-3)},
    ),
    batched=False,
    rtol32=1e-3,
)
CASES.add(
    "matrix_rank", lambda r: ((r.matrix(r.batch),), {"tol": r.one_of(None, 1.5)}), gradient=False
)
CASES.add(
    "norm",
    lambda r: r.one_of(
        (
            (r.real(r.batch, 3),),
            {"axis": -1, "ord": r.one_of(None, 1, 2, 3, 0, float("inf"), -float("inf"))},
        ),
        (
            (r.real(r.batch, 3, 2),),
            {"axis": (1, 2), "ord": r.one_of(None, "fro", "nuc", 1, -1, 2, -2, float("inf"))},
        ),
        ((r.real(r.batch, 3),), {"keepdims": True}),
    ),
    rtol32=1e-4,
)
