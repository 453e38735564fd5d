"""Written by `python tests/stubs.py`: what is public, for checkers of types and editors."""

from minikeras.losses.circle_loss import Circle as _Circle
from minikeras.losses.circle_loss import circle as circle
from minikeras.losses.ctc_loss import CTC as _CTC
from minikeras.losses.ctc_loss import ctc as ctc
from minikeras.losses.hinge_losses import CategoricalHinge as _CategoricalHinge
from minikeras.losses.hinge_losses import Hinge as _Hinge
from minikeras.losses.hinge_losses import SquaredHinge as _SquaredHinge
from minikeras.losses.hinge_losses import categorical_hinge as categorical_hinge
from minikeras.losses.hinge_losses import hinge as hinge
from minikeras.losses.hinge_losses import squared_hinge as squared_hinge
from minikeras.losses.lookup import deserialize as deserialize
from minikeras.losses.lookup import get as get
from minikeras.losses.lookup import serialize as serialize
from minikeras.losses.loss import Loss as Loss
from minikeras.losses.loss import check_targets as check_targets
from minikeras.losses.loss_function_wrapper import LossFunctionWrapper as LossFunctionWrapper
from minikeras.losses.probabilistic_losses import BinaryCrossentropy as _BinaryCrossentropy
from minikeras.losses.probabilistic_losses import BinaryFocalCrossentropy as _BinaryFocalCrossentropy
from minikeras.losses.probabilistic_losses import CategoricalCrossentropy as _CategoricalCrossentropy
from minikeras.losses.probabilistic_losses import CategoricalFocalCrossentropy as _CategoricalFocalCrossentropy
from minikeras.losses.probabilistic_losses import CategoricalGeneralizedCrossEntropy as CategoricalGeneralizedCrossEntropy
from minikeras.losses.probabilistic_losses import Fraction
from minikeras.losses.probabilistic_losses import KLDivergence as _KLDivergence
from minikeras.losses.probabilistic_losses import Poisson as _Poisson
from minikeras.losses.probabilistic_losses import SparseCategoricalCrossentropy as _SparseCategoricalCrossentropy
from minikeras.losses.probabilistic_losses import binary_crossentropy as binary_crossentropy
from minikeras.losses.probabilistic_losses import binary_focal_crossentropy as binary_focal_crossentropy
from minikeras.losses.probabilistic_losses import categorical_crossentropy as categorical_crossentropy
from minikeras.losses.probabilistic_losses import categorical_focal_crossentropy as categorical_focal_crossentropy
from minikeras.losses.probabilistic_losses import categorical_generalized_cross_entropy as categorical_generalized_cross_entropy
from minikeras.losses.probabilistic_losses import kl_divergence as kl_divergence
from minikeras.losses.probabilistic_losses import poisson as poisson
from minikeras.losses.probabilistic_losses import sparse_categorical_crossentropy as sparse_categorical_crossentropy
from minikeras.losses.regression_losses import CosineSimilarity as _CosineSimilarity
from minikeras.losses.regression_losses import Huber as _Huber
from minikeras.losses.regression_losses import LogCosh as _LogCosh
from minikeras.losses.regression_losses import MeanAbsoluteError as _MeanAbsoluteError
from minikeras.losses.regression_losses import MeanAbsolutePercentageError as _MeanAbsolutePercentageError
from minikeras.losses.regression_losses import MeanSquaredError as _MeanSquaredError
from minikeras.losses.regression_losses import MeanSquaredLogarithmicError as _MeanSquaredLogarithmicError
from minikeras.losses.regression_losses import NonNegative
from minikeras.losses.regression_losses import cosine_similarity as cosine_similarity
from minikeras.losses.regression_losses import huber as huber
from minikeras.losses.regression_losses import log_cosh as log_cosh
from minikeras.losses.regression_losses import mean_absolute_error as mean_absolute_error
from minikeras.losses.regression_losses import mean_absolute_percentage_error as mean_absolute_percentage_error
from minikeras.losses.regression_losses import mean_squared_error as mean_squared_error
from minikeras.losses.regression_losses import mean_squared_logarithmic_error as mean_squared_logarithmic_error
from minikeras.losses.segmentation_losses import Dice as _Dice
from minikeras.losses.segmentation_losses import Sequence
from minikeras.losses.segmentation_losses import Tversky as _Tversky
from minikeras.losses.segmentation_losses import dice as dice
from minikeras.losses.segmentation_losses import tversky as tversky
from typing import Any

class BinaryCrossentropy(_BinaryCrossentropy):
    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: Fraction = 0.0,
        axis: int = -1,
        reduction: str | None = 'sum_over_batch_size',
        name: str | None = 'binary_crossentropy',
        dtype: Any = None,
    ) -> None: ...

class BinaryFocalCrossentropy(_BinaryFocalCrossentropy):
    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: Fraction = 0.0,
        axis: int = -1,
        reduction: str | None = 'sum_over_batch_size',
        name: str | None = 'binary_focal_crossentropy',
        dtype: Any = None,
    ) -> None: ...

class CTC(_CTC):
    def __init__(
        self,
        reduction: str | None = 'sum_over_batch_size',
        name: str | None = 'ctc',
        dtype: Any = None,
    ) -> None: ...

