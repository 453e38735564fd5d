"""Time `ops.image` on a batch of 64 images of 224 by 224 pixels, beside TensorFlow if it is there.

    python benchmarks/images.py

Of each function the least of some runs counts, in milliseconds of all threads' processor time, which other
programs disturb less than the clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from minikeras import ops

image = ops.image
BATCH = (64, 224, 224, 3)


def least(function: Callable, runs: int = 5) -> float:
    times = []
    for _ in range(runs):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return min(times) * 1e3


def ours(x: np.ndarray) -> dict[str, Callable]:
    t = ops.convert_to_tensor(x)
    turn = np.tile(np.array([[1.1, 0.1, -5, -0.1, 0.9, 3, 0, 0]], "float32"), (len(x), 1))
    found = {
        f"resize {kind} {size}": lambda k=kind, s=size: image.resize(t, (s, s), k)
        for kind in ("nearest", "bilinear", "bicubic", "lanczos3")
        for size in (112, 160, 448)
    }
    for kind in ("nearest", "bilinear"):
        found[f"affine {kind}"] = lambda k=kind: image.affine_transform(t, turn, k, "reflect")
    found["rgb_to_hsv"] = lambda: image.rgb_to_hsv(t)
    found["hsv_to_rgb"] = lambda: image.hsv_to_rgb(t)
    found["rgb_to_grayscale"] = lambda: image.rgb_to_grayscale(t)
    found["sobel_edges"] = lambda: image.sobel_edges(t)
    found["extract_patches 16"] = lambda: image.extract_patches(t, 16)
    found["gaussian_blur 3"] = lambda: image.gaussian_blur(t)
    found["gaussian_blur 9"] = lambda: image.gaussian_blur(t, (9, 9), (2.0, 2.0))
    return found


def theirs(x: np.ndarray) -> dict[str, Callable]:
    try:
        import tensorflow as tf
    except ImportError:
        return {}
    t = tf.constant(x)
    found = {
        f"resize {kind} {size}": lambda k=kind, s=size: tf.image.resize(t, (s, s), k).numpy()
        for kind in ("nearest", "bilinear", "bicubic", "lanczos3")
        for size in (112, 160, 448)
    }
    for name in ("rgb_to_hsv", "hsv_to_rgb", "rgb_to_grayscale", "sobel_edges"):
        found[name] = lambda n=name: getattr(tf.image, n)(t).numpy()
    return found


if __name__ == "__main__":
    x = np.random.default_rng(0).random(BATCH, "float32")
    beside = theirs(x)
    for name, function in ours(x).items():
        other = f"{least(beside[name]):10.1f}" if name in beside else ""
        print(f"{name:22}{least(function):8.1f}{other}", flush=True)
