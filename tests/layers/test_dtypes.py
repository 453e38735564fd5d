"""Every layer on integers, booleans and floats of other widths, and in half precision."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from layer_cases import Array, Make, all_cases, first_call

import minikeras
from minikeras import layers, tree
from minikeras.common.configurable import parameters_of
from minikeras.common.dtypes import np_dtype, standardize_dtype

pytest.importorskip("ml_dtypes")

CASES = all_cases()
INPUTS = {"bool": (), "uint8": (), "int32": ("int64", "int8"), "bfloat16": ("float16",)}
"""Dtypes of inputs, and others for which the results have the same."""

POLICIES = ("float16", "bfloat16", "mixed_float16", "mixed_bfloat16")

# Keras cuts the normalized values of integers down to integers.
CUT_TO_INTEGERS = {"GroupNormalization"}
# Keras calls the wrapped layer in the dtype that this one was made with, minikeras in the wrapper's.
OWN_DTYPE = {"TimeDistributed"}
# What has no weights gives the dtype that they would have.
OF_WEIGHTS = {"CategoryEncoding"}
# Cells have no dtype of their own states; the row's are float64.
STATES = {"StackedRNNCells"}


def make(library, name, call, policy):
    kwargs = {k: v.function(library) if isinstance(v, Make) else v for k, v in call.kwargs.items()}
    if "dtype" in parameters_of(getattr(minikeras.layers, name)):
        kwargs["dtype"] = policy
    return getattr(library.layers, name)(**kwargs, name="tested")


def arguments(call, dtype):
    """Return the arguments of a call, float inputs in another dtype."""

    def value(x):
        if not isinstance(x, Array):
            return x
        y = x.value("float32")
        if x.dtype != "float":
            return y
        return (np.abs(y) if np_dtype(dtype).kind == "u" else y).astype(np_dtype(dtype))

    inputs = call.inputs if isinstance(call.inputs, tuple) else (call.inputs,)
    args = tuple(tree.map_structure(value, x) for x in inputs)
    return args, {k: tree.map_structure(value, v) for k, v in call.call.items()}


def outputs_of(layer, args, kwargs):
    with np.errstate(all="ignore"):
        return [y for y in tree.flatten(layer(*args, **kwargs)) if y is not None]


def dtypes_of(outputs):
    return [standardize_dtype(y.dtype) for y in outputs]


def keras_dtypes(keras, name, call, dtype, policy):
    """Return the dtypes that Keras gives, without running; None if it refuses."""
    import jax

    args, kwargs = arguments(call, dtype)
    found = []

    def run(flat):
        xs, more = tree.pack_sequence_as((args, kwargs), flat)
        layer = make(keras, name, call, policy)
        found[:] = dtypes_of([y for y in tree.flatten(layer(*xs, **more)) if y is not None])

    flat = tree.flatten((args, kwargs))
    arrays = [i for i, x in enumerate(flat) if isinstance(x, np.ndarray)]

    def traced(*xs):
        leaves = list(flat)
        for i, x in zip(arrays, xs):
            leaves[i] = x
        run(leaves)

    with contextlib.suppress(Exception), keras.StatelessScope():
        jax.eval_shape(traced, *[flat[i] for i in arrays])
        return list(found)
    with contextlib.suppress(Exception):
        run(flat)
        return list(found)
    return None


each_layer = pytest.mark.parametrize("name", sorted(set(CASES) - STATES))


@each_layer
def test_every_layer_on_every_dtype(name, narrow_keras):
    call, wrong = first_call(name), {}
    leaves = tree.flatten((call.inputs, call.call))
    if not any(isinstance(x, Array) and x.dtype == "float" for x in leaves):
        return  # its inputs are no floats
    for dtype, others in INPUTS.items():
        with narrow_keras() as keras:
            expected = keras_dtypes(keras, name, call, dtype, "float32")
        for d in (dtype, *others) if expected is not None else ():
            minikeras.utils.clear_session()
            args, kwargs = arguments(call, d)
            layer = make(minikeras, name, call, "float32")
            got = dtypes_of(outputs_of(layer, args, kwargs))
            if [g.replace(d, dtype) for g in got] != expected:
                wrong[d] = f"{got}, Keras {expected}"
    assert not wrong


@each_layer
@pytest.mark.parametrize("policy", POLICIES)
def test_every_layer_in_half_precision(name, policy):
    """Results have the compute dtype, gradients that of the weights."""
    if name in OWN_DTYPE | OF_WEIGHTS:
        return  # see above
    call = first_call(name)
    args, kwargs = arguments(call, "float32")
    layer = make(minikeras, name, call, policy)
    outputs = outputs_of(layer, args, kwargs)
    assert {standardize_dtype(y.dtype) for y in outputs if y.dtype.kind in "fV"} <= {
        layer.compute_dtype
    }
    if not layer.trainable_weights:
        return
    with minikeras.GradientTape() as tape:
        total = [
            minikeras.ops.mean(minikeras.ops.cast(y, "float32"))
            for y in outputs_of(layer, args, kwargs)
        ]
    grads = tape.gradient(total, layer.trainable_weights, unconnected_gradients="zero")
    assert dtypes_of(grads) == [w.dtype for w in layer.trainable_weights]


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "int64"])
def test_products_with_integers_are_float32(dtype):
    """`Conv2D(1, 2, kernel_initializer=Constant(.3))` of ones is 1.2, in float32."""
    constant = minikeras.initializers.Constant(0.3)
    options = dict(kernel_initializer=constant)
    image = np.ones((1, 2, 2, 1), dtype)
    rows = np.ones((2, 4), dtype)
    for layer, x, expected in (
        (layers.Conv2D(1, 2, **options), image, 1.2),
        (layers.Conv2DTranspose(1, 2, 2, **options), image, 0.3),
        (layers.DepthwiseConv2D(2, depthwise_initializer=constant), image, 1.2),
        (layers.Dense(1, **options), rows, 1.2),
        (layers.EinsumDense("ab,bc->ac", 1, **options), rows, 1.2),
        (layers.AveragePooling2D(2), image, 1.0),
        (layers.GlobalAveragePooling2D(), image, 1.0),
        (layers.LayerNormalization(), rows, 0.0),
    ):
        y = layer(x)
        assert y.dtype == "float32"
        np.testing.assert_allclose(y, np.full(y.shape, expected), rtol=1e-6)
        described = layer(minikeras.KerasTensor(x.shape, dtype))
        assert described.dtype == "float32"


class Own(minikeras.Model):
    def __init__(self):
        super().__init__()
        self.hidden, self.out = layers.Dense(4, activation="relu"), layers.Dense(1)

    def call(self, x):
        return self.out(self.hidden(x))


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "int64"])
def test_fit_of_a_subclassed_model_on_integers(dtype):
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 2, (16, 5)).astype(dtype), rng.integers(0, 2, (16, 1)).astype(dtype)
    minikeras.utils.set_random_seed(0)
    ours, floats = Own(), Own()
    histories = []
    for model in (ours, floats):
        model.compile("sgd", "mse")
        model.build((None, 5))
    floats.set_weights(ours.get_weights())
    for model, a in ((ours, x), (floats, x.astype("float32"))):
        history = model.fit(a, y.astype(a.dtype), epochs=2, shuffle=False, verbose=0)
        histories.append(history.history["loss"])
    np.testing.assert_allclose(*histories, rtol=1e-6)
    assert ours.predict(x, verbose=0).dtype == np.float32


@pytest.mark.parametrize("policy", POLICIES)
def test_fit_in_half_precision(policy):
    minikeras.config.set_dtype_policy(policy)
    minikeras.utils.set_random_seed(1)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(48, 8, 8, 1))
    labels = (x.mean((1, 2, 3)) > 0).astype("int32")
    model = minikeras.Sequential(
        [
            layers.Conv2D(4, 3, activation="gelu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.LayerNormalization(),
            layers.Dropout(0.1),
            layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile(minikeras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    losses = model.fit(x, labels, epochs=6, verbose=0).history["loss"]
    assert np.all(np.isfinite(losses)) and losses[-1] < losses[0]
    compute = model.dtype_policy.compute_dtype
    assert standardize_dtype(model.predict(x[:2], verbose=0).dtype) == compute
    assert {w.dtype for w in model.trainable_weights} == {model.dtype_policy.variable_dtype}


def test_layer_normalization_with_the_epsilon_of_the_settings(keras):
    x = np.array([[1.0, 1.001, 0.999]], "float32")
    for name in ("LayerNormalization", "RMSNormalization"):
        expected = getattr(keras.layers, name)(epsilon=None)(x)
        np.testing.assert_allclose(getattr(layers, name)(epsilon=None)(x), expected, rtol=1e-4)
