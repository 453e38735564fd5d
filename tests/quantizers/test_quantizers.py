"""Quantizers and their functions, beside Keras's."""

from __future__ import annotations

import numpy as np
import pytest

import minikeras
from minikeras import quantizers

RNG = np.random.default_rng(0)
X = RNG.normal(size=(5, 4)).astype("float32")


def alike(ours, theirs):
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs):
        a, b = np.asarray(a), np.asarray(b)
        assert a.dtype == b.dtype and a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("axis", [0, -1, (0, 1)])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("value_range", [(-127, 127), (-8, 7)])
def test_the_largest_value_is_the_largest_integer(keras, axis, dtype, value_range):
    x = X.astype(dtype)
    options = {"axis": axis, "value_range": value_range}
    alike(
        quantizers.abs_max_quantize(x, **options), keras.quantizers.abs_max_quantize(x, **options)
    )
    integers, scale = quantizers.AbsMaxQuantizer(**options)(x)
    alike((integers, scale), keras.quantizers.AbsMaxQuantizer(**options)(x))
    assert np.abs(np.asarray(integers)).max() == value_range[1]


@pytest.mark.parametrize("block_size", [2, 3, 5, 8])
def test_groups_have_their_own_zero(keras, block_size):
    x = X.copy()
    x[:, 3] = 0.25  # all alike
    ours = quantizers.abs_max_quantize_grouped_with_zero_point(x, block_size)
    alike(ours, keras.quantizers.abs_max_quantize_grouped_with_zero_point(x, block_size))
    integers, scale, zero = map(np.asarray, ours)
    group = np.arange(5) // block_size
    back = (integers.astype("float32") - zero[group]) * scale[group]
    for g in range(len(scale)):
        rows = x[group == g]
        around_zero = (rows.min(axis=0) <= 0) & (rows.max(axis=0) >= 0)  # elsewhere it is cut off
        error = np.abs(back[group == g] - rows).max(axis=0)
        assert (error <= 1.01 * scale[g])[around_zero].all()
    with pytest.raises(ValueError, match="`inputs` must be a matrix"):
        quantizers.abs_max_quantize_grouped_with_zero_point(X[0], 2)
    with pytest.raises(ValueError, match="block_size"):
        quantizers.abs_max_quantize_grouped_with_zero_point(X, 0)


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("shape", [(4, 6, 2), (3, 5, 1)])
def test_four_bits(keras, dtype, axis, shape):
    low, high = (-8, 8) if dtype == "int8" else (0, 16)
    x = RNG.integers(low, high, shape).astype(dtype)
    packed, packed_shape, length = quantizers.pack_int4(x, axis, dtype)
    theirs = keras.quantizers.pack_int4(x, axis, dtype)
    alike([packed], theirs[:1])
    assert (packed_shape, length) == (tuple(theirs[1]), theirs[2])
    np.testing.assert_array_equal(quantizers.unpack_int4(packed, length, axis, dtype), x)


def test_bytes_that_are_none():
    with pytest.raises(ValueError, match="`dtype` must be 'int8' or 'uint8'.*'int4'"):
        quantizers.pack_int4(np.zeros(2, "int8"), dtype="int4")
    with pytest.raises(TypeError, match="`arr` must have the dtype int8.*float32"):
        quantizers.pack_int4(np.zeros(2, "float32"))
    with pytest.raises(TypeError, match="`packed`"):
        quantizers.unpack_int4(np.zeros(2, "int32"), 3)


@pytest.mark.parametrize("kind", ["float8_e4m3fn", "float8_e5m2"])
def test_floats_of_eight_bits(keras, kind):
    ml_dtypes = pytest.importorskip("ml_dtypes")
    every = np.arange(256, dtype="uint8").view(kind).astype("float32")
    every = every[np.isfinite(every)]
    between = (np.sort(every)[1:] + np.sort(every)[:-1]) / 2  # the ties
    x = np.concatenate([every, between, RNG.normal(size=200) * 30, [1e-9, 1e6]]).astype("float32")
    ours = quantizers.quantize_and_dequantize(x, 0.5, kind, "float32")
    alike([ours], [keras.quantizers.quantize_and_dequantize(x, 0.5, kind, "float32")])
    largest = float(ml_dtypes.finfo(kind).max)
    assert np.abs(np.asarray(ours)).max() == 0.5 * largest
    gradient = minikeras.grad(
        lambda x: minikeras.ops.sum(quantizers.quantize_and_dequantize(x, 2.0, kind, "float32"))
    )(np.float32([0.3, 1e6]))
    assert np.asarray(gradient).tolist() == [1.0, 0.0]


