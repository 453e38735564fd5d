"""What a picture of a model shows: boxes for layers, frames around nested models, arrows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from minikeras import tree
from minikeras.layers.core.input_layer import InputLayer
from minikeras.ops.function import Function


@dataclass
class Details:
    """What boxes tell besides the class of their layer; the arguments of `plot_model`."""

    show_shapes: bool = False
    show_dtype: bool = False
    show_layer_names: bool = False
    show_layer_activations: bool = False
    show_trainable: bool = False


@dataclass
class Cell:
    """A field in the last row of a box: a caption and a value, or a value on a colour."""

    caption: str
    value: str
    colour: str | None = None


@dataclass
class Box:
    """A layer: a heading, its activation, and a row of cells."""

    key: str
    kind: str
    name: str | None = None
    activation: str | None = None
    cells: list[Cell] = field(default_factory=list)


@dataclass
class Frame:
    """A model: its boxes, the frames of models in it, and arrows from box to box by their keys."""

    key: str
    title: str
    items: list[Box | Frame] = field(default_factory=list)
    arrows: list[tuple[str, str]] = field(default_factory=list)

    def walk(self) -> Iterator[Box | Frame]:
        """Iterate over all boxes and frames inside, however deep."""
        for item in self.items:
            yield item
            if isinstance(item, Frame):
                yield from item.walk()


def diagram(model: Any, details: Details, expand_nested: bool) -> Frame:
    """Return what a picture of a built model shows.

    A model that is no graph of layers, but computes in a `call` of its own, is a single box.
    """
    frame = Frame(key_of(model), model.name)
    if not isinstance(model, Function):
        frame.items.append(box(model, details))
        return frame
    for layer in model.summarized_layers():
        if expand_nested and isinstance(layer, Function):
            frame.items.append(diagram(layer, details, expand_nested))
        else:
            frame.items.append(box(layer, details))
    # An arrow for each pair, however many tensors go from one to the other.
    frame.arrows = list(dict.fromkeys(_arrows(model, expand_nested)))
    return frame


def key_of(layer: Any) -> str:
    """Return what tells a layer from others."""
    return str(id(layer))


def _arrows(model: Any, expand_nested: bool) -> Iterator[tuple[str, str]]:
    """Iterate over which layer gives something to which, in a model, by their keys."""
    layers = model.summarized_layers()
    graph = vars(model).get("graph")
    if graph is None:  # a chain of layers that was built on several inputs
        for source, target in pairwise(layers):
            yield key_of(_exit(source, 0, expand_nested)), key_of(_entry(target, 0, expand_nested))
        return
    place = {id(layer): i for i, layer in enumerate(layers)}
    for node in sorted(graph.nodes, key=lambda node: place[id(node.operation)]):
        for i, t in enumerate(node.input_tensors):
            history = t._keras_history
            if id(history.operation) in place:  # not the entrance of a chain, which has no box
                source = _exit(history.operation, history.tensor_index, expand_nested)
                yield key_of(source), key_of(_entry(node.operation, i, expand_nested))


def _exit(layer: Any, index: int, expand_nested: bool) -> Any:
    """Return the layer with a box that gives output `index` of a layer or nested model."""
    while expand_nested and isinstance(layer, Function):
        if "graph" not in vars(layer):
            layer, index = layer.summarized_layers()[-1], 0
            continue
        history = layer.outputs[index]._keras_history
        layer, index = history.operation, history.tensor_index
    return layer


def _entry(layer: Any, index: int, expand_nested: bool) -> Any:
    """Return the layer with a box that takes input `index` of a layer or nested model."""
    while expand_nested and isinstance(layer, Function):
        layers = layer.summarized_layers()
        entrance = None
        if "graph" in vars(layer):
            entrance = layer.inputs[index]._keras_history.operation
        if any(entrance is inner for inner in layers):
            return entrance
        layer, index = layers[0], 0  # a chain shows no entrance
    return layer


def box(layer: Any, details: Details) -> Box:
    """Return the box of a layer or an operation."""
    made = Box(key_of(layer), getattr(layer, "display_class", None) or type(layer).__name__)
    if details.show_layer_names:
        made.name = layer.name
    activation = getattr(layer, "activation", None)
    if details.show_layer_activations and activation is not None:
        made.activation = getattr(activation, "name", None) or getattr(
            activation, "__name__", str(activation)
        )
    if details.show_shapes:
        if not isinstance(layer, InputLayer):
            made.cells.append(Cell("Input shape", _shapes(layer, "input")))
        made.cells.append(Cell("Output shape", _shapes(layer, "output")))
    if details.show_dtype:
        made.cells.append(Cell("Output dtype", _dtypes(layer)))
    if details.show_trainable and getattr(layer, "weights", None):
        trainable = layer.trainable
        made.cells.append(
            Cell("", "Trainable", "forestgreen")
            if trainable
            else Cell("", "Non-trainable", "firebrick")
        )
    return made


def _shapes(layer: Any, side: str) -> str:
    """Return the shapes of a layer's inputs or outputs, `"?"` if it was never called on symbols."""
    try:
        shapes = tree.map_structure(lambda t: t.shape, getattr(layer, side))
    except (AttributeError, ValueError):
        return "?"
    if isinstance(shapes, dict):
        return ", ".join(f"{key}: {shape}" for key, shape in shapes.items())
    return str(shapes)


def _dtypes(layer: Any) -> str:
    try:
        return str(tree.map_structure(lambda t: t.dtype, layer.output))
    except (AttributeError, ValueError):
        return "?"
