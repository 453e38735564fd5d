"""`Model`: a layer that can be trained."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from minikeras import tree
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.probe import probe
from minikeras.autodiff.state import thread
from minikeras.autodiff.tensor import Tensor
from minikeras.common.dtypes import standardize_dtype
from minikeras.common.html import block
from minikeras.common.serialization import serialize_keras_object
from minikeras.common.traceback_utils import filter_traceback, warn
from minikeras.layers.call_arguments import as_tuples, shapes_of, specs_of, tensor_arguments
from minikeras.layers.layer import Layer
from minikeras.models.functional_config import functional_from_config
from minikeras.saving.saving_api import load_weights, save_model, save_weights
from minikeras.trainers.trainer import Trainer
from minikeras.utils.summary_utils import print_summary


class Model(Trainer, Layer):
    """A network with `fit`, `evaluate` and `predict`.

    Three ways to make one:

    - `Model(inputs, outputs)` of KerasTensors, the functional way;
    - a subclass with layers in its attributes and a `call`;
    - `Sequential`.

    Args:
        inputs: KerasTensor of `Input`, or a structure of them.
        outputs: KerasTensor computed from them, or a structure.
        name: name, counted if None.

    Example:

    >>> import minikeras
    >>> inputs = minikeras.Input(shape=(3,))
    >>> x = minikeras.layers.Dense(4, activation="relu")(inputs)
    >>> model = minikeras.Model(inputs, minikeras.layers.Dense(1)(x))
    >>> model.output_shape
    (None, 1)
    """

    untracked = frozenset(
        {
            "optimizer",
            "loss",
            "_history",
            "_loss_tracker",
            "_compile_loss",
            "_compile_metrics",
            "_compile_config",
            "_rehearsed",
            "_validation",
            "_inputs_struct",
            "_outputs_struct",
        }
    )

    functional_class: ClassVar[type]
    """`Functional`, which builds on this class and puts itself here."""

    @filter_traceback
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        Functional = Model.functional_class
        if _is_functional_call(args, kwargs) and not isinstance(self, Functional):
            # A subclass given inputs and outputs becomes functional, keeping its own methods.
            self.__class__ = _functional_variant(type(self))
            Functional.__init__(self, *args, **kwargs)
            return
        Trainer.__init__(self)
        Layer.__init__(self, *args, **kwargs)

    def rematerialized_call(self, layer_call: Callable, *args: Any, **kwargs: Any) -> Callable:
        """Return `layer_call`: in a `RematScope` a model's layers are treated, each by itself."""
        return layer_call

    @property
    def layers(self) -> list[Layer]:
        """The layers that the model is made of."""
        return self._flatten_layers(include_self=False, recursive=False)

    @layers.setter
    def layers(self, value: Any) -> None:
        raise AttributeError(
            f"Model '{self.name}': the attribute `layers` lists the layers of the model and cannot be "
            "set. Use another name."
        )

    def summarized_layers(self) -> list[Any]:
        """Return what `summary` shows a row of."""
        return self.layers

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Return a layer by its name or its index in `layers`.

        Raises:
            ValueError: if there is no such layer, with the nearest name.
        """
        if (name is None) == (index is None):
            raise ValueError(
                f"get_layer takes either a name or an index. Received: name={name}, index={index}"
            )
        layers = self.layers
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ValueError(
                    f"Was asked to retrieve layer at index {index} but model '{self.name}' only "
                    f"has {len(layers)} layers."
                )
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        raise ValueError(
            f"No such layer: {name}. Existing layers are: {[layer.name for layer in layers]}."
        )

    def quantize(
        self,
        mode: str | None = None,
        config: Any = None,
        filters: str | Sequence[str] | Callable | None = None,
        type_check: bool = True,
    ) -> None:
        """Store the weights of the model's layers in few bits; it has to be compiled again afterwards.

        Layers with weights that cannot be quantized stay as they are, with a warning. `"gptq"` and `"awq"`
        run the model on data, and change the `Dense` and `EinsumDense` of the blocks that their config
        names; layers outside of the blocks stay in floats.

        Args:
            mode: `"int8"`, `"int4"`, `"float8"`, `"gptq"` or `"awq"`; None if `config` says it.
            config: a `QuantizationConfig`, None for the mode's default. `"gptq"` and `"awq"` need one.
            filters: which layers: a regular expression that is found in their names, several of them,
                or a function of a layer; None for all.
            type_check: whether subclasses of the layers that can be quantized are left out.

        Raises:
            ValueError: for a wrong argument, or if a layer is not built or quantized already; for `"gptq"`
                and `"awq"` also if it is not said what the blocks are, or there is no data.

        Example:

        >>> import numpy as np
        >>> import minikeras
        >>> model = minikeras.Sequential([minikeras.Input((8,)), minikeras.layers.Dense(4)])
        >>> model.quantize("int8")
        >>> model.layers[0].kernel.dtype, model.predict(np.ones((2, 8)), verbose=0).shape
        ('int8', (2, 4))
        """
        if not (filters is None or callable(filters) or isinstance(filters, (str, list, tuple))):
            raise ValueError(
                f"Model '{self.name}': argument `filters` must be a regular expression, a list of them, "
                f"or a function. Received: filters={filters!r} (of type {type(filters)})"
            )
        patterns = [filters] if isinstance(filters, str) else filters

        def wanted(layer: Layer) -> bool:
            if patterns is None or callable(patterns):
                return patterns is None or patterns(layer)
            return any(re.search(pattern, layer.name) for pattern in patterns)

        # Most programs quantize nothing, and need not import it.
        from minikeras.models.calibration import calibrate
        from minikeras.quantizers.calibration import CalibratedConfig

        if isinstance(config, CalibratedConfig):
            calibrate(self, config, wanted, type_check)
        else:
            leaves = [v for v in self._flatten_layers(include_self=False) if not v._layers]
            for layer in [v for v in leaves if v.weights and wanted(v)]:
                try:
                    layer.quantize(type_check=type_check, config=config)
                except NotImplementedError as error:
                    warn(str(error))
        self.train_function = self.test_function = self.predict_function = None

    def get_quantization_layer_structure(self, mode: str | None = None) -> dict | None:
        """Return what `"gptq"` and `"awq"` go through, where their config does not say it; None here.

        A model of one's own overrides it.

        Args:
            mode: `"gptq"` or `"awq"`.

        Returns:
            `{"pre_block_layers": [...], "sequential_blocks": [...]}`, see `quantizers.GPTQConfig`.
        """
        return None

    def build(self, input_shape: Any = None) -> None:
        """Create the weights for inputs of a shape (or a list or dict of shapes).

        Where `call` takes several inputs, a list gives their shapes in order, a dict by their names.
        """
        if self.built or input_shape is None:
            return
        specs = specs_of(as_tuples(input_shape), self.compute_dtype)
        signature = self.call_signature
        if len(signature.required) > 1 and isinstance(specs, dict):
            self._describe_call((), specs)
        elif len(signature.required) > 1 and isinstance(specs, (list, tuple)):
            self._describe_call(tuple(specs), {})
        else:
            self._describe_call((specs,), {})
        self.built = True

    def _parts_are_built(self) -> bool:
        """Whether it has all its weights, though it was never called: its steps call its layers."""
        if type(self).build is not Model.build:
            return False  # it has more to make than its layers
        layers = self._flatten_layers(include_self=False)
        return bool(layers) and all(layer.built for layer in layers)

    def _build_for(self, args: tuple, kwargs: dict) -> None:
        if type(self).build is not Model.build:
            super()._build_for(args, kwargs)
            return
        named = tensor_arguments(self.call_signature, args, kwargs)
        shapes = {name: shapes_of(value) for name, value in named.items()}
        if shapes:
            shape = shapes if len(shapes) > 1 else next(iter(shapes.values()))
            object.__setattr__(self, "_build_shapes", {"input_shape": shape})
            dtypes = {n: tree.map_structure(_dtype_name, value) for n, value in named.items()}
            dtypes = dtypes if len(dtypes) > 1 else next(iter(dtypes.values()))
            object.__setattr__(self, "_build_dtypes", dtypes)
        specs = tree.map_structure(
            lambda t: KerasTensor(t.shape, t.dtype) if isinstance(t, Tensor) else t, (args, kwargs)
        )
        self._describe_call(*specs)

    def _describe_call(self, args: tuple, kwargs: dict) -> None:
        """Run `call` on KerasTensors, so that all layers are built."""
        if self._has_call():
            if not self.call_signature.training:  # any layer may be told; not every one listens
                kwargs = {k: v for k, v in kwargs.items() if k != "training"}
            inside, thread.state.in_call = thread.state.in_call, True
            try:
                probe(self.call, args, kwargs)
            finally:
                thread.state.in_call = inside

    @classmethod
    def from_config(cls, config: dict, custom_objects: Any = None) -> Any:
        """Make a model from its config."""
        if "layers" in config and "input_layers" in config:
            cls = Model.functional_class if cls is Model else cls
            return functional_from_config(cls, config, custom_objects)
        return super().from_config(config)

    def __getstate__(self) -> dict:
        """Return what copies and pickles keep: all but what is made again when it is needed."""
        made_again = ("train_function", "test_function", "predict_function")
        made_again += ("_structure", "_validation")
        return {**super().__getstate__(), **dict.fromkeys(made_again)}

    def __reduce__(self) -> Any:
        cls = type(self)
        return (
            _blank,
            (getattr(cls, "_variant_of", cls), "_variant_of" in cls.__dict__),
            self.__getstate__(),
        )

    def _repr_html_(self) -> str:
        """Return what a notebook shows of the model."""
        from minikeras.utils.model_html import model_html

        return block(model_html(self))

    def summary(
        self,
        line_length: int | None = None,
        positions: Any = None,
        print_fn: Callable | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Any = None,
    ) -> None:
        """Print the layers, their output shapes and numbers of parameters.

        Args:
            line_length: width of the table.
            positions: relative widths of its columns.
            print_fn: function that takes the text, `print` if None.
            expand_nested: whether to show the layers of models inside.
            show_trainable: whether to show which layers are trainable.
            layer_range: names of the first and the last layer to show.
        """
        print_summary(
            self,
            line_length=line_length,
            positions=positions,
            print_fn=print_fn,
            expand_nested=expand_nested,
            show_trainable=show_trainable,
            layer_range=layer_range,
        )

    def _saved(self) -> dict[str, Any]:
        return {**super()._saved(), "layers": self.layers, "optimizer": self.optimizer}

    def save(
        self, filepath: Any, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any
    ) -> None:
        """Save the model: `saving.save_model`."""
        return save_model(self, filepath, overwrite=overwrite, zipped=zipped, **kwargs)

    def save_weights(
        self, filepath: Any, overwrite: bool = True, max_shard_size: Any = None
    ) -> None:
        """Save the weights and the optimizer's state: `saving.save_weights`."""
        return save_weights(self, filepath, overwrite=overwrite, max_shard_size=max_shard_size)

    def load_weights(self, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
        """Load weights and the optimizer's state: `saving.load_weights`."""
        load_weights(self, filepath, skip_mismatch=skip_mismatch, **kwargs)

    def export(
        self,
        filepath: Any,
        format: str | None = None,
        verbose: bool | None = None,
        input_signature: Any = None,
        **kwargs: Any,
    ) -> None:
        """Write the model, as it computes when it is not training, as a file that other programs run.

        ONNX files, which need the library onnx: `pip install "minikeras-numpy[onnx]"`. The graph is
        made of the primitives that layers come down to, so layers of one's own written with `ops` go too.

        Args:
            filepath: where to write.
            format: `"onnx"`; None to tell it from a `filepath` that ends in `.onnx`.
            verbose: False to print nothing.
            input_signature: what the inputs are, if the model is not to be asked: an `InputSpec` with
                shape and dtype, or a structure of them, with None for sizes that are to stay open.
            **kwargs: `opset_version`, the version of ONNX's operators, 18 or newer.

        Raises:
            ValueError: for another format, for a model that is not built, and for what ONNX cannot
                express, naming the layer. Nothing is written then.
            ImportError: if onnx is not installed.

        Example:

        >>> import os, tempfile
        >>> import minikeras as keras
        >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        >>> path = os.path.join(tempfile.mkdtemp(), "model.onnx")
        >>> model.export(path, verbose=False)  # doctest: +SKIP
        """
        from minikeras.export.export_lib import export_model

        export_model(self, filepath, format, verbose, input_signature, **kwargs)

    def to_json(self, **kwargs: Any) -> str:
        """Return the config as JSON; `models.model_from_json` reads it."""
        return json.dumps(serialize_keras_object(self), **kwargs)

    def get_state_tree(self, value_format: str = "backend_tensor") -> dict:
        """Return all variables in nested dicts by path.

        Args:
            value_format: `"backend_tensor"` or `"numpy_array"`.
        """
        groups = {
            "trainable_variables": self.trainable_variables,
            "non_trainable_variables": self.non_trainable_variables,
            "optimizer_variables": [] if self.optimizer is None else self.optimizer.variables,
            "metrics_variables": self.metrics_variables,
        }
        result: dict = {}
        for group, variables in groups.items():
            nested: dict = {}
            for v in variables:
                *folders, name = v.path.split("/")
                at = nested
                for f in folders:
                    at = at.setdefault(f, {})
                at[name] = v.numpy() if value_format == "numpy_array" else v.value
            result[group] = nested
        return result

    def set_state_tree(self, state_tree: dict) -> None:
        """Assign what `get_state_tree` gave."""
        groups = {
            "trainable_variables": self.trainable_variables,
            "non_trainable_variables": self.non_trainable_variables,
            "optimizer_variables": [] if self.optimizer is None else self.optimizer.variables,
            "metrics_variables": self.metrics_variables,
        }
        for group, nested in state_tree.items():
            if group not in groups:
                raise ValueError(f"Unknown variable group '{group}'. Known: {sorted(groups)}")
            by_path = {v.path: v for v in groups[group]}
            for path, value in _paths(nested):
                if path in by_path:
                    by_path[path].assign(value)


def _dtype_name(t: Any) -> str | None:
    return None if t is None else standardize_dtype(t.dtype)


def _paths(nested: dict, prefix: str = "") -> list[tuple[str, Any]]:
    found = []
    for k, v in nested.items():
        path = f"{prefix}/{k}" if prefix else k
        found += _paths(v, path) if isinstance(v, dict) else [(path, v)]
    return found


def _blank(cls: type, functional: bool) -> Any:
    """Return a model that its state is still to be put into."""
    cls = _functional_variant(cls) if functional else cls
    return cls.__new__(cls)


def _is_functional_call(args: tuple, kwargs: dict) -> bool:
    """Whether constructor arguments are `(inputs, outputs)`."""
    return (
        len(args) in (2, 3)
        or (len(args) == 1 and "outputs" in kwargs)
        or ("inputs" in kwargs and "outputs" in kwargs)
    )


_VARIANTS: dict[type, type] = {}


def _functional_variant(cls: type) -> type:
    """Return `cls` with `Functional` behind it, made once per class."""
    Functional = Model.functional_class
    if cls is Model:
        return Functional
    if cls not in _VARIANTS:
        _VARIANTS[cls] = type(
            cls.__name__,
            (cls, Functional),
            {"__module__": cls.__module__, "__qualname__": cls.__qualname__, "_variant_of": cls},
        )
    return _VARIANTS[cls]
