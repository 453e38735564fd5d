"""What all networks share: checks of arguments, the input, the top, trained weights, documentation."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Collection, Sequence
from typing import Any, Concatenate, Literal, NamedTuple, ParamSpec, TypeVar

from minikeras import activations, layers
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.common.arguments import ArgumentError, checked
from minikeras.common.settings import settings
from minikeras.common.traceback_utils import warn
from minikeras.models import Model
from minikeras.models.functional import Functional
from minikeras.ops.operation_utils import get_source_inputs
from minikeras.utils.file_utils import RemoteFile, cached_file

P = ParamSpec("P")
Facts = TypeVar("Facts")
Pooling = Literal["avg", "max"] | None
Weights = str | os.PathLike | None

_STORE = "https://storage.googleapis.com/"
TRAINED = _STORE + "tensorflow/keras-applications/"
EFFICIENTNETS = _STORE + "keras-applications/"


class Pretrained(NamedTuple):
    """Files of weights that were trained on ImageNet.

    Args:
        url: where the file of the whole network is, without its `.h5`.
        digests: MD5 or SHA-256 of the files of the whole network and of the one without its top;
            None where nobody has published any.
        topless: what the name of the file without the top ends with, before `.h5`.
        cached: name of the file in the cache, if it is not that of the URL.
        cached_topless: what it ends with if the top is left out, if not `topless`.
    """

    url: str
    digests: tuple[str | None, str | None] = (None, None)
    topless: str = "_notop"
    cached: str | None = None
    cached_topless: str | None = None

    def path(self, include_top: bool) -> str:
        """Return where the file lies on this machine, after it was downloaded if need be."""
        name = self.cached or self.url.rpartition("/")[2]
        if include_top:
            return cached_file(
                RemoteFile(f"{self.url}.h5", self.digests[0], "models"), f"{name}.h5"
            )
        remote = RemoteFile(f"{self.url}{self.topless}.h5", self.digests[1], "models")
        return cached_file(remote, f"{name}{self.cached_topless or self.topless}.h5")


class Network:
    """A network in the making: checks what was asked for, and has its input, top and weights.

    Args:
        include_top, ..., classifier_activation: as the user gave them.
        owner: name of the network, for messages.
        size: height and width of images that it was trained on; None if its classifier takes any.
        smallest: height and width below which nothing would be left of an image.
        channels_last: whether it only knows images whose channels come last.

    Attributes:
        input: KerasTensor of the images.
    """

    def __init__(
        self,
        owner: str,
        include_top: bool,
        weights: Any,
        input_tensor: Any,
        input_shape: Sequence[int | None] | None,
        pooling: Pooling,
        classes: int,
        classifier_activation: Any,
        *,
        size: int | None,
        smallest: int = 32,
        channels_last: bool = False,
    ) -> None:
        self.owner = owner
        self.include_top, self.weights, self.pooling = include_top, weights, pooling
        self.classes, self.classifier_activation = classes, classifier_activation
        self.trained = isinstance(weights, str) and weights == "imagenet"
        self._input_tensor, self._given_shape = input_tensor, input_shape
        if channels_last and channels_axis() == 1:
            raise ValueError(
                f"{owner} takes images whose channels come last. Received "
                "image_data_format='channels_first': see keras.config.set_image_data_format."
            )
        self._check()
        self.input_shape = self._standardized(input_shape, size, smallest)
        self.input = layers.Input(self.input_shape) if input_tensor is None else input_tensor

    def _check(self) -> None:
        """Refuse arguments that do not go together."""
        given = self.weights
        if given is not None and not self.trained and not os.path.exists(given):
            raise ArgumentError(
                self.owner,
                "weights",
                "None (random weights), 'imagenet' (trained ones) or the path of a file that exists",
                given,
            )
        if self.trained and self.include_top and self.classes != 1000:
            raise ArgumentError(
                self.owner,
                "classes",
                "1000 with weights='imagenet' and include_top=True; a top for other classes is put "
                "on the output of include_top=False",
                self.classes,
            )
        if self._input_tensor is not None and not isinstance(self._input_tensor, KerasTensor):
            raise ArgumentError(self.owner, "input_tensor", "a KerasTensor", self._input_tensor)
        allowed = (activations.softmax, activations.linear)
        if self.include_top and self.weights is not None:
            function = activations.get(self.classifier_activation)
            if function is not None and function not in allowed:
                raise ArgumentError(
                    self.owner,
                    "classifier_activation",
                    "'softmax' or None (logits) where weights are loaded into the top",
                    self.classifier_activation,
                )

    def _standardized(self, shape: Any, size: int | None, smallest: int) -> tuple[int | None, ...]:
        """Return the shape of one image: the one asked for, if it will do."""

        def images(rows: int | None, channels: int) -> tuple[int | None, ...]:
            return (channels, rows, rows) if channels_axis() == 1 else (rows, rows, channels)

        if shape is None:
            return images(size if self.include_top else None, 3)
        shape = tuple(shape)

        def refuse(expected: str) -> None:
            raise ArgumentError(self.owner, "input_shape", expected, shape)

        if len(shape) != 3:
            refuse("a tuple of three integers, for height, width and channels")
        channels, (rows, columns) = shape[channels_axis() - 1], sides_of(shape)
        if self.trained and channels != 3:
            refuse("one of 3 channels with weights='imagenet'")
        fixed = self.include_top and size is not None
        if self.trained and fixed and (rows, columns) != (size, size):
            refuse(f"{images(size, 3)} with weights='imagenet' and include_top=True")
        if any(side is not None and side < smallest for side in (rows, columns)):
            refuse(f"one of at least {smallest}x{smallest} pixels")
        if fixed and None in shape:
            refuse("without None where include_top=True")
        if channels not in (1, 3):
            warn(f"{self.owner} is meant for images of 1 or 3 channels, not {channels}.")
        return shape

    @property
    def rows(self) -> int | None:
        """Height of the images."""
        return sides_of(self.input_shape)[0]

    def trained_size(self, sizes: Sequence[int]) -> int:
        """Return which of the sizes that weights were trained for is the one of the images."""
        rows, columns = sides_of(self.input_shape)
        if rows == columns and rows in sizes:
            return rows
        if rows is None and columns is None:
            return 224
        warn(
            f"{self.owner}: there are weights trained on square images of {sorted(sizes)} pixels, "
            f"not of {rows}x{columns}. Those for 224x224 are loaded."
        )
        return 224

    def check_alpha(self, alpha: float, known: Collection[float]) -> None:
        """Refuse a width for which there are no trained weights."""
        if alpha not in known:
            expected = f"one of {sorted(known)} with weights='imagenet'"
            raise ArgumentError(self.owner, "alpha", expected, alpha)

    def check_same_width(self) -> None:
        """Refuse an `input_tensor` of another size than the `input_shape` that was given."""
        tensor, given = self._input_tensor, self._given_shape
        if tensor is None or given is None:
            return
        if sides_of(tensor.shape[1:])[1] != sides_of(given)[1]:
            expected = f"that of `input_tensor`, {tensor.shape[1:]}, or left out"
            raise ArgumentError(self.owner, "input_shape", expected, tuple(given))

    def top(self, x: KerasTensor, dropout: float = 0.0, named: bool = True, **dense: Any) -> Any:
        """Return the class probabilities, or what else stands at the end, by what was asked for.

        Args:
            x: KerasTensor of the last features.
            dropout: rate of the dropout before the classifier.
            named: whether the pooling of features has a fixed name.
            **dense: arguments of the classifier's `Dense`.
        """
        if not self.include_top:
            return self.pooled(x, named)
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        if dropout > 0:
            x = layers.Dropout(dropout, name="top_dropout")(x)
        return self.classified(x, **dense)

    def classified(self, x: KerasTensor, **dense: Any) -> KerasTensor:
        """Return the class probabilities of pooled features."""
        dense = {"activation": self.classifier_activation, "name": "predictions", **dense}
        return layers.Dense(self.classes, **dense)(x)

    def pooled(self, x: KerasTensor, named: bool = False) -> KerasTensor:
        """Return features of the whole image where `pooling` asks for them, else the map of them."""
        if self.pooling == "avg":
            return layers.GlobalAveragePooling2D(name="avg_pool" if named else None)(x)
        if self.pooling == "max":
            return layers.GlobalMaxPooling2D(name="max_pool" if named else None)(x)
        return x

    def model(self, output: KerasTensor, name: str | None, pretrained: Pretrained) -> Model:
        """Return the model, with the weights that were asked for."""
        tensor = self._input_tensor
        inputs = self.input if tensor is None else get_source_inputs(tensor)
        model = Functional(inputs, output, name=name)
        if self.trained:
            model.load_weights(pretrained.path(self.include_top))
        elif self.weights is not None:
            model.load_weights(self.weights)
        return model


def channels_axis(last: int = 3) -> int:
    """Return the axis of the channels in a batch of images, by `image_data_format`.

    Args:
        last: what the last axis is called: 3 or -1, which configs of layers tell apart.
    """
    return 1 if settings.image_data_format == "channels_first" else last


def sides_of(shape: Sequence[int | None]) -> tuple[int | None, ...]:
    """Return height and width of the shape of one image, by `image_data_format`."""
    first = channels_axis(0)
    return tuple(shape[first : first + 2])


def size_among(sizes: Sequence[int], input_shape: Any, input_tensor: Any = None) -> int:
    """Return the size of images that are meant: one of those that weights were trained for, or 224."""
    if input_shape is None:
        input_shape = getattr(input_tensor, "shape", (None,))[1:]
    sides = set(sides_of(input_shape))
    return next(iter(sides)) if len(sides) == 1 and sides <= set(sizes) else 224


def halving_padding(x: KerasTensor, kernel_size: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the zeros around images before a convolution of stride 2 without padding.

    So the pixels are counted from the same corner as in PyTorch and Caffe: with an even size one
    row of zeros fewer is put before the image than behind it.
    """
    half = kernel_size // 2
    return tuple((half - (1 - (size or 0) % 2), half) for size in sides_of(x.shape[1:]))


