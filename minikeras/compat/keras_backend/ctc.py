"""Labels without times: the CTC loss and its decoding."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from minikeras import ops
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.settings import settings
from minikeras.compat.keras_backend.calls import step
from minikeras.kernels import ctc_decode as decoding


class SparseLabels(NamedTuple):
    """Labels of several lengths, as TensorFlow's sparse tensors have them."""

    indices: Any
    values: Any
    dense_shape: Any

    def dense(self) -> Tensor:
        """Return the labels as a tensor, padded with zeros."""
        indices = np.asarray(to_array(self.indices))
        values = np.asarray(to_array(self.values))
        result = np.zeros([int(d) for d in to_array(self.dense_shape)], values.dtype)
        result[tuple(indices.T)] = values
        return Tensor(result)


def ctc_label_dense_to_sparse(labels: Any, label_lengths: Any) -> SparseLabels:
    """Return padded labels as sparse ones.

    Args:
        labels: `(batch, max_length)`.
        label_lengths: how many labels each example has, of shape `(batch,)`.
    """
    labels = np.asarray(to_array(labels))
    lengths = np.asarray(to_array(label_lengths)).reshape(-1)
    there = np.arange(labels.shape[1]) < lengths[:, None]
    return SparseLabels(
        Tensor(np.argwhere(there).astype(np.int64)),
        Tensor(labels[there]),
        Tensor(np.array(labels.shape, np.int64)),
    )


@step(rule=lambda y_true, y_pred, *_: KerasTensor((y_pred.shape[0], 1), y_pred.dtype))
def ctc_batch_cost(y_true: Any, y_pred: Any, input_length: Any, label_length: Any) -> Any:
    """Return minus the logarithm of the probability of labels, for each example.

    Args:
        y_true: labels, `(batch, max_length)`.
        y_pred: probabilities over time, `(batch, time, classes)`; the last class is the blank.
        input_length: how many steps each example has, `(batch, 1)`.
        label_length: how many labels each example has, `(batch, 1)`.

    Returns:
        `(batch, 1)`.
    """
    lengths = [to_array(n).reshape(-1).astype(np.int32) for n in (label_length, input_length)]
    labels = to_array(y_true).astype(np.int32)
    used = np.arange(labels.shape[1]) < lengths[0][:, None]
    labels = np.where(used, labels, 0)  # what pads them may be any number
    logits = ops.log(y_pred + settings.epsilon)
    blank = y_pred.shape[-1] - 1
    loss = ops.ctc_loss(labels, logits, *lengths, mask_index=blank)
    return ops.expand_dims(loss, 1)


def _decoded_rule(y_pred: Any, input_length: Any, *args: Any, **kwargs: Any) -> tuple:
    names = ("greedy", "beam_width", "top_paths")
    options = {**dict(zip(names, args)), **kwargs}
    paths = 1 if options.get("greedy", True) else options.get("top_paths", 1)
    batch = y_pred.shape[0]
    return (
        [KerasTensor((batch, y_pred.shape[1]), "int64") for _ in range(paths)],
        KerasTensor((batch, paths), "float32"),
    )


@step(rule=_decoded_rule)
def ctc_decode(
    y_pred: Any,
    input_length: Any,
    greedy: bool = True,
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = False,
) -> tuple:
    """Return the labels that probabilities over time spell out.

    Args:
        y_pred: probabilities, `(batch, time, classes)`; the last class is the blank.
        input_length: how many steps each example has, `(batch,)`.
        greedy: whether the most probable class of each step is taken; else labels whose ways add up to
            the greatest probability are searched for.
        beam_width: how many beginnings the search keeps.
        top_paths: how many results the search returns.
        merge_repeated: whether results of the search are given without repetitions.

    Returns:
        `(labels, scores)`: a list of one tensor `(batch, time)` for each path, padded with -1, and
        the logarithms of the probabilities (without greed), `(batch, paths)`; minus the sum of the logits
        that were taken, if greedy.
    """
    logits = np.log(np.asarray(to_array(y_pred), np.float64) + settings.epsilon)
    lengths = np.asarray(to_array(input_length)).reshape(-1).astype(int)
    blank = logits.shape[-1] - 1
    if greedy:
        labels, scores = decoding.greedy(logits, lengths, blank)
        labels, scores = labels[:, None], scores[:, None]
    else:
        labels, scores = decoding.beam_search(logits, lengths, blank, beam_width, top_paths)
        found = np.isfinite(scores).sum(1).min(initial=top_paths)
        if found < top_paths:
            raise ValueError(f"ctc_decode: only {found} paths were found. Received: {top_paths=}")
        if merge_repeated:
            labels = np.array([[_merged(row) for row in rows] for rows in labels])
    paths = [Tensor(np.ascontiguousarray(rows, np.int64)) for rows in labels.swapaxes(0, 1)]
    return paths, Tensor(scores.astype(np.float32))


def _merged(labels: np.ndarray) -> np.ndarray:
    """Return labels without repetitions, filled up with -1."""
    kept = labels[np.flatnonzero(np.diff(labels, prepend=-1))]
    kept = kept[kept >= 0]
    return np.pad(kept, (0, len(labels) - len(kept)), constant_values=-1)
