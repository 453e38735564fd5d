"""Special functions of `tf.math`, by SciPy, and losses that look at a few of very many classes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minikeras import ops
from minikeras.autodiff import Tensor
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.tensor import to_array
from minikeras.compat.keras_backend.calls import step
from minikeras.compat.tensorflow.neural import (
    sigmoid_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits,
)
from minikeras.compat.tensorflow.random_numbers import log_uniform_candidate_sampler
from minikeras.compat.tensorflow.table import named, number


def _by_scipy(name: str, *args: Any) -> Tensor:
    """Return what a function of SciPy gives, in the dtype of the last argument."""
    from scipy import special

    arrays = [to_array(a) for a in args]
    values = getattr(special, name)(*arrays)
    return Tensor(np.asarray(values, arrays[-1].dtype))


def _special(path: str, name: str, slope: Callable) -> None:
    """Put a function of one array into the table; `slope(x, y)` is its derivative."""

    @step
    @ops.custom_gradient
    def function(x: Any) -> tuple[Tensor, Callable]:
        y = _by_scipy(name, x)
        return y, lambda g: g * slope(x, y)

    @named(path)
    def public(x: Any) -> Any:
        return function(x)

    public.__name__ = path.rpartition(".")[2]


@step
@ops.custom_gradient
def _polygamma(order: Any, x: Any) -> tuple[Tensor, Callable]:
    y = _by_scipy("polygamma", ops.cast(order, "int32"), x)
    return y, lambda g: (None, g * _polygamma(order + 1, x))


@named("math.polygamma")
def polygamma(a: Any, x: Any) -> Any:
    """Compute a derivative of `digamma`, the `a`-th one."""
    return _polygamma(a, x)


@step
@ops.custom_gradient
def _zeta(x: Any, q: Any) -> tuple[Tensor, Callable]:
    return _by_scipy("zeta", x, q), lambda g: (None, -g * x * _zeta(x + 1, q))


@named("math.zeta")
def zeta(x: Any, q: Any) -> Any:
    """Compute Hurwitz's zeta function; its gradient is that of `q`."""
    return _zeta(x, q)


@step
@ops.custom_gradient
def _igamma(a: Any, x: Any) -> tuple[Tensor, Callable]:
    def backward(g: Any) -> tuple:
        return None, g * ops.exp((a - 1) * ops.log(x) - x - lgamma(a))

    return _by_scipy("gammainc", a, x), backward


@named("math.igamma")
def igamma(a: Any, x: Any) -> Any:
    """Compute the lower incomplete gamma function; its gradient is that of `x`."""
    return _igamma(a, x)


@named("math.igammac")
def igammac(a: Any, x: Any) -> Any:
    """Compute the upper incomplete gamma function; its gradient is that of `x`."""
    return 1 - _igamma(a, x)


@step
@ops.custom_gradient
def _betainc(a: Any, b: Any, x: Any) -> tuple[Tensor, Callable]:
    def backward(g: Any) -> tuple:
        log_beta = lgamma(a) + lgamma(b) - lgamma(a + b)
        return (
            None,
            None,
            g * ops.exp((a - 1) * ops.log(x) + (b - 1) * ops.log1p(-x) - log_beta),
        )

    return _by_scipy("betainc", a, b, x), backward


@named("math.betainc")
def betainc(a: Any, b: Any, x: Any) -> Any:
    """Compute the incomplete beta function; its gradient is that of `x`."""
    return _betainc(a, b, x)


@named("math.lgamma lgamma")
def lgamma(x: Any) -> Any:
    """Compute the logarithm of the absolute value of the gamma function."""
    return _lgamma(x)


@named("math.digamma digamma")
def digamma(x: Any) -> Any:
    """Compute the derivative of `lgamma`."""
    return _digamma(x)


@step
@ops.custom_gradient
def _lgamma(x: Any) -> tuple[Tensor, Callable]:
    return _by_scipy("gammaln", x), lambda g: g * _digamma(x)


@step
@ops.custom_gradient
def _digamma(x: Any) -> tuple[Tensor, Callable]:
    return _by_scipy("psi", x), lambda g: g * _polygamma(1, x)


@named("math.lbeta lbeta")
def lbeta(x: Any) -> Any:
    """Compute the logarithm of the absolute value of the beta function along the last axis."""
    return ops.sum(lgamma(x), axis=-1) - lgamma(ops.sum(x, axis=-1))


_special("math.ndtri", "ndtri", lambda x, y: math.sqrt(2 * math.pi) * ops.exp(y * y / 2))
_special("math.erfcinv", "erfcinv", lambda x, y: -math.sqrt(math.pi) / 2 * ops.exp(y * y))
_special("math.bessel_i0e", "i0e", lambda x, y: _by_scipy("i1e", x) - ops.sign(x) * y)
_special(
    "math.bessel_i1",
    "i1",
    lambda x, y: _by_scipy("i0", x) - ops.divide_no_nan(y, x) - 0.5 * ops.cast(x == 0, x.dtype),
)
_special(
    "math.bessel_i1e",
    "i1e",
    lambda x, y: (
        _by_scipy("i0e", x)
        - y * ops.sign(x)
        - ops.divide_no_nan(y, x)
        - 0.5 * ops.cast(x == 0, x.dtype)
    ),
)


