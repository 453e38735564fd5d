"""Time known networks: how long they take to build, and to predict one image of 224x224 pixels.

    python benchmarks/applications.py                 # all three, beside every peer that is installed
    python benchmarks/applications.py ResNet50 --python ~/peers/bin/python   # look there for peers too

Each peer runs in a process of its own. PyTorch's networks are those of torchvision. The table shows the
time to build with random weights, and the median of `--calls` predictions, after five that do not
count (Keras compiles in the first).
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import time
from collections.abc import Callable

import numpy as np
import peers

NETWORKS = {
    "MobileNetV2": "mobilenet_v2",
    "ResNet50": "resnet50",
    "EfficientNetB0": "efficientnet_b0",
}
"""Names here and in torchvision."""
LIBRARIES = {
    "minikeras": "minikeras",
    "keras-jax": "keras",
    "keras-tensorflow": "keras",
    "keras-torch": "keras",
    "torch": "torchvision",
}
"""What of each peer (those of `peers.py`) has the networks."""


def made(library: str, name: str) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function from images to class probabilities."""
    if library == "torchvision":
        import torch
        import torchvision

        network = getattr(torchvision.models, NETWORKS[name])().eval()

        def predict(images: np.ndarray) -> np.ndarray:
            with torch.inference_mode():
                x = torch.from_numpy(images).permute(0, 3, 1, 2)
                return network(x).softmax(-1).numpy()

        return predict
    model = getattr(__import__(library).applications, name)(weights=None)
    return model.predict_on_batch


def measure(library: str, name: str, calls: int) -> dict[str, float]:
    """Return seconds to build and to predict."""
    __import__(library)
    if library == "minikeras":
        import minikeras

        # Loaded late, with all that the networks share; Keras has it since its own import.
        minikeras.applications.imagenet_utils  # noqa: B018
    start = time.perf_counter()
    predict = made(library, name)
    built = time.perf_counter() - start
    images = np.random.default_rng(0).normal(size=(1, 224, 224, 3)).astype("float32")
    times = []
    for _ in range(calls + 5):
        start = time.perf_counter()
        predict(images)
        times.append(time.perf_counter() - start)
    return {"build": built, "predict": statistics.median(times[5:])}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("networks", nargs="*", default=list(NETWORKS))
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--peers", nargs="+", choices=list(LIBRARIES), default=list(LIBRARIES))
    parser.add_argument("--python", action="append", default=[], help="another interpreter")
    parser.add_argument("--library", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.library:
        (name,) = arguments.networks
        print(json.dumps(measure(arguments.library, name, arguments.calls)))
        return
    pythons = peers.installed(arguments.peers, arguments.python)
    print("| network | library | build | predict |\n|---|---|---:|---:|")
    for name in arguments.networks:
        for peer, python in pythons.items():
            command = [python, __file__, name, "--library", LIBRARIES[peer]]
            command += ["--calls", str(arguments.calls)]
            environment = peers.environment(peer)
            done = subprocess.run(command, env=environment, capture_output=True, text=True)
            if done.returncode:
                *_, why = ["", *done.stderr.splitlines()]  # a process that was killed says nothing
                why = why.strip() or f"exit status {done.returncode}"
                print(f"| {name} | {peer} | failed: {why} | |")
                continue
            found = json.loads(done.stdout.splitlines()[-1])
            print(f"| {name} | {peer} | {found['build']:.2f} s | {1e3 * found['predict']:.0f} ms |")


if __name__ == "__main__":
    main()
