"""The dtype of what every op gives, on data and on KerasTensors, for every dtype of its inputs.

The oracle is Keras on JAX as it comes, without 64 bits. For float64, which minikeras keeps, it is JAX
with 64 bits on; a result that float32 would not change there is as without. (JAX with 64 bits on makes
float64 of int64, which Keras has nowhere else; `tests/autodiff/test_tensor.py` has int64.) Calls that
Keras refuses are left out.
"""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import pytest
from op_cases import Draw, Fixed, Function, all_cases, function_of
from op_cases import call as call_of

import minikeras
from minikeras import ops, tree
from minikeras.autodiff import GradientTape, KerasTensor, Variable
from minikeras.common.dtypes import np_dtype, standardize_dtype

pytest.importorskip("ml_dtypes")

NARROW = (
    *("bool", "uint8", "int8", "uint16", "int16", "uint32", "int32"),
    *("float16", "bfloat16", "float32"),
)
FEW = ("int8", "float16", "bfloat16", "float32", "float64")
NUMBERS = (True, 1, 1.0)

CASES = all_cases()
every_op = pytest.mark.parametrize("name", sorted(CASES))

# Keras attends to integers with weights that it cuts down to integers, nearly all of them 0.
ATTENDS_WITH_INTEGERS = {"dot_product_attention"}
# JAX makes complex64 of two float64; with 64 bits on Keras's one-hot targets are float64 in any case.
OTHER_IN_64_BITS = {
    *("view_as_complex", "categorical_crossentropy", "sparse_categorical_crossentropy"),
    "ctc_decode",  # JAX's indices have 64 bits then
}
# What is compared is the dtype that a case asks for, a 64-bit one, which JAX narrows.
ASKS_FOR_A_DTYPE = {"cast"}


def is_array(x: Any) -> bool:
    return isinstance(x, np.ndarray)


def arguments(call: Any, library: Any, values: list) -> tuple:
    """Return a call's arguments with values in place of its arrays."""
    rest = iter(values)

    def change(x: Any) -> Any:
        if isinstance(x, Fixed):
            return x.value
        if isinstance(x, Function):
            return x.of(library.ops)
        return next(rest) if is_array(x) else x

    return tree.map_structure(change, (call.args, call.kwargs))


def leaves(outputs: Any) -> list:
    if isinstance(outputs, (tuple, list)):
        return [leaf for y in outputs for leaf in leaves(y)]
    return tree.flatten(outputs)


def dtypes_of(library: Any, name: str, call: Any, values: list) -> list[str]:
    args, kwargs = arguments(call, library, values)
    with np.errstate(all="ignore"):
        outputs = leaves(function_of(library.ops, name)(*args, **kwargs))
    return [standardize_dtype(y.dtype) for y in outputs]


def symbolic(values: list) -> list:
    return [KerasTensor(v.shape, standardize_dtype(v.dtype)) if is_array(v) else v for v in values]


def traced(keras: Any, name: str, call: Any, values: list) -> list[str] | None:
    """The dtypes that Keras gives, None if it refuses."""
    import jax

    arrays = [v for v in values if is_array(v)]
    found = []

    def run(*xs: Any) -> Any:
        rest = iter(xs)
        found[:] = dtypes_of(keras, name, call, [next(rest) if is_array(v) else v for v in values])

    try:
        jax.eval_shape(run, *arrays)
        return list(found)
    except (jax.errors.JAXTypeError, IndexError):  # it computes with values
        with contextlib.suppress(Exception):
            return dtypes_of(keras, name, call, [jax.numpy.asarray(a) for a in values])
    except Exception:
        return None
    return None


def cast(x: np.ndarray, dtype: str) -> np.ndarray:
    target = np_dtype(dtype)
    return (np.abs(x) if target.kind == "u" else x).astype(target)