@named("math.cumulative_logsumexp")
def cumulative_logsumexp(
    x: Any, axis: int = 0, exclusive: bool = False, reverse: bool = False
) -> Any:
    """Compute the logarithm of the sums of the exponentials so far."""
    x = ops.flip(x, axis) if reverse else x
    top = ops.stop_gradient(ops.max(x, axis=axis, keepdims=True))
    result = ops.log(ops.cumsum(ops.exp(x - top), axis=axis)) + top
    if exclusive:
        none = ops.zeros_like(top) - math.inf
        before = ops.take(result, np.arange(result.shape[axis] - 1), axis=axis)
        result = ops.concatenate([none, before], axis=axis)
    return ops.flip(result, axis) if reverse else result


# Losses that compare the right class with a few drawn ones.


def _as_drawn(labels: Any, num_true: int, num_sampled: int, *_: Any) -> tuple:
    return (
        KerasTensor((num_sampled,), "int64"),
        KerasTensor(labels.shape, "float32"),
        KerasTensor((num_sampled,), "float32"),
    )


@step(rule=_as_drawn)
def _draw(labels: Any, num_true: int, num_sampled: int, num_classes: int, seed: Any) -> tuple:
    """Draw classes, anew in every run of a graph."""
    return tuple(
        log_uniform_candidate_sampler(labels, num_true, num_sampled, True, num_classes, seed)
    )


def _sampled(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    num_sampled: int,
    num_classes: int,
    num_true: int,
    sampled_values: Any,
    remove_accidental_hits: bool,
    seed: Any = None,
) -> tuple[Any, Any]:
    """Return logits of the true and of the drawn classes, and what they should be."""
    if isinstance(weights, (list, tuple)):
        weights = ops.concatenate(weights, axis=0)
    labels = ops.reshape(ops.cast(labels, "int64"), (-1, num_true))
    if sampled_values is None:
        counts = (number(num_true), number(num_sampled), number(num_classes))
        sampled_values = _draw(labels, *counts, seed)
    drawn, true_count, drawn_count = sampled_values
    drawn = ops.stop_gradient(ops.cast(drawn, "int64"))
    of_true = ops.sum(ops.expand_dims(inputs, 1) * ops.take(weights, labels, axis=0), axis=-1)
    of_true = of_true + ops.take(biases, labels, axis=0) - ops.log(true_count)
    of_drawn = ops.matmul(inputs, ops.transpose(ops.take(weights, drawn, axis=0)))
    of_drawn = of_drawn + ops.take(biases, drawn, axis=0) - ops.log(drawn_count)
    if remove_accidental_hits:
        hits = ops.any(ops.expand_dims(labels, 2) == drawn, axis=1)
        of_drawn = of_drawn + ops.cast(hits, of_drawn.dtype) * float(np.finfo(np.float32).min)
    logits = ops.concatenate([of_true, of_drawn], axis=1)
    wanted = ops.concatenate(
        [ops.ones_like(of_true) / number(num_true), ops.zeros_like(of_drawn)], axis=1
    )
    return wanted, logits


@named("nn.nce_loss")
def nce_loss(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    num_sampled: int,
    num_classes: int,
    num_true: int = 1,
    sampled_values: Any = None,
    remove_accidental_hits: bool = False,
    partition_strategy: Any = None,
) -> Any:
    """Compute the noise-contrastive loss of each example (Gutmann and Hyvarinen, 2010).

    Args:
        weights: a row for each class, `(classes, size)`, or a list of such.
        biases: `(classes,)`.
        labels: the true classes, `(batch, num_true)`.
        inputs: `(batch, size)`.
        num_sampled: how many classes are drawn for the batch.
        num_classes: how many there are.
        num_true: number of true classes of an example.
        sampled_values: drawn classes, and how often the true and the drawn ones are expected; drawn by
            `log_uniform_candidate_sampler` if None.
        remove_accidental_hits: whether a drawn class does not count where it is true.
        partition_strategy: accepted, without effect.
    """
    wanted, logits = _sampled(
        weights,
        biases,
        labels,
        inputs,
        num_sampled,
        num_classes,
        num_true,
        sampled_values,
        remove_accidental_hits,
    )
    return ops.sum(sigmoid_cross_entropy_with_logits(labels=wanted, logits=logits), axis=1)


@named("nn.sampled_softmax_loss")
def sampled_softmax_loss(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    num_sampled: int,
    num_classes: int,
    num_true: int = 1,
    sampled_values: Any = None,
    remove_accidental_hits: bool = True,
    seed: Any = None,
    partition_strategy: Any = None,
) -> Any:
    """Compute the crossentropy of each example over its true classes and a few drawn ones.

    Arguments are those of `nce_loss`, and a seed for the draws (Jean et al., 2014).
    """
    wanted, logits = _sampled(
        weights,
        biases,
        labels,
        inputs,
        num_sampled,
        num_classes,
        num_true,
        sampled_values,
        remove_accidental_hits,
        seed,
    )
    return softmax_cross_entropy_with_logits(labels=ops.stop_gradient(wanted), logits=logits)
