"""Layers that change images: milliseconds for 64 images of 224x224x3, beside Keras.

    python benchmarks/augmentation.py [NAME ...]

Each layer is called as users call it, on a float32 array, several times in turn with Keras (the backend in
KERAS_BACKEND, JAX if that is not set); the fastest call of each counts. What Keras needs more than ten
seconds for, or cannot do, is left out: `SLOW` says which.
"""

from __future__ import annotations

import argparse
import importlib
import os
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import numpy as np

FACTOR = {"factor": 0.3}
LAYERS: dict[str, dict] = {
    "AugMix": {"factor": 0.3},
    "AutoContrast": {},
    "ContrastLimitedAdaptiveHistogramEqualization": {},
    "CutMix": {},
    "Equalization": {},
    "MixUp": {},
    "RandAugment": {"factor": 0.3},
    "RandomBrightness": FACTOR,
    "RandomColorDegeneration": FACTOR,
    "RandomColorJitter": {
        "brightness_factor": 0.3,
        "contrast_factor": 0.3,
        "saturation_factor": (0.3, 0.7),
        "hue_factor": 0.3,
    },
    "RandomContrast": FACTOR,
    "RandomCrop": {"height": 200, "width": 200},
    "RandomElasticTransform": {"scale": (0.5, 0.5)},
    "RandomErasing": {},
    "RandomFlip": {},
    "RandomGaussianBlur": {},
    "RandomGrayscale": {},
    "RandomHue": FACTOR,
    "RandomInvert": {},
    "RandomPerspective": {"scale": 0.3},
    "RandomPosterization": {"factor": 6},
    "RandomRotation": FACTOR,
    "RandomSaturation": {"factor": (0.3, 0.7)},
    "RandomSharpness": FACTOR,
    "RandomShear": {"x_factor": 0.3, "y_factor": 0.3},
    "RandomTranslation": {"height_factor": 0.3, "width_factor": 0.3},
    "RandomZoom": {"height_factor": 0.3, "width_factor": 0.3},
    "Solarization": {"addition_factor": 0.3, "threshold_factor": 0.3},
}
SLOW = {
    "AugMix": "draws layers, of which each has a row of its own",
    "ContrastLimitedAdaptiveHistogramEqualization": "10 GB of one-hot vectors",
    "Equalization": "goes through the batch once for each of 256 values",
    "RandAugment": "computes all layers for each one that it applies",
    "RandomElasticTransform": "loops over images and channels",
}


def seconds(call: Callable[[], Any]) -> float:
    """Return how long a call takes, until its result can be read."""
    start = time.perf_counter()
    np.asarray(call())
    return time.perf_counter() - start


def measure(name: str, rounds: int) -> tuple[float, float | None]:
    """Return the milliseconds that a layer takes, and Keras's."""
    images = np.random.default_rng(0).uniform(0, 255, (64, 224, 224, 3)).astype("float32")
    peers = ["minikeras"] + ([] if name in SLOW else ["keras"])
    calls = []
    for peer in peers:
        layer = getattr(importlib.import_module(peer).layers, name)(**LAYERS[name])
        calls.append(lambda layer=layer: layer(images, training=True))
    fastest = [float("inf")] * len(calls)
    for _ in range(rounds + 1):  # the first one compiles
        for i, call in enumerate(calls):
            fastest[i] = min(fastest[i], seconds(call))
    return fastest[0] * 1e3, fastest[1] * 1e3 if len(calls) > 1 else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", default=list(LAYERS), help="layers, all by default")
    parser.add_argument("--rounds", type=int, default=3, help="calls of each")
    options = parser.parse_args()
    print("| layer | minikeras, ms | Keras, ms | ratio |\n| --- | ---: | ---: | ---: |")
    for name in options.names:
        ours, theirs = measure(name, options.rounds)
        rest = f"{theirs:.0f} | {ours / theirs:.2f}" if theirs else " | "
        print(f"| {name} | {ours:.0f} | {rest} |", flush=True)


if __name__ == "__main__":
    main()
