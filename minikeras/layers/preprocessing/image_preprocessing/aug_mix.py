"""`AugMix`: chains of augmentations, mixed."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras import ops
from minikeras.common.arguments import Count, Positive, PositiveInt
from minikeras.common.ranks import unshared
from minikeras.layers.preprocessing.image_preprocessing.augmentations import (
    GEOMETRIC,
    OF_COLOR,
    OF_VALUES,
    augmentations,
)
from minikeras.layers.preprocessing.image_preprocessing.base_affine_layer import Interpolation
from minikeras.layers.preprocessing.image_preprocessing.base_color_layer import BaseColorLayer
from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    Strength,
    Transformation,
    ValueRange,
    range_of,
)
from minikeras.random import beta, gamma, randint


class AugMix(BaseColorLayer):
    """Mixes images with what several chains of random layers make of them.

    Each chain applies up to `chain_depth` layers, one after the other. Their results are mixed by
    weights from a Dirichlet distribution, and that with the images themselves by one from a beta
    distribution. All images of a batch get the same layers, each with numbers of its own.

    Args:
        value_range: the two numbers that values lie between.
        num_chains: number of chains.
        chain_depth: how many times a chain draws a layer; it may draw none.
        factor: number `f` in [0, 1], for strengths from `[0, f]`, or a range: `factor` of the layers.
        alpha: parameter of the Dirichlet distribution and of the beta distribution.
        all_ops: whether chains draw from the layers of `RandAugment`, or without those that change
            brightness, contrast, sharpness and how strong colors are.
        interpolation: `"bilinear"` or `"nearest"`, for layers that move pixels.
        seed: integer seed.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Input and output: RGB images, `(batch, height, width, 3)` or `(height, width, 3)`; or a dict, see
    `BaseImagePreprocessingLayer`. Masks are mixed like images; boxes stay as they are.

    Source: Hendrycks et al., 2020.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.AugMix((0, 1), factor=0.3)(np.ones((2, 8, 8, 3))).shape
    (2, 8, 8, 3)
    """

    def __init__(
        self,
        value_range: ValueRange = (0, 255),
        num_chains: PositiveInt = 3,
        chain_depth: Count = 3,
        factor: Strength = 0.3,
        alpha: Positive = 1.0,
        all_ops: bool = True,
        interpolation: Interpolation = "bilinear",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.value_range = value_range
        self.num_chains = num_chains
        self.chain_depth = chain_depth
        self.factor = range_of(factor, 0)
        self.alpha = alpha
        self.all_ops = all_ops
        self.interpolation = interpolation
        self._seeded(seed)
        self._augment_layers = (*GEOMETRIC, *OF_VALUES, *(OF_COLOR if all_ops else ()))
        for name, layer in augmentations(self, self._augment_layers).items():
            setattr(self, name, layer)

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Transformation:
        if not training:
            return None
        seed = self.generator if seed is None else seed
        names = self._augment_layers
        shape = (self.num_chains, self.chain_depth)
        with unshared():  # alike for all rows
            weights = gamma((self.num_chains,), self.alpha, seed=seed).array
            kept = beta((), self.alpha, self.alpha, seed=seed).array
            chains = randint(shape, 0, len(names) + 1, seed=seed).array.tolist()  # the last is none
        return {
            "chain_mixing_weights": weights / weights.sum(),
            "weight_sample": kept,
            "chain_transforms": [
                [self._drawn(names[i], data, seed) for i in chain if i < len(names)]
                for chain in chains
            ],
        }

    def _drawn(self, name: str, data: Any, seed: Any) -> dict:
        transformation = getattr(self, name).get_random_transformation(data, seed=seed)
        return {"layer_name": name, "transformation": transformation}

    def _mix(self, method: str, values: Any, transformation: Transformation) -> Any:
        """Return a mixture of something and what the chains make of it."""
        weights = np.asarray(transformation["chain_mixing_weights"]).tolist()
        kept = float(np.asarray(transformation["weight_sample"]))
        chains = []
        for chain in transformation["chain_transforms"]:
            changed = values
            for step in chain:
                transform = getattr(getattr(self, step["layer_name"]), method)
                changed = transform(changed, step["transformation"])
            chains.append(changed)

        def mixed(x: Any, *chains: Any) -> Any:
            x *= kept
            for weight, chain in zip(weights, chains):
                x += chain * ((1 - kept) * weight)
            return x

        return self._by_image(mixed, values, *chains)

    def transform_images(
        self, images: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        images = ops.cast(images, self.compute_dtype)
        if not training:
            return images
        return ops.clip(self._mix("transform_images", images, transformation), *self.value_range)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        if not training:
            return segmentation_masks
        return self._mix("transform_segmentation_masks", segmentation_masks, transformation)
