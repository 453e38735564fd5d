"""Cases of the ops in `minikeras/ops/image.py`."""

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

FILLS = ("constant", "nearest", "wrap", "mirror", "reflect")


def formatted(r: Draw, channels: int = 2) -> tuple:
    """One image, or a batch with channels first or last."""
    return r.one_of(
        (r.real(r.batch, 6, 5, channels), None),
        (r.real(r.batch, channels, 6, 5), "channels_first"),
        (r.real(6, 5, channels), "channels_last"),
    )


def affine(r: Draw) -> tuple:
    # One channel, since for others Keras on JAX moves by the last two numbers, which it says it does not.
    x, data_format = formatted(r, 1)
    transform = r.uniform(-0.3, 0.3, (8,)) + np.array([1.0, 0.1, 0.3, -0.1, 1.0, -0.6, 0.0, 0.0])
    if x.ndim == 4:
        transform = transform + r.uniform(-0.2, 0.2, (x.shape[0], 8))
    options = {
        "interpolation": r.one_of("bilinear", "nearest"),
        "fill_mode": r.one_of(*FILLS),
        "fill_value": r.one_of(0, 1.5),
        "data_format": data_format,
    }
    return (x, transform), options


def perspective(r: Draw) -> tuple:
    x, data_format = formatted(r)
    corners = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 5.0], [4.0, 5.0]])
    shape = (x.shape[0], 4, 2) if x.ndim == 4 else (4, 2)
    points = [corners + r.uniform(-0.6, 0.6, shape) for _ in range(2)]
    options = {
        "interpolation": r.one_of("bilinear", "nearest"),
        "fill_value": r.one_of(0, 1.5),
        "data_format": data_format,
    }
    return (x, *points), options


def mapping(r: Draw) -> tuple:
    x, places = r.one_of(
        (r.real(r.batch, 4), r.uniform(-7, 9, (2, 3, 2))),
        (r.real(7), r.uniform(-12, 15, (1, 9))),
        (r.real(3, 4, 2), r.uniform(-3, 6, (3, 6))),
    )
    return (x, places, r.one_of(1, 0), r.one_of(*FILLS), r.one_of(0, 1.5))


CASES.add("affine_transform", affine, rtol32=1e-4)
# Keras on JAX computes where points lead in float32.
CASES.add("perspective_transform", perspective, rtol32=1e-3, rtol64=1e-3)
CASES.add("map_coordinates", mapping, rtol32=1e-4, batched=False)
