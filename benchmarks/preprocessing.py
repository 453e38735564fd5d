"""Preprocessing layers on data of a real size, beside Keras: milliseconds, the fastest of several runs.

    python benchmarks/preprocessing.py
    python benchmarks/preprocessing.py --only text --python other/bin/python

The peers take turns, each in a process of its own: minikeras, and Keras with the backend in KERAS_BACKEND
(TensorFlow if that is not set, since Keras runs the text layers in it whatever the backend is). Keras may
live in another environment: `--python` names its interpreter. What a peer cannot do is left out.

A step is a function with `@step("subject: what")`: given the library, it makes layer and data, and returns
what is timed.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

STEPS: dict[str, Callable[[Any], Callable[[], Any]]] = {}


def step(name: str) -> Callable:
    """Register a function under the name of what it times."""
    return lambda function: STEPS.setdefault(name, function)


# Text: 10,000 documents of 200 words out of 20,000, frequent and rare ones.


def documents() -> list[str]:
    rng = np.random.default_rng(0)
    words = np.array([f"w{i}{'abcdefgh'[: i % 9]}" for i in range(20_000)])
    ranks = np.minimum(rng.zipf(1.2, (10_000, 200)) - 1, 19_999)
    return [" ".join(row).capitalize() + "." for row in words[ranks].tolist()]


def vectorization(library: Any, **options: Any) -> tuple[Any, np.ndarray]:
    texts = np.array(documents(), dtype=object)
    layer = library.layers.TextVectorization(max_tokens=20_000, **options)
    layer.adapt(texts)
    return layer, texts


@step("text: TextVectorization.adapt")
def _(library: Any) -> Callable:
    texts = np.array(documents(), dtype=object)
    return lambda: library.layers.TextVectorization(max_tokens=20_000).adapt(texts)


@step("text: TextVectorization, int")
def _(library: Any) -> Callable:
    layer, texts = vectorization(library, output_sequence_length=200)
    return lambda: layer(texts)


@step("text: TextVectorization, batch of 32")
def _(library: Any) -> Callable:
    layer, texts = vectorization(library, output_sequence_length=200)
    return lambda: layer(texts[:32])


@step("text: TextVectorization, bigrams, tf_idf of 1000 documents")
def _(library: Any) -> Callable:
    layer, texts = vectorization(library, ngrams=2, output_mode="tf_idf")
    return lambda: layer(texts[:1000])


def words() -> np.ndarray:
    return np.array(" ".join(documents()[:5000]).split()).reshape(5000, 200)


@step("text: StringLookup of a million words")
def _(library: Any) -> Callable:
    layer, texts = library.layers.StringLookup(max_tokens=10_000), words()
    layer.adapt(texts)
    return lambda: layer(texts)


@step("text: Hashing of a million words")
def _(library: Any) -> Callable:
    layer, texts = library.layers.Hashing(1000), words()
    return lambda: layer(texts)


@step("text: IntegerLookup of a million numbers")
def _(library: Any) -> Callable:
    numbers = np.random.default_rng(0).zipf(1.2, 1_000_000).clip(max=10**6).reshape(-1, 100)
    layer = library.layers.IntegerLookup(max_tokens=10_000)
    layer.adapt(numbers)
    return lambda: layer(numbers)


# Measuring.


def measured(kind: str, only: str, rounds: int) -> dict[str, float]:
    """Return the fastest run of each step, in milliseconds."""
    library = importlib.import_module(kind)
    found = {}
    for name, make in STEPS.items():
        if only not in name:
            continue
        try:
            run = make(library)
        except (AttributeError, ImportError):
            continue
        times = []
        for _ in range(rounds):
            start = time.perf_counter()
            run()
            times.append(time.perf_counter() - start)
        found[name] = 1000 * min(times)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="steps whose names hold this")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each step in a process")
    parser.add_argument("--turns", type=int, default=2, help="processes of each peer")
    parser.add_argument("--python", default=sys.executable, help="interpreter that has Keras")
    parser.add_argument("--keras", default="keras", help="module of Keras, or none: ''")
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        print(json.dumps(measured(options.peer, options.only, options.rounds)))
        return
    peers = {"minikeras": sys.executable}
    if options.keras:
        peers[options.keras] = options.python
    fastest: dict[str, dict[str, float]] = {peer: {} for peer in peers}
    environment = {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3", **os.environ}
    for _ in range(options.turns):
        for peer, python in peers.items():
            command = [python, __file__, "--peer", peer, "--only", options.only]
            command += ["--rounds", str(options.rounds)]
            done = subprocess.run(command, capture_output=True, text=True, env=environment)
            if done.returncode:
                print(f"{peer}: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
                continue
            for name, value in json.loads(done.stdout.splitlines()[-1]).items():
                fastest[peer][name] = min(value, fastest[peer].get(name, value))
    ours, theirs = fastest["minikeras"], fastest.get(options.keras, {})
    print(f"{'milliseconds':60} {'minikeras':>10} {'Keras':>10} {'ratio':>6}")
    for name, value in ours.items():
        other = theirs.get(name)
        shown = f"{other:10.1f} {value / other:6.2f}" if other else f"{'-':>10}"
        print(f"{name:60} {value:10.1f} {shown}")


if __name__ == "__main__":
    main()
