"""`keras.optimizers` of Keras 2."""

from __future__ import annotations

from minikeras.compat.adapters import Adapted

_LR = {"lr": "learning_rate"}

NAMES = {
    name: Adapted(f"minikeras.optimizers:{name}", renamed=_LR)
    for name in ("SGD", "RMSprop", "Adagrad", "Adadelta", "Adam", "Adamax", "Nadam")
}
