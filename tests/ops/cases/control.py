"""Cases of the ops in `minikeras/ops/control.py`."""

import numpy as np
from op_cases import Cases, Function

CASES = Cases()

CASES.add(
    "unstack",
    lambda r: ((r.real(r.batch, 3),), {"axis": r.one_of(1, -1), "num": r.one_of(None, 3)}),
)
CASES.add(
    "cond",
    lambda r: (
        np.array(r.one_of(True, False)),
        Function(lambda ops: lambda: ops.ones((2,))),
        Function(lambda ops: lambda: ops.zeros((2,))),
    ),
    gradient=False,
    batched=False,
)
CASES.add(
    "switch",
    lambda r: (
        r.one_of(0, 1, 2),
        [Function(lambda ops: lambda x: x * 2), Function(lambda ops: lambda x: ops.exp(x))],
        r.real(3),
    ),
    batched=False,
)
CASES.add(
    "while_loop",
    lambda r: (
        (
            Function(lambda ops: lambda i, x: i < 3),
            Function(lambda ops: lambda i, x: (i + 1, x * x)),
            (np.array(0, np.int32), r.real(3)),
        ),
        {"maximum_iterations": r.one_of(None, 2)},
    ),
    batched=False,
    jax=False,
)
CASES.add(
    "fori_loop",
    lambda r: (0, 3, Function(lambda ops: lambda i, x: x * ops.sin(x)), r.real(3)),
    batched=False,
)
CASES.add(
    "scan",
    lambda r: r.one_of(
        (
            (Function(lambda ops: lambda carry, x: (carry + x * x, carry * x)), r.real(2)),
            {"xs": r.real(4, 2), "reverse": r.one_of(False, True), "unroll": r.one_of(1, 2)},
        ),
        (
            (Function(lambda ops: lambda carry, x: (carry * carry, carry + 1)), r.real(2)),
            {"length": 3},
        ),
    ),
    batched=False,
)
CASES.add(
    "map",
    lambda r: (Function(lambda ops: lambda x: ops.exp(x) * 2), r.real(4, 2)),
    batched=False,
)
CASES.add(
    "vectorized_map",
    lambda r: (Function(lambda ops: lambda x: ops.sin(x)), r.real(4, 2)),
    batched=False,
)
CASES.add(
    "associative_scan",
    lambda r: (
        (Function(lambda ops: lambda a, b: a + b), r.real(r.one_of(5, 8), 2)),
        {"reverse": r.one_of(False, True), "axis": r.one_of(0, 1)},
    ),
    batched=False,
)