def calls(name: str) -> Any:
    """Yield a call of an op and its arrays: the positions that floats have, and the others."""
    call = call_of(CASES[name], Draw(lambda n: 0, seed=0))
    arrays = [x for x in tree.flatten((call.args, call.kwargs)) if is_array(x)]
    arrays = [cast(a, "float32") if a.dtype.kind == "f" else a for a in arrays]
    real = [i for i, a in enumerate(arrays) if a.dtype.kind == "f"]
    whole = [i for i, a in enumerate(arrays) if a.dtype.kind in "iub"]
    return call, arrays, real, whole


def inputs_of(name: str, dtypes: tuple, number_dtypes: tuple = NARROW) -> Any:
    """Yield arguments of an op, each of its arrays in each of the dtypes, two of them in each pair."""
    call, arrays, real, whole = calls(name)
    together = real if real else whole if len(whole) == 2 else []

    def changed(**by_index: Any) -> list:
        return [by_index.get(f"_{i}", a) for i, a in enumerate(arrays)]

    for i in [i for i in (*real, *whole) if i not in together]:
        for d in dtypes:
            yield call, changed(**{f"_{i}": cast(arrays[i], d)}), (d,)
    if len(together) == 1:
        for d in dtypes:
            yield call, changed(**{f"_{together[0]}": cast(arrays[together[0]], d)}), (d,)
    if len(together) < 2:
        return
    (i, j), elementwise = together[:2], hasattr(function_of(ops, name), "primitive")
    # All pairs where the common dtype is all that an op does with them, else a few of each kind.
    for d in dtypes if elementwise else [d for d in dtypes if d in FEW]:
        others = {f"_{k}": cast(arrays[k], d) for k in together}
        for e in dtypes if elementwise else [e for e in dtypes if e in FEW]:
            yield call, changed(**{**others, f"_{j}": cast(arrays[j], e)}), (d, e)
    if elementwise:
        for k, other in ((i, j), (j, i)):
            for d in number_dtypes:
                for number in NUMBERS:
                    values = changed(**{f"_{other}": cast(arrays[other], d)})
                    values[k] = number
                    yield call, values, (number, d) if k < other else (d, number)


def ours(name: str, call: Any, values: list, expected: list) -> str | None:
    """Return what is wrong with the dtypes of an op, if anything."""
    try:
        eager = dtypes_of(minikeras, name, call, values)
    except ValueError as error:
        if "ingular" in str(error) or "definite" in str(error):  # as a matrix of booleans can be
            return None
        raise
    described = dtypes_of(minikeras, name, call, symbolic(values))
    if eager == described == expected:
        return None
    return f"Keras {expected}, eager {eager}, symbolic {described}"


@every_op
def test_dtypes_as_in_keras(name, narrow_keras):
    if name in ASKS_FOR_A_DTYPE:
        return  # its dtype is asked for
    wrong = {}
    with narrow_keras() as keras:
        for call, values, label in inputs_of(name, NARROW):
            if name in ATTENDS_WITH_INTEGERS and all(np_dtype(d).kind in "biu" for d in label):
                continue
            expected = traced(keras, name, call, values)
            if expected is not None:
                problem = ours(name, call, values, expected)
                if problem is not None:
                    wrong[label] = problem
    assert not wrong


@every_op
def test_dtypes_of_float64_as_in_keras(name, keras, narrow_keras):
    """float64 comes out where a float64 that goes in brings it about, and nowhere else."""
    if name in ASKS_FOR_A_DTYPE | OTHER_IN_64_BITS:
        return  # see above
    wrong = {}
    for call, values, label in inputs_of(name, ("float64", "int8", "float32"), ()):
        if "float64" not in label:
            continue
        expected = traced(keras, name, call, values)
        if expected is None:
            continue
        narrow = [
            cast(v, "float32") if is_array(v) and v.dtype == np.float64 else v for v in values
        ]
        if expected == traced(keras, name, call, narrow):
            with narrow_keras():
                expected = traced(keras, name, call, narrow)
        problem = ours(name, call, values, expected)
        if problem is not None:
            wrong[label] = problem
    assert not wrong


