"""`keras.random`: random tensors and the seeds they come from."""

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
