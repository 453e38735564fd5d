"""Cases of the ops in `minikeras/ops/math.py`."""

from op_cases import Cases, reduction

CASES = Cases()

CASES.add(
    "erf erfc",
    lambda r: (r.real(),),
)
CASES.add("rsqrt", lambda r: (r.positive(),))
CASES.add("erfinv", lambda r: (r.uniform(-0.9, 0.9),))
CASES.add("polar", lambda r: (r.positive(r.batch, 3), r.real(r.batch, 3)), same_spec=False)
CASES.add("view_as_complex", lambda r: (r.real(*r.shape(2)),), rtol64=1e-6, dtype=False)
CASES.add("view_as_real", lambda r: (r.complex(*r.shape()),))
CASES.add("logsumexp", reduction())
CASES.add("top_k", lambda r: (r.real(r.batch, 4), r.one_of(1, 3), r.one_of(True, False)))
CASES.add(
    "in_top_k",
    lambda r: (r.ints(0, 4, r.batch), r.real(r.batch, 4), r.one_of(1, 2)),
    gradient=False,
)
CASES.add("cdist", lambda r: (r.real(r.batch, 3, 2), r.real(r.batch, 4, 2)))
CASES.add("logdet", lambda r: (r.definite(r.batch),), rtol32=1e-4)
