"""What models of Keras 2 could do: `fit_generator`, `predict_classes`, `compile` as it was, ...

`EXTENSIONS` lends it to the models of today.
"""

from __future__ import annotations

import functools
import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np

from minikeras import ops, tree
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.tracking import find_tracked
from minikeras.autodiff.variable import Variable
from minikeras.callbacks import History
from minikeras.compat.adapters import Adapted, NotAvailable
from minikeras.compat.checkpoints import Status, note_newest
from minikeras.compat.extensions import Around, Extension
from minikeras.compat.keras2 import callbacks as old_callbacks
from minikeras.compat.keras2 import losses, optimizers
from minikeras.compat.keras2.naming import Logs, is_standalone, name_of_metric
from minikeras.compat.keras2.rounds import enough_for
from minikeras.compat.keras2.symbolic_losses import add_symbolic_loss
from minikeras.compat.spelling import tell
from minikeras.metrics import Metric
from minikeras.saving import legacy_h5_format, saving_lib
from minikeras.trainers.compile_utils import _name_of as name_of_function
from minikeras.utils import PyDataset

# Arguments.

_ORDER = {
    "compile": (
        "optimizer loss metrics loss_weights sample_weight_mode weighted_metrics target_tensors"
    ),
    "fit": (
        "x y batch_size epochs verbose callbacks validation_split validation_data shuffle "
        "class_weight sample_weight initial_epoch steps_per_epoch validation_steps"
    ),
    "evaluate": "x y batch_size verbose sample_weight steps callbacks",
    "train_on_batch": "x y sample_weight class_weight reset_metrics return_dict",
    "test_on_batch": "x y sample_weight reset_metrics return_dict",
    "predict": "x batch_size verbose steps callbacks",
    "fit_generator": (
        "generator steps_per_epoch epochs verbose callbacks validation_data validation_steps "
        "class_weight max_queue_size workers use_multiprocessing shuffle initial_epoch"
    ),
    "evaluate_generator": "generator steps max_queue_size workers use_multiprocessing verbose",
    "predict_generator": "generator steps max_queue_size workers use_multiprocessing verbose",
}
_RENAMED = {
    "nb_epoch": "epochs",
    "max_q_size": "max_queue_size",
    "pickle_safe": "use_multiprocessing",
    "nb_worker": "workers",
}
_OF_QUEUES = ("max_queue_size", "workers", "use_multiprocessing")


