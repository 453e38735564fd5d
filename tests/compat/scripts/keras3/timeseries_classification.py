"""Time-series classification with a fully convolutional network, best weights kept by callbacks."""

import os
import tempfile

import numpy as np
import keras

keras.utils.set_random_seed(7)
rng = np.random.default_rng(0)
t = np.linspace(0, 1, 64)
n = 300
label = rng.integers(0, 2, n)
phase = rng.random((n, 1)) * 6
wave = np.where(label[:, None] == 0, np.sin(20 * t + phase), np.sign(np.sin(20 * t + phase)))
x_train = (wave + 0.3 * rng.normal(size=wave.shape))[..., None].astype("float32")
y_train = label


def make_model(input_shape, num_classes):
    input_layer = keras.layers.Input(input_shape)
    conv1 = keras.layers.Conv1D(filters=16, kernel_size=3, padding="same")(input_layer)
    conv1 = keras.layers.BatchNormalization()(conv1)
    conv1 = keras.layers.ReLU()(conv1)
    conv2 = keras.layers.Conv1D(filters=16, kernel_size=3, padding="same")(conv1)
    conv2 = keras.layers.BatchNormalization()(conv2)
    conv2 = keras.layers.ReLU()(conv2)
    gap = keras.layers.GlobalAveragePooling1D()(conv2)
    output_layer = keras.layers.Dense(num_classes, activation="softmax")(gap)
    return keras.models.Model(inputs=input_layer, outputs=output_layer)


model = make_model(input_shape=x_train.shape[1:], num_classes=2)
folder = tempfile.mkdtemp()
path = os.path.join(folder, "best_model.keras")
callbacks = [
    keras.callbacks.ModelCheckpoint(path, save_best_only=True, monitor="val_loss"),
    keras.callbacks.ReduceLROnPlateau(monitor="val_loss", factor=0.5, patience=20, min_lr=0.0001),
    keras.callbacks.EarlyStopping(monitor="val_loss", patience=50, verbose=1),
]
model.compile(
    optimizer="adam",
    loss="sparse_categorical_crossentropy",
    metrics=["sparse_categorical_accuracy"],
)
history = model.fit(
    x_train, y_train, batch_size=32, epochs=60, callbacks=callbacks, validation_split=0.2, verbose=0
)
model = keras.models.load_model(path)
test_loss, test_acc = model.evaluate(x_train[240:], y_train[240:], verbose=0)
print("Test accuracy", test_acc)
assert test_acc > 0.9
assert abs(test_loss - min(history.history["val_loss"])) < 1e-4
