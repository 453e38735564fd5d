"""A model in training: batch after batch, and what can be seen of it."""

from __future__ import annotations

import base64
import traceback
from typing import Any

import numpy as np

from minikeras.autodiff import GradientTape
from minikeras.models import Model
from minikeras.playground.examples import Examples
from minikeras.utils import clear_session, set_random_seed
from minikeras.visualization.predictions import class_probabilities

FILE = "<model>"
"""What Python calls the code of the page in tracebacks."""

MOST_UNITS = 12
"""How many units of a layer are drawn."""

MAP_STEPS, UNIT_STEPS, BINS = 64, 20, 16
"""Into how many steps an axis of the plane is cut for the model, and for each unit; bars of a histogram."""

LOOKED_AT = 64
"""How many examples the activations and gradients that are shown live come from."""


class ModelError(Exception):
    """Code of the page that failed.

    Args:
        message: what Python said.
        line: where in the code, None if it is not known.
    """

    def __init__(self, message: str, line: int | None) -> None:
        super().__init__(message)
        self.line = line

    @classmethod
    def of(cls, error: BaseException) -> ModelError:
        """Make one of whatever was raised."""
        if isinstance(error, SyntaxError) and error.filename == FILE:
            return cls(f"SyntaxError: {error.msg}", error.lineno)
        lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == FILE]
        return cls(f"{type(error).__name__}: {error}", lines[-1] if lines else None)


