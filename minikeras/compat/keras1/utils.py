"""`keras.utils` and `keras.callbacks` of Keras 0 and 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.compat.adapters import Adapted, Lazy
from minikeras.compat.extensions import Around, Extension


def probas_to_classes(y_pred: Any) -> np.ndarray:
    """Return the classes of probabilities.

    Args:
        y_pred: array `(examples, classes)`, or `(examples, 1)` or `(examples,)` for two classes.
    """
    y_pred = np.asarray(y_pred)
    if y_pred.ndim > 1 and y_pred.shape[1] > 1:
        return categorical_probas_to_classes(y_pred)
    return np.array([1 if p > 0.5 else 0 for p in y_pred.reshape(-1)])


def categorical_probas_to_classes(p: Any) -> np.ndarray:
    """Return the largest of each row."""
    return np.argmax(p, axis=1)


def accuracy(p: Any, y: Any) -> float:
    """Return the fraction of equal values."""
    return float(np.mean(np.equal(p, y)))


def binary_logloss(p: Any, y: Any) -> float:
    """Return the crossentropy of two classes.

    Args:
        p: probabilities.
        y: classes, 0 or 1.
    """
    p, y = np.clip(np.asarray(p, float), 1e-15, 1 - 1e-15), np.asarray(y)
    return float(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))


def multiclass_logloss(p: Any, y: Any) -> float:
    """Return the crossentropy of several classes.

    Args:
        p: probabilities `(examples, classes)`.
        y: numbers of the classes.
    """
    p, y = np.asarray(p, float), np.asarray(y, int)
    return float(-np.mean(np.log(p[np.arange(len(y)), y])))


UTILS = {
    "to_categorical": Adapted(
        "minikeras.utils:to_categorical", "y nb_classes", {"y": "x", "nb_classes": "num_classes"}
    ),
    "normalize": Adapted("minikeras.utils:normalize", "a axis order", {"a": "x"}),
    "probas_to_classes": probas_to_classes,
    "categorical_probas_to_classes": categorical_probas_to_classes,
    "accuracy": accuracy,
    "binary_logloss": binary_logloss,
    "multiclass_logloss": multiclass_logloss,
    "layer_from_config": Lazy("minikeras.layers:deserialize"),
}

VISUALIZATION = {
    "plot": Adapted("minikeras.utils:plot_model", name="plot", old_name=True),
    "model_to_dot": Lazy("minikeras.utils:model_to_dot"),
}


def _patience(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Count as Keras 1: the epoch after so many without an improvement was the last."""
    return {**kwargs, "patience": kwargs.get("patience", 0) + 1}


def _early_stopping(args: tuple) -> str:
    """Return the order of arguments; `min_delta` came in Keras 1.1."""
    if len(args) > 3 and isinstance(args[3], str):
        return "monitor patience verbose mode"
    return "monitor min_delta patience verbose mode"


CALLBACKS = {
    "EarlyStopping": Adapted(
        "minikeras.callbacks:EarlyStopping", _early_stopping, prepare=_patience
    ),
}


def _set_params(original: Any) -> Any:
    """Let callbacks find what fits are made of under the names of Keras 1 as well."""

    def set_params(container: Any, params: dict[str, Any]) -> None:
        if params:
            params = {
                **params,
                "nb_epoch": params.get("epochs"),
                "nb_sample": params.get("samples"),
            }
        original(container, params)

    return set_params


def _other_name(name: str) -> property:
    """Return an attribute that is another one under the name that it had."""

    def assign(owner: Any, value: Any) -> None:
        setattr(owner, name, value)

    return property(lambda owner: getattr(owner, name), assign)


_WEIGHTS = {"W": _other_name("kernel"), "b": _other_name("bias")}

EXTENSIONS = [
    Extension("minikeras.callbacks:CallbackList", {"set_params": Around(_set_params)}),
    Extension("minikeras.layers:Dense", _WEIGHTS),
    Extension("minikeras.layers.convolutional.base_conv:BaseConv", _WEIGHTS),
    Extension("minikeras.layers:Embedding", {"W": _other_name("embeddings")}),
    Extension(
        "minikeras.autodiff.variable:Variable",
        {  # as Theano's shared variables had them: `sgd.lr.set_value(0.01)`
            "get_value": lambda variable, borrow=False: variable.numpy(),
            "set_value": lambda variable, value, borrow=False: variable.assign(value),
        },
    ),
]
