"""Written by `python tests/stubs.py`: what is public, for checkers of types and editors."""

from minikeras.losses.hinge_losses import categorical_hinge as categorical_hinge
from minikeras.losses.hinge_losses import hinge as hinge
from minikeras.losses.hinge_losses import squared_hinge as squared_hinge
from minikeras.losses.probabilistic_losses import Fraction
from minikeras.losses.probabilistic_losses import binary_crossentropy as binary_crossentropy
from minikeras.losses.probabilistic_losses import binary_focal_crossentropy as binary_focal_crossentropy
from minikeras.losses.probabilistic_losses import categorical_crossentropy as categorical_crossentropy
from minikeras.losses.probabilistic_losses import categorical_focal_crossentropy as categorical_focal_crossentropy
from minikeras.losses.probabilistic_losses import kl_divergence as kl_divergence
from minikeras.losses.probabilistic_losses import poisson as poisson
from minikeras.losses.probabilistic_losses import sparse_categorical_crossentropy as sparse_categorical_crossentropy
from minikeras.losses.regression_losses import huber as huber
from minikeras.losses.regression_losses import log_cosh as log_cosh
from minikeras.losses.regression_losses import mean_absolute_error as mean_absolute_error
from minikeras.losses.regression_losses import mean_absolute_percentage_error as mean_absolute_percentage_error
from minikeras.losses.regression_losses import mean_squared_error as mean_squared_error
from minikeras.losses.regression_losses import mean_squared_logarithmic_error as mean_squared_logarithmic_error
from minikeras.metrics.accuracy_metrics import Accuracy as _Accuracy
from minikeras.metrics.accuracy_metrics import BinaryAccuracy as _BinaryAccuracy
from minikeras.metrics.accuracy_metrics import CategoricalAccuracy as _CategoricalAccuracy
from minikeras.metrics.accuracy_metrics import SparseCategoricalAccuracy as _SparseCategoricalAccuracy
from minikeras.metrics.accuracy_metrics import SparseTopKCategoricalAccuracy as _SparseTopKCategoricalAccuracy
from minikeras.metrics.accuracy_metrics import TopKCategoricalAccuracy as _TopKCategoricalAccuracy
from minikeras.metrics.accuracy_metrics import binary_accuracy as binary_accuracy
from minikeras.metrics.accuracy_metrics import categorical_accuracy as categorical_accuracy
from minikeras.metrics.accuracy_metrics import is_binary_or_sparse_categorical as is_binary_or_sparse_categorical
from minikeras.metrics.accuracy_metrics import sparse_categorical_accuracy as sparse_categorical_accuracy
from minikeras.metrics.accuracy_metrics import sparse_top_k_categorical_accuracy as sparse_top_k_categorical_accuracy
from minikeras.metrics.accuracy_metrics import top_k_categorical_accuracy as top_k_categorical_accuracy
from minikeras.metrics.confusion_metrics import AUC as AUC
from minikeras.metrics.confusion_metrics import Count
from minikeras.metrics.confusion_metrics import FalseNegatives as FalseNegatives
from minikeras.metrics.confusion_metrics import FalsePositives as FalsePositives
from minikeras.metrics.confusion_metrics import PositiveInt
from minikeras.metrics.confusion_metrics import Precision as Precision
from minikeras.metrics.confusion_metrics import PrecisionAtRecall as _PrecisionAtRecall
from minikeras.metrics.confusion_metrics import Recall as Recall
from minikeras.metrics.confusion_metrics import RecallAtPrecision as _RecallAtPrecision
from minikeras.metrics.confusion_metrics import SensitivityAtSpecificity as _SensitivityAtSpecificity
from minikeras.metrics.confusion_metrics import SpecificityAtSensitivity as _SpecificityAtSensitivity
from minikeras.metrics.confusion_metrics import TrueNegatives as TrueNegatives
from minikeras.metrics.confusion_metrics import TruePositives as TruePositives
from minikeras.metrics.correlation_metrics import ConcordanceCorrelation as _ConcordanceCorrelation
from minikeras.metrics.correlation_metrics import PearsonCorrelation as _PearsonCorrelation
from minikeras.metrics.correlation_metrics import concordance_correlation as concordance_correlation
from minikeras.metrics.correlation_metrics import pearson_correlation as pearson_correlation
from minikeras.metrics.f_score_metrics import F1Score as F1Score
from minikeras.metrics.f_score_metrics import FBetaScore as FBetaScore
from minikeras.metrics.hinge_metrics import CategoricalHinge as _CategoricalHinge
from minikeras.metrics.hinge_metrics import Hinge as _Hinge
from minikeras.metrics.hinge_metrics import SquaredHinge as _SquaredHinge
from minikeras.metrics.iou_metrics import BinaryIoU as BinaryIoU
from minikeras.metrics.iou_metrics import IoU as IoU
from minikeras.metrics.iou_metrics import MeanIoU as MeanIoU
from minikeras.metrics.iou_metrics import OneHotIoU as OneHotIoU
from minikeras.metrics.iou_metrics import OneHotMeanIoU as OneHotMeanIoU
from minikeras.metrics.lookup import deserialize as deserialize
from minikeras.metrics.lookup import get as get
from minikeras.metrics.lookup import serialize as serialize
from minikeras.metrics.metric import Metric as Metric
from minikeras.metrics.probabilistic_metrics import BinaryCrossentropy as _BinaryCrossentropy
from minikeras.metrics.probabilistic_metrics import CategoricalCrossentropy as _CategoricalCrossentropy
from minikeras.metrics.probabilistic_metrics import KLDivergence as _KLDivergence
from minikeras.metrics.probabilistic_metrics import Poisson as _Poisson
from minikeras.metrics.probabilistic_metrics import SparseCategoricalCrossentropy as _SparseCategoricalCrossentropy
from minikeras.metrics.reduction_metrics import Mean as Mean
from minikeras.metrics.reduction_metrics import MeanMetricWrapper as MeanMetricWrapper
from minikeras.metrics.reduction_metrics import Sum as Sum
from minikeras.metrics.regression_metrics import CosineSimilarity as _CosineSimilarity
from minikeras.metrics.regression_metrics import LogCoshError as _LogCoshError
from minikeras.metrics.regression_metrics import MeanAbsoluteError as _MeanAbsoluteError
from minikeras.metrics.regression_metrics import MeanAbsolutePercentageError as _MeanAbsolutePercentageError
from minikeras.metrics.regression_metrics import MeanSquaredError as _MeanSquaredError
from minikeras.metrics.regression_metrics import MeanSquaredLogarithmicError as _MeanSquaredLogarithmicError
from minikeras.metrics.regression_metrics import R2Score as R2Score
from minikeras.metrics.regression_metrics import RootMeanSquaredError as _RootMeanSquaredError
from typing import Any

