"""`QuantizableLayer`: a layer whose large weights may be stored in few bits."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any, ClassVar

import numpy as np

from minikeras import dtype_policies
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.autodiff.variable import Variable
from minikeras.layers.building import check_quantizable, opened
from minikeras.layers.layer import Layer
from minikeras.layers.lora import WITHOUT_LORA, AdaptableLayer, lora_refused
from minikeras.layers.quantization.weights import QuantizedWeight
from minikeras.ops.core import cast
from minikeras.ops.products import matmul

CALIBRATED = ("gptq", "awq")
"""Modes that look at a layer's inputs before they round its weights."""
_INTEGERS = ("int8", "int4", *CALIBRATED)
_WHOLE_NAMES = ("awq_scales", "g_idx")  # of variables that are not called after a weight


def _format(mode: str) -> ModuleType:
    """Return the module of a mode, which says how weights are stored."""
    name = "calibrated" if mode in CALIBRATED else mode
    return importlib.import_module(f"minikeras.layers.quantization.{name}")


class QuantizableLayer(AdaptableLayer):
    """A layer that `quantize` knows how to store in few bits.

    A subclass says which weights (`_quantized_weights`), makes the largest with `_large_weight`, and
    computes with what is stored in `quantized_call`. How a mode stores a weight is in the module of its
    name; the variables are attributes of the layer: `kernel`, `kernel_scale`, ...
    """

    quantization_modes: tuple[str, ...] = ("int8", "int4")
    """The modes that the layer knows."""

    argument_sources = {"quantization_config": "quantization_config"}

    calibrated_names: ClassVar[dict[str, str]] = {}
    """Names of variables of GPTQ and AWQ, where they are not those of the attributes."""

    quantization_config: Any = None
    inputs_quantizer: Any = None

    untracked = frozenset({"quantization_config", "inputs_quantizer"})

    def _quantized_weights(self) -> list[QuantizedWeight]:
        """Return the weights that are quantized, the largest first."""
        raise NotImplementedError

    # Building.

    def _splits(self, name: str | None) -> str | None:
        if name not in (self.adapted, "bias"):
            return super()._splits(name)
        if self.quantization_mode is not None:
            return f"the layer is quantized, mode={self.quantization_mode!r}"
        return "the layer has lora" if self.lora_rank else None

    def _large_weight(self, name: str, shape: tuple, **options: Any) -> None:
        """Create the weight that may be quantized: in floats, or as the layer's policy says."""
        mode = self.quantization_mode
        if mode not in _INTEGERS:
            setattr(self, name, self._weight(name, shape, **options))
        if mode is not None:
            self.quantized_build(shape, mode, self.quantization_config)

    def quantized_build(self, input_shape: tuple, mode: str, config: Any = None) -> None:
        """Create the variables of the quantized weights, with zeros in them.

        Args:
            input_shape: shape of the largest weight in floats.
            mode: kind of quantization.
            config: what `quantize` was told; what the dtype policy says if None.
        """
        self._check_mode(mode)
        form = _format(mode)
        if mode == "float8":
            form.build(self)
            return
        self.inputs_quantizer = form.inputs_quantizer(self, config)
        self._is_packed = mode == "int4" or getattr(self._policy, "weight_bits", None) == 4
        for weight in self._quantized_weights():
            for ending, (shape, dtype, initializer) in form.parts(self, weight, config).items():
                name = ending if ending in _WHOLE_NAMES else weight.name + ending
                if name in self.__dict__:
                    continue  # the groups are the same for all weights
                shown = self.calibrated_names.get(name, name) if mode in CALIBRATED else name
                made = self.add_weight(shape, initializer, name=shown, dtype=dtype, trainable=False)
                setattr(self, name, made)

    def _check_mode(self, mode: str, type_check: bool = False) -> None:
        if type_check and "_quantized_weights" not in type(self).__dict__:
            super().quantize(mode)  # which refuses
        if self.lora_enabled and mode in WITHOUT_LORA:
            raise NotImplementedError(lora_refused(self.name, mode))
        self._refuse_if_split("quantize")
        if mode not in self.quantization_modes:
            raise NotImplementedError(
                f"Layer '{self.name}' ({type(self).__name__}): invalid quantization mode. Expected one of "
                f"{self.quantization_modes}. Received: mode={mode!r}"
            )

    # Quantizing.

    def quantize(
        self, mode: str | None = None, type_check: bool = True, config: Any = None
    ) -> None:
        """Store the layer's large weights in few bits, from now on.

        A model has to be compiled again afterwards.

        Args:
            mode: `"int8"`, `"int4"`, ...; None if `config` says it.
            type_check: whether subclasses, which may compute something else, are refused.
            config: a `QuantizationConfig`, None for the mode's default.

        Raises:
            ValueError: if the layer is not built or is quantized already, or for an unknown mode.
            NotImplementedError: for a subclass, or a mode that the layer does not know.
        """
        self._check_mode(mode, type_check)
        if mode in CALIBRATED:
            raise ValueError(
                f"Layer '{self.name}': mode={mode!r} has to see the layer's inputs. Call `quantize` of the "
                "model that the layer is in."
            )
        self._store_in(mode, config, config)

    def quantize_after(self, observer: Any) -> None:
        """Store the layer's large weight in few bits, by what a calibration saw of its inputs.

        Args:
            observer: what `CalibratedConfig.observer` gave and was shown the `calibrated_inputs`.
        """
        with opened(self):
            self._store_in(observer.config.mode, observer.config, observer)

    def check_calibrated_mode(self, mode: str, type_check: bool) -> None:
        """Raise what `quantize` would raise: ValueError, or NotImplementedError for what cannot be."""
        self._check_mode(mode, type_check)
        check_quantizable(self, mode)

    def calibrated_inputs(self, inputs: Any) -> np.ndarray:
        """Return inputs of the layer as a matrix, whose columns go with the rows of the weight's."""
        return to_array(inputs).reshape(-1, self._quantized_weights()[0].matrix_shape[0])

    def _store_in(self, mode: str, config: Any, known: Any) -> None:
        """Put other variables in the place of the weights; `known` is what the mode encodes them by."""
        scope = self._adapted_variable().path.rpartition("/")[0]
        before = {id(v) for v in self._variables_made}
        weights = self._quantized_weights() if mode in _INTEGERS else []
        form = _format(mode)
        encoded = {w.name: form.encode(w, self._part(w, "").array, known) for w in weights}
        for w in weights:
            variable = self._part(w, "")
            self._variables_made = [v for v in self._variables_made if v is not variable]
            delattr(self, "_" + w.name if w.name == self.adapted else w.name)
        self.quantization_config = config
        self.dtype_policy = f"{config.dtype_policy_string()}_from_{self._policy.name}"
        self.quantized_build(self._quantized_weights()[0].shape, mode, config)
        for w in weights:
            for ending, value in encoded[w.name].items():
                self._part(w, ending).assign(value)
        for v in self._variables_made:
            if id(v) not in before:
                v.path = f"{scope}/{v.name}"
        if self.lora_enabled:
            variable = self._adapted_variable()
            variable.trainable = variable.initially_trainable = False

    def policy_for_gradient_check(self) -> Any:
        if self.quantization_mode is None:
            return super().policy_for_gradient_check()
        if self.quantization_mode == "float8" or self.inputs_quantizer is not None:
            raise ValueError(
                f"gradient_check: layer '{self.name}', quantized with dtype_policy='{self._policy.name}', "
                "rounds its inputs. Its gradient is that of a layer which does not, and differences of "
                "outputs do not show it."
            )
        return dtype_policies.get(f"{self._policy.full_mode}_from_float64")

    # What is stored.

    def _part(self, weight: QuantizedWeight, ending: str) -> Variable:
        if ending in _WHOLE_NAMES:
            return self.__dict__[ending]
        if ending == "" and weight.name == self.adapted:
            return self._adapted_variable()
        return self.__dict__[weight.name + ending]

    def _stored(self, weight: QuantizedWeight) -> dict[str, np.ndarray]:
        """Return the arrays of a weight's variables, by what ends their names."""
        endings = [e for e in ("_scale", "_zero") if weight.name + e in self.__dict__]
        endings += [e for e in _WHOLE_NAMES if e in self.__dict__]
        return {e: self._part(weight, e).array for e in ["", *endings]}

    def _in_floats(self, weight: QuantizedWeight) -> np.ndarray:
        """Return what a quantized weight is about."""
        return self._decoded(weight, self._stored(weight))

    def _decoded(self, weight: QuantizedWeight, stored: dict[str, np.ndarray]) -> np.ndarray:
        return _format(self.quantization_mode).decode(weight, stored, self._compute)

    def _as_matrix(self, weight: QuantizedWeight) -> Any:
        return _format(self.quantization_mode).matrix(weight, self._stored(weight))

    @property
    def quantized_kernel(self) -> Variable:
        """The variable of a kernel that GPTQ or AWQ has rounded."""
        if self.quantization_mode not in CALIBRATED:
            raise AttributeError(
                f"Layer '{self.name}' has no `quantized_kernel`: it is not quantized by 'gptq' or 'awq'."
            )
        return self._adapted_variable()

    def _adapted_value(self) -> Tensor:
        if self.quantization_mode not in _INTEGERS:
            return super()._adapted_value()
        weight = self._quantized_weights()[0]
        if not self.lora_enabled:
            return Tensor(_format(self.quantization_mode).integers(weight, self._stored(weight)))
        return Tensor(self._in_floats(weight)) + self._adaptation(self._compute)

    # Products with a quantized kernel. Most programs have none, and need not import them.

    def _quantized_product(self, inputs: Any, which: int = 0) -> Tensor:
        """Return the product of inputs with a weight as a matrix, over their last axis."""
        from minikeras.layers.quantization.products import INTEGER_PRODUCT

        matrix = self._as_matrix(self._quantized_weights()[which])
        return INTEGER_PRODUCT(inputs, matrix=matrix, quantizer=self.inputs_quantizer)

    def _product_with_rounded(self, inputs: Any, axes: tuple[int, ...]) -> Tensor:
        """Return the layer's product with the kernel in floats, of inputs rounded along some axes."""
        from minikeras.layers.quantization.products import as_quantized

        rounded = as_quantized(inputs, self.inputs_quantizer, axes)
        return self._product(rounded, Tensor(self._in_floats(self._quantized_weights()[0])))

    def _float8_call(self, inputs: Any, training: Any) -> Tensor:
        """Compute the outputs of a layer that is trained with 8-bit floats."""
        form = _format("float8")
        y = form.product(self, inputs, bool(training))
        if self.bias is not None:
            y = y + (form.ROUNDED_BIAS(self.bias) if self._compute == np.float32 else self.bias)
        return self._activated(y)

    def _product(self, inputs: Any, kernel: Any) -> Tensor:
        """Return the layer's product with a kernel of floats."""
        raise NotImplementedError

    def _after_product(self, y: Any, inputs: Any) -> Tensor:
        """Add what comes after the product with the kernel: adaptation, bias, activation."""
        if self.lora_enabled:
            a, b = [cast(v.value, self._compute) for v in self._matrices()]
            adaptation = matmul(self._product(inputs, a), b)
            y = y + adaptation * (self.lora_alpha / self.lora_rank)
        y = y if self.bias is None else y + self.bias
        return self._activated(y)

    def _adapted_shape(self) -> tuple[int, ...]:
        return self._quantized_weights()[0].shape if self._is_packed else super()._adapted_shape()

    # Files of weights.

    def _variables_of_file(self) -> list[Variable]:
        if self.quantization_mode is None:
            return super()._variables_of_file()
        if self.quantization_mode == "float8":
            names = ("_kernel", "bias", *_format("float8").VARIABLES)
            return [v for v in map(self.__dict__.get, names) if v is not None]
        first, *others = self._quantized_weights()
        endings = ("_scale", "_zero")
        found = [self._adapted_variable(), self.__dict__.get("bias")]
        if self.quantization_mode in CALIBRATED:
            found.reverse()
        found += [self.__dict__.get(first.name + e) for e in endings]
        found += [self.__dict__.get(e) for e in _WHOLE_NAMES]
        found += [self.__dict__.get(w.name + e) for w in others for e in ("", *endings)]
        return [v for v in found if v is not None]

    def save_own_variables(self, store: Any) -> None:
        if not (self.lora_enabled and self.quantization_mode in _INTEGERS):
            super().save_own_variables(store)
            return
        Layer.save_own_variables(self, store)
        weight = self._quantized_weights()[0]
        config = None if self.quantization_config is None else self._config_without_quantizer()
        merged = _format(self.quantization_mode).encode(weight, self._adapted_value(), config)
        places = {id(v): str(i) for i, v in enumerate(self._variables_of_file())}
        for ending, value in merged.items():
            store[places[id(self._part(weight, ending))]] = value

    def _config_without_quantizer(self) -> Any:
        """Return the config for what is added up anew: as Keras does, by the mode's own quantizer."""
        config = {**self.quantization_config.get_config(), "weight_quantizer": None}
        return type(self.quantization_config).from_config(config)
