"""`Trainer`: compile, fit, evaluate and predict, mixed into `Model`.

The walk of one batch is in docs/architecture.md.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np

from minikeras import callbacks as callbacks_module
from minikeras import losses as losses_module
from minikeras import metrics as metrics_module
from minikeras import optimizers, tree
from minikeras.autodiff.state import thread
from minikeras.autodiff.tape import GradientTape, backpropagate
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.settings import settings
from minikeras.kernels.parallel import single_blas
from minikeras.layers.layer import Layer
from minikeras.losses import Loss, check_targets
from minikeras.trainers.compile_utils import CompileLoss, CompileMetrics, is_crossentropy
from minikeras.trainers.data_adapters import (
    ArrayDataAdapter,
    class_weight_to_sample_weights,
    train_validation_split,
    unpack_x_y_sample_weight,
)
from minikeras.trainers.epoch_iterator import EpochIterator


class Trainer:
    """Training, evaluation and prediction of a model."""

    def __init__(self) -> None:
        self._run_eagerly = False
        self._jit_compile = None
        self.compiled = False
        self.optimizer = None
        self.loss = None
        self.stop_training = False
        self.steps_per_execution = 1
        self.history = None
        self._loss_tracker = None
        self._compile_loss = None
        self._compile_metrics = None
        self._compile_config: dict | None = None
        self._loss_knows_training: bool | None = None
        self._noted: _Noted | None = None
        self.train_function: Callable | None = None
        self.test_function: Callable | None = None
        self.predict_function: Callable | None = None

    # Configuration.

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: Any = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Choose optimizer, loss and metrics.

        Args:
            optimizer: optimizer, its name or config.
            loss: loss, its name, a function `(y_true, y_pred)`, or a list or dict of them, one for
                each output.
            loss_weights: factors of the outputs' losses, in a list or dict.
            metrics: list of metrics, names or functions; for several outputs a list of lists or a
                dict. `"accuracy"` becomes the one that fits the targets.
            weighted_metrics: the same, updated with sample weights.
            run_eagerly: accepted; everything runs eagerly here, so it changes nothing.
            steps_per_execution: batches between two calls of batch callbacks.
            jit_compile: accepted; nothing is compiled.
            auto_scale_loss: wrap the optimizer in a `LossScaleOptimizer` under `mixed_float16`.

        Raises:
            ValueError: for names that are not known, with the nearest known one.

        Example:

        >>> import minikeras
        >>> model = minikeras.Sequential([minikeras.layers.Dense(1)])
        >>> model.compile("adam", "mse", metrics=["mae"])
        """
        optimizer = optimizers.get(optimizer)
        if (
            auto_scale_loss
            and self.dtype_policy.name == "mixed_float16"
            and not isinstance(optimizer, optimizers.LossScaleOptimizer)
        ):
            optimizer = optimizers.LossScaleOptimizer(optimizer, name="loss_scale_optimizer")
        if not isinstance(steps_per_execution, (int, np.integer)) or steps_per_execution < 1:
            raise ValueError(
                "compile: `steps_per_execution` must be a positive integer. "
                f"Received: {steps_per_execution!r}"
            )
        names = getattr(self, "output_names", None)
        compile_loss = None if loss is None else CompileLoss(loss, loss_weights, names)
        compile_metrics = None
        if metrics is not None or weighted_metrics is not None:
            compile_metrics = CompileMetrics(metrics, weighted_metrics, names)
        self.optimizer = optimizer
        self.loss = loss
        self._compile_loss = compile_loss
        self._compile_metrics = compile_metrics
        self._loss_tracker = metrics_module.Mean(name="loss")
        self._run_eagerly = run_eagerly
        self._jit_compile = False
        self.steps_per_execution = int(steps_per_execution)
        self.stop_training = False
        self.compiled = True
        self.train_function = self.test_function = self.predict_function = None
        self._compile_config = {
            "optimizer": optimizer,
            "loss": loss,
            "loss_weights": loss_weights,
            "metrics": metrics,
            "weighted_metrics": weighted_metrics,
            "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution,
            "jit_compile": jit_compile,
        }

    @property
    def run_eagerly(self) -> bool:
        """What `compile` was given; everything runs eagerly here."""
        return self._run_eagerly

    @run_eagerly.setter
    def run_eagerly(self, value: bool) -> None:
        self._run_eagerly = value

    @property
    def jit_compile(self) -> bool:
        """Always False: nothing is compiled."""
        return False

    @jit_compile.setter
    def jit_compile(self, value: Any) -> None:
        pass

    @property
    def metrics(self) -> list[Any]:
        """The loss tracker, the metrics of layers, and those of `compile`."""
        found = [] if self._loss_tracker is None else [self._loss_tracker]
        found += super().metrics if self._noted is None else self._noted.metrics
        if self._compile_metrics is not None:
            found.append(self._compile_metrics)
        if self._compile_loss is not None:
            found += self._compile_loss.metrics
        return found

    @property
    def metrics_names(self) -> list[str]:
        """The names of `metrics`."""
        return [m.name for m in self.metrics]

    def reset_metrics(self) -> None:
        """Set all metrics back."""
        for m in self.metrics:
            m.reset_state()

    def get_metrics_result(self) -> dict[str, Any]:
        """Return the current values of all metrics by name."""
        results: dict[str, Any] = {}
        for m in self.metrics:
            if m is self._compile_metrics and not m.built:
                continue
            value = m.result()
            if isinstance(value, dict):
                results.update(value)
            else:
                results[m.name] = value
        return results

    def get_compile_config(self) -> dict | None:
        """Return a serialized copy of what `compile` was given."""
        from minikeras.common.serialization import serialize_keras_object

        if self.compiled and self._compile_config is not None:
            return serialize_keras_object(self._compile_config)
        return None

    def compile_from_config(self, config: dict) -> None:
        """Compile from what `get_compile_config` gave."""
        from minikeras.common.serialization import deserialize_keras_object

        self.compile(**deserialize_keras_object(config))
        if self.built and self.optimizer is not None:
            self.optimizer.build(self.trainable_variables)

    # Loss and metrics of one batch: what subclasses override.

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
        for extra in self._extra_losses():
            extra = extra if extra.ndim == 0 else extra.sum()
            total = extra if total is None else total + extra
        if total is None:
            if self._compile_loss is None and training:
                warnings.warn(
                    f"The model '{self.name}' has no loss: no loss was given to `compile` and no "
                    "layer added one. Nothing will be learnt.",
                    stacklevel=2,
                )
            total = Tensor(np.zeros((), np.float32))
        return total

    def _loss_of(self, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool) -> Any:
        """Call `compute_loss`, which in older subclasses has no argument `training`."""
        if self._loss_knows_training is None:
            self._loss_knows_training = _takes(self.compute_loss, "training")
        if self._loss_knows_training:
            return self.compute_loss(
                x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=training
            )
        return self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight)

    def _check_targets(self, y: Any, name: str = "y") -> None:
        """Refuse NaN in targets, unless a loss of the user's own may know what to do with them."""
        own = type(self)
        if (
            own.compute_loss is Trainer.compute_loss
            and own.train_step is Trainer.train_step
            and self._compile_loss is not None
            and self._compile_loss.known
        ):
            check_targets(y, name)

    def _extra_losses(self) -> list[Any]:
        """Losses added by layers in the last call, and weight regularizers."""
        noted = self._noted
        if noted is None:
            return self.losses
        if not (self._layers_with_losses or noted.regularized or noted.own_loss):
            return []
        found = [x for layer in noted.layers if layer._losses for x in layer._losses]
        return found + [v.regularizer(v) for v in noted.regularized]

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict[str, Any]:
        """Update the metrics with a batch and return all values by name."""
        self._update_metrics(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def _update_metrics(self, y: Any, y_pred: Any, sample_weight: Any) -> None:
        if self._compile_metrics is not None:
            self._compile_metrics.update_state(y, y_pred, sample_weight)

    def train_step(self, data: Any) -> dict[str, Any]:
        """Train on one batch; subclasses may write their own.

        Args:
            data: `(x, y, sample_weight)`, as much of it as there is.

        Returns:
            The values of the metrics by name.
        """
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        y_pred = self._learn(x, y, sample_weight)
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def _learn(self, x: Any, y: Any, sample_weight: Any) -> Any:
        """Forward, loss, backward and update for one batch; return the outputs."""
        optimizer = self.optimizer
        tape = GradientTape()
        tapes = thread.state.tapes
        tapes.append(tape)
        try:
            y_pred = self(x, training=True) if self.call_signature.training else self(x)
            loss = self._loss_of(x, y, y_pred, sample_weight, training=True)
            scaled = loss if optimizer is None else optimizer.scale_loss(loss)
        finally:
            tapes.remove(tape)
        if self._loss_tracker is not None:
            self._loss_tracker.add_mean(loss, _batch_size(x))
        if optimizer is None:
            raise ValueError(f"Model '{self.name}' was compiled without an optimizer.")
        if not optimizer.built:
            optimizer.build(self.trainable_variables)
        if scaled.node is None:
            if self.trainable_variables:
                warnings.warn(
                    f"The loss of model '{self.name}' does not depend on its trainable weights.",
                    stacklevel=2,
                )
            return y_pred
        value = scaled.array
        seed = np.ones_like(value) if value.ndim else value.dtype.type(1)
        targets = optimizer.gradient_targets()
        grads = backpropagate(tape._nodes, {scaled.node: seed}, out=targets)
        optimizer.apply_flat(grads)
        return y_pred

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate one batch; subclasses may write their own."""
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        y_pred = self(x, training=False) if self.call_signature.training else self(x)
        loss = self._loss_of(x, y, y_pred, sample_weight, training=False)
        self._loss_tracker.add_mean(loss, _batch_size(x))
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def predict_step(self, data: Any) -> Any:
        """Compute the outputs of one batch; subclasses may write their own."""
        x, _, _ = unpack_x_y_sample_weight(data)
        return self(x, training=False) if self.call_signature.training else self(x)

    # Functions of one execution: `steps_per_execution` batches.

    def make_train_function(self, force: bool = False) -> Callable:
        """Return (and keep) the function that trains on an iterator of batches."""
        if self.train_function is None or force:
            self.train_function = self._over_batches(self.train_step)
        return self.train_function

    def make_test_function(self, force: bool = False) -> Callable:
        """Return (and keep) the function that evaluates an iterator of batches."""
        if self.test_function is None or force:
            self.test_function = self._over_batches(self.test_step)
        return self.test_function

    def make_predict_function(self, force: bool = False) -> Callable:
        """Return (and keep) the function that predicts an iterator of batches."""
        if self.predict_function is None or force:
            self.predict_function = self._over_batches(self.predict_step)
        return self.predict_function

    def _over_batches(self, step: Callable) -> Callable:
        def run(iterator: Any) -> Any:
            result = None
            for data in iterator:
                with _quiet():
                    result = step(_tensors(data))
            return result

        return run

    def _plain_train_step(self) -> bool:
        """Whether nobody has changed what a step of training does, so that logs can wait."""
        cls = type(self)
        return (
            cls.train_step is Trainer.train_step
            and cls.compute_metrics is Trainer.compute_metrics
            and cls.get_metrics_result is Trainer.get_metrics_result
        )

    # Fit.

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: Any = True,
        class_weight: dict | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
    ) -> Any:
        """Train for a number of epochs.

        Args:
            x: inputs: array, list or dict of arrays, pandas frame, generator, `PyDataset`, or any
                iterable of batches.
            y: targets, in the same kinds; not beside a generator or data set.
            batch_size: examples a step, 32 if None.
            epochs: number of the last epoch.
            verbose: 0 silent, 1 progress bar, 2 one line an epoch, `"auto"` 1 or as fits the output.
            callbacks: list of callbacks.
            validation_split: fraction of the data, at its end, kept for validation.
            validation_data: `(x, y)` or `(x, y, sample_weight)`, or a data set.
            shuffle: whether to shuffle arrays before each epoch, or `"batch"`.
            class_weight: weight of each class.
            sample_weight: weight of each example.
            initial_epoch: number of the first epoch.
            steps_per_epoch: steps an epoch, for endless data.
            validation_steps: steps of a validation.
            validation_batch_size: examples a validation step.
            validation_freq: epochs between validations, or a list of epochs.

        Returns:
            `History`, with the values of each epoch in `history.history`.

        Raises:
            ValueError: if the model is not compiled, or the data do not fit; before any training.

        Example:

        >>> import numpy as np, minikeras
        >>> model = minikeras.Sequential([minikeras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> history = model.fit(np.ones((8, 2)), np.ones((8, 1)), epochs=2, verbose=0)
        >>> len(history.history["loss"])
        2
        """
        self._assert_compiled("fit")
        _check_epochs(epochs, initial_epoch, validation_freq)
        if settings.max_epochs is not None and settings.max_epochs < epochs:
            epochs = settings.max_epochs
        if validation_split and validation_data is None:
            (x, y, sample_weight), validation_data = train_validation_split(
                (x, y, sample_weight), validation_split=validation_split
            )
        validation = None
        if validation_data is not None:
            validation = _unpack_validation(validation_data)
        epoch_iterator = EpochIterator(
            x=x,
            y=y,
            sample_weight=sample_weight,
            batch_size=batch_size,
            steps_per_epoch=steps_per_epoch,
            shuffle=shuffle,
            class_weight=class_weight,
        )
        self._check_targets(y)
        self._prepare(epoch_iterator)
        self._check_labels(y, "y")
        eval_iterator = None
        if validation is not None:
            val_x, val_y, val_weight = validation
            self._check_validation(val_x, val_y)
            eval_iterator = EpochIterator(
                x=val_x,
                y=val_y,
                sample_weight=val_weight,
                batch_size=validation_batch_size or batch_size,
                steps_per_epoch=validation_steps,
                shuffle=False,
            )
        container = callbacks
        if not isinstance(container, callbacks_module.CallbackList):
            container = callbacks_module.CallbackList(
                callbacks,
                add_history=True,
                add_progbar=verbose != 0,
                verbose=verbose,
                epochs=epochs,
                steps=epoch_iterator.num_batches,
                model=self,
            )
        self.stop_training = False
        self.make_train_function()
        self._noted = _Noted(self) if self._plain_train_step() else None
        epoch_logs: dict = {}
        try:
            with single_blas:
                container.on_train_begin()
                first = getattr(self, "_initial_epoch", None) or initial_epoch
                for epoch in range(first, epochs):
                    self.reset_metrics()
                    container.on_epoch_begin(epoch)
                    logs = self._fit_epoch(epoch_iterator, container)
                    if epoch_iterator.exhausted:
                        break  # no data were left: there is nothing to tell of this epoch
                    epoch_logs = _floats(logs)
                    if eval_iterator is not None and _due(epoch, validation_freq):
                        val_logs = self._evaluate(eval_iterator, container, verbose=0)
                        epoch_logs.update({f"val_{k}": v for k, v in val_logs.items()})
                    container.on_epoch_end(epoch, epoch_logs)
                    if self.stop_training:
                        break
                if isinstance(self.optimizer, optimizers.Optimizer) and epochs > 0:
                    self.optimizer.finalize_variable_values(self.trainable_weights)
                container.on_train_end(logs=epoch_logs)
        except BaseException:
            container.on_train_abort()
            raise
        finally:
            self._noted = None
            epoch_iterator.reset()
        return self.history

    def _plain_step(self, data: Any) -> None:
        """`train_step` without its logs."""
        x, y, weight = unpack_x_y_sample_weight(_tensors(data))
        y_pred = self._learn(x, y, weight)
        self._update_metrics(y, y_pred, weight)

    def _fit_epoch(self, epoch_iterator: EpochIterator, container: Any) -> dict[str, Any]:
        """Train on the batches of one epoch; return the metrics at its end."""
        wants = container.wants_train_batches
        if self.steps_per_execution == 1 and self._plain_train_step():
            # Where no code of the user's runs between two steps, one context does for all of them.
            alone = not wants and isinstance(epoch_iterator.data_adapter, ArrayDataAdapter)
            with _quiet() if alone else nullcontext():
                for step, data in epoch_iterator.epoch():
                    if alone:
                        self._plain_step(data)
                    else:
                        if wants:
                            container.on_train_batch_begin(step)
                        with _quiet():
                            self._plain_step(data)
                        if wants:  # a callback that reads the logs calls the function
                            container.on_train_batch_end(step, self.get_metrics_result)
                    if self.stop_training:
                        break
            return self.get_metrics_result()
        logs: dict = {}
        for step, batches in _executions(epoch_iterator, self.steps_per_execution):
            container.on_train_batch_begin(step)
            logs = self.train_function(batches)
            if not isinstance(logs, dict):
                raise ValueError(
                    f"{type(self).__name__}.train_step must return a dict of metrics. "
                    f"Received: {type(logs).__name__}"
                )
            end = step + len(batches) - 1
            if wants:
                container.on_train_batch_end(end, logs)
            if self.stop_training:
                break
        if self._plain_train_step():
            return self.get_metrics_result()
        # What a train_step of the user's returns counts; metrics it left out are not added.
        return logs

    # Evaluate and predict.

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Compute loss and metrics on data.

        Args:
            x, y, sample_weight: data, as for `fit`.
            batch_size: examples a step, 32 if None.
            verbose: as for `fit`.
            steps: number of steps, for endless data.
            callbacks: list of callbacks.
            return_dict: whether to return a dict by name instead of a list.

        Returns:
            The loss, or a list `[loss, *metrics]`, or a dict.
        """
        self._assert_compiled("evaluate")
        if kwargs:
            raise ValueError(f"evaluate: unknown arguments {sorted(kwargs)}.")
        iterator = EpochIterator(
            x=x,
            y=y,
            sample_weight=sample_weight,
            batch_size=batch_size,
            steps_per_epoch=steps,
            shuffle=False,
        )
        self._check_targets(y)
        container = callbacks
        if not isinstance(container, callbacks_module.CallbackList):
            container = callbacks_module.CallbackList(
                callbacks,
                add_progbar=verbose != 0,
                verbose=verbose,
                epochs=1,
                steps=iterator.num_batches,
                model=self,
            )
        logs = self._evaluate(iterator, container, verbose)
        if return_dict:
            return logs
        return self._in_order(logs)

    def _evaluate(self, iterator: EpochIterator, container: Any, verbose: Any) -> dict[str, float]:
        self.make_test_function()
        self.stop_evaluating = False
        container.on_test_begin()
        self.reset_metrics()
        iterator.reset()  # a validation of a few steps begins where the one before began
        logs: dict = {}
        for step, batches in _executions(iterator, self.steps_per_execution):
            container.on_test_batch_begin(step)
            logs = self.test_function(batches)
            if container.wants_test_batches:
                container.on_test_batch_end(step + len(batches) - 1, logs)
            if self.stop_evaluating:
                break
        logs = _floats(logs)
        container.on_test_end(logs)
        return logs

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """Compute the outputs for data, batch by batch.

        Returns:
            NumPy array, or the structure of the model's outputs with arrays in it.
        """
        iterator = EpochIterator(x=x, batch_size=batch_size, steps_per_epoch=steps, shuffle=False)
        container = callbacks
        if not isinstance(container, callbacks_module.CallbackList):
            container = callbacks_module.CallbackList(
                callbacks,
                add_progbar=verbose != 0,
                verbose=verbose,
                epochs=1,
                steps=iterator.num_batches,
                model=self,
            )
        self.stop_predicting = False
        container.on_predict_begin()
        outputs: list = []
        structure = None
        for step, batches in _executions(iterator, self.steps_per_execution):
            container.on_predict_batch_begin(step)
            for data in batches:
                with _quiet():
                    result = self.predict_step(_tensors(data))
                if structure is None:
                    structure = result
                    outputs = [[] for _ in tree.flatten(result)]
                for kept, y in zip(outputs, tree.flatten(result)):
                    kept.append(to_array(y))
            if container.wants_predict_batches:
                container.on_predict_batch_end(step + len(batches) - 1, {"outputs": result})
            if self.stop_predicting:
                break
        container.on_predict_end()
        joined = [
            np.concatenate(parts, axis=0) if parts[0].ndim else np.stack(parts) for parts in outputs
        ]
        return tree.pack_sequence_as(structure, joined)

    # One batch.

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: dict | None = None,
        return_dict: bool = False,
    ) -> Any:
        """Train on one batch and return its metrics."""
        self._assert_compiled("train_on_batch")
        if class_weight is not None:
            if sample_weight is not None:
                raise ValueError(
                    "Arguments `sample_weight` and `class_weight` cannot be specified at the same "
                    f"time. Received: sample_weight={sample_weight}, class_weight={class_weight}"
                )
            sample_weight = class_weight_to_sample_weights(y, class_weight)
        self._check_targets(y)
        data = _one_batch(x, y, sample_weight)
        self._prepare_batch(data)
        self.reset_metrics()
        with _quiet():
            logs = _floats(self.train_step(_tensors(data)))
        return logs if return_dict else self._in_order(logs)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Evaluate one batch and return its metrics."""
        self._assert_compiled("test_on_batch")
        self.reset_metrics()
        data = _tensors(_one_batch(x, y, sample_weight))
        with _quiet():
            logs = _floats(self.test_step(data))
        return logs if return_dict else self._in_order(logs)

    def predict_on_batch(self, x: Any) -> Any:
        """Compute the outputs for one batch, as NumPy arrays."""
        with _quiet():
            result = self.predict_step(_tensors((tree.map_structure(to_array, x),)))
        return tree.map_structure(lambda y: np.array(to_array(y)), result)

    # Helpers.

    def _assert_compiled(self, method: str) -> None:
        if not self.compiled:
            raise ValueError(
                f"You must call `compile()` before calling `{method}()` on model '{self.name}'."
            )

    def _prepare(self, epoch_iterator: EpochIterator) -> None:
        """Build the model and the optimizer on a first look at the data."""
        if self.built and (self.optimizer is None or self.optimizer.built):
            return
        data = epoch_iterator.peek()
        if data is not None:
            self._prepare_batch(data)

    def _check_validation(self, x: Any, y: Any) -> None:
        """Refuse validation data that would fail when an epoch has been trained."""
        if not all(isinstance(a, (np.ndarray, Tensor)) and a.shape for a in tree.flatten(x)):
            return  # frames, data sets: their batches are checked as they come
        if y is not None:
            self._check_targets(y, "validation y")
            self._check_labels(y, "validation y")
        elif self._compile_loss is not None and type(self).compute_loss is Trainer.compute_loss:
            raise ValueError(
                f"Model '{self.name}': `validation_data` has no targets, which the loss needs. Pass "
                "(x, y)."
            )
        if type(self).test_step is Trainer.test_step:
            self._build_on(tree.map_structure(lambda a: Tensor(to_array(a)[:1]), x))

    def _check_labels(self, y: Any, what: str) -> None:
        """Refuse a class that the only output does not have, before any training."""
        if not isinstance(y, (np.ndarray, Tensor)) or not isinstance(self.loss, (str, Loss)):
            return
        if is_crossentropy(self.loss):
            return  # which one it is, the first batch will tell
        loss = losses_module.get(self.loss)
        if getattr(loss, "fn", loss) is not losses_module.sparse_categorical_crossentropy:
            return
        labels = to_array(y)
        outputs = getattr(self, "outputs", None)
        if not outputs or len(outputs) > 1 or not labels.size or labels.dtype.kind not in "iuf":
            return
        options = loss.get_config() if isinstance(loss, Loss) else {}
        classes = outputs[0].shape[options.get("axis", -1)]
        if options.get("ignore_class") is None and classes is not None:
            low, high = labels.min(), labels.max()
            if low < 0 or high >= classes:
                raise ValueError(
                    f"Model '{self.name}': labels in `{what}` must be in [0, {classes}), for its "
                    f"output has {classes} classes. Received: {low if low < 0 else high}"
                )

    def _prepare_batch(self, data: Any) -> None:
        if not self.built or not all(layer.built for layer in self._flatten_layers()):
            x, _, _ = unpack_x_y_sample_weight(_tensors(data))
            self._build_on(x)
        if self.optimizer is not None and not self.optimizer.built:
            self.optimizer.build(self.trainable_variables)

    def _build_on(self, x: Any) -> None:
        """Run the model on a batch so that all weights exist, and what does not fit shows."""
        if type(self).train_step is not Trainer.train_step and not _has_call(self):
            return  # a model that only has a train_step of its own
        variables = [(v, v.array) for v in self.variables]
        with _quiet():
            self(x, training=False) if self.call_signature.training else self(x)
        for v, value in variables:
            v.array = value

    def _in_order(self, logs: dict[str, float]) -> Any:
        """Return metrics as a list, or the only one: known ones in order, then others by name."""
        names: list[str] = []
        for m in self.metrics:
            names += [part.name for part in getattr(m, "metrics", [m])]
        ordered = [logs[n] for n in dict.fromkeys(names) if n in logs]
        ordered += [logs[n] for n in sorted(logs) if n not in names]
        return ordered[0] if len(ordered) == 1 else ordered


class _Noted:
    """What `fit` notes once, instead of walking the model at every step."""

    def __init__(self, model: Any) -> None:
        self.layers = model._flatten_layers()
        self.own_loss = type(model).compute_loss is not Trainer.compute_loss
        self.regularized = [v for v in model.trainable_weights if v.regularizer is not None]
        self.metrics = Layer.metrics.fget(model)


def _quiet() -> Any:
    """A context without NumPy's warnings: an overflow shows in the loss, as in Keras.

    Debug numerics say where it was.
    """
    return np.errstate(all="ignore")


def _takes(function: Callable, argument: str) -> bool:
    """Whether a function can be given an argument of that name."""
    parameters = inspect.signature(function).parameters
    return argument in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


def _has_call(model: Any) -> bool:
    from minikeras.models.model import Model

    return type(model).call is not Model.call


def _batch_size(x: Any) -> int:
    if type(x) is Tensor:
        return x.array.shape[0]
    return next((t.shape[0] for t in tree.flatten(x) if t is not None), 1)


def _tensors(data: Any) -> Any:
    """Wrap the arrays of a batch in tensors, without a copy: nobody else writes to them."""
    if type(data) is tuple:
        tensors = []
        for a in data:
            if type(a) is not np.ndarray:
                break
            tensors.append(Tensor(a))
        else:
            return tuple(tensors)
    return tree.map_structure(_wrap, data)


def _wrap(a: Any) -> Any:
    if a is None or isinstance(a, (Tensor, str, bytes)):
        return a
    return Tensor(to_array(a))


def _one_batch(x: Any, y: Any, sample_weight: Any) -> tuple:
    """Return arrays of one batch, floats in `floatx`."""
    from minikeras.trainers.data_adapters import get_data_adapter

    counts = {np.shape(a)[0] for a in tree.flatten(x) if a is not None and np.ndim(a)}
    adapter = get_data_adapter(
        x, y, sample_weight=sample_weight, batch_size=max(max(counts, default=1), 1)
    )
    return next(iter(adapter))


def _executions(iterator: EpochIterator, size: int) -> Any:
    """Yield `(first step, [batch, ...])` with `size` batches at a time."""
    batches: list = []
    first = 0
    for step, data in iterator.epoch():
        if not batches:
            first = step
        batches.append(data)
        if len(batches) == size:
            yield first, batches
            batches = []
    if batches:
        yield first, batches


def _floats(logs: dict[str, Any]) -> dict[str, Any]:
    """Return logs with Python floats, sorted by name as Keras does."""
    result = {}
    for k in sorted(logs):
        v = logs[k]
        if isinstance(
            v, dict
        ):  # of the metrics of `compile`, in a step that goes through `metrics`
            result.update(_floats(v))
            continue
        array = v.array if isinstance(v, Tensor) else v
        if isinstance(array, (np.ndarray, np.generic)):
            result[k] = float(array) if array.size == 1 else np.array(array)
        else:
            result[k] = float(array) if isinstance(array, (int, float)) else array
    return result


def _unpack_validation(data: Any) -> tuple:
    """Return `(x, y, sample_weight)` of validation data; a data set stands as x."""
    if isinstance(data, (tuple, list)):
        if len(data) not in (1, 2, 3):
            raise ValueError(
                "`validation_data` must be (x, y) or (x, y, sample_weight). "
                f"Received a {type(data).__name__} of {len(data)}."
            )
        return tuple(data) + (None,) * (3 - len(data))
    return data, None, None


def _check_epochs(epochs: Any, initial_epoch: Any, validation_freq: Any) -> None:
    for name, value, least in (("epochs", epochs, 0), ("initial_epoch", initial_epoch, 0)):
        if not isinstance(value, (int, np.integer)) or value < least:
            raise ValueError(f"fit: `{name}` must be an integer >= {least}. Received: {value!r}")
    if not isinstance(validation_freq, Sequence) and (
        not isinstance(validation_freq, (int, np.integer)) or validation_freq < 1
    ):
        raise ValueError(
            "fit: `validation_freq` must be a positive integer or a list of epochs. "
            f"Received: {validation_freq!r}"
        )


def _due(epoch: int, frequency: Any) -> bool:
    """Whether validation runs after this epoch (counted from 0)."""
    if isinstance(frequency, Sequence):
        return epoch + 1 in frequency
    return (epoch + 1) % frequency == 0