class Accuracy(_Accuracy):
    def __init__(
        self,
        name: str | None = 'accuracy',
        dtype: Any = None,
    ) -> None: ...

class BinaryAccuracy(_BinaryAccuracy):
    def __init__(
        self,
        name: str | None = 'binary_accuracy',
        dtype: Any = None,
        threshold: float = 0.5,
    ) -> None: ...

class BinaryCrossentropy(_BinaryCrossentropy):
    def __init__(
        self,
        name: str | None = 'binary_crossentropy',
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: Fraction = 0.0,
    ) -> None: ...

class CategoricalAccuracy(_CategoricalAccuracy):
    def __init__(
        self,
        name: str | None = 'categorical_accuracy',
        dtype: Any = None,
    ) -> None: ...

class CategoricalCrossentropy(_CategoricalCrossentropy):
    def __init__(
        self,
        name: str | None = 'categorical_crossentropy',
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: Fraction = 0.0,
        axis: int = -1,
    ) -> None: ...

class CategoricalHinge(_CategoricalHinge):
    def __init__(
        self,
        name: str | None = 'categorical_hinge',
        dtype: Any = None,
    ) -> None: ...

class ConcordanceCorrelation(_ConcordanceCorrelation):
    def __init__(
        self,
        name: str | None = 'concordance_correlation',
        dtype: Any = None,
        axis: int = -1,
    ) -> None: ...

class CosineSimilarity(_CosineSimilarity):
    def __init__(
        self,
        name: str | None = 'cosine_similarity',
        dtype: Any = None,
        axis: int = -1,
    ) -> None: ...

class Hinge(_Hinge):
    def __init__(
        self,
        name: str | None = 'hinge',
        dtype: Any = None,
    ) -> None: ...

class KLDivergence(_KLDivergence):
    def __init__(
        self,
        name: str | None = 'kl_divergence',
        dtype: Any = None,
    ) -> None: ...

class LogCoshError(_LogCoshError):
    def __init__(
        self,
        name: str | None = 'logcosh',
        dtype: Any = None,
    ) -> None: ...

class MeanAbsoluteError(_MeanAbsoluteError):
    def __init__(
        self,
        name: str | None = 'mean_absolute_error',
        dtype: Any = None,
    ) -> None: ...

class MeanAbsolutePercentageError(_MeanAbsolutePercentageError):
    def __init__(
        self,
        name: str | None = 'mean_absolute_percentage_error',
        dtype: Any = None,
    ) -> None: ...

