"""Cases of the ops in `minikeras/ops/filters.py`."""

from op_cases import Cases, Draw

CASES = Cases()


def formatted(r: Draw, singles: bool = True) -> tuple:
    """One image, or a batch with channels first or last."""
    batches = [
        (r.real(r.batch, 6, 5, 2), "channels_last"),
        (r.real(r.batch, 2, 6, 5), "channels_first"),
    ]
    return r.one_of(*batches, *([(r.real(6, 5, 2), "channels_last")] if singles else []))


def blurring(r: Draw) -> tuple:
    x, data_format = formatted(r)
    return (x, r.one_of((3, 3), (4, 3), (1, 5))), {
        "sigma": r.one_of((1.0, 1.0), (0.5, 2.0)),
        "data_format": data_format,
    }


def edges(r: Draw) -> tuple:
    x, data_format = formatted(r, singles=False)
    return (x,), {"data_format": data_format}


def likeness(r: Draw) -> tuple:
    shape, data_format = r.one_of(
        ((r.batch, 5, 6, 2), "channels_last"),
        ((r.batch, 2, 5, 6), "channels_first"),
        ((5, 6, 2), None),
    )
    options = r.one_of({}, {"filter_sigma": 0.8, "k1": 0.03, "k2": 0.1}, {"max_val": 3.0})
    x, y = r.uniform(0, 1, shape), r.uniform(0, 1, shape)
    return (x, y), {"filter_size": r.one_of(3, 5), "data_format": data_format, **options}


def patching(r: Draw) -> tuple:
    x, size = r.one_of(
        (r.real(r.batch, 7, 6, 2), r.one_of(2, (3, 2))),
        (r.real(7, 6, 2), (2, 3)),
        (r.real(r.batch, 5, 4, 6, 1), (2, 2, 3)),
    )
    options = r.one_of({}, {"strides": 1, "dilation_rate": 2}, {"strides": 2})
    if not isinstance(size, int) and len(size) == 3:
        options = r.one_of({}, {"strides": 2})
    return (x, size), {**options, "padding": r.one_of("valid", "same")}


def patching_first(r: Draw) -> tuple:
    make = r.one_of(patching, None)
    if make is not None:
        args, options = make(r)
        return args, {**options, "data_format": "channels_last"}
    return (r.real(r.batch, 2, 7, 6), (3, 2)), {"data_format": "channels_first"}


def patching_volumes(r: Draw) -> tuple:
    x, data_format = r.one_of(
        (r.real(r.batch, 5, 4, 6, 1), "channels_last"),
        (r.real(r.batch, 1, 5, 4, 6), "channels_first"),
        (r.real(5, 4, 6, 1), None),
    )
    options = r.one_of({}, {"strides": 1, "dilation_rate": 2}, {"strides": (2, 1, 2)})
    size = r.one_of((2, 2, 3), 2)
    return (x, size), {**options, "padding": r.one_of("valid", "same"), "data_format": data_format}


CASES.add("gaussian_blur", blurring)
CASES.add("sobel_edges", edges)
CASES.add("ssim", likeness, rtol32=1e-4)
CASES.add("extract_patches", patching_first)
CASES.add("extract_patches_3d", patching_volumes)
