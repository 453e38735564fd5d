"""Settings, names, and what scripts ask about tensors."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minikeras.autodiff.expression import Expression
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.autodiff.variable import Variable
from minikeras.common.naming import reset_names
from minikeras.common.settings import settings, standardize_data_format
from minikeras.compat.graph_session import BoundTensor
from minikeras.compat.keras_backend.ctc import SparseLabels
from minikeras.compat.keras_backend.orderings import ORDERINGS
from minikeras.utils.session import clear_session as start_anew


def backend() -> str:
    """Return "tensorflow": scripts that ask take the branch that is written for it."""
    return "tensorflow"


def cast_to_floatx(x: Any) -> Any:
    """Return an array (or tensor) in the default float dtype."""
    if isinstance(x, (Tensor, KerasTensor)):
        from minikeras.compat.keras_backend.elementwise import cast

        return cast(x, settings.floatx)
    return np.asarray(x, dtype=to_array(0.0).dtype)


def image_dim_ordering() -> str:
    """Return `"tf"` for channels last, `"th"` for channels first."""
    return "tf" if settings.image_data_format == "channels_last" else "th"


def set_image_dim_ordering(dim_ordering: str) -> None:
    """Set the default image data format by the name that it had in Keras 1: `"tf"` or `"th"`."""
    if dim_ordering not in ORDERINGS:
        raise ValueError(f"Unknown dim_ordering: {dim_ordering!r}. Expected 'tf' or 'th'.")
    settings.image_data_format = ORDERINGS[dim_ordering]


def normalize_data_format(value: str | None) -> str:
    """Return a data format, the default one for None."""
    return standardize_data_format(value)


def legacy_weight_ordering() -> bool:
    """Return False: weights are ordered as they are today."""
    return False


def set_legacy_weight_ordering(value: bool) -> None:
    """Do nothing: weights are ordered as they are today."""


def manual_variable_initialization(value: bool) -> None:
    """Do nothing: variables have their values from the start."""


def no_gpus() -> list[str]:
    """Return the names of graphics processors: none."""
    return []


def reset_uids() -> None:
    """Start counting default names anew."""
    reset_names()


def clear_session() -> None:
    """Start counting default names anew, forget the global seed and the learning phase."""
    from minikeras.compat.keras_backend import functions, phases

    start_anew()
    phases.forget_learning_phase()
    functions.forget_session()


@contextlib.contextmanager
def name_scope(name: str) -> Iterator[str]:
    """Open a scope that names nothing: graphs are not named after scopes here."""
    yield name


@contextlib.contextmanager
def control_dependencies(control_inputs: Any) -> Iterator[None]:
    """Open a scope without effect: what is computed first, Python's order says."""
    yield


@contextlib.contextmanager
def v1_variable_initialization() -> Iterator[None]:
    """Open a scope without effect: variables have their values from the start."""
    yield


def eager(function: Callable) -> Callable:
    """Return the function: what has values is computed at once."""
    return function


def symbolic(function: Callable) -> Callable:
    """Return the function: what is given KerasTensors describes a graph."""
    return function


def is_keras_tensor(x: Any) -> bool:
    """Return whether `x` was given by `Input` or a layer.

    Raises:
        ValueError: if it is no tensor at all.
    """
    if not isinstance(x, (KerasTensor, Tensor)):
        raise ValueError(f"is_keras_tensor expects a symbolic tensor. Received: {type(x).__name__}")
    return isinstance(x, KerasTensor) and getattr(x, "_keras_history", None) is not None


def is_tensor(x: Any) -> bool:
    """Return whether `x` is a tensor, a variable or a KerasTensor."""
    return isinstance(x, (Tensor, KerasTensor))


def is_symbolic(x: Any) -> bool:
    """Return whether `x` has no value of its own yet, or knows what it was computed from."""
    return isinstance(x, (KerasTensor, Expression))


def is_variable(x: Any) -> bool:
    """Return whether `x` is a variable."""
    return isinstance(x, Variable)


def is_placeholder(x: Any) -> bool:
    """Return whether `x` is an entrance of a graph."""
    if not isinstance(x, KerasTensor):
        return False
    history = getattr(x, "_keras_history", None)
    return isinstance(x, BoundTensor) or history is None or history.node.is_input


def is_sparse(tensor: Any) -> bool:
    """Return whether a tensor is sparse: labels for CTC can be."""
    return isinstance(tensor, SparseLabels)


def is_explicit_shape(shape: Any) -> bool:
    """Return whether a shape is a tuple or list of numbers and None."""
    return hasattr(shape, "__iter__") and all(isinstance(d, (int, type(None))) for d in shape)
