"""`keras.backend` of Keras 1: other names, another order of arguments, other defaults."""

import numpy as np
import pytest

from minikeras import config

from .cases import INPUTS as I


def same(a, b):
    np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-6)


def test_losses_take_the_output_first(K, K1):
    same(K1.binary_crossentropy(I["prob"], I["bits"]), K.binary_crossentropy(I["bits"], I["prob"]))
    same(
        K1.categorical_crossentropy(I["p"], I["t"], False),
        K.categorical_crossentropy(I["t"], I["p"]),
    )
    same(
        K1.sparse_categorical_crossentropy(I["a"], I["labels"], from_logits=True),
        K.sparse_categorical_crossentropy(I["labels"], I["a"], from_logits=True),
    )


def test_convolutions_and_pools_by_their_old_names(K, K1):
    same(
        K1.conv2d(I["img"], I["k2"], (2, 2), "same", "tf", (None,) * 4, filter_shape=None),
        K.conv2d(I["img"], I["k2"], (2, 2), "same"),
    )
    first = np.moveaxis(I["img"], -1, 1)
    same(
        K1.conv2d(first, I["k2"], border_mode="same", dim_ordering="th"),
        K.conv2d(first, I["k2"], padding="same", data_format="channels_first"),
    )
    same(K1.conv1d(I["seq"], I["k1"], 2, "same"), K.conv1d(I["seq"], I["k1"], 2, "same"))
    same(
        K1.conv3d(I["vol"], I["k3"], border_mode="same"),
        K.conv3d(I["vol"], I["k3"], padding="same"),
    )
    same(
        K1.conv2d(I["img"], I["k2"], filter_dilation=(2, 2)),
        K1.atrous_conv2d(I["img"], I["k2"], rate=2),
    )
    same(
        K1.deconv2d(I["img"], I["kt"], (2, 10, 12, 4), (2, 2), "same"),
        K.conv2d_transpose(I["img"], I["kt"], (2, 10, 12, 4), (2, 2), "same"),
    )
    same(
        K1.pool2d(I["img"], (2, 2), (2, 2), "valid", "tf", "avg"),
        K.pool2d(I["img"], (2, 2), (2, 2), pool_mode="avg"),
    )
    same(
        K1.pool3d(I["vol"], (2, 2, 2), border_mode="same"),
        K.pool3d(I["vol"], (2, 2, 2), padding="same"),
    )
    same(
        K1.separable_conv2d(I["img"], I["kd"], I["kp"], border_mode="same"),
        K.separable_conv2d(I["img"], I["kd"], I["kp"], padding="same"),
    )


def test_shapes_by_their_old_names(K, K1):
    same(K1.expand_dims(I["a"], dim=1), K.expand_dims(I["a"], 1))
    same(K1.one_hot(I["n"], nb_classes=8), K.one_hot(I["n"], 8))
    same(K1.resize_images(X=I["first"], height_factor=2, width_factor=3, dim_ordering="th"),
         K.resize_images(I["first"], 2, 3, "channels_first"))  # fmt: skip
    same(K1.resize_volumes(I["vol"], 1, 2, 2, "tf"), K.resize_volumes(I["vol"], 1, 2, 2, None))
    same(
        K1.spatial_2d_padding(I["img"], (1, 2)), np.pad(I["img"], ((0, 0), (1, 1), (2, 2), (0, 0)))
    )
    same(
        K1.spatial_3d_padding(I["vol"], padding=(1, 0, 2), dim_ordering="th"),
        np.pad(I["vol"], ((0, 0), (0, 0), (1, 1), (0, 0), (2, 2))),
    )
    same(K1.temporal_padding(I["seq"], 2), np.pad(I["seq"], ((0, 0), (2, 2), (0, 0))))
    same(K1.asymmetric_temporal_padding(I["seq"], 2, 0), np.pad(I["seq"], ((0, 0), (2, 0), (0, 0))))
    same(
        K1.asymmetric_spatial_2d_padding(I["img"], 1, 0, 2, 0),
        np.pad(I["img"], ((0, 0), (1, 0), (2, 0), (0, 0))),
    )
    same(K1.pack([I["a"], I["b"]]), np.stack([I["a"], I["b"]]))
    same(K1.lesser(I["a"], I["b"]), I["a"] < I["b"])
    same(K1.lesser_equal(I["n"], 3), I["n"] <= 3)
    assert K1.pattern_broadcast(I["a"], (True, False)) is I["a"]


def test_numbers_by_their_old_names(K1):
    assert abs(K1.eval(K1.random_normal((500,), mean=1.0, std=0.1, seed=2)) - 1).max() < 0.6
    drawn = K1.eval(K1.random_uniform((500,), low=2.0, high=3.0, seed=2))
    assert drawn.min() >= 2 and drawn.max() <= 3
    same(
        K1.batch_normalization(I["a"], I["a"][0], I["pos"][0], I["b"][1], I["a"][1], 0.1),
        (I["a"] - I["a"][0]) / np.sqrt(I["pos"][0] + 0.1) * I["a"][1] + I["b"][1],
    )


def test_orderings_of_images(K1):
    assert K1.image_dim_ordering() == "tf"
    try:
        K1.set_image_dim_ordering("th")
        assert config.image_data_format() == "channels_first" and K1.image_dim_ordering() == "th"
    finally:
        config.set_image_data_format("channels_last")
    with pytest.raises(ValueError, match="Unknown dim_ordering: 'x'"):
        K1.set_image_dim_ordering("x")
    with pytest.raises(ValueError, match="must be 'tf', 'th' or 'default'"):
        K1.pool2d(I["img"], (2, 2), dim_ordering="x")


def test_what_means_nothing_today(K1):
    K1.set_legacy_weight_ordering(True)
    K1.manual_variable_initialization(True)
    assert K1.legacy_weight_ordering() is False
    assert K1.backend() == "tensorflow" and K1._get_available_gpus() == []
    assert K1.is_explicit_shape((None, 3)) and not K1.is_explicit_shape(3)
    with K1.name_scope("scope"), K1.control_dependencies([]), K1.v1_variable_initialization():
        pass
    assert K1.eager(abs) is abs is K1.symbolic(abs)
