"""A rank may have no rows of a small batch: layers, losses and metrics take none, and have gradients."""

from __future__ import annotations

import numpy as np
import pytest

import minikeras as keras
from minikeras import layers, metrics, ops
from minikeras.trainers.data_adapters import ArrayDataAdapter

LAYERS = {
    "conv": (lambda: layers.Conv2D(8, 3, padding="same", activation="relu"), (8, 8, 4)),
    "wide conv": (lambda: layers.Conv2D(32, 3, padding="same"), (16, 16, 16)),
    "conv with strides": (lambda: layers.Conv2D(3, 3, strides=2), (8, 8, 2)),
    "depthwise": (lambda: layers.DepthwiseConv2D(3), (6, 6, 2)),
    "transposed": (lambda: layers.Conv2DTranspose(3, 3, strides=2), (5, 5, 2)),
    "max": (lambda: layers.MaxPooling2D(), (6, 6, 2)),
    "average": (lambda: layers.AveragePooling2D(3, padding="same"), (6, 6, 2)),
    "global max": (lambda: layers.GlobalMaxPooling2D(), (6, 6, 2)),
    "lstm": (lambda: layers.Bidirectional(layers.LSTM(4, return_sequences=True)), (5, 3)),
    "gru": (lambda: layers.GRU(4), (5, 3)),
    "conv lstm": (lambda: layers.ConvLSTM2D(2, 3), (3, 5, 5, 2)),
    "layer norm": (lambda: layers.LayerNormalization(), (5, 3)),
    "group norm": (lambda: layers.GroupNormalization(2), (4, 4, 4)),
    "batch norm": (lambda: layers.BatchNormalization(), (5, 5, 4)),
    "attention": (lambda: SelfAttention(), (5, 4)),
    "resize": (lambda: layers.Resizing(3, 3), (6, 6, 2)),
    "flip": (lambda: layers.RandomFlip(), (8, 8, 3)),
    "rotate": (lambda: layers.RandomRotation(0.2), (8, 8, 3)),
    "dropout": (lambda: layers.SpatialDropout2D(0.5), (4, 4, 3)),
}


class SelfAttention(layers.Layer):
    def __init__(self):
        super().__init__()
        self.attend = layers.MultiHeadAttention(2, 3, dropout=0.3)

    def call(self, x):
        return self.attend(x, x)


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name):
    make, shape = LAYERS[name]
    inputs = keras.Input(shape)
    layer = make()
    y = layers.Dense(2)(layers.Flatten()(layer(layers.Dense(shape[-1])(inputs))))
    model = keras.Model(inputs, y)
    model.compile("sgd", "mse")
    model.optimizer.build(model.trainable_variables)
    with keras.GradientTape() as tape:
        outputs = model(np.zeros((0, *shape), "float32"), training=True)
        loss = ops.sum(outputs * outputs)
    assert outputs.shape == (0, 2)
    with np.errstate(all="ignore"):
        gradients = tape.gradients_into(loss, model.optimizer.gradient_targets())
    assert len(gradients) == len(model.trainable_variables)


@pytest.mark.parametrize("loss", ["mse", "categorical_crossentropy", "huber", "cosine_similarity"])
def test_losses(loss):
    y_pred = keras.Variable(np.zeros((0, 3), "float32"))
    with keras.GradientTape() as tape:
        value = keras.losses.get(loss)(np.zeros((0, 3), "float32"), y_pred * 1.0)
        value = ops.sum(value)
    assert tape.gradient(value, y_pred).shape == (0, 3)


@pytest.mark.parametrize(
    "make",
    [
        lambda: metrics.AUC(multi_label=True, num_labels=3),
        lambda: metrics.F1Score(),
        lambda: metrics.R2Score(),
        lambda: metrics.Precision(),
        lambda: metrics.MeanSquaredError(),
        lambda: metrics.OneHotMeanIoU(3),
        lambda: metrics.CategoricalAccuracy(),
        lambda: metrics.SensitivityAtSpecificity(0.5),
    ],
)
def test_metrics(make):
    metric = make()
    metric.update_state(np.zeros((0, 3), "float32"), np.zeros((0, 3), "float32"))
    state = [np.array(v.array) for v in metric.variables]
    assert state and not any(s.any() for s in state)


@pytest.mark.parametrize("shuffle", [False, True, "batch"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_ranks_rows_of_arrays_make_the_batches(shuffle, dtype):
    x, y = np.arange(46, dtype=dtype).reshape(23, 2), np.arange(23)

    def batches(cut=None):
        rng = np.random.default_rng(1)
        adapter = ArrayDataAdapter(x, y, batch_size=5, shuffle=shuffle, rng=rng)
        adapter.cut = cut
        return list(adapter)

    whole, parts = batches(), [batches((rank, 3)) for rank in range(3)]
    for i, batch in enumerate(whole):
        for j, array in enumerate(batch):
            own = [part[i].batch[j] for part in parts]
            np.testing.assert_array_equal(np.concatenate(own), array)
            assert [len(a) for a in own] == [part[i].rows.count for part in parts]
            assert own[0].dtype == array.dtype
