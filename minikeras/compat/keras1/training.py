"""What models of Keras 0 and 1 could do: `fit(nb_epoch=...)`, `show_accuracy`, `samples_per_epoch`, ...

`EXTENSIONS` lends it to the models of today, around what Keras 2 adds to them.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minikeras import tree
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.compat.adapters import Adapted
from minikeras.compat.extensions import Around, Extension
from minikeras.compat.keras1 import objectives
from minikeras.compat.keras1.graph import Graph
from minikeras.compat.keras1.merge import Merge
from minikeras.compat.keras2.training import predict_classes, predict_proba
from minikeras.compat.spelling import tell
from minikeras.metrics import BinaryAccuracy, CategoricalAccuracy
from minikeras.models import Sequential
from minikeras.models.functional import Functional
from minikeras.models.graph_model import GraphModel

_ORDER = {
    "compile": "optimizer loss metrics loss_weights sample_weight_mode",
    "fit": (
        "x y batch_size nb_epoch verbose callbacks validation_split validation_data shuffle class_weight "
        "sample_weight initial_epoch"
    ),
    "evaluate": "x y batch_size verbose sample_weight",
    "fit_generator": (
        "generator samples_per_epoch nb_epoch verbose callbacks validation_data nb_val_samples "
        "class_weight max_q_size nb_worker pickle_safe initial_epoch"
    ),
    "evaluate_generator": "generator val_samples max_q_size nb_worker pickle_safe",
    "predict_generator": "generator val_samples max_q_size nb_worker pickle_safe",
}
_RENAMED = {"nb_epoch": "epochs", "X": "x", "Y": "y", "generator": "x"}
_OF_QUEUES = ("max_q_size", "nb_worker", "nb_val_worker", "pickle_safe", "wait_time")
_EPOCHS = 10
_BATCH_SIZE = 32


def _arrays(data: Any) -> Any:
    """Return a list of numbers as an array; a list of arrays is one for each input or output."""
    if (
        isinstance(data, list)
        and data
        and not isinstance(data[0], dict)
        and not hasattr(data[0], "shape")
    ):
        return np.asarray(data)
    return data


def _named(method: str, args: tuple, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return call arguments by name, in today's spelling."""
    order = _ORDER[method].split()
    if len(args) > len(order):
        raise TypeError(
            f"{method}() takes at most {len(order)} arguments by position. Got: {len(args)}"
        )
    named = {_RENAMED.get(n, n): value for n, value in zip(order, args)}
    for name, value in kwargs.items():
        new = _RENAMED.get(name, name)
        if new != name and name != "generator":
            tell(f"{method}({name}=...)", f"{method}({new}=...)")
        if new in named:
            raise TypeError(f"{method}: argument `{name}` is given twice")
        named[new] = value
    for name in _OF_QUEUES:
        named.pop(name, None)
    for name in ("x", "y"):
        if name in named:
            named[name] = _arrays(named[name])
    return named


# Accuracy, which was asked for when a model of Keras 0 was fitted.


def _accuracy(model: Any) -> Any:
    """Return the accuracy that the class mode of `compile` names; without one, targets decide."""
    kind = {"binary": BinaryAccuracy, "categorical": CategoricalAccuracy}.get(
        model.__dict__.get("_class_mode")
    )
    return "acc" if kind is None else kind(name="acc")


def _count_accuracy(model: Any, wanted: Any, method: str, argument: str = "show_accuracy") -> None:
    """Let a compiled model count its accuracy as well, if it does not yet."""
    if not wanted:
        return
    tell(f"{method}({argument}=True)", "compile(metrics=['accuracy'])")
    given = model.__dict__.get("_compiled_with")
    if given is not None and not given.get("metrics") and not model.__dict__.get("_accuracy_added"):
        model.compile(**{**given, "optimizer": model.optimizer, "metrics": [_accuracy(model)]})
        object.__setattr__(model, "_accuracy_added", True)


def _asked(model: Any, wanted: Any, result: Any) -> Any:
    """Return the loss alone where accuracy is counted but was not asked for."""
    if not wanted and model.__dict__.get("_accuracy_added") and isinstance(result, (list, tuple)):
        return result[0] if len(result) == 2 else list(result)[:-1]
    return result


# compile.


def _metric(item: Any) -> Any:
    item = "acc" if item == "accuracy" else item
    return objectives.metric_of(item)


