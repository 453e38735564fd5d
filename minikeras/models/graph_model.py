"""`GraphModel`: a model that runs a graph of layers."""

from __future__ import annotations

from typing import Any

from minikeras import tree
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.tensor import Tensor
from minikeras.common.dtypes import np_dtype
from minikeras.common.texts import is_text_dtype
from minikeras.common.traceback_utils import warn
from minikeras.layers.call_arguments import specs_of
from minikeras.layers.layer import Layer
from minikeras.models.model import Model
from minikeras.ops.core import cast
from minikeras.ops.function import Function
from minikeras.ops.shapes import expand_dims, squeeze


class GraphModel(Function, Model):
    """What `Functional` models have in common with `Sequential` ones that are built."""

    untracked = frozenset({"graph", "_graph_layers"})

    _any_size = False
    """Whether only the rank of inputs is checked."""

    def _set_graph(self, inputs: Any, outputs: Any) -> None:
        super()._set_graph(inputs, outputs)
        self._graph_layers = [op for op in self.graph.operations if isinstance(op, Layer)]
        only = self.inputs[0] if len(self.inputs) == 1 else None  # one input: the commonest case
        self._only_shape = None if only is None else only.shape[1:]
        self._only_dtype = None if only is None else np_dtype(only.dtype)
        self._listed: tuple | None = None  # shapes and dtypes of a list of inputs
        if type(inputs) is list and all(isinstance(t, KerasTensor) for t in inputs):
            self._listed = tuple([(t.shape[1:], np_dtype(t.dtype)) for t in inputs])
        self._has_one_output = isinstance(outputs, KerasTensor)

    @property
    def _layers(self) -> list[Layer]:
        extra = super()._layers
        made = self.__dict__.get("_graph_layers", [])
        return list(made) + [c for c in extra if not any(c is m for m in made)]

    @property
    def layers(self) -> list[Layer]:
        """The layers of the graph, from the inputs to the outputs."""
        return self._layers

    @layers.setter
    def layers(self, value: Any) -> None:
        Model.layers.fset(self, value)

    @property
    def input(self) -> Any:
        """The input KerasTensor, or the structure of them."""
        return self._inputs_struct

    @property
    def output(self) -> Any:
        """The output KerasTensor, or the structure of them."""
        return self._outputs_struct

    @property
    def input_shape(self) -> Any:
        """Shapes of the inputs."""
        return tree.map_structure(lambda t: t.shape, _single(self._inputs_struct))

    @property
    def output_shape(self) -> Any:
        """Shapes of the outputs."""
        return tree.map_structure(lambda t: t.shape, _single(self._outputs_struct))

    @property
    def input_names(self) -> list[str]:
        """The names of the inputs, flat."""
        return [t._keras_history.operation.name for t in self.inputs]

    @property
    def output_names(self) -> list[str]:
        """The names of the operations that give the outputs, flat, made unique."""
        names: list[str] = []
        for t in self.outputs:
            name = base = t._keras_history.operation.name
            i = 1
            while name in names:
                name, i = f"{base}_{i}", i + 1
            names.append(name)
        return names

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Run the graph on tensors in the structure of the inputs."""
        flat = self._fitting(inputs)
        if mask is not None:
            masks = tree.flatten(mask)
            if len(masks) != len(flat):
                raise ValueError(
                    f"Model '{self.name}': argument `mask` must hold one mask for each of the "
                    f"{len(flat)} inputs. Received: {len(masks)}"
                )
            for t, m in zip(flat, masks):
                if m is not None and isinstance(t, Tensor):
                    t._keras_mask = m
        results = self.graph.run(flat)
        if self._has_one_output:
            return results[0]
        return _single(tree.pack_sequence_as(self._outputs_struct, results))

    def compute_output_spec(
        self, inputs: Any, training: bool | None = None, mask: Any = None
    ) -> Any:
        """Describe the outputs for KerasTensors in the structure of the inputs."""
        flat = self.graph.describe(self._fitting(inputs))
        return tree.pack_sequence_as(self._outputs_struct, flat)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shapes of the outputs for shapes of the inputs."""
        specs = specs_of(input_shape, self.compute_dtype)
        return tree.map_structure(lambda t: t.shape, self.compute_output_spec(specs))

    def _fitting(self, inputs: Any) -> list:
        """Return flat inputs in order, checked against the model's; dicts go by name."""
        if (
            type(inputs) is Tensor
            and inputs.array.shape[1:] == self._only_shape
            and inputs.array.dtype is self._only_dtype
        ):
            return [inputs]
        if type(inputs) is list and self._listed is not None and len(inputs) == len(self._listed):
            for x, (shape, dtype) in zip(inputs, self._listed):
                if (
                    type(x) is not Tensor
                    or x.array.shape[1:] != shape
                    or x.array.dtype is not dtype
                ):
                    break
            else:
                return inputs
        wanted = self.inputs
        flat = self._in_order(inputs)
        if len(flat) != len(wanted):
            raise ValueError(
                f"Model '{self.name}' expects {len(wanted)} input(s){self._named()}. "
                f"Received {len(flat)}."
            )
        return [self._fit_one(_typed(x, t), t) for x, t in zip(flat, wanted)]

    def _named(self) -> str:
        return f" ({', '.join(self.input_names)})"

    def _in_order(self, inputs: Any) -> list:
        """Return inputs in the order of the model's: by keys where either side has keys."""
        struct = self._inputs_struct
        if isinstance(inputs, dict):
            names = self.input_names
            nested = not isinstance(struct, dict) or any(map(tree.is_nested, struct.values()))
            if nested and not (isinstance(struct, dict) and struct.keys() <= inputs.keys()):
                struct = dict(zip(names, self.inputs))  # by the names of the inputs
                return [self._part(struct, inputs, "")[sorted(struct).index(n)] for n in names]
            return self._part(struct, inputs, "")
        flat = tree.flatten(inputs)
        if len(flat) == len(self.inputs) and (
            len(flat) == 1 or not (_has_dict(struct) or _has_dict(inputs))
        ):
            return flat
        return self._part(struct, inputs, "")

    def _part(self, struct: Any, inputs: Any, path: str) -> list:
        """Return the inputs for a part of the model's structure of inputs, flat."""
        if isinstance(struct, dict):
            if not isinstance(inputs, dict):
                raise ValueError(  # which of them belongs to which key, nobody has said
                    f"Model '{self.name}' takes a dict of inputs{path} with the keys "
                    f"{sorted(struct)}. Received: inputs of type {type(inputs).__name__}"
                )
            missing = [k for k in struct if k not in inputs]
            if missing:
                raise ValueError(
                    f"Model '{self.name}': missing input(s) {missing}{path}. "
                    f"Received keys: {sorted(inputs)}"
                )
            if len(inputs) > len(struct) and isinstance(self._inputs_struct, dict):
                warn(
                    f"Model '{self.name}': the structure of `inputs` does not match: it has the keys "
                    f"{sorted(inputs)}{path}, where {sorted(struct)} were expected. The others are "
                    "left out."
                )
            parts = [(struct[k], inputs[k], _inside(path, k)) for k in sorted(struct)]
        elif isinstance(struct, (list, tuple)):
            if not isinstance(inputs, (list, tuple)) or len(inputs) != len(struct):
                given = f"{len(inputs)} " if isinstance(inputs, (list, tuple)) else ""
                raise ValueError(
                    f"Model '{self.name}' expects {len(struct)} input(s){path or self._named()}. "
                    f"Received: {given}inputs of type {type(inputs).__name__}"
                )
            parts = [(s, x, _inside(path, i)) for i, (s, x) in enumerate(zip(struct, inputs))]
        elif _has_dict(inputs):
            raise ValueError(
                f"Model '{self.name}' takes a tensor{path}. Received: {type(inputs).__name__}"
            )
        else:
            return tree.flatten(inputs)
        return [x for part in parts for x in self._part(*part)]

    def _fit_one(self, x: Any, wanted: KerasTensor) -> Any:
        if x is None:
            entrance = wanted._keras_history.operation
            if not entrance.optional:
                raise ValueError(
                    f"Model '{self.name}': input '{entrance.name}' is not optional. Received: None"
                )
            return x
        shape, expected = tuple(x.shape), wanted.shape
        if shape[1:] == expected[1:] and len(shape) == len(expected):
            return x  # any number of examples will do, as in Keras
        if len(shape) == len(expected) + 1 and shape[-1] == 1:
            return self._fit_one(squeeze(x, axis=-1), wanted)
        if len(shape) == len(expected) - 1 and expected[-1] == 1:
            return self._fit_one(expand_dims(x, axis=-1), wanted)
        if len(shape) == len(expected) and self._any_size:
            return x
        if len(shape) != len(expected) or any(
            e is not None and d is not None and e != d for e, d in zip(expected[1:], shape[1:])
        ):
            raise self._mismatch(x, wanted)
        return x

    def _mismatch(self, x: Any, wanted: KerasTensor) -> ValueError:
        return ValueError(
            f"Input '{wanted._keras_history.operation.name}' of model '{self.name}' is incompatible: "
            f"expected shape={wanted.shape}, found shape={tuple(x.shape)}"
        )

    def _refuse_new_state(self, name: str | None, value: Any) -> None:
        """A graph of layers may be given more, as in Keras: its own call does not use it."""

    def __getstate__(self) -> dict:
        graph = {"graph": self.graph} if "graph" in self.__dict__ else {}
        return {**graph, **super().__getstate__()}


def _typed(x: Any, wanted: KerasTensor) -> Any:
    """Return a tensor in the dtype of its `Input`."""
    if not isinstance(x, Tensor) or x.array.dtype == np_dtype(wanted.dtype):
        return x
    if is_text_dtype(x.array.dtype) != (wanted.dtype == "string"):
        raise ValueError(
            f"Input '{wanted._keras_history.operation.name}' takes "
            f"{'texts' if wanted.dtype == 'string' else f'numbers of dtype {wanted.dtype}'}. "
            f"Received: an array of dtype {x.array.dtype}"
        )
    if wanted.dtype == "string":
        return x
    y = cast(x, wanted.dtype)
    y._keras_mask = x._keras_mask
    return y


def _inside(path: str, key: Any) -> str:
    return f"{path or ' in inputs'}[{key!r}]"


def _has_dict(structure: Any) -> bool:
    if isinstance(structure, (list, tuple)):
        return any(map(_has_dict, structure))
    return isinstance(structure, dict)


def _single(structure: Any) -> Any:
    """Return the only item of a list, as Keras does with outputs; anything else as it is."""
    if isinstance(structure, (list, tuple)) and len(structure) == 1:
        return structure[0]
    return structure
