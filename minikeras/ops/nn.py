"""`keras.ops.nn`: what neural networks are made of."""

# ruff: noqa: F401, F403  # a namespace: what each file makes public
from minikeras.ops.activations import *
from minikeras.ops.activations import hard_silu as hard_swish
from minikeras.ops.activations import silu as swish
from minikeras.ops.adaptive_pooling import *
from minikeras.ops.convolution import *
from minikeras.ops.crossentropy import *
from minikeras.ops.ctc import *
from minikeras.ops.encoding import *
from minikeras.ops.math import polar
from minikeras.ops.normalization import *
from minikeras.ops.patches import *
from minikeras.ops.sequences import *