class MeanSquaredError(_MeanSquaredError):
    def __init__(
        self,
        name: str | None = 'mean_squared_error',
        dtype: Any = None,
    ) -> None: ...

class MeanSquaredLogarithmicError(_MeanSquaredLogarithmicError):
    def __init__(
        self,
        name: str | None = 'mean_squared_logarithmic_error',
        dtype: Any = None,
    ) -> None: ...

class PearsonCorrelation(_PearsonCorrelation):
    def __init__(
        self,
        name: str | None = 'pearson_correlation',
        dtype: Any = None,
        axis: int = -1,
    ) -> None: ...

class Poisson(_Poisson):
    def __init__(
        self,
        name: str | None = 'poisson',
        dtype: Any = None,
    ) -> None: ...

class PrecisionAtRecall(_PrecisionAtRecall):
    def __init__(
        self,
        recall: Fraction,
        num_thresholds: PositiveInt = 200,
        class_id: Count | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None: ...

class RecallAtPrecision(_RecallAtPrecision):
    def __init__(
        self,
        precision: Fraction,
        num_thresholds: PositiveInt = 200,
        class_id: Count | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None: ...

class RootMeanSquaredError(_RootMeanSquaredError):
    def __init__(
        self,
        name: str | None = 'root_mean_squared_error',
        dtype: Any = None,
    ) -> None: ...

class SensitivityAtSpecificity(_SensitivityAtSpecificity):
    def __init__(
        self,
        specificity: Fraction,
        num_thresholds: PositiveInt = 200,
        class_id: Count | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None: ...

class SparseCategoricalAccuracy(_SparseCategoricalAccuracy):
    def __init__(
        self,
        name: str | None = 'sparse_categorical_accuracy',
        dtype: Any = None,
    ) -> None: ...

class SparseCategoricalCrossentropy(_SparseCategoricalCrossentropy):
    def __init__(
        self,
        name: str | None = 'sparse_categorical_crossentropy',
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None: ...

class SparseTopKCategoricalAccuracy(_SparseTopKCategoricalAccuracy):
    def __init__(
        self,
        k: PositiveInt = 5,
        name: str | None = 'sparse_top_k_categorical_accuracy',
        dtype: Any = None,
        from_sorted_ids: bool = False,
    ) -> None: ...

class SpecificityAtSensitivity(_SpecificityAtSensitivity):
    def __init__(
        self,
        sensitivity: Fraction,
        num_thresholds: PositiveInt = 200,
        class_id: Count | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None: ...

class SquaredHinge(_SquaredHinge):
    def __init__(
        self,
        name: str | None = 'squared_hinge',
        dtype: Any = None,
    ) -> None: ...

class TopKCategoricalAccuracy(_TopKCategoricalAccuracy):
    def __init__(
        self,
        k: PositiveInt = 5,
        name: str | None = 'top_k_categorical_accuracy',
        dtype: Any = None,
    ) -> None: ...

__all__ = [
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_hinge",
    "hinge",
    "huber",
    "kl_divergence",
    "log_cosh",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "poisson",
    "sparse_categorical_crossentropy",
    "squared_hinge",
    "Accuracy",
    "BinaryAccuracy",
    "CategoricalAccuracy",
    "SparseCategoricalAccuracy",
    "SparseTopKCategoricalAccuracy",
    "TopKCategoricalAccuracy",
    "binary_accuracy",
    "categorical_accuracy",
    "is_binary_or_sparse_categorical",
    "sparse_categorical_accuracy",
    "sparse_top_k_categorical_accuracy",
    "top_k_categorical_accuracy",
    "AUC",
    "FalseNegatives",
    "FalsePositives",
    "Precision",
    "PrecisionAtRecall",
    "Recall",
    "RecallAtPrecision",
    "SensitivityAtSpecificity",
    "SpecificityAtSensitivity",
    "TrueNegatives",
    "TruePositives",
    "ConcordanceCorrelation",
    "PearsonCorrelation",
    "concordance_correlation",
    "pearson_correlation",
    "F1Score",
    "FBetaScore",
    "CategoricalHinge",
    "Hinge",
    "SquaredHinge",
    "BinaryIoU",
    "IoU",
    "MeanIoU",
    "OneHotIoU",
    "OneHotMeanIoU",
    "deserialize",
    "get",
    "serialize",
    "Metric",
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "KLDivergence",
    "Poisson",
    "SparseCategoricalCrossentropy",
    "Mean",
    "MeanMetricWrapper",
    "Sum",
    "CosineSimilarity",
    "LogCoshError",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "R2Score",
    "RootMeanSquaredError",
]
