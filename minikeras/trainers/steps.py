"""What happens to one batch: forward, loss, backward, update, metrics."""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from minikeras import tree
from minikeras.autodiff.tape import GradientTape
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.ranks import running
from minikeras.common.traceback_utils import warn
from minikeras.regularizers.regularizers import penalty
from minikeras.trainers.compilation import Compilation
from minikeras.trainers.data_adapters import unpack_x_y_sample_weight


class Steps(Compilation):
    """The part of `Trainer` that subclasses override: the steps, and the functions that run them."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not _takes_training(cls.compute_loss):
            cls.compute_loss = _without_training(cls.compute_loss)

    def _has_own_steps(self) -> bool:
        """Whether code of the user's runs in a step, besides layers, losses and metrics."""
        return any(getattr(type(self), name) is not getattr(Steps, name) for name in _OVERRIDABLE)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Return the total loss of a batch: that of `compile`, added losses, regularizers.

        Args:
            x: inputs.
            y: targets.
            y_pred: outputs of the model.
            sample_weight: weights of the samples.
            training: whether it is used for training.

        Returns:
            A scalar tensor.
        """
        total = None
        if self._compile_loss is not None:
            if y is None:
                raise ValueError(
                    f"Model '{self.name}' was compiled with a loss but got no targets: pass `y`."
                )
            total = self._compile_loss(y, y_pred, sample_weight)
        structure = self._structure
        if structure is None or structure.adds_losses or self._losses_to_forget:
            rows = running.rows
            for i, added in enumerate(self.losses):
                summed = added.ndim > 0
                if summed:
                    added = added.sum()
                if rows is not None and (summed or i in self._losses_summed):
                    added = added * rows.inverse
                total = added if total is None else total + added
        if total is None:
            if self._compile_loss is None and training:
                warn(
                    f"The model '{self.name}' has no loss: no loss was given to `compile` and no "
                    "layer added one. Nothing will be learnt."
                )
            total = Tensor(np.zeros((), np.float32))
        return total

    @property
    def losses(self) -> list[Any]:
        """The losses that layers added in the last call, and those of weight regularizers."""
        structure = self._structure
        if structure is None:
            return super().losses
        found: list[Any] = []
        for layer in structure.layers:
            found += layer.added_losses
        for v in structure.regularized:
            found.append(penalty(v))
        return found

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict[str, Any]:
        """Update the metrics with a batch and return all values by name."""
        if self._compile_metrics is not None:
            self._compile_metrics.update_state(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def train_step(self, data: Any) -> dict[str, Any]:
        """Train on one batch; subclasses may write their own.

        Args:
            data: `(x, y, sample_weight)`, as much of it as there is.

        Returns:
            The values of the metrics by name.
        """
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        optimizer = self.optimizer
        if optimizer is None:
            raise ValueError(f"Model '{self.name}' was compiled without an optimizer.")
        clips_examples = optimizer.clipnorm_per_sample is not None
        with GradientTape() as tape:
            if clips_examples:
                x = tape.watch_examples(x)
            y_pred = self(x, training=True) if self.call_signature.training else self(x)
            loss = self.compute_loss(
                x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=True
            )
            scaled = optimizer.scale_loss(loss)
        self._loss_tracker.add_mean(loss, x.array.shape[0] if type(x) is Tensor else _batch_size(x))
        if not optimizer.built:
            optimizer.build(self.trainable_variables)
        if scaled.node is not None and clips_examples:
            compiled = self._compile_loss
            averaged = compiled is None or compiled.averages(y, y_pred, sample_weight)
            optimizer.apply_flat(optimizer.clipped_gradients(tape, scaled, y_pred, averaged))
        elif scaled.node is not None:
            gradients = tape.gradients_into(scaled, optimizer.gradient_targets())
            optimizer.apply_flat(gradients)
        elif self.trainable_variables:
            warn(f"The loss of model '{self.name}' does not depend on its trainable weights.")
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate one batch; subclasses may write their own."""
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        y_pred = self(x, training=False) if self.call_signature.training else self(x)
        loss = self.compute_loss(
            x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=False
        )
        self._loss_tracker.add_mean(loss, _batch_size(x))
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def predict_step(self, data: Any) -> Any:
        """Compute the outputs of one batch; subclasses may write their own."""
        x, _, _ = unpack_x_y_sample_weight(data)
        return self(x, training=False) if self.call_signature.training else self(x)

    # Functions of one execution: `steps_per_execution` batches, as many as there are.

    def make_train_function(self, force: bool = False) -> Callable:
        """Return (and keep) the function that `fit` calls for each execution.

        A subclass may write its own `make_train_function`, which returns a function of an iterator
        over the batches that are left of an epoch. It takes `steps_per_execution` of them, or what
        there is, and returns the logs.

        Args:
            force: whether to make it anew.

        Example:

        >>> import minikeras
        >>> class Twice(minikeras.Sequential):
        ...     def make_train_function(self, force=False):
        ...         def train_twice(iterator):
        ...             batch = next(iterator)
        ...             self.train_step(batch)
        ...             return self.train_step(batch)
        ...         return train_twice
        """
        if self.train_function is None or force:
            self.__dict__.pop("train_function", None)  # so that the class's shows
        return self.train_function

    def make_test_function(self, force: bool = False) -> Callable:
        """Return (and keep) the function that `evaluate` calls; see `make_train_function`."""
        if self.test_function is None or force:
            self.__dict__.pop("test_function", None)  # so that the class's shows
        return self.test_function

    def make_predict_function(self, force: bool = False) -> Callable:
        """Return (and keep) the function that `predict` calls; see `make_train_function`.

        It returns the outputs for all the batches that it took.
        """
        if self.predict_function is None or force:
            self.__dict__.pop("predict_function", None)  # so that the class's shows
        return self.predict_function

    def _run_train_steps(self, iterator: Iterator[Any]) -> Any:
        if self.steps_per_execution == 1:
            return self.train_step(next(iterator))
        return self._run_steps(self.train_step, iterator)[-1]

    def _run_test_steps(self, iterator: Iterator[Any]) -> Any:
        return self._run_steps(self.test_step, iterator)[-1]

    def _run_predict_steps(self, iterator: Iterator[Any]) -> Any:
        if self.steps_per_execution == 1:
            return self._predict_batch(next(iterator))
        return concatenate(self._run_steps(self._predict_batch, iterator))

    def _predict_batch(self, batch: Any) -> Any:
        """Compute the outputs of a batch, on all ranks those of the whole one."""
        outputs = self.predict_step(batch)
        if running.rows is None:
            return outputs
        from minikeras.trainers.over_ranks import whole_outputs

        return whole_outputs(outputs)

    # Of the class: a bound method in an attribute would be a cycle, and dropped models would stay.
    train_function, test_function = _run_train_steps, _run_test_steps
    predict_function = _run_predict_steps

    def _run_steps(self, step: Callable, iterator: Iterator[Any]) -> list[Any]:
        return list(map(step, itertools.islice(iterator, self.steps_per_execution)))


_OVERRIDABLE = (
    *("train_step", "test_step", "make_train_function", "make_test_function"),
    *("compute_loss", "compute_metrics", "get_metrics_result", "metrics"),
)


def concatenate(results: Iterable[Any]) -> Any:
    """Return the outputs for several batches as arrays, one after the other."""

    def join(*parts: Any) -> np.ndarray:
        arrays = list(map(to_array, parts))
        return np.concatenate(arrays) if arrays[0].ndim else np.stack(arrays)

    return tree.map_structure(join, *results)


def _takes_training(function: Callable) -> bool:
    parameters = inspect.signature(function, follow_wrapped=False).parameters
    return "training" in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


def _without_training(compute_loss: Callable) -> Callable:
    """Let a `compute_loss` as it was once written be called with the argument `training`."""

    @functools.wraps(compute_loss)
    def call(*args: Any, training: bool = True, **kwargs: Any) -> Any:
        return compute_loss(*args, **kwargs)

    return call


def _batch_size(x: Any) -> int:
    if type(x) is Tensor:
        return x.array.shape[0]
    return next((t.shape[0] for t in tree.flatten(x) if t is not None), 1)