class CategoricalCrossentropy(_CategoricalCrossentropy):
    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: Fraction = 0.0,
        axis: int = -1,
        reduction: str | None = 'sum_over_batch_size',
        name: str | None = 'categorical_crossentropy',
        dtype: Any = None,
    ) -> None: ...

class CategoricalFocalCrossentropy(_CategoricalFocalCrossentropy):
    def __init__(
        self,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: Fraction = 0.0,
        axis: int = -1,
        reduction: str | None = 'sum_over_batch_size',
        name: str | None = 'categorical_focal_crossentropy',
        dtype: Any = None,
    ) -> None: ...

class CategoricalHinge(_CategoricalHinge):
    def __init__(
        self,
        reduction: str | None = 'sum_over_batch_size',
        name: str | None = 'categorical_hinge',
        dtype: Any = None,
    ) -> None: ...

class Circle(_Circle):
    def __init__(
        self,
        gamma: float = 80,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = 'sum_over_batch_size',
        name: str | None = 'circle',
        dtype: Any = None,
    ) -> None: ...

class CosineSimilarity(_CosineSimilarity):
    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = 'sum_over_batch_size',
        name: str | None = 'cosine_similarity',
        dtype: Any = None,
    ) -> None: ...

class Dice(_Dice):
    def __init__(
        self,
        reduction: str | None = 'sum_over_batch_size',
        name: str | None = 'dice',
        axis: int | Sequence[int] | None = None,
        dtype: Any = None,
    ) -> None: ...

class Hinge(_Hinge):
    def __init__(
        self,
        reduction: str | None = 'sum_over_batch_size',
        name: str | None = 'hinge',
        dtype: Any = None,
    ) -> None: ...

class Huber(_Huber):
    def __init__(
        self,
        delta: NonNegative = 1.0,
        reduction: str | None = 'sum_over_batch_size',
        name: str | None = 'huber_loss',
        dtype: Any = None,
    ) -> None: ...

class KLDivergence(_KLDivergence):
    def __init__(
        self,
        reduction: str | None = 'sum_over_batch_size',
        name: str | None = 'kl_divergence',
        dtype: Any = None,
    ) -> None: ...

class LogCosh(_LogCosh):
    def __init__(
        self,
        reduction: str | None = 'sum_over_batch_size',
        name: str | None = 'log_cosh',
        dtype: Any = None,
    ) -> None: ...

class MeanAbsoluteError(_MeanAbsoluteError):
    def __init__(
        self,
        reduction: str | None = 'sum_over_batch_size',
        name: str | None = 'mean_absolute_error',
        dtype: Any = None,
    ) -> None: ...

class MeanAbsolutePercentageError(_MeanAbsolutePercentageError):
    def __init__(
        self,
        reduction: str | None = 'sum_over_batch_size',
        name: str | None = 'mean_absolute_percentage_error',
        dtype: Any = None,
    ) -> None: ...

class MeanSquaredError(_MeanSquaredError):
    def __init__(
        self,
        reduction: str | None = 'sum_over_batch_size',
        name: str | None = 'mean_squared_error',
        dtype: Any = None,
    ) -> None: ...

class MeanSquaredLogarithmicError(_MeanSquaredLogarithmicError):
    def __init__(
        self,
        reduction: str | None = 'sum_over_batch_size',
        name: str | None = 'mean_squared_logarithmic_error',
        dtype: Any = None,
    ) -> None: ...

class Poisson(_Poisson):
    def __init__(
        self,
        reduction: str | None = 'sum_over_batch_size',
        name: str | None = 'poisson',
        dtype: Any = None,
    ) -> None: ...

class SparseCategoricalCrossentropy(_SparseCategoricalCrossentropy):
    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = 'sum_over_batch_size',
        axis: int = -1,
        name: str | None = 'sparse_categorical_crossentropy',
        dtype: Any = None,
    ) -> None: ...

class SquaredHinge(_SquaredHinge):
    def __init__(
        self,
        reduction: str | None = 'sum_over_batch_size',
        name: str | None = 'squared_hinge',
        dtype: Any = None,
    ) -> None: ...

class Tversky(_Tversky):
    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = 'sum_over_batch_size',
        name: str | None = 'tversky',
        axis: int | Sequence[int] | None = None,
        dtype: Any = None,
    ) -> None: ...

__all__ = [
    "Circle",
    "circle",
    "CTC",
    "ctc",
    "CategoricalHinge",
    "Hinge",
    "SquaredHinge",
    "categorical_hinge",
    "hinge",
    "squared_hinge",
    "deserialize",
    "get",
    "serialize",
    "Loss",
    "check_targets",
    "LossFunctionWrapper",
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy",
    "KLDivergence",
    "Poisson",
    "SparseCategoricalCrossentropy",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_generalized_cross_entropy",
    "kl_divergence",
    "poisson",
    "sparse_categorical_crossentropy",
    "CosineSimilarity",
    "Huber",
    "LogCosh",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "cosine_similarity",
    "huber",
    "log_cosh",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "Dice",
    "Tversky",
    "dice",
    "tversky",
]
