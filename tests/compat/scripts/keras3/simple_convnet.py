"""A simple convnet for handwritten digits (2023)."""

import numpy as np
import keras
from keras import layers
from sklearn.datasets import load_digits

num_classes = 10
input_shape = (8, 8, 1)
keras.utils.set_random_seed(0)

digits = load_digits()
order = np.random.permutation(len(digits.target))
x = digits.images[order].astype("float32") / 16
y = digits.target[order]
x = np.expand_dims(x, -1)
x_train, x_test = x[:1500], x[1500:]
y_train = keras.utils.to_categorical(y[:1500], num_classes)
y_test = keras.utils.to_categorical(y[1500:], num_classes)

model = keras.Sequential(
    [
        keras.Input(shape=input_shape),
        layers.Conv2D(16, kernel_size=(3, 3), activation="relu"),
        layers.MaxPooling2D(pool_size=(2, 2)),
        layers.Conv2D(32, kernel_size=(2, 2), activation="relu"),
        layers.Flatten(),
        layers.Dropout(0.3),
        layers.Dense(num_classes, activation="softmax"),
    ]
)
model.summary()
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(x_train, y_train, batch_size=32, epochs=20, validation_split=0.1, verbose=2)
score = model.evaluate(x_test, y_test, verbose=0)
print("Test loss:", score[0])
print("Test accuracy:", score[1])
assert score[1] > 0.95
