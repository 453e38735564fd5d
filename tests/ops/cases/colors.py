"""Cases of the ops in `minikeras/ops/colors.py`."""

from op_cases import Cases, Draw

CASES = Cases()


def colored(r: Draw) -> tuple:
    x, data_format = r.one_of(
        (r.uniform(0.05, 1, (r.batch, 3, 2, 3)), None),
        (r.uniform(0.05, 1, (r.batch, 3, 3, 2)), "channels_first"),
        (r.uniform(0.05, 1, (3, 2, 3)), "channels_last"),
    )
    return (x,), {"data_format": data_format}


CASES.add("rgb_to_grayscale rgb_to_hsv hsv_to_rgb", colored)
