"""`keras.wrappers` of Keras 2: models as scikit-learn's estimators."""

from minikeras.compat.namespaces import Contents

MODULES: dict[str, Contents] = {}
