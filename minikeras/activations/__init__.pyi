"""Written by `python tests/stubs.py`: what is public, for checkers of types and editors."""

from minikeras.activations.activations import deserialize as deserialize
from minikeras.activations.activations import exponential as exponential
from minikeras.activations.activations import fused as fused
from minikeras.activations.activations import gelu as gelu
from minikeras.activations.activations import get as get
from minikeras.activations.activations import linear as linear
from minikeras.activations.activations import mish as mish
from minikeras.activations.activations import relu as relu
from minikeras.activations.activations import serialize as serialize
from minikeras.ops.activations import celu as celu
from minikeras.ops.activations import elu as elu
from minikeras.ops.activations import glu as glu
from minikeras.ops.activations import hard_shrink as hard_shrink
from minikeras.ops.activations import hard_sigmoid as hard_sigmoid
from minikeras.ops.activations import hard_silu as hard_silu
from minikeras.ops.activations import hard_silu as hard_swish
from minikeras.ops.activations import hard_tanh as hard_tanh
from minikeras.ops.activations import leaky_relu as leaky_relu
from minikeras.ops.activations import log_sigmoid as log_sigmoid
from minikeras.ops.activations import log_softmax as log_softmax
from minikeras.ops.activations import relu6 as relu6
from minikeras.ops.activations import selu as selu
from minikeras.ops.activations import sigmoid as sigmoid
from minikeras.ops.activations import silu as silu
from minikeras.ops.activations import silu as swish
from minikeras.ops.activations import soft_shrink as soft_shrink
from minikeras.ops.activations import softmax as softmax
from minikeras.ops.activations import softplus as softplus
from minikeras.ops.activations import softsign as softsign
from minikeras.ops.activations import sparse_plus as sparse_plus
from minikeras.ops.activations import sparse_sigmoid as sparse_sigmoid
from minikeras.ops.activations import sparsemax as sparsemax
from minikeras.ops.activations import squareplus as squareplus
from minikeras.ops.activations import tanh_shrink as tanh_shrink
from minikeras.ops.activations import threshold as threshold
from minikeras.ops.trigonometry import tanh as tanh

__all__ = [
    "deserialize",
    "exponential",
    "fused",
    "gelu",
    "get",
    "linear",
    "mish",
    "relu",
    "serialize",
    "celu",
    "elu",
    "glu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_tanh",
    "leaky_relu",
    "log_sigmoid",
    "log_softmax",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "tanh",
    "tanh_shrink",
    "threshold",
    "hard_swish",
    "swish",
]
