"""Every op of the registry, against Keras, JAX and finite differences."""

from __future__ import annotations

import random
import re
from typing import Any

import numpy as np
import pytest
from op_cases import (
    BATCH,
    Draw,
    Fixed,
    Function,
    all_cases,
    covering,
    covering_ranks,
    function_of,
    shown,
    with_batch,
)
from op_cases import call as call_of
from op_cases.primitives import FUSED, OFF_TAPE, STRAIGHT_THROUGH

import minikeras
from minikeras import ops, tree
from minikeras.autodiff import (
    PRIMITIVES,
    GradientTape,
    KerasTensor,
    NotDifferentiableTwice,
    Tensor,
    gradient_check,
)
from minikeras.autodiff.primitive import Elementary, WithoutGradient
from minikeras.ops.keras_names import module_name
from minikeras.ops.symbolic import OPS

CASES = all_cases()

SHAPES_OF_VALUES = {"rearrange"}
"""Ops with which Keras makes shapes of values, which JAX then must know."""


def filtered(condition: Any) -> Any:
    names = [n for n in sorted(CASES) if condition(CASES[n])]
    return pytest.mark.parametrize("name", names)


def test_every_op_has_a_case():
    assert sorted(set(OPS) - set(CASES)) == [], "ops without a case in tests/ops/cases/"
    assert sorted(set(CASES) - set(OPS)) == [], "cases without an op"


def is_array(x: Any) -> bool:
    return isinstance(x, np.ndarray)


def replaced(structure: Any, change: Any) -> Any:
    """Replace arrays and functions in arguments; fixed arrays become plain ones."""

    def replace(x: Any) -> Any:
        if isinstance(x, Fixed):
            return x.value
        return change(x) if is_array(x) or isinstance(x, Function) else x

    return tree.map_structure(replace, structure)


def in_dtype(structure: Any, dtype: str, library: Any) -> Any:
    """Return arguments in float32 or float64, with functions written for a library's ops."""

    def change(x: Any) -> Any:
        if isinstance(x, Function):
            return x.of(library)
        if x.dtype.kind == "f":
            return x.astype(dtype)
        if x.dtype.kind == "c":
            return x.astype("complex64" if dtype == "float32" else "complex128")
        return x

    return replaced(structure, change)


def results(case: Any, outputs: Any) -> list:
    flat = [np.asarray(y) for y in tree.flatten(as_plain(outputs))]
    return flat if case.result is None else case.result(flat)


def as_plain(outputs: Any) -> Any:
    """Turn named tuples, which JAX returns here and there, into tuples."""
    if isinstance(outputs, (tuple, list)):
        return tuple(as_plain(y) for y in outputs)
    return outputs


def run(library: Any, name: str, call: Any, dtype: str) -> Any:
    args, kwargs = in_dtype((call.args, call.kwargs), dtype, library)
    return function_of(library, name)(*args, **kwargs)


@filtered(lambda case: case.keras)
def test_forward_as_in_keras(name, keras):
    case = CASES[name]
    tolerances = {"float64": case.rtol64, "float32": case.rtol32}

    def check(call, dtype):
        rtol = tolerances[dtype]
        with np.errstate(all="ignore"):
            ours = results(case, run(ops, name, call, dtype))
            theirs = results(case, run(keras.ops, name, call, dtype))
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs):
            assert a.shape == b.shape
            np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol)
            # Integers of default width have 64 bits in JAX with 64 bits on, 32 here and elsewhere.
            if case.dtype:
                assert a.dtype == b.dtype or (a.dtype.kind in "iu" and a.dtype.kind == b.dtype.kind)

    for_options(name, lambda call: check(call, "float64"))
    for_options(name, lambda call: check(call, "float32"), at_most=2)


def for_options(name: str, check: Any, at_most: int | None = None) -> None:
    """Run a check on the calls that together hold every value of every option."""
    for_calls(covering(name)[:at_most], check)


