"""`Distiller`: trains a student with targets and with what a teacher gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minikeras import losses, metrics, ops, tree
from minikeras.common.arguments import Fraction
from minikeras.common.serialization import deserialize_keras_object
from minikeras.distillation.distillation_loss import DistillationLoss
from minikeras.models import Model


class Distiller(Model):
    """A model that trains a student; called, it gives the student's outputs.

    The loss is `student_loss_weight` times the loss of `compile`, and the rest times the weighted sum
    of the distillation losses. The teacher is frozen.

    Args:
        teacher: the model to learn from.
        student: the model to train, of the same inputs and outputs.
        distillation_losses: a `DistillationLoss`, or several.
        distillation_loss_weights: a weight for each of several, ones if None.
        student_loss_weight: share of the loss with the targets, between 0 and 1.

    Raises:
        ValueError: if the models do not fit each other or a loss, or the weights the losses.

    Example:

    >>> import numpy as np
    >>> import minikeras
    >>> from minikeras import layers
    >>> teacher = minikeras.Sequential([minikeras.Input((4,)), layers.Dense(8), layers.Dense(3)])
    >>> student = minikeras.Sequential([minikeras.Input((4,)), layers.Dense(3)])
    >>> distiller = minikeras.distillation.Distiller(
    ...     teacher, student, minikeras.distillation.LogitsDistillation(temperature=2.0)
    ... )
    >>> distiller.compile("sgd", loss="sparse_categorical_crossentropy")
    >>> history = distiller.fit(np.ones((8, 4)), np.zeros(8), verbose=0)
    >>> sorted(history.history)
    ['distillation_loss', 'loss', 'student_loss', 'total_loss']
    """

    def __init__(
        self,
        teacher: Model,
        student: Model,
        distillation_losses: DistillationLoss | Sequence[DistillationLoss],
        distillation_loss_weights: Sequence[float] | None = None,
        student_loss_weight: Fraction = 0.5,
        name: str = "distiller",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        for what in ("inputs", "outputs"):
            _check_alike(getattr(teacher, what, None), getattr(student, what, None), what)
        several = isinstance(distillation_losses, (list, tuple))
        found = list(distillation_losses) if several else [distillation_losses]
        if not found or not all(isinstance(loss, DistillationLoss) for loss in found):
            raise ValueError(
                "Distiller: argument `distillation_losses` must be a DistillationLoss, such as "
                f"LogitsDistillation(), or a list of them. Received: {distillation_losses!r}"
            )
        weights = [1.0] * len(found)
        if several and distillation_loss_weights is not None:
            weights = list(distillation_loss_weights)
        if len(weights) != len(found):
            raise ValueError(
                f"Distiller: argument `distillation_loss_weights` must have {len(found)} weights, one "
                f"for each loss. Received: {distillation_loss_weights!r}"
            )
        self.teacher, self.student = teacher, student
        self.distillation_losses = found
        self.distillation_loss_weights = weights
        self.student_loss_weight = student_loss_weight
        for loss in found:
            loss.validate_model_compatibility(teacher, student)
        self._teacher_features = _features(teacher, found, "teacher_layer_name")
        self._student_features = _features(student, found, "student_layer_name")
        teacher.trainable = False
        self.student_loss_tracker = metrics.Mean(name="student_loss")
        self.distillation_loss_tracker = metrics.Mean(name="distillation_loss")
        self.total_loss_tracker = metrics.Mean(name="total_loss")

    def compile(
        self, optimizer: Any = "adam", loss: Any = None, metrics: Any = None, **kwargs: Any
    ) -> None:
        """Prepare for training.

        Args:
            optimizer: optimizer of the student's weights.
            loss: loss of the student with the targets, or such in the structure of its outputs.
            metrics: list of metrics of the student's outputs.
            **kwargs: further arguments of `Model.compile`.

        Raises:
            ValueError: without a loss, or if `metrics` is no list.
        """
        if loss is None:
            raise ValueError("Distiller.compile: argument `loss` cannot be None.")
        if metrics is not None and not isinstance(metrics, (list, tuple)):
            raise ValueError(
                "Distiller.compile: argument `metrics` must be a list or a tuple. "
                f"Received: {metrics!r}"
            )
        super().compile(optimizer=optimizer, loss=None, metrics=metrics, **kwargs)
        self._student_loss = tree.map_structure(losses.get, loss)

    def call(self, inputs: Any, training: Any = None, **kwargs: Any) -> Any:
        return self.student(inputs, training=training, **kwargs)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Return the loss of a batch, and add it to the metrics.

        Args:
            x: inputs.
            y: targets.
            y_pred: outputs of the student; computed if None.
            sample_weight: accepted, without effect.
            training: whether it is used for training.
        """
        y_pred = self(x, training=training) if y_pred is None else y_pred
        of_student, of_teacher = 0.0, 0.0
        if self.student_loss_weight > 0 and y is not None:
            values = tree.map_structure(
                lambda loss, t, p: ops.mean(loss(t, p)), self._student_loss, y, y_pred
            )
            of_student = sum(tree.flatten(values))
        if self.student_loss_weight < 1:
            of_teacher = self._distilled(x, y_pred)
        share = self.student_loss_weight
        total = ops.convert_to_tensor(of_student * share + of_teacher * (1.0 - share))
        self.student_loss_tracker.update_state(of_student)
        self.distillation_loss_tracker.update_state(of_teacher)
        self.total_loss_tracker.update_state(total)
        return total

    def _distilled(self, x: Any, y_pred: Any) -> Any:
        """Return the weighted sum of the distillation losses."""
        if self._teacher_features is None:
            teacher = {_OUTPUT: self.teacher(x, training=False)}
        else:
            teacher = self._teacher_features(x, training=False)
        student = {}
        if self._student_features is not None:
            student = self._student_features(x, training=True)
        student[_OUTPUT] = y_pred
        total = 0.0
        for loss, weight in zip(self.distillation_losses, self.distillation_loss_weights):
            names = [getattr(loss, a, None) or _OUTPUT for a in _LAYER_NAMES]
            given = teacher[names[0]], student[names[1]]
            loss.validate_outputs(*given)
            value = loss.compute_loss(*given)
            if getattr(value, "shape", ()) != ():
                raise ValueError(
                    f"Distiller: {type(loss).__name__}.compute_loss must return a scalar. Received a "
                    f"tensor of shape {tuple(value.shape)}"
                )
            total = total + value * weight
        return total

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> Distiller:
        """Make a distiller, with its models, from its config."""
        revived: dict[str, Any] = {}
        for name, value in config.items():
            if name in ("teacher", "student"):
                value = deserialize_keras_object(value, custom_objects)
            elif name == "distillation_losses":
                value = [deserialize_keras_object(loss, custom_objects) for loss in value]
            revived[name] = value
        return cls(**revived)


