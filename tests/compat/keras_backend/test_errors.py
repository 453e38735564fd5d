"""What `keras.backend` refuses, and what it shows."""

import numpy as np
import pytest

from minikeras import Input, config

from .cases import INPUTS as I


def test_tensors_are_printed_whenever_they_are_computed(K, capsys):
    x = K.placeholder((None, 2))
    shown = K.print_tensor(x, message="x is")
    assert capsys.readouterr().out == ""
    f = K.function([x], [K.sum(shown), *K.gradients(K.sum(shown), x)])
    total, gradient = f([[[1.0, 2.0]]])
    assert capsys.readouterr().out == "x is [[1. 2.]]\n"
    assert total == 3.0 and gradient.tolist() == [[1.0, 1.0]]
    K.print_tensor(np.arange(10), "long", summarize=2)
    assert capsys.readouterr().out == "long [0 1 ... 8 9]\n"


def test_a_condition_of_examples_chooses_whole_examples(K):
    a, b = I["a"], I["b"]
    chosen = K.switch(np.array([True, False]), a, b)
    np.testing.assert_array_equal(chosen, np.stack([a[0], b[1]]))
    x = K.placeholder((None, 3))
    symbolic = K.switch(K.greater(x[:, 0], 0), x, -x)
    np.testing.assert_array_equal(K.function([x], symbolic)([b]), np.where(b[:, :1] > 0, b, -b))
    with pytest.raises(ValueError, match="must not have more axes"):
        K.switch(I["z"] > 0, a, b)


def test_dots_of_batches_that_do_not_fit(K):
    with pytest.raises(ValueError, match="at least 2 axes"):
        K.batch_dot(I["labels"], I["a"])
    with pytest.raises(ValueError, match="`axes` must be two numbers"):
        K.batch_dot(I["x"], I["y"], axes=((1, 2), 1))
    with pytest.raises(ValueError, match="do not lie behind the batch"):
        K.batch_dot(I["x"], I["y"], axes=(0, 1))
    with pytest.raises(ValueError, match="sizes 3 and 5 .* differ"):
        K.batch_dot(I["x"], I["y"], axes=(1, 2))


def test_dots_of_vectors_and_numbers(K):
    v = np.array([1.0, 2.0, 3.0], "float32")
    assert float(K.dot(v, v)) == 14.0
    np.testing.assert_allclose(K.dot(I["a"], v), I["a"] @ v, rtol=1e-5)
    np.testing.assert_allclose(K.dot(2.0, v), 2 * v)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda K: K.bias_add(I["img"], I["a"]), "expected a bias of 1 or 3 axes"),
        (lambda K: K.slice(I["a"], [0], [1]), "one number for each axis"),
        (lambda K: K.repeat(I["x"], 2), "a tensor of 2 axes"),
        (lambda K: K.pool2d(I["img"], (2, 2), pool_mode="sum"), "'max' or 'avg'"),
        (
            lambda K: K.resize_images(I["img"], 2, 2, None, "cubic"),
            "`interpolation` must be one of",
        ),
        (lambda K: K.spatial_2d_padding(I["img"], ((1, 1),)), "2 pairs of numbers"),
        (lambda K: K.categorical_crossentropy(I["t"], I["p"], axis=2), "one of the 2 axes"),
        (lambda K: K.normalize_data_format("last"), "channels_first"),
        (
            lambda K: K.ctc_decode(I["ctc"], [6, 6], greedy=False, beam_width=1, top_paths=3),
            "only 1",
        ),
        (lambda K: K.placeholder((2,), ragged=True), "ragged"),
    ],
)
def test_arguments_that_make_no_sense(K, call, message):
    with pytest.raises(ValueError, match=message):
        call(K)


def test_settings(K):
    assert (K.backend(), K.floatx(), K.image_data_format()) == (
        "tensorflow",
        "float32",
        "channels_last",
    )
    assert K.normalize_data_format(None) == "channels_last" and K.epsilon() == 1e-7
    assert K.cast_to_floatx([1, 2]).dtype == "float32"
    assert K.cast_to_floatx(K.constant([1], "int32")).dtype == "float32"
    try:
        K.set_floatx("float64")
        assert K.variable(1).dtype == K.constant(1).dtype == K.zeros((1,)).dtype == "float64"
        assert config.floatx() == "float64"
    finally:
        K.set_floatx("float32")
    assert K.get_uid("x") == 1 and K.get_uid("x") == 2
    K.reset_uids()
    assert K.get_uid("x") == 1
    assert K.np is np


def test_a_phase_without_a_value_is_no_obstacle(K):
    K.set_learning_phase(0)
    x = Input((2,))
    f = K.function([x, K.learning_phase()], [x + 1])
    assert f([np.ones((1, 2)), 0])[0].tolist() == [[2.0, 2.0]]
