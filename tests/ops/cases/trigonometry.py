"""Cases of the ops in `minikeras/ops/trigonometry.py`."""

from op_cases import Cases, Draw, two

CASES = Cases()

CASES.add(
    "sin cos tanh sinh cosh arctan arcsinh sinc deg2rad rad2deg",
    lambda r: (r.real(),),
)
CASES.add("arcsin arccos arctanh", lambda r: (r.uniform(-0.9, 0.9),))
CASES.add("arccosh", lambda r: (r.uniform(1.2, 3),))
CASES.add("tan", lambda r: (r.uniform(-1, 1),))
CASES.add("hypot", two(Draw.positive))
# A Python number makes float64 of float32 in Keras on JAX with 64 bits.
CASES.add("arctan2", two(), dtype=False)