class Trial:
    """A model made of code, and its training on examples.

    Args:
        code: Python that makes a compiled model named `model`.
        examples: what it learns.
        batch_size: number of examples of a batch.
        seed: of weights, order of examples, and whatever else is drawn.

    Raises:
        ModelError: if the code fails, or makes no model that fits the examples.

    Example:

    >>> from minikeras.playground.examples import make_examples
    >>> from minikeras.playground.model_code import TEMPLATE
    >>> from minikeras.playground.trial import Trial
    >>> trial = Trial(TEMPLATE, make_examples("moons", points=100), batch_size=25)
    >>> arrays = trial.recorded_step()
    >>> arrays["gradient of dense/kernel"].shape
    (2, 8)
    """

    def __init__(self, code: str, examples: Examples, batch_size: int = 32, seed: int = 0) -> None:
        if batch_size < 1:
            raise ModelError(f"The batch size must be positive. Received: {batch_size}", None)
        self.examples, self.batch_size = examples, batch_size
        clear_session()  # layers are named as in a fresh process
        set_random_seed(seed)
        self._rng = np.random.default_rng(seed)
        try:
            self.model = _model_of(code)
            shape = self._input_shape()
            self._x, self._y = examples.training[0].reshape(shape), examples.training[1]
            held_out, self._y_held_out = examples.validation
            self._x_held_out = held_out.reshape(shape)
            self.model(self._x[:1])  # builds it, if it is not
            self.probabilities(self._x[:1])
            self._layers, self._probe = _probe(self.model)
        except ModelError:
            raise
        except (Exception, SystemExit) as error:
            raise ModelError.of(error) from error
        self.epoch = self.step = 0
        self.history: list[list] = []
        self._stride = 1
        self.last: list = []
        self._order: np.ndarray = np.arange(0)
        self._at = 0

    def train_batch(self) -> bool:
        """Train on the next batch; return whether the epoch ended with it."""
        self.model.train_on_batch(*self._next_batch())
        return self._took()

    def recorded_step(self) -> dict[str, np.ndarray]:
        """Train on the next batch, and return every array on the way there and back.

        In the order in which they are computed: inputs, outputs of layers, loss, gradients of outputs
        and of weights, weights before and after. Gradients are those of the loss that is shown.
        """
        model = self.model
        x, y = self._next_batch()
        weights = model.trainable_variables
        names = _names(model, weights)
        before = [w.numpy().copy() for w in weights]
        with GradientTape() as tape:
            outputs = self._probe(x, training=True)
            loss = model.compute_loss(x=x, y=y, y_pred=outputs[-1])
        gradients = tape.gradient(loss, [*outputs, *weights])
        of_outputs, of_weights = gradients[: len(outputs)], gradients[len(outputs) :]
        model.optimizer.apply_gradients(zip(of_weights, weights))
        self._took()

        layers = [layer.name for layer in self._layers] or [model.name]
        forward = {f"output of {name}": out for name, out in zip(layers, outputs)}
        backward = {f"gradient of output of {n}": g for n, g in zip(layers, of_outputs)}
        steps = {f"gradient of {name}": g for name, g in zip(names, of_weights)}
        old = {f"{name} before": w for name, w in zip(names, before)}
        new = {f"{name} after": w for name, w in zip(names, weights)}
        arrays = {"x": x, "y": y, **old, **forward, "loss": loss}
        arrays |= {**dict(reversed(backward.items())), **dict(reversed(steps.items())), **new}
        return {name: np.array(a) for name, a in arrays.items() if a is not None}

    def probabilities(self, x: np.ndarray) -> np.ndarray:
        """Return the probability of each class for each example."""
        return class_probabilities("playground", self.model, x, None, batch_size=4096)

    def accuracy(self, held_out: bool = False) -> float:
        """Return which part of the examples the model gets right."""
        x, y = (self._x_held_out, self._y_held_out) if held_out else (self._x, self._y)
        return float((self.probabilities(x).argmax(axis=1) == y[:, 0]).mean())

    def summary(self) -> dict:
        """Return what the page draws: numbers and small pictures, no array as a whole."""
        seen = {"layers": self._layer_summaries(), "epoch": self.epoch, "step": self.step}
        seen |= {"history": self.history, "last": self.last}
        if self.examples.is_plane:
            p = self.probabilities(self._plane(MAP_STEPS))
            sure = (p.max(axis=1) - 1 / p.shape[1]) / (1 - 1 / p.shape[1])
            seen["map"] = {
                "steps": MAP_STEPS,
                "best": _base64(p.argmax(axis=1)),
                "sure": _base64(255 * np.nan_to_num(sure).clip(0, 1)),
            }
        else:
            shown = self.probabilities(self._x_held_out[:LOOKED_AT])
            seen["predicted"] = shown.argmax(axis=1).tolist()
        return seen

    def _input_shape(self) -> tuple:
        shape = (-1, *self.examples.x.shape[1:])
        wanted = getattr(self.model, "input_shape", None) if self.model.built else None
        if wanted is not None and None not in wanted[1:]:
            features = int(np.prod(wanted[1:]))
            if features != self.examples.x.shape[1]:
                raise ModelError(
                    f"The model takes inputs of shape {tuple(wanted[1:])}, but each example has "
                    f"{self.examples.x.shape[1]} features.",
                    None,
                )
            shape = (-1, *wanted[1:])
        return shape

    def _next_batch(self) -> tuple[np.ndarray, np.ndarray]:
        if self._at == 0:
            self._order = self._rng.permutation(len(self._x))
        rows = self._order[self._at : self._at + self.batch_size]
        return self._x[rows], self._y[rows]

    def _took(self) -> bool:
        """Count a batch; at the end of an epoch note loss and accuracy on all that there is."""
        self.step += 1
        self._at += self.batch_size
        if self._at < len(self._x):
            return False
        self._at = 0
        self.epoch += 1
        losses = [self._loss(self._x, self._y), self._loss(self._x_held_out, self._y_held_out)]
        accuracies = [self.accuracy(), self.accuracy(held_out=True)]
        self.last = [self.epoch, *losses, *accuracies]
        if self.epoch % self._stride == 0:
            self.history.append(self.last)
        if len(self.history) >= 600:  # an hour of training is as quick to draw as a minute
            self.history, self._stride = self.history[1::2], self._stride * 2
        return True

    def _loss(self, x: np.ndarray, y: np.ndarray) -> float:
        logs = self.model.evaluate(x, y, batch_size=1024, verbose=0, return_dict=True)
        return float(logs["loss"])

    def _plane(self, steps: int) -> np.ndarray:
        low, high = corners(self.examples.x)
        xs, ys = np.linspace(low, high, steps).T
        plane = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2).astype("float32")
        return plane.reshape(-1, *self._x.shape[1:])

    def _layer_summaries(self) -> list[dict]:
        x, y = self._x[:LOOKED_AT], self._y[:LOOKED_AT]
        model = self.model
        weights = model.trainable_variables
        with GradientTape() as tape:
            outputs = self._probe(x, training=False)
            loss = model.compute_loss(x=x, y=y, y_pred=outputs[-1], training=False)
        gradients = tape.gradient(loss, [*outputs, *weights])
        of_weight = {id(w): g for w, g in zip(weights, gradients[len(outputs) :])}
        plane = self.examples.is_plane
        drawn = self._probe(self._plane(UNIT_STEPS) if plane else x, training=False)
        found = []
        for layer, out, gradient, picture in zip(
            self._layers or [model], outputs, gradients, drawn
        ):
            picture = np.asarray(picture)
            summary = {
                "name": layer.name,
                "kind": type(layer).__name__,
                "shape": list(out.shape[1:]),
                "output": histogram(out),
                "gradient": histogram(gradient),
                "weights": [],
            }
            if picture.ndim == 2:
                picture = picture[:, :MOST_UNITS]
                if not plane:
                    picture = picture.mean(axis=0, keepdims=True)
                top = np.nanmax(np.abs(picture), initial=1e-30)
                shades = np.nan_to_num(128 + 127 * picture / top).clip(0, 255)
                summary["units"] = [_base64(unit) for unit in shades.T]
            layer_weights = layer.trainable_variables
            for name, w in zip(_names(layer, layer_weights), layer_weights):
                values = w.numpy()
                summary["weights"].append(
                    {
                        "name": name,
                        "shape": list(w.shape),
                        "value": histogram(values),
                        "gradient": histogram(of_weight.get(id(w))),
                    }
                )
                if values.ndim == 2 and name.endswith("kernel"):
                    summary["lines"] = jsonable(values[:MOST_UNITS, :MOST_UNITS].round(3))
            found.append(summary)
        return found


