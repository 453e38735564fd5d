"""`keras.random`: random tensors and the seeds they come from."""

from minikeras.common.late_names import late_names as _late_names
from minikeras.random import elastic_transform as _elastic_transform  # ops.image shows it
from minikeras.random.random import (
    beta,
    binomial,
    categorical,
    dropout,
    gamma,
    normal,
    randint,
    shuffle,
    truncated_normal,
    uniform,
)
from minikeras.random.seed_generator import SeedGenerator

__getattr__, __dir__, __all__ = _late_names(globals())
