"""A model made of code, in training: batch after batch."""

from __future__ import annotations

import traceback

import numpy as np

from minikeras.compat.dialects import detect, is_late
from minikeras.compat.importer import install_as_keras
from minikeras.models import Model
from minikeras.playground.examples import Examples
from minikeras.playground.interruption import Stopped
from minikeras.playground.model_code import imports_keras
from minikeras.playground.recorded_step import recorded_step
from minikeras.utils import clear_session, set_random_seed
from minikeras.visualization.predictions import class_probabilities

FILE = "<model>"
"""What Python calls the code of the page in tracebacks."""

MOST_EPOCHS = 600
"""How many epochs the curves have at most; of a longer training, every second, fourth, ... one."""

FAILURES = (Exception, SystemExit, Stopped)
"""What code of the page may raise; Ctrl-C is none of it."""


class ModelError(Exception):
    """Code of the page that failed.

    Args:
        message: what Python said.
        line: where in the code, None if it is not known.
    """

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line

    @classmethod
    def of(cls, error: BaseException) -> ModelError:
        """Make one of whatever was raised."""
        if isinstance(error, ModelError):
            return error
        if isinstance(error, SyntaxError) and error.filename == FILE:
            return cls(f"{type(error).__name__}: {error.msg}", error.lineno)
        lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == FILE]
        line = lines[-1] if lines else None
        if isinstance(error, Stopped):
            return cls("Stopped.", line)
        return cls(f"{type(error).__name__}: {error}".removesuffix(": "), line)


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
            raise ModelError(f"The batch size must be positive. Received: {batch_size}")
        self.examples, self.batch_size = examples, batch_size
        try:
            clear_session()  # layers are named as in a fresh process
            set_random_seed(seed)
            self._rng = np.random.default_rng(seed)
            self.model = _model_of(code)
            shape = self._input_shape()
            self.x, self.y = examples.training[0].reshape(shape), examples.training[1]
            held_out, self.y_held_out = examples.validation
            self.x_held_out = held_out.reshape(shape)
            self.model(self.x[:1])  # builds it, if it is not
            classes = self.probabilities(self.x[:1]).shape[1]
            if classes < len(examples.labels):
                raise ModelError(
                    f"The model tells {classes} classes apart, but the examples have "
                    f"{len(examples.labels)}."
                )
        except FAILURES as error:
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
        """Train on the next batch, and return every array on the way: see `recorded_step`."""
        arrays = recorded_step(self.model, *self._next_batch())
        self._took()
        return arrays

    def probabilities(self, x: np.ndarray) -> np.ndarray:
        """Return the probability of each class for each example."""
        return class_probabilities("playground", self.model, x, None, batch_size=4096)

    def accuracy(self, held_out: bool = False) -> float:
        """Return which part of the examples the model gets right."""
        x, y = (self.x_held_out, self.y_held_out) if held_out else (self.x, self.y)
        return float((self.probabilities(x).argmax(axis=1) == y[:, 0]).mean())

    def _input_shape(self) -> tuple:
        """Return the shape that the model takes examples in: images may be rows of pixels."""
        shape = (-1, *self.examples.x.shape[1:])
        wanted = getattr(self.model, "input_shape", None) if self.model.built else None
        if wanted is not None and None not in wanted[1:]:
            features = int(np.prod(wanted[1:]))
            if features != self.examples.x.shape[1]:
                raise ModelError(
                    f"The model takes inputs of shape {tuple(wanted[1:])}, but each example has "
                    f"{self.examples.x.shape[1]} features."
                )
            shape = (-1, *wanted[1:])
        return shape

    def _next_batch(self) -> tuple[np.ndarray, np.ndarray]:
        if self._at == 0:
            self._order = self._rng.permutation(len(self.x))
        rows = self._order[self._at : self._at + self.batch_size]
        return self.x[rows], self.y[rows]

    def _took(self) -> bool:
        """Count a batch; at the end of an epoch note loss and accuracy on all that there is."""
        self.step += 1
        self._at += self.batch_size
        if self._at < len(self.x):
            return False
        self._at = 0
        self.epoch += 1
        losses = [self._loss(self.x, self.y), self._loss(self.x_held_out, self.y_held_out)]
        accuracies = [self.accuracy(), self.accuracy(held_out=True)]
        self.last = [self.epoch, *losses, *accuracies]
        if self.epoch % self._stride == 0:
            self.history.append(self.last)
        if len(self.history) >= MOST_EPOCHS:
            self.history, self._stride = self.history[1::2], self._stride * 2
        return True

    def _loss(self, x: np.ndarray, y: np.ndarray) -> float:
        logs = self.model.evaluate(x, y, batch_size=1024, verbose=0, return_dict=True)
        return float(logs.get("loss", "nan"))  # a `test_step` of the user's may name it otherwise


def _model_of(code: str) -> Model:
    """Run code and return the model that it made. Where it imports Keras it gets minikeras."""
    program = compile(code, FILE, "exec")
    if imports_keras(code):
        install_as_keras(detect(code), late=is_late(code))
    names: dict = {"__name__": "__main__"}
    exec(program, names)
    model = names.get("model")
    if not isinstance(model, Model):
        raise ModelError(
            "The code must make a model of minikeras named `model`. "
            f"Received: {'nothing of that name' if model is None else type(model)}"
        )
    if model.optimizer is None or not model.compiled:
        raise ModelError("The code must call model.compile(optimizer=..., loss=...).")
    return model
