"""Cases of the ops in `minikeras/ops/factorizations.py`."""

from __future__ import annotations

import numpy as np
from op_cases import Cases

CASES = Cases()


def magnitudes(out: list) -> list:
    """Vectors are determined but for their signs."""
    return [np.abs(x) for x in out]


CASES.add(
    "cholesky",
    lambda r: ((r.definite(r.batch),), {"upper": r.one_of(False, True)}),
    rtol32=1e-4,
)
CASES.add(
    "cholesky_inverse",
    lambda r: r.one_of(
        ((np.linalg.cholesky(r.definite()),), {}),
        ((np.linalg.cholesky(r.definite()).T,), {"upper": True}),
    ),
    rtol32=1e-4,
    batched=False,
)  # JAX: no batches
CASES.add(
    "qr",
    lambda r: r.one_of(
        ((r.real(r.batch, *r.one_of((4, 3), (3, 3))),), {}),
        ((r.real(r.batch, 3, 3),), {"mode": "complete"}),
    ),
    rtol32=1e-3,
)
CASES.add(
    "svd",
    lambda r: r.one_of(
        ((r.real(r.batch, *r.one_of((4, 3), (3, 3), (3, 4))),), {"full_matrices": False}),
        ((r.real(r.batch, 3, 3),), {"full_matrices": True}),
        ((r.real(r.batch, 4, 3),), {"compute_uv": False}),
    ),
    rtol32=1e-3,
    result=magnitudes,
)
CASES.add("eigh", lambda r: (r.definite(r.batch),), rtol32=1e-3, result=magnitudes)
CASES.add(
    "eig",
    lambda r: (r.matrix(r.batch),),
    rtol32=1e-3,
    result=lambda out: [np.sort_complex(out[0])],
    differentiate=lambda out: out[0],
    same_spec=False,
    twice=False,
    jax=False,
)
CASES.add(
    "lu_factor",
    lambda r: (r.matrix(r.batch),),
    same_spec=False,
    rtol32=1e-4,
    differentiate=lambda out: out[0],
)
