"""`MultiHeadAttention`: attention in several learned projections at once."""

from __future__ import annotations

import math
import string
from collections.abc import Sequence
from typing import Any

import numpy as np

from minikeras import regularizers
from minikeras.autodiff.keras_tensor import KerasTensor, has_values
from minikeras.autodiff.state import thread
from minikeras.autodiff.tensor import Tensor
from minikeras.common.arguments import ArgumentError, Fraction, PositiveInt
from minikeras.common.configurable import accepted
from minikeras.common.dtypes import finfo
from minikeras.constraints.constraints import ConstraintLike
from minikeras.initializers.initializer import InitializerLike
from minikeras.kernels.attention import pays_at_once
from minikeras.kernels.random import dropout_mask
from minikeras.layers.attention.masks import attention_mask_of, for_scores, without_mask
from minikeras.layers.core.einsum_dense import EinsumDense
from minikeras.layers.layer import Layer
from minikeras.layers.quantization.policies import policy_with_parts
from minikeras.layers.regularization.dropout import Dropout
from minikeras.ops.activations import softmax
from minikeras.ops.einsum import einsum
from minikeras.ops.indexing import where
from minikeras.ops.sequences import ATTENTION, SELF_ATTENTION
from minikeras.random.seed_generator import draw_key
from minikeras.regularizers.regularizers import RegularizerLike


