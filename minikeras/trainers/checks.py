"""Arguments and data of `fit` and `evaluate`, checked before anything is trained."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras import losses as losses_module
from minikeras import tree
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.foreign_arrays import foreign_array
from minikeras.common.tables import is_table, table_to_array
from minikeras.losses import Loss
from minikeras.trainers.compile_utils import is_crossentropy
from minikeras.trainers.data_adapters.data_adapter_utils import (
    check_class_weight,
    check_classes,
    is_column,
)
from minikeras.trainers.steps import Steps


def check_compiled(model: Any, method: str) -> None:
    """Refuse to call a method of a model that has not been compiled."""
    if not model.compiled:
        raise ValueError(
            f"You must call `compile()` before calling `{method}()` on model '{model.name}'."
        )


def check_targets(model: Any, y: Any, name: str = "y") -> None:
    """Refuse NaN in targets, unless a loss of the user's own may know what to do with them."""
    own = type(model)
    if (
        own.compute_loss is Steps.compute_loss
        and own.train_step is Steps.train_step
        and model._compile_loss is not None
        and model._compile_loss.known
    ):
        losses_module.check_targets(tree.map_structure(_readable, y), name)


def _readable(y: Any) -> Any:
    """Return targets as the loss will see them; None for what is read once, when batches are made."""
    if is_column(y) or (is_table(y) and not hasattr(y, "__array__")):
        return None
    return table_to_array(y) if is_table(y) else foreign_array(y)


def check_class_weights(model: Any, y: Any, class_weight: Any) -> None:
    """Refuse weights of classes that neither the model's only output nor the targets have."""
    if class_weight is None:
        return
    class_weight = check_class_weight(class_weight)
    outputs = getattr(model, "outputs", None)
    n = outputs[0].shape[-1] if outputs and len(outputs) == 1 and outputs[0].shape else None
    if n is None or (n == 1 and y is None):
        return  # a subclassed model, or a number as target, may have any number of classes
    known = set(range(max(n, 2)))
    labels = _readable(y)
    if not isinstance(labels, np.ndarray):
        labels = np.zeros(0)
    if labels.dtype.kind in "biuf" and (labels.ndim == 1 or labels.shape[1:] == (1,)):
        known |= set(np.unique(labels[np.isfinite(labels)]).astype(int).tolist())  # -1, of a hinge
    check_classes(class_weight, known)


def check_labels(model: Any, y: Any, name: str = "y") -> None:
    """Refuse a class that the only output does not have."""
    if not isinstance(y, (np.ndarray, Tensor)) or not isinstance(model.loss, (str, Loss)):
        return
    if is_crossentropy(model.loss):
        return  # which one it is, the first batch will tell
    loss = losses_module.get(model.loss)
    if getattr(loss, "fn", loss) is not losses_module.sparse_categorical_crossentropy:
        return
    labels = to_array(y)
    outputs = getattr(model, "outputs", None)
    if not outputs or len(outputs) > 1 or not labels.size or labels.dtype.kind not in "iuf":
        return
    options = loss.get_config() if isinstance(loss, Loss) else {}
    classes = outputs[0].shape[options.get("axis", -1)]
    if options.get("ignore_class") is None and classes is not None:
        low, high = labels.min(), labels.max()
        if low < 0 or high >= classes:
            raise ValueError(
                f"Model '{model.name}': labels in `{name}` must be in [0, {classes}), for its "
                f"output has {classes} classes. Received: {low if low < 0 else high}"
            )


def check_validation(model: Any, x: Any, y: Any) -> None:
    """Refuse validation data that would fail when an epoch has been trained."""
    if not all(isinstance(a, (np.ndarray, Tensor)) and a.shape for a in tree.flatten(x)):
        return  # frames, data sets: their batches are checked as they come
    if y is not None:
        check_targets(model, y, "validation y")
        check_labels(model, y, "validation y")
    elif model._compile_loss is not None and type(model).compute_loss is Steps.compute_loss:
        raise ValueError(
            f"Model '{model.name}': `validation_data` has no targets, which the loss needs. Pass "
            "(x, y)."
        )


def unpack_validation(data: Any) -> tuple:
    """Return `(x, y, sample_weight)` of validation data; a data set stands as x."""
    if isinstance(data, (tuple, list)):
        if len(data) not in (1, 2, 3):
            raise ValueError(
                "`validation_data` must be (x, y) or (x, y, sample_weight). "
                f"Received a {type(data).__name__} of {len(data)}."
            )
        return tuple(data) + (None,) * (3 - len(data))
    return data, None, None
