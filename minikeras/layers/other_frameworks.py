"""Layers of Keras around models of other frameworks, which minikeras leaves out."""

from __future__ import annotations

from typing import Any

from minikeras.common.left_out import LeftOut

_REBUILD = (
    "Build the model from layers of minikeras and set its weights from arrays (`set_weights`), or call "
    "the other framework in a layer of your own that gives no gradient."
)


class TFSMLayer(LeftOut):
    """Keras's layer that runs a TensorFlow SavedModel."""

    reason = "it runs a SavedModel, which only TensorFlow can"
    instead = _REBUILD

    def __init__(
        self,
        filepath: Any,
        call_endpoint: str = "serve",
        call_training_endpoint: str | None = None,
        trainable: bool = True,
        name: str | None = None,
        dtype: Any = None,
    ) -> None: ...


class TorchModuleWrapper(LeftOut):
    """Keras's layer around a module of PyTorch."""

    reason = "it runs a module of PyTorch, whose gradients are PyTorch's"
    instead = _REBUILD

    def __init__(
        self, module: Any, name: str | None = None, output_shape: Any = None, **kwargs: Any
    ) -> None: ...


class JaxLayer(LeftOut):
    """Keras's layer around a function of JAX."""

    reason = "it runs a function of JAX, whose gradients are JAX's"
    instead = (
        "Write the function with `minikeras.ops`, whose names are NumPy's, in a layer of your own."
    )

    def __init__(
        self,
        call_fn: Any,
        init_fn: Any = None,
        params: Any = None,
        state: Any = None,
        seed: int | None = None,
        native_serialization_platforms: Any = None,
        **kwargs: Any,
    ) -> None: ...


class FlaxLayer(LeftOut):
    """Keras's layer around a module of Flax."""

    reason = "it runs a module of Flax, whose gradients are JAX's"
    instead = _REBUILD

    def __init__(
        self, module: Any, method: Any = None, variables: Any = None, **kwargs: Any
    ) -> None: ...