def corners(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and the highest coordinates of the plane that is drawn."""
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.1 * np.where(high > low, high - low, 1)
    return low - margin, high + margin


def histogram(values: Any) -> dict | None:
    """Return mean, deviation, range and a histogram of an array, None without numbers."""
    if values is None:
        return None
    flat = np.asarray(values, "float64").ravel()
    finite = flat[np.isfinite(flat)]
    if not finite.size:
        return None
    low, high = float(finite.min()), float(finite.max())
    spread = max(high - low, 1e-30)
    bars = np.bincount(((finite - low) / spread * BINS).astype(int).clip(0, BINS - 1))
    return {
        "mean": float(finite.mean()),
        "deviation": float(finite.std()),
        "low": low,
        "high": high,
        "bars": np.pad(bars, (0, BINS - len(bars))).tolist(),
        "not_finite": int(flat.size - finite.size),
    }


def jsonable(array: np.ndarray) -> Any:
    """Return an array as nested lists, with the names of numbers that JSON lacks."""
    array = np.asarray(array)
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return array.tolist()
    return [jsonable(a) for a in array] if array.ndim else str(array)


def _base64(values: np.ndarray) -> str:
    return base64.b64encode(values.astype("uint8").tobytes()).decode()


def _model_of(code: str) -> Model:
    """Run code and return the model that it made."""
    names: dict = {"__name__": "__main__"}
    exec(compile(code, FILE, "exec"), names)
    model = names.get("model")
    if not isinstance(model, Model):
        raise ModelError(
            "The code must make a model of minikeras named `model`. "
            f"Received: {'nothing of that name' if model is None else type(model)}",
            None,
        )
    if model.optimizer is None or not model.compiled:
        raise ModelError("The code must call model.compile(optimizer=..., loss=...).", None)
    return model


def _probe(model: Model) -> tuple[list, Any]:
    """Return the layers of a model that give one output each, and a function of all these outputs.

    The last is the model's. Of a model with a `call` of its own it is all that can be seen.
    """
    layers, outputs = [], []
    try:
        for layer in model.layers:
            if type(layer).__name__ != "InputLayer":
                outputs.append(layer.output)
                layers.append(layer)
        if outputs and outputs[-1] is model.outputs[0]:
            return layers, Model(model.inputs, outputs)
    except (AttributeError, ValueError):
        pass
    return [], lambda x, training: [model(x, training=training)]


def _names(layer: Any, weights: list) -> list[str]:
    """Return short names for weights: without the model's, where all begin with it."""
    paths = [w.path for w in weights]
    first = {path.partition("/")[0] for path in paths}
    if isinstance(layer, Model) and len(first) == 1:
        return [path.partition("/")[2] or path for path in paths]
    return ["/".join(path.rsplit("/", 2)[-2:]) for path in paths]
