"""The layers of a model, and what they give while it is called."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from minikeras.common.shadowing import shadowed
from minikeras.layers import InputLayer, Layer
from minikeras.models.model import Model


def layers_of(function: str, model: Any) -> dict[str, Any]:
    """Return the layers of a model by name, in order; those of models in it, too, in their place.

    Args:
        function: of whom messages speak.
        model: a model, or a layer, which is then the only one.
    """
    if not isinstance(model, Layer):
        raise TypeError(
            f"{function}: argument `model` must be a model or a layer. "
            f"Received: {type(model).__name__}"
        )
    found: list[Any] = []

    def walk(part: Any) -> None:
        if not isinstance(part, Model):
            if part not in found and not isinstance(part, InputLayer):
                found.append(part)
            return
        for layer in part.layers:
            walk(layer)

    walk(model)
    result: dict[str, Any] = {}
    for layer in found:
        name, number = layer.name, 1
        while name in result:  # of another model
            number += 1
            name = f"{layer.name} ({number})"
        result[name] = layer
    return result


def chosen_layers(
    function: str, layers: Mapping[str, Any], choice: Any, default: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the layers that a user chose by name or as they are, in the order of the choice.

    Args:
        function: of whom messages speak.
        layers: all layers, by name.
        choice: a name, a layer, a sequence of them, or None.
        default: what None stands for.
    """
    if choice is None:
        return dict(default)
    if isinstance(choice, str) or not isinstance(choice, Sequence):
        choice = [choice]
    result = {}
    for wanted in choice:
        names = [n for n, layer in layers.items() if n == wanted or layer is wanted]
        if not names:
            name = wanted if isinstance(wanted, str) else getattr(wanted, "name", wanted)
            raise ValueError(
                f"{function}: the model has no layer {name!r}. Its layers: {list(layers)}"
            )
        result[names[0]] = layers[names[0]]
    return result


@contextlib.contextmanager
def recorded_outputs(layers: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Give a dict that takes in what each layer gives, by name, in the order of the calls.

    It works wherever the layer is called: in a graph, in a model in a model, in a `call` of a user's.
    Of a layer that is called several times the last output stays.
    """
    outputs: dict[str, Any] = {}

    def recording(name: str, call: Any) -> Any:
        def call_and_record(*args: Any, **kwargs: Any) -> Any:
            y = call(*args, **kwargs)
            outputs.pop(name, None)
            outputs[name] = y
            return y

        return call_and_record

    with contextlib.ExitStack() as stack:
        for name, layer in layers.items():
            stack.enter_context(shadowed(layer, call=recording(name, layer.call)))
        yield outputs
