"""`keras.activations`: functions between layers."""

from minikeras.activations.activations import (
    deserialize,
    exponential,
    fused,
    gelu,
    get,
    linear,
    mish,
    relu,
    serialize,
)
from minikeras.common.late_names import late_names as _late_names
from minikeras.ops import (
    celu,
    elu,
    glu,
    hard_shrink,
    hard_sigmoid,
    hard_silu,
    hard_tanh,
    leaky_relu,
    log_sigmoid,
    log_softmax,
    relu6,
    selu,
    sigmoid,
    silu,
    soft_shrink,
    softmax,
    softplus,
    softsign,
    sparse_plus,
    sparse_sigmoid,
    sparsemax,
    squareplus,
    tanh,
    tanh_shrink,
    threshold,
)
from minikeras.ops import hard_silu as hard_swish
from minikeras.ops import silu as swish

__getattr__, __dir__, __all__ = _late_names(globals())
