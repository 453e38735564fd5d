"""`keras.preprocessing` of Keras 1, where it was not what Keras 2 has: `dim_ordering`."""

from __future__ import annotations

from minikeras.compat.adapters import Adapted
from minikeras.compat.keras1.arguments import data_format
from minikeras.compat.keras2.preprocessing import MODULES as LATER
from minikeras.compat.namespaces import Contents

_GENERATOR = "minikeras.compat.keras2.preprocessing.image_data_generator:ImageDataGenerator"


def _with_dim_ordering(place: str, positional: str) -> Adapted:
    return Adapted(
        place,
        positional,
        {"dim_ordering": "data_format"},
        values={"data_format": data_format},
    )


IMAGE = {
    "ImageDataGenerator": _with_dim_ordering(
        _GENERATOR,
        "featurewise_center samplewise_center featurewise_std_normalization "
        "samplewise_std_normalization zca_whitening rotation_range width_shift_range "
        "height_shift_range shear_range zoom_range channel_shift_range fill_mode cval "
        "horizontal_flip vertical_flip rescale preprocessing_function dim_ordering",
    ),
    "array_to_img": _with_dim_ordering("minikeras.utils:array_to_img", "x dim_ordering scale"),
    "img_to_array": _with_dim_ordering("minikeras.utils:img_to_array", "img dim_ordering"),
}

MODULES = {
    "preprocessing.image": Contents(
        {**LATER["preprocessing.image"].names, **IMAGE}, LATER["preprocessing.image"].beside
    ),
}
