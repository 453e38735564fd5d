"""Low-rank adaptation: a weight stays as it is, and a product of two small matrices is trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from minikeras.autodiff.state import thread
from minikeras.autodiff.tensor import Tensor
from minikeras.autodiff.variable import Variable
from minikeras.common.arguments import PositiveInt, checked
from minikeras.common.configurable import OMIT
from minikeras.initializers.initializer import InitializerLike
from minikeras.layers.building import opened
from minikeras.layers.layer import Layer
from minikeras.ops.core import cast
from minikeras.ops.products import matmul

WITHOUT_LORA = ("float8", "gptq", "awq")
"""Modes of quantization that go without lora."""


def lora_refused(name: str, mode: str) -> str:
    """Return the message that a layer cannot be adapted and quantized in this way at once."""
    return (
        f"Layer '{name}': lora is not supported together with quantization mode={mode!r}. Use 'int8' or "
        "'int4'."
    )


class AdaptableLayer(Layer):
    """A layer with one large weight, to which `enable_lora` can add a matrix of low rank.

    With A `(..., rank)` and B `(rank, last axis)` the weight is `W + A @ B * lora_alpha / rank`. Files of
    weights hold this sum, as if there were no adaptation; where one is loaded, A and B become zero.

    A subclass says the weight's name (`adapted`), shows it as a property (`adapted_weight`), and ends its
    `build` with `_enable_lora_as_made`.

    Args:
        lora_rank: rank of the adaptation that the layer is built with, None for none.
        lora_alpha: its scale; the rank if None.

    Source: Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", 2021.
    """

    adapted = "kernel"
    lora_enabled = False
    _is_packed = False  # whether the weight is stored in 4 bits

    argument_sources = {
        "lora_rank": lambda layer: layer.lora_rank or OMIT,
        "lora_alpha": lambda layer: layer.lora_alpha if layer.lora_rank else OMIT,
    }

    def __init__(
        self,
        *,
        lora_rank: PositiveInt | None = None,
        lora_alpha: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.lora_rank = lora_rank
        self.lora_alpha = lora_rank if lora_alpha is None else lora_alpha

    def _enable_lora_as_made(self) -> None:
        if self.lora_rank and not self.lora_enabled:
            self.built = True
            self.enable_lora(self.lora_rank, lora_alpha=self.lora_alpha)

    @checked
    def enable_lora(
        self,
        rank: PositiveInt,
        lora_alpha: float | None = None,
        a_initializer: InitializerLike = "he_uniform",
        b_initializer: InitializerLike = "zeros",
    ) -> None:
        """Freeze the layer's large weight, and train a product of two small matrices beside it.

        A model has to be compiled again afterwards.

        Args:
            rank: columns of the first matrix, rows of the second.
            lora_alpha: scale of the product, divided by the rank; the rank if None.
            a_initializer, b_initializer: initializers of the matrices.

        Raises:
            ValueError: if the layer is not built, is adapted already, or constrains the weight.
            NotImplementedError: if it is quantized, other than to int8 or int4.
        """
        name = self.adapted
        if getattr(self, f"{name}_constraint") is not None:
            raise ValueError(
                f"Layer '{self.name}': lora is incompatible with `{name}_constraint`: the sum of the "
                "weight and its adaptation could not be kept to it."
            )
        if not self.built:
            raise ValueError(
                f"Layer '{self.name}': cannot enable lora before the layer is built. Call it on data "
                "first, or build it."
            )
        if self.lora_enabled:
            raise ValueError(
                f"Layer '{self.name}': lora is already enabled. It can be enabled only once."
            )
        if self.quantization_mode in WITHOUT_LORA:
            raise NotImplementedError(lora_refused(self.name, self.quantization_mode))
        self._refuse_if_split("enable_lora")
        weight, shape = self._adapted_variable(), self._adapted_shape()
        options = {"dtype": "float32", "regularizer": getattr(self, f"{name}_regularizer")}
        with opened(self):
            for letter, own_shape, initializer in (
                ("a", (*shape[:-1], rank), a_initializer),
                ("b", (rank, shape[-1]), b_initializer),
            ):
                full = f"lora_{name}_{letter}"
                made = self.add_weight(own_shape, initializer, name=full, **options)
                setattr(self, full, made)
        weight.trainable = weight.initially_trainable = False  # thawing the layer leaves it frozen
        self.lora_enabled = True
        self.lora_rank = rank
        self.lora_alpha = rank if lora_alpha is None else lora_alpha

    def _adapted_variable(self) -> Variable:
        """Return the weight itself, without the adaptation."""
        found = self.__dict__.get(f"_{self.adapted}")
        if found is None:
            raise AttributeError(
                f"'{type(self).__name__}' object has no attribute '{self.adapted}'. Layer "
                f"'{self.name}' is not built yet: call it on data first, or build it"
            )
        return found

    def _refuse_if_split(self, method: str) -> None:
        weight = self.__dict__.get(f"_{self.adapted}")
        if weight is not None and weight._split is not None:
            raise ValueError(
                f"Layer '{self.name}'.{method}: weight '{weight.path}' is split over "
                f"{weight._split.ranks.size} ranks, which have to hold it whole for that."
            )

    def _adapted_shape(self) -> tuple[int, ...]:
        """Return the weight's shape, however it is stored."""
        return self._adapted_variable().shape

    def _matrices(self) -> tuple[Variable, Variable]:
        return tuple([getattr(self, f"lora_{self.adapted}_{letter}") for letter in "ab"])

    def _adapted_value(self) -> Tensor:
        """Return the sum of the weight and its adaptation."""
        weight = self._adapted_variable()
        dtype = thread.state.autocast or weight.array.dtype
        return cast(weight.value, dtype) + self._adaptation(dtype)

    def _adaptation(self, dtype: Any) -> Tensor:
        """Return what is added to the weight."""
        a, b = [cast(v.value, dtype) for v in self._matrices()]
        return matmul(a, b) * (self.lora_alpha / self.lora_rank)

    # Files of weights.

    def own_variables(self) -> list[Variable]:
        own = super().own_variables()
        if not self.lora_enabled or self.quantization_mode is not None:
            return own
        weight = self._adapted_variable()  # it keeps its place, the first, though it is frozen
        return [weight, *[v for v in own if v is not weight]]

    def _variables_of_file(self) -> list[Variable]:
        own = super()._variables_of_file()
        if not self.lora_enabled:
            return own
        matrices = {id(v) for v in self._matrices()}
        return [v for v in own if id(v) not in matrices]

    def save_own_variables(self, store: Any) -> None:
        super().save_own_variables(store)
        if self.lora_enabled:
            store["0"] = np.asarray(self._adapted_value())

    def load_own_variables(self, store: Mapping[str, Any]) -> None:
        super().load_own_variables(store)
        if self.lora_enabled:
            for v in self._matrices():
                v.assign(np.zeros(v.shape))


def adapted_weight(name: str) -> property:
    """Return the property that shows a layer's adapted weight, and takes the variable."""

    own = f"_{name}"

    def get(layer: AdaptableLayer) -> Tensor:
        if layer.lora_enabled or layer._is_packed:
            return layer._adapted_value()
        weight = layer.__dict__.get(own)  # read in every call
        return layer._adapted_variable() if weight is None else weight

    def put(layer: AdaptableLayer, value: Variable) -> None:
        setattr(layer, own, value)
        layer._tracked.pop(name, None)  # it is kept under the other name

    return property(get, put, doc=f"The {name}: a variable, or with lora the sum that is used.")
