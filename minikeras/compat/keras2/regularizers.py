"""`keras.regularizers`, `keras.constraints` and `keras.initializers` of Keras 2: shorter names."""

from __future__ import annotations

from minikeras.compat.adapters import Adapted, Lazy
from minikeras.compat.namespaces import Names

NAMES: Names = {
    "l1l2": Adapted("minikeras.regularizers:L1L2", "l1 l2", name="l1l2", old_name=True),
}

CONSTRAINTS: Names = {
    **{
        name: Adapted(f"minikeras.constraints:{today}", name=name, old_name=True)
        for name, today in {
            "maxnorm": "MaxNorm",
            "nonneg": "NonNeg",
            "unitnorm": "UnitNorm",
        }.items()
    },
}

_HERE = "minikeras.initializers"

INITIALIZERS: Names = {
    "normal": Lazy(f"{_HERE}:RandomNormal"),
    "uniform": Lazy(f"{_HERE}:RandomUniform"),
    "zero": Lazy(f"{_HERE}:Zeros"),
    "one": Lazy(f"{_HERE}:Ones"),
}
