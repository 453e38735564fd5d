"""Pictures of models: which layer gives what to which."""

from __future__ import annotations

import os
import shutil
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from minikeras.common.extras import require
from minikeras.common.traceback_utils import warn
from minikeras.utils.notebook import running_shell


def model_to_dot(
    model: Any,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    subgraph: bool = False,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Any:
    """Describe a model in the language of Graphviz, `dot`.

    A layer is a box, and an arrow goes from a layer to each that takes its output. A model that
    computes in a `call` of its own, not in a graph of layers, is a single box.

    Args:
        model: a built model.
        show_shapes: whether boxes tell the shapes of inputs and outputs.
        show_dtype: whether boxes tell the dtypes of outputs.
        show_layer_names: whether boxes tell the layers' names.
        rankdir: where the arrows go: `"TB"` down, `"LR"` to the right, `"BT"` up, `"RL"` to the left.
        expand_nested: whether nested models are shown as frames around their layers.
        dpi: pixels per inch of a picture made from it.
        subgraph: whether to return a frame to put into another graph.
        show_layer_activations: whether boxes tell the layers' activations.
        show_trainable: whether boxes of layers with weights tell if they are trainable.
        splines: how Graphviz draws arrows: `"ortho"`, `"curved"`, `"polyline"`, `"spline"`, `"line"`.

    Returns:
        A `pydot.Dot`, or a `pydot.Cluster` if `subgraph`.

    Raises:
        ValueError: if the model is not built, or there is no such argument.
        ImportError: if pydot is not installed.

    Example:

    >>> import minikeras
    >>> from minikeras import layers
    >>> model = minikeras.Sequential([minikeras.Input((2,)), layers.Dense(4), layers.Dense(1)])
    >>> dot = minikeras.utils.model_to_dot(model, rankdir="LR")
    >>> dot.get_rankdir(), len(dot.get_edge_list())
    ('LR', 1)
    """
    _check_built("model_to_dot", model)
    require("pydot", "plot")
    _check_options("model_to_dot", kwargs)
    from minikeras.utils.dot_language import cluster, dot
    from minikeras.utils.model_diagram import Details, diagram

    details = Details(
        show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable
    )
    frame = diagram(model, details, expand_nested)
    if subgraph:
        return cluster(frame)
    return dot(frame, rankdir=rankdir, concentrate=True, dpi=dpi, splines=splines)


def plot_model(
    model: Any,
    to_file: str | os.PathLike = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Any:
    """Write a picture of a model to a file: a box for each layer, arrows from inputs to outputs.

    Where Graphviz and pydot are installed, they draw it, as for Keras. Elsewhere minikeras lays it out
    itself: an SVG needs nothing then, and any other format needs matplotlib.

    Args:
        model: a built model.
        to_file: where to write it. The ending says the format: `.svg`, `.png`, `.pdf`, and others that
            Graphviz or matplotlib know; without one it is PNG. `.dot` writes what `model_to_dot` gives.
        show_shapes: whether boxes tell the shapes of inputs and outputs.
        show_dtype: whether boxes tell the dtypes of outputs.
        show_layer_names: whether boxes tell the layers' names.
        rankdir: where the arrows go: `"TB"` down, `"LR"` to the right, `"BT"` up, `"RL"` to the left.
        expand_nested: whether nested models are shown as frames around their layers.
        dpi: pixels per inch.
        show_layer_activations: whether boxes tell the layers' activations.
        show_trainable: whether boxes of layers with weights tell if they are trainable.
        splines: how arrows are drawn: `"ortho"`, `"curved"` and `"spline"` bend, `"polyline"` and
            `"line"` have corners; only Graphviz tells the first three, and the last two, apart.

    Returns:
        The picture for a notebook to show, where IPython runs the code and it is no PDF file, else None.

    Raises:
        ValueError: if the model is not built, if there is no such argument, or if the file's format is
            not known.
        ImportError: if the format needs a library that is not installed.

    Example:

    >>> import os, tempfile
    >>> import minikeras
    >>> from minikeras import layers
    >>> inputs = minikeras.Input((8,))
    >>> x = layers.Dense(8, activation="relu")(inputs)
    >>> model = minikeras.Model(inputs, layers.Add()([inputs, x]))
    >>> path = os.path.join(tempfile.mkdtemp(), "model.svg")
    >>> picture = minikeras.utils.plot_model(model, path, show_shapes=True)
    >>> os.path.getsize(path) > 0
    True
    """
    _check_built("plot_model", model)
    _check_options("plot_model", kwargs)
    options = {
        "show_shapes": show_shapes,
        "show_dtype": show_dtype,
        "show_layer_names": show_layer_names,
        "show_layer_activations": show_layer_activations,
        "show_trainable": show_trainable,
    }
    path = os.fspath(to_file)
    form = os.path.splitext(path)[1][1:].lower() or "png"
    graphviz = shutil.which("dot") is not None and find_spec("pydot") is not None
    if graphviz or form in ("dot", "gv"):
        more = {"rankdir": rankdir, "expand_nested": expand_nested, "dpi": dpi, "splines": splines}
        dot = model_to_dot(model, **options, **more)
        try:
            dot.write(path, format=form if graphviz else "raw")
            return _for_notebooks(path, form)
        except AssertionError:  # so pydot says that the program failed
            warn(
                "plot_model: Graphviz failed, with the message above; minikeras lays the picture out "
                f"itself. Graphviz may succeed with other lines than splines={splines!r}."
            )
    from minikeras.utils.graph_drawing import draw, write_with_matplotlib
    from minikeras.utils.model_diagram import Details, diagram

    picture = draw(diagram(model, Details(**options), expand_nested), rankdir, splines)
    if form == "svg":
        with open(path, "w", encoding="utf-8") as file:
            file.write(picture.svg())
    else:
        write_with_matplotlib(picture, path, form, dpi)
    return _for_notebooks(path, form)


def _check_built(function: str, model: Any) -> None:
    if not model.built:
        raise ValueError(
            f"{function}: model '{model.name}' has not yet been built. Build it first, by `build()` or "
            "by calling it on a batch of data."
        )


def _check_options(function: str, others: dict) -> None:
    if others.pop("layer_range", None) is not None:
        raise ValueError(
            f"{function}: argument `layer_range` is no longer supported, as in Keras 3."
        )
    if others:
        raise ValueError(f"{function}: unrecognized keyword arguments: {others}")


def _for_notebooks(path: str, form: str) -> Any:
    """Return what shows a file in a notebook, or None."""
    if form in ("pdf", "dot", "gv") or running_shell() is None:
        return None
    display = import_module("IPython.display")
    return display.SVG(filename=path) if form == "svg" else display.Image(filename=path)
