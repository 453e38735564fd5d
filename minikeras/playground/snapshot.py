"""What the page draws of a trial: numbers and small pictures, no array as a whole."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from minikeras.autodiff import GradientTape, Tensor
from minikeras.playground.examples import Examples
from minikeras.playground.recorded_step import recorded_parts, single_tensors, weight_names
from minikeras.playground.trial import Trial
from minikeras.visualization.model_layers import layers_of
from minikeras.visualization.predictions import certainty, plane_bounds, plane_grid

MOST_UNITS = 12
"""How many units of a layer are drawn."""

MAP_STEPS, UNIT_STEPS, BINS = 64, 20, 16
"""Into how many steps an axis of the plane is cut for the model, and for each unit; bars of a histogram."""

LOOKED_AT = 64
"""How many examples the activations and gradients come from, and how many images are drawn."""


def drawn_examples(examples: Examples) -> dict:
    """Return examples as the page draws them: points, or the first images that are held out."""
    held_out, y = examples.validation
    drawn = {"name": examples.name, "labels": examples.labels, "plane": examples.is_plane}
    drawn |= {"count": len(examples.x), "training": len(examples.training[0])}
    if not examples.is_plane:
        images = held_out[:LOOKED_AT].astype("float64").round(3)
        return drawn | {"x": images.tolist(), "y": y[:LOOKED_AT, 0].tolist()}
    low, high = plane_bounds(examples.x)
    drawn |= {"low": low.tolist(), "high": high.tolist(), "features": examples.features}
    x = examples.x.astype("float64").round(4)
    return drawn | {"x": x.tolist(), "y": examples.y[:, 0].tolist()}


def snapshot(trial: Trial) -> dict:
    """Return what the page draws of a trial as it is now.

    Activations and gradients are those of the first examples that are trained on, always the same,
    computed as `evaluate` does: what changes is the model.

    Example:

    >>> from minikeras.playground.examples import make_examples
    >>> from minikeras.playground.model_code import TEMPLATE
    >>> from minikeras.playground.snapshot import snapshot
    >>> from minikeras.playground.trial import Trial
    >>> seen = snapshot(Trial(TEMPLATE, make_examples("moons", points=100)))
    >>> [(layer["name"], layer["shape"]) for layer in seen["layers"]]
    [('dense', [8]), ('dense_1', [8]), ('dense_2', [1])]
    """
    seen = {"layers": _layers(trial), "epoch": trial.epoch, "step": trial.step}
    seen |= {"history": trial.history, "last": trial.last}
    if trial.examples.is_plane:
        p = trial.probabilities(_plane(trial, MAP_STEPS))
        seen["map"] = {
            "steps": MAP_STEPS,
            "best": _base64(p.argmax(axis=1)),
            "sure": _base64(255 * np.nan_to_num(certainty(p)).clip(0, 1)),
        }
    else:
        shown = trial.probabilities(trial.x_held_out[:LOOKED_AT])
        seen["predicted"] = shown.argmax(axis=1).tolist()
    return seen


def _layers(trial: Trial) -> list[dict]:
    """Return what is seen of each layer, in the order in which they are called."""
    model, plane = trial.model, trial.examples.is_plane
    x, y = trial.x[:LOOKED_AT], trial.y[:LOOKED_AT]
    weights = model.trainable_variables
    with GradientTape() as tape, recorded_parts(model) as called:
        y_pred = model(x, training=False)
        loss = model.compute_loss(x=x, y=y, y_pred=y_pred, training=False)
    outputs = single_tensors(called, model)
    gradients = tape.gradient(loss, [*outputs.values(), *weights])
    of_outputs = dict(zip(outputs, gradients))
    of_weights = {id(w): g for w, g in zip(weights, gradients[len(outputs) :])}
    if plane:
        with recorded_parts(model) as called:
            model(_plane(trial, UNIT_STEPS), training=False)
    drawn = single_tensors(called, model)

    parts = layers_of("playground", model)
    of_parts = {id(w) for part in parts.values() for w in part.trainable_variables}
    own = [w for w in weights if id(w) not in of_parts]
    found = []
    for name, output in outputs.items():
        layer = parts.get(name, model)
        layer_weights = own if layer is model else layer.trainable_variables
        seen = {
            "name": name,
            "kind": type(layer).__name__,
            "shape": list(output.shape[1:]),
            "output": histogram(output),
            "gradient": histogram(of_outputs[name]),
            "weights": [
                {
                    "name": weight_name,
                    "shape": list(w.shape),
                    "value": histogram(w),
                    "gradient": histogram(of_weights.get(id(w))),
                }
                for weight_name, w in zip(weight_names(layer, layer_weights), layer_weights)
            ],
        }
        if drawn[name].ndim == 2:
            seen["units"] = _units(drawn[name], plane)
        kernels = [w for w in layer_weights if w.ndim == 2 and w.name == "kernel"]
        if kernels:
            seen["lines"] = jsonable(kernels[0].numpy()[:MOST_UNITS, :MOST_UNITS].round(3))
        found.append(seen)
    return found


def _units(output: Tensor, plane: bool) -> list[str]:
    """Return a picture of each unit: its values over the plane, or their mean over the examples."""
    values = np.asarray(output, "float32")[:, :MOST_UNITS]
    if not plane:
        values = values.mean(axis=0, keepdims=True)
    top = np.nanmax(np.abs(values), initial=1e-30)
    return [_base64(unit) for unit in np.nan_to_num(128 + 127 * values / top).clip(0, 255).T]


def _plane(trial: Trial, steps: int) -> np.ndarray:
    """Return the points of a grid over the plane, as the model takes them."""
    return plane_grid(trial.examples.x, steps)[2].reshape(-1, *trial.x.shape[1:])


def histogram(values: Any) -> dict | None:
    """Return mean, deviation, range and a histogram of an array, None without numbers.

    Example:

    >>> from minikeras.playground.snapshot import histogram
    >>> found = histogram([0.0, 1.0, float("nan")])
    >>> found["mean"], found["not_finite"], found["bars"][0], found["bars"][-1]
    (0.5, 1, 1, 1)
    """
    if values is None:
        return None
    flat = np.asarray(values).astype("float64").ravel()
    finite = flat[np.isfinite(flat)]
    if not finite.size:
        return None
    low, high = float(finite.min()), float(finite.max())
    bars, _ = np.histogram(finite, BINS, (low, high) if high > low else (low - 0.5, low + 0.5))
    return {
        "mean": float(finite.mean()),
        "deviation": float(finite.std()),
        "low": low,
        "high": high,
        "bars": bars.tolist(),
        "not_finite": int(flat.size - finite.size),
    }


def jsonable(array: np.ndarray) -> Any:
    """Return an array as nested lists, with the names of numbers that JSON lacks.

    Example:

    >>> import numpy as np
    >>> from minikeras.playground.snapshot import jsonable
    >>> jsonable(np.array([[1.0, np.inf]]))
    [[1.0, 'inf']]
    """
    array = np.asarray(array)
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return array.tolist()
    return [jsonable(a) for a in array] if array.ndim else str(array)


def _base64(values: np.ndarray) -> str:
    return base64.b64encode(values.astype("uint8").tobytes()).decode()
