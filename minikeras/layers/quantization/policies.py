"""How configs say that a layer's own parts are quantized, which the layer makes anew from its config."""

from __future__ import annotations

from typing import Any

from minikeras.common.traceback_utils import warn
from minikeras.dtype_policies import DTypePolicyMap


def policy_with_parts(layer: Any) -> Any:
    """Return the policy for a layer's config: with those of its quantized parts by their paths."""
    policy = layer.dtype_policy
    parts = [p for p in layer._flatten_layers(include_self=False) if p.quantization_mode]
    if not parts or isinstance(policy, DTypePolicyMap):
        return policy
    for part in parts:
        config = part.quantization_config
        # What a part reads from its policy alone rounds inputs by integers of 8 bits, if at all.
        if config is not None and (config.mode == "int8") != (part.inputs_quantizer is not None):
            warn(
                f"Layer '{layer.name}': its config says the mode of its quantized layer '{part.name}', but "
                "not the quantizers. A layer made from it rounds inputs by the mode's own quantizer."
            )
    return DTypePolicyMap(policy, {part.path: part._policy for part in parts})
