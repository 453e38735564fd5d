"""`keras.layers` of Keras 2."""

from __future__ import annotations

from minikeras.compat.adapters import Adapted

_HERE = "minikeras.layers"

NAMES = {
    "CuDNNLSTM": Adapted(f"{_HERE}:LSTM", name="CuDNNLSTM", old_name=True),
    "CuDNNGRU": Adapted(f"{_HERE}:GRU", name="CuDNNGRU", old_name=True),
    "Conv2dTranspose": Adapted(f"{_HERE}:Conv2DTranspose", name="Conv2dTranspose", old_name=True),
}
