"""`Merge` and `merge` of Keras 0 and 1: branches brought together by a mode."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minikeras import layers
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.common.registry import register_keras_serializable
from minikeras.compat.spelling import tell
from minikeras.saving.legacy_configs import MERGES_OF_KERAS_1

MODES = tuple(MERGES_OF_KERAS_1)


@register_keras_serializable("keras1")
class MergeBy(layers.Lambda):
    """A function of a list of tensors as a layer: `merge` whose mode is a function.

    Args:
        function: function of the list of inputs (and of `mask`, if it takes it).
        output_shape: shape of one output without the batch axis, or a function of the list of input
            shapes; found by describing the function if None.
        mask: mask of the output, or a function of the list of masks.
        arguments: dict of further arguments of the function.
    """

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        return self.mask(previous_mask) if callable(self.mask) else self.mask

    def compute_output_shape(self, input_shape: Any) -> Any:
        if self._output_shape is None or callable(self._output_shape):
            return super().compute_output_shape(input_shape)
        return (input_shape[0][0], *self._output_shape)


class Merge:
    """Branches brought together: `Merge([left, right], mode="concat")`.

    It is the first layer of a `Sequential`, or is called on a list of tensors. What it makes of them are
    layers of today: `Add`, `Multiply`, `Concatenate`, `Average`, `Maximum`, `Dot`.

    Args:
        layers: models, layers that have been called, or KerasTensors, if it is not to be called.
        mode: `"sum"`, `"mul"`, `"concat"`, `"ave"`, `"cos"`, `"dot"`, `"max"`, or a function of the list of
            tensors.
        concat_axis: axis of `"concat"`.
        dot_axes: axis, or one for each of the two, of `"dot"` and `"cos"`.
        output_shape, output_mask, arguments: where the mode is a function, as in `MergeBy`.
        node_indices, tensor_indices: which call of a layer is meant, and which of its outputs.
        name: name of the layer.

    Raises:
        ValueError: if there is no such mode.

    Example:

    >>> import minikeras
    >>> from minikeras.compat.keras1.merge import Merge
    >>> a, b = minikeras.Input((3,)), minikeras.Input((4,))
    >>> Merge(mode="concat")([a, b]).shape
    (None, 7)
    """

    def __init__(
        self,
        layers: Sequence[Any] | None = None,
        mode: str | Callable = "sum",
        concat_axis: int = -1,
        dot_axes: Any = -1,
        output_shape: Any = None,
        output_mask: Any = None,
        arguments: dict | None = None,
        node_indices: Sequence[int] | None = None,
        tensor_indices: Sequence[int] | None = None,
        name: str | None = None,
    ) -> None:
        if not callable(mode) and mode not in MODES:
            raise ValueError(
                f"Merge: mode must be one of {', '.join(MODES)}, or a function. Got: {mode!r}"
            )
        if layers is not None and len(layers) < 2:
            raise ValueError(f"Merge: `layers` must hold at least two. Received: {len(layers)}")
        self.layers = layers
        self.mode = mode
        self.concat_axis, self.dot_axes = concat_axis, dot_axes
        self.output_shape, self.output_mask = output_shape, output_mask
        self.arguments = arguments
        self.node_indices, self.tensor_indices = node_indices, tensor_indices
        self.name = name
        tell(f"Merge(mode={_shown(mode)})", f"{_todays(mode)}()([...])")

    def branches(self) -> list[KerasTensor]:
        """Return the outputs of the branches.

        Raises:
            ValueError: if one of them is a model that has no input shape yet.
        """
        nodes = self.node_indices or [0] * len(self.layers)
        places = self.tensor_indices or [0] * len(self.layers)
        return [_output_of(b, n, i or 0) for b, n, i in zip(self.layers, nodes, places)]

    def __call__(self, inputs: Any) -> Any:
        """Merge tensors."""
        shapes = [tuple(x.shape) for x in inputs]
        if callable(self.mode):
            layer = MergeBy(
                self.mode, self.output_shape, self.output_mask, self.arguments, name=self.name
            )
            return layer(list(inputs))
        kind, kwargs = getattr(layers, MERGES_OF_KERAS_1[self.mode]), {}
        if self.mode == "concat":
            kwargs = {"axis": self.concat_axis}
        elif self.mode in ("dot", "cos"):
            kwargs = {"axes": _axes(self.dot_axes, shapes), "normalize": self.mode == "cos"}
        return kind(name=self.name, **kwargs)(list(inputs))


def merge(inputs: Sequence[Any], mode: str | Callable = "sum", *args: Any, **kwargs: Any) -> Any:
    """Merge a list of tensors: `Merge` as a function.

    Args:
        inputs: list of KerasTensors.
        mode, concat_axis, dot_axes, output_shape, output_mask, arguments, name: as in `Merge`.

    Example:

    >>> import minikeras
    >>> from minikeras.compat.keras1.merge import merge
    >>> a, b = minikeras.Input((3,)), minikeras.Input((3,))
    >>> merge([a, b], "dot", dot_axes=1).shape
    (None, 1)
    """
    names = ("concat_axis", "dot_axes", "output_shape", "output_mask", "arguments", "name")
    return Merge(None, mode, **{**dict(zip(names, args)), **kwargs})(inputs)


def lambda_merge(
    layers: Sequence[Any],
    function: Callable,
    output_shape: Any = None,
    arguments: dict | None = None,
) -> Merge:
    """Return the `Merge` that `LambdaMerge` was in Keras 0.

    Args:
        layers: models or layers that have been called.
        function: function of the list of their outputs.
        output_shape: as in `Merge`.
        arguments: dict of further arguments of the function.
    """
    return Merge(layers, function, output_shape=output_shape, arguments=arguments)


def _axes(axes: Any, shapes: list[tuple]) -> list[int]:
    """Return one axis for each of two inputs; they might be wrapped: `[(2,), (2,)]`."""
    if isinstance(axes, int):
        return [axes % len(shape) for shape in shapes] if axes < 0 else [axes] * 2
    axes = [a[0] if isinstance(a, (list, tuple)) else a for a in axes]
    return [a % len(shape) for a, shape in zip(axes, shapes)]


def _output_of(branch: Any, node: int, index: int) -> KerasTensor:
    if isinstance(branch, KerasTensor):
        return branch
    branch = branch.as_layer() if hasattr(branch, "as_layer") else branch  # a Graph
    try:
        nodes = branch._inbound_nodes
        if len(nodes) > node and not hasattr(branch, "outputs"):
            return nodes[node].output_tensors[index]
        output = branch.output
    except (AttributeError, ValueError) as error:
        raise ValueError(
            f"Merge: '{branch.name}' has no output yet. Give its first layer an input_shape. ({error})"
        ) from None
    return output[index] if isinstance(output, (list, tuple)) else output


def _shown(mode: Any) -> str:
    return mode if isinstance(mode, str) else getattr(mode, "__name__", "function")


def _todays(mode: Any) -> str:
    return MERGES_OF_KERAS_1[mode] if isinstance(mode, str) else "Lambda"
