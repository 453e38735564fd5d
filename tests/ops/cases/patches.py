"""Cases of the ops in `minikeras/ops/patches.py`."""

from op_cases import Cases

CASES = Cases()

CASES.add(
    "unfold",
    lambda r: (
        (r.real(r.batch, 2, 5, 5), r.one_of(2, (2, 3))),
        {"dilation": r.one_of(1, 2), "padding": r.one_of(0, 1), "stride": r.one_of(1, 2)},
    ),
)
CASES.add("fold", lambda r: ((r.real(r.batch, 8, 16), 5, 2), {}))
CASES.add("depth_to_space", lambda r: ((r.real(r.batch, 2, 3, 8), 2), {}))
CASES.add("space_to_depth", lambda r: ((r.real(r.batch, 4, 2, 3), 2), {}))
