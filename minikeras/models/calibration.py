"""Quantization by GPTQ and AWQ: a model is run on data, block by block, and its layers are rounded.

What a block's layers get is what the blocks before give after they have been rounded.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from minikeras.autodiff.tensor import Tensor
from minikeras.common.traceback_utils import warn
from minikeras.layers.layer import Layer
from minikeras.layers.quantization.quantizable import QuantizableLayer
from minikeras.quantizers.calibration import CalibratedConfig
from minikeras.utils.progbar import Progbar


def calibrate(
    model: Any, config: CalibratedConfig, wanted: Callable[[Layer], bool], type_check: bool
) -> None:
    """Quantize the layers in the blocks of a model by what they get on the config's data.

    Args:
        model: the model, asked for its blocks if the config does not name them.
        config: of GPTQ or AWQ.
        wanted: whether a layer is to be quantized.
        type_check: whether layers of subclasses are left out.

    Raises:
        ValueError: if there are no blocks or no data, or a layer cannot be quantized.
    """
    before, blocks = _structure(model, config)
    chosen = [_layers_in(block, config.mode, wanted, type_check) for block in blocks]
    samples = [Tensor(window[None]) for window in config.windows()]
    for layer in before:
        samples = [layer(x) for x in samples]
    bar = Progbar(target=len(blocks))
    for i, (block, layers) in enumerate(zip(blocks, chosen), start=1):
        layers = [layer for layer in layers if layer.quantization_mode is None]  # blocks may share
        with _observed(layers, config) as observers:
            for x in samples if layers else ():
                block(x)
        for layer, observer in zip(layers, observers):
            if not observer.count:
                warn(
                    f"Layer '{layer.name}' was not called while '{config.mode}' calibrated its block."
                )
            layer.quantize_after(observer)
        if i < len(blocks):
            samples = [_first(block(x)) for x in samples]
        bar.update(i)


def _structure(model: Any, config: CalibratedConfig) -> tuple[list[Layer], list[Layer]]:
    """Return the layers before the blocks, and the blocks."""
    found = config.quantization_layer_structure
    if found is None:
        found = model.get_quantization_layer_structure(config.mode)
    owner = f"Model '{model.name}'"
    if not isinstance(found, dict):
        raise ValueError(
            f"{owner}: mode={config.mode!r} has to be told what the model is made of, by the config's "
            "`quantization_layer_structure` or the model's `get_quantization_layer_structure`: a dict "
            f"of 'pre_block_layers' and 'sequential_blocks'. Received: {found!r}"
        )
    before, blocks = [list(found.get(k, ())) for k in ("pre_block_layers", "sequential_blocks")]
    if not blocks:
        raise ValueError(
            f"{owner}: the structure for mode={config.mode!r} has no 'sequential_blocks'. Received: {found}"
        )
    return before, blocks


def _layers_in(
    block: Layer, mode: str, wanted: Callable[[Layer], bool], type_check: bool
) -> list[QuantizableLayer]:
    """Return the layers of a block that are to be quantized, which can be."""
    found = []
    for layer in block._flatten_layers():
        if not isinstance(layer, QuantizableLayer) or mode not in layer.quantization_modes:
            continue
        if not wanted(layer):
            continue
        try:
            layer.check_calibrated_mode(mode, type_check)
        except NotImplementedError as error:
            warn(str(error))
        else:
            found.append(layer)
    return found


@contextlib.contextmanager
def _observed(layers: list[QuantizableLayer], config: CalibratedConfig) -> Iterator[list]:
    """Let observers see what the layers are called with."""
    observers = []
    for layer in layers:
        rows = layer._quantized_weights()[0].matrix_shape[0]
        observers.append(config.observer(rows, f"Layer '{layer.name}'"))
    try:
        for layer, observer in zip(layers, observers):
            object.__setattr__(layer, "call", _seen_by(observer, layer))
        yield observers
    finally:
        for layer in layers:
            layer.__dict__.pop("call", None)


def _seen_by(observer: Any, layer: QuantizableLayer) -> Callable:
    def call(inputs: Any, *args: Any, **kwargs: Any) -> Any:
        observer.update(layer.calibrated_inputs(inputs))
        return type(layer).call(layer, inputs, *args, **kwargs)

    return call


def _first(outputs: Any) -> Any:
    return outputs[0] if isinstance(outputs, (list, tuple)) else outputs