def for_calls(some: list, check: Any) -> None:
    """Run a check on calls; an error says on which."""
    for call in some:
        try:
            check(call)
        except Exception as error:
            error.add_note(shown(call))
            raise


def float_arrays(call: Any) -> list:
    leaves = tree.flatten((call.args, call.kwargs))
    return [x for x in leaves if is_array(x) and x.dtype.kind in "fc"]


def function_of_floats(library: Any, name: str, call: Any, case: Any) -> Any:
    """Return the op as a function of its float arguments alone, which returns its float results."""

    def f(*xs: Any) -> list:
        rest = iter(xs)

        def change(x: Any) -> Any:
            if isinstance(x, Function):
                return x.of(library)
            return next(rest) if x.dtype.kind in "fc" else x

        args, kwargs = replaced((call.args, call.kwargs), change)
        outputs = as_plain(function_of(library, name)(*args, **kwargs))
        if case.differentiate is not None:
            outputs = case.differentiate(outputs)
        flat = tree.flatten(outputs)
        return [y for y in flat if np.dtype(str(y.dtype)).kind in "fc"]

    return f


@filtered(lambda case: case.gradient)
def test_gradient_by_finite_differences(name):
    case = CASES[name]

    def check(call):
        f = function_of_floats(ops, name, call, case)
        result = gradient_check(f, *float_arrays(call), max_entries=6, rtol=1e-4)
        assert result.checked > 0

    for_options(name, check)


@filtered(lambda case: case.gradient)
def test_gradients_have_the_dtype_of_inputs(name):
    case = CASES[name]

    def check(call):
        f = function_of_floats(ops, name, call, case)
        tensors = [Tensor(x) for x in in_dtype(float_arrays(call), "float32", ops)]
        with GradientTape() as tape:
            tape.watch(tensors)
            outputs = f(*tensors)
        grads = tape.gradient(outputs, tensors, unconnected_gradients="zero")
        assert [g.dtype for g in grads] == [t.dtype for t in tensors]

    for_options(name, check, at_most=5)


@filtered(lambda case: case.gradient and case.jax)
def test_gradient_as_in_jax(name, keras):
    jax = pytest.importorskip("jax")
    case = CASES[name]

    def check(call):
        xs = float_arrays(call)
        ours, theirs = [function_of_floats(lib, name, call, case) for lib in (ops, keras.ops)]
        tensors = [Tensor(x) for x in xs]
        with GradientTape() as tape:
            tape.watch(tensors)
            outputs = ours(*tensors)
        rng = np.random.default_rng(0)
        weights = [np.asarray(rng.standard_normal(y.shape)) for y in outputs]
        grads = tape.gradient(outputs, tensors, weights, unconnected_gradients="zero")

        def total(*xs):
            return sum((y * w).sum().real for y, w in zip(theirs(*xs), weights))

        try:
            gradient = jax.grad(total, argnums=tuple(range(len(xs))))
            if name not in SHAPES_OF_VALUES:  # one program in place of one for each step
                gradient = jax.jit(gradient)
            expected = gradient(*xs)
        except NotImplementedError as error:
            assert "scatter_mul" in str(error)  # the only one that JAX lacks
            return
        for g, e in zip(grads, expected):
            assert g.shape == e.shape
            rtol = max(1e-8, case.rtol64)
            np.testing.assert_allclose(g, np.asarray(e), rtol=rtol, atol=rtol)

    for_options(name, check, at_most=1)


