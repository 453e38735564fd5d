"""Weights as Keras 1, Keras 2 and tf.keras kept them, as the arrays of today's variables."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from minikeras.autodiff.variable import Variable
from minikeras.common.traceback_utils import warn
from minikeras.layers.convolutional.base_conv import BaseConv
from minikeras.layers.convolutional.base_conv_transpose import BaseConvTranspose
from minikeras.layers.rnn.gru import GRUCell
from minikeras.layers.rnn.lstm import LSTMCell
from minikeras.saving.legacy_configs import Era, era_of


@dataclasses.dataclass(frozen=True)
class Origin:
    """Where an `.h5` file comes from: the era of its Keras, and the name of the backend."""

    era: Era
    backend: str | None

    @classmethod
    def of(cls, reader: Any, group: Any) -> Origin:
        """Read it from a group of a file."""
        version = reader.attribute(group, "keras_version")
        return cls(era_of(version), reader.attribute(group, "backend"))


# Layers.


def order_of_file(layer: Any) -> list[Variable]:
    """Return the weights of a layer as such files are written: those first that may be trained now."""
    return layer.trainable_weights + layer.non_trainable_weights


def in_order_of_file(layer: Any, names: Sequence[str]) -> list[Variable]:
    """Return the weights of a layer in the order in which a file holds them.

    Trainable ones come first. Which those were depends on what was frozen when the file was
    written; if that does not fit the model, the names tell.
    """
    weights = layer.weights
    orders = [
        order_of_file(layer),
        [v for v in weights if v.initially_trainable]
        + [v for v in weights if not v.initially_trainable],
        weights,
    ]
    saved = [name.rpartition("/")[2].partition(":")[0] for name in names]
    return next((order for order in orders if [v.name for v in order] == saved), orders[0])


def modern_arrays(
    layer: Any, variables: list[Variable], arrays: list[np.ndarray], origin: Origin
) -> list[np.ndarray]:
    """Return a layer's arrays of a file as the values of its weights.

    Args:
        layer: the layer.
        variables: its weights, in the order of the file.
        arrays: the arrays, in the same order.
        origin: where the file comes from.
    """
    if origin.era >= 3:
        return arrays
    owners = {id(v): part for part in layer._flatten_layers() for v in part.own_variables()}
    left = list(arrays)
    found: list[np.ndarray] = []
    while len(found) < len(variables) and left:
        variable = variables[len(found)]
        owner = owners.get(id(variable))
        if isinstance(owner, (LSTMCell, GRUCell)) and variable.name == "kernel":
            found += _of_gates(owner, left, len(owner.own_variables()))
        elif isinstance(owner, (BaseConv, BaseConvTranspose)) and variable.name == "kernel":
            found.append(_of_convolution(owner, left.pop(0), variable, origin))
        else:
            found.append(left.pop(0))
    return found + left


def warn_of_unknown_backend(model: Any, origin: Origin) -> None:
    """Warn that kernels of a file of Keras 1 may be turned around: it does not say who wrote it."""
    if origin.era == 1 and origin.backend is None:
        parts = model._flatten_layers()
        turned = [p.name for p in parts if isinstance(p, (BaseConv, BaseConvTranspose))]
        if turned:
            warn(
                "The file is of Keras 1, and does not say which backend wrote it. If it was Theano, "
                "turn around the kernels of the convolutions, for it convolves where others "
                f"correlate: `kernel.assign(np.flip(kernel, (0, 1)))` for layers {turned}."
            )


def _of_convolution(
    layer: Any, array: np.ndarray, variable: Variable, origin: Origin
) -> np.ndarray:
    if origin.era == 1:
        if array.ndim == len(variable.shape) + 1 and array.shape[1] == 1:  # one line of an image
            array = array[:, 0]
        elif layer.data_format == "channels_first":
            array = np.moveaxis(array, (0, 1), (-1, -2))
    if origin.backend == "theano":  # which convolves, where the others correlate
        array = np.flip(array, tuple(range(layer.rank)))
    return array


def _of_gates(cell: Any, left: list[np.ndarray], count: int) -> list[np.ndarray]:
    """Take the arrays of a recurrent cell off a list, in the order of its weights."""
    kernel = tuple(cell.kernel.shape)
    n_gates = kernel[1] // cell.units
    if left[0].shape != kernel and left[0].shape == (kernel[0], cell.units):
        # Keras 1: kernel, recurrent kernel and bias of each gate; the LSTM's in another order.
        parts = [left[i * 3 : i * 3 + 3] for i in range(n_gates)]
        del left[: n_gates * 3]
        if n_gates == 4:
            parts = [parts[0], parts[2], parts[1], parts[3]]
        return [np.concatenate(arrays, axis=-1) for arrays in zip(*parts)]
    found = left[:count]
    del left[:count]
    if len(found) == 3 and found[2].shape == (2 * kernel[1],):
        return _of_cudnn(found, n_gates)
    return found


def _of_cudnn(arrays: list[np.ndarray], n_gates: int) -> list[np.ndarray]:
    """cuDNN keeps each gate's matrices transposed, and two biases that it adds."""
    kernel, recurrent, bias = arrays
    gates = [k.T.reshape(k.shape, order="F") for k in np.split(kernel, n_gates, axis=1)]
    recurrent_gates = [k.T for k in np.split(recurrent, n_gates, axis=1)]
    bias = bias.reshape(2, -1)
    return [
        np.concatenate(gates, axis=1),
        np.concatenate(recurrent_gates, axis=1),
        bias if n_gates == 3 else bias.sum(axis=0),
    ]


