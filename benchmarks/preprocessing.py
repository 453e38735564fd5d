"""Preprocessing on data of a real size, beside Keras: milliseconds, the fastest of several runs.

    python benchmarks/preprocessing.py
    python benchmarks/preprocessing.py --only text --peer tensorflow=other/bin/python --peer jax

The peers take turns, each in a process of its own: minikeras, and Keras once for each `--peer`, a backend
and, where that lives in another environment, its interpreter. What a peer cannot do is left out.

A step is a function with `@step("subject: what")`: given the library, it makes layer and data, and returns
what is timed. Those of images are in `images.py`.
"""

from __future__ import annotations

import argparse
import importlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import images
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


# Tables: a million rows. Results are made NumPy arrays, since JAX returns before it has computed.


def numbers(columns: int) -> np.ndarray:
    return np.random.default_rng(0).normal(3, 2, (1_000_000, columns)).astype("float32")


def categories(columns: int, n: int = 32) -> np.ndarray:
    return np.random.default_rng(0).integers(0, n, (1_000_000 // columns, columns))


@step("tables: Normalization.adapt, 10 columns")
def _(library: Any) -> Callable:
    x = numbers(10)
    return lambda: library.layers.Normalization().adapt(x)


@step("tables: Normalization, 10 columns")
def _(library: Any) -> Callable:
    x, layer = numbers(10), library.layers.Normalization()
    layer.adapt(x[:1000])
    return lambda: np.asarray(layer(x))


@step("tables: Discretization.adapt")
def _(library: Any) -> Callable:
    x = numbers(1)
    return lambda: library.layers.Discretization(num_bins=20).adapt(x)


@step("tables: Discretization, 20 bins")
def _(library: Any) -> Callable:
    x, layer = numbers(1), library.layers.Discretization(np.linspace(-1, 7, 19).tolist())
    return lambda: np.asarray(layer(x))


@step("tables: Discretization, 1000 bins")
def _(library: Any) -> Callable:
    x, layer = numbers(1), library.layers.Discretization(np.linspace(-1, 7, 999).tolist())
    return lambda: np.asarray(layer(x))


@step("tables: CategoryEncoding, one_hot of 32")
def _(library: Any) -> Callable:
    x, layer = categories(1), library.layers.CategoryEncoding(32, output_mode="one_hot")
    return lambda: np.asarray(layer(x))


@step("tables: CategoryEncoding, multi_hot of 5 a row")
def _(library: Any) -> Callable:
    x, layer = categories(5), library.layers.CategoryEncoding(32)
    return lambda: np.asarray(layer(x))


@step("tables: CategoryEncoding, count of 200 a row")
def _(library: Any) -> Callable:
    x = categories(200, 1000)
    layer = library.layers.CategoryEncoding(1000, output_mode="count")
    return lambda: np.asarray(layer(x))


@step("tables: HashedCrossing of integers")
def _(library: Any) -> Callable:
    x, layer = categories(1), library.layers.HashedCrossing(1000)
    return lambda: np.asarray(layer((x, x)))


@step("tables: HashedCrossing of texts and integers")
def _(library: Any) -> Callable:
    x, layer = categories(1), library.layers.HashedCrossing(1000)
    texts = np.array([f"town {i}" for i in range(32)])[x]
    return lambda: np.asarray(layer((texts, x)))


STEPS |= images.steps()


# Measuring.


def serve(kind: str) -> None:
    """Time what the input asks for, a line each: the name of a step to prepare, or nothing to run it once.

    The answer is a line too: milliseconds, or why this library cannot do it.
    """
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # libraries print
    library = importlib.import_module(kind)
    run: Callable[[], Any] = list
    for line in sys.stdin:
        try:
            if name := line.strip():
                run = STEPS[name](library)
                run()  # the first one compiles, allocates, ...
            start = time.perf_counter()
            run()
            answer = str(1000 * (time.perf_counter() - start))
        except Exception as error:
            if kind == "minikeras":
                raise
            answer = f"{type(error).__name__}: {error}".splitlines()[0]
        print(answer, file=answers, flush=True)


class Peer:
    """A process that times one library.

    Args:
        library: module.
        backend: Keras's backend.
        python: interpreter that has them.
    """

    def __init__(self, library: str, backend: str, python: str) -> None:
        self.name = backend or library
        environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
        command = [python, __file__, "--library", library]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(command, env=environment, text=True, **pipes)

    def ask(self, line: str) -> float | None:
        """Return milliseconds, or None if the library cannot do it."""
        try:
            print(line, file=self.process.stdin, flush=True)
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        try:
            return float(answer)
        except ValueError:
            print(f"{self.name}, {line}: {answer.strip() or 'no answer'}", file=sys.stderr)
            return None


def compare(peers: list[Peer], name: str, rounds: int) -> dict[str, float]:
    """Return each peer's fastest run of a step. They take turns, so what disturbs one disturbs all."""
    found = {peer: value for peer in peers if (value := peer.ask(name)) is not None}
    for _ in range(rounds - 1):
        for peer in found:
            found[peer] = min(found[peer], peer.ask("") or found[peer])
    return {peer.name: value for peer, value in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--only", nargs="*", default=[""], help="steps whose names hold one of these"
    )
    parser.add_argument("--rounds", type=int, default=7, help="runs of each step")
    parser.add_argument(
        "--peer",
        action="append",
        metavar="BACKEND[=PYTHON]",
        help="Keras's backend, and an interpreter that has it; `tensorflow` if none is given",
    )
    parser.add_argument("--library", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.library:
        serve(options.library)
        return
    with tempfile.TemporaryDirectory() as folder:
        os.environ[images.FOLDER] = folder
        images.write_folder(folder)
        peers = [Peer("minikeras", "", sys.executable)]
        for peer in options.peer or ["tensorflow"]:
            backend, _, python = peer.partition("=")
            peers.append(Peer("keras", backend, python or sys.executable))
        print(
            "| step | minikeras, ms | Keras, ms | backend | ratio |\n| --- | ---: | ---: | --- | ---: |"
        )
        for name in STEPS:
            if not any(part in name for part in options.only):
                continue
            times = compare(peers, name, options.rounds)
            ours = times.pop("minikeras")
            best = min(times, key=times.get, default=None)
            rest = f"{times[best]:.1f} | {best} | {ours / times[best]:.2f}" if best else " | | "
            print(f"| {name} | {ours:.1f} | {rest} |", flush=True)
        for peer in peers:
            peer.process.stdin.close()
            peer.process.wait()


if __name__ == "__main__":
    main()
