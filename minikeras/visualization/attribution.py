"""What in an image a classifier goes by."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np

from minikeras import activations, ops
from minikeras.autodiff.tape import GradientTape
from minikeras.common.extras import require
from minikeras.common.settings import standardize_data_format
from minikeras.common.shadowing import shadowed
from minikeras.layers import Softmax
from minikeras.visualization.model_layers import chosen_layers, layers_of, recorded_outputs
from minikeras.visualization.style import ON_LIGHT, new_axes


def plot_saliency(model: Any, image: Any, class_index: int | None = None, *, ax: Any = None) -> Any:
    """Draw how much each pixel of an image changes the score of a class.

    It is the absolute gradient of the score by the pixel, the largest of its channels
    ([Simonyan et al., 2013](https://arxiv.org/abs/1312.6034)), in colour over the image. The score is
    the logit: a softmax or sigmoid at the end of the model is left out.

    Args:
        model: a classifier of images, which gives one number per class, or one for the second class.
        image: array or tensor of shape `(height, width, channels)`, or a batch of one, as the model
            takes it.
        class_index: the class; by default the one that the model decides for.
        ax: matplotlib `Axes` to draw in; by default those of a new figure.

    Returns:
        The `Axes`: `ax.images[1].get_array()` are the gradients, divided by the largest.

    Raises:
        ValueError: if the image or the class does not fit the model.
        ImportError: if matplotlib is not installed.

    Example:

    >>> import numpy as np
    >>> import minikeras
    >>> from minikeras.visualization import plot_saliency
    >>> layers = [minikeras.layers.Flatten(), minikeras.layers.Dense(3, activation="softmax")]
    >>> model = minikeras.Sequential([minikeras.Input((8, 8, 1)), *layers])
    >>> ax = plot_saliency(model, np.ones((8, 8, 1)), class_index=2)
    >>> ax.get_title()[:17], ax.images[1].get_array().shape
    ('Saliency: class 2', (8, 8))
    """
    name = "plot_saliency"
    image = _one_image(name, image)
    label, score_of = _score(name, model, image, class_index)
    with GradientTape() as tape:
        tape.watch(image)
        score, _ = score_of({})
    gradient = tape.gradient(score, image)
    if gradient is None:
        raise ValueError(f"{name}: the score does not depend on the image by way of gradients.")
    values = np.abs(_channels_last(gradient)).max(axis=-1)
    return _draw(ax, "Saliency", label, _channels_last(image), values, interpolation="nearest")


def plot_grad_cam(
    model: Any,
    image: Any,
    class_index: int | None = None,
    *,
    layer: Any = None,
    ax: Any = None,
) -> Any:
    """Draw where in an image a convolutional network finds what speaks for a class: Grad-CAM.

    The channels of a layer are added up, each weighted by how the score of the class rises with it,
    the mean of the gradients; what is below 0 is left out
    ([Selvaraju et al., 2016](https://arxiv.org/abs/1610.02391)). The score is the logit: a softmax or
    sigmoid at the end of the model is left out.

    It shows most where global pooling follows the layer. Where a flattened layer follows, in which each
    place has weights of its own, the mean may leave nothing; the title says so, and an earlier layer helps.

    Args:
        model: a classifier of images, which gives one number per class, or one for the second class.
        image: array or tensor of shape `(height, width, channels)`, or a batch of one, as the model
            takes it.
        class_index: the class; by default the one that the model decides for.
        layer: a layer that gives images, or its name; it may be of a model in the model. By default
            the last of them.
        ax: matplotlib `Axes` to draw in; by default those of a new figure.

    Returns:
        The `Axes`: `ax.images[1].get_array()` is the map of the layer's size, divided by the largest
        value.

    Raises:
        ValueError: if the image, the class or the layer does not fit the model.
        ImportError: if matplotlib is not installed.

    Example:

    >>> import numpy as np
    >>> import minikeras
    >>> from minikeras import layers
    >>> from minikeras.visualization import plot_grad_cam
    >>> model = minikeras.Sequential([minikeras.Input((8, 8, 1)), layers.Conv2D(4, 3)])
    >>> for layer in (layers.MaxPooling2D(), layers.Flatten(), layers.Dense(2, "softmax")):
    ...     model.add(layer)
    >>> ax = plot_grad_cam(model, np.ones((8, 8, 1)), class_index=0)
    >>> ax.get_title()[:17], ax.images[1].get_array().shape
    ('Grad-CAM: class 0', (3, 3))
    """
    name = "plot_grad_cam"
    image = _one_image(name, image)
    label, score_of = _score(name, model, image, class_index)
    everything = layers_of(name, model)
    candidates = chosen_layers(name, everything, layer, everything)
    with GradientTape() as tape:
        tape.watch(image)  # so that layers that are frozen, or have no weights, are on the tape
        score, outputs = score_of(candidates)
    maps = {n: y for n, y in outputs.items() if getattr(y, "ndim", 0) == 4}
    if not maps:
        what = (
            "no layer gives" if layer is None else f"layer '{next(iter(candidates))}' does not give"
        )
        raise ValueError(f"{name}: {what} images, tensors of rank 4.")
    chosen, features = list(maps.items())[-1]
    gradient = tape.gradient(score, features)
    if gradient is None:
        raise ValueError(f"{name}: the score does not depend on layer '{chosen}'.")
    data_format = getattr(everything[chosen], "data_format", None)
    features, gradient = (_channels_last(part, data_format) for part in (features, gradient))
    values = np.maximum(features @ gradient.mean(axis=(0, 1)), 0)
    pixels = _channels_last(image)
    return _draw(ax, "Grad-CAM", label, pixels, values, interpolation="bilinear")


def _one_image(function: str, image: Any) -> Any:
    """Return an image as a batch of one, a tensor of floating point: others have no gradients."""
    array = ops.convert_to_numpy(image)
    if array.ndim == 3:
        array = array[None]
    if array.ndim != 4 or len(array) != 1:
        raise ValueError(
            f"{function}: argument `image` must be one image, of shape (height, width, channels) or "
            f"(1, height, width, channels). Received: image.shape={np.shape(image)}"
        )
    return ops.convert_to_tensor(array.astype("float32"))


def _channels_last(batch: Any, data_format: str | None = None) -> np.ndarray:
    """Return the one image of a batch with its channels last."""
    array = ops.convert_to_numpy(batch)[0]
    first = standardize_data_format(data_format) == "channels_first"
    return np.moveaxis(array, 0, -1) if first else array


def _score(function: str, model: Any, image: Any, class_index: int | None) -> tuple[str, Any]:
    """Return what to write of the class, and a function that computes its score.

    The function takes layers by name and returns the score and what those gave.
    """
    everything = layers_of(function, model)
    with recorded_outputs(everything) as given:
        outputs = model(image, training=False)
    values = ops.convert_to_numpy(outputs)
    if values.ndim != 2 or values.shape[0] != 1:
        raise ValueError(
            f"{function}: the model must give one number, or one per class, for an image. "
            f"Received: outputs of shape {values.shape}"
        )
    (values,) = values
    last = next((everything[n] for n, y in reversed(given.items()) if y is outputs), None)
    classes = max(2, len(values))
    squashed = last is not None and _squashes(last)
    if class_index is None:
        limit = 0.5 if squashed else 0.0
        class_index = int(values.argmax()) if len(values) > 1 else int(values[0] > limit)
    if not 0 <= class_index < classes:
        raise ValueError(
            f"{function}: argument `class_index` must be in 0..{classes - 1}. Received: {class_index}"
        )
    label = f"class {class_index}"
    if squashed:
        share = values[class_index] if len(values) > 1 else abs(1 - class_index - values[0])
        label += f" ({100 * share:.0f}%)"

    def score_of(layers: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        with _without_squashing(last), recorded_outputs(layers) as given:
            logits = model(image, training=False)
        if len(values) > 1:
            return logits[0, class_index], given
        return logits[0, 0] if class_index else -logits[0, 0], given

    return label, score_of


def _squashes(layer: Any) -> bool:
    """Whether a layer ends in what makes probabilities of logits."""
    ends = (activations.softmax, activations.sigmoid)
    return isinstance(layer, Softmax) or getattr(layer, "activation", None) in ends


def _without_squashing(layer: Any) -> contextlib.AbstractContextManager:
    """Let a layer give logits, if it would make probabilities of them."""
    if layer is None or not _squashes(layer):
        return contextlib.nullcontext()
    if isinstance(layer, Softmax):
        return shadowed(layer, call=lambda inputs, *args, **kwargs: inputs)
    return shadowed(layer, activation=activations.linear)


def _draw(
    ax: Any, what: str, label: str, image: np.ndarray, values: np.ndarray, interpolation: str
) -> Any:
    """Draw an image in grey, and values over it in a colour that is the less transparent the more."""
    matplotlib = require("matplotlib", "plot")
    if ax is None:
        (ax,) = new_axes([4.2])
    height, width = image.shape[:2]
    extent = (-0.5, width - 0.5, height - 0.5, -0.5)
    ax.imshow(image.mean(axis=-1), cmap="gray", interpolation="nearest")
    colour = matplotlib.colors.to_rgb(ON_LIGHT[1])
    ends = [(*colour, 0.0), (*colour, 0.9)]
    shades = matplotlib.colors.LinearSegmentedColormap.from_list(what, ends)
    largest = values.max()
    scaled = values / (largest or 1)
    ax.imshow(scaled, cmap=shades, vmin=0, vmax=1, extent=extent, interpolation=interpolation)
    ax.set(xticks=[], yticks=[])
    ax.set_title(f"{what}: {label}" + ("" if largest > 0 else "\nnothing is above 0"))
    return ax
