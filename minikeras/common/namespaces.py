"""Where classes and functions of this package live, and how configs name the places.

Module names are written as Keras's, and read in any of their forms.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from typing import Any

from minikeras.common.registry import get_registered_name

CLASS_HOMES = (
    "layers",
    "models",
    "losses",
    "metrics",
    "optimizers",
    "optimizers.schedules",
    "initializers",
    "regularizers",
    "constraints",
    "dtype_policies",
    "random",
    "ops",
    "quantizers",
    "utils",
    "applications.convnext",
    "applications.inception_resnet_v2",
    "distillation",
)
"""Namespaces of minikeras whose classes a config may name."""

FUNCTION_HOMES = (
    "activations",
    "losses",
    "metrics",
    "ops",
    "ops.image",
    "ops.linalg",
    "ops.nn",
    "ops.numpy",
    "random",
)
"""Namespaces of minikeras whose functions a config may name."""

# Keras's canonical place for these is its top level; those of `_HIDDEN` have no public place.
_TOP_LEVEL = frozenset(
    {
        "DTypePolicy",
        "FloatDTypePolicy",
        "Function",
        "Initializer",
        "InputSpec",
        "Layer",
        "Loss",
        "Metric",
        "Model",
        "Operation",
        "Optimizer",
        "Quantizer",
        "Regularizer",
        "Sequential",
    }
)
_HIDDEN = frozenset({"CustomScaleLayer", "Functional", "LayerScale", "StochasticDepth"})
_SHOWN_ELSEWHERE = {"FeatureSpace": "utils"}
"""Classes that are public in another namespace than that of their file."""


def address_of(cls: type) -> tuple[str | None, str | None]:
    """Return the module and the registered name that a config gives for a class."""
    parts = cls.__module__.split(".")
    if parts[0] != "minikeras":
        return (None if parts == ["__main__"] else cls.__module__), get_registered_name(cls)
    if cls.__name__ not in _HIDDEN:
        if cls.__name__ in _TOP_LEVEL:
            return "keras", None
        homes = [".".join(parts[1 : 1 + depth]) for depth in (2, 1)]
        for home in (_SHOWN_ELSEWHERE.get(cls.__name__), *homes):
            if home in CLASS_HOMES and getattr(namespace_named(home), cls.__name__, None) is cls:
                return f"keras.{home}", None
    return ".".join(["keras", "src", *parts[1:]]), cls.__name__


def may_be_ours(config: dict) -> bool:
    """Whether a config may mean something of minikeras. Keras 2 wrote no module at all."""
    module = config.get("module", "keras") or ""
    return module.split(".")[0] in ("keras", "minikeras", "builtins")


def class_of_package(module: str | None, name: str) -> Any:
    for namespace in _namespaces(module, CLASS_HOMES):
        found = getattr(namespace, name, None)
        if inspect.isclass(found) and hasattr(found, "from_config") and _is_own(found):
            return found
    return None


def function_of_package(module: str | None, name: str) -> Any:
    for namespace in _namespaces(module, FUNCTION_HOMES):
        found = getattr(namespace, name, None)
        if callable(found) and not inspect.isclass(found) and _is_own(found):
            return found
    return None


def _is_own(obj: Any) -> bool:
    return (getattr(obj, "__module__", None) or "").split(".")[0] == "minikeras"


def _namespaces(module: str | None, homes: tuple[str, ...]) -> Iterator[Any]:
    """Yield the namespaces that a module name points to; all of them if it points to none.

    Losses and metrics, for one, have classes of the same names.
    """
    parts = (module or "").split(".")[1:]
    path = parts[1:] if parts[:1] == ["src"] else parts
    named = [".".join(path[:depth]) for depth in (2, 1)]
    places = [h for h in named if h in homes] or list(homes)
    if len(path) > 1 and path[0] in homes:
        places.append(".".join(path))  # for a class that is not public
    for place in places:
        namespace = namespace_named(place)
        if namespace is not None:
            yield namespace


def namespace_named(home: str) -> Any:
    full = f"minikeras.{home}"
    try:
        return importlib.import_module(full)
    except ModuleNotFoundError as error:
        if error.name is None or not full.startswith(error.name):
            raise  # something that the module itself needs is missing
        return None
