"""Models of any size, by a name that says it, such as "dense 3x32x256".

`dense DEPTHxWIDTHxBATCH`, `conv DEPTHxFILTERSxSIZExBATCH` (square images of three channels), `lstm`, `gru`
and `simplernn STEPSxUNITSxBATCH`. `draw` draws such names.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

KINDS = ("dense", "conv", "recurrent")
CELLS = {"lstm": "LSTM", "gru": "GRU", "simplernn": "SimpleRNN"}

LISTED = {
    "dense": (
        *("3x32x256", "3x64x128", "3x128x128", "3x128x512", "3x256x128", "3x256x512"),
        *("3x512x128", "3x512x512", "3x1024x128", "2x2048x64", "20x64x64", "10x128x500"),
    ),
    "conv": ("1x8x28x32", "2x16x28x32", "2x32x28x128", "3x32x32x64", "3x64x16x64", "4x16x64x16"),
    "recurrent": (
        *("lstm 20x32x32", "lstm 80x64x32", "lstm 50x128x128", "gru 20x32x32", "gru 80x64x32"),
        *("gru 50x128x128", "simplernn 50x32x32", "lstm 200x32x16"),
    ),
}
"""Sizes that are always measured."""


def listed(kind: str) -> list[str]:
    """Return the names of the sizes that are always measured."""
    return (
        list(LISTED[kind]) if kind == "recurrent" else [f"{kind} {size}" for size in LISTED[kind]]
    )


def draw(kind: str, rng: np.random.Generator) -> str:
    """Draw the name of a model whose step takes between some microseconds and a tenth of a second."""

    def number(least: int, most: int, multiple: int = 1) -> int:
        """Draw a number, small ones as often as large ones."""
        value = math.exp(rng.uniform(math.log(least), math.log(most)))
        return max(round(value / multiple), 1) * multiple

    while True:
        if kind == "dense":
            name = f"dense {number(1, 12)}x{number(8, 1024, 8)}x{number(16, 512, 16)}"
        elif kind == "conv":
            size = f"{number(8, 64, 8)}x{number(8, 48, 4)}x{number(8, 128, 8)}"
            name = f"conv {number(1, 4)}x{size}"
        else:
            cell = str(rng.choice(list(CELLS)))
            name = f"{cell} {number(5, 100)}x{number(8, 256, 8)}x{number(8, 128, 8)}"
        if multiply_adds(name) < 1e9:
            return name


def multiply_adds(name: str) -> float:
    """Return about how many a forward pass of a batch takes."""
    kind, a, b, *rest = _parts(name)
    if kind == "dense":
        return a * b * b * rest[0]
    if kind == "conv":
        size, batch = rest
        return a * 9 * b * b * size * size * batch / 2
    return a * 8 * b * b * rest[0]


def _parts(name: str) -> tuple:
    kind, _, size = name.partition(" ")
    try:
        numbers = [int(number) for number in size.split("x")]
    except ValueError:
        numbers = []
    if kind not in ("dense", "conv", *CELLS) or len(numbers) != (4 if kind == "conv" else 3):
        raise ValueError(f"unknown workload {name!r}: 'dense 3x32x256' is one that has a size")
    return kind, *numbers


def drawn(name: str) -> dict[str, Any]:
    """Return the workload of a name, in the form that those of `WORKLOADS` have."""
    kind, *sizes = _parts(name)
    make = {"dense": _dense, "conv": _conv}.get(kind) or _recurrent(kind)
    # Enough steps that an epoch takes a while, and what comes before and after them does not count.
    steps = int(np.clip(1e9 / multiply_adds(name), 10, 200))
    data, in_keras, in_torch = make(*sizes, steps * sizes[-1])
    found = {"name": name, "what": name, "batch": sizes[-1], "epochs": 6, "many": sizes[-1]}
    return found | {"data": data, "keras": in_keras, "torch": in_torch}


def _normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape, dtype=np.float32)


def _dense(depth: int, width: int, batch: int, rows: int) -> tuple[Callable, ...]:
    def in_keras(keras: Any) -> Any:
        layers = keras.layers
        hidden = [layers.Dense(width, activation="relu") for _ in range(depth)]
        model = keras.Sequential([keras.Input((width,)), *hidden, layers.Dense(1)])
        model.compile("adam", "mse")
        return model

    def in_torch(torch: Any) -> tuple:
        nn = torch.nn
        hidden = [part for _ in range(depth) for part in (nn.Linear(width, width), nn.ReLU())]
        model = nn.Sequential(*hidden, nn.Linear(width, 1))
        return model, nn.MSELoss(), torch.optim.Adam(model.parameters(), 0.001)

    return lambda: (_normal(rows, width), _normal(rows, 1)), in_keras, in_torch


def _conv(depth: int, filters: int, size: int, batch: int, rows: int) -> tuple[Callable, ...]:
    pools = [size >> (i + 1) >= 4 for i in range(depth)]

    def data() -> tuple[np.ndarray, np.ndarray]:
        return _normal(rows, size, size, 3), np.arange(rows, dtype="int32") % 10

    def in_keras(keras: Any) -> Any:
        layers = keras.layers
        model = keras.Sequential([keras.Input((size, size, 3))])
        for pool in pools:
            model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
            if pool:
                model.add(layers.MaxPooling2D(2))
        model.add(layers.Flatten())
        model.add(layers.Dense(10, activation="softmax"))
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    def in_torch(torch: Any) -> tuple:
        nn = torch.nn
        parts, channels = [], 3
        for pool in pools:
            parts += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU()]
            parts += [nn.MaxPool2d(2)] if pool else []
            channels = filters
        left = (size >> sum(pools)) ** 2 * filters
        model = nn.Sequential(*parts, nn.Flatten(), nn.Linear(left, 10))
        return model, nn.CrossEntropyLoss(), torch.optim.Adam(model.parameters(), 0.001)

    return data, in_keras, in_torch


def _recurrent(cell: str) -> Callable:
    def make(steps: int, units: int, batch: int, rows: int) -> tuple[Callable, ...]:
        def in_keras(keras: Any) -> Any:
            layer = getattr(keras.layers, CELLS[cell])(units)
            model = keras.Sequential([keras.Input((steps, units)), layer, keras.layers.Dense(1)])
            model.compile("adam", "mse")
            return model

        def in_torch(torch: Any) -> tuple:
            nn = torch.nn
            kind = {"lstm": nn.LSTM, "gru": nn.GRU, "simplernn": nn.RNN}[cell]

            class Model(nn.Module):
                def __init__(self) -> None:
                    super().__init__()
                    self.recurrent = kind(units, units, batch_first=True)
                    self.dense = nn.Linear(units, 1)

                def forward(self, x: Any) -> Any:
                    return self.dense(self.recurrent(x)[0][:, -1])

            model = Model()
            return model, nn.MSELoss(), torch.optim.Adam(model.parameters(), 0.001)

        return lambda: (_normal(rows, steps, units), _normal(rows, 1)), in_keras, in_torch

    return make
