"""`Graph` of Keras 0: a model whose nodes are told by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from minikeras import layers
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.compat.keras1.arguments import guess_data_format
from minikeras.compat.keras1.merge import Merge
from minikeras.compat.spelling import tell
from minikeras.models import Model

_DTYPES = {"float": "float32", "int": "int32"}


class Graph:
    """Nodes with names, connected by naming them; data, losses and results are dicts by name.

    What it makes is a functional model of today, `model`, whose inputs and outputs are dicts. Whatever is
    not written here is asked of that.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> from minikeras.compat.keras1.graph import Graph
    >>> graph = Graph()
    >>> graph.add_input("a", input_shape=(3,))
    >>> graph.add_node(layers.Dense(2), "dense", input="a")
    >>> graph.add_output("y", input="dense")
    >>> graph.model.output["y"].shape
    (None, 2)
    """

    def __init__(self, name: str | None = None) -> None:
        tell("Graph()", "Model(inputs, outputs)")
        self.name = name
        self.inputs: dict[str, KerasTensor] = {}
        self.nodes: dict[str, Any] = {}
        self.outputs: dict[str, KerasTensor] = {}
        self._tensors: dict[str, KerasTensor] = {}
        self._made: Model | None = None

    @property
    def input_order(self) -> list[str]:
        """The names of the inputs."""
        return list(self.inputs)

    @property
    def output_order(self) -> list[str]:
        """The names of the outputs."""
        return list(self.outputs)

    @property
    def model(self) -> Model:
        """The functional model."""
        if self._made is None:
            if not self.outputs:
                raise ValueError(
                    "Graph: it has no outputs yet. Call `graph.add_output(name, input=node)`."
                )
            self._made = Model(dict(self.inputs), dict(self.outputs), name=self.name)
        return self._made

    def as_layer(self) -> Model:
        """Return it as a model of tensors rather than dicts, for use within other models."""
        inputs, outputs = list(self.inputs.values()), list(self.outputs.values())
        return Model(
            inputs if len(inputs) > 1 else inputs[0],
            outputs if len(outputs) > 1 else outputs[0],
            name=self.name,
        )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.model, name)

    def __call__(self, x: Any) -> Any:
        """Apply it: to a dict of inputs, which gives a dict, or as a layer to a tensor."""
        return self.model(x) if isinstance(x, dict) else self.as_layer()(x)

    # Making it.

    def add_input(
        self,
        name: str,
        input_shape: Any = None,
        batch_input_shape: Any = None,
        dtype: str = "float",
    ) -> None:
        """Add an input.

        Args:
            name: its name.
            input_shape: its shape without the batch axis.
            batch_input_shape: its shape with the batch axis.
            dtype: `"float"`, `"int"`, or a dtype.
        """
        self._claim(name)
        shape = (None, *input_shape) if batch_input_shape is None else tuple(batch_input_shape)
        guess_data_format(shape[1:])
        dtype = _DTYPES.get(dtype, dtype)
        tensor = layers.Input(batch_shape=shape, dtype=dtype, name=name)
        self.inputs[name] = self._tensors[name] = tensor

    def add_node(
        self,
        layer: Any,
        name: str,
        input: str | None = None,
        inputs: Sequence[str] = (),
        merge_mode: Any = "concat",
        concat_axis: int = -1,
        dot_axes: Any = -1,
        create_output: bool = False,
    ) -> None:
        """Add a layer.

        Args:
            layer: the layer or model.
            name: name of the node.
            input: name of the node that it is applied to.
            inputs: names of several, which are merged.
            merge_mode, concat_axis, dot_axes: how, as in `Merge`.
            create_output: whether it is an output of the graph, too.
        """
        self._claim(name)
        x = self._incoming(input, inputs, merge_mode, concat_axis, dot_axes)
        self._name(layer, name)
        self._tensors[name] = layer(x)
        self.nodes[name] = layer
        if create_output:
            self.add_output(name, input=name)

    def add_shared_node(
        self,
        layer: Any,
        name: str,
        inputs: Sequence[str] = (),
        merge_mode: Any = None,
        concat_axis: int = -1,
        dot_axes: Any = -1,
        outputs: Sequence[str] = (),
        create_output: bool = False,
    ) -> None:
        """Add a layer that is applied to several nodes, with the same weights.

        Args:
            layer: the layer.
            name: name of the node, which stands for what it gives, merged.
            inputs: names of the nodes that it is applied to.
            merge_mode, concat_axis, dot_axes: how its outputs are merged; `merge_mode=None` keeps them
                apart, under the names `outputs`.
            outputs: names of nodes, one for each of `inputs`.
            create_output: whether what it gives are outputs of the graph, too.
        """
        self._claim(name, *outputs)
        self._name(layer, name)
        results = [layer(self._tensor(n)) for n in inputs]
        self.nodes[name] = layer
        if merge_mode is None:
            if len(outputs) != len(inputs):
                raise ValueError(
                    f"Graph: shared node '{name}' needs a merge_mode, or as many outputs as inputs. "
                    f"Received: {len(inputs)} inputs, {len(outputs)} outputs"
                )
            made = dict(zip(outputs, results))
        else:
            merged = Merge(None, merge_mode, concat_axis, dot_axes, name=f"{name}_merge")
            made = {name: merged(results)}
        self._tensors.update(made)
        if create_output:
            for n in made:
                self.add_output(n, input=n)

    def add_output(
        self,
        name: str,
        input: str | None = None,
        inputs: Sequence[str] = (),
        merge_mode: Any = "concat",
        concat_axis: int = -1,
        dot_axes: Any = -1,
    ) -> None:
        """Add an output.

        Args:
            name: name of the output.
            input: name of the node that it is.
            inputs: names of several, which are merged.
            merge_mode, concat_axis, dot_axes: how, as in `Merge`.
        """
        if name in self.outputs:
            raise ValueError(f"Graph: there is an output '{name}' already.")
        self.outputs[name] = self._incoming(input, inputs, merge_mode, concat_axis, dot_axes)
        self._made = None

    def _claim(self, *names: str) -> None:
        for name in names:
            if name in self._tensors or name in self.nodes:
                raise ValueError(f"Graph: there is a node '{name}' already.")

    @staticmethod
    def _name(layer: Any, name: str) -> None:
        if not isinstance(layer, Graph):
            layer.name = name

    def _tensor(self, name: str) -> KerasTensor:
        if name not in self._tensors:
            raise ValueError(f"Graph: no node '{name}'. There are: {', '.join(self._tensors)}")
        return self._tensors[name]

    def _incoming(
        self, input: str | None, inputs: Sequence[str], mode: Any, concat_axis: int, dot_axes: Any
    ) -> KerasTensor:
        if input is not None:
            return self._tensor(input)
        tensors = [self._tensor(n) for n in inputs]
        if not tensors:
            raise ValueError("Graph: a node needs `input` or `inputs`.")
        if len(tensors) == 1:
            return tensors[0]
        return Merge(None, mode, concat_axis, dot_axes)(tensors)

    # Training it.

    def compile(self, optimizer: Any, loss: Mapping[str, Any], **kwargs: Any) -> None:
        """Say how it is trained.

        Args:
            optimizer: optimizer or its name.
            loss: dict of a loss for each output.
            **kwargs: `loss_weights`, dict by output; other arguments as in `Model.compile`.
        """
        missing = [n for n in self.outputs if n not in loss]
        if missing:
            raise ValueError(f"Graph: compile needs a loss for each output. Missing: {missing}")
        if not kwargs.get("loss_weights"):
            kwargs.pop("loss_weights", None)
        else:
            kwargs["loss_weights"] = {n: kwargs["loss_weights"].get(n, 1.0) for n in self.outputs}
        self.model.compile(optimizer, dict(loss), **kwargs)

    def _split(self, data: Mapping[str, Any]) -> tuple[dict, dict]:
        missing = [n for n in (*self.inputs, *self.outputs) if n not in data]
        if missing:
            raise ValueError(f"Graph: data lack {missing}. There are: {', '.join(data)}")
        x = {n: data[n] for n in self.inputs}
        return x, {n: data[n] for n in self.outputs}

    def _weights(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Bring dicts of weights by output up to date."""
        weights = kwargs.get("sample_weight")
        if isinstance(weights, dict):
            if weights:
                kwargs["sample_weight"] = {n: weights.get(n) for n in self.outputs}
            else:
                del kwargs["sample_weight"]
        by_class = kwargs.get("class_weight")
        if isinstance(by_class, dict) and set(by_class) & set(self.outputs):
            if len(self.outputs) > 1:
                raise ValueError(
                    "Graph: class_weight needs a graph of one output; use sample_weight."
                )
            kwargs["class_weight"] = by_class[self.output_order[0]]
        return kwargs

    def fit(
        self, data: Mapping[str, Any], batch_size: int = 128, nb_epoch: int = 100, **kwargs: Any
    ) -> Any:
        """Train it.

        Args:
            data: dict of arrays by the names of inputs and outputs.
            batch_size: examples in a step.
            nb_epoch: number of epochs.
            **kwargs: `verbose`, `callbacks`, `validation_split`, `validation_data` (a dict like `data`),
                `shuffle`, `show_accuracy`, `class_weight`, `sample_weight` (dicts by output).

        Returns:
            The history.
        """
        x, y = self._split(data)
        if kwargs.get("validation_data") is not None:
            kwargs["validation_data"] = self._split(kwargs["validation_data"])
        kwargs = self._weights(kwargs)
        return self.model.fit(x, y, batch_size=batch_size, nb_epoch=nb_epoch, **kwargs)

    def evaluate(self, data: Mapping[str, Any], batch_size: int = 128, **kwargs: Any) -> Any:
        """Return the loss, or `[loss, accuracy]` with `show_accuracy=True`."""
        x, y = self._split(data)
        kwargs = {"verbose": 0, **self._weights(kwargs)}
        shown = kwargs.get("show_accuracy")
        return self._loss(self.model.evaluate(x, y, batch_size=batch_size, **kwargs), shown)

    def predict(self, data: Mapping[str, Any], batch_size: int = 128, verbose: int = 0) -> dict:
        """Return a dict of the outputs."""
        x = {n: data[n] for n in self.inputs}
        return self.model.predict(x, batch_size=batch_size, verbose=verbose)

    def train_on_batch(self, data: Mapping[str, Any], accuracy: bool = False, **kwargs: Any) -> Any:
        """Train on one batch; return the loss, or `[loss, accuracy]`."""
        x, y = self._split(data)
        kwargs = self._weights(kwargs)
        return self._loss(self.model.train_on_batch(x, y, accuracy=accuracy, **kwargs), accuracy)

    def test_on_batch(self, data: Mapping[str, Any], accuracy: bool = False, **kwargs: Any) -> Any:
        """Return the loss of one batch, or `[loss, accuracy]`."""
        x, y = self._split(data)
        kwargs = self._weights(kwargs)
        return self._loss(self.model.test_on_batch(x, y, accuracy=accuracy, **kwargs), accuracy)

    def predict_on_batch(self, data: Mapping[str, Any]) -> dict:
        """Return a dict of the outputs for one batch."""
        return self.model.predict_on_batch({n: data[n] for n in self.inputs})

    def _loss(self, result: Any, with_accuracy: Any) -> Any:
        """Return the loss of all outputs together, which stands first."""
        if not isinstance(result, (list, tuple)) or with_accuracy:
            return result
        return result[0]

    def _batches(self, generator: Any) -> Any:
        for batch in generator:
            data, *weights = batch if isinstance(batch, (list, tuple)) else (batch,)
            weights = (
                [{n: weights[0].get(n) for n in self.outputs}] if weights and weights[0] else []
            )
            yield (*self._split(data), *weights)

    def fit_generator(
        self, generator: Any, samples_per_epoch: int, nb_epoch: int, **kwargs: Any
    ) -> Any:
        """Train on a generator of dicts, so many samples an epoch."""
        validation = kwargs.get("validation_data")
        if isinstance(validation, dict):
            kwargs["validation_data"] = self._split(validation)
        elif validation is not None:
            kwargs["validation_data"] = self._batches(validation)
        batches = self._batches(generator)
        return self.model.fit_generator(batches, samples_per_epoch, nb_epoch, **kwargs)

    def evaluate_generator(self, generator: Any, nb_val_samples: int, **kwargs: Any) -> Any:
        """Return the loss on so many samples of a generator of dicts, or `[loss, accuracy]`."""
        shown = kwargs.get("show_accuracy")
        batches = self._batches(generator)
        return self._loss(self.model.evaluate_generator(batches, nb_val_samples, **kwargs), shown)
