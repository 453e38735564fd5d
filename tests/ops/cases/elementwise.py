"""Cases of the ops in `minikeras/ops/elementwise.py`."""

from op_cases import Cases, Draw, two

CASES = Cases()

CASES.add(
    "abs absolute fabs negative square exp exp2 expm1 i0",
    lambda r: (r.real(),),
)
CASES.add(
    "nan_to_num",
    lambda r: r.one_of(
        ((r.real(),), {}),
        ((r.with_nan(),), {}),
        ((r.with_nan(),), {"nan": 2.0, "posinf": 5.0, "neginf": -3.0}),
    ),
)
CASES.add("log log2 log10 log1p sqrt cbrt reciprocal", lambda r: (r.positive(),))
CASES.add("floor ceil trunc sign", lambda r: (r.real(),))
CASES.add("round", lambda r: ((r.real(),), {"decimals": r.one_of(0, 1)}))
CASES.add("clip", lambda r: (r.real(), r.one_of(-1, -0.5), r.one_of(1, 0.25)))
CASES.add("add subtract multiply maximum minimum fmax fmin", two())
# A Python number makes float64 of float32 in Keras on JAX with 64 bits.
CASES.add("logaddexp logaddexp2", two(), dtype=False)
CASES.add("divide true_divide divide_no_nan power mod fmod", two(Draw.positive))
CASES.add("heaviside", two())
CASES.add("nextafter", two(), jax=False)
CASES.add("ldexp", lambda r: (r.real(r.batch, 3), r.ints(-3, 4, r.batch, 3)))
CASES.add("floor_divide", two(Draw.positive), gradient=False)
