"""Shapes by trying: run a function with numbers in place of the sizes that are not known.

What a function gives for two choices of sizes tells what it gives for all: sizes that come out
different depend on an unknown one. `ops.shape(x)[0]` is a number while this goes on, and may be
computed with, compared and given to any function. No data is needed for it: KerasTensors of those
sizes flow through. Only a function that asks for values is run on arrays, of ones.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minikeras import tree
from minikeras.autodiff.keras_tensor import AssumedSize, KerasTensor, SymbolicTensorError
from minikeras.autodiff.state import thread
from minikeras.autodiff.tape import no_recording
from minikeras.autodiff.tensor import Tensor
from minikeras.common.dtypes import np_dtype

# Sizes to try, by axis. First each axis has sizes of its own, so far from multiples of one another
# that neither differences nor quotients of two sizes come out equal both times. Where that does not
# work, as with arrays whose axes must agree, all axes have one size, as in Keras; a table of few
# positions may want small ones.
_DISTINCT = ((4, 64, 96, 128, 160), (8, 128, 320, 768, 1792))
_SHARED = ((32,) * 5, (64,) * 5)
_SMALL = ((2,) * 5, (3,) * 5)


@contextlib.contextmanager
def describing() -> Any:
    """While this is open, calls of ops and layers are parts of a description, not steps of a graph."""
    here = thread.state
    before, here.describing = here.describing, True
    try:
        yield
    finally:
        here.describing = before


def probe(function: Callable, args: tuple, kwargs: dict, arrays: bool = False) -> Any:
    """Return what `function` gives for KerasTensors, by running it with sizes that are all known.

    Args:
        function: what is to be described.
        args, kwargs: its arguments, with KerasTensors among them.
        arrays: whether to run it on arrays at once; else only if it asks for values.

    Returns:
        The structure that `function` returns, with a KerasTensor for each tensor.

    Raises:
        ValueError: whatever `function` raises, whichever sizes are tried.
    """
    if not arrays:
        try:
            return _tried(function, args, kwargs, _assumed, (_DISTINCT, _SHARED, _SMALL))
        except SymbolicTensorError:
            pass
    return _tried(function, args, kwargs, _ones, (_SMALL, _SHARED))


def _tried(
    function: Callable, args: tuple, kwargs: dict, stand_in: Callable, choices: Sequence[tuple]
) -> Any:
    """Run a function on what stands in for KerasTensors, with the first pair of sizes that it takes."""

    def run(sizes: Sequence[int]) -> Any:
        inputs = _replaced((args, kwargs), lambda t: stand_in(t, sizes))
        with describing(), no_recording(), np.errstate(all="ignore"):
            return function(*inputs[0], **inputs[1])

    if all(_is_known(t) for t in tree.flatten((args, kwargs))):
        return tree.map_structure(_spec, run(()))
    reason = None
    for pair in choices:
        try:
            runs = [run(sizes) for sizes in pair]
        except _UNFIT as error:
            reason = reason or error
            continue
        if pair is not _SMALL:  # is anything cut off at a known size?
            with contextlib.suppress(*_UNFIT):
                runs.append(run(_SMALL[0]))
        return tree.map_structure(_merge, *runs)
    raise reason


_UNFIT = (ValueError, IndexError, ArithmeticError)
"""What a function raises for sizes that it cannot take."""


def _is_known(t: Any) -> bool:
    return not isinstance(t, KerasTensor) or None not in t.shape


def _replaced(arguments: Any, change: Callable) -> Any:
    """Change the KerasTensors among arguments, and the masks that they carry."""

    def replace(t: Any) -> Any:
        if not isinstance(t, KerasTensor):
            return t
        changed = change(t)
        if t._keras_mask is not None:
            changed._keras_mask = replace(t._keras_mask)
        return changed

    return tree.map_structure(replace, arguments)


def _shape(t: KerasTensor, sizes: Sequence[int]) -> list[int]:
    return [
        AssumedSize(sizes[min(axis, len(sizes) - 1)]) if d is None else d
        for axis, d in enumerate(t.shape)
    ]


def _assumed(t: KerasTensor, sizes: Sequence[int]) -> KerasTensor:
    return KerasTensor(_shape(t, sizes), t.dtype)


def _ones(t: KerasTensor, sizes: Sequence[int]) -> Tensor:
    if t.dtype == "string":
        return Tensor(np.full(_shape(t, sizes), "1"))
    return Tensor(np.ones(_shape(t, sizes), np_dtype(t.dtype)))


def _spec(x: Any) -> Any:
    if isinstance(x, (Tensor, KerasTensor, np.ndarray)):
        return KerasTensor(x.shape, x.dtype)
    return x


def _merge(*runs: Any) -> Any:
    first = runs[0]
    if isinstance(first, AssumedSize):  # a size that is handed on as a number
        return KerasTensor((), "int32")
    if not isinstance(first, (Tensor, KerasTensor, np.ndarray)):
        return first if all(y == first for y in runs) else None
    if len({len(y.shape) for y in runs}) > 1:
        raise ValueError("The number of axes of the output depends on an unknown size.")
    sizes = [set(same_axis) for same_axis in zip(*[y.shape for y in runs])]
    return KerasTensor(
        [int(*s) if len(s) == 1 and s != {None} else None for s in sizes], first.dtype
    )
