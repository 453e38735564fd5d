"""`SpectralNormalization`: keeps the largest singular value of a layer's weight at one."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.tensor import Tensor
from minikeras.autodiff.tracking import substituted
from minikeras.autodiff.variable import Variable
from minikeras.common.arguments import PositiveInt
from minikeras.initializers import TruncatedNormal
from minikeras.layers.core.wrapper import Wrapper
from minikeras.layers.input_spec import InputSpec
from minikeras.layers.layer import Layer
from minikeras.ops.core import cast
from minikeras.ops.products import matmul
from minikeras.ops.reductions import sum as sum_of
from minikeras.ops.shapes import reshape


class SpectralNormalization(Wrapper):
    """Divides a layer's kernel by its largest singular value, at each call while training.

    The singular value is estimated by power iteration, from the vector of the last call. The kernel
    itself is replaced by what it was divided to.

    Args:
        layer: a layer with a `kernel` or with `embeddings`.
        power_iterations: number of iterations at each call.

    Raises:
        ValueError: when it is built, if the layer has neither; in training, if the kernel is a sum with an
            adaptation (`lora_rank`, `enable_lora`), which cannot be replaced.

    Source: Miyato et al., "Spectral Normalization for Generative Adversarial Networks", 2018.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers, ops
    >>> layer = layers.SpectralNormalization(layers.Dense(3), power_iterations=100)
    >>> y = layer(np.ones((2, 4), "float32"), training=True)
    >>> float(ops.norm(layer.layer.kernel, 2).numpy().round(3))
    1.0
    """

    def __init__(self, layer: Layer, power_iterations: PositiveInt = 1, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.power_iterations = power_iterations

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        self.input_spec = InputSpec(min_ndim=1, axes={-1: input_shape[-1]})
        kernel = getattr(self.layer, "kernel", None)
        kernel = getattr(self.layer, "embeddings", None) if kernel is None else kernel
        if kernel is None:
            raise ValueError(
                f"Layer '{self.name}': argument `layer` must be a layer with a `kernel` or with "
                f"`embeddings`. Received: layer={self.layer!r}"
            )
        self.kernel = kernel
        self.vector_u = self.add_weight(
            (1, kernel.shape[-1]),
            TruncatedNormal(stddev=0.02),
            trainable=False,
            name="vector_u",
            dtype=kernel.dtype,
        )

    def call(self, inputs: Any, training: bool = False) -> Any:
        if training and np.any(self.kernel.array):
            u, kernel = self.normalized_weights()
            with substituted([self.kernel], [kernel]):  # the gradient goes through the division
                y = self.layer(inputs)
            self.vector_u.assign(u)
            self.kernel.assign(kernel)
        else:
            y = self.layer(inputs)
        return y if y.dtype == inputs.dtype else cast(y, inputs.dtype)

    def normalized_weights(self) -> tuple[Tensor, Tensor]:
        """Return the next vector of the power iteration, and the kernel with singular value one."""
        if not isinstance(self.kernel, Variable) or getattr(self.layer, "lora_enabled", False):
            raise ValueError(
                f"Layer '{self.name}': the weight of layer '{self.layer.name}' is no variable that could "
                "be divided, but computed from others, as it is with `lora_rank` or after `enable_lora`."
            )
        kernel = self.kernel.value
        shape = (-1, kernel.shape[-1])
        w = kernel.array.reshape(shape)
        w = w.astype(np.float32) if w.dtype.itemsize < 4 else w
        u = self.vector_u.array.astype(w.dtype)
        for _ in range(self.power_iterations):
            v = _normalized(u @ w.T)
            u = _normalized(v @ w)
        u, v = u.astype(kernel.dtype), v.astype(kernel.dtype)
        sigma = sum_of(matmul(v, reshape(kernel, shape)) * u)
        return Tensor(u), kernel / sigma

    def compute_output_shape(self, input_shape: Any) -> Any:
        return self.layer.compute_output_shape(input_shape)


def _normalized(x: np.ndarray) -> np.ndarray:
    return x / max(np.sqrt(np.sum(x * x)), 1e-12)
