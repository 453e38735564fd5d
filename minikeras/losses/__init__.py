"""`keras.losses`: what a model is trained to make small."""

from minikeras.common.late_names import late_names as _late_names
from minikeras.losses.circle_loss import Circle, circle
from minikeras.losses.ctc_loss import CTC, ctc
from minikeras.losses.hinge_losses import (
    CategoricalHinge,
    Hinge,
    SquaredHinge,
    categorical_hinge,
    hinge,
    squared_hinge,
)
from minikeras.losses.lookup import deserialize, get, serialize
from minikeras.losses.loss import Loss, check_targets
from minikeras.losses.loss_function_wrapper import LossFunctionWrapper
from minikeras.losses.probabilistic_losses import (
    BinaryCrossentropy,
    BinaryFocalCrossentropy,
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    CategoricalGeneralizedCrossEntropy,
    KLDivergence,
    Poisson,
    SparseCategoricalCrossentropy,
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_generalized_cross_entropy,
    kl_divergence,
    poisson,
    sparse_categorical_crossentropy,
)
from minikeras.losses.regression_losses import (
    CosineSimilarity,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    cosine_similarity,
    huber,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)
from minikeras.losses.segmentation_losses import Dice, Tversky, dice, tversky

__getattr__, __dir__, __all__ = _late_names(globals())