def _named(method: str, args: tuple, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return call arguments by name, in today's spelling."""
    order = _ORDER[method].split()
    if len(args) > len(order):
        raise TypeError(f"{method}() takes at most {len(order)} arguments by position")
    named = dict(zip(order, args))
    for name, value in kwargs.items():
        new = _RENAMED.get(name, name)
        if new != name:
            tell(f"{method}({name}=...)", f"{method}({new}=...)")
        if new in named:
            raise TypeError(f"{method}: argument `{new}` is given twice")
        named[new] = value
    return named


def _hand_to_queue(data: Any, named: dict[str, Any]) -> None:
    """Give a `Sequence` the arguments that say how its batches are prepared."""
    options = {k: named.pop(k) for k in _OF_QUEUES if k in named}
    if isinstance(data, PyDataset):
        for name, value in options.items():
            if value is not None:
                setattr(data, name, type(getattr(PyDataset, name))(value))


def _whole(steps: Any) -> Any:
    """Return a number of steps; `len(x) / 32` was one, and the last step was begun."""
    return steps if steps is None else math.ceil(steps)


# Which weights are trained: those that were trainable when the model was compiled.


def _flags(model: Any) -> list[bool]:
    return [layer._trainable for layer in model._flatten_layers()]


@contextmanager
def _as_compiled(model: Any) -> Iterator[None]:
    """Let those layers be trainable that were so when the model was compiled.

    A GAN of Keras 2 compiles its discriminator, freezes it, and compiles it again as part of the whole:
    trained by itself it still learns, trained in the whole it does not.
    """
    layers = model._flatten_layers()
    wanted, now = model.__dict__.get("_trainable_when_compiled"), _flags(model)
    if wanted is None or len(wanted) != len(now) or wanted == now:
        yield
        return
    _set_flags(layers, wanted)
    try:
        yield
    finally:
        _set_flags(layers, now)


def _set_flags(layers: Sequence[Any], flags: Sequence[bool]) -> None:
    for layer, flag in zip(layers, flags):
        object.__setattr__(layer, "_trainable", flag)
        for part in find_tracked([layer.__dict__.get(n) for n in layer._tracked]):
            if isinstance(part, Variable):
                part.trainable = flag and part.initially_trainable


# compile.


def _metric(item: Any) -> Any:
    if isinstance(item, str):
        function = losses.function_of(item)
        return name_of_metric(item) if function is item else _called(function, item)
    return item.target if isinstance(item, Adapted) else item


def _called(function: Callable, name: str) -> Callable:
    """Return a function under the name that it has in logs."""

    def metric(y_true: Any, y_pred: Any) -> Any:
        return function(y_true, y_pred)

    metric.__name__ = name
    return metric


def _metrics(model: Any, metrics: Any) -> Any:
    """Return metrics in today's names; one list was for each of the outputs."""
    if isinstance(metrics, str) or callable(metrics):
        metrics = [metrics]
    metrics = tree.map_structure(_metric, metrics)
    n = len(getattr(model, "output_names", None) or [None])
    if isinstance(metrics, list) and n > 1 and metrics and not any(map(tree.is_nested, metrics)):
        return [
            [type(m).from_config(m.get_config()) if isinstance(m, Metric) else m for m in metrics]
            for _ in range(n)
        ]
    return metrics


def _compile(original: Callable) -> Callable:
    @functools.wraps(original)
    def compile(model: Any, *args: Any, **kwargs: Any) -> None:
        named = _named("compile", args, kwargs)
        if named.pop("sample_weight_mode", None) is not None:
            tell("compile(sample_weight_mode=...)", "left out: sample weights may have a time axis")
        if named.pop("target_tensors", None) is not None:
            raise NotAvailable(
                "compile(target_tensors=...): there is no session that tensors would be fed in. Pass the "
                "data to fit."
            )
        for name in ("experimental_run_tf_function", "options", "run_metadata", "distribute"):
            named.pop(name, None)
        if isinstance(named.get("optimizer"), str):
            named["optimizer"] = optimizers.by_name(named["optimizer"], is_standalone())
        if "loss" in named:
            named["loss"] = tree.map_structure(losses.function_of, named["loss"])
        for name in ("metrics", "weighted_metrics"):
            if named.get(name) is not None:
                named[name] = _metrics(model, named[name])
        original(model, **named)
        object.__setattr__(model, "_trainable_when_compiled", _flags(model))

    return compile


# fit and its like.


def _class_weight(given: Any) -> Any:
    if isinstance(given, str):
        tell(f"class_weight={given!r}", "a dict: a string never had an effect")
        return None
    if isinstance(given, (list, tuple, np.ndarray)):
        tell("class_weight=[...]", "class_weight=dict(enumerate(...))")
        return {i: float(w) for i, w in enumerate(given)}
    return given


def _fit(original: Callable) -> Callable:
    @functools.wraps(original)
    def fit(model: Any, *args: Any, **kwargs: Any) -> History:
        named = _named("fit", args, kwargs)
        _hand_to_queue(named.get("x"), named)
        for name in ("steps_per_epoch", "validation_steps"):
            if name in named:
                named[name] = _whole(named[name])
        if "x" in named:
            steps, shuffle = named.get("steps_per_epoch"), named.get("shuffle", True)
            named["x"] = enough_for(named["x"], steps, shuffle, going_on=True)
        if "class_weight" in named:
            named["class_weight"] = _class_weight(named["class_weight"])
        with _as_compiled(model), old_callbacks.told_of(model, named):
            return original(model, **named)

    return fit


def _in_order(model: Any, logs: dict[str, Any]) -> Any:
    """Return the loss, the losses of outputs and their metrics, output by output; or the only one."""
    names = _metrics_names(model)
    ordered = [logs[n] for n in names if n in logs]
    ordered += [value for name, value in logs.items() if name not in names]
    return ordered[0] if len(ordered) == 1 else ordered


def _as_list(method: str) -> Callable:
    """Let a method return its numbers in Keras 2's order."""

    def around(original: Callable) -> Callable:
        @functools.wraps(original)
        def evaluate(model: Any, *args: Any, **kwargs: Any) -> Any:
            named = _named(method, args, kwargs)
            _hand_to_queue(named.get("x"), named)
            if "steps" in named:
                named["steps"] = _whole(named["steps"])
                named["x"] = enough_for(named.get("x"), named["steps"])
            if "class_weight" in named:
                named["class_weight"] = _class_weight(named["class_weight"])
            wanted = named.pop("return_dict", False)
            going_on = not named.pop("reset_metrics", True)
            flags = _as_compiled(model) if method == "train_on_batch" else nullcontext()
            with flags, _going_on(model) if going_on else nullcontext():
                logs = original(model, return_dict=True, **named)
            return logs if wanted else _in_order(model, logs)

        return evaluate

    return around


@contextmanager
def _going_on(model: Any) -> Iterator[None]:
    """Let metrics go on with what they have."""
    object.__setattr__(model, "reset_metrics", lambda: None)
    try:
        yield
    finally:
        object.__delattr__(model, "reset_metrics")


def _predict(original: Callable) -> Callable:
    @functools.wraps(original)
    def predict(model: Any, *args: Any, **kwargs: Any) -> Any:
        named = _named("predict", args, kwargs)
        _hand_to_queue(named.get("x"), named)
        named.setdefault("verbose", 0)
        if "steps" in named:
            named["steps"] = _whole(named["steps"])
            named["x"] = enough_for(named.get("x"), named["steps"])
        return original(model, **named)

    return predict


def fit_generator(model: Any, *args: Any, **kwargs: Any) -> History:
    """Train on batches of a generator: what `fit` does today."""
    tell("fit_generator", "fit")
    named = _named("fit_generator", args, kwargs)
    return model.fit(named.pop("generator"), **named)


def evaluate_generator(model: Any, *args: Any, **kwargs: Any) -> Any:
    """Evaluate on batches of a generator: what `evaluate` does today."""
    tell("evaluate_generator", "evaluate")
    named = {"verbose": 0, **_named("evaluate_generator", args, kwargs)}
    return model.evaluate(named.pop("generator"), **named)


def predict_generator(model: Any, *args: Any, **kwargs: Any) -> Any:
    """Predict for batches of a generator: what `predict` does today."""
    tell("predict_generator", "predict")
    named = _named("predict_generator", args, kwargs)
    return model.predict(named.pop("generator"), **named)


def predict_proba(model: Any, x: Any, batch_size: int | None = None, verbose: int = 0) -> Any:
    """Return the outputs: what `predict` does."""
    tell("predict_proba", "predict")
    return model.predict(x, batch_size=batch_size, verbose=verbose)


def predict_classes(model: Any, x: Any, batch_size: int | None = None, verbose: int = 0) -> Any:
    """Return the class of each example: the largest output, or whether the only one is above a half."""
    tell("predict_classes", "predict(x).argmax(axis=-1), or predict(x) > 0.5 for one output")
    outputs = model.predict(x, batch_size=batch_size, verbose=verbose)
    if outputs.shape[-1] > 1:
        return outputs.argmax(axis=-1)
    return (outputs > 0.5).astype("int32")


# Attributes.


def _metrics_names(model: Any) -> list[str]:
    """The names of what `evaluate` returns: the loss, losses of outputs, metrics of outputs."""
    if not model.compiled:
        return []
    outputs = getattr(model, "output_names", None) or [None]
    several = len(outputs) > 1
    found = ["loss"]
    compile_loss, compile_metrics = model._compile_loss, model._compile_metrics
    if several and compile_loss is not None:
        if not compile_loss.built:
            given, _ = compile_loss.match(model._outputs_struct)
            found += [f"{o}_loss" for o, loss in zip(outputs, given) if loss is not None]
        else:
            found += [tracker.name for tracker in compile_loss.metrics]
    if compile_metrics is not None:
        if compile_metrics.built:
            found += compile_metrics.result()
        elif several:
            for groups in compile_metrics.match(model._outputs_struct):
                for output, group in zip(outputs, groups):
                    found += [f"{output}_{_name(m)}" for m in group]
        else:
            given = (compile_metrics.user_metrics, compile_metrics.user_weighted)
            found += [_name(m) for m in tree.flatten(given) if m is not None]
    own = [compile_metrics, *(compile_loss.metrics if compile_loss else []), model._loss_tracker]
    found += [m.name for m in model.metrics if all(m is not o for o in own)]
    return found


def _name(metric: Any) -> str:
    return metric if isinstance(metric, str) else name_of_function(metric)


def _save(original: Callable) -> Callable:
    @functools.wraps(original)
    def save(model: Any, filepath: Any, overwrite: bool = True, *args: Any, **kwargs: Any) -> None:
        named = dict(zip(("include_optimizer", "save_format"), args), **kwargs)
        for name in ("signatures", "options", "save_traces", "save_format"):
            named.pop(name, None)
        if _is_todays_name(filepath, (".keras", ".h5", ".hdf5")):
            return original(model, filepath, overwrite=overwrite, **named)
        tell("model.save(filepath) with any name", "a filepath that ends in .keras, or .h5")
        _make_folder_of(filepath)
        legacy_h5_format.save_model(
            model, _plain_path(filepath), named.get("include_optimizer", True)
        )

    return save


def _save_weights(original: Callable) -> Callable:
    @functools.wraps(original)
    def save_weights(model: Any, filepath: Any, overwrite: bool = True, **kwargs: Any) -> None:
        for name in ("save_format", "options"):
            kwargs.pop(name, None)
        if _is_todays_name(filepath, (".weights.h5", ".weights.npz", ".safetensors")):
            return original(model, filepath, overwrite=overwrite, **kwargs)
        tell("save_weights(filepath) with any name", "a filepath that ends in .weights.h5")
        _make_folder_of(filepath)
        if _is_todays_name(filepath, _HDF5):
            legacy_h5_format.save_weights(model, _plain_path(filepath))
        else:  # a checkpoint of TensorFlow's: it had the optimizer's state, too, and no names in it
            saving_lib.save_weights_only(model, _plain_path(filepath))
            note_newest(_plain_path(filepath))

    return save_weights


def _load_weights(original: Callable) -> Callable:
    @functools.wraps(original)
    def load_weights(
        model: Any, filepath: Any, by_name: bool = False, *args: Any, **kwargs: Any
    ) -> Any:
        named = dict(zip(("skip_mismatch", "reshape"), args), **kwargs)
        for name in ("reshape", "options"):
            named.pop(name, None)
        path = _plain_path(filepath)
        if _is_todays_name(path, (".weights.npz", ".safetensors", ".keras", ".weights.json")):
            return original(model, path, **named)
        if legacy_h5_format.is_legacy_file(path):
            return legacy_h5_format.load_weights(model, path, by_name, **named)
        if os.path.isfile(path) and not _is_todays_name(path, _HDF5):
            saving_lib.load_weights_only(model, path, **named)
            return Status([])  # as of TensorFlow's checkpoints: `.expect_partial()`
        return original(model, path, **({"by_name": by_name} if by_name else {}), **named)

    return load_weights


_HDF5 = (".h5", ".hdf5", ".keras")


def _is_todays_name(filepath: Any, endings: tuple[str, ...]) -> bool:
    return str(filepath).endswith(endings)


def _make_folder_of(filepath: Any) -> None:
    """Make the folder that a file is to be in, as TensorFlow's own formats did."""
    os.makedirs(os.path.dirname(os.fspath(filepath)) or ".", exist_ok=True)


def _plain_path(filepath: Any) -> str:
    return os.fspath(filepath)


def _add_loss(original: Callable) -> Callable:
    @functools.wraps(original)
    def add_loss(model: Any, loss: Any, inputs: Any = None) -> None:
        if any(isinstance(t, KerasTensor) for t in tree.flatten(loss)) and hasattr(model, "graph"):
            return add_symbolic_loss(model, loss)
        original(model, loss, inputs)

    return add_loss


def _to_yaml(model: Any, **kwargs: Any) -> str:
    raise NotAvailable(
        "`model.to_yaml`: Keras removed it because reading YAML could run code. Use model.to_json() and "
        "models.model_from_json()."
    )


def _nothing_to_make(model: Any) -> None:
    """Do nothing: there are no functions to be compiled."""


def _columns(original: Callable) -> Callable:
    """Let metrics see labels of shape `(n,)` as columns, as all of Keras 2's did."""

    @functools.wraps(original)
    def update_state(metrics: Any, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        if any(t is not None and t.ndim > 1 for t in tree.flatten(y_pred)):
            y_true = tree.map_structure(
                lambda t: ops.expand_dims(t, -1) if t is not None and t.ndim == 1 else t, y_true
            )
        original(metrics, y_true, y_pred, sample_weight)

    return update_state


def _logs_by_all_names(original: Callable) -> Callable:
    @functools.wraps(original)
    def readable(callbacks: Any, logs: Any) -> Logs:
        return Logs(sorted(original(callbacks, logs).items(), key=_place_in_logs))

    return readable


def _place_in_logs(item: tuple[str, Any]) -> tuple:
    """Losses come before other metrics, training before validation."""
    name = item[0].removeprefix("val_")
    return name != item[0], name != "loss", not name.endswith("_loss")


def _history_by_all_names(original: Callable) -> Callable:
    @functools.wraps(original)
    def __init__(history: Any) -> None:
        original(history)
        history.history = Logs(history.history)

    return __init__


EXTENSIONS = [
    Extension(
        "minikeras.models:Model",
        {
            "compile": Around(_compile),
            "fit": Around(_fit),
            "evaluate": Around(_as_list("evaluate")),
            "predict": Around(_predict),
            "train_on_batch": Around(_as_list("train_on_batch")),
            "test_on_batch": Around(_as_list("test_on_batch")),
            "fit_generator": fit_generator,
            "evaluate_generator": evaluate_generator,
            "predict_generator": predict_generator,
            "metrics_names": property(_metrics_names),
            "save": Around(_save),
            "save_weights": Around(_save_weights),
            "load_weights": Around(_load_weights),
            "add_loss": Around(_add_loss),
            "to_yaml": _to_yaml,
            "state_updates": property(lambda model: []),
            "parameters": property(lambda model: tuple(model.trainable_weights)),  # CNTK's word
            "_make_predict_function": _nothing_to_make,
            "_make_train_function": _nothing_to_make,
            "_make_test_function": _nothing_to_make,
        },
    ),
    Extension(
        "minikeras.models:Sequential",
        {"predict_classes": predict_classes, "predict_proba": predict_proba},
    ),
    Extension(
        "minikeras.callbacks:CallbackList",
        {"readable": Around(_logs_by_all_names)},
    ),
    Extension(
        "minikeras.trainers.compile_utils:CompileMetrics", {"update_state": Around(_columns)}
    ),
    Extension("minikeras.callbacks:History", {"__init__": Around(_history_by_all_names)}),
]
