"""Rows of the layers that prepare images in a fixed way."""

import numpy as np
from layer_cases import Array, Call, Case

CASES = {
    "Rescaling": Case(
        [
            Call({"scale": 1 / 255}, Array((2, 3, 4, 3), "uint8", 0, 256)),
            Call({"scale": 0.5, "offset": -1.0}, Array((2, 3))),
            Call({"scale": [1.0, 2.0, 3.0], "offset": (0.0, 1.0, -1.0)}, Array((2, 2, 2, 3))),
            Call({"scale": 2.0, "offset": np.array([1.0, 2.0])}, Array((2, 2))),
        ]
    ),
}
