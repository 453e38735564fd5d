"""What tells a script's period by the functions of `keras.backend` that it uses; see `dialects.detect`."""

from __future__ import annotations

from minikeras.compat.keras_backend import _SETTINGS, NAMES

_KEPT = {*_SETTINGS, "backend", "clear_session", "is_keras_tensor", "is_tensor", "name_scope"}
"""What Keras 3 has in its backend, too."""

SIGNS = {
    1: frozenset({"K.lesser", "K.pack"}),
    2: frozenset(
        {f"K.{name}" for name in NAMES if name not in _KEPT}
        | {f"import keras.backend.{name}" for name in ("tensorflow_backend", "common")}
        | {"K.image_dim_ordering", "K.set_image_dim_ordering"}  # which 2.0 to 2.2 kept
        | {"import keras.backend.tensorflow_backend.set_session"}
    ),
}
