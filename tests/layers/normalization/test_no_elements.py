"""Normalization of arrays without elements, as Keras has it: no error, and empty results."""

import numpy as np
import pytest

import minikeras
from minikeras import GradientTape, Variable, ops

SHAPES = [(2, 0), (0, 3), (0, 0), (2, 3, 0), (2, 0, 3), (0, 2, 3)]
LAYERS = [
    ("BatchNormalization", {}),
    ("BatchNormalization", {"axis": 1}),
    ("BatchNormalization", {"center": False, "scale": False}),
    ("BatchNormalization", {"renorm": True}),
    ("GroupNormalization", {"groups": -1}),
    ("LayerNormalization", {}),
    ("LayerNormalization", {"axis": [0, 1]}),
    ("LayerNormalization", {"axis": 1, "center": False}),
    ("RMSNormalization", {}),
    ("UnitNormalization", {}),
]
CASES = [
    (name, kwargs, shape, training)
    for name, kwargs in LAYERS
    for shape in SHAPES
    for training in ((False, True) if name == "BatchNormalization" else (False,))
    if name != "GroupNormalization" or shape in [(0, 3), (0, 2, 3)]  # the others Keras refuses
]


@pytest.mark.parametrize("dtype", ["float32", "mixed_float16"])
@pytest.mark.parametrize(("name", "kwargs", "shape", "training"), CASES, ids=str)
def test_layers(keras, name, kwargs, shape, training, dtype):
    call = {"training": training} if name == "BatchNormalization" else {}
    x = np.zeros(shape, "float32")
    theirs = getattr(keras.layers, name)(**kwargs, dtype=dtype)
    expected = theirs(x, **call)
    ours = getattr(minikeras.layers, name)(**kwargs, dtype=dtype)
    inputs = Variable(x)
    with np.errstate(all="ignore"), GradientTape() as tape:
        y = ours(inputs, **call)
        total = ops.sum(y)
        sources = [inputs, *ours.trainable_variables]
        grads = tape.gradient(total, sources, unconnected_gradients="zero")
    assert (tuple(y.shape), str(y.dtype)) == (tuple(expected.shape), str(expected.dtype))
    assert [g.shape for g in grads] == [v.shape for v in sources]
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        assert a.shape == b.shape
        # Keras's moving averages become NaN: one batch spoils the model.
        assert np.isfinite(a).all()


@pytest.mark.parametrize("shape", [*SHAPES, (0,)], ids=str)
def test_ops(narrow_keras, shape):
    x, factors = np.zeros(shape, "float32"), np.ones(shape[-1], "float32")
    calls = [
        ("layer_normalization", (factors, factors)),
        ("layer_normalization", ()),
        ("rms_normalization", (factors,)),
        ("rms_normalization", ()),
        ("batch_normalization", (factors, factors, -1, factors, factors)),
        ("normalize", ()),
    ]
    for name, more in calls:
        with narrow_keras() as keras:
            expected = getattr(keras.ops, name)(x, *more)
        y = getattr(ops, name)(x, *more)
        assert (tuple(y.shape), str(y.dtype)) == (tuple(expected.shape), str(expected.dtype))


def test_gradients_of_gradients():
    x = Variable(np.zeros((2, 3, 0), "float32"))
    with np.errstate(all="ignore"), GradientTape() as outer:
        with GradientTape() as tape:
            y = ops.sum(ops.square(ops.layer_normalization(x)))
        first = tape.gradient(y, x)
        total = ops.sum(first)
        second = outer.gradient(total, x)
    assert first.shape == second.shape == x.shape


@pytest.mark.parametrize("groups", [1, -1])
def test_groups_of_no_channels_are_refused_as_in_keras(keras, groups):
    x = np.zeros((2, 0), "float32")
    with pytest.raises((ValueError, ZeroDivisionError)):
        keras.layers.GroupNormalization(groups)(x)
    with pytest.raises(ValueError, match=r"'norm'.*at least one channel.*\(2, 0\)"):
        minikeras.layers.GroupNormalization(groups, name="norm")(x)


def test_dense_layers_of_no_features_give_their_bias():
    dense = minikeras.layers.Dense(4, bias_initializer="ones")
    x = Variable(np.zeros((2, 3, 0), "float32"))
    with GradientTape() as tape:
        y = dense(x)
        grads = tape.gradient(ops.sum(y), [x, dense.kernel, dense.bias])
    np.testing.assert_array_equal(y, np.ones((2, 3, 4)))
    assert [g.shape for g in grads] == [(2, 3, 0), (0, 4), (4,)]
    np.testing.assert_array_equal(grads[2], np.full(4, 6))
