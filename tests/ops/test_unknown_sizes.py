"""Ops on KerasTensors some of whose sizes are not known: shapes and dtypes are Keras's."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from op_cases import Draw, Fixed, Function, all_cases, function_of
from op_cases import call as call_of

import minikeras
from minikeras import Input, Model, ops, tree
from minikeras.autodiff import KerasTensor

CASES = {n: c for n, c in all_cases().items() if c.keras and c.same_spec}


def arrays(call: Any) -> list[np.ndarray]:
    return [x for x in tree.flatten((call.args, call.kwargs)) if isinstance(x, np.ndarray)]


def sets_of_axes(shapes: list[tuple]) -> list[frozenset]:
    """Which axes are unknown: each one of each input, the same one of all inputs, and all of them."""
    every = [(i, a) for i, shape in enumerate(shapes) for a in range(len(shape))]
    sets = [frozenset({one}) for one in every] + [frozenset(every)]
    for axis in range(max([len(s) for s in shapes], default=0)):
        sets.append(frozenset(one for one in every if one[1] == axis))
        sets.append(frozenset(one for one in every if len(shapes[one[0]]) - one[1] == axis + 1))
    return sorted(set(sets), key=sorted)


def described(library: Any, name: str, call: Any, unknown: frozenset) -> list:
    counter = itertools.count()

    def change(x: Any) -> Any:
        if isinstance(x, Function):
            return x.of(library.ops)
        if not isinstance(x, np.ndarray):
            return x.value if isinstance(x, Fixed) else x
        i = next(counter)
        shape = [None if (i, axis) in unknown else d for axis, d in enumerate(x.shape)]
        dtype = {"f": "float32", "c": "complex64"}.get(x.dtype.kind, x.dtype.name)
        return library.KerasTensor(shape, dtype)

    args, kwargs = tree.map_structure(change, (call.args, call.kwargs))
    outputs = function_of(library.ops, name)(*args, **kwargs)
    outputs = tuple(outputs) if isinstance(outputs, (list, tuple)) else outputs
    return [(tuple(y.shape), y.dtype) for y in tree.flatten(outputs)]


OTHERWISE = {
    "average": "the inputs broadcast, so that one tells the size of the other",
    "dot_product_attention": "the width is that of the values, in Keras that of the queries",
    "einsum": "one label of an input stands twice",
    "searchsorted": "int32 as of data, in Keras int64 while the length is not known",
    "select": "the inputs broadcast",
    "separable_conv": "Keras takes a window of unknown size for one of size 1",
    "trapezoid": "the inputs broadcast",
}
"""Where Keras describes what its data do not give, or knows less."""


@pytest.mark.parametrize("name", sorted(CASES))
def test_each_axis_unknown_in_turn(name, keras):
    compared = 0
    for choice in range(4):
        call = call_of(CASES[name], Draw(lambda n, c=choice: c % n, seed=choice))
        for unknown in sets_of_axes([x.shape for x in arrays(call)]):
            try:
                theirs = described(keras, name, call, unknown)
            except Exception:  # Keras needs to know more than we do
                continue
            ours = described(minikeras, name, call, unknown)
            compared += 1
            assert len(ours) == len(theirs)
            if name not in OTHERWISE:
                assert ours == theirs, unknown
    assert compared


def k(*shape: int | None, dtype: str = "float32") -> KerasTensor:
    return KerasTensor(shape, dtype)


FOUR = [(None, 4)] * 2
SPECS = {
    "split": (lambda: ops.split(k(None, 4), 2, axis=0), FOUR),
    "split by five": (lambda: ops.split(k(None, 4), 5), [(None, 4)] * 5),
    "split at": (lambda: ops.split(k(None, 4), [1, 3]), [(1, 4), (2, 4), (None, 4)]),
    "split from the end": (lambda: ops.split(k(4, None), [1, -1], axis=1), [(4, 1), (4, None), (4, 1)]),
    "array_split": (lambda: ops.array_split(k(None, 4), 3), [(None, 4)] * 3),
    "vsplit": (lambda: ops.vsplit(k(None, 4), 2), FOUR),
    "hsplit": (lambda: ops.hsplit(k(3, None), 2), [(3, None)] * 2),
    "dsplit": (lambda: ops.dsplit(k(3, 2, None), [1]), [(3, 2, 1), (3, 2, None)]),
    "repeat": (lambda: ops.repeat(k(None, 3), 2, axis=0), (None, 3)),
    "repeat each": (lambda: ops.repeat(k(None, 3), [2, 1], axis=0), (None, 3)),
    "repeat array": (lambda: ops.repeat(k(None, 3), np.array([2, 1]), axis=0), (None, 3)),
    "repeat known": (lambda: ops.repeat(k(None, 2), [2, 1], axis=1), (None, 3)),
    "repeat flat": (lambda: ops.repeat(k(None, 3), [1, 2, 1]), (None,)),
    "item": (lambda: k(None, 3)[5], (3,)),
    "item from the end": (lambda: k(None, 3)[-70], (3,)),
    "slice": (lambda: k(None, 3)[2:5, 1:], (None, 2)),
    "items": (lambda: k(None, 3)[np.array([0, 70])], (2, 3)),
    "items in the middle": (lambda: k(None, None, 4)[:, [0, 70]], (None, 2, 4)),
    "items apart": (lambda: k(None, 3, 4)[np.array([0, 70]), :, [[1], [2]]], (2, 2, 3)),
    "items and a number": (lambda: k(None, 3, 4)[..., [0, 2], None, 1], (2, None, 1)),
    "a mask": (lambda: k(None, 3)[:, np.array([True, False, True])], (None, 2)),
    "unknown items": (lambda: k(None, 3)[k(None, 2, dtype="int32")], (None, 2, 3)),
    "an unknown mask": (lambda: k(4, 3, 2)[k(4, 3, dtype="bool")], (None, 2)),
    "argsort": (lambda: ops.argsort(k(None, 4), axis=None), (None,)),
    "sort": (lambda: ops.sort(k(None, 4), axis=None), (None,)),
    "argpartition": (lambda: ops.argpartition(k(None, 4), 1, axis=None), (None,)),
    "concatenate": (lambda: ops.concatenate([k(None, 3), k(2, 3)], axis=1), (None, 6)),
    "concatenate, known first": (lambda: ops.concatenate([k(2, 3), k(None, 3)], axis=1), (2, 6)),
    "stack": (lambda: ops.stack([k(None, 3), k(2, 3)]), (2, None, 3)),
    "tensordot": (lambda: ops.tensordot(k(None, 3, 4), k(3, 4), axes=1), (None, 3, 4)),
    "tensordot over two": (lambda: ops.tensordot(k(None, 3, 4), k(None, 4), axes=2), (None,)),
    "tensordot of pairs": (lambda: ops.tensordot(k(None, 3, None), k(5, 4), axes=[[2], [1]]), (None, 3, 5)),
    "kron": (lambda: ops.kron(k(None, 4), k(2, None)), (None, None)),
    "diag": (lambda: ops.diag(k(None)), (None, None)),
    "diag of a matrix": (lambda: ops.diag(k(None, 2)), (None,)),
    "diagflat": (lambda: ops.diagflat(k(None, 4)), (None, None)),
    "unstack": (lambda: ops.unstack(k(None, 4), num=3), [(4,)] * 3),
    "reshape": (lambda: ops.reshape(k(None, 3, 4), (-1, 12)), (None, 12)),
    "extract_sequences": (lambda: ops.extract_sequences(k(3, None), 4, 2), (3, None, 4)),
    "glu": (lambda: ops.glu(k(4, None)), (4, None)),
    "vectorized_map": (lambda: ops.vectorized_map(lambda x: ops.sum(x), k(None, 4)), (None,)),
    "meshgrid": (lambda: ops.meshgrid(k(None), k(3)), [(3, None)] * 2),
    "conv by an unknown kernel": (lambda: ops.conv(k(2, 9, 3), k(None, 3, 5)), (2, None, 5)),
}  # fmt: skip


@pytest.mark.parametrize("name", SPECS)
def test_an_unknown_size_is_no_small_number(name):
    call, shapes = SPECS[name]
    assert tree.map_structure(lambda y: tuple(y.shape), call()) == shapes


def test_what_was_described_can_be_run():
    x = Input((4,))
    first, rest = ops.split(x, [1])
    outputs = [*ops.split(x, 2), first, rest, x[5], ops.repeat(x, [1, 2, 0, 1, 1, 1], axis=0)]
    data = np.arange(24.0, dtype="float32").reshape(6, 4)
    a, b, c, d, e, f = Model(x, outputs)(data)
    np.testing.assert_array_equal(ops.concatenate([a, b]), data)
    np.testing.assert_array_equal(ops.concatenate([c, d]), data)
    np.testing.assert_array_equal(e, data[5])
    np.testing.assert_array_equal(f, np.repeat(data, [1, 2, 0, 1, 1, 1], 0))


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: ops.squeeze(k(None, 1, 4), axis=0), "axis 0 .* does not have size 1"),
        (lambda: ops.unstack(k(None, 4)), "not known: give the number .* as `num`"),
        (lambda: ops.repeat(k(None, 3), [2, 1], axis=1), "2 repeats .* size 3"),
        (lambda: ops.concatenate([k(None, 3), k(2, 3), k(None, 4)]), "must be the same"),
        (lambda: ops.stack([k(None, 3), k(2, 4)]), "must have one shape"),
        (lambda: k(None, 3)[:, [0, 3]], "out of bounds"),
        (lambda: k(None, 3)[0, 0, 0], "too many indices"),
        (lambda: ops.zeros((None, 2)), "`shape` has None .* not known .* layer"),
        (lambda: ops.arange(None), "`start` must be a number"),
        (lambda: ops.reshape(k(2, 3), (0, -1)), r"cannot reshape \(2, 3\)"),
    ],
)
def test_what_cannot_be_is_refused(call, match):
    with pytest.raises((ValueError, IndexError), match=match):
        call()


IMAGES = (None, 6, 6, 4)


@pytest.mark.parametrize(
    "call",
    [
        lambda ops, k: ops.conv(k(IMAGES), k((3, 3, 3, 6))),
        lambda ops, k: ops.conv(k(IMAGES), k((3, 3, 2, 6))),
        lambda ops, k: ops.depthwise_conv(k(IMAGES), k((3, 3, 3, 2))),
        lambda ops, k: ops.separable_conv(k(IMAGES), k((3, 3, 2, 2)), k((1, 1, 4, 2))),
        lambda ops, k: ops.conv_transpose(k(IMAGES), k((3, 3, 2, 6))),
        lambda ops, k: ops.conv(k((None, 4, 6, 6)), k((3, 3, 3, 6)), data_format="channels_first"),
    ],
)
def test_wrong_channels_of_a_symbolic_convolution(call, keras):
    for library in (minikeras, keras):
        with pytest.raises(ValueError, match="number of input channels must match"):
            call(library.ops, library.KerasTensor)


def test_groups_of_a_convolution_in_a_layer():
    kernel = np.ones((3, 3, 2, 6), "float32")
    layer = minikeras.layers.Lambda(lambda x: ops.conv(x, kernel))
    assert layer(Input(IMAGES[1:])).shape == (None, 4, 4, 6)


@pytest.mark.parametrize("dtype", [None, "int32", "float16", "float32", "float64"])
@pytest.mark.parametrize(
    "arguments",
    [
        (0.1, 1.1, 0.1),
        (0, 0.3, 0.1),
        (1, 0, -0.1),
        (0.001, 0.01, 0.001),
        (5.5,),
        (3, 1),
        (7, 0, -2),
    ],
)
def test_arange_as_in_keras(arguments, dtype, keras):
    ours, theirs = [
        np.asarray(lib.ops.arange(*arguments, dtype=dtype)) for lib in (minikeras, keras)
    ]
    assert ours.shape == theirs.shape
    np.testing.assert_array_equal(ours, theirs.astype(ours.dtype))


def test_arange_of_numbers_in_single_precision_has_their_length(keras):
    numbers = [np.float32(v) for v in (0.1, 1.1, 0.1)]
    assert ops.arange(*numbers).shape == keras.ops.arange(*numbers).shape == (10,)
    with pytest.raises(ValueError, match="`step` must not be 0"):
        ops.arange(0, 1, 0)