EXTREMES = {
    "bool": [True, False, True],
    "int8": [100, -128, 127],
    "uint8": [200, 255, 3],
    "int32": [2**31 - 1, -(2**31), 70000],
}
"""Values that overflow when they are added or multiplied."""


@pytest.mark.parametrize("dtype", sorted(EXTREMES))
@pytest.mark.parametrize(
    "name",
    [
        *("sum", "prod", "nansum", "cumsum", "cumprod", "mean", "average", "max", "trace"),
        *("relu", "hard_tanh", "square", "matmul", "dot", "tensordot", "inner", "outer", "vdot"),
        *("add", "subtract", "multiply", "floor_divide", "mod", "bitwise_and", "left_shift"),
    ],
)
def test_values_of_integers_as_in_keras(name, dtype, narrow_keras):
    x = np.array(EXTREMES[dtype], dtype)
    if name == "trace":
        x = np.diag(x)
    if name in ("matmul", "dot", "tensordot"):
        x = np.stack([x, x, x])
    two = (
        "matmul dot inner outer vdot add subtract multiply bitwise_and left_shift floor_divide mod"
    )
    args = (x, x) if name in two.split() else (x,)
    if name == "left_shift":
        args = (x, np.minimum(x, x.dtype.type(3)))
    if name in ("floor_divide", "mod"):  # by zero: another story
        args = (x, np.where(x == 0, x.dtype.type(1), x))
    if name == "tensordot":
        args = (x, x, 1)
    with narrow_keras() as keras, contextlib.suppress(TypeError):  # JAX subtracts no booleans
        expected = np.asarray(function_of(keras.ops, name)(*args))
        with np.errstate(all="ignore"):
            y = function_of(ops, name)(*args)
        assert y.dtype == expected.dtype
        np.testing.assert_allclose(y, expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "channels"), [("conv", 1), ("depthwise_conv", 1), ("conv_transpose", 1)]
)
def test_convolutions_of_integers_as_in_keras(name, channels, narrow_keras):
    x = np.array([[[100], [-128], [127], [5]]], "int8")
    kernel = np.array([[[100]], [[3]]], "int8")
    with narrow_keras() as keras:
        expected = np.asarray(function_of(keras.ops, name)(x, kernel))
    y = function_of(ops, name)(x, kernel)
    assert y.dtype == expected.dtype
    np.testing.assert_array_equal(y, expected)


# The one element of a histogram lies on the edge between two bins.
ON_AN_EDGE = {"histogram"}


def scalars(call: Any) -> list:
    arrays = [x for x in tree.flatten((call.args, call.kwargs)) if is_array(x)]
    arrays = [
        a.astype({"f": "float32", "c": "complex64"}.get(a.dtype.kind, a.dtype)) for a in arrays
    ]
    return [a.reshape(-1)[0].reshape(()) for a in arrays]


@every_op
def test_scalars_as_in_keras(name, narrow_keras):
    """Every op on 0-d tensors, and the gradient by weights of shape ()."""
    if name in ASKS_FOR_A_DTYPE | ON_AN_EDGE:
        return  # see above
    case = CASES[name]
    call = call_of(case, Draw(lambda n: 0, seed=0))
    values = scalars(call)
    with narrow_keras() as keras:
        try:
            args, kwargs = arguments(call, keras, values)
            expected = [
                np.asarray(y) for y in leaves(function_of(keras.ops, name)(*args, **kwargs))
            ]
        except Exception:
            return  # Keras refuses
    weights = [Variable(v) if is_array(v) and v.dtype.kind == "f" else v for v in values]
    args, kwargs = arguments(call, minikeras, weights)
    with np.errstate(all="ignore"), GradientTape() as tape:
        outputs = leaves(function_of(ops, name)(*args, **kwargs))
    for y, e in zip(outputs, expected, strict=True):
        assert (tuple(y.shape), y.dtype) == (e.shape, e.dtype)
        np.testing.assert_allclose(y, e, rtol=1e-4, atol=1e-5)
    weights = [w for w in weights if isinstance(w, Variable)]
    real = [y for y in outputs if y.dtype.kind == "f"]
    if case.gradient and weights and real:
        with np.errstate(all="ignore"):
            grads = tape.gradient(real, weights, unconnected_gradients="zero")
        assert [g.shape for g in grads] == [()] * len(weights)


