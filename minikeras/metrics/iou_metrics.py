"""Intersection over union of the regions of classes, for segmentation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.arguments import ArgumentError, Count, PositiveInt
from minikeras.common.configurable import accepted
from minikeras.common.settings import settings
from minikeras.common.traceback_utils import warn
from minikeras.metrics.metric import Metric
from minikeras.metrics.metrics_utils import confusion_matrix


class _IoUBase(Metric):
    """A metric whose state is a confusion matrix."""

    _direction = "up"

    def __init__(
        self,
        num_classes: PositiveInt,
        name: str | None,
        dtype: Any,
        ignore_class: int | None,
        sparse_y_true: bool,
        sparse_y_pred: bool,
        axis: int,
    ) -> None:
        super().__init__(
            name=name, dtype="int" if dtype is None else dtype
        )  # counts, unless weights are floats
        self.num_classes = num_classes
        self.ignore_class = ignore_class
        self.sparse_y_true = sparse_y_true
        self.sparse_y_pred = sparse_y_pred
        self.axis = axis
        self.total_cm = self.add_variable(
            (num_classes, num_classes), "zeros", dtype=self.dtype, name="total_confusion_matrix"
        )

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account.

        Args:
            y_true: class numbers, or one-hot labels where `sparse_y_true` is false. Numbers that
                are not in `[0, num_classes)` do not count.
            y_pred: class numbers, or scores of classes where `sparse_y_pred` is false.
            sample_weight: weights that broadcast to the class numbers.
        """
        y_true, y_pred = to_array(y_true), to_array(y_pred)
        if not self.sparse_y_true:
            y_true = np.argmax(y_true, axis=self.axis)
        if not self.sparse_y_pred:
            y_pred = np.argmax(y_pred, axis=self.axis)
        y_true = y_true.astype(self._np_dtype, copy=False).reshape(-1)
        y_pred = y_pred.astype(self._np_dtype, copy=False).reshape(-1)
        if y_true.size != y_pred.size:
            raise ValueError(
                f"{type(self).__name__}: there must be as many labels as predictions. "
                f"Received {y_true.size} labels and {y_pred.size} predictions, with sparse_y_true="
                f"{self.sparse_y_true} and sparse_y_pred={self.sparse_y_pred}."
            )
        weight = np.ones((), self._np_dtype)
        if sample_weight is not None:
            weight = to_array(sample_weight)
            if weight.dtype.kind == "f" and self._np_dtype.kind in "iu":
                warn(
                    f"{type(self).__name__}: sample weights are floats but the metric counts in "
                    f"{self.dtype}, so their fractions are lost. Make it with dtype='float32', or "
                    "pass integer weights."
                )
            weight = weight.astype(self._np_dtype)
        weight = np.broadcast_to(weight.reshape(-1) if weight.ndim > 1 else weight, y_true.shape)
        self._accumulate(
            self.total_cm,
            confusion_matrix(y_true, y_pred, self.num_classes, weight, self.ignore_class),
        )


class IoU(_IoUBase):
    """Mean over given classes of `true_positives / (true_pos. + false_pos. + false_negatives)`.

    Args:
        num_classes: number of classes.
        target_class_ids: the classes to take the mean over.
        name: name.
        dtype: dtype of the counts, int32 if None; a float dtype for weights with fractions.
        ignore_class: a label that does not count.
        sparse_y_true: whether labels are class numbers, not one-hot.
        sparse_y_pred: whether predictions are class numbers, not scores.
        axis: axis of one-hot labels and scores.

    Raises:
        ValueError: if a target class is not one of the classes.

    Example:

    >>> from minikeras import metrics
    >>> m = metrics.IoU(num_classes=2, target_class_ids=[0])
    >>> round(float(m([0, 0, 1, 1], [0, 1, 0, 1])), 4)
    0.3333
    """

    def __init__(
        self,
        num_classes: PositiveInt,
        target_class_ids: Sequence[Count],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(**accepted(_IoUBase, locals()))
        if len(target_class_ids) == 0 or max(target_class_ids) >= num_classes:
            raise ArgumentError(
                type(self).__name__,
                "target_class_ids",
                f"one or more classes in [0, {num_classes})",
                target_class_ids,
            )
        self.target_class_ids = list(target_class_ids)

    def result(self) -> Tensor:
        """Return the mean over the target classes that occur."""
        matrix = self.total_cm.array
        hits = np.diag(matrix)
        union = np.sum(matrix, axis=0) + np.sum(matrix, axis=1) - hits
        hits = hits[self.target_class_ids].astype(np.float32)
        union = union[self.target_class_ids].astype(np.float32)
        occurs = union > 1e-9
        epsilon = np.float32(settings.epsilon)
        iou = np.where(occurs, hits / (union + epsilon), np.float32(0))
        return Tensor(np.sum(iou) / (np.float32(np.count_nonzero(occurs)) + epsilon))


class BinaryIoU(IoU):
    """Intersection over union for predicted probabilities of class 1.

    Args:
        target_class_ids: the classes to take the mean over.
        threshold: from it on, a prediction means 1.
        name, dtype: see `IoU`.

    Example:

    >>> from minikeras import metrics
    >>> m = metrics.BinaryIoU(target_class_ids=[0, 1], threshold=0.3)
    >>> round(float(m([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7])), 4)
    0.3333
    """

    def __init__(
        self,
        target_class_ids: Sequence[Count] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(2, target_class_ids, name=name, dtype=dtype)
        self.threshold = threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account.

        Args:
            y_true: labels 0 and 1.
            y_pred: probabilities of class 1.
            sample_weight: weights that broadcast to the labels.
        """
        positive = to_array(y_pred, "float32") >= np.float32(self.threshold)
        super().update_state(y_true, positive.astype(self._np_dtype), sample_weight)


class MeanIoU(IoU):
    """Mean over all classes of intersection over union.

    Args:
        num_classes: number of classes.
        name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis: see `IoU`.

    Example:

    >>> from minikeras import metrics
    >>> round(float(metrics.MeanIoU(num_classes=2)([0, 0, 1, 1], [0, 1, 0, 1])), 4)
    0.3333
    """

    def __init__(
        self,
        num_classes: PositiveInt,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(target_class_ids=range(num_classes), **accepted(IoU, locals()))


class OneHotIoU(IoU):
    """Intersection over union for one-hot labels.

    Args:
        num_classes, target_class_ids, name, dtype, ignore_class, sparse_y_pred, axis: see `IoU`.

    Example:

    >>> from minikeras import metrics
    >>> m = metrics.OneHotIoU(num_classes=3, target_class_ids=[0, 2])
    >>> round(float(m([[0, 0, 1], [1, 0, 0]], [[0.2, 0.3, 0.5], [0.1, 0.2, 0.7]])), 4)
    0.25
    """

    def __init__(
        self,
        num_classes: PositiveInt,
        target_class_ids: Sequence[Count],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(sparse_y_true=False, **accepted(IoU, locals()))


class OneHotMeanIoU(MeanIoU):
    """Mean over all classes of intersection over union, for one-hot labels.

    Args:
        num_classes, name, dtype, ignore_class, sparse_y_pred, axis: see `IoU`.

    Example:

    >>> from minikeras import metrics
    >>> m = metrics.OneHotMeanIoU(num_classes=3)
    >>> round(float(m([[0, 0, 1], [1, 0, 0]], [[0.2, 0.3, 0.5], [0.1, 0.2, 0.7]])), 4)
    0.25
    """

    def __init__(
        self,
        num_classes: PositiveInt,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(sparse_y_true=False, **accepted(MeanIoU, locals()))
