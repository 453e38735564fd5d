"""Products with a kernel of which each rank holds a part."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def split_product(
    inputs: Any,
    kernel: Any,
    bias: Any,
    product: Callable,
    summed: int | None,
    kept: int | None,
    bias_axis: int | None,
) -> Any:
    """Return the whole product of inputs and a split kernel, plus bias, on every rank.

    If the product sums over the axis along which the kernel is split, each rank computes a term of the
    sum; else it computes its part of the outputs.

    Args:
        inputs: the whole inputs.
        kernel: a `SplitVariable`.
        bias: variable, whole or split, or None.
        product: `product(inputs, kernel, bias)`, which leaves out a bias of None.
        summed: the axis of the inputs that goes with the kernel's, None if there is none.
        kept: the axis of the outputs that goes with it, None if there is none.
        bias_axis: the axis of the bias that goes with it, None if there is none.
    """
    from minikeras.autodiff.split import GATHER, OWN_PART, SUM_OF_TERMS, TAKEN_BY_ALL

    ranks = kernel._split.ranks
    if summed is None:
        inputs = TAKEN_BY_ALL(inputs, ranks=ranks)
    else:
        inputs = OWN_PART(inputs, axis=summed, ranks=ranks)
    if kept is None:
        y = SUM_OF_TERMS(product(inputs, kernel.own, None), ranks=ranks)
        return y if bias is None else y + bias
    if bias is not None:
        if bias_axis is None:
            bias = TAKEN_BY_ALL(bias, ranks=ranks)
        elif bias._split == (bias_axis, ranks):
            bias = bias.own
        else:
            bias = OWN_PART(bias, axis=bias_axis, ranks=ranks)
    return GATHER(product(inputs, kernel.own, bias), axis=kept, ranks=ranks)
