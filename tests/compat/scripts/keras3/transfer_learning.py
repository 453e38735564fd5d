"""Transfer learning: a base trained on half of the digits, frozen, then fine-tuned on the other half."""

import numpy as np
import keras
from keras import layers
from sklearn.datasets import load_digits

keras.utils.set_random_seed(4)
digits = load_digits()
images = digits.images.astype("float32")[..., None] / 16
first = digits.target < 5
base_inputs = keras.Input((8, 8, 1))
x = layers.Conv2D(16, 3, padding="same", activation="relu")(base_inputs)
x = layers.BatchNormalization()(x)
x = layers.MaxPooling2D()(x)
x = layers.Conv2D(32, 3, padding="same", activation="relu")(x)
x = layers.GlobalMaxPooling2D()(x)
base_model = keras.Model(base_inputs, x, name="base")
source = keras.Sequential([base_model, layers.Dense(5, activation="softmax")])
source.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
source.fit(images[first], digits.target[first], epochs=12, verbose=0)

base_model.trainable = False
inputs = keras.Input(shape=(8, 8, 1))
x = base_model(inputs, training=False)
x = layers.Dropout(0.2)(x)
outputs = layers.Dense(5)(x)
model = keras.Model(inputs, outputs)
assert len(model.trainable_weights) == 2
before = [w.copy() for w in base_model.get_weights()]
model.compile(
    optimizer=keras.optimizers.Adam(0.01),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
)
xs, ys = images[~first], digits.target[~first] - 5
h = model.fit(xs[:700], ys[:700], epochs=12, validation_data=(xs[700:], ys[700:]), verbose=0)
print("frozen", h.history["val_accuracy"][-1])
assert all(np.array_equal(a, b) for a, b in zip(before, base_model.get_weights()))
assert h.history["val_accuracy"][-1] > 0.75

base_model.trainable = True
model.compile(
    optimizer=keras.optimizers.Adam(1e-3),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
)
h = model.fit(xs[:700], ys[:700], epochs=8, validation_data=(xs[700:], ys[700:]), verbose=0)
print("fine-tuned", h.history["val_accuracy"][-1])
assert h.history["val_accuracy"][-1] > 0.88
