"""`AutoEncoder` of Keras 0: an encoder and a decoder as one layer."""

from __future__ import annotations

from typing import Any

from minikeras.common.registry import register_keras_serializable
from minikeras.common.serialization import deserialize_keras_object
from minikeras.layers.layer import Layer


@register_keras_serializable("keras1")
class AutoEncoder(Layer):
    """An encoder and a decoder that are trained to give back their input.

    Args:
        encoder: layer or model.
        decoder: layer or model that takes what the encoder gives.
        output_reconstruction: whether it gives the reconstruction, or the code, when it is not training.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> from minikeras.compat.keras1.auto_encoder import AutoEncoder
    >>> layer = AutoEncoder(layers.Dense(2), layers.Dense(5), output_reconstruction=False)
    >>> x = np.ones((3, 5))
    >>> layer(x, training=True).shape, layer(x).shape
    ((3, 5), (3, 2))
    """

    def __init__(
        self, encoder: Any, decoder: Any, output_reconstruction: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.encoder, self.decoder = encoder, decoder
        self.output_reconstruction = output_reconstruction
        if self.input_shape_argument is None:
            self.input_shape_argument = _asked_shape(encoder)

    def build(self, input_shape: tuple) -> None:
        """Build encoder and decoder, the decoder even where only codes are asked for."""
        if not self.encoder.built:
            self.encoder.build(input_shape)
        if not self.decoder.built:
            self.decoder.build(self.encoder.compute_output_shape(input_shape))

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        code = self.encoder(inputs, training=training)
        if not training and not self.output_reconstruction:
            return code
        return self.decoder(code, training=training)

    @classmethod
    def from_config(cls, config: dict) -> Any:
        parts = {k: deserialize_keras_object(config[k]) for k in ("encoder", "decoder")}
        return cls(**{**config, **parts})


def _asked_shape(encoder: Any) -> Any:
    """Return the input shape that an encoder was given, None if it was given none."""
    shape = getattr(encoder, "input_shape_argument", None)
    return (
        shape if shape is not None or not encoder.built else getattr(encoder, "input_shape", None)
    )
