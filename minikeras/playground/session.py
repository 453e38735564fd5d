"""What the page works on: data, code, and a trial that trains on a thread."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import numpy as np

from minikeras.playground.examples import Examples, make_examples, names
from minikeras.playground.model_code import ACTIVATIONS, LAYERS, OPTIMIZERS, TEMPLATE, ModelCode
from minikeras.playground.trial import ModelError, Trial, corners, jsonable

PATIENCE = 20.0
"""How many seconds a request waits for the thread, which may run the user's code."""

UNSEEN = 60.0
"""After how many seconds in which no page asks for the state a training pauses."""

SLICE = 0.05
"""For how many seconds at most the thread trains before it looks for requests."""


class Session:
    """A model, data, and the one thread that touches them.

    Requests put functions into a queue; between them, while it runs, the thread trains. So nothing
    needs a lock, and all of a model's work is done by one thread.

    Example:

    >>> from minikeras.playground.session import Session
    >>> with Session() as session:
    ...     session.do("step")["step"], session.do("state")["running"]
    (1, False)
    """

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue = queue.SimpleQueue()
        self._running = False
        self._speed = 20.0
        self._due = self._seen = time.monotonic()
        self._batch: dict[str, np.ndarray] = {}
        self._error: dict | None = None
        self._runs = 0
        self._code, self._batch_size, self._seed = TEMPLATE, 32, 0
        self._examples = make_examples()
        self._trial = Trial(TEMPLATE, self._examples, self._batch_size)
        self._commands: dict[str, Callable[..., dict]] = {
            "state": self._state,
            "page": self._page,
            "array": self._array,
            "data": self._choose_data,
            "edit": self._edit,
            "code": self._use_code,
            "start": self._start,
            "pause": self._pause,
            "step": self._step,
            "reset": self._reset,
        }
        self._thread = threading.Thread(target=self._work, name="playground", daemon=True)
        self._thread.start()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()

    def close(self) -> None:
        """Stop training and end the thread, which is not waited for long."""
        self._running = False
        self._jobs.put(None)
        self._thread.join(2)

    def do(self, command: str, **arguments: Any) -> dict:
        """Have the thread run a command of the page and return its answer.

        Raises:
            KeyError: if there is no such command.
            ValueError, TypeError: if arguments are wrong.
            TimeoutError: if the thread is busy for too long.
        """
        function = self._commands[command]
        answer: Future = Future()

        def job() -> None:
            if not answer.set_running_or_notify_cancel():
                return
            try:
                answer.set_result(function(**arguments))
            except Exception as error:
                answer.set_exception(error)

        self._jobs.put(job)
        try:
            return answer.result(PATIENCE)
        except TimeoutError as error:
            raise _busy(answer) from error
        except Exception as error:
            # Python 3.10 has another TimeoutError for futures.
            if type(error).__name__ == "TimeoutError" and not answer.done():
                raise _busy(answer) from error
            raise

    def _work(self) -> None:
        while True:
            wait = max(0.0, self._due - time.monotonic()) if self._running else None
            try:
                job = self._jobs.get(timeout=wait) if wait != 0 else self._jobs.get_nowait()
            except queue.Empty:
                job = self._train
            if job is None:
                return
            job()

    def _train(self) -> None:
        """Train to the end of the epoch, or for a while."""
        begin = time.monotonic()
        if begin - self._seen > UNSEEN:
            self._running = False
            return
        try:
            ended = False
            while not ended and time.monotonic() - begin < SLICE:
                ended = self._trial.train_batch()
            if ended and self._speed:
                self._due = max(begin, self._due + 1 / self._speed)
        except (Exception, SystemExit) as error:
            self._fail(ModelError.of(error))

    def _fail(self, error: ModelError) -> None:
        self._running = False
        self._error = {"message": str(error), "line": error.line}

    def _state(self) -> dict:
        self._seen = time.monotonic()
        try:
            seen = self._trial.summary()
        except Exception as error:  # of layers of the user's
            self._fail(ModelError.of(error))
            seen = {"layers": [], "history": self._trial.history, "last": self._trial.last}
            seen |= {"epoch": self._trial.epoch, "step": self._trial.step}
        return seen | {
            "run": self._runs,
            "running": self._running,
            "error": self._error,
            "arrays": [{"name": n, "shape": list(a.shape)} for n, a in self._batch.items()],
        }

    def _page(self) -> dict:
        """Return what the page needs once."""
        choices = {"data": names(), "activations": ACTIVATIONS, "optimizers": OPTIMIZERS}
        return {
            **choices,
            "kinds": list(LAYERS),
            "code": self._code,
            "outline": _outline(self._code),
            "batch_size": self._batch_size,
            "seed": self._seed,
            "examples": _drawable(self._examples),
        }

    def _array(self, name: str) -> dict:
        if name not in self._batch:
            raise ValueError(f"There is no array {name!r} of the last step.")
        array = self._batch[name]
        return {"name": name, "shape": list(array.shape), "values": jsonable(array)}

    def _choose_data(self, code: str | None = None, **choice: Any) -> dict:
        """Take other data, and change the code so that it fits, where it can be changed."""
        self._examples = examples = make_examples(**choice)
        code = self._code if code is None else code
        # Code that is written otherwise is the user's to change; the trial says what does not fit.
        with contextlib.suppress(SyntaxError, ValueError):
            code = ModelCode(code).fitted(examples.x.shape[1], len(examples.labels))
        return {**self._use_code(code), "code": code, "examples": _drawable(examples)}

    def _edit(self, code: str, action: str, **arguments: Any) -> dict:
        """Return code as a button changes it, and make a model of it."""
        actions = ("add", "remove", "set_argument", "set_optimizer")
        if action not in actions:
            raise ValueError(f"Unknown action {action!r}. Known: {', '.join(actions)}")
        try:
            code = getattr(ModelCode(code), action)(**arguments)
        except SyntaxError as error:
            raise ValueError(f"Line {error.lineno}: {error.msg}") from None
        return {**self._use_code(code), "code": code}

    def _use_code(self, code: str, batch_size: int | None = None, seed: int | None = None) -> dict:
        """Make a model of code; one that fails leaves the old model in place."""
        self._running = False
        self._batch_size = self._batch_size if batch_size is None else int(batch_size)
        self._seed = self._seed if seed is None else int(seed)
        self._code = code
        try:
            self._trial = Trial(code, self._examples, self._batch_size, self._seed)
            self._error, self._batch = None, {}
            self._runs += 1
        except ModelError as error:
            self._fail(error)
        return {"outline": _outline(code), "error": self._error}

    def _start(self, speed: float | None = None) -> dict:
        """Train, `speed` epochs a second, or as fast as it goes for 0."""
        if speed is not None:
            self._speed = max(0.0, float(speed))
        if self._error is None:
            self._running = True
            self._seen = self._due = time.monotonic()
        return {"running": self._running, "error": self._error}

    def _pause(self) -> dict:
        self._running = False
        return {"running": False}

    def _step(self) -> dict:
        """Train on one batch and keep its arrays."""
        self._running = False
        if self._error is None:
            try:
                self._batch = self._trial.recorded_step()
            except (Exception, SystemExit) as error:
                self._fail(ModelError.of(error))
        return {"step": self._trial.step, "arrays": list(self._batch), "error": self._error}

    def _reset(self) -> dict:
        return self._use_code(self._code)


def _busy(answer: Future) -> TimeoutError:
    answer.cancel()
    return TimeoutError(
        f"The model's code has been running for {PATIENCE:.0f} seconds. If it never ends, stop the "
        "server with Ctrl-C."
    )


def _outline(code: str) -> dict:
    """Return what the controls show, or why they show nothing."""
    try:
        return ModelCode(code).outline()
    except SyntaxError as error:
        return {"why": f"Line {error.lineno}: {error.msg}"}
    except ValueError as error:
        return {"why": str(error)}


def _drawable(examples: Examples) -> dict:
    """Return examples as the page draws them: points, or the first images that are held out."""
    held_out, y = examples.validation
    drawn = {"name": examples.name, "labels": examples.labels, "plane": examples.is_plane}
    drawn |= {"count": len(examples.x), "training": len(examples.training[0])}
    if not examples.is_plane:
        return drawn | {"x": held_out[:64].round(3).tolist(), "y": y[:64, 0].tolist()}
    low, high = corners(examples.x)
    drawn |= {"low": low.tolist(), "high": high.tolist(), "features": examples.features}
    x = examples.x.astype("float64").round(4)
    return drawn | {"x": x.tolist(), "y": examples.y[:, 0].tolist()}
