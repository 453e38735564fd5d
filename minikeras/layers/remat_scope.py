"""`RematScope`: which layers compute their inner results again for the gradient."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal

from minikeras import activations, tree
from minikeras.autodiff.remat import in_remat, remat
from minikeras.common.arguments import Count, checked
from minikeras.common.settings import get_local, set_local


class RematScope:
    """A context: layers made in it save memory in training by computing twice.

    A layer in which others lie computes all of them again, so these are not treated by themselves.
    Models are not treated as a whole, but layer by layer.

    Args:
        mode: which layers. `"full"`: all. `"activations"`: of each, its activation function, where
            the layer does not compute that in place anyway (as it does relu, sigmoid, tanh and
            softmax). `"larger_than"`: those with more output elements than a threshold, the batch
            counted. `"list_of_layers"`: some by name. None: no layers, inside of another scope too.
        output_size_threshold: the threshold of `"larger_than"`.
        layer_names: names for `"list_of_layers"`.

    Raises:
        ValueError: if the mode is another.

    Example:

    >>> import minikeras
    >>> with minikeras.RematScope("list_of_layers", layer_names=["wide"]):
    ...     model = minikeras.Sequential([
    ...         minikeras.layers.Dense(64, activation="gelu", name="wide"),
    ...         minikeras.layers.Dense(1),
    ...     ])
    """

    @checked
    def __init__(
        self,
        mode: Literal["full", "activations", "larger_than", "list_of_layers", None] = "full",
        output_size_threshold: Count = 1024,
        layer_names: Sequence[str] | None = None,
    ) -> None:
        self.mode = mode
        self.output_size_threshold = output_size_threshold
        self.layer_names = list(layer_names or ())

    def __enter__(self) -> RematScope:
        set_local("remat_scopes", (*get_local("remat_scopes", ()), self))
        return self

    def __exit__(self, *exc: Any) -> None:
        set_local("remat_scopes", get_local("remat_scopes")[:-1])

    def applied(self, layer: Any, call: Callable, args: tuple, kwargs: dict) -> Callable:
        """Return a layer's `call` as this scope wants it."""
        if in_remat():
            return call
        if self.mode == "activations":
            return _with_activation_again(layer, call)
        wanted = (
            self.mode == "full"
            or (self.mode == "list_of_layers" and layer.name in self.layer_names)
            or (self.mode == "larger_than" and self._is_large(layer, args, kwargs))
        )
        return remat(call) if wanted else call

    def _is_large(self, layer: Any, args: tuple, kwargs: dict) -> bool:
        described = tree.flatten(layer.compute_output_spec(*args, **kwargs))
        sizes = [math.prod([d or 1 for d in y.shape]) for y in described if hasattr(y, "shape")]
        return sum(sizes) > self.output_size_threshold


def current_remat_mode() -> RematScope | None:
    """Return the innermost scope, None outside of any and in one whose mode is None."""
    scopes = get_local("remat_scopes", ())
    return scopes[-1] if scopes and scopes[-1].mode is not None else None


def _with_activation_again(layer: Any, call: Callable) -> Callable:
    activation = getattr(layer, "activation", None)
    if activation is None or activations.fused(activation) is not None:
        return call

    def again(*args: Any, **kwargs: Any) -> Any:
        object.__setattr__(layer, "activation", remat(activation))
        try:
            return call(*args, **kwargs)
        finally:
            object.__setattr__(layer, "activation", activation)

    return again