# Keras's own shape of no frames is wrong.
WRONG_WHEN_EMPTY = {"stft"}


@every_op
def test_empty_batches_as_in_keras(name, narrow_keras):
    if name in ASKS_FOR_A_DTYPE | WRONG_WHEN_EMPTY:
        return  # see above
    call = call_of(CASES[name], Draw(lambda n: 0, seed=0, batch=0))
    arrays = [x for x in tree.flatten((call.args, call.kwargs)) if is_array(x)]
    if not any(a.size == 0 for a in arrays):
        return  # it has no batch
    values = [cast(a, "float32") if a.dtype.kind == "f" else a for a in arrays]
    with narrow_keras() as keras:
        expected = traced_shapes(keras, name, call, values)
    if expected is None:
        return  # Keras refuses
    args, kwargs = arguments(call, minikeras, values)
    with np.errstate(all="ignore"):
        outputs = leaves(function_of(ops, name)(*args, **kwargs))
    if CASES[name].result is None:
        assert [tuple(y.shape) for y in outputs] == expected


def traced_shapes(keras: Any, name: str, call: Any, values: list) -> list | None:
    import jax

    def run(*xs: Any) -> list:
        args, kwargs = arguments(call, keras, list(xs))
        return leaves(function_of(keras.ops, name)(*args, **kwargs))

    try:
        return [tuple(y.shape) for y in jax.eval_shape(run, *values)]
    except Exception:
        return None


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0,)])
def test_softmax_of_nothing_as_in_keras(shape, narrow_keras):
    x = np.zeros(shape, "float32")
    with narrow_keras() as keras:
        for name in ("softmax", "log_softmax"):
            expected = np.asarray(function_of(keras.ops, name)(x))
            assert function_of(ops, name)(x).shape == expected.shape
    assert minikeras.layers.Softmax()(x).shape == shape


def test_clip_at_one_side_alone_as_in_keras(narrow_keras):
    for x in (np.float32([-3, 1, 9]), np.int32([-3, 1, 9]), np.array([True, False])):
        for bounds in ((None, 5.0), (0, None), (None, None), (0.5, 5.0), (None, 5)):
            with narrow_keras() as keras:
                expected = np.asarray(keras.ops.clip(x, *bounds))
            y = ops.clip(x, *bounds)
            assert y.dtype == expected.dtype
            np.testing.assert_array_equal(y, expected)
            spec = ops.clip(KerasTensor(x.shape, x.dtype.name), *bounds)
            assert spec.dtype == expected.dtype.name


def test_operators_on_integers_are_those_on_bits():
    x = ops.convert_to_tensor([6, 3])
    for y, expected in (
        (x & 2, [2, 2]),
        (1 | x, [7, 3]),
        (x ^ 1, [7, 2]),
        (~x, [-7, -4]),
        (x << 1, [12, 6]),
        (x >> 1, [3, 1]),
    ):
        assert y.dtype == "int32"
        np.testing.assert_array_equal(y, expected)
    assert (ops.convert_to_tensor([True, False]) & True).dtype == "bool"
    # Variables and KerasTensors have the logical ones, as in Keras.
    assert (Variable([6, 0], dtype="int32") & 2).dtype == "bool"
    assert (KerasTensor((2,), "int32") & 2).dtype == "bool"
    with pytest.raises(TypeError):
        ops.convert_to_tensor([1.0]) & 1


def test_one_hot_takes_whole_floats():
    y = ops.one_hot(np.float32([1, 1.5, 2]), 3)
    np.testing.assert_array_equal(y, [[0, 1, 0], [0, 0, 0], [0, 0, 1]])
