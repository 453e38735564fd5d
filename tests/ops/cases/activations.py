"""Cases of the ops in `minikeras/ops/activations.py`."""

from op_cases import Cases

CASES = Cases()

CASES.add(
    "relu relu6 sigmoid softplus softsign hard_sigmoid hard_tanh "
    "hard_silu selu silu log_sigmoid tanh_shrink sparse_plus sparse_sigmoid",
    lambda r: (r.real(),),
)
CASES.add("elu celu", lambda r: ((r.real(),), {"alpha": r.one_of(1.0, 0.7)}))
CASES.add("leaky_relu", lambda r: ((r.real(),), {"negative_slope": r.one_of(0.2, 0.1)}))
CASES.add("gelu", lambda r: ((r.real(),), {"approximate": r.one_of(True, False)}))
CASES.add("soft_shrink hard_shrink", lambda r: ((r.real(),), {"threshold": r.one_of(0.5, 1.0)}))
CASES.add("threshold", lambda r: (r.real(), 0.3, -1.0))
CASES.add("squareplus", lambda r: ((r.real(),), {"b": r.one_of(4, 2)}))
CASES.add(
    "softmax log_softmax",
    lambda r: ((r.real(),), {"axis": r.one_of(-1, 1, (0, 1), None)}),
    batched=False,
)
# Keras 3.15.1 adds up too much in its threshold, so that its results do not sum to 1.
CASES.add(
    "sparsemax",
    lambda r: ((r.real(r.batch, 4, 3),), {"axis": r.one_of(-1, 1)}),
    keras=False,
    jax=False,
)
CASES.add(
    "glu", lambda r: r.one_of(((r.real(r.batch, 4),), {}), ((r.real(r.batch, 4, 3),), {"axis": 1}))
)
