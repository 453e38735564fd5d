"""Cases of the ops in `minikeras/ops/crossentropy.py`."""

from op_cases import Cases

CASES = Cases()

CASES.add(
    "psnr", lambda r: (r.real(r.batch, 3), r.real(r.batch, 3), 1.0), rtol32=1e-4, batched=False
)
CASES.add(
    "binary_crossentropy",
    lambda r: r.one_of(
        ((r.uniform(0, 1, (r.batch, 3)), r.uniform(0.05, 0.95, (r.batch, 3))), {}),
        ((r.uniform(0, 1, (r.batch, 3)), r.real(r.batch, 3)), {"from_logits": True}),
    ),
)
CASES.add(
    "categorical_crossentropy",
    lambda r: r.one_of(
        ((r.uniform(0, 1, (r.batch, 3)), r.uniform(0.1, 0.9, (r.batch, 3))), {}),
        ((r.uniform(0, 1, (r.batch, 3)), r.real(r.batch, 3)), {"from_logits": True}),
        (
            (r.uniform(0, 1, (r.batch, 3, 2)), r.real(r.batch, 3, 2)),
            {"from_logits": True, "axis": 1},
        ),
    ),
    same_spec=False,
)
CASES.add(
    "sparse_categorical_crossentropy",
    lambda r: r.one_of(
        ((r.ints(0, 3, r.batch), r.uniform(0.1, 0.9, (r.batch, 3))), {}),
        ((r.ints(0, 3, r.batch, 2), r.real(r.batch, 2, 3)), {"from_logits": True}),
    ),
    dtype=False,
)
