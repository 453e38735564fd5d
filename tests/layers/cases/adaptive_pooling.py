"""Rows of the adaptive layers in `minikeras/layers/pooling/`."""

from layer_cases import Array, Call, Case


def calls(sizes, rank):
    """Calls with windows side by side, with windows that overlap, and with channels first."""
    spatial = (6, 5, 4)[:rank]
    first = {"output_size": sizes[1], "data_format": "channels_first"}
    return [
        *[
            Call({"output_size": s, "data_format": "channels_last"}, Array((2, *spatial, 3)))
            for s in sizes
        ],
        Call(first, Array((2, 3, *spatial))),
    ]


SIZES = {1: [3, 4, (7,)], 2: [(3, 5), (4, 2), 7], 3: [(4, 2, 2), 2]}

CASES = {
    f"Adaptive{kind}Pooling{rank}D": Case(calls(sizes, rank), examples=3)
    for kind in ("Average", "Max")
    for rank, sizes in SIZES.items()
}
