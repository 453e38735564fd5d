"""Cases of the ops in `minikeras/ops/resizing.py`."""

import numpy as np
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


def formatted(r: Draw) -> tuple:
    """One image, or a batch with channels first or last."""
    return r.one_of(
        (r.real(r.batch, 4, 5, 2), "channels_last"),
        (r.real(r.batch, 2, 4, 5), "channels_first"),
        (r.real(4, 5, 2), None),
    )


def padding(r: Draw) -> tuple:
    x, data_format = formatted(r)
    rows = r.one_of(
        {"top_padding": 1, "bottom_padding": 2},
        {"top_padding": 1, "target_height": 6},
        {"bottom_padding": 0, "target_height": 6},
    )
    columns = r.one_of(
        {"left_padding": 1, "right_padding": 2},
        {"left_padding": 0, "target_width": 6},
        {"right_padding": 1, "target_width": 6},
    )
    return (x,), {**rows, **columns, "data_format": data_format}


def cropping(r: Draw) -> tuple:
    x, data_format = formatted(r)
    rows = r.one_of(
        {"top_cropping": 1, "bottom_cropping": 2},
        {"top_cropping": 1, "target_height": 2},
        {"bottom_cropping": 0, "target_height": 3},
    )
    columns = r.one_of(
        {"left_cropping": 1, "right_cropping": 2},
        {"left_cropping": 0, "target_width": 3},
        {"right_cropping": 1, "target_width": 2},
    )
    return (x,), {**rows, **columns, "data_format": data_format}


def scaling(r: Draw) -> tuple:
    scale = np.array(r.one_of([1.3, 0.6], [0.8, 2.1]))
    method = r.one_of(
        *("linear", "bilinear", "trilinear", "lanczos3", "lanczos5"),
        *("cubic", "bicubic", "tricubic"),
    )
    # No pixel of the result lies on one of the image, where the slope by these two jumps.
    x, move = r.real(4, 5, 2), np.array([0.33, -0.45])
    return (x, (5, 6, 2), scale, move, (0, 1), method, r.one_of(True, False))


CASES.add("pad_images", padding)
CASES.add("crop_images", cropping)
CASES.add("scale_and_translate", scaling, batched=False, rtol32=1e-4, rtol64=1e-6)
