"""`keras.models` of Keras 2."""

from __future__ import annotations

from minikeras.compat.namespaces import Names

NAMES: Names = {}
