"""GPTQ and AWQ on single kernels, and the data they calibrate with, beside Keras's functions."""

from __future__ import annotations

import numpy as np
import pytest

from minikeras import quantizers
from minikeras.common.serialization import deserialize_keras_object, serialize_keras_object
from minikeras.quantizers.calibration import levels
from minikeras.quantizers.gptq import passed_on

RNG = np.random.default_rng(0)
SIGNS = (-1.0) ** np.arange(150)[:, None]  # in every group there are numbers of both signs
KERNEL = (np.abs(RNG.normal(size=(150, 6))) * SIGNS).astype("float32")
INPUTS = (RNG.normal(size=(400, 150)) @ RNG.normal(size=(150, 150))).astype("float32")
INPUTS[:, 4] = 0
WRONG = {
    "num_samples": 0,
    "sequence_length": 0,
    "group_size": 0,
    "weight_bits": 5,
    "hessian_damping": 2.0,
    "num_grid_points": 0,
}


def config(name, k=quantizers, **options):
    return getattr(k, name)(["text"], list, **options)


def back(found):
    """What rounded integers stand for."""
    groups = found["g_idx"].astype(int)
    kernel = (found[""] - found["_zero"][groups].astype("float32")) * found["_scale"][groups]
    factors = found.get("awq_scales")
    return kernel if factors is None else kernel / factors[:, None]


def calibrated(name, inputs=INPUTS, kernel=KERNEL, **options):
    observer = config(name, **options).observer(len(kernel), "Layer 'dense'")
    for part in np.array_split(inputs, 3):
        observer.update(part[None])
    return observer, observer.quantized(kernel)


@pytest.mark.parametrize(
    "options",
    [
        {"group_size": 8},
        {"group_size": 16, "symmetric": True, "weight_bits": 8},
        {"group_size": 4, "weight_bits": 3, "per_channel": False},
        {"group_size": 16, "activation_order": True},
    ],
)
def test_gptq_rounds_as_keras_that_is_given_the_factor_of_the_inverse(keras, monkeypatch, options):
    pytest.importorskip("jax")
    from keras.src.quantizers.gptq import gptq_quantize_matrix
    from keras.src.quantizers.quantizers import GPTQQuantizer

    monkeypatch.setattr("minikeras.quantizers.gptq._BLOCK", 16)
    rows = 48
    observer, found = calibrated("GPTQConfig", INPUTS[:, :rows], KERNEL[:rows], **options)
    theirs = keras.quantizers.GPTQConfig(None, None, **options)
    hessian = 2 * INPUTS[:, :rows].T.astype("float64") @ INPUTS[:, :rows] / len(INPUTS)
    hessian[4, 4] = 1
    hessian += 0.01 * np.diag(hessian).mean() * np.eye(rows)
    order = np.arange(rows)
    if options.get("activation_order"):
        order = np.argsort(-np.diag(hessian), kind="stable")
    factor = np.empty_like(hessian)
    inverse = np.linalg.inv(hessian[np.ix_(order, order)])
    factor[np.ix_(order, order)] = np.linalg.cholesky(inverse).T
    q, scale, zero, groups = gptq_quantize_matrix(
        KERNEL[:rows].T,
        factor.astype("float32"),
        blocksize=16,
        group_size=options["group_size"],
        activation_order=options.get("activation_order", False),
        order_metric=np.diag(hessian),
        compute_scale_zero=GPTQQuantizer(theirs, compute_dtype="float32").find_params,
    )
    different = found[""] != np.asarray(q).T
    assert different.mean() < 0.01  # what lies half way between two integers
    np.testing.assert_allclose(found["_scale"].T, scale, rtol=1e-3)
    np.testing.assert_array_equal(found["g_idx"], np.floor(groups))
    assert np.abs(found["_zero"].T.astype(int) - np.asarray(zero)).max() <= 1


@pytest.mark.parametrize("group_size", [16, -1])
def test_awq_rounds_as_keras(keras, group_size):
    from keras.src.quantizers.awq import awq_quantize_matrix

    _, found = calibrated("AWQConfig", group_size=group_size)
    theirs = awq_quantize_matrix(KERNEL.T, np.abs(INPUTS).max(axis=0), group_size=group_size)
    assert (found[""] != np.asarray(theirs[0]).T).mean() < 0.001
    np.testing.assert_allclose(found["_scale"].T, theirs[1], rtol=1e-4)
    np.testing.assert_array_equal(found["_zero"].T, theirs[2])
    np.testing.assert_allclose(found["awq_scales"], theirs[3], rtol=1e-4)
    np.testing.assert_array_equal(found["g_idx"], theirs[4])