def rounded(channels: float, at_least_90_percent: bool = True) -> int:
    """Return the nearest multiple of 8, at least 8.

    Example:

    >>> rounded(32 * 0.35), rounded(6 * 0.35), rounded(19.2), rounded(19.2, False)
    (16, 8, 24, 16)
    """
    found = max(8, int(channels + 4) // 8 * 8)
    return found + 8 if at_least_90_percent and found < 0.9 * channels else found


# Public functions of a family's builder, with their documentation.

_ARGUMENTS = {
    "include_top": "whether the classifier at the end is wanted.",
    "weights": "`'imagenet'`, weights trained on ImageNet, downloaded once into `~/.keras/models`, "
    "or `$KERAS_HOME/models`; None, random weights; or the path of a file of weights.",
    "input_tensor": "KerasTensor of images, in place of an input of its own.",
    "input_shape": "height, width and channels of the images (channels first where "
    "`image_data_format` says so). With the trained classifier it can only be the default.",
    "pooling": "what is made of the last feature maps without the classifier: None, they "
    "themselves; `'avg'` or `'max'`, one vector an image.",
    "classes": "number of classes, 1000 with the trained classifier.",
    "classifier_activation": "activation of the classifier, None for logits.",
    "name": "name of the model.",
    "include_preprocessing": "whether the model scales the pixels, of 0 to 255, itself.",
}


def documented(**own: str) -> Callable[[Callable[P, Model]], Callable[P, Model]]:
    """Return a decorator for a network's public function: arguments are checked and described.

    Args:
        **own: what the arguments mean that other networks have not got.
    """

    def decorate(function: Callable[P, Model]) -> Callable[P, Model]:
        meanings = {**_ARGUMENTS, **own}
        about, _, example = inspect.cleandoc(function.__doc__ or "").partition("\nExample:")
        lines = [
            about.rstrip(),
            "",
            "Args:",
            *[f"    {name}: {meanings[name]}" for name in inspect.signature(function).parameters],
            "",
            "Returns:",
            "    The model.",
            "",
            "Raises:",
            "    ValueError: if an argument is not what it may be.",
            "    OSError: if the trained weights are not there and could not be downloaded.",
        ]
        if example:
            lines += ["", f"Example:{example}"]
        call = checked(function)
        call.__doc__ = "\n".join(lines)
        return call

    return decorate


def variant(
    family: Callable[Concatenate[Facts, P], Model],
    name: str,
    model_name: str,
    facts: Facts,
    summary: str,
    **own: str,
) -> Callable[P, Model]:
    """Return the public function of one network of a family.

    Args:
        family: function that builds any of them: of the facts, by place, and the user's arguments.
        name: name of the network.
        model_name: default of `name`, the name of the model.
        facts: its row in the table of the paper, as `family` takes it.
        summary: first line of its documentation; what is more comes from `family`.
        **own: what the arguments mean that other families have not got.
    """
    _, *parameters = inspect.signature(family).parameters.values()
    signature = inspect.Signature(
        [p.replace(default=model_name) if p.name == "name" else p for p in parameters],
        return_annotation=Model,
    )

    def build(*args: Any, **kwargs: Any) -> Model:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{name}() {error}") from None
        return family(facts, **{"name": model_name, **bound.arguments})

    build.__name__ = build.__qualname__ = name
    build.__module__ = family.__module__
    build.__signature__, build.written_in = signature, (family,)
    about, _, _ = inspect.cleandoc(family.__doc__ or "").partition("\nExample:")
    more = about.partition("\n")[2].strip()
    build.__doc__ = f"""{summary}

{more}

Example:

```python
model = minikeras.applications.{name}(weights=None, classes=10)
```"""
    return documented(**own)(build)
