"""The pages of the book of backwards: what each is of, and an example that its gradient is checked with.

The derivations lie in `formulas/`, one file a page; the documentation and `show_backward` show them.
One notation is used throughout, see `NOTATION`.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from minikeras import activations, layers, losses, ops
from minikeras.autodiff.primitive import Primitive

NOTATION = (
    "A bar marks the gradient of the loss $L$ by a quantity, $\\bar x = \\partial L / \\partial x$, "
    "which has the shape of $x$. A backward is given $\\bar y$, that of the result (`g` in the "
    "source), and finds those of the inputs. $\\odot$ multiplies element by element."
)

Example = Callable[[], tuple[Any, tuple, dict]]


class Page(NamedTuple):
    """A page of the book.

    Attributes:
        title: its heading.
        chapter: heading of the pages among which it stands in the index.
        names: public names of what it is of, such as `"layers.Dense"`; the first one's example is shown.
        primitives: names of the primitives whose backward it derives.
        example: returns a callable, its inputs and further arguments, for a gradient check.
    """

    title: str
    chapter: str
    names: tuple[str, ...]
    primitives: tuple[str, ...]
    example: Example


def _rng() -> np.random.Generator:
    return np.random.default_rng(7)


def _real(*shape: int) -> np.ndarray:
    return _rng().standard_normal(shape)


def _positive(*shape: int) -> np.ndarray:
    return _rng().uniform(0.3, 0.9, shape)


def _probabilities(*shape: int) -> np.ndarray:
    p = _positive(*shape)
    return p / p.sum(-1, keepdims=True)


def _of(make: Callable[[], Any], *shape: int, training: bool = False) -> Example:
    """Return an example: what is made, on normal random numbers of a shape."""
    return lambda: (make(), (_real(*shape),), {"training": True} if training else {})


def _loss(make: Callable[[], Any], targets: Callable[[], Any], outputs: Callable) -> Example:
    """Return an example: a loss of targets and outputs."""
    return lambda: (make(), (targets(), outputs()), {})


_LAYERS, _NORMALIZATION, _SEQUENCES = "Layers with weights", "Normalization", "Sequences"
_OTHER_LAYERS, _ACTIVATIONS = "Pooling, dropout", "Activations"
_OPS, _REDUCTIONS, _MOVES, _LOSSES = "Arithmetic", "Reductions", "Moving elements", "Losses"

_TOKENS = np.array([[0, 2, 2], [4, 0, 1]])


def _two(f: Callable, a: tuple, b: tuple, **kwargs: Any) -> Example:
    return lambda: (f, (_real(*a), _positive(*b)), kwargs)


PAGES: dict[str, Page] = {
    "dense": Page(
        "Dense",
        _LAYERS,
        ("layers.Dense",),
        ("dense",),
        _of(lambda: layers.Dense(3, activation="tanh"), 4, 2),
    ),
    "conv": Page(
        "Convolution",
        _LAYERS,
        ("layers.Conv2D", "layers.Conv1D", "layers.Conv3D", "ops.conv"),
        ("conv",),
        _of(lambda: layers.Conv2D(3, 3, strides=2, padding="same", activation="tanh"), 2, 5, 5, 2),
    ),
    "conv_transpose": Page(
        "Transposed convolution",
        _LAYERS,
        (
            "layers.Conv2DTranspose",
            "layers.Conv1DTranspose",
            "layers.Conv3DTranspose",
            "ops.conv_transpose",
        ),
        ("conv_transpose",),
        _of(lambda: layers.Conv2DTranspose(2, 3, strides=2), 2, 3, 3, 2),
    ),
    "depthwise_conv": Page(
        "Depthwise convolution",
        _LAYERS,
        (
            "layers.DepthwiseConv2D",
            "layers.DepthwiseConv1D",
            "layers.SeparableConv2D",
            "layers.SeparableConv1D",
            "ops.depthwise_conv",
            "ops.separable_conv",
        ),
        ("depthwise_conv",),
        _of(lambda: layers.DepthwiseConv2D(3, depth_multiplier=2), 2, 5, 5, 2),
    ),
    "embedding": Page(
        "Embedding",
        _LAYERS,
        ("layers.Embedding",),
        ("embedding",),
        lambda: (layers.Embedding(5, 2), (_TOKENS,), {}),
    ),
    "attention": Page(
        "Attention",
        _SEQUENCES,
        (
            "layers.MultiHeadAttention",
            "layers.Attention",
            "layers.GroupQueryAttention",
            "ops.dot_product_attention",
        ),
        ("attention",),
        lambda: (layers.MultiHeadAttention(2, 3), (_real(2, 3, 4), _positive(2, 5, 4)), {}),
    ),
    "simple_rnn": Page(
        "Simple recurrent layer",
        _SEQUENCES,
        ("layers.SimpleRNN",),
        ("simple_rnn",),
        _of(lambda: layers.SimpleRNN(3, return_sequences=True), 2, 4, 2),
    ),
    "lstm": Page(
        "LSTM",
        _SEQUENCES,
        ("layers.LSTM",),
        ("lstm",),
        _of(lambda: layers.LSTM(3, return_sequences=True), 2, 4, 2),
    ),
    "gru": Page(
        "GRU",
        _SEQUENCES,
        ("layers.GRU",),
        ("gru",),
        _of(lambda: layers.GRU(3, return_sequences=True), 2, 4, 2),
    ),
    "batch_norm": Page(
        "Batch normalization",
        _NORMALIZATION,
        ("layers.BatchNormalization", "ops.batch_normalization"),
        ("batch_normalization_of_batch",),
        _of(layers.BatchNormalization, 5, 3, training=True),
    ),
    "layer_norm": Page(
        "Layer normalization",
        _NORMALIZATION,
        ("layers.LayerNormalization", "ops.layer_normalization"),
        ("layer_normalization_of_last_axes",),
        _of(layers.LayerNormalization, 3, 5),
    ),
    "group_norm": Page(
        "Group normalization",
        _NORMALIZATION,
        ("layers.GroupNormalization",),
        (),
        _of(lambda: layers.GroupNormalization(2), 2, 3, 4),
    ),
    "rms_norm": Page(
        "RMS normalization",
        _NORMALIZATION,
        ("layers.RMSNormalization", "ops.rms_normalization"),
        (),
        _of(layers.RMSNormalization, 3, 5),
    ),
    "max_pool": Page(
        "Max pooling",
        _OTHER_LAYERS,
        ("layers.MaxPooling2D", "layers.MaxPooling1D", "layers.MaxPooling3D", "ops.max_pool"),
        ("max_pool",),
        _of(lambda: layers.MaxPooling2D(3, strides=2), 2, 5, 5, 2),
    ),
    "average_pool": Page(
        "Average pooling",
        _OTHER_LAYERS,
        (
            "layers.AveragePooling2D",
            "layers.AveragePooling1D",
            "layers.AveragePooling3D",
            "layers.GlobalAveragePooling1D",
            "layers.GlobalAveragePooling2D",
            "layers.GlobalAveragePooling3D",
            "ops.average_pool",
        ),
        ("average_pool", "global_average"),
        _of(lambda: layers.AveragePooling2D(2, padding="same"), 2, 5, 5, 2),
    ),
    "dropout": Page(
        "Dropout",
        _OTHER_LAYERS,
        ("layers.Dropout", "layers.SpatialDropout1D", "layers.SpatialDropout2D"),
        ("dropout",),
        _of(lambda: layers.Dropout(0.5, seed=3), 3, 4, training=True),
    ),
    "relu": Page(
        "ReLU",
        _ACTIVATIONS,
        ("ops.relu", "layers.ReLU", "ops.relu6", "ops.leaky_relu", "layers.LeakyReLU"),
        ("relu", "relu6", "leaky_relu"),
        lambda: (ops.relu, (_real(3, 4),), {}),
    ),
    "sigmoid": Page(
        "Sigmoid",
        _ACTIVATIONS,
        ("ops.sigmoid", "ops.log_sigmoid"),
        ("sigmoid", "log_sigmoid"),
        lambda: (ops.sigmoid, (_real(3, 4),), {}),
    ),
    "tanh": Page(
        "Tanh", _ACTIVATIONS, ("ops.tanh",), ("tanh",), lambda: (ops.tanh, (_real(3, 4),), {})
    ),
    "softmax": Page(
        "Softmax",
        _ACTIVATIONS,
        ("ops.softmax", "layers.Softmax"),
        ("softmax",),
        lambda: (ops.softmax, (_real(3, 4),), {}),
    ),
    "log_softmax": Page(
        "Log-softmax",
        _ACTIVATIONS,
        ("ops.log_softmax",),
        ("log_softmax",),
        lambda: (ops.log_softmax, (_real(3, 4),), {}),
    ),
    "gelu": Page(
        "GELU",
        _ACTIVATIONS,
        ("ops.gelu",),
        ("gelu", "gelu_tanh"),
        lambda: (ops.gelu, (_real(3, 4),), {}),
    ),
    "silu": Page(
        "SiLU (swish)",
        _ACTIVATIONS,
        ("ops.silu",),
        ("silu",),
        lambda: (ops.silu, (_real(3, 4),), {}),
    ),
    "elu": Page(
        "ELU, SELU, CELU",
        _ACTIVATIONS,
        ("ops.elu", "layers.ELU", "ops.selu", "ops.celu"),
        ("elu", "selu", "celu"),
        lambda: (ops.elu, (_real(3, 4),), {"alpha": 0.7}),
    ),
    "softplus": Page(
        "Softplus",
        _ACTIVATIONS,
        ("ops.softplus",),
        ("softplus",),
        lambda: (ops.softplus, (_real(3, 4),), {}),
    ),
    "exp_log": Page(
        "Functions of one number: exp, log, square root, ...",
        _OPS,
        (
            "ops.exp",
            "ops.log",
            "ops.sqrt",
            "ops.square",
            "ops.reciprocal",
            "ops.sin",
            "ops.abs",
        ),
        ("exp", "log", "sqrt", "square", "reciprocal", "sin", "abs", "absolute"),
        lambda: (lambda x: ops.exp(x) + ops.log(x) * ops.sqrt(x), (_positive(3, 4),), {}),
    ),
    "arithmetic": Page(
        "Arithmetic, and broadcasting",
        _OPS,
        ("ops.multiply", "ops.add", "ops.subtract", "ops.divide", "ops.power"),
        ("add", "subtract", "multiply", "divide", "true_divide", "power"),
        _two(ops.multiply, (3, 4), (4,)),
    ),
    "maximum": Page(
        "Maximum, clip and where",
        _OPS,
        ("ops.maximum", "ops.minimum", "ops.clip", "ops.where"),
        ("maximum", "minimum", "clip", "where"),
        _two(ops.maximum, (3, 4), (3, 4)),
    ),
    "matmul": Page(
        "Product of matrices",
        _OPS,
        ("ops.matmul", "ops.dot"),
        ("matmul",),
        _two(ops.matmul, (2, 3, 4), (4, 2)),
    ),
    "einsum": Page(
        "Einsum",
        _OPS,
        ("ops.einsum", "layers.EinsumDense"),
        ("einsum",),
        lambda: (
            lambda a, b: ops.einsum("bij,jk->bki", a, b),
            (_real(2, 3, 4), _positive(4, 2)),
            {},
        ),
    ),
    "inverse": Page(
        "Inverse and linear systems",
        _OPS,
        ("ops.solve", "ops.inv"),
        ("solve", "inv"),
        lambda: (ops.solve, (_real(3, 3) + 3 * np.eye(3), _positive(3, 2)), {}),
    ),
    "sum": Page(
        "Sum and mean",
        _REDUCTIONS,
        ("ops.sum", "ops.mean"),
        ("sum", "mean"),
        lambda: (ops.sum, (_real(3, 4),), {"axis": 0}),
    ),
    "variance": Page(
        "Variance",
        _REDUCTIONS,
        ("ops.var", "ops.std"),
        ("var",),
        lambda: (ops.var, (_real(3, 4),), {"axis": 0}),
    ),
    "max": Page(
        "Max and min",
        _REDUCTIONS,
        ("ops.max", "ops.min", "ops.amax", "ops.amin"),
        ("max", "min"),
        lambda: (ops.max, (_real(3, 4),), {"axis": 1}),
    ),
    "logsumexp": Page(
        "Log-sum-exp",
        _REDUCTIONS,
        ("ops.logsumexp",),
        ("logsumexp",),
        lambda: (ops.logsumexp, (_real(3, 4),), {"axis": 1}),
    ),
    "cumsum": Page(
        "Cumulative sum",
        _REDUCTIONS,
        ("ops.cumsum",),
        ("cumsum",),
        lambda: (ops.cumsum, (_real(3, 4),), {"axis": 1}),
    ),
    "take": Page(
        "Picking: take, slices, sort",
        _MOVES,
        ("ops.take", "ops.take_along_axis", "ops.sort", "ops.get_item"),
        ("take", "take_along_axis", "get_item"),
        lambda: (ops.take, (_real(3, 4), np.array([0, 2, 2])), {"axis": 1}),
    ),
    "concatenate": Page(
        "Concatenate, stack, split",
        _MOVES,
        ("ops.concatenate", "layers.Concatenate", "ops.stack", "ops.split"),
        ("concatenate", "stack"),
        lambda: (ops.concatenate, ([_real(3, 2), _positive(3, 4)],), {"axis": 1}),
    ),
    "reshape": Page(
        "Reshape, transpose, flip",
        _MOVES,
        ("ops.transpose", "ops.reshape", "ops.flip", "layers.Reshape", "layers.Permute"),
        ("reshape", "transpose", "flip"),
        lambda: (ops.transpose, (_real(2, 3, 4),), {"axes": (2, 0, 1)}),
    ),
    "mean_squared_error": Page(
        "Mean squared error",
        _LOSSES,
        ("losses.MeanSquaredError", "losses.mean_squared_error"),
        ("mean_squared_error",),
        _loss(losses.MeanSquaredError, lambda: _positive(3, 4), lambda: _real(3, 4)),
    ),
    "mean_absolute_error": Page(
        "Mean absolute error",
        _LOSSES,
        ("losses.MeanAbsoluteError", "losses.mean_absolute_error"),
        ("mean_absolute_error",),
        _loss(losses.MeanAbsoluteError, lambda: _positive(3, 4), lambda: _real(3, 4)),
    ),
    "huber": Page(
        "Huber",
        _LOSSES,
        ("losses.Huber", "losses.huber"),
        (),
        _loss(losses.Huber, lambda: _positive(3, 4), lambda: 2 * _real(3, 4)),
    ),
    "binary_crossentropy": Page(
        "Binary crossentropy",
        _LOSSES,
        ("losses.BinaryCrossentropy", "losses.binary_crossentropy", "ops.binary_crossentropy"),
        (
            "binary_crossentropy",
            "binary_crossentropy_logits",
            "mean_binary_crossentropy",
            "mean_binary_crossentropy_logits",
        ),
        _loss(losses.BinaryCrossentropy, lambda: _positive(3, 4), lambda: _positive(3, 4)),
    ),
    "categorical_crossentropy": Page(
        "Categorical crossentropy",
        _LOSSES,
        (
            "losses.CategoricalCrossentropy",
            "losses.categorical_crossentropy",
            "ops.categorical_crossentropy",
        ),
        (
            "categorical_crossentropy",
            "categorical_crossentropy_logits",
            "mean_categorical_crossentropy",
            "mean_categorical_crossentropy_logits",
        ),
        _loss(
            losses.CategoricalCrossentropy,
            lambda: _probabilities(3, 4),
            lambda: _probabilities(3, 4),
        ),
    ),
    "sparse_categorical_crossentropy": Page(
        "Sparse categorical crossentropy",
        _LOSSES,
        (
            "losses.SparseCategoricalCrossentropy",
            "losses.sparse_categorical_crossentropy",
            "ops.sparse_categorical_crossentropy",
        ),
        (
            "sparse_categorical_crossentropy",
            "sparse_categorical_crossentropy_logits",
            "mean_sparse_categorical_crossentropy",
            "mean_sparse_categorical_crossentropy_logits",
        ),
        _loss(
            losses.SparseCategoricalCrossentropy,
            lambda: np.array([1, 0, 3]),
            lambda: _probabilities(3, 4),
        ),
    ),
    "kl_divergence": Page(
        "Kullback-Leibler divergence",
        _LOSSES,
        ("losses.KLDivergence", "losses.kl_divergence"),
        (),
        _loss(losses.KLDivergence, lambda: _probabilities(3, 4), lambda: _positive(3, 4)),
    ),
    "hinge": Page(
        "Hinge",
        _LOSSES,
        ("losses.Hinge", "losses.hinge", "losses.SquaredHinge", "losses.squared_hinge"),
        (),
        _loss(losses.Hinge, lambda: np.sign(_real(3, 4)), lambda: _positive(3, 4)),
    ),
    "cosine_similarity": Page(
        "Cosine similarity",
        _LOSSES,
        ("losses.CosineSimilarity", "losses.cosine_similarity"),
        (),
        _loss(losses.CosineSimilarity, lambda: _positive(3, 4), lambda: _real(3, 4)),
    ),
    "ctc": Page(
        "CTC",
        _LOSSES,
        ("losses.CTC", "losses.ctc", "ops.ctc_loss"),
        ("ctc_loss",),
        _loss(losses.CTC, lambda: np.array([[1, 2, 2], [3, 1, 0]]), lambda: _real(2, 6, 4)),
    ),
}
"""The pages, in their order within chapters."""

NAMESPACES = {"layers": layers, "losses": losses, "ops": ops, "activations": activations}


def named(name: str) -> Any:
    """Return what a public name of a page stands for."""
    space, _, last = name.partition(".")
    return getattr(NAMESPACES[space], last)


@functools.cache
def _pages_by_target() -> dict[Any, str]:
    found = {}
    for key, page in PAGES.items():
        for name in page.names:
            found[named(name)] = key
        for primitive in page.primitives:
            found[f"primitive {primitive}"] = key
    return found


def page_of(target: Any) -> str | None:
    """Return the key of the page of a layer, loss, op or primitive, None if it has none."""
    pages = _pages_by_target()
    if isinstance(target, Primitive):
        return pages.get(f"primitive {target.name}")
    if inspect.isclass(target) or inspect.isfunction(target):
        return pages.get(target)
    return pages.get(type(target))


def example_of(target: Any, key: str | None) -> Example | None:
    """Return the example of a page if the target is what the example is of."""
    if key is None:
        return None
    page = PAGES[key]
    if isinstance(target, Primitive):
        same = page.primitives[:1] == (target.name,)
    else:
        same = target is named(page.names[0])
    return page.example if same else None


def text_of(key: str) -> str:
    """Return the derivation of a page: Markdown with formulas in `$` and `$$`."""
    return (Path(__file__).with_name("formulas") / f"{key}.md").read_text(encoding="utf-8")
