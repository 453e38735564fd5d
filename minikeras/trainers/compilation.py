"""What `compile` chooses: optimizer, loss and metrics."""

from __future__ import annotations

from typing import Any

from minikeras import metrics as metrics_module
from minikeras import optimizers
from minikeras.autodiff.variable import Variable
from minikeras.common.arguments import PositiveInt, checked
from minikeras.common.ranks import running
from minikeras.common.serialization import deserialize_keras_object, serialize_keras_object
from minikeras.common.traceback_utils import filter_traceback
from minikeras.metrics.metric import Metric
from minikeras.trainers.compile_utils import CompileLoss, CompileMetrics
from minikeras.trainers.logs import lazy_results_of, results_of


class Compilation:
    """The part of `Trainer` that keeps what `compile` was given, and the metrics."""

    @filter_traceback
    @checked
    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: PositiveInt = 1,
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
        self.run_eagerly = run_eagerly
        self.steps_per_execution = int(steps_per_execution)
        self.stop_training = False
        self.compiled = True
        self.train_function = self.test_function = self.predict_function = None
        self._structure = None
        self._rehearsed = set()
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
    def jit_compile(self) -> bool:
        """Always False: nothing is compiled."""
        return False

    @jit_compile.setter
    def jit_compile(self, value: Any) -> None:
        pass

    @property
    def metrics(self) -> list[Any]:
        """The loss tracker, the metrics of `compile` and the losses of outputs, those of layers."""
        if self._structure is not None:
            return list(self._structure.own_metrics)
        return self._metrics_beside(super().metrics)

    def _metrics_beside(self, of_layers: list[Any]) -> list[Any]:
        found = [] if self._loss_tracker is None else [self._loss_tracker]
        if self._compile_metrics is not None:
            found.append(self._compile_metrics)
        if self._compile_loss is not None:
            found += self._compile_loss.metrics
        return found + of_layers

    def compiled_loss(
        self, y: Any, y_pred: Any, sample_weight: Any = None, regularization_losses: Any = None
    ) -> Any:
        """Return the loss that `compile` was given, as older code asks for it: see `compute_loss`."""
        return self.compute_loss(y=y, y_pred=y_pred, sample_weight=sample_weight)

    @property
    def compiled_metrics(self) -> Any:
        """The metrics that `compile` was given, as older code asks for them: see `compute_metrics`."""
        return self._compile_metrics

    @property
    def metrics_names(self) -> list[str]:
        """The names of `metrics`."""
        return [m.name for m in self.metrics]

    def get_metrics_state(self) -> list[Any]:
        """Return the state of all metrics with all its digits, as plain data."""
        return [part.get_state() for part in self._metric_parts()]

    def set_metrics_state(self, state: list[Any]) -> None:
        """Put back what `get_metrics_state` returned."""
        for part, own in zip(self._metric_parts(), state, strict=True):
            part.set_state(own)

    def _metric_parts(self) -> list[Any]:
        """Return what holds the metrics, matched with outputs already or not, each once."""
        compiled = [self._loss_tracker, self._compile_metrics, self._compile_loss]
        matched = [] if self._compile_loss is None else self._compile_loss.metrics
        parts = [p for p in compiled if p is not None]
        seen = {id(p) for p in (*parts, *matched)}
        return parts + [m for m in self.metrics if id(m) not in seen and isinstance(m, Metric)]

    def reset_metrics(self) -> None:
        """Set all metrics back."""
        for part in (self._compile_loss, self._compile_metrics):
            if part is not None:
                part.state_to_come = None
        for m in self.metrics:
            m.reset_state()

    def get_metrics_result(self) -> dict[str, Any]:
        """Return the current values of all metrics by name.

        In `fit` and `evaluate` they are computed when the dict is first read.
        """
        if running.rows is not None:
            from minikeras.trainers.over_ranks import add_metrics

            add_metrics(self)
        structure = self._structure
        if structure is None:
            return results_of(self.metrics)
        return lazy_results_of(structure.metrics, structure.metrics_variables)

    def get_compile_config(self) -> dict | None:
        """Return a serialized copy of what `compile` was given."""
        if self.compiled and self._compile_config is not None:
            return serialize_keras_object(self._compile_config)
        return None

    def compile_from_config(self, config: dict) -> None:
        """Compile from what `get_compile_config` gave."""
        self.compile(**deserialize_keras_object(config))
        if self.built and self.optimizer is not None:
            self.optimizer.build(self.trainable_variables)

    def _layers_are_built(self) -> bool:
        return all(layer.built for layer in self._flatten_layers(include_self=False))

    def _look_up_structure(self) -> None:
        """Keep the model's structure for the steps to come, once all layers are built."""
        self._structure = None
        layers = self._flatten_layers()
        if all(layer.built for layer in layers[1:]):
            self._structure = ModelStructure(self, layers, self._has_own_steps())


class ModelStructure:
    """What training steps ask of a model's structure, looked up once for many of them.

    Layers and metrics that change in the middle of an epoch count from the next one.

    Args:
        model: the model.
        layers: the model and its layers, all of which are built.
        own_steps: whether steps, losses or metrics are the user's own.
    """

    def __init__(self, model: Any, layers: list[Any], own_steps: bool) -> None:
        self.layers = layers
        held = list(dict.fromkeys([part for layer in layers for part in layer.tracked_objects()]))
        self.regularized = [
            v for v in held if isinstance(v, Variable) and v.trainable and v.regularizer is not None
        ]
        # Steps of the user's may call any layer by itself, and add losses where they like.
        self.adds_losses = own_steps or bool(self.regularized)
        self.own_metrics = model._metrics_beside([m for m in held if isinstance(m, Metric)])
        overridden = type(model).metrics is not Compilation.metrics
        self.metrics = model.metrics if overridden else self.own_metrics
        self.sums: Any = None  # what `over_ranks.py` keeps of them
        self.metrics_variables = [v for metric in self.metrics for v in metric.variables]
