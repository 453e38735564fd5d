"""`keras.wrappers` of Keras 2: models as scikit-learn's estimators."""

from minikeras.compat.adapters import Lazy
from minikeras.compat.namespaces import Contents

_HERE = "minikeras.compat.keras2.wrappers.scikit_learn"

MODULES = {
    "wrappers": Contents(beside=["minikeras.wrappers"]),
    "wrappers.scikit_learn": Contents(
        {n: Lazy(f"{_HERE}:{n}") for n in ("BaseWrapper", "KerasClassifier", "KerasRegressor")}
    ),
}
