"""Cases of the ops in `minikeras/ops/convolution.py`."""

from __future__ import annotations

from collections.abc import Callable

from op_cases import Cases, Draw

CASES = Cases()


def windows(kernels: Callable, many: int = 6, pooling: bool = False) -> Callable:
    """Images or sequences with kernels for them."""

    def make(r: Draw) -> tuple:
        rank = r.one_of(2, 1)
        kwargs = {
            "strides": r.one_of(1, 2),
            "padding": r.one_of("valid", "same"),
            "data_format": r.one_of("channels_last", "channels_first"),
        }
        if not pooling and kwargs["strides"] == 1:
            kwargs["dilation_rate"] = r.one_of(1, 2)
        if many < 6 and kwargs["strides"] == 2:
            kwargs["output_padding"] = r.one_of(None, 0, 1)
        sizes = [(many, many - 1), (many + 1,)][2 - rank]
        first = kwargs["data_format"] == "channels_first"
        x = r.real(r.batch, *((3, *sizes) if first else (*sizes, 3)))
        return (x, *kernels(r, rank)), kwargs

    return make


CASES.add("conv", windows(lambda r, n: (r.real(*[3, 2][:n], 3, 4),)), rtol32=1e-4)
CASES.add("conv_transpose", windows(lambda r, n: (r.real(*[3, 2][:n], 4, 3),), many=4), rtol32=1e-4)
CASES.add("depthwise_conv", windows(lambda r, n: (r.real(*[3, 2][:n], 3, 2),)), rtol32=1e-4)
CASES.add(
    "separable_conv",
    windows(lambda r, n: (r.real(*[3, 2][:n], 3, 2), r.real(*[1, 1][:n], 6, 4))),
    rtol32=1e-4,
)
CASES.add("max_pool average_pool", windows(lambda r, n: (r.one_of(2, 3),), pooling=True))
