"""`keras.ops.numpy`: the functions that NumPy has too."""

# ruff: noqa: F401, F403  # a namespace: what each file makes public
from minikeras.ops.bitwise import *
from minikeras.ops.comparison import *
from minikeras.ops.complex_numbers import *
from minikeras.ops.control import vectorize
from minikeras.ops.creation import *
from minikeras.ops.einsum import *
from minikeras.ops.elementwise import *
from minikeras.ops.indexing import *
from minikeras.ops.joining import *
from minikeras.ops.matrices import slogdet
from minikeras.ops.products import *
from minikeras.ops.reductions import *
from minikeras.ops.scans import *
from minikeras.ops.shapes import *
from minikeras.ops.sorting import *
from minikeras.ops.statistics import *
from minikeras.ops.trigonometry import *
from minikeras.ops.windows import *
