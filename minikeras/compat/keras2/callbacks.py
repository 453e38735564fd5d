"""`keras.callbacks` of Keras 2."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from minikeras import callbacks, tree
from minikeras.compat.adapters import Adapted
from minikeras.compat.extensions import Around, Extension
from minikeras.compat.keras2.naming import Logs
from minikeras.compat.spelling import tell


class ModelCheckpoint(callbacks.ModelCheckpoint):
    """`ModelCheckpoint` that saves under any name: `"weights.{epoch:02d}-{val_acc:.2f}.hdf5"`.

    Args:
        filepath: where to save. What ends in `.keras` or `.weights.h5` is written as today, what has
            another name as HDF5, as in Keras 2. May name metrics by what they are called now or were then.
        monitor, verbose, save_best_only, save_weights_only, mode: as for today's.
        period: epochs between two looks.
        save_freq: `"epoch"`, or batches between two looks.
        **options: `initial_value_threshold`, as for today's.
    """

    def __init__(
        self,
        filepath: Any,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        period: int = 1,
        save_freq: Any = "epoch",
        **options: Any,
    ) -> None:
        options.pop("load_weights_on_restart", None)
        options.pop("options", None)
        ending = ".weights.h5" if save_weights_only else ".keras"
        super().__init__(
            ending, monitor, verbose, save_best_only, save_weights_only, mode, save_freq, **options
        )
        self.filepath = os.fspath(filepath)
        self.period = period
        if period != 1:
            tell("ModelCheckpoint(period=...)", "ModelCheckpoint(save_freq=number_of_batches)")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if (epoch + 1) % self.period == 0:
            super().on_epoch_end(epoch, logs)

    def _get_file_path(self, epoch: int, batch: int | None, logs: Any) -> str:
        values = Logs(logs)
        values["epoch"] = epoch + 1
        if batch is not None:
            values.setdefault("batch", batch + 1)
        try:
            return self.filepath.format_map(values)
        except KeyError as error:
            raise KeyError(
                f"ModelCheckpoint: filepath {self.filepath!r} names {error}. There are {sorted(values)}."
            ) from None


class BaseLogger(callbacks.Callback):
    """Had to average metrics over an epoch, which the metrics do themselves today.

    Args:
        stateful_metrics: accepted, without effect.
    """

    def __init__(self, stateful_metrics: Any = None) -> None:
        super().__init__()
        self.stateful_metrics = set(stateful_metrics or ())


_HERE = "minikeras.callbacks"

NAMES = {
    "ModelCheckpoint": ModelCheckpoint,
    "BaseLogger": BaseLogger,
    "TensorBoard": Adapted(
        f"{_HERE}:TensorBoard",
        "log_dir histogram_freq batch_size write_graph write_grads write_images embeddings_freq "
        "embeddings_layer_names embeddings_metadata embeddings_data update_freq profile_batch",
        ignored={
            "batch_size": "histograms are of the weights alone",
            "write_grads": "histograms are of the weights alone",
            "embeddings_layer_names": "all Embedding layers are shown",
            "embeddings_data": "the vectors themselves are shown",
            "profile_batch": "there is no profile of TensorFlow's kernels",
        },
        defaults={"log_dir": "./logs"},
    ),
    "EarlyStopping": Adapted(
        f"{_HERE}:EarlyStopping",
        "monitor min_delta patience verbose mode baseline restore_best_weights",
    ),
    "ReduceLROnPlateau": Adapted(
        f"{_HERE}:ReduceLROnPlateau",
        "monitor factor patience verbose mode min_delta cooldown min_lr",
        {"epsilon": "min_delta"},
    ),
    "LearningRateScheduler": Adapted(f"{_HERE}:LearningRateScheduler"),
    "ProgbarLogger": Adapted(
        f"{_HERE}:ProgbarLogger",
        "count_mode stateful_metrics",
        ignored={
            "count_mode": "the bar counts steps",
            "stateful_metrics": "metrics know that themselves",
        },
    ),
}


# What callbacks are told of a training.


class _Told(threading.local):
    """What the trainings of a thread told, the innermost last."""

    def __init__(self) -> None:
        self.stack: list[dict[str, Any]] = []


_told = _Told()


@contextmanager
def told_of(model: Any, arguments: dict[str, Any]) -> Iterator[None]:
    """Let callbacks know what they knew in Keras 2: `validation_data`, and more in `params`.

    Args:
        model: the model that is being trained.
        arguments: those of `fit`, by name.
    """
    validation = _validation_arrays(arguments)
    x = arguments.get("x")
    arrays = [a for a in tree.flatten(x) if getattr(a, "shape", None)]
    examples = arrays[0].shape[0] if arrays else None
    if validation is not None and arguments.get("validation_split") and examples is not None:
        examples -= len(tree.flatten(validation[0])[0])
    names = list(model.metrics_names)
    _told.stack.append(
        {
            "batch_size": arguments.get("batch_size") or 32,
            "samples": examples,
            "do_validation": validation is not None or bool(arguments.get("validation_data")),
            "metrics": names + [f"val_{n}" for n in names],
        }
    )
    try:
        for callback in tree.flatten(arguments.get("callbacks") or []):
            if getattr(callback, "validation_data", None) is None and validation is not None:
                callback.validation_data = validation
        yield
    finally:
        _told.stack.pop()


def _validation_arrays(arguments: dict[str, Any]) -> list | None:
    """Return inputs, targets and weights of the validation as one flat list, if they are arrays."""
    data = arguments.get("validation_data")
    split = arguments.get("validation_split") or 0.0
    if data is None and split:
        x, y = (tree.flatten(arguments.get(k)) for k in ("x", "y"))
        if not x or not all(hasattr(a, "__getitem__") for a in x + y):
            return None
        start = int(len(x[0]) * (1 - split))
        data = [[np.asarray(a)[start:] for a in x], [np.asarray(a)[start:] for a in y]]
    if not isinstance(data, (tuple, list)) or len(data) not in (2, 3):
        return None
    flat = [np.asarray(a) for part in data[:2] for a in tree.flatten(part) if a is not None]
    if not flat:
        return None
    targets = [a for a in tree.flatten(data[1]) if a is not None]
    weights = data[2] if len(data) == 3 else [np.ones(len(a)) for a in targets]
    return flat + [np.asarray(w) for w in tree.flatten(weights)]


def _set_params(original: Any) -> Any:
    def set_params(container: Any, params: dict[str, Any]) -> None:
        if params and _told.stack:
            params = {**_told.stack[-1], **params}
        original(container, params)

    return set_params


def _direction(original: Any) -> Any:
    """`mode="auto"` went by the name: accuracies go up, all else goes down."""

    def direction(callback: Any) -> str:
        try:
            return original(callback)
        except ValueError:
            rising = "acc" in callback.monitor or callback.monitor.startswith("fmeasure")
            return "max" if rising or "auc" in callback.monitor.lower() else "min"

    return direction


EXTENSIONS = [
    Extension("minikeras.callbacks:CallbackList", {"set_params": Around(_set_params)}),
    Extension(
        "minikeras.callbacks.monitor_callback:MonitorCallback",
        {"_direction_of_metric": Around(_direction)},
    ),
    Extension("minikeras.callbacks:Callback", {"validation_data": None}),
]
