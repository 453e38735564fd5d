"""`Input`: the entrance of a model."""

from __future__ import annotations

from typing import Any

from minikeras.autodiff.keras_tensor import KerasTensor, standardize_shape
from minikeras.common.arguments import ArgumentError, Count
from minikeras.common.dtypes import standardize_dtype
from minikeras.common.settings import settings
from minikeras.layers.layer import Layer
from minikeras.ops.operation import GraphNode


class InputLayer(Layer):
    """The layer behind `Input`.

    Args:
        shape: shape of one example.
        batch_size: number of examples, None if it varies.
        dtype: dtype, `floatx` if None.
        batch_shape: both in one: `(batch_size, *shape)`.
        input_tensor: an existing KerasTensor.
        optional: whether None may be given.
        name: name, counted if None.
    """

    argument_sources = {
        "shape": None,
        "batch_size": None,
        "dtype": "dtype",
        "sparse": lambda layer: False,
        "ragged": lambda layer: False,
        "trainable": None,
        "input_tensor": None,
    }

    def __init__(
        self,
        shape: Any = None,
        batch_size: Count | None = None,
        dtype: Any = None,
        sparse: bool | None = None,
        ragged: bool | None = None,
        batch_shape: Any = None,
        input_tensor: KerasTensor | None = None,
        optional: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if sparse or ragged:
            raise ValueError("Input: sparse and ragged inputs are not supported.")
        if "input_shape" in kwargs:
            shape = kwargs.pop("input_shape")
        if "batch_input_shape" in kwargs:
            batch_shape = kwargs.pop("batch_input_shape")
        if input_tensor is not None:
            _check_against(input_tensor, shape, batch_size, batch_shape, dtype)
            batch_shape, dtype = input_tensor.shape, input_tensor.dtype
            shape = batch_size = None
        for argument, given in (("shape", shape), ("batch_size", batch_size)):
            if given is not None and batch_shape is not None:
                raise ValueError(
                    f"Input: pass `{argument}` or `batch_shape`, not both. "
                    f"Received: {argument}={given}, batch_shape={batch_shape}"
                )
        if shape is None and batch_shape is None:
            raise ValueError("Input: argument `shape` is needed.")
        if shape is not None:
            if isinstance(shape, int):
                raise ValueError(
                    f"Input: argument `shape` must be a tuple. Received: shape={shape}. "
                    f"For one axis write shape=({shape},)."
                )
            batch_shape = (batch_size, *standardize_shape(shape))
        super().__init__(name=name, **kwargs)
        self.batch_shape = standardize_shape(batch_shape)
        self._input_dtype = settings.floatx if dtype is None else standardize_dtype(dtype)
        self.optional = optional
        self.supports_masking = True
        self.built = True
        output = input_tensor
        if output is None:
            output = KerasTensor(self.batch_shape, self._input_dtype, name=self.name)
        GraphNode(self, (), {}, output)

    def call(self) -> Any:
        """Inputs are given, not computed."""
        raise NotImplementedError("An InputLayer is not called: it stands for the data.")

    @property
    def dtype(self) -> str:
        return self._input_dtype


def _check_against(
    input_tensor: Any, shape: Any, batch_size: Any, batch_shape: Any, dtype: Any
) -> None:
    """Refuse an existing tensor that other arguments contradict."""
    if not isinstance(input_tensor, KerasTensor):
        raise ArgumentError("Input", "input_tensor", "a KerasTensor", input_tensor)
    own = input_tensor.shape
    for name, given, has, standardize in (
        ("shape", shape, own[1:], standardize_shape),
        ("batch_size", batch_size, own[0] if own else None, int),
        ("batch_shape", batch_shape, own, standardize_shape),
        ("dtype", dtype, input_tensor.dtype, standardize_dtype),
    ):
        if given is not None and standardize(given) != has:
            raise ArgumentError("Input", name, f"that of `input_tensor`, {has}, or left out", given)


def Input(
    shape: Any = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: Any = None,
    name: str | None = None,
    tensor: KerasTensor | None = None,
    optional: bool = False,
) -> KerasTensor:
    """Return a KerasTensor that stands for a model's input.

    Args:
        shape: shape of one example, None where a size varies.
        batch_size: number of examples, None if it varies.
        dtype: dtype, `floatx` if None.
        batch_shape: both in one: `(batch_size, *shape)`.
        name: name, counted if None.
        tensor: an existing KerasTensor.
        optional: whether None may be given.

    Example:

    >>> import minikeras
    >>> minikeras.Input(shape=(28, 28)).shape
    (None, 28, 28)
    """
    layer = InputLayer(
        shape=shape,
        batch_size=batch_size,
        dtype=dtype,
        sparse=sparse,
        ragged=ragged,
        batch_shape=batch_shape,
        name=name,
        input_tensor=tensor,
        optional=optional,
    )
    return layer.output