def _compile(original: Callable) -> Callable:
    @functools.wraps(original)
    def compile(model: Any, *args: Any, **kwargs: Any) -> None:
        named = _named("compile", args, kwargs)
        class_mode = named.pop("class_mode", None)
        if named.get("metrics") in ("categorical", "binary"):  # the third argument of Keras 0
            class_mode = named.pop("metrics")
        if class_mode is not None:
            tell("compile(class_mode=...)", "left out: metrics=['accuracy'] fits the targets")
        for name in ("sample_weight_mode", "sample_weight_modes"):
            if named.pop(name, None) is not None:
                tell(f"compile({name}=...)", "left out: sample weights may have a time axis")
        for name in ("theano_mode", "mode"):
            if name in named:
                named.pop(name)
                tell(f"compile({name}=...)", "left out: there is no Theano")
        if isinstance(named.get("optimizer"), str):
            named["optimizer"] = objectives.optimizer_of(named["optimizer"])
        if "loss" in named:
            named["loss"] = tree.map_structure(objectives.loss_of, named["loss"])
        if named.get("metrics"):
            metrics = named["metrics"]
            named["metrics"] = tree.map_structure(
                _metric, [metrics] if isinstance(metrics, str) else metrics
            )
        original(model, **named)
        object.__setattr__(model, "_class_mode", class_mode)
        object.__setattr__(model, "_compiled_with", named)
        object.__setattr__(model, "_accuracy_added", False)

    return compile


# fit and its like.


def _fit(original: Callable) -> Callable:
    @functools.wraps(original)
    def fit(model: Any, *args: Any, **kwargs: Any) -> Any:
        named = _named("fit", args, kwargs)
        _count_accuracy(model, named.pop("show_accuracy", False), "fit")
        named.setdefault("epochs", _EPOCHS)
        if "steps_per_epoch" not in named and not isinstance(named.get("x"), Iterator):
            named.setdefault("batch_size", _BATCH_SIZE)
        named.setdefault("verbose", 1)
        if not named.get("class_weight"):
            named.pop("class_weight", None)
        return original(model, **named)

    return fit


def _evaluate(original: Callable) -> Callable:
    @functools.wraps(original)
    def evaluate(model: Any, *args: Any, **kwargs: Any) -> Any:
        named = _named("evaluate", args, kwargs)
        shown = named.pop("show_accuracy", None)
        _count_accuracy(model, shown, "evaluate")
        if named.get("return_dict"):  # asked by `fit`
            return original(model, **named)
        return _asked(model, shown, original(model, **named))

    return evaluate


def _on_batch(original: Callable) -> Callable:
    """Bring `train_on_batch` and `test_on_batch` up to date."""

    @functools.wraps(original)
    def on_batch(model: Any, x: Any, y: Any = None, *args: Any, **kwargs: Any) -> Any:
        for value in args:
            name = "accuracy" if isinstance(value, bool) else "sample_weight"
            kwargs["class_weight" if isinstance(value, dict) else name] = value
        shown = kwargs.pop("accuracy", None)
        _count_accuracy(model, shown, original.__name__, "accuracy")
        if not kwargs.get("class_weight"):
            kwargs.pop("class_weight", None)
        result = original(model, _arrays(x), _arrays(y), **kwargs)
        return result if kwargs.get("return_dict") else _asked(model, shown, result)

    return on_batch


def _predict(original: Callable) -> Callable:
    @functools.wraps(original)
    def predict(model: Any, x: Any, batch_size: Any = None, verbose: Any = 0, **kwargs: Any) -> Any:
        if not isinstance(x, Iterator) and "steps" not in kwargs:
            batch_size = batch_size or _BATCH_SIZE
        return original(model, _arrays(x), batch_size=batch_size, verbose=verbose, **kwargs)

    return predict


# Generators: numbers of samples.


def _steps(data: Any, samples: int) -> tuple[Any, int]:
    """Return a generator, and how many of its batches hold so many samples.

    The first batch is looked at for its size, and comes first again.
    """
    if isinstance(data, Iterator) and not hasattr(data, "batch_size"):
        first = next(data)
        data = itertools.chain([first], data)
        size = len(tree.flatten(first)[0])
    else:
        size = data.batch_size if hasattr(data, "batch_size") else len(tree.flatten(data[0])[0])
    return data, math.ceil(samples / size)


def _counted(named: dict[str, Any], data: str, samples: str, steps: str, method: str) -> None:
    """Turn a number of samples into one of steps."""
    n = named.pop(samples, None)
    if n is not None:
        tell(f"{method}({samples}=...)", f"{method}({steps}=...), a number of batches")
        named[data], named[steps] = _steps(named[data], n)


def fit_generator(model: Any, *args: Any, **kwargs: Any) -> Any:
    """Train on the batches of a generator, so many samples an epoch.

    Args:
        generator: yields tuples `(x, y)` or `(x, y, sample_weight)`.
        samples_per_epoch: samples in an epoch.
        nb_epoch: number of epochs.
        **kwargs: `verbose`, `callbacks`, `class_weight`, `show_accuracy` as in `fit`; `validation_data`,
            which may be a generator, of which `nb_val_samples` are taken; how queues were made, without
            effect.
    """
    tell("fit_generator", "fit")
    named = _named("fit_generator", args, kwargs)
    _counted(named, "x", "samples_per_epoch", "steps_per_epoch", "fit_generator")
    _counted(named, "validation_data", "nb_val_samples", "validation_steps", "fit_generator")
    if isinstance(named["x"], Iterator):
        named["x"] = _tuples(named["x"])
    if isinstance(named.get("validation_data"), Iterator):
        named["validation_data"] = _tuples(named["validation_data"])
    elif isinstance(named.get("validation_data"), list):
        named["validation_data"] = tuple(named["validation_data"])
    return model.fit(**named)


