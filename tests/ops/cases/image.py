"""Cases of the ops in `minikeras/ops/image.py`."""

from op_cases import Cases, Draw

CASES = Cases()

KINDS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")


def resizing(r: Draw) -> tuple:
    """Images that become larger or smaller, to the same size: each other shape is compiled anew."""
    first = r.one_of(False, True)
    x = r.real(2, 8, 5) if first else r.real(r.batch, 8, 5, 2)
    more = r.one_of(
        {"antialias": True},
        {"crop_to_aspect_ratio": True},
        {"pad_to_aspect_ratio": True, "fill_value": r.one_of(0.0, 1.5)},
        {},
    )
    data_format = "channels_first" if first else r.one_of(None, "channels_last")
    return (x, (5, 7)), {"interpolation": r.one_of(*KINDS), "data_format": data_format, **more}


CASES.add("resize", resizing, rtol64=1e-6)