@filtered(lambda case: case.gradient)
def test_gradient_of_gradient(name):
    case = CASES[name]

    def check(call):
        f = function_of_floats(ops, name, call, case)
        weights = []

        def gradient(*xs: Any) -> list:
            with GradientTape() as tape:
                tape.watch(list(xs))
                outputs = f(*xs)
            if not weights:
                rng = np.random.default_rng(0)
                weights.extend([np.asarray(rng.standard_normal(y.shape)) for y in outputs])
            return tape.gradient(outputs, list(xs), weights, unconnected_gradients="zero")

        if case.twice:
            gradient_check(gradient, *float_arrays(call), max_entries=4, rtol=1e-3, atol=1e-6)
        else:
            with pytest.raises(NotDifferentiableTwice):
                gradient_check(gradient, *float_arrays(call), max_entries=1)

    for_options(name, check, at_most=2)


@filtered(lambda case: case.gradient and case.twice)
def test_mixed_second_derivatives(name):
    """The gradient by one input alone is differentiated by all of them."""
    case, inputs = CASES[name], random.Random(name)

    def check(call):
        f = function_of_floats(ops, name, call, case)
        arrays = float_arrays(call)
        which = inputs.randrange(len(arrays))
        factors = []

        def gradient(*xs: Any) -> Any:
            x = xs[which]
            with GradientTape() as tape:
                tape.watch(x)
                outputs = f(*xs)
                if not factors:
                    rng = np.random.default_rng(0)
                    factors.extend([np.asarray(rng.standard_normal(y.shape)) for y in outputs])
                # Curved, so that ops that are linear have mixed derivatives too.
                total = [ops.square(y) * g for y, g in zip(outputs, factors)]
            return tape.gradient(total, x, unconnected_gradients="zero")

        gradient_check(gradient, *arrays, max_entries=4, rtol=1e-3, atol=1e-6)

    for_options(name, check, at_most=2)


def described(library: Any, name: str, call: Any) -> list:
    """Call an op on KerasTensors in place of arrays, floats in single precision."""

    def change(x: Any) -> Any:
        if isinstance(x, Function):
            return x.of(library.ops)
        shape = (None, *x.shape[1:]) if x.ndim and x.shape[0] == BATCH else x.shape
        dtype = {"f": "float32", "c": "complex64"}.get(x.dtype.kind, x.dtype.name)
        return library.KerasTensor(shape, dtype)

    args, kwargs = replaced((call.args, call.kwargs), change)
    return tree.flatten(as_plain(function_of(library.ops, name)(*args, **kwargs)))


@pytest.mark.parametrize("name", sorted(CASES))
def test_symbolic(name, keras):
    case, compared = CASES[name], []

    def check(call):
        data = tree.flatten(as_plain(run(ops, name, call, "float32")))
        ours = described(minikeras, name, call)
        assert len(ours) == len(data)
        for spec, y in zip(ours, data):
            assert isinstance(spec, KerasTensor)
            assert len(spec.shape) == y.ndim
            assert all(s in (None, d) for s, d in zip(spec.shape, y.shape)), (spec.shape, y.shape)
            assert spec.dtype == y.dtype.name
        if case.same_spec and case.keras:
            try:
                theirs = described(keras, name, call)
            except (AttributeError, TypeError, ValueError):
                return  # Keras computes a few calls that it cannot describe
            compared.append(call)
            assert [(tuple(y.shape), y.dtype) for y in ours] == [
                (tuple(y.shape), y.dtype) for y in theirs
            ]
            mine, step = ours[0]._keras_history.operation, theirs[0]._keras_history.operation
            assert mine.display_class == type(step).__name__
            assert module_name(OPS[name]) == type(step).__module__
            assert re.sub(r"_\d+$", "", mine.name) == re.sub(r"_\d+$", "", step.name)

    for_calls(covering_ranks(name), check)
    assert compared or not (case.same_spec and case.keras)


