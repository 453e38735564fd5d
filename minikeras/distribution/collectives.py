"""Operations over the rows of all ranks, with their gradients.

A rank's loss is the mean over its rows; what counts is the mean over all rows. The tape weights losses by
the shares of the rows (`autodiff/tape.py: loss_seed`), so what reaches a backward here is this rank's term
of the gradient of the whole batch's loss, and so is what it returns.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras import tree
from minikeras.autodiff.primitive import Primitive
from minikeras.autodiff.tape import GradientTape
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.ranks import running, sharers, without_rows


def _gather(x: np.ndarray) -> tuple[np.ndarray, Any]:
    return sharers().rows(x), running.rows


def _gather_backward(g: np.ndarray, rows: Any, needs: Any, out: Any) -> list[np.ndarray]:
    # Every rank computes the same of all rows: the gradient by its own is there whole, but for the share.
    return [g[rows.slice] * g.dtype.type(rows.inverse)]


ALL_ROWS = Primitive("rows_of_all_ranks", _gather, _gather_backward)
"""The rows of all ranks, of a tensor that holds this rank's."""


def _add(x: np.ndarray) -> tuple[np.ndarray, Any]:
    rows, x = running.rows, np.array(x)
    without_rows([x], rows)
    return sharers().add(x), rows


def _add_backward(g: np.ndarray, rows: Any, needs: Any, out: Any) -> list[np.ndarray]:
    g = np.array(g)
    without_rows([g], rows)
    return [sharers().add(g)]


SUM_OF_RANKS = Primitive("sum_over_ranks", _add, _add_backward)
"""The sum of a tensor of each rank; those without rows add nothing."""

GradientTape.sum_of_ranks = SUM_OF_RANKS


def whole(structure: Any) -> Any:
    """Return targets, outputs or weights with the rows of all ranks.

    Args:
        structure: tensors whose first axis is that of this rank's rows, masks on them included;
            others stay as they are.
    """

    def gathered(x: Any) -> Any:
        if not isinstance(x, (Tensor, np.ndarray)) or not x.shape:
            return x
        if isinstance(x, np.ndarray):
            return sharers().rows(x)
        result = ALL_ROWS(x)
        if x._keras_mask is not None:
            result._keras_mask = Tensor(sharers().rows(to_array(x._keras_mask)))
        return result

    return tree.map_structure(gathered, structure)
