"""What a student is to learn from its teacher: its outputs, or what its layers give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minikeras import losses, ops, tree
from minikeras.common.arguments import Positive
from minikeras.common.configurable import Configurable


class DistillationLoss(Configurable):
    """Base of losses between what a teacher and a student give; subclasses write `compute_loss`.

    Example:

    >>> from minikeras import distillation, ops
    >>> class LargestAlike(distillation.DistillationLoss):
    ...     def compute_loss(self, teacher_outputs, student_outputs, **kwargs):
    ...         largest = ops.max(teacher_outputs, axis=-1) - ops.max(student_outputs, axis=-1)
    ...         return ops.mean(ops.square(largest))
    """

    def compute_loss(self, teacher_outputs: Any, student_outputs: Any, **kwargs: Any) -> Any:
        """Return a scalar.

        Args:
            teacher_outputs, student_outputs: tensors, in the structure of the models' outputs.
        """
        raise NotImplementedError(f"{type(self).__name__} must define `compute_loss`.")

    def validate_outputs(self, teacher_outputs: Any, student_outputs: Any) -> None:
        """Raise ValueError if what is to be compared has different structures."""
        tree.assert_same_structure(teacher_outputs, student_outputs)

    def validate_model_compatibility(self, teacher: Any, student: Any) -> None:
        """Raise ValueError if the loss cannot be used with two models."""


def _functions(loss: Any, owner: str) -> Any:
    """Return loss functions for names, in the structure of the argument `loss`."""
    found = tree.map_structure(losses.get, loss)
    if all(f is None for f in tree.flatten(found)):
        raise ValueError(
            f"{owner}: argument `loss` must hold at least one loss that is not None. "
            f"Received: loss={loss!r}"
        )
    return found


def _total(loss: Any, compare: Callable, teacher_outputs: Any, student_outputs: Any) -> Any:
    """Add up `compare(loss, teacher's, student's)` over a structure; None counts for nothing."""
    values = tree.map_structure(
        lambda f, t, s: None if f is None else compare(f, t, s),
        loss,
        teacher_outputs,
        student_outputs,
    )
    first, *others = [value for value in tree.flatten(values) if value is not None]
    for value in others:
        first = first + value
    return first


class LogitsDistillation(DistillationLoss):
    """Compares the outputs before softmax, divided by a temperature.

    Args:
        temperature: the higher, the more the small probabilities count.
        loss: loss or its name, or such in the structure of the outputs, with None where an output
            does not count. The Kullback-Leibler divergence, under its name too, is taken of softmaxes
            and multiplied by the temperature squared; others are given the outputs themselves. (Keras
            3.15.1 gives the outputs to the divergence as well, unless it is a `KLDivergence` object.)

    Raises:
        ValueError: if the temperature is not positive, or all losses are None.

    Source: Hinton, Vinyals & Dean, "Distilling the Knowledge in a Neural Network", 2015.

    Example:

    >>> import numpy as np
    >>> from minikeras import distillation
    >>> loss = distillation.LogitsDistillation(temperature=2.0)
    >>> float(loss.compute_loss(np.array([[1.0, 3.0]]), np.array([[1.0, 3.0]])))
    0.0
    """

    def __init__(self, temperature: Positive = 3.0, loss: Any = "kl_divergence") -> None:
        self.temperature = temperature
        self.loss = _functions(loss, "LogitsDistillation")

    def compute_loss(self, teacher_outputs: Any, student_outputs: Any, **kwargs: Any) -> Any:
        return _total(self.loss, self._compare, teacher_outputs, student_outputs)

    def _compare(self, loss: Any, teacher: Any, student: Any) -> Any:
        teacher, student = [ops.divide(x, self.temperature) for x in (teacher, student)]
        if not isinstance(loss, losses.KLDivergence) and loss is not losses.kl_divergence:
            return ops.mean(loss(teacher, student))
        divergence = ops.mean(loss(ops.softmax(teacher), ops.softmax(student)))
        return divergence * self.temperature**2


class FeatureDistillation(DistillationLoss):
    """Compares what a layer of the teacher gives with what a layer of the student gives.

    Args:
        loss: loss or its name, or such in the structure of the layers' outputs, with None where an
            output does not count.
        teacher_layer_name, student_layer_name: names of the layers; the model's output if None.

    Raises:
        ValueError: if all losses are None.

    Source: Romero et al., "FitNets: Hints for Thin Deep Nets", 2015.

    Example:

    >>> import numpy as np
    >>> from minikeras import distillation
    >>> loss = distillation.FeatureDistillation("mse", "hidden", "hidden")
    >>> float(loss.compute_loss(np.zeros((2, 3)), np.ones((2, 3))))
    1.0
    """

    def __init__(
        self,
        loss: Any = "mse",
        teacher_layer_name: str | None = None,
        student_layer_name: str | None = None,
    ) -> None:
        self.loss = _functions(loss, "FeatureDistillation")
        self.teacher_layer_name = teacher_layer_name
        self.student_layer_name = student_layer_name

    def validate_model_compatibility(self, teacher: Any, student: Any) -> None:
        names = self.teacher_layer_name, self.student_layer_name
        if names == (None, None):
            return
        for which, model, name in zip(("teacher", "student"), (teacher, student), names):
            if getattr(model, "inputs", None) is None:
                raise ValueError(
                    "FeatureDistillation: layers can be named in Sequential and functional models that "
                    f"know their inputs. The {which} '{model.name}' does not: it is a subclass, or not "
                    "built. Leave out the names to compare the models' outputs."
                )
            try:
                if name is not None:
                    model.get_layer(name=name)
            except ValueError as error:
                raise ValueError(f"In the {which} model: {error}") from error

    def validate_outputs(self, teacher_outputs: Any, student_outputs: Any) -> None:
        super().validate_outputs(teacher_outputs, student_outputs)
        try:
            tree.assert_same_structure(self.loss, teacher_outputs)
        except ValueError as error:
            raise ValueError(
                "FeatureDistillation: argument `loss` must have the structure of the outputs that are "
                f"compared. Received: loss={self.loss!r}"
            ) from error

    def compute_loss(self, teacher_outputs: Any, student_outputs: Any, **kwargs: Any) -> Any:
        return _total(self.loss, _mean, teacher_outputs, student_outputs)


def _mean(loss: Any, teacher: Any, student: Any) -> Any:
    return ops.mean(loss(teacher, student))