_OUTPUT = "final_output"
_LAYER_NAMES = ("teacher_layer_name", "student_layer_name")


def _check_alike(teacher: Any, student: Any, what: str) -> None:
    """Raise ValueError if two models differ in the shapes or dtypes of what they take or give."""
    if teacher is None or student is None:
        return

    def check(t: Any, s: Any) -> None:
        sizes = zip(t.shape, s.shape)
        fits = len(t.shape) == len(s.shape) and all(None in (a, b) or a == b for a, b in sizes)
        if not fits or t.dtype != s.dtype:
            raise ValueError(
                f"Distiller: teacher and student must have {what} of the same shapes and dtypes. "
                f"Received: {tuple(t.shape)} of {t.dtype}, and {tuple(s.shape)} of {s.dtype}"
            )

    tree.map_structure(check, teacher, student)


def _features(model: Model, found: Sequence[DistillationLoss], attribute: str) -> Callable | None:
    """Return a model that gives what the layers give that losses name; None if there are none."""
    names = dict.fromkeys(filter(None, [getattr(loss, attribute, None) for loss in found]))
    if not names:
        return None
    output = model.outputs[0] if len(model.outputs) == 1 else model.outputs
    outputs = {_OUTPUT: output, **{name: model.get_layer(name=name).output for name in names}}
    return Model(inputs=model.inputs, outputs=outputs, name=f"{model.name}_features")
