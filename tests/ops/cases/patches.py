"""Cases of the ops in `minikeras/ops/patches.py`."""

from op_cases import Cases

CASES = Cases()

CASES.add(
    "unfold",
    lambda r: (
        (r.real(r.batch, 2, 5, 5), r.one_of(2, (2, 3))),
        {"dilation": r.one_of(1, 2), "padding": r.one_of(0, 1), "stride": r.one_of(1, 2)},
    ),
)
CASES.add(
    "fold",
    lambda r: r.one_of(
        ((r.real(r.batch, 8, 16), 5, 2), {}),
        ((r.real(r.batch, 8, 9), 5, 2), {"dilation": 2}),
        ((r.real(r.batch, 8, 36), 5, 2), {"padding": 1}),
        ((r.real(r.batch, 8, 9), 6, 2), {"stride": 2}),
    ),
)
CASES.add(
    "depth_to_space",
    lambda r: r.one_of(
        ((r.real(r.batch, 2, 3, 8), 2), {}),
        ((r.real(r.batch, 8, 2, 3), 2), {"data_format": "channels_first"}),
    ),
)
CASES.add(
    "space_to_depth",
    lambda r: r.one_of(
        ((r.real(r.batch, 4, 2, 3), 2), {}),
        ((r.real(r.batch, 3, 4, 2), 2), {"data_format": "channels_first"}),
    ),
)
