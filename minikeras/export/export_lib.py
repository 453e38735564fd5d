"""`Model.export`: models as files that other programs run."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from minikeras import tree
from minikeras.autodiff.keras_tensor import KerasTensor, SymbolicTensorError
from minikeras.autodiff.tensor import Tensor
from minikeras.common.atomic_file import atomic_path
from minikeras.common.dtypes import np_dtype
from minikeras.common.extras import require
from minikeras.common.traceback_utils import filter_traceback
from minikeras.export.onnx_format import OLDEST_OPSET, Spec, to_onnx, trace
from minikeras.layers.call_arguments import as_tuples, is_shape
from minikeras.layers.input_spec import InputSpec
from minikeras.utils.io_utils import print_msg

_OTHERS = {
    "tf_saved_model": "TensorFlow",
    "openvino": "OpenVINO",
    "litert": "TensorFlow or LiteRT",
    "torch": "PyTorch",
}


@filter_traceback
def export_model(
    model: Any,
    filepath: Any,
    format: str | None = None,
    verbose: bool | None = None,
    input_signature: Any = None,
    **kwargs: Any,
) -> None:
    """Write a model as a file that other programs run; see `Model.export`."""
    path = os.fspath(filepath)
    if format is None and path.endswith(".onnx"):
        format = "onnx"
    if format != "onnx":
        given = f"format={format!r}" if format else f"filepath={path!r}, without a format"
        why = f" '{format}' needs {_OTHERS[format]}." if format in _OTHERS else ""
        raise ValueError(
            f"Models are exported to ONNX files only: give a `filepath` that ends in .onnx, or "
            f"format='onnx', which needs no other framework.{why} Received: {given}"
        )
    opset = kwargs.pop("opset_version", None)
    if kwargs:
        raise ValueError(
            f"export: unknown arguments {sorted(kwargs)}. format='onnx' takes `opset_version`."
        )
    onnx = require("onnx", "onnx")
    opset = _checked_opset(opset, onnx.defs.onnx_opset_version())
    proto = _proto(model, input_signature, opset)
    onnx.checker.check_model(proto)
    with atomic_path(path) as temporary:
        onnx.save_model(proto, temporary)
    if verbose is None or verbose:
        print_msg(f"Saved artifact at '{path}'.")


def _checked_opset(opset: Any, newest: int) -> int:
    if opset is None:
        return OLDEST_OPSET
    if isinstance(opset, bool) or not isinstance(opset, int) or not OLDEST_OPSET <= opset <= newest:
        raise ValueError(
            f"export: argument `opset_version` must be an integer from {OLDEST_OPSET} to {newest}, the "
            f"newest that the installed onnx knows. Received: opset_version={opset!r}"
        )
    return opset


def _proto(model: Any, input_signature: Any, opset: int) -> Any:
    split = next((v for v in model.variables if v._split is not None), None)
    if split is not None:
        raise ValueError(
            f"Model '{model.name}' cannot be exported: variable '{split.path}' is split over "
            f"{split._split.ranks.size} ranks. Save the model, and export what one process loads."
        )
    structure, several = _signature(model, input_signature)
    flat = tree.flatten(structure)
    names = _unique([x.name or f"input_{i}" for i, x in enumerate(flat)])
    specs = [Spec(n, x.shape, np_dtype(x.dtype)) for n, x in zip(names, flat)]
    outputs: list[Any] = []
    options = {"training": False} if model.call_signature.training else {}

    def call(*tensors: Tensor) -> Any:
        given = tree.pack_sequence_as(structure, tensors)
        y = model(**given, **options) if several else model(given, **options)
        outputs[:] = [y]
        return y

    variables = {id(v.array): v.path for v in model.variables}
    try:
        traced = trace(call, specs, opset, variables, model.name)
    except SymbolicTensorError as error:
        raise ValueError(str(error)) from error
    finally:
        for layer in model._flatten_layers():  # what calls leave behind for the next one
            layer._forget_checked()
    return to_onnx(traced, _output_names(model, outputs[0]), model.name)


def _signature(model: Any, given: Any) -> tuple[Any, bool]:
    """Return the model's inputs as a structure of `InputSpec`s, and whether it is a dict of arguments.

    Raises:
        ValueError: if the model is not built, or nobody has said what its inputs are.
    """
    if not model.built:
        raise ValueError(
            f"Model '{model.name}' has not been built. Call it on data, or build it with a shape, "
            "before it is exported."
        )
    names = getattr(model, "input_names", None)
    if given is not None:
        if isinstance(given, (list, tuple)) and len(given) == 1:
            given = given[0]  # as Keras has it: a list of the arguments of `call`
        structure = tree.map_structure(_spec, given)
    elif names:
        specs = [_spec(t, n) for t, n in zip(model.inputs, names)]
        structure = tree.pack_sequence_as(model._inputs_struct, specs)
    else:
        shapes = (model.__dict__.get("_build_shapes") or {}).get("input_shape")
        if shapes is None:
            raise ValueError(
                f"Model '{model.name}': what its inputs are is not known. Call it on data once, or give "
                "`input_signature`."
            )
        dtypes = model.__dict__.get("_build_dtypes")
        structure = _specs_of(as_tuples(shapes), dtypes, model.input_dtype, None)
    signature = model.call_signature
    several = len(signature.required) > 1
    if several and isinstance(structure, (list, tuple)):
        structure = dict(zip(signature.names, structure))
    return structure, several and isinstance(structure, dict)


def _specs_of(shape: Any, dtypes: Any, default: str, name: str | None) -> Any:
    """Return `InputSpec`s for a structure of shapes; the number of examples is left open."""
    if is_shape(shape):
        dtype = dtypes if isinstance(dtypes, str) else default
        return InputSpec(shape=(None, *shape[1:]), dtype=dtype, name=name)
    items = shape.items() if isinstance(shape, dict) else enumerate(shape)

    def of(key: Any) -> Any:
        return dtypes[key] if isinstance(dtypes, (dict, list, tuple)) else None

    made = {k: _specs_of(s, of(k), default, k if isinstance(k, str) else None) for k, s in items}
    return made if isinstance(shape, dict) else list(made.values())


def _spec(x: Any, name: str | None = None) -> InputSpec:
    if isinstance(x, InputSpec):
        if x.shape is None or x.dtype is None:
            raise ValueError(
                "export: an InputSpec in `input_signature` must have a `shape` and a `dtype`. "
                f"Received: {x}"
            )
        return x
    if isinstance(x, (KerasTensor, Tensor, np.ndarray)):
        name = name or getattr(x, "name", None)
        return InputSpec(shape=(None, *x.shape[1:]), dtype=str(x.dtype), name=name)
    raise TypeError(
        "export: argument `input_signature` must hold InputSpecs, KerasTensors or tensors. "
        f"Received: {x!r} (of type {type(x).__name__})"
    )


def _output_names(model: Any, outputs: Any) -> list[str]:
    """Return a name for each output: the model's own, or the keys of a dict."""
    flat = tree.flatten(outputs)
    names = getattr(model, "output_names", None) or []
    if len(names) != len(flat):
        if isinstance(outputs, dict):
            names = [str(k) for k in sorted(outputs)]
        if len(names) != len(flat):
            names = [f"output_{i}" for i in range(len(flat))]
    return _unique(list(names))


def _unique(names: list[str]) -> list[str]:
    found: list[str] = []
    for name in names:
        count, own = 1, name
        while own in found:
            own, count = f"{name}_{count}", count + 1
        found.append(own)
    return found