def evaluate_generator(model: Any, *args: Any, **kwargs: Any) -> Any:
    """Evaluate on `val_samples` samples of a generator."""
    tell("evaluate_generator", "evaluate")
    named = {"verbose": 0, **_named("evaluate_generator", args, kwargs)}
    _counted(named, "x", "val_samples", "steps", "evaluate_generator")
    return model.evaluate(**named)


def predict_generator(model: Any, *args: Any, **kwargs: Any) -> Any:
    """Predict for `val_samples` samples of a generator."""
    tell("predict_generator", "predict")
    named = _named("predict_generator", args, kwargs)
    _counted(named, "x", "val_samples", "steps", "predict_generator")
    return model.predict(**named)


def _tuples(batches: Iterator) -> Iterator:
    """Yield batches as tuples; lists were tuples, too."""
    for batch in batches:
        yield tuple(batch) if isinstance(batch, list) else batch


# Chains that begin with a merge.


def _sources(tensors: list[KerasTensor]) -> list[KerasTensor]:
    """Return the inputs that tensors are computed from, in the order in which they are met."""
    found: list[KerasTensor] = []
    seen: set[int] = set()

    def visit(tensor: KerasTensor) -> None:
        node = tensor._keras_history.node
        if node.is_input:
            if all(tensor is not t for t in found):
                found.append(tensor)
        elif id(node) not in seen:
            seen.add(id(node))
            for t in node.input_tensors:
                visit(t)

    for tensor in tensors:
        visit(tensor)
    return found


def _become_functional(model: Any, inputs: Any, outputs: Any) -> None:
    """Make a model of layers one after the other one of a graph, as which it is saved, too."""
    name = model.name
    fresh = Functional.__new__(Functional)
    model.__class__ = Functional
    model.__dict__.clear()
    model.__dict__.update(fresh.__dict__)
    Functional.__init__(model, inputs, outputs, name=name)


def _takes_several(layer: Any) -> bool:
    return isinstance(layer, GraphModel) and "graph" in layer.__dict__ and len(layer.inputs) > 1


def _add(original: Callable) -> Callable:
    @functools.wraps(original)
    def add(model: Any, layer: Any, *args: Any, **kwargs: Any) -> None:
        layer = layer.as_layer() if isinstance(layer, Graph) else layer
        if isinstance(layer, Merge):
            if model._stack:
                raise ValueError(
                    f"Sequential model '{model.name}': a Merge must be the first layer of its model."
                )
            branches = layer.branches()
            _become_functional(model, _sources(branches), layer(branches))
        elif not model._stack and _takes_several(layer):
            _become_functional(model, layer.inputs, layer.output)
        else:
            original(model, layer, *args, **kwargs)

    return add


def _add_to_graph(model: Any, layer: Any) -> None:
    """Put a layer on top of a chain that began with a merge."""
    layer = layer.as_layer() if isinstance(layer, Graph) else layer
    _become_functional(model, model._inputs_struct, layer(model.output))


def _sequential(original: Callable) -> Callable:
    @functools.wraps(original)
    def __init__(model: Any, layers: Any = None, *args: Any, **kwargs: Any) -> None:
        first = layers[0] if isinstance(layers, (list, tuple)) and layers else None
        if isinstance(first, (Merge, Graph)) or _takes_several(first):
            original(model, None, *args, **kwargs)
            for layer in layers:
                model.add(layer)
        else:
            original(model, layers, *args, **kwargs)

    return __init__


EXTENSIONS = [
    Extension(
        "minikeras.models:Model",
        {
            "compile": Around(_compile),
            "fit": Around(_fit),
            "evaluate": Around(_evaluate),
            "predict": Around(_predict),
            "train_on_batch": Around(_on_batch),
            "test_on_batch": Around(_on_batch),
            "fit_generator": fit_generator,
            "evaluate_generator": evaluate_generator,
            "predict_generator": predict_generator,
            "predict_proba": predict_proba,
            "predict_classes": predict_classes,
        },
    ),
    Extension(
        "minikeras.models:Sequential", {"add": Around(_add), "__init__": Around(_sequential)}
    ),
    Extension("minikeras.models.functional:Functional", {"add": _add_to_graph}),
]

MODELS = {
    "Model": Adapted(
        "minikeras.models:Model", "input output name", {"input": "inputs", "output": "outputs"}
    ),
    "Sequential": Sequential,
    "Graph": Graph,
}