@filtered(lambda case: case.batched)
@pytest.mark.parametrize("batch", [0, 1])
def test_empty_and_single_batches(name, batch):
    case = CASES[name]

    def check(call):
        with np.errstate(all="ignore"):
            y = tree.flatten(as_plain(run(ops, name, call, "float32")))
            if case.gradient:
                f = function_of_floats(ops, name, call, case)
                tensors = [Tensor(x) for x in float_arrays(call)]
                with GradientTape() as tape:
                    tape.watch(tensors)
                    outputs = f(*tensors)
                grads = tape.gradient(outputs, tensors, unconnected_gradients="zero")
                assert [g.shape for g in grads] == [t.shape for t in tensors]
        assert all(isinstance(t, Tensor) for t in y)

    for_calls([with_batch(case, call, batch) for call in covering(name)[:2]], check)


@pytest.mark.parametrize("name", sorted(set(CASES) - {"cond"}))  # its branches make constants
def test_a_trace_of_primitives_has_no_holes(name, monkeypatch):
    """Whatever an op returns came out of a primitive, or is one of its inputs."""
    made = []

    def noting(primitive: Any, forward: Any) -> Any:
        elementary = isinstance(primitive, (Elementary, WithoutGradient))

        def noted(*arrays: Any, **params: Any) -> Any:
            result = forward(*arrays, **params)
            y = result if elementary else result[0]
            made.extend(y if type(y) is tuple else [y])
            return result

        return noted

    for primitive in PRIMITIVES.values():
        for run in ("forward", "lean"):
            if getattr(primitive, run) is not None:
                monkeypatch.setattr(primitive, run, noting(primitive, getattr(primitive, run)))

    def check(call):
        args, kwargs = in_dtype((call.args, call.kwargs), "float32", ops)
        made.clear()
        inputs = [
            made.append(x) or Tensor(x) if is_array(x) else x for x in tree.flatten((args, kwargs))
        ]
        args, kwargs = tree.pack_sequence_as((args, kwargs), inputs)
        with np.errstate(all="ignore"):
            outputs = tree.flatten(as_plain(function_of(ops, name)(*args, **kwargs)))
        assert all(any(y.array is m for m in made) for y in outputs)

    for_options(name, check, at_most=3)


@pytest.mark.parametrize("name", sorted(FUSED))
def test_fused_primitives(name):
    target, *inputs = FUSED[name](np.random.default_rng(0))
    kwargs = inputs.pop() if isinstance(inputs[-1], dict) else {}
    gradient_check(target, *inputs, max_entries=8, rtol=1e-4, **kwargs)
    assert name in used_primitives(target, inputs, kwargs)


def used_primitives(target: Any, inputs: Any, kwargs: dict) -> set:
    tensors = [Tensor(x) if is_array(x) and x.dtype.kind in "fc" else x for x in inputs]
    with GradientTape() as tape:
        tape.watch([t for t in tensors if isinstance(t, Tensor)])
        target(*tensors, **kwargs)
    return {n.primitive.name for n in tape._nodes if hasattr(n, "primitive")}


def test_every_primitive_is_exercised(monkeypatch):
    seen = set(FUSED) | STRAIGHT_THROUGH
    # Some layers are loaded when they are asked for, with primitives of their own.
    for name in dir(minikeras.layers):
        getattr(minikeras.layers, name)

    def noting(primitive: Any, forward: Any) -> Any:
        return lambda *args, **params: (seen.add(primitive.name), forward(*args, **params))[1]

    for primitive in PRIMITIVES.values():
        if isinstance(primitive, WithoutGradient):  # these leave no node on a tape
            monkeypatch.setattr(primitive, "forward", noting(primitive, primitive.forward))
    for name, case in CASES.items():
        for choice in range(12):
            call = call_of(case, Draw(lambda n, c=choice: c % n, seed=choice))
            if case.gradient:
                f = function_of_floats(ops, name, call, case)
                seen |= used_primitives(f, float_arrays(call), {})
            else:
                run(ops, name, call, "float32")
    for make in OFF_TAPE:
        make(minikeras)
    missing = sorted(set(PRIMITIVES) - seen)
    assert not missing, (
        "primitives without an op's case or an entry of FUSED in cases/primitives.py"
    )
