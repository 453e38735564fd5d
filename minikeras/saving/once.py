"""Files that all ranks write together: rank 0 for all."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from minikeras.autodiff.variable import is_split
from minikeras.common.ranks import ranks


def written_once(save: Callable) -> Callable:
    """Let rank 0 alone write a model whose variables are split over ranks, when it has gathered them.

    All ranks call `save(model, path, ...)` together then. A model that each rank has whole is written
    by whoever calls.
    """

    @functools.wraps(save)
    def write(model: Any, path: str, *args: Any, **options: Any) -> None:
        if not is_split(model.variables):
            save(model, path, *args, **options)
            return
        from minikeras.autodiff.split import gathered

        everybody, failure = ranks(), None
        optimizer = getattr(model, "optimizer", None)
        variables = [*model.variables, *([] if optimizer is None else optimizer.variables)]
        with gathered(variables, everybody.rank == 0):
            if everybody.rank == 0:
                try:
                    save(model, path, *args, **options)
                except Exception as error:  # which the others have to hear of
                    failure = error
        failed = everybody.all(failure is not None)[0]  # and wait until the file is there
        if failure is not None:
            raise failure
        if failed:
            raise OSError(f"Rank 0 could not write {path!r}; its own error says why.")

    return write
