"""`keras.backend` as Keras 1 and 2 had it."""

from minikeras.compat.namespaces import Contents

MODULES = {"backend": Contents(beside=["minikeras.backend"])}
