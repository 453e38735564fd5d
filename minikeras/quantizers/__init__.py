"""`keras.quantizers`: numbers in few bits, and back."""

from minikeras.common.late_names import late_names as _late_names
from minikeras.quantizers.awq import AWQConfig
from minikeras.quantizers.fake_quantization import fake_quant_with_min_max_vars
from minikeras.quantizers.float8 import (
    compute_float8_amax_history,
    compute_float8_scale,
    quantize_and_dequantize,
)
from minikeras.quantizers.gptq import GPTQConfig
from minikeras.quantizers.integers import (
    abs_max_quantize,
    abs_max_quantize_grouped_with_zero_point,
    pack_int4,
    unpack_int4,
)
from minikeras.quantizers.lookup import deserialize, get, serialize
from minikeras.quantizers.quantization_config import (
    Float8QuantizationConfig,
    Int4QuantizationConfig,
    Int8QuantizationConfig,
    QuantizationConfig,
)
from minikeras.quantizers.quantizers import AbsMaxQuantizer, Quantizer

__getattr__, __dir__, __all__ = _late_names(globals())
