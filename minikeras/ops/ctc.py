"""Connectionist temporal classification."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import Primitive, as_tensor, without_gradient
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.arguments import PositiveInt
from minikeras.common.dtypes import np_dtype, result_type
from minikeras.kernels import ctc as kernel
from minikeras.kernels import ctc_decode as decoding
from minikeras.ops.core import cast
from minikeras.ops.symbolic import TensorLike, op

_CTC = Primitive(
    "ctc_loss",
    kernel.forward,
    lambda g, saved, needs, out, **_: kernel.backward(g, saved, needs, out),
    rule=lambda z, **_: KerasTensor(z.shape[:1], z.dtype),
)


def _rule(target: Any, output: Any, *_: Any, **__: Any) -> KerasTensor:
    return KerasTensor((output.shape[0],), result_type(output.dtype, "float32"))


@op(rule=_rule)
def ctc_loss(
    target: TensorLike,
    output: TensorLike,
    target_length: TensorLike,
    output_length: TensorLike,
    mask_index: int = 0,
) -> Tensor:
    """Minus the logarithm of the probability that outputs over time spell out the targets.

    Args:
        target: class numbers of shape `(batch, max_length)`, padded at the end.
        output: logits of shape `(batch, time, classes)`.
        target_length: how many targets each example has, of shape `(batch,)`.
        output_length: how many steps each example has, of shape `(batch,)`.
        mask_index: the class that stands for no target.

    Returns:
        Losses of shape `(batch,)`.

    Raises:
        ValueError: if shapes do not match, or a target is no class.

    Reference: Graves et al., 2006, "Connectionist Temporal Classification".

    Example:

    >>> import numpy as np
    >>> from minikeras.ops.ctc import ctc_loss
    >>> ctc_loss([[1]], np.zeros((1, 2, 2), "float32"), [1], [2])
    <Tensor shape=(1,) dtype=float32 [0.287682]>
    """
    labels = to_array(target).astype(np.int64)
    z = as_tensor(output)
    z = cast(z, result_type(z.dtype, "float32"))
    lengths = [to_array(n).astype(np.int64) for n in (target_length, output_length)]
    batch = (z.shape[0],)
    if z.ndim != 3 or labels.ndim != 2 or labels.shape[:1] != batch or z.shape[1] == 0:
        raise ValueError(
            "ctc_loss: expected `target` of shape (batch, max_length) and `output` of shape "
            f"(batch, time, classes). Received: target.shape={labels.shape}, "
            f"output.shape={z.shape}"
        )
    for name, n, most in (
        ("target_length", lengths[0], labels.shape[1]),
        ("output_length", lengths[1], z.shape[1]),
    ):
        if n.shape != batch or (n.size and not (n.min() >= 0 and n.max() <= most)):
            raise ValueError(
                f"ctc_loss: `{name}` must hold one number from 0 to {most} for each example. "
                f"Received: {n}"
            )
    if labels.size and not (labels.min() >= 0 and labels.max() < z.shape[2]):
        raise ValueError(
            f"ctc_loss: `target` must hold class numbers from 0 to {z.shape[2] - 1}. Received "
            f"numbers from {labels.min()} to {labels.max()}."
        )
    return _CTC(z, labels=labels, label_length=lengths[0], length=lengths[1], blank=mask_index)


def _decode_rule(
    inputs: Any,
    sequence_lengths: Any,
    strategy: str = "greedy",
    beam_width: int = 100,
    top_paths: int = 1,
    **_: Any,
) -> tuple:
    paths = 1 if strategy == "greedy" else top_paths
    batch, steps = inputs.shape[:2]
    scores = KerasTensor((batch, paths), result_type(inputs.dtype, "float32"))
    return KerasTensor((paths, batch, steps), "int32"), scores


@op(rule=_decode_rule)
def ctc_decode(
    inputs: TensorLike,
    sequence_lengths: TensorLike,
    strategy: Literal["greedy", "beam_search"] = "greedy",
    beam_width: PositiveInt = 100,
    top_paths: PositiveInt = 1,
    merge_repeated: bool = True,
    mask_index: int = 0,
) -> tuple[Tensor, Tensor]:
    """Return the labels that outputs over time spell out.

    Args:
        inputs: logits, `(batch, time, classes)`.
        sequence_lengths: how many steps each example has, `(batch,)`.
        strategy: `"greedy"` takes the best class of each step; `"beam_search"` looks for the labels
            whose spellings have the largest probability together.
        beam_width: how many labels the search keeps at each step.
        top_paths: how many labels the search returns.
        merge_repeated: whether, in the greedy way, a class that follows itself counts once.
        mask_index: the class that stands for no label.

    Returns:
        Labels `(paths, batch, time)`, filled up with -1, and scores `(batch, paths)`: logarithms of
        probabilities, or minus the sum of the logits that were taken in the greedy way, which has
        one path.

    Raises:
        ValueError: if shapes do not match.

    Example:

    >>> import numpy as np
    >>> from minikeras import ops
    >>> logits = np.log([[[0.1, 0.8, 0.1], [0.1, 0.8, 0.1], [0.8, 0.1, 0.1], [0.1, 0.1, 0.8]]])
    >>> labels, scores = ops.ctc_decode(logits, [4])
    >>> labels.numpy()[0, 0].tolist()
    [1, 2, -1, -1]
    """
    z = to_array(inputs)
    lengths = to_array(sequence_lengths).astype(np.int64)
    if z.ndim != 3 or lengths.shape != z.shape[:1]:
        raise ValueError(
            "ctc_decode: expected `inputs` of shape (batch, time, classes) and `sequence_lengths` of "
            f"shape (batch,). Received: inputs.shape={z.shape}, "
            f"sequence_lengths.shape={lengths.shape}"
        )
    if not -z.shape[2] <= mask_index < z.shape[2]:
        raise ValueError(
            f"ctc_decode: argument `mask_index` must be one of the {z.shape[2]} classes. "
            f"Received: mask_index={mask_index}"
        )
    z = z.astype(np_dtype(result_type(z.dtype, "float32")), copy=False)
    search = None if strategy == "greedy" else (beam_width, top_paths)
    return _CTC_DECODE(
        z, lengths, blank=mask_index % z.shape[2], merge=merge_repeated, search=search
    )


def _decode(z: Any, lengths: Any, blank: int, merge: bool, search: tuple | None) -> tuple:
    if search is None:
        labels, scores = decoding.greedy(z, lengths, blank, merge)
        return labels[None].astype(np.int32), scores[:, None]
    labels, scores = decoding.beam_search(z, lengths, blank, *search)
    return labels.swapaxes(0, 1).astype(np.int32), scores


_CTC_DECODE = without_gradient("ctc_decode", _decode, narrow="")
