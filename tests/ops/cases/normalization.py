"""Cases of the ops in `minikeras/ops/normalization.py`."""

from op_cases import Cases

CASES = Cases()

CASES.add(
    "moments",
    lambda r: (
        (r.real(),),
        {"axes": r.one_of([0], [1], [0, 1]), "keepdims": r.one_of(False, True)},
    ),
)
CASES.add(
    "normalize",
    lambda r: (
        (r.real(),),
        {"axis": r.one_of(-1, 1), "order": r.one_of(2, 1, 3), "epsilon": r.one_of(None, 3.0)},
    ),
)
CASES.add(
    "batch_normalization",
    lambda r: (
        (r.real(r.batch, 4, 3), r.real(3), r.positive(3), -1),
        r.one_of({}, {"offset": r.real(3), "scale": r.real(3)}, {"epsilon": 0.1}),
    ),
    rtol32=1e-4,
)
CASES.add(
    "layer_normalization",
    lambda r: (
        (r.real(r.batch, 3, 4),),
        r.one_of({}, {"gamma": r.real(4), "beta": r.real(4)}, {"axis": 1, "epsilon": 0.1}),
    ),
    rtol32=1e-4,
)
CASES.add(
    "rms_normalization",
    lambda r: (
        (r.real(r.batch, 3, 4),),
        r.one_of({}, {"scale": r.real(4)}, {"axis": 1, "epsilon": 0.1}),
    ),
    rtol32=1e-4,
)
