"""tf.keras of 2019: class weights, metrics by class, a history as a frame."""

import numpy

numpy.random.seed(1337)  # for reproducibility

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers, regularizers

rng = np.random.RandomState(0)
x = rng.randn(1200, 6).astype("float32")
y = (x[:, 0] + 0.5 * x[:, 1] > 1.6).astype("int32")
neg, pos = np.bincount(y)
print("positive: {:.1f}%".format(100 * pos / len(y)))

METRICS = [
    keras.metrics.TruePositives(name="tp"),
    keras.metrics.FalsePositives(name="fp"),
    keras.metrics.BinaryAccuracy(name="accuracy"),
    keras.metrics.Precision(name="precision"),
    keras.metrics.Recall(name="recall"),
    keras.metrics.AUC(name="auc"),
]


def make_model(metrics=METRICS, output_bias=None):
    if output_bias is not None:
        output_bias = tf.keras.initializers.Constant(output_bias)
    model = keras.Sequential(
        [
            keras.layers.Dense(
                16,
                activation="relu",
                kernel_regularizer=regularizers.l2(1e-4),
                input_shape=(x.shape[-1],),
            ),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(1, activation="sigmoid", bias_initializer=output_bias),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(lr=1e-2),
        loss=keras.losses.BinaryCrossentropy(),
        metrics=metrics,
    )
    return model


model = make_model(output_bias=np.log([pos / neg]))
early_stopping = tf.keras.callbacks.EarlyStopping(
    monitor="val_auc", verbose=1, patience=10, mode="max", restore_best_weights=True
)
class_weight = {0: (1 / neg) * len(y) / 2.0, 1: (1 / pos) * len(y) / 2.0}
history = model.fit(
    x,
    y,
    batch_size=64,
    epochs=12,
    callbacks=[early_stopping],
    validation_data=(x, y),
    class_weight=class_weight,
    verbose=0,
)
results = dict(zip(model.metrics_names, model.evaluate(x, y, batch_size=64, verbose=0)))
print(results)
assert list(results) == ["loss", "tp", "fp", "accuracy", "precision", "recall", "auc"]
assert results["recall"] > 0.9 and results["auc"] > 0.97
assert results["tp"] + np.sum((model.predict(x)[:, 0] < 0.5) & (y == 1)) == pos
assert set(history.history) >= {"loss", "auc", "val_auc"}
