"""Cases of the ops in `minikeras/ops/bitwise.py`."""

from op_cases import Cases, two

CASES = Cases()

CASES.add("gcd lcm", two(lambda r, *s: r.ints(0, 30, *s)), gradient=False)
# Keras's rule takes the shape of the first input, without broadcasting.
CASES.add(
    "bitwise_and bitwise_or bitwise_xor",
    two(lambda r, *s: r.ints(0, 30, *s)),
    gradient=False,
    same_spec=False,
)
CASES.add("bitwise_not bitwise_invert", lambda r: (r.ints(-9, 9),), gradient=False)
CASES.add(
    "left_shift right_shift bitwise_left_shift bitwise_right_shift",
    two(lambda r, *s: r.ints(0, 6, *s)),
    gradient=False,
    same_spec=False,
)