def test_scales_of_floats_of_eight_bits(keras):
    for amax in (3.0, 0.0, np.inf, np.nan):
        for margin in (0, 1):
            arguments = (np.float32(amax), np.float32(2.0), np.float32(448.0), margin)
            alike(
                [quantizers.compute_float8_scale(*arguments)],
                [keras.quantizers.compute_float8_scale(*arguments)],
            )
    history = np.float32([3, 2, 1])
    alike(
        [quantizers.compute_float8_amax_history(X, history)],
        [keras.quantizers.compute_float8_amax_history(X, history)],
    )


BOUNDS = [
    (-1.0, 1.0, None),
    (0.3, 1.2, None),
    (np.float32([-1, -0.5, 0, -2]), np.float32([1, 2, 1, 3]), 1),
]


@pytest.mark.parametrize("low, high, axis", BOUNDS)
@pytest.mark.parametrize("bits, narrow", [(8, False), (4, True)])
def test_fake_quantization(keras, low, high, axis, bits, narrow):
    import jax

    options = {"num_bits": bits, "narrow_range": narrow, "axis": axis}
    low, high = np.float32(low), np.float32(high)
    ours = quantizers.fake_quant_with_min_max_vars(X, low, high, **options)
    theirs = keras.quantizers.fake_quant_with_min_max_vars(X, low, high, **options)
    alike([ours], [theirs])
    weights = RNG.normal(size=X.shape).astype("float32")

    def loss(library):
        f = library.quantizers.fake_quant_with_min_max_vars
        return lambda x, a, b: library.ops.sum(f(x, a, b, **options) * weights)

    wanted = jax.grad(loss(keras), (0, 1, 2))(X, low, high)
    got = minikeras.grad(loss(minikeras), argnums=(0, 1, 2))(X, low, high)
    for a, b in zip(got, wanted):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    if axis is None:
        inputs = minikeras.Input((4,))
        model = minikeras.Model(
            inputs,
            quantizers.fake_quant_with_min_max_vars(inputs, float(low), float(high), **options),
        )
        np.testing.assert_array_equal(model(X), ours)


def test_one_pair_of_bounds_for_all_channels():
    def loss(axis):
        f = quantizers.fake_quant_with_min_max_vars
        return lambda x, low, high: minikeras.ops.sum(f(x, low, high, axis=axis) * X)

    arguments = (X, np.float32(-0.5), np.float32(0.5))
    got, wanted = (minikeras.grad(loss(axis), argnums=(0, 1, 2))(*arguments) for axis in (1, None))
    for a, b in zip(got, wanted):
        np.testing.assert_array_equal(a, b)


def test_names_and_configs(keras):
    quantizer = quantizers.AbsMaxQuantizer(axis=[0, 1], value_range=(-100, 100), epsilon=1e-3)
    theirs = keras.quantizers.AbsMaxQuantizer(axis=[0, 1], value_range=(-100, 100), epsilon=1e-3)
    assert quantizer.get_config() == theirs.get_config()
    config = quantizers.serialize(quantizer)
    assert config == keras.quantizers.serialize(theirs)
    assert quantizers.deserialize(config).get_config() == quantizer.get_config()
    assert "axis" not in quantizers.AbsMaxQuantizer().get_config()
    assert quantizers.get(None) is None and quantizers.get(quantizer) is quantizer
    assert quantizers.get("AbsMaxQuantizer", axis=2).axis == (2,)
    with pytest.raises(ValueError, match="Unknown quantizer: 'nothing'"):
        quantizers.get("nothing")
    with pytest.raises(ValueError, match=r"value_range.*\[-128, 127\]"):
        quantizers.AbsMaxQuantizer(value_range=(-200, 127))
