"""Cases of the ops in `minikeras/ops/rearrange.py`."""

from op_cases import Cases

CASES = Cases()

CASES.add(
    "rearrange",
    lambda r: (
        (
            r.real(r.batch, 6, 2),
            r.one_of("b (h w) c -> b c h w", "b (h w) c -> (b h) (w c)", "b (w h) c -> c b (h w)"),
        ),
        {"h": r.one_of(2, 3)},
    ),
    same_spec=False,
)