# Optimizers.

_SLOTS = {  # what tf.keras called the variables of an optimizer
    "accum_grad": "accumulated_grad",
    "accum_var": "accumulated_delta_var",
    "accumulator": "accumulator",
    "linear": "linear",
    "m": "momentum",
    "mg": "average_gradient",
    "momentum": "momentum",
    "rms": "velocity",
    "v": "velocity",
    "vhat": "velocity_hat",
}
_SLOTS_OF = {"Adamax": {"v": "norm"}}
_SUFFIXES = (*dict.fromkeys(_SLOTS.values()), "norm")


def modern_optimizer_arrays(
    model: Any, names: Sequence[str], arrays: Sequence[np.ndarray], origin: Origin
) -> list[np.ndarray]:
    """Return the state of an optimizer of Keras 1 or 2 as the values of its variables.

    Args:
        model: the model whose optimizer it is, which is built.
        names: names of the arrays in the file.
        arrays: the arrays.
        origin: where the file comes from.

    Raises:
        ValueError: if the state does not mean the same.
    """
    if origin.era == 1:
        raise ValueError("Files of Keras 1 do not say which weight it belongs to.")
    optimizer = model.optimizer
    own = optimizer.variables
    slots: dict[str, list[int]] = {}
    for i, variable in enumerate(own):
        suffix = max((s for s in _SUFFIXES if variable.name.endswith(f"_{s}")), key=len, default="")
        slots.setdefault(suffix, []).append(i)
    others = [own[i].name for i in slots.pop("", [])]
    if set(others) - {"iteration", "learning_rate"}:
        raise ValueError(f"Keras 2 kept other variables for {type(optimizer).__name__}.")
    values = [v.numpy() for v in own]
    left = list(arrays)
    if left and left[0].shape == ():
        values[0] = left.pop(0)
        names = names[1:]
    for suffix, indices in slots.items():
        found = _slot(optimizer, suffix, list(slots), names, left, len(indices))
        variables = optimizer._trainable_variables
        found = modern_arrays(model, variables, found, origin)
        if len(found) != len(indices):
            raise ValueError(f"it has {len(found)} arrays '{suffix}', not {len(indices)}.")
        for i, array in zip(indices, found):
            values[i] = array
    return values


def _slot(
    optimizer: Any,
    suffix: str,
    suffixes: list[str],
    names: Sequence[str],
    left: list[np.ndarray],
    n: int,
) -> list[np.ndarray]:
    """Give the arrays of one kind, in the order of the weights that they are for."""
    table = {**_SLOTS, **_SLOTS_OF.get(type(optimizer).__name__, {})}
    kinds = [table.get(name.rpartition("/")[2].partition(":")[0]) for name in names]
    if not any(kinds):  # TensorFlow 2.11 and newer put it into the middle
        kinds = [next((table.get(p, p) for p in n.split("/")[1:2]), None) for n in names]
    if any(kind in suffixes for kind in kinds):
        return [a for a, kind in zip(left, kinds) if kind == suffix]
    place = suffixes.index(suffix)  # Keras itself: one kind after the other
    return left[place * n : place * n + n]


class WithLearningRate:
    """The arrays of an optimizer of tf.keras 2.12 to 2.15, and the learning rate that they lack.

    Args:
        arrays: the arrays by their keys.
        rate: the learning rate.
    """

    def __init__(self, arrays: Any, rate: np.ndarray) -> None:
        self._arrays, self._rate = arrays, rate

    def __len__(self) -> int:
        return len(self._arrays) + 1

    def __iter__(self) -> Iterator[str]:
        return iter(map(str, range(len(self))))

    def keys(self) -> list[str]:
        """Return the keys."""
        return list(self)

    def __getitem__(self, key: str) -> np.ndarray:
        if key == "1":
            return self._rate
        return self._arrays[key if key == "0" else str(int(key) - 1)]

    def shapes(self) -> dict[str, tuple]:
        """Return the shapes of the arrays."""
        found = self._arrays.shapes()
        moved = {str(int(k) + 1): shape for k, shape in found.items() if k != "0"}
        return {"0": found["0"], "1": self._rate.shape, **moved}
