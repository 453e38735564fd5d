"""Written by `python tests/stubs.py`: what is public, for checkers of types and editors."""

from minikeras.initializers.constant_initializers import Constant as Constant
from minikeras.initializers.constant_initializers import Constant as constant
from minikeras.initializers.constant_initializers import Identity as Identity
from minikeras.initializers.constant_initializers import Identity as IdentityInitializer
from minikeras.initializers.constant_initializers import Identity as identity
from minikeras.initializers.constant_initializers import Ones as Ones
from minikeras.initializers.constant_initializers import Ones as ones
from minikeras.initializers.constant_initializers import STFT as STFT
from minikeras.initializers.constant_initializers import STFT as STFTInitializer
from minikeras.initializers.constant_initializers import STFT as stft
from minikeras.initializers.constant_initializers import Zeros as Zeros
from minikeras.initializers.constant_initializers import Zeros as zeros
from minikeras.initializers.initializer import Initializer as Initializer
from minikeras.initializers.lookup import deserialize as deserialize
from minikeras.initializers.lookup import get as get
from minikeras.initializers.lookup import serialize as serialize
from minikeras.initializers.random_initializers import GlorotNormal as GlorotNormal
from minikeras.initializers.random_initializers import GlorotNormal as glorot_normal
from minikeras.initializers.random_initializers import GlorotUniform as GlorotUniform
from minikeras.initializers.random_initializers import GlorotUniform as glorot_uniform
from minikeras.initializers.random_initializers import HeNormal as HeNormal
from minikeras.initializers.random_initializers import HeNormal as he_normal
from minikeras.initializers.random_initializers import HeUniform as HeUniform
from minikeras.initializers.random_initializers import HeUniform as he_uniform
from minikeras.initializers.random_initializers import LecunNormal as LecunNormal
from minikeras.initializers.random_initializers import LecunNormal as lecun_normal
from minikeras.initializers.random_initializers import LecunUniform as LecunUniform
from minikeras.initializers.random_initializers import LecunUniform as lecun_uniform
from minikeras.initializers.random_initializers import Orthogonal as Orthogonal
from minikeras.initializers.random_initializers import Orthogonal as OrthogonalInitializer
from minikeras.initializers.random_initializers import Orthogonal as orthogonal
from minikeras.initializers.random_initializers import RandomInitializer as RandomInitializer
from minikeras.initializers.random_initializers import RandomNormal as RandomNormal
from minikeras.initializers.random_initializers import RandomNormal as random_normal
from minikeras.initializers.random_initializers import RandomUniform as RandomUniform
from minikeras.initializers.random_initializers import RandomUniform as random_uniform
from minikeras.initializers.random_initializers import TruncatedNormal as TruncatedNormal
from minikeras.initializers.random_initializers import TruncatedNormal as truncated_normal
from minikeras.initializers.random_initializers import VarianceScaling as VarianceScaling
from minikeras.initializers.random_initializers import VarianceScaling as variance_scaling

__all__ = [
    "STFT",
    "Constant",
    "Identity",
    "Ones",
    "Zeros",
    "Initializer",
    "deserialize",
    "get",
    "serialize",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "LecunNormal",
    "LecunUniform",
    "Orthogonal",
    "RandomInitializer",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "constant",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "identity",
    "IdentityInitializer",
    "lecun_normal",
    "lecun_uniform",
    "ones",
    "orthogonal",
    "OrthogonalInitializer",
    "random_normal",
    "random_uniform",
    "stft",
    "STFTInitializer",
    "truncated_normal",
    "variance_scaling",
    "zeros",
]
