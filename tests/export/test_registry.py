"""Every op and layer, exported and run in ONNX Runtime on other numbers of examples than were traced."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from layer_cases import Array, Make, set_random_weights
from layer_cases import all_cases as all_layer_cases
from layer_cases import covering as covering_layer
from onnx_runs import TOLERANCE, assert_described, assert_same, computed, exported, run
from op_cases import BATCH, Fixed, Function, all_cases, covering, function_of, shown

import minikeras
from minikeras import ops, tree
from minikeras.autodiff.keras_tensor import SymbolicTensorError
from minikeras.common.configurable import parameters_of

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

OPS = all_cases()
LAYERS = all_layer_cases()

FACTORIZATION = "ONNX has no factorizations of matrices, nor what is made of them"
NO_FUNCTION = "ONNX has no such function"
BY_VALUES = "how large the result is, or which of its elements are set, depends on values"
KNOWN_LENGTH = "the axis must have a known size: a loop of Python goes over it"
KNOWN_SIZES = "height and width must be known: which pixels are looked at is found from them"
WINDOW = "the length of the window, here an input, must be known"
COMPLEX = "inputs and outputs cannot be complex numbers"
STATE = "with stateful=True only: a graph keeps no state"

CANNOT = {
    "ContrastLimitedAdaptiveHistogramEqualization": BY_VALUES,
    "affine_transform": "with a known number of images only: each may have a transform of its own",
    "elastic_transform": "NumPy computes in place how far pixels move",
    "perspective_transform": FACTORIZATION,
    "ssim": KNOWN_SIZES,
    "associative_scan": KNOWN_LENGTH,
    "bartlett": WINDOW,
    "bincount": BY_VALUES,
    "blackman": WINDOW,
    "cholesky": FACTORIZATION,
    "cholesky_inverse": FACTORIZATION,
    "correlate": KNOWN_LENGTH,
    "ctc_decode": BY_VALUES,
    "ctc_loss": "the loss is a kernel of its own, without a formula of smaller primitives",
    "eig": FACTORIZATION,
    "eigh": FACTORIZATION,
    "HashedCrossing": NO_FUNCTION,
    "Hashing": NO_FUNCTION,
    "IntegerLookup": NO_FUNCTION,
    "StringLookup": NO_FUNCTION,
    "TextVectorization": NO_FUNCTION,
    "erfinv": NO_FUNCTION,
    "hamming": WINDOW,
    "hanning": WINDOW,
    "i0": NO_FUNCTION,
    "inv": FACTORIZATION,
    "kaiser": WINDOW,
    "logdet": FACTORIZATION,
    "lstsq": FACTORIZATION,
    "lu_factor": FACTORIZATION,
    "matrix_rank": FACTORIZATION,
    "nextafter": NO_FUNCTION,
    "norm": "nuclear and spectral norms only: " + FACTORIZATION,
    "pinv": FACTORIZATION,
    "polar": COMPLEX,
    "qr": FACTORIZATION,
    "repeat": "a number of repeats for each element: " + BY_VALUES,
    "scatter_update": "with reduction 'max', 'min' or 'mul', at places that are inputs: "
    + BY_VALUES,
    "solve": FACTORIZATION,
    "solve_triangular": FACTORIZATION,
    "svd": FACTORIZATION,
    "unique": "with a given `size` only: cutting off and filling up go by values",
    "view": "ONNX does not read bytes as another dtype",
    "view_as_complex": COMPLEX,
    "view_as_real": COMPLEX,
    **{f"ConvLSTM{rank}D": STATE for rank in (1, 2, 3)},
    "GRU": STATE,
    "LSTM": STATE,
    "SimpleRNN": STATE,
}
"""What cannot be exported, in some or all of its cases, and why not."""


AT_MOST = 4  # cases of each

STANDS_WITH = {"test_op": "ops", "test_layer": "layers"}
"""Tests beside which these run, as they need the same calls: see `conftest.py`."""


def test_the_list_names_ops_and_layers():
    assert set(CANNOT) <= set(OPS) | set(LAYERS)


def check_all(name: str, calls: list, check: Any, show: Any) -> None:
    """Check calls; those that cannot be exported must say so, and be on the list."""
    refused = []
    for call in calls if name in CANNOT else calls[:AT_MOST]:
        try:
            check(call)
        except (SymbolicTensorError, ValueError) as error:
            if name not in CANNOT or "Export to ONNX" not in str(error):
                error.add_note(show(call))
                raise
            refused.append(call)
        except Exception as error:
            error.add_note(show(call))
            raise
    assert refused or name not in CANNOT, "it can be exported: take it off the list"


def single(x: np.ndarray) -> np.ndarray:
    return x.astype({"f": "float32", "c": "complex64"}.get(x.dtype.kind, x.dtype))


@pytest.mark.parametrize("name", sorted(OPS))
def test_op(name):
    case = OPS[name]

    def check(call):
        flat = tree.flatten((call.args, call.kwargs))
        arrays = [single(x) for x in flat if isinstance(x, np.ndarray)]

        def function(*tensors):
            rest = iter(tensors)

            def change(x):
                if isinstance(x, np.ndarray):
                    return next(rest)
                if isinstance(x, Fixed):
                    return single(x.value)
                return x.of(ops) if isinstance(x, Function) else x

            args, kwargs = tree.pack_sequence_as((call.args, call.kwargs), [*map(change, flat)])
            return function_of(ops, name)(*args, **kwargs)

        expected = computed(function, arrays)
        proto = exported(function, arrays, [x.ndim > 0 and len(x) == BATCH for x in arrays])
        results = run(proto, arrays)
        assert_described(proto, expected)
        compared = case.result or list
        assert_same(compared(results), compared(expected), max(TOLERANCE["float32"], case.rtol32))

    check_all(name, covering(name), check, shown)


def make_layer(name: str, call: Any, dtype: str) -> tuple:
    """Return a layer, a function of the arrays that it is called on, and those."""
    minikeras.utils.clear_session()
    kwargs = {
        k: v.function(minikeras) if isinstance(v, Make) else v for k, v in call.kwargs.items()
    }
    if "dtype" in parameters_of(getattr(minikeras.layers, name)):
        kwargs["dtype"] = dtype
    layer = getattr(minikeras.layers, name)(**kwargs, name="tested")
    inputs = call.inputs if isinstance(call.inputs, tuple) else (call.inputs,)
    flat = tree.flatten((inputs, call.call))
    given = [x for x in flat if isinstance(x, Array)]

    def function(*tensors):
        rest = iter(tensors)
        args, kwargs = tree.pack_sequence_as(
            (inputs, call.call), [next(rest) if isinstance(x, Array) else x for x in flat]
        )
        if layer.call_signature.training:
            kwargs.setdefault("training", False)
        return layer(*args, **kwargs)

    return layer, function, given


def check_layer(name: str, call: Any, dtype: str, tolerance: float) -> None:
    layer, function, given = make_layer(name, call, dtype)
    arrays = [x.value("float32" if dtype.startswith("mixed") else dtype) for x in given]
    computed(function, arrays)  # builds it
    set_random_weights(LAYERS[name], layer)
    expected = computed(function, arrays)
    names = {id(v.array): v.path for v in layer.variables}
    proto = exported(function, arrays, [x.batch for x in given], names)
    assert_same(run(proto, arrays), expected, tolerance)
    assert_described(proto, expected)


@pytest.mark.filterwarnings("ignore:You are using a softmax over axis")
@pytest.mark.parametrize("name", sorted(LAYERS))
def test_layer(name):
    check_all(
        name,
        covering_layer(name),
        lambda call: check_layer(name, call, "float32", TOLERANCE["float32"]),
        lambda call: f"Call: {call.kwargs}, {call.inputs}, {call.call}",
    )


IN_OTHER_DTYPES = [
    "AveragePooling2D",
    "BatchNormalization",
    "Bidirectional",
    "Conv2D",
    "Conv2DTranspose",
    "Dense",
    "DepthwiseConv2D",
    "Embedding",
    "GRUCell",
    "LayerNormalization",
    "Masking",
    "MultiHeadAttention",
    "PReLU",
    "Softmax",
    "UpSampling2D",
]


@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16", "mixed_float16"])
@pytest.mark.parametrize("name", IN_OTHER_DTYPES)
def test_layer_in_other_dtypes(name, dtype):
    if dtype == "bfloat16":
        pytest.importorskip("ml_dtypes")
    tolerance = TOLERANCE[dtype.removeprefix("mixed_")]
    check_layer(name, covering_layer(name)[0], dtype, tolerance)