class ProjectedAttention(Layer):
    """What layers of attention with learned projections have in common.

    Args:
        dropout: share of the weights of attention that is dropped while training.
        use_bias: whether projections have biases.
        sliding_window: number of places that a query sees in each direction; None for all.
        flash_attention: accepted; there is one implementation.
        *_initializer, *_regularizer, *_constraint: of the projections' weights.
        activity_regularizer: penalty on the projections.
        use_gate: whether the result is multiplied by a learned gate of the query.
        seed: integer seed of dropout.
        **kwargs: arguments of `Layer`.
    """

    argument_sources = {
        "activity_regularizer": "_projection_regularizer",
        "flash_attention": None,
        "dtype": policy_with_parts,
    }

    def __init__(
        self,
        dropout: Fraction,
        use_bias: bool,
        sliding_window: PositiveInt | None,
        flash_attention: bool | None,
        kernel_initializer: InitializerLike,
        bias_initializer: InitializerLike,
        kernel_regularizer: RegularizerLike,
        bias_regularizer: RegularizerLike,
        activity_regularizer: RegularizerLike,
        kernel_constraint: ConstraintLike,
        bias_constraint: ConstraintLike,
        use_gate: bool,
        seed: int | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        kind = type(self).__name__
        if flash_attention and dropout > 0:
            raise ValueError(
                f"{kind}: flash attention has no dropout. Received: dropout={dropout}, "
                "flash_attention=True"
            )
        self.dropout, self.use_bias, self.use_gate, self.seed = dropout, use_bias, use_gate, seed
        self.sliding_window = sliding_window
        self._flash_attention = bool(flash_attention)
        self._keep_weight_arguments(locals())
        self._projection_regularizer = regularizers.get(activity_regularizer)
        self.supports_masking = True

    def _projection(self, name: str, equation: str, shape: Any, bias: str, **options: Any) -> Any:
        """Make a projection. Each has an initializer of its own, so that seeds differ."""
        fresh = {
            f"{n}_initializer": type(i).from_config(i.get_config())
            if hasattr(i, "get_config")
            else i
            for n, i in (("kernel", self.kernel_initializer), ("bias", self.bias_initializer))
        }
        return EinsumDense(
            equation,
            output_shape=shape,
            bias_axes=bias if self.use_bias else None,
            kernel_regularizer=self.kernel_regularizer,
            bias_regularizer=self.bias_regularizer,
            activity_regularizer=self._projection_regularizer,
            kernel_constraint=self.kernel_constraint,
            bias_constraint=self.bias_constraint,
            dtype=self.dtype_policy,
            name=name,
            **fresh,
            **options,
        )

    def call(
        self,
        query: Any,
        value: Any,
        key: Any = None,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
        use_causal_mask: bool = False,
    ) -> Any:
        if self._flash_attention and return_attention_scores:
            raise ValueError(
                f"Layer '{self.name}': flash attention has no scores to return. Received: "
                "return_attention_scores=True"
            )
        key = value if key is None else key
        mask = attention_mask_of(
            query.shape[1],
            value.shape[1],
            query_mask,
            value_mask,
            key_mask,
            attention_mask,
            causal=use_causal_mask,
            window=self.sliding_window,
        )
        if query is value is key and not return_attention_scores:
            output = self._self_attention(query, mask, training)
            if output is not None:
                return output
        query, key, value = without_mask(query), without_mask(key), without_mask(value)
        gate = self._gate_dense(query) if self.use_gate else None
        q, k, v = self._query_dense(query), self._key_dense(key), self._value_dense(value)
        output, scores = self._compute_attention(q, k, v, mask, training, return_attention_scores)
        output = self._output_dense(output if gate is None else output * gate)
        return (output, scores) if return_attention_scores else output

    def _self_attention(self, x: Any, mask: Any, training: Any) -> Tensor | None:
        """Return the attention of a sequence to itself, where one kernel can compute all of it."""
        return None

    def _fused(self, q: Any, k: Any, v: Any, mask: Any, training: Any, scale: float) -> Tensor:
        """Attend over one axis, `(batch, time, heads, size)`."""
        options: dict = {}
        if training and 0 < self.dropout < 1:
            shape = (q.shape[0], q.shape[2], q.shape[1], k.shape[1])
            seed = draw_key(self._dropout_layer.seed_generator)
            keep, rate = dropout_mask(shape, self.dropout, seed)
            options = {"keep": keep, "rate": rate}
        mask = for_scores(mask, 4)
        y = ATTENTION(q, k, v, None, scale=scale, mask=mask, **options)
        if mask is not None and self.dropout > 0:
            # As in Keras, a query whose keys are all masked gets zero with dropout or where scores
            # are returned, and the mean of the values otherwise.
            alive = mask.any(axis=-1)
            if not has_values(alive) or not alive.all():
                y = y * np.swapaxes(alive, 1, 2)[..., None].astype(self._compute)
        return y

    def _weights(self, scores: Tensor, mask: Any, fused: bool, axes: int = 1) -> Tensor:
        """Return the softmax of scores over their last axes, 0 where they are masked.

        `fused` says that these stand for `_fused`, which can do no half precision: as there, a query
        whose keys are all masked gets the mean of the values then, unless there is dropout.
        """
        over = tuple(range(scores.ndim - axes, scores.ndim))
        mask = for_scores(mask, scores.ndim, axes)
        if mask is None:
            return softmax(scores, axis=over)
        dtype = scores.array.dtype
        low = np.asarray(-0.5 * float(finfo(dtype).max), dtype)
        weights = softmax(where(mask, scores, Tensor(low)), axis=over)
        return weights if fused and self.dropout == 0 else weights * mask.astype(dtype)


class MultiHeadAttention(ProjectedAttention):
    """Multi-head attention (Vaswani et al., 2017).

    Query, key and value are projected to `num_heads` heads, each attends by itself, and the
    results are projected back together.

    Args:
        num_heads: number of heads.
        key_dim: size of query and key in each head.
        value_dim: size of the value in each head, `key_dim` if None.
        dropout: share of the weights of attention that is dropped while training.
        use_bias: whether projections have biases.
        output_shape: size of the output, that of the query if None; or several sizes.
        attention_axes: axes that attention is over, all but batch and features if None.
        sliding_window: number of places that a query sees in each direction; None for all.
        flash_attention: accepted; there is one implementation.
        kernel_initializer, bias_initializer: initializers of the projections.
        kernel_regularizer, bias_regularizer: penalties on their weights.
        activity_regularizer: penalty on their outputs.
        kernel_constraint, bias_constraint: constraints of their weights.
        use_gate: whether the heads' results are multiplied by a learned gate of the query.
        seed: integer seed of dropout.

    Call arguments: `query` `(batch, queries, features)`, `value` and `key` (the value if None)
    `(batch, keys, features)`; `attention_mask` `(batch, queries, keys)`, false where there is to
    be no attention; `use_causal_mask`, by which a query sees only keys at its own place and
    before; `return_attention_scores`, to get `(output, scores)`.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> x = np.ones((2, 5, 8), "float32")
    >>> layers.MultiHeadAttention(num_heads=2, key_dim=4)(x, x).shape
    (2, 5, 8)
    """

    argument_sources = {"output_shape": "_output_shape"}

    def __init__(
        self,
        num_heads: PositiveInt,
        key_dim: PositiveInt,
        value_dim: PositiveInt | None = None,
        dropout: Fraction = 0.0,
        use_bias: bool = True,
        output_shape: PositiveInt | Sequence[PositiveInt] | None = None,
        attention_axes: int | Sequence[int] | None = None,
        sliding_window: PositiveInt | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: InitializerLike = "glorot_uniform",
        bias_initializer: InitializerLike = "zeros",
        kernel_regularizer: RegularizerLike = None,
        bias_regularizer: RegularizerLike = None,
        activity_regularizer: RegularizerLike = None,
        kernel_constraint: ConstraintLike = None,
        bias_constraint: ConstraintLike = None,
        use_gate: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**accepted(ProjectedAttention, locals()), **kwargs)
        self.num_heads, self.key_dim = num_heads, key_dim
        self.value_dim = value_dim or key_dim
        if isinstance(output_shape, int):
            output_shape = (output_shape,)
        self._output_shape = tuple(output_shape) if output_shape else None
        if isinstance(attention_axes, int):
            attention_axes = (attention_axes,)
        self.attention_axes = attention_axes

    saved_as = {f"_{part}_dense": f"{part}_dense" for part in ("query", "key", "value", "output")}
    query_dense = property(lambda self: self._query_dense, doc="The projection of the query.")
    key_dense = property(lambda self: self._key_dense, doc="The projection of the key.")
    value_dense = property(lambda self: self._value_dense, doc="The projection of the value.")
    output_dense = property(lambda self: self._output_dense, doc="The projection of the results.")

    def build(self, query_shape: tuple, value_shape: tuple, key_shape: Any = None) -> None:
        key_shape = value_shape if key_shape is None else key_shape
        _check_shapes(self.name, value_shape, key_shape)

        def heads(name: str, shape: tuple, size: int, **options: Any) -> EinsumDense:
            free = string.ascii_lowercase[: len(shape) - 1]
            equation = f"{free}x,xyz->{free}yz"
            sizes = [*[None] * (len(shape) - 2), self.num_heads, size]
            layer = self._projection(name, equation, sizes, "yz", **options)
            layer.build(shape)
            return layer

        self._query_dense = heads("query", query_shape, self.key_dim)
        self._key_dense = heads("key", key_shape, self.key_dim)
        if self.use_gate:
            self._gate_dense = heads("gate", query_shape, self.value_dim, activation="sigmoid")
        self._value_dense = heads("value", value_shape, self.value_dim)
        rank = len(query_shape) + 1  # of the projected query
        axes = range(1, rank - 2) if self.attention_axes is None else self.attention_axes
        if not axes or not all(1 <= a % (rank - 1) < rank - 2 and abs(a) < rank for a in axes):
            raise ArgumentError(
                f"Layer '{self.name}'",
                "attention_axes",
                f"axes between the batch's and the features' of inputs of shape {query_shape}",
                self.attention_axes,
            )
        self.attention_axes = tuple([a if a >= 0 else rank - 1 + a for a in axes])
        self._equations = _equations(rank, self.attention_axes)
        self._dropout_layer = Dropout(rate=self.dropout, dtype=self.dtype_policy, seed=self.seed)
        sizes = self._output_shape or (query_shape[-1],)
        free = string.ascii_lowercase[: len(query_shape) - 1]
        new = string.ascii_uppercase[: len(sizes)]
        self._output_dense = self._projection(
            "attention_output",
            f"{free}yz,yz{new}->{free}{new}",
            [*[None] * (len(query_shape) - 2), *sizes],
            new,
        )
        self._output_dense.build((*query_shape[:-1], self.num_heads, self.value_dim))

    def _compute_attention(
        self,
        query: Any,
        key: Any,
        value: Any,
        attention_mask: Any = None,
        training: bool | None = None,
        return_attention_scores: bool = False,
    ) -> tuple:
        """Attend with projected tensors; subclasses may do it in another way.

        Args:
            query: `(batch, ..., heads, size)`.
            key, value: `(batch, ..., heads, size)`.
            attention_mask: booleans, or None.
            training: whether to drop weights.
            return_attention_scores: whether scores are wanted.

        Returns:
            The result, and the scores or None.
        """
        scale = 1 / math.sqrt(self.key_dim)
        fused = query.ndim == 4 and not return_attention_scores and self.attention_axes == (1,)
        if fused and self._compute.itemsize >= 4:
            return self._fused(query, key, value, attention_mask, training, scale), None
        product, combination = self._equations
        scores = einsum(product, query * scale, key)
        scores = self._weights(scores, attention_mask, fused, len(self.attention_axes))
        kept = self._dropout_layer(scores, training=training) if self.dropout > 0 else scores
        return einsum(combination, kept, value), scores

    def _self_attention(self, x: Any, mask: Any, training: Any) -> Tensor | None:
        """Attend in one kernel while nobody wants gradients, and layers are what they were made as."""
        parts = (self._query_dense, self._key_dense, self._value_dense, self._output_dense)
        alike = (
            not thread.state.tapes
            and type(x.array) is np.ndarray  # no model that is being exported
            and x.array.size
            and x.ndim == 3
            and x.array.dtype is self._compute
            and self._compute.itemsize >= 4
            and self.attention_axes == (1,)
            and not self.use_gate
            and (self.dropout == 0 or (mask is None and not training))
            and type(self)._compute_attention is MultiHeadAttention._compute_attention
            and all(part.is_plain_product(self._compute) for part in parts)
        )
        if not alike:
            return None
        kernels, biases = [part.kernel for part in parts], [part.bias for part in parts]
        batch, time = x.shape[:2]
        if not pays_at_once(batch, time * sum([math.prod(kernel.shape) for kernel in kernels])):
            return None
        scale = 1 / math.sqrt(self.key_dim)
        return SELF_ATTENTION(x, *kernels, *biases, scale=scale, mask=for_scores(mask, 4))

    def compute_output_shape(
        self, query_shape: tuple, value_shape: tuple, key_shape: Any = None
    ) -> tuple:
        _check_shapes(self.name, value_shape, value_shape if key_shape is None else key_shape)
        query_shape = tuple(query_shape)
        return query_shape[:-1] + self._output_shape if self._output_shape else query_shape

    def compute_output_spec(
        self,
        query: Any,
        value: Any,
        key: Any = None,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        training: Any = None,
        use_causal_mask: bool = False,
    ) -> Any:
        shape = self.compute_output_shape(
            query.shape, value.shape, None if key is None else key.shape
        )
        output = KerasTensor(shape, self.compute_dtype)
        if not return_attention_scores:
            return output
        sizes = [[x.shape[a] for a in self.attention_axes] for x in (query, value)]
        others = [d for i, d in enumerate(query.shape[1:-1], 1) if i not in self.attention_axes]
        scores = (query.shape[0], *others, self.num_heads, *sizes[0], *sizes[1])
        return output, KerasTensor(scores, self.compute_dtype)


def _check_shapes(name: str, value_shape: tuple, key_shape: tuple) -> None:
    if tuple(value_shape[1:-1]) != tuple(key_shape[1:-1]):
        raise ValueError(
            f"Layer '{name}': value and key must have the same sizes but for the last axis. "
            f"Received: value_shape={value_shape}, key_shape={key_shape}"
        )


def _equations(rank: int, axes: tuple) -> tuple[str, str]:
    """Return the einsums of scores and of results.

    Args:
        rank: number of axes of the projected tensors, heads and sizes last.
        axes: axes that attention is over.
    """
    query = string.ascii_lowercase[:rank]
    key = "".join([query[i].upper() if i in axes else query[i] for i in range(rank)])
    batch = "".join([query[i] for i in range(rank - 1) if i not in axes])
    scores = batch + "".join([query[i] for i in axes]) + "".join([key[i] for i in axes])
    return f"{query},{key}->{scores}", f"{scores},{key}->{query}"
