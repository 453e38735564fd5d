"""Written by `python tests/stubs.py`: what is public, for checkers of types and editors."""

from minikeras.quantizers.awq import AWQConfig as AWQConfig
from minikeras.quantizers.fake_quantization import fake_quant_with_min_max_vars as fake_quant_with_min_max_vars
from minikeras.quantizers.float8 import compute_float8_amax_history as compute_float8_amax_history
from minikeras.quantizers.float8 import compute_float8_scale as compute_float8_scale
from minikeras.quantizers.float8 import quantize_and_dequantize as quantize_and_dequantize
from minikeras.quantizers.gptq import GPTQConfig as GPTQConfig
from minikeras.quantizers.integers import abs_max_quantize as abs_max_quantize
from minikeras.quantizers.integers import abs_max_quantize_grouped_with_zero_point as abs_max_quantize_grouped_with_zero_point
from minikeras.quantizers.integers import pack_int4 as pack_int4
from minikeras.quantizers.integers import unpack_int4 as unpack_int4
from minikeras.quantizers.lookup import deserialize as deserialize
from minikeras.quantizers.lookup import get as get
from minikeras.quantizers.lookup import serialize as serialize
from minikeras.quantizers.quantization_config import Float8QuantizationConfig as Float8QuantizationConfig
from minikeras.quantizers.quantization_config import Int4QuantizationConfig as Int4QuantizationConfig
from minikeras.quantizers.quantization_config import Int8QuantizationConfig as Int8QuantizationConfig
from minikeras.quantizers.quantization_config import QuantizationConfig as QuantizationConfig
from minikeras.quantizers.quantizers import AbsMaxQuantizer as AbsMaxQuantizer
from minikeras.quantizers.quantizers import Quantizer as Quantizer

__all__ = [
    "AWQConfig",
    "fake_quant_with_min_max_vars",
    "compute_float8_amax_history",
    "compute_float8_scale",
    "quantize_and_dequantize",
    "GPTQConfig",
    "abs_max_quantize",
    "abs_max_quantize_grouped_with_zero_point",
    "pack_int4",
    "unpack_int4",
    "deserialize",
    "get",
    "serialize",
    "Float8QuantizationConfig",
    "Int4QuantizationConfig",
    "Int8QuantizationConfig",
    "QuantizationConfig",
    "AbsMaxQuantizer",
    "Quantizer",
]
