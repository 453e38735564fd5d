"""What `quantize` is told: the kind of numbers, and which quantizers make them."""

from __future__ import annotations

from typing import Any

from minikeras.common.configurable import Configurable
from minikeras.dtype_policies.dtype_policy import QUANTIZATION_MODES
from minikeras.quantizers.quantizers import AbsMaxQuantizer


class QuantizationConfig(Configurable):
    """Base class of the configs of `quantize`.

    Args:
        weight_quantizer: quantizer of the weights, None for the layer's own choice.
        activation_quantizer: quantizer of a layer's inputs, None to leave them as they are.
    """

    def __init__(self, weight_quantizer: Any = None, activation_quantizer: Any = None) -> None:
        self.weight_quantizer = weight_quantizer
        self.activation_quantizer = activation_quantizer

    @property
    def mode(self) -> str:
        """The kind of quantization; subclasses write it."""
        raise NotImplementedError(
            f"{type(self).__name__} must say its `mode`: QuantizationConfig is a base class."
        )

    @staticmethod
    def weight_quantizer_or_default(config: QuantizationConfig | None, default: Any) -> Any:
        """Return a config's quantizer of weights, or another one if it has none."""
        found = None if config is None else config.weight_quantizer
        return default if found is None else found

    @staticmethod
    def activation_quantizer_or_default(config: QuantizationConfig | None, default: Any) -> Any:
        """Return a config's quantizer of inputs, which may be None; the default without a config."""
        return default if config is None else config.activation_quantizer

    def dtype_policy_string(self) -> str:
        """Return what the dtype policy of a layer calls this quantization."""
        return self.mode

    def _check_output_dtype(self) -> None:
        if self.weight_quantizer is not None and self.weight_quantizer.output_dtype != "int8":
            raise ValueError(
                f"{type(self).__name__}: argument `weight_quantizer` must have output_dtype='int8'. "
                f"Received: output_dtype={self.weight_quantizer.output_dtype!r}"
            )


class Int8QuantizationConfig(QuantizationConfig):
    """Weights as integers of 8 bits.

    Args:
        weight_quantizer: quantizer of the weights, one scale for each output if None.
        activation_quantizer: quantizer of a layer's inputs: `"default"` for integers of 8 bits with a
            scale for each example, None to leave inputs as they are.

    Raises:
        ValueError: if `weight_quantizer` gives another dtype.

    Example:

    >>> from minikeras import quantizers
    >>> quantizers.Int8QuantizationConfig(activation_quantizer=None).mode
    'int8'
    """

    mode = "int8"

    def __init__(self, weight_quantizer: Any = None, activation_quantizer: Any = "default") -> None:
        if isinstance(activation_quantizer, str) and activation_quantizer == "default":
            activation_quantizer = AbsMaxQuantizer()
        super().__init__(weight_quantizer, activation_quantizer)
        self._check_output_dtype()


class Int4QuantizationConfig(QuantizationConfig):
    """Weights as integers of 4 bits, two in a byte.

    Args:
        weight_quantizer: quantizer of the weights, for `block_size` None or -1.
        activation_quantizer: quantizer of a layer's inputs; `"default"` or None to leave them as they are.
        block_size: how many numbers that are summed up share a scale and a zero point; None or -1 for
            one scale for each output, without a zero point.

    Raises:
        ValueError: if `block_size` is out of range, or quantizers do not fit it.

    Example:

    >>> from minikeras import quantizers
    >>> quantizers.Int4QuantizationConfig(block_size=64).dtype_policy_string()
    'int4/64'
    """

    mode = "int4"

    def __init__(
        self,
        weight_quantizer: Any = None,
        activation_quantizer: Any = "default",
        block_size: int | None = 128,
    ) -> None:
        if isinstance(activation_quantizer, str) and activation_quantizer == "default":
            activation_quantizer = None
        super().__init__(weight_quantizer, activation_quantizer)
        if block_size is not None and block_size != -1 and block_size <= 0:
            raise ValueError(
                "Int4QuantizationConfig: argument `block_size` must be None, -1, or a positive integer. "
                f"Received: block_size={block_size}"
            )
        self.block_size = block_size
        if self.grouped and (weight_quantizer is not None or activation_quantizer is not None):
            raise ValueError(
                "Int4QuantizationConfig: with groups of numbers (block_size > 0) there can be no "
                "quantizers of one's own. Set block_size to None, or leave the quantizers out. "
                f"Received: block_size={block_size}"
            )
        if weight_quantizer is not None:
            if tuple(weight_quantizer.value_range) != (-8, 7):
                raise ValueError(
                    "Int4QuantizationConfig: argument `weight_quantizer` must have "
                    f"value_range=(-8, 7). Received: value_range={weight_quantizer.value_range}"
                )
            self._check_output_dtype()

    @property
    def grouped(self) -> bool:
        """Whether groups of numbers have scales and zero points of their own."""
        return self.block_size is not None and self.block_size > 0

    def dtype_policy_string(self) -> str:
        """Return what the dtype policy of a layer calls this quantization."""
        return f"int4/{-1 if self.block_size is None else self.block_size}"

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> Any:
        """Make a config; files that say no `block_size` are older than groups."""
        return super().from_config({"block_size": None, **config}, custom_objects)


class Float8QuantizationConfig(QuantizationConfig):
    """Training with products of 8-bit floats. There is nothing to choose.

    Example:

    >>> from minikeras import quantizers
    >>> quantizers.Float8QuantizationConfig().get_config()
    {}
    """

    mode = "float8"

    def __init__(self) -> None:
        super().__init__()


_DEFAULTS = {
    "int8": Int8QuantizationConfig,
    "int4": Int4QuantizationConfig,
    "float8": Float8QuantizationConfig,
}


def resolved_config(mode: str | None, config: Any) -> QuantizationConfig:
    """Return the config that the arguments of `quantize` mean.

    Args:
        mode: kind of quantization, None if the config says it.
        config: config, None for the default one of the mode; a string is a mode.

    Raises:
        ValueError: if there is neither, they contradict each other, or a mode needs a config.

    Example:

    >>> resolved_config("int4", None).block_size
    128
    """
    if isinstance(config, str):
        mode, config = config, None
    if mode is None and config is None:
        raise ValueError(
            "quantize: give either `mode` or `config`. Received: mode=None, config=None"
        )
    if config is not None and not isinstance(config, QuantizationConfig):
        raise ValueError(
            "quantize: argument `config` must be an instance of `QuantizationConfig`. Received: "
            f"config={config!r} (of type {type(config)})"
        )
    for given in (mode, None if config is None else config.mode):
        if given is not None and given not in QUANTIZATION_MODES:
            raise ValueError(
                f"Invalid quantization mode. Expected one of {QUANTIZATION_MODES}. Received: "
                f"mode={given!r}"
            )
    if config is None:
        if mode not in _DEFAULTS:
            raise ValueError(
                f"quantize: mode={mode!r} needs data to calibrate with: give `config`, a "
                f"{mode.upper()}Config. Received: config=None"
            )
        return _DEFAULTS[mode]()
    if mode is not None and config.mode != mode:
        raise ValueError(
            f"quantize: contradictory arguments: mode={mode!r} but config.mode={config.mode!r}"
        )
    return config
