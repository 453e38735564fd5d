"""What metrics, losses and logs were called, and which Keras 2 a script is written for."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from minikeras.compat.namespaces import Namespace

SYNONYMS = {
    "accuracy": "acc",
    "mse": "mean_squared_error",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error",
    "learning_rate": "lr",
}
"""Names in logs by which scripts of one time or another ask for the same number."""

_PAIRS = [*SYNONYMS.items(), *((old, new) for new, old in SYNONYMS.items())]


def is_standalone() -> bool:
    """Whether the script is of Keras 2.0 to 2.2, rather than of tf.keras.

    The two differ in defaults and in what logs are called, and a script does not say which version it is
    for. What it imports decides: `keras` on its own was 2.0 to 2.2 while most of such scripts were written,
    unless the script shows that it is later (`dialects.is_late`); `tensorflow.keras` is taken for that of
    TensorFlow 2.
    """
    own, of_tensorflow = sys.modules.get("keras"), sys.modules.get("tensorflow.keras")
    if not isinstance(own, Namespace) or isinstance(of_tensorflow, Namespace):
        return False
    return own._tree.library != "tf.keras"


def name_of_metric(name: str) -> str:
    """Return what a metric of this name was called in logs: `acc` for `accuracy` in Keras 2.0 to 2.2."""
    return SYNONYMS.get(name.lower(), name) if is_standalone() else name


def _others(key: Any) -> Iterator[str]:
    if isinstance(key, str):
        for name, other in _PAIRS:
            if key == name or key.endswith(f"_{name}"):
                yield key[: len(key) - len(name)] + other


class Logs(dict):
    """A dict of metrics that finds them by all the names that they had: `acc` and `accuracy`.

    Example:

    >>> logs = Logs(val_accuracy=0.5)
    >>> logs["val_acc"], logs.get("val_accuracy"), "val_acc" in logs, list(logs)
    (0.5, 0.5, True, ['val_accuracy'])
    """

    def __missing__(self, key: Any) -> Any:
        for other in _others(key):
            if dict.__contains__(self, other):
                return dict.__getitem__(self, other)
        raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        return dict.__contains__(self, key) or any(dict.__contains__(self, o) for o in _others(key))

    def get(self, key: Any, default: Any = None) -> Any:
        try:
            return self[key]
        except KeyError:
            return default

    def __reduce__(self) -> tuple:
        return dict, (dict(self),)
