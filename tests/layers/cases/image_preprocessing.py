"""Rows of the layers that prepare images in a fixed way."""

import numpy as np
from layer_cases import Array, Call, Case

IMAGES, FIRST = Array((2, 6, 5, 2)), Array((2, 2, 6, 5))
ONE, BYTES = Array((6, 5, 2), batch=False), Array((2, 6, 5, 2), "uint8", 0, 256)


def resizing(**more):
    return {"height": 4, "width": 7, **more}


CASES = {
    "CenterCrop": Case(
        [
            Call({"height": 4, "width": 2}, IMAGES),
            Call({"height": 4, "width": 7, "data_format": "channels_last"}, IMAGES),
            Call({"height": 3, "width": 3, "data_format": "channels_first"}, FIRST),
            Call({"height": 4, "width": 4}, BYTES),
        ],
        also=[Call({"height": 4, "width": 2}, ONE), Call({"height": 8, "width": 3}, ONE)],
    ),
    "Rescaling": Case(
        [
            Call({"scale": 1 / 255}, Array((2, 3, 4, 3), "uint8", 0, 256)),
            Call({"scale": 0.5, "offset": -1.0}, Array((2, 3))),
            Call({"scale": [1.0, 2.0, 3.0], "offset": (0.0, 1.0, -1.0)}, Array((2, 2, 2, 3))),
            Call({"scale": 2.0, "offset": np.array([1.0, 2.0])}, Array((2, 2))),
        ]
    ),
    "Resizing": Case(
        [
            Call(resizing(), IMAGES),
            Call(resizing(interpolation="nearest", crop_to_aspect_ratio=True), IMAGES),
            Call(resizing(interpolation="bicubic", antialias=True), IMAGES),
            Call(resizing(pad_to_aspect_ratio=True, fill_value=3.0), IMAGES),
            Call(resizing(data_format="channels_first", crop_to_aspect_ratio=True), FIRST),
            Call(resizing(interpolation="lanczos3", pad_to_aspect_ratio=True), BYTES),
            Call(resizing(interpolation="lanczos5", data_format="channels_last"), IMAGES),
        ],
        examples=4,
        float64=1e-6,  # Keras on JAX computes the weights of pixels in float32
        also=[Call(resizing(), ONE)],
    ),
}
