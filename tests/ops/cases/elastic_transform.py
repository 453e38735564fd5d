"""Case of the op in `minikeras/random/elastic_transform.py`, which does not draw Keras's numbers."""

from op_cases import Cases, Draw

CASES = Cases()


def bending(r: Draw) -> tuple:
    x, data_format = r.one_of(
        (r.real(r.batch, 5, 4, 2), None),
        (r.real(r.batch, 2, 5, 4), "channels_first"),
        (r.real(5, 4, 2), "channels_last"),
    )
    return (x,), {
        "alpha": r.one_of(2.0, 20.0),
        "sigma": r.one_of(0.7, 5.0),
        "interpolation": r.one_of("bilinear", "nearest"),
        "fill_mode": r.one_of("reflect", "constant"),
        "fill_value": r.one_of(0.0, 1.0),
        "seed": 3,
        "data_format": data_format,
    }


CASES.add("elastic_transform", bending, keras=False, jax=False)