def test_outputs_change_less_than_by_plain_rounding():
    def error(found):
        return np.linalg.norm(INPUTS @ (back(found) - KERNEL)) / np.linalg.norm(INPUTS @ KERNEL)

    plain = error(config("GPTQConfig").observer(150, "").quantized(KERNEL))  # it saw no data
    assert error(calibrated("GPTQConfig")[1]) < 0.9 * plain
    assert error(calibrated("GPTQConfig", activation_order=True)[1]) < 0.7 * plain
    loud = INPUTS * np.where(np.arange(150) % 50 == 3, 20, 1).astype("float32")
    plain = config("AWQConfig").observer(150, "").quantized(KERNEL)
    found = calibrated("AWQConfig", loud)[1]
    errors = [np.linalg.norm(loud @ (back(f) - KERNEL)) for f in (found, plain)]
    assert errors[0] < 0.9 * errors[1]


def test_a_loss_is_passed_on_so_that_the_error_is_least():
    hessian = INPUTS[:, :5].T.astype("float64") @ INPUTS[:, :5] + np.eye(5)
    for i, shares in enumerate(passed_on(hessian)):
        # A loss of 1 in row i: the others that follow solve the normal equations.
        rest = hessian[i + 1 :, i + 1 :]
        expected = -np.linalg.solve(rest, hessian[i + 1 :, i]) if i < 4 else []
        np.testing.assert_allclose(shares[i + 1 :], expected, rtol=1e-6)


@pytest.mark.parametrize("symmetric", [False, True])
def test_groups_of_one_sign_keep_their_numbers(symmetric):
    kernel = np.array([[5.0, -5.0], [6.0, -6.0], [0.0, 0.0]], "float32")
    scale, zero = levels(kernel, 2, 4, symmetric)
    q = np.clip(np.round(kernel / scale[[0, 0, 1]] + zero[[0, 0, 1]]), 0, 15)
    error = np.abs((q - zero[[0, 0, 1]]) * scale[[0, 0, 1]] - kernel)
    assert (error <= scale[[0, 0, 1]]).all() and (zero <= 15).all()


def test_a_group_may_end_anywhere():
    _, found = calibrated("GPTQConfig", group_size=100)
    assert found["_scale"].shape == (2, 6)
    _, whole = calibrated("GPTQConfig", group_size=-1)
    np.testing.assert_array_equal(whole["_scale"], levels(KERNEL, 150, 4)[0])
    np.testing.assert_array_equal(whole["g_idx"], 0)


@pytest.mark.parametrize("name", ["GPTQConfig", "AWQConfig"])
def test_config_is_keras(keras, name):
    ours, theirs = [
        config(name, k, num_samples=3, group_size=32) for k in (quantizers, keras.quantizers)
    ]
    written = serialize_keras_object(ours)
    assert written == keras.saving.serialize_keras_object(theirs)
    again = deserialize_keras_object(written)
    assert again.get_config() == ours.get_config() and again.dataset is None
    assert ours.dtype_policy_string() == theirs.dtype_policy_string()
    for argument in set(WRONG) & set(ours.get_config()):
        for k in (quantizers, keras.quantizers):
            with pytest.raises(ValueError):
                config(name, k, **{argument: WRONG[argument]})


def test_windows_are_keras(keras, monkeypatch):
    from keras.src.quantizers import gptq_core

    # Keras begins somewhere else in each process, we begin at the beginning.
    monkeypatch.setattr(gptq_core, "hash", lambda seed: 0, raising=False)

    class Letters:
        def tokenize(self, text):
            return [ord(c) for c in text]

    for dataset, tokenizer in (
        (["some text", "and more of it"], Letters()),
        (RNG.integers(0, 9, (7, 1, 11)), None),
        ([[1, 2, 3]], None),
    ):
        ours = quantizers.GPTQConfig(dataset, tokenizer, num_samples=5, sequence_length=6).windows()
        theirs = gptq_core.get_dataloader(tokenizer, 6, dataset, num_samples=5)
        np.testing.assert_array_equal(ours, theirs[:, 0])
        assert ours.dtype == np.int32


def test_data_that_cannot_be_used_says_so():
    for dataset, message in (
        (None, "`dataset` must be an iterable"),
        ("text", "`dataset` must be an iterable"),
        ([], "empty"),
        (["text"], "`tokenizer` must not be None"),
        ([np.ones(3)], "token ids, which are integers.*float64"),
    ):
        with pytest.raises(ValueError, match=message):
            quantizers.AWQConfig(dataset, None).windows()
    for name in ("GPTQConfig", "AWQConfig"):
        observer = config(name).observer(2, "Layer 'dense'")
        observer.update(np.array([[np.inf, 1]]))
        with pytest.raises(ValueError, match="Layer 'dense'.*not finite"):
            observer.quantized(KERNEL[:2])
    observer = config("AWQConfig").observer(2, "Layer 'dense'")
    with pytest.raises(ValueError, match="Layer 'dense'.*weights are not finite"):
        observer.quantized(np.full((2, 1), np.nan, "float32"))
    observer = config("GPTQConfig", hessian_damping=0.0).observer(2, "Layer 'dense'")
    observer.update(np.ones((3, 2)))
    with pytest.raises(ValueError, match="Layer 'dense'.*singular.*hessian_damping"):
        observer.quantized(KERNEL[:2])
