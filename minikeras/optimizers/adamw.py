"""AdamW."""

from __future__ import annotations

from typing import Any

from minikeras.optimizers.adam import Adam


class AdamW(Adam):
    """Adam with weight decay that does not go through the gradient.

    Args:
        learning_rate: a float, a schedule, or a function of no arguments.
        weight_decay: part of the weights, times the learning rate, that each step takes off them.
        beta_1: decay of the running mean of the gradient.
        beta_2: decay of the running mean of its square.
        epsilon: added to the divisor.
        amsgrad: whether to divide by the greatest mean square so far.

    The other arguments are those of `Optimizer`.

    Source:
        Loshchilov & Hutter, 2017, https://arxiv.org/abs/1711.05101

    Example:

    >>> import minikeras
    >>> w = minikeras.Variable([1.0, 2.0])
    >>> minikeras.optimizers.AdamW(0.1, weight_decay=0.5).apply([[1.0, -1.0]], [w])
    >>> w.numpy().round(3)
    array([0.85, 2.  ], dtype=float32)
    """

    def __init__(
        self, learning_rate: Any = 0.001, weight_decay: float = 0.004, **options: Any
    ) -> None:
        if weight_decay is None:
            raise ValueError("AdamW: `weight_decay` must be a float. Received: weight_decay=None")
        super().__init__(learning_rate, weight_decay=weight_decay, **options)
