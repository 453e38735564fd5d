"""`AdaptedLayer`: a layer that learns from data before the model trains, in `adapt`."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.texts import are_texts
from minikeras.layers.layer import Layer


class AdaptedLayer(Layer):
    """The base of layers with `adapt`: vocabularies, means, boundaries of bins.

    A subclass writes `reset_state` (forget everything), `update_state(data)` (look at a batch, an
    array) and `finalize_state` (compute what calls need). Whoever has data that `adapt` does not take
    calls these three.
    """

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Learn the layer's state from data; what it had learned before is forgotten.

        Args:
            data: an array or a list of examples; or a `Dataset`, a generator, a list of arrays or
                anything else that gives batches of them. Of batches with labels, which are tuples,
                the first part counts.
            batch_size: has no effect.
            steps: number of batches to look at, all if None; for what gives batches only.

        Raises:
            ValueError: if the data goes on for ever and `steps` is None, or if it is not made of
                arrays.
        """
        self.reset_state()
        for batch in batches_of(data, steps, self):
            self.update_state(batch)
        self.finalize_state()

    @property
    def is_fixed(self) -> bool:
        """Whether the state was given when the layer was made, so that there is nothing to learn."""
        return False

    def reset_state(self) -> None:
        """Forget what `update_state` has seen."""

    def update_state(self, data: Any) -> None:
        """Look at a batch of data."""
        raise NotImplementedError(f"{type(self).__name__} does not implement `update_state`.")

    def finalize_state(self) -> None:
        """Compute the state that calls use from what `update_state` has seen."""


def batches_of(data: Any, steps: int | None, layer: Layer) -> Iterator[np.ndarray]:
    """Yield the batches of the data that a layer is adapted to, as arrays.

    Args:
        data: see `AdaptedLayer.adapt`.
        steps: how many batches, None for all.
        layer: the layer, for messages.

    Raises:
        ValueError: see `AdaptedLayer.adapt`.
    """
    is_one = isinstance(data, (str, bytes, list, tuple, dict)) or hasattr(data, "__array__")
    if is_one and not _is_list_of_batches(data):
        yield as_batch(data, layer)
        return
    if not isinstance(data, Iterable) and not hasattr(data, "__getitem__"):
        raise ValueError(
            f"Layer '{layer.name}': adapt: argument `data` must be an array, a list, or something that "
            f"gives batches. Received: data={data!r} (of type {type(data).__name__})"
        )
    cardinality = getattr(data, "cardinality", None)
    if steps is None and callable(cardinality) and cardinality() == -1:
        raise ValueError(
            f"Layer '{layer.name}': adapt: argument `steps` is needed, since the data set is repeated "
            "without end."
        )
    # A `PyDataset` is a sequence, whose `__iter__` may go on for ever.
    batches = iter(data) if not _is_sequence(data) else map(data.__getitem__, range(len(data)))
    for batch in itertools.islice(batches, steps):
        yield as_batch(batch, layer)


def _is_list_of_batches(data: Any) -> bool:
    return isinstance(data, list) and all(len(getattr(part, "shape", ())) > 0 for part in data)


def _is_sequence(data: Any) -> bool:
    return hasattr(data, "__getitem__") and hasattr(data, "__len__")


def as_batch(data: Any, layer: Layer) -> np.ndarray:
    """Return data as an array of numbers or of texts.

    Raises:
        ValueError: if it holds neither.
    """
    if isinstance(data, tuple) and any(hasattr(part, "shape") for part in data):
        data = data[0]  # with labels
    if isinstance(data, dict):
        raise ValueError(
            f"Layer '{layer.name}': data must be arrays. Received: a dict of them. Choose one first, "
            "as in `dataset.map(lambda x: x['name'])`."
        )
    try:
        return to_array(data, "string" if are_texts(data) else None)
    except (TypeError, ValueError) as error:
        raise ValueError(f"Layer '{layer.name}': {error}") from error


def as_tensor(data: Any, layer: Layer) -> Any:
    """Return data as a tensor of numbers or of texts; tensors, symbolic ones too, as they are.

    Raises:
        ValueError: see `as_batch`.
    """
    return data if isinstance(data, (Tensor, KerasTensor)) else Tensor(as_batch(data, layer))
