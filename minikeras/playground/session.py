"""What the page works on: data, code, and a trial that trains on a thread."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Any

import numpy as np

from minikeras.compat.importer import uninstall
from minikeras.playground.examples import make_examples, names
from minikeras.playground.fields import MOST_BATCH, MOST_SEED, check_number
from minikeras.playground.interruption import Interruptible, Stopped
from minikeras.playground.model_code import ACTIVATIONS, LAYERS, OPTIMIZERS, TEMPLATE, ModelCode
from minikeras.playground.snapshot import drawn_examples, jsonable, snapshot
from minikeras.playground.trial import FAILURES, ModelError, Trial

PATIENCE = 5.0
"""How many seconds a request waits for the thread, which may run the user's code."""

GRACE = 1.0
"""How many seconds what runs has to end by itself after Stop, before it is interrupted."""

UNSEEN = 60.0
"""After how many seconds in which no page asks for the state a training pauses."""

AGAIN = "“Use this code” runs it again."
"""What is said of code that had to be stopped."""

QUESTIONS = frozenset({"page", "state", "array"})
"""Commands that change nothing."""

SLICE = 0.05
"""For how many seconds at most the thread trains before it looks for requests."""


class Session:
    """A model, data, and the one thread that touches them.

    Requests put functions into a queue; between them, while it runs, the thread trains. So nothing
    needs a lock, and all of a model's work is done by one thread. Only `stop` comes from outside.

    Example:

    >>> from minikeras.playground.session import Session
    >>> with Session() as session:
    ...     session.do("step")["step"], session.do("state")["running"]
    (1, False)
    """

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue = queue.SimpleQueue()
        self._work = Interruptible()
        self._running = False
        self._speed = 20.0
        self._due = self._seen = time.monotonic()
        self._batch: dict[str, np.ndarray] = {}
        self._error: dict | None = None
        self._endless: str | None = None  # code that had to be stopped
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
            "settings": self._set,
            "start": self._start,
            "step": self._step,
            "reset": self._reset,
        }
        self._thread = threading.Thread(target=self._serve, name="playground", daemon=True)
        self._thread.start()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()

    def close(self) -> None:
        """Stop what runs, and end the thread if it can be ended."""
        self._jobs.put(None)
        self.stop()
        self._thread.join(GRACE)
        uninstall()

    def stop(self) -> dict:
        """Stop the training, or the code of the user's that runs; say whether that has ended."""
        self._running = False
        return {"stopped": self._work.stop(GRACE)}

    def do(self, command: str, **arguments: Any) -> dict:
        """Have the thread run a command of the page and return its answer.

        Raises:
            KeyError: if there is no such command.
            ValueError, TypeError: if arguments are wrong.
            RuntimeError: if the session is closed.
            TimeoutError: if the thread is busy for too long. A command that changes something is run
                all the same, when its turn comes.
        """
        function = self._commands[command]
        if not self._thread.is_alive():
            raise RuntimeError("The session is closed.")
        answer: Future = Future()

        def job() -> None:
            if not answer.set_running_or_notify_cancel():
                return
            try:
                result = self._work.run(lambda: function(**arguments))
            except BaseException as error:
                answer.set_exception(error)
            else:
                answer.set_result(result)

        self._jobs.put(job)
        if not wait([answer], PATIENCE).done:
            if command in QUESTIONS:
                answer.cancel()
            raise TimeoutError("The model's code is still running.")
        return answer.result()

    def _serve(self) -> None:
        """Run jobs, and train while there are none."""
        while True:
            pause = max(0.0, self._due - time.monotonic()) if self._running else None
            try:
                job = self._jobs.get(timeout=pause) if pause != 0 else self._jobs.get_nowait()
            except queue.Empty:
                self._train()
                continue
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
            ended = self._work.run(lambda: self._train_until(begin + SLICE))
        except BaseException as error:  # nothing that the user's code raises ends this thread
            self._fail(ModelError.of(error))
        else:
            if ended and self._speed:
                self._due = max(begin, self._due + 1 / self._speed)

    def _train_until(self, end: float) -> bool:
        """Train until a time, or the end of the epoch; return whether that came."""
        while time.monotonic() < end:
            if self._trial.train_batch():
                return True
        return False

    def _fail(self, error: ModelError) -> None:
        self._running = False
        self._error = {"message": str(error), "line": error.line}

    def _state(self) -> dict:
        self._seen = time.monotonic()
        try:
            seen = snapshot(self._trial)
        except FAILURES as error:  # of layers of the user's
            self._fail(ModelError.of(error))
            seen = {"layers": [], "history": self._trial.history, "last": self._trial.last}
            seen |= {"epoch": self._trial.epoch, "step": self._trial.step}
        if self._trial.examples is not self._examples:  # the old model says nothing of the new data
            seen = {key: value for key, value in seen.items() if key not in ("map", "predicted")}
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
            "examples": drawn_examples(self._examples),
        }

    def _array(self, name: str) -> dict:
        if name not in self._batch:
            raise ValueError(f"There is no array {name!r} of the last step.")
        array = self._batch[name]
        return {"name": name, "shape": list(array.shape), "values": jsonable(array)}

    def _choose_data(self, code: str | None = None, **choice: Any) -> dict:
        """Take other data, and change the code so that it fits, where it can be changed."""
        examples = self._examples = make_examples(**choice)
        code = self._code if code is None else code
        changed = code
        # Code that is written otherwise is the user's to change; the trial says what does not fit.
        with contextlib.suppress(SyntaxError, ValueError):
            changed = ModelCode(code).fitted(examples.x.shape[1], len(examples.labels))
        return {**self._use_changed(code, changed), "examples": drawn_examples(examples)}

    def _edit(self, code: str, action: str, **arguments: Any) -> dict:
        """Return code as a button changes it, and make a model of it."""
        actions = ("add", "remove", "set_argument", "set_optimizer")
        if action not in actions:
            raise ValueError(f"Unknown action {action!r}. Known: {', '.join(actions)}")
        try:
            changed = getattr(ModelCode(code), action)(**arguments)
        except SyntaxError as error:
            raise ValueError(f"Line {error.lineno}: {error.msg}") from None
        return self._use_changed(code, changed)

    def _set(self, code: str, **settings: Any) -> dict:
        """Take another batch size or seed."""
        return self._use_changed(code, code, **settings)

    def _use_changed(self, code: str, changed: str, **settings: Any) -> dict:
        """Make a model of code as a control changed it.

        Raises:
            FieldError: if a setting cannot be used; nothing is changed then.

        Code that had to be stopped is not run: it would not end this time either. It is changed all the
        same, and waits until somebody wants to use it.
        """
        if code == self._endless:
            self._note(changed, **settings)
            self._endless = changed
            used = {"outline": _outline(changed), "error": self._error}
        else:
            used = self._use_code(changed, **settings)
        return {**used, "code": changed}

    def _use_code(self, code: str, batch_size: int | None = None, seed: int | None = None) -> dict:
        """Make a model of code; one that fails leaves the old model in place.

        Raises:
            FieldError: if a setting cannot be used; nothing is changed then.
        """
        if not isinstance(code, str):
            raise TypeError(f"The code must be text. Received: {code!r}")
        self._note(code, batch_size, seed)
        self._running = False
        self._endless = None
        try:
            self._trial = Trial(code, self._examples, self._batch_size, self._seed)
            self._error, self._batch = None, {}
            self._runs += 1
        except ModelError as error:
            if isinstance(error.__cause__, Stopped):
                self._endless = code
                error = ModelError(f"{error} {AGAIN}", error.line)
            self._fail(error)
        return {"outline": _outline(code), "error": self._error}

    def _note(self, code: str, batch_size: int | None = None, seed: int | None = None) -> None:
        """Keep code and settings for the next model."""
        if batch_size is not None:
            check_number("batch_size", "Batch size", batch_size, 1, MOST_BATCH)
        if seed is not None:
            check_number("seed", "Seed", seed, 0, MOST_SEED)
        self._batch_size = self._batch_size if batch_size is None else int(batch_size)
        self._seed = self._seed if seed is None else int(seed)
        self._code = code

    def _start(self, speed: float | None = None) -> dict:
        """Train, `speed` epochs a second, or as fast as it goes for 0."""
        if speed is not None:
            self._speed = max(0.0, float(speed))
        if self._error is None:
            self._running = True
            self._seen = self._due = time.monotonic()
        return {"running": self._running, "error": self._error}

    def _step(self) -> dict:
        """Train on one batch and keep its arrays."""
        self._running = False
        if self._error is None:
            try:
                self._batch = self._trial.recorded_step()
            except FAILURES as error:
                self._fail(ModelError.of(error))
        return {"step": self._trial.step, "arrays": list(self._batch), "error": self._error}

    def _reset(self) -> dict:
        return self._use_code(self._code)


def _outline(code: str) -> dict:
    """Return what the controls show, or why they show nothing."""
    try:
        return ModelCode(code).outline()
    except SyntaxError as error:
        return {"why": f"Line {error.lineno}: {error.msg}"}
    except ValueError as error:
        return {"why": str(error)}
