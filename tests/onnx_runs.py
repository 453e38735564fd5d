"""Runs exported graphs in ONNX Runtime and compares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minikeras import tree
from minikeras.autodiff.tensor import Tensor

TOLERANCE = {"float32": 1e-5, "float64": 1e-5, "float16": 1e-2, "bfloat16": 2e-2}
"""By the dtype that is computed in: relative to each number, and to the largest."""


def run(proto: Any, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Check a model and run it on its inputs in order."""
    session = session_of(proto)
    names = [i.name for i in session.get_inputs()]
    given = {i.name: x for i, x in zip(proto.graph.input, inputs, strict=True)}
    return session.run(None, {n: held(given[n]) for n in names})


def session_of(proto: Any) -> Any:
    """Check a model and return what runs it."""
    import onnx
    import onnxruntime

    onnx.checker.check_model(proto, full_check=True)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def held(x: np.ndarray) -> np.ndarray:
    """Return an array as graphs hold it: bfloat16 in float32."""
    return x.astype("float32") if x.dtype.kind == "V" else x


def assert_same(given: list, expected: list, tolerance: float) -> None:
    """Compare results: shapes, dtypes, and values relative to the largest one."""
    assert len(given) == len(expected)
    for a, b in zip(given, expected):
        b = held(b)
        assert a.shape == b.shape
        assert a.dtype == b.dtype
        finite = b[np.isfinite(b)] if b.dtype.kind == "f" else b
        scale = max(1.0, float(np.abs(finite.astype("float64")).max())) if finite.size else 1.0
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * scale)


def assert_described(proto: Any, results: list) -> None:
    """Compare the shapes that a graph promises with those of results."""
    for output, y in zip(proto.graph.output, results):
        sizes = output.type.tensor_type.shape.dim
        assert len(sizes) == y.ndim
        for d, n in zip(sizes, y.shape):
            assert not d.HasField("dim_value") or d.dim_value == n


def exported(
    function: Callable,
    arrays: Sequence[np.ndarray],
    open_sizes: Sequence[bool],
    variables: dict[int, str] | None = None,
) -> Any:
    """Return the ONNX model of a function of tensors.

    Args:
        function: the function.
        arrays: inputs of the shapes and dtypes that it is made for.
        open_sizes: for each, whether its first size, the number of examples, is left open.
        variables: names of weights by `id`.
    """
    from minikeras.export.onnx_format import OLDEST_OPSET, Spec, to_onnx, trace

    specs = [
        Spec(f"x{i}", (None, *x.shape[1:]) if is_open else x.shape, x.dtype)
        for i, (x, is_open) in enumerate(zip(arrays, open_sizes))
    ]
    traced = trace(function, specs, OLDEST_OPSET, variables or {})
    return to_onnx(traced, [f"y{i}" for i in range(len(traced.outputs))], "tested")


def computed(function: Callable, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return what a function of tensors gives, flat."""
    with np.errstate(all="ignore"):
        return [np.asarray(y) for y in tree.flatten(function(*[Tensor(x) for x in arrays]))]
