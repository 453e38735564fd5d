"""The layers that `RandAugment` and `AugMix` choose from."""

from __future__ import annotations

from typing import Any

from minikeras.layers.preprocessing.image_preprocessing.auto_contrast import AutoContrast
from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    BaseImagePreprocessingLayer,
)
from minikeras.layers.preprocessing.image_preprocessing.equalization import Equalization
from minikeras.layers.preprocessing.image_preprocessing.random_brightness import RandomBrightness
from minikeras.layers.preprocessing.image_preprocessing.random_color_degeneration import (
    RandomColorDegeneration,
)
from minikeras.layers.preprocessing.image_preprocessing.random_contrast import RandomContrast
from minikeras.layers.preprocessing.image_preprocessing.random_posterization import (
    RandomPosterization,
)
from minikeras.layers.preprocessing.image_preprocessing.random_rotation import RandomRotation
from minikeras.layers.preprocessing.image_preprocessing.random_sharpness import RandomSharpness
from minikeras.layers.preprocessing.image_preprocessing.random_shear import RandomShear
from minikeras.layers.preprocessing.image_preprocessing.random_translation import RandomTranslation
from minikeras.layers.preprocessing.image_preprocessing.solarization import Solarization

GEOMETRIC = ("random_shear", "random_translation", "random_rotation")
OF_COLOR = (
    *("random_brightness", "random_color_degeneration", "random_contrast", "random_sharpness"),
)
OF_VALUES = ("random_posterization", "solarization", "auto_contrast", "equalization")


def augmentations(
    owner: BaseImagePreprocessingLayer, names: tuple[str, ...]
) -> dict[str, BaseImagePreprocessingLayer]:
    """Return layers as strong as the `factor` of their owner says, by name.

    Args:
        owner: layer with `factor`, `value_range`, `interpolation` and `seed`.
        names: which layers are wanted.
    """
    factor = owner.factor
    common = {
        "data_format": owner.data_format,
        "dtype": owner.dtype_policy,
        "bounding_box_format": owner.bounding_box_format,
    }
    values = {**common, "value_range": owner.value_range}
    seeded = {"seed": owner.seed}
    moved = {**common, **seeded, "interpolation": owner.interpolation}
    made: dict[str, Any] = {
        "random_shear": (RandomShear, {"x_factor": factor, "y_factor": factor, **moved}),
        "random_translation": (
            RandomTranslation,
            {"height_factor": factor, "width_factor": factor, **moved},
        ),
        "random_rotation": (RandomRotation, {"factor": factor, **moved}),
        "random_brightness": (RandomBrightness, {"factor": factor, **values, **seeded}),
        "random_color_degeneration": (
            RandomColorDegeneration,
            {"factor": factor, **values, **seeded},
        ),
        "random_contrast": (RandomContrast, {"factor": factor, **values, **seeded}),
        "random_sharpness": (RandomSharpness, {"factor": factor, **values, **seeded}),
        "random_posterization": (
            RandomPosterization,
            {"factor": min(max(1, int(8 * factor[1])), 8), **values, **seeded},
        ),
        "solarization": (
            Solarization,
            {"addition_factor": factor, "threshold_factor": factor, **values, **seeded},
        ),
        "auto_contrast": (AutoContrast, values),
        "equalization": (Equalization, values),
    }
    layers = {}
    for name in names:
        cls, arguments = made[name]
        layers[name] = cls(**arguments)
    return layers
