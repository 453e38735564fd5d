"""`keras.losses`: what a model is trained to make small."""

from __future__ import annotations

from typing import Any

from minikeras.common.serialization import ObjectFamily
from minikeras.losses.loss import Loss, LossFunctionWrapper, check_targets
from minikeras.losses.losses import (
    CTC,
    BinaryCrossentropy,
    BinaryFocalCrossentropy,
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    CategoricalGeneralizedCrossEntropy,
    CategoricalHinge,
    Circle,
    CosineSimilarity,
    Dice,
    Hinge,
    Huber,
    KLDivergence,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
    SparseCategoricalCrossentropy,
    SquaredHinge,
    Tversky,
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_generalized_cross_entropy,
    categorical_hinge,
    circle,
    cosine_similarity,
    ctc,
    dice,
    hinge,
    huber,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
    tversky,
)

FAMILY = ObjectFamily(
    "loss",
    Loss,
    [
        CTC,
        BinaryCrossentropy,
        BinaryFocalCrossentropy,
        CategoricalCrossentropy,
        CategoricalFocalCrossentropy,
        CategoricalGeneralizedCrossEntropy,
        CategoricalHinge,
        Circle,
        CosineSimilarity,
        Dice,
        Hinge,
        Huber,
        KLDivergence,
        LogCosh,
        Loss,
        LossFunctionWrapper,
        MeanAbsoluteError,
        MeanAbsolutePercentageError,
        MeanSquaredError,
        MeanSquaredLogarithmicError,
        Poisson,
        SparseCategoricalCrossentropy,
        SquaredHinge,
        Tversky,
        binary_crossentropy,
        binary_focal_crossentropy,
        categorical_crossentropy,
        categorical_focal_crossentropy,
        categorical_generalized_cross_entropy,
        categorical_hinge,
        circle,
        cosine_similarity,
        ctc,
        dice,
        hinge,
        huber,
        kl_divergence,
        log_cosh,
        mean_absolute_error,
        mean_absolute_percentage_error,
        mean_squared_error,
        mean_squared_logarithmic_error,
        poisson,
        sparse_categorical_crossentropy,
        squared_hinge,
        tversky,
    ],
    aliases={
        "bce": binary_crossentropy,
        "BCE": binary_crossentropy,
        "kld": kl_divergence,
        "KLD": kl_divergence,
        "mae": mean_absolute_error,
        "MAE": mean_absolute_error,
        "mape": mean_absolute_percentage_error,
        "MAPE": mean_absolute_percentage_error,
        "mse": mean_squared_error,
        "MSE": mean_squared_error,
        "msle": mean_squared_logarithmic_error,
        "MSLE": mean_squared_logarithmic_error,
    },
)
"""Every loss by name."""


def get(identifier: Any) -> Any:
    """Return the loss function or object that an argument stands for.

    Args:
        identifier: None, a name (of a function, or of a class, of which an object is made), a
            function, a class, an object, or a config dict.

    Raises:
        ValueError: if it is none of them.

    Example:

    >>> from minikeras import losses
    >>> losses.get("mse").__name__
    'mean_squared_error'
    """
    return FAMILY.get(identifier)


def serialize(loss: Any) -> Any:
    """Return the config of a loss function or object.

    Example:

    >>> from minikeras import losses
    >>> losses.serialize(losses.Huber())["config"]["delta"]
    1.0
    """
    return FAMILY.serialize(loss)


def deserialize(name: Any, custom_objects: dict | None = None) -> Any:
    """Return the loss function or object that a name or config describes.

    Args:
        name: what `serialize` returned.
        custom_objects: a user's classes and functions by name.

    Raises:
        ValueError: if the name is not known.

    Example:

    >>> from minikeras import losses
    >>> losses.deserialize(losses.serialize(losses.Huber(delta=2.0))).delta
    2.0
    """
    return FAMILY.deserialize(name, custom_objects)
