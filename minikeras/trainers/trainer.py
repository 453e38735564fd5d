"""`Trainer`: `fit`, `evaluate` and `predict`, mixed into `Model`.

The walk of one batch is in docs/architecture.md.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from operator import attrgetter, itemgetter
from typing import Any, Literal, NamedTuple

import numpy as np

from minikeras import optimizers, tree
from minikeras.autodiff.tensor import to_array
from minikeras.callbacks import CallbackList, History, ProgbarLogger
from minikeras.callbacks.callback import pythonify_logs
from minikeras.callbacks.history import KeptHistory
from minikeras.common.arguments import Count, Fraction, PositiveInt, checked
from minikeras.common.settings import settings
from minikeras.common.tables import is_table
from minikeras.common.traceback_utils import filter_traceback
from minikeras.distribution.distribution_lib import distribution, ranks_in_use
from minikeras.kernels.parallel import single_blas
from minikeras.trainers.checks import (
    check_class_weights,
    check_compiled,
    check_labels,
    check_targets,
    check_validation,
    unpack_validation,
)
from minikeras.trainers.data_adapters import (
    ArrayDataAdapter,
    class_weight_to_sample_weights,
    get_data_adapter,
    train_validation_split,
    unpack_x_y_sample_weight,
)
from minikeras.trainers.data_adapters.data_adapter_utils import to_numpy
from minikeras.trainers.epoch_iterator import EpochIterator, to_filled_tensors, to_tensors
from minikeras.trainers.ownership import owned_by_one_thread
from minikeras.trainers.rehearsal import rehearse, rehearse_first, unchanged, without_warnings
from minikeras.trainers.steps import Steps, concatenate

_STOP = {"train": "stop_training", "test": "stop_evaluating", "predict": "stop_predicting"}


class Trainer(Steps):
    """Training, evaluation and prediction of a model."""

    def __init__(self) -> None:
        self.run_eagerly = False
        self.compiled = False
        self.optimizer = None
        self.loss = None
        self.stop_training = False
        self.steps_per_execution = 1
        self._history: Any = None
        self._loss_tracker = None
        self._compile_loss = None
        self._compile_metrics = None
        self._compile_config: dict | None = None
        self._structure: Any = None
        self._validation: _Validation | None = None
        self._rehearsed: set = set()
        self._losses_summed: frozenset = frozenset()
        self.train_function: Callable | None = None
        self.test_function: Callable | None = None
        self.predict_function: Callable | None = None

    @property
    def history(self) -> Any:
        """The `History` of the last training."""
        kept = self._history
        return kept.callback(self) if isinstance(kept, KeptHistory) else kept

    @history.setter
    def history(self, value: Any) -> None:
        self._history = KeptHistory(value) if isinstance(value, History) else value

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the outputs; subclasses write it."""
        raise NotImplementedError(
            f"Model {type(self).__name__} does not have a `call()` method implemented."
        )

    def _has_call(self) -> bool:
        """Whether its class says how outputs are computed; else its steps call its layers."""
        return type(self).call is not Trainer.call

    @filter_traceback
    @owned_by_one_thread
    @checked
    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: PositiveInt | None = None,
        epochs: Count = 1,
        verbose: Literal["auto"] | bool | int = "auto",
        callbacks: Any = None,
        validation_split: Fraction = 0.0,
        validation_data: Any = None,
        shuffle: Literal["batch"] | bool = True,
        class_weight: dict | None = None,
        sample_weight: Any = None,
        initial_epoch: Count = 0,
        steps_per_epoch: PositiveInt | None = None,
        validation_steps: PositiveInt | None = None,
        validation_batch_size: PositiveInt | None = None,
        validation_freq: PositiveInt | Sequence[PositiveInt] | set = 1,
    ) -> History:
        """Train for a number of epochs.

        Args:
            x: inputs: array, list or dict of arrays, pandas frame, generator, `PyDataset`,
                `minikeras.data.Dataset` of batches, or any iterable of them.
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
            RuntimeError: if another thread is training or evaluating the model.

        Example:

        >>> import numpy as np, minikeras
        >>> model = minikeras.Sequential([minikeras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> history = model.fit(np.ones((8, 2)), np.ones((8, 1)), epochs=2, verbose=0)
        >>> len(history.history["loss"])
        2
        """
        check_compiled(self, "fit")
        if settings.max_epochs is not None and settings.max_epochs < epochs:
            epochs = settings.max_epochs
        if validation_split and validation_data is None:
            (x, y, sample_weight), validation_data = train_validation_split(
                (x, y, sample_weight), validation_split=validation_split
            )
        validation = None if validation_data is None else unpack_validation(validation_data)
        epoch_iterator = EpochIterator(
            x=x,
            y=y,
            sample_weight=sample_weight,
            batch_size=batch_size,
            steps_per_epoch=steps_per_epoch,
            shuffle=shuffle,
            class_weight=class_weight,
        )
        sharing = self._sharing()
        if sharing is not None:
            sharing.check_call(
                "fit",
                (x, y, sample_weight, validation),
                batch_size=batch_size,
                epochs=epochs,
                initial_epoch=initial_epoch,
                shuffle=shuffle,
                steps_per_epoch=steps_per_epoch,
                validation_steps=validation_steps,
                validation_batch_size=validation_batch_size,
                validation_freq=validation_freq,
                class_weight=class_weight,
            )
        check_targets(self, y)
        check_class_weights(self, y, class_weight)
        self._build_before(epoch_iterator)
        check_labels(self, y)
        val_iterator = None
        if validation is not None:
            val_x, val_y, val_weight = validation
            check_validation(self, val_x, val_y)
            val_iterator = EpochIterator(
                x=val_x,
                y=val_y,
                sample_weight=val_weight,
                batch_size=validation_batch_size or batch_size,
                steps_per_epoch=validation_steps,
                shuffle=False,
            )
        rehearse_first(self, epoch_iterator, "train")
        if val_iterator is not None:
            rehearse_first(self, val_iterator, "test")
        self._hand_variables_to_optimizer()
        container = self._callback_list(callbacks, epoch_iterator, verbose, epochs, history=True)
        if sharing is not None:
            sharing.begin((epoch_iterator, val_iterator), container)
            sharing.check_losses(epoch_iterator.peek(), training=True)
        self.stop_training = False
        self._make_function("train")
        epoch_logs: dict = {}
        outer, self._validation = self._validation, None
        if val_iterator is not None:
            self._validation = _Validation(container, val_x, val_iterator, sharing)
        try:
            with single_blas.whatever_happens():
                container.data = epoch_iterator, val_iterator
                container.on_train_begin()
                first = getattr(self, "_initial_epoch", None) or initial_epoch
                resumed = container.resumed
                if resumed is not None:
                    epoch_logs = resumed.logs
                    if resumed.stopped and not resumed.within:
                        epochs = first
                for epoch in range(first, epochs):
                    self._renew_structure(container, first=epoch == first)
                    self.reset_metrics()
                    container.on_epoch_begin(epoch)
                    if resumed is not None and resumed.stopped:
                        logs = resumed.logs
                    else:
                        logs = self._run_epoch("train", epoch_iterator, container, None, sharing)
                        if sharing is not None:
                            sharing.check_weights()
                        if logs is None and resumed is not None:  # all batches had been done
                            logs = resumed.logs
                    resumed = None
                    if epoch_iterator.exhausted:
                        break  # no data were left: there is nothing to tell of this epoch
                    epoch_logs = pythonify_logs(logs)
                    if val_iterator is not None and _validates_after(epoch, validation_freq):
                        val_logs = self.evaluate(  # a user's own, if there is one
                            x=val_x,
                            y=val_y,
                            sample_weight=val_weight,
                            batch_size=validation_batch_size or batch_size,
                            steps=validation_steps,
                            callbacks=container,
                            return_dict=True,
                        )
                        epoch_logs.update({f"val_{k}": v for k, v in val_logs.items()})
                    container.on_epoch_end(epoch, epoch_logs)
                    stop = self.stop_training
                    if stop if sharing is None else sharing.stops(stop):
                        break
                if isinstance(self.optimizer, optimizers.Optimizer) and epochs > 0:
                    self.optimizer.finalize_variable_values(self.trainable_weights)
                container.on_train_end(logs=epoch_logs)
        except BaseException:
            container.on_train_abort()
            raise
        finally:
            self._structure, self._validation = None, outer
            epoch_iterator.reset()
        return self.history

    @filter_traceback
    @owned_by_one_thread
    @checked
    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: PositiveInt | None = None,
        verbose: Literal["auto"] | bool | int = "auto",
        sample_weight: Any = None,
        steps: PositiveInt | None = None,
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
        check_compiled(self, "evaluate")
        if kwargs:
            raise ValueError(f"evaluate: unknown arguments {sorted(kwargs)}.")
        within = self._validation
        if within is not None and callbacks is within.callbacks and x is within.x:
            logs = self._evaluate(within.iterator, within.callbacks, within.sharing)
        else:
            iterator = EpochIterator(
                x=x,
                y=y,
                sample_weight=sample_weight,
                batch_size=batch_size,
                steps_per_epoch=steps,
                shuffle=False,
            )
            check_targets(self, y)
            container = self._callback_list(callbacks, iterator, verbose)
            sharing = self._sharing()
            if sharing is not None:
                data = x, y, sample_weight
                sharing.check_call("evaluate", data, batch_size=batch_size, steps=steps)
                self._build_before(iterator)
                sharing.begin((iterator,), container)
                sharing.check_losses(iterator.peek(), training=False)
            try:
                self._look_up_structure_ahead()  # else metrics would be looked for four times
                with (
                    single_blas.whatever_happens(),
                    unchanged(self, self.metrics_variables, unless_done=True),
                ):
                    logs = self._evaluate(iterator, container, sharing)
                return logs if return_dict else self._flatten_metrics_in_order(logs)
            finally:
                self._structure = None
        return logs if return_dict else self._flatten_metrics_in_order(logs)

    def _evaluate(
        self, iterator: EpochIterator, container: CallbackList, sharing: Any = None
    ) -> dict[str, Any]:
        self._make_function("test")
        self.stop_evaluating = False
        container.on_test_begin()
        self._renew_structure(container, first=True)
        self.reset_metrics()
        iterator.reset()  # a validation of a few steps begins where the one before began
        logs = pythonify_logs(self._run_epoch("test", iterator, container, None, sharing))
        container.on_test_end(logs)
        return logs

    @filter_traceback
    @checked
    def predict(
        self,
        x: Any,
        batch_size: PositiveInt | None = None,
        verbose: Literal["auto"] | bool | int = "auto",
        steps: PositiveInt | None = None,
        callbacks: Any = None,
    ) -> np.ndarray:
        """Compute the outputs for data, batch by batch.

        Returns:
            NumPy array, or the structure of the model's outputs with arrays in it.
        """
        iterator = EpochIterator(x=x, batch_size=batch_size, steps_per_epoch=steps, shuffle=False)
        container = self._callback_list(callbacks, iterator, verbose)
        sharing = self._sharing()
        if sharing is not None:
            sharing.check_call("predict", x, batch_size=batch_size, steps=steps)
            if not self.built:
                self._build_for_training(iterator.peek())
            sharing.begin((iterator,), container)
        self._make_function("predict")
        self.stop_predicting = False
        container.on_predict_begin()
        outputs: list = []
        with single_blas.whatever_happens():  # once, not for each product
            self._run_epoch("predict", iterator, container, outputs, sharing)
        container.on_predict_end()
        return concatenate(outputs)

    def _sharing(self) -> Any:
        """Return how ranks share batches (`Sharing`), None if there is one or no distribution."""
        if distribution() is None:
            return None
        from minikeras.trainers.data_parallel import sharing_of

        return sharing_of(self)

    # One epoch.

    def _run_epoch(
        self,
        kind: str,
        iterator: EpochIterator,
        container: CallbackList,
        outputs: list | None = None,
        sharing: Any = None,
    ) -> dict[str, Any] | None:
        """Call the function of one kind until it has taken all batches of an epoch.

        Args:
            kind: `"train"`, `"test"` or `"predict"`.
            iterator: the data.
            container: the callbacks.
            outputs: list to which what the function returns is appended, for `"predict"`.
            sharing: how ranks share the batches, None if they do not.

        Returns:
            The logs of the last call.
        """
        begin = getattr(container, f"on_{kind}_batch_begin")
        end = getattr(container, f"on_{kind}_batch_end")
        idle_until = partial(container.idle_until, kind)
        wants = getattr(container, f"wants_{kind}_batches")  # for some batches
        wanted = idle_until() == -math.inf  # for every batch
        function_of, stops = attrgetter(f"{kind}_function"), attrgetter(_STOP[kind])
        arrays = isinstance(iterator.data_adapter, ArrayDataAdapter)
        # Where no callback and no generator runs between two steps, one context does for all.
        alone = not wanted and arrays
        warnings = partial(np.errstate, **np.geterr())
        logs, last, told = None, -1, -1
        due = -math.inf if wants else math.inf
        epoch = iterator.epoch()
        # Batches of arrays always hold samples, and a prediction for none is none.
        read = to_tensors if arrays or kind == "predict" else to_filled_tensors
        if sharing is not None:  # a rank may have no rows of a small batch
            read, epoch = to_tensors, sharing.epoch(epoch)
        later = map(read, map(itemgetter(1), epoch))
        with without_warnings() if alone else nullcontext():
            for step, batch in epoch:
                if sharing is None:
                    batches = itertools.chain((read(batch),), later)
                else:
                    batches = sharing.batches(batch, epoch, read)
                if wanted:
                    begin(step)
                try:
                    if sharing is not None:
                        with without_warnings():
                            result = sharing.run(function_of(self), batches, outputs is not None)
                    elif alone:
                        result = function_of(self)(batches)
                    else:
                        with without_warnings():
                            result = function_of(self)(batches)
                except StopIteration:
                    own = function_of(self) == getattr(self, f"_run_{kind}_steps")
                    if own or outputs is not None:
                        raise
                    # A function of the user's found too few batches left: as in Keras, that is all.
                    current = self.get_metrics_result()
                    logs = current if logs is None or logs.keys() == current.keys() else logs
                    break
                if outputs is None:
                    logs = result if isinstance(result, dict) else self._refuse_logs(kind, result)
                    if self._structure is None:
                        self._look_up_structure()
                else:
                    outputs.append(result)
                    logs = {"outputs": result}
                # Keras counts whole executions, also where fewer batches were left.
                last = max(iterator.step, step + self.steps_per_execution - 1)
                if wanted or time.monotonic() >= due:
                    with warnings():
                        end(last, logs)
                    told, due = last, idle_until()
                if stops(self) if sharing is None else sharing.stops(stops(self)):
                    break
        if wants and told != last:  # who only counts batches, too
            end(last, logs)
        return logs

    def _make_function(self, kind: str) -> Callable:
        """Make the function of one kind; a user's `make_..._function` may set or return it."""
        made = getattr(self, f"make_{kind}_function")()
        if made is not None and made != getattr(self, f"{kind}_function"):
            setattr(self, f"{kind}_function", made)
        return getattr(self, f"{kind}_function")

    def _refuse_logs(self, kind: str, logs: Any) -> None:
        raise ValueError(
            f"{type(self).__name__}.{kind}_step must return a dict of metrics. "
            f"Received: {type(logs).__name__}"
        )

    def _renew_structure(self, container: CallbackList, first: bool) -> None:
        """Look the model's structure up again where code of the user's may have changed it.

        It is looked up first after the first step, which makes the metrics of outputs' losses.

        Args:
            container: the callbacks.
            first: whether a user's step runs for the first time, and may make layers and metrics.
        """
        own = self._has_own_steps()
        if own and first:
            self._structure = None  # until one step has been made
        elif self._structure is not None and (
            own or not all(isinstance(c, (History, ProgbarLogger)) for c in container.callbacks)
        ):
            self._look_up_structure()

    def _look_up_structure_ahead(self) -> None:
        """Look the structure up before a step, if it is not known and the step will not change it."""
        matched = [c is None or c.built for c in (self._compile_loss, self._compile_metrics)]
        if self._structure is None and all(matched) and not self._has_own_steps():
            self._look_up_structure()

    def _callback_list(
        self,
        callbacks: Any,
        iterator: EpochIterator,
        verbose: Any,
        epochs: int = 1,
        history: bool = False,
    ) -> CallbackList:
        if isinstance(callbacks, CallbackList):
            return callbacks
        if ranks_in_use().rank:
            from minikeras.trainers.data_parallel import callbacks_of_rank

            callbacks, verbose = callbacks_of_rank(self, callbacks), 0
        return CallbackList(
            callbacks,
            add_history=history,
            add_progbar=verbose != 0,
            verbose=verbose,
            epochs=epochs,
            steps=iterator.num_batches,
            model=self,
        )

    # One batch.

    @filter_traceback
    @owned_by_one_thread
    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: dict | None = None,
        return_dict: bool = False,
    ) -> Any:
        """Train on one batch and return its metrics."""
        check_compiled(self, "train_on_batch")
        if class_weight is not None:
            if sample_weight is not None:
                raise ValueError(
                    "Arguments `sample_weight` and `class_weight` cannot be specified at the same "
                    f"time. Received: sample_weight={sample_weight}, class_weight={class_weight}"
                )
            check_class_weights(self, y, class_weight)
            sample_weight = class_weight_to_sample_weights(y, class_weight)
        check_targets(self, y)
        data = _one_batch(x, y, sample_weight)
        self._build_for_training(data)
        check_labels(self, y)
        rehearse(self, data, "train")
        self._hand_variables_to_optimizer()
        return self._run_on_batch("train", data, return_dict)

    @filter_traceback
    @owned_by_one_thread
    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Evaluate one batch and return its metrics."""
        check_compiled(self, "test_on_batch")
        check_targets(self, y)
        data = _one_batch(x, y, sample_weight)
        with unchanged(self, self.metrics_variables, unless_done=True):
            return self._run_on_batch("test", data, return_dict)

    @filter_traceback
    def predict_on_batch(self, x: Any) -> np.ndarray:
        """Compute the outputs for one batch, as NumPy arrays."""
        function = self._make_function("predict")
        batch = (tree.map_structure(lambda a: to_numpy(a if is_table(a) else to_array(a)), x),)
        with without_warnings():
            outputs = self._run_batch(function, batch, outputs=True)
        return tree.map_structure(lambda y: np.array(to_array(y)), outputs)

    def _run_on_batch(self, kind: str, data: Any, return_dict: bool) -> Any:
        function = self._make_function(kind)
        before = self._structure
        self._look_up_structure_ahead()
        try:
            self.reset_metrics()
            with without_warnings():
                logs = self._run_batch(function, data)
            logs = pythonify_logs(logs if isinstance(logs, dict) else self._refuse_logs(kind, logs))
            return logs if return_dict else self._flatten_metrics_in_order(logs)
        finally:
            self._structure = before

    def _run_batch(self, function: Callable, data: Any, outputs: bool = False) -> Any:
        """Call the function of an execution on one batch, which ranks may share."""
        sharing = self._sharing()
        if sharing is None:
            return function(iter([to_tensors(data)]))
        if ("joined",) not in self._rehearsed:  # the first since `compile`
            sharing.begin(())
            sharing.check_losses(data, training=True)
            self._rehearsed.add(("joined",))
        parts = (part for _, part in sharing.epoch(iter([(0, data)])))
        return sharing.run(function, map(sharing.reading(to_tensors), parts), outputs)

    def _flatten_metrics_in_order(self, logs: dict[str, float]) -> Any:
        """Return metrics as a list, or the only one: known ones in order, then others by name."""
        names: list[str] = []
        for m in self.metrics:
            names += [part.name for part in getattr(m, "metrics", [m])]
        ordered = [logs[n] for n in dict.fromkeys(names) if n in logs]
        ordered += [logs[n] for n in sorted(logs) if n not in names]
        return ordered[0] if len(ordered) == 1 else ordered

    # Building on a first look at the data.

    def _build_before(self, iterator: EpochIterator) -> None:
        """Build the model on a batch that is used again."""
        if self.built and (self.optimizer is None or self.optimizer.built):
            return
        data = iterator.peek()
        if data is not None:
            self._build_for_training(data)

    def _build_for_training(self, data: Any) -> None:
        if not self.built or not self._layers_are_built():
            try:
                x, _, _ = unpack_x_y_sample_weight(to_tensors(data))
                self._build_on(x)
            except Exception:
                # A step of the user's may call the model, or parts of it, with something else of the
                # data. If it does not, it meets the same error.
                if not self._has_own_steps():
                    raise

    def _hand_variables_to_optimizer(self) -> None:
        # Layers that only a step of the user's calls are built in the first one.
        own = isinstance(self.optimizer, optimizers.Optimizer)
        if own and (self.optimizer.built or self._layers_are_built()):
            self.optimizer.own(self.trainable_variables)

    def _build_on(self, x: Any) -> None:
        """Run the model on a batch so that all weights exist, and what does not fit shows."""
        if type(self).train_step is not Steps.train_step and not self._has_call():
            return  # a model that only has a train_step of its own
        with unchanged(self, self.variables), without_warnings():
            self(x, training=False) if self.call_signature.training else self(x)


class _Validation(NamedTuple):
    """The validation of a `fit`: whoever evaluates with these callbacks on this x is part of it."""

    callbacks: CallbackList
    x: Any
    iterator: EpochIterator
    sharing: Any


def _one_batch(x: Any, y: Any, sample_weight: Any) -> tuple:
    """Return arrays of one batch, floats in `floatx`."""
    return next(iter(get_data_adapter(x, y, sample_weight=sample_weight, steps_per_epoch=1)))


def _validates_after(epoch: int, frequency: Any) -> bool:
    """Whether a validation follows this epoch (counted from 0)."""
    if isinstance(frequency, (Sequence, set)):
        return epoch + 1 in frequency
    return (epoch + 1) % frequency == 0
