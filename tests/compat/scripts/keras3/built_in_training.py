"""Training and evaluation with the built-in methods: losses, metrics, weights, callbacks, schedules."""

import numpy as np
import keras
from keras import layers, ops

keras.utils.set_random_seed(2)
rng = np.random.default_rng(0)
x_train = rng.normal(size=(600, 20)).astype("float32")
teacher = rng.normal(size=(20, 3))
y_train = (x_train @ teacher).argmax(1)
x_val, y_val = x_train[500:], y_train[500:]
x_train, y_train = x_train[:500], y_train[:500]


def get_uncompiled_model():
    inputs = keras.Input(shape=(20,), name="digits")
    x = layers.Dense(32, activation="relu", name="dense_1")(inputs)
    x = layers.Dense(32, activation="relu", name="dense_2")(x)
    return keras.Model(inputs, layers.Dense(3, activation="softmax", name="predictions")(x))


class CustomMSE(keras.losses.Loss):
    def __init__(self, regularization_factor=0.1, name="custom_mse"):
        super().__init__(name=name)
        self.regularization_factor = regularization_factor

    def call(self, y_true, y_pred):
        mse = ops.mean(ops.square(y_true - y_pred), axis=-1)
        return mse + self.regularization_factor * ops.mean(ops.square(0.5 - y_pred), axis=-1)


class CategoricalTruePositives(keras.metrics.Metric):
    def __init__(self, name="categorical_true_positives", **kwargs):
        super().__init__(name=name, **kwargs)
        self.true_positives = self.add_variable(shape=(), name="ctp", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_pred = ops.reshape(ops.argmax(y_pred, axis=1), (-1, 1))
        values = ops.cast(y_true, "int32") == ops.cast(y_pred, "int32")
        values = ops.cast(values, "float32")
        self.true_positives.assign_add(ops.sum(values))

    def result(self):
        return self.true_positives.value

    def reset_state(self):
        self.true_positives.assign(0)


model = get_uncompiled_model()
model.compile(
    optimizer=keras.optimizers.RMSprop(learning_rate=1e-3),
    loss=keras.losses.SparseCategoricalCrossentropy(),
    metrics=[keras.metrics.SparseCategoricalAccuracy(), CategoricalTruePositives()],
)
history = model.fit(
    x_train,
    y_train[:, None],
    batch_size=64,
    epochs=25,
    validation_data=(x_val, y_val[:, None]),
    verbose=0,
)
results = model.evaluate(x_val, y_val[:, None], batch_size=128, verbose=0, return_dict=True)
print(results)
assert results["sparse_categorical_accuracy"] > 0.8
assert results["categorical_true_positives"] == round(100 * results["sparse_categorical_accuracy"])

model = get_uncompiled_model()
model.compile(optimizer=keras.optimizers.Adam(), loss=CustomMSE())
one_hot = keras.utils.to_categorical(y_train, 3)
h = model.fit(x_train, one_hot, batch_size=64, epochs=3, verbose=0)
assert h.history["loss"][-1] < h.history["loss"][0]

class_weight = {0: 1.0, 1: 2.0, 2: 1.0}
sample_weight = np.ones(500)
sample_weight[y_train == 2] = 2.0
schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.96, staircase=True)
model = get_uncompiled_model()
model.compile(
    keras.optimizers.Adam(schedule),
    "sparse_categorical_crossentropy",
    metrics=["accuracy"],
    weighted_metrics=["accuracy"],
)
model.fit(x_train, y_train, class_weight=class_weight, epochs=2, verbose=0)
callbacks = [
    keras.callbacks.EarlyStopping(monitor="val_loss", min_delta=1e-2, patience=2, verbose=1),
    keras.callbacks.TerminateOnNaN(),
]
h = model.fit(
    x_train,
    y_train,
    sample_weight=sample_weight,
    epochs=40,
    validation_split=0.2,
    callbacks=callbacks,
    verbose=0,
)
assert len(h.history["val_loss"]) < 40
assert float(model.optimizer.learning_rate) < 0.01
