"""`keras.preprocessing` of Keras 2: images, text, sequences."""

from minikeras.compat.namespaces import Contents

MODULES: dict[str, Contents] = {}
