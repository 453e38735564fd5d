"""Errors and warnings that point at the user's line, not into minikeras."""

from __future__ import annotations

import functools
import os
import sys
import types
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from minikeras.common.settings import settings

_PACKAGE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "")

_Function = TypeVar("_Function", bound=Callable)


def is_own_file(filename: str) -> bool:
    """Whether a file is one of minikeras's own."""
    return filename.startswith(_PACKAGE)


def filter_traceback(function: _Function) -> _Function:
    """Let the errors of a function that users call show their lines only.

    What it costs where nothing fails is one call, so it is for functions that are not called at
    every step. `minikeras.config.disable_traceback_filtering()` shows all lines again.
    """

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            if not settings.traceback_filtering:
                raise
            raise without_own_frames(error)  # noqa: B904 - it is the same error

    return call


def without_own_frames(error: Exception) -> Exception:
    """Return the error with minikeras's frames left out of its traceback, and out of its causes'.

    Raising it adds the frame that raises it. Causes that arose in minikeras and passed through no
    line of the user's are left out too.
    """
    link: BaseException = error
    while cause := link.__cause__ or (None if link.__suppress_context__ else link.__context__):
        users_part = _users_part(cause.__traceback__)
        if users_part is None:
            link.__cause__, link.__context__ = cause.__cause__, cause.__context__
            link.__suppress_context__ = cause.__suppress_context__
        else:
            cause.__traceback__ = users_part
            link = cause
    return error.with_traceback(_users_part(error.__traceback__))


def _users_part(traceback: types.TracebackType | None) -> types.TracebackType | None:
    entries = []
    while traceback is not None:
        if not is_own_file(traceback.tb_frame.f_code.co_filename):
            entries.append(traceback)
        traceback = traceback.tb_next
    result = None
    for entry in reversed(entries):
        result = types.TracebackType(result, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return result


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn as `warnings.warn` does, and name the line of the user's that led here."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and is_own_file(frame.f_code.co_filename):
        frame = frame.f_back
        level += 1
    warnings.warn(message, category, stacklevel=level)
