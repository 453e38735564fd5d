"""`keras.ops.image`: images, `(height, width, channels)` or a batch of them."""

# ruff: noqa: F403  # a namespace: what each file makes public
from minikeras.ops.colors import *
from minikeras.ops.filters import *
from minikeras.ops.resizing import *
from minikeras.ops.sampling import *
