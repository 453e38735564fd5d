"""A convnet on small images, in the manner of Keras 2.2's mnist_cnn.py."""

import numpy

numpy.random.seed(1337)  # for reproducibility

import keras
import numpy as np
from keras import backend as K
from keras.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from keras.models import Sequential

batch_size = 64
num_classes = 4
epochs = 6
img_rows, img_cols = 14, 14


def load_data(n, seed):
    """Bars at four places, with noise."""
    rng = np.random.RandomState(seed)
    y = rng.randint(num_classes, size=n)
    x = rng.randint(0, 60, size=(n, img_rows, img_cols))
    for image, label in zip(x, y):
        if label < 2:
            image[3 + 6 * label : 6 + 6 * label] += 120
        else:
            image[:, 3 + 6 * (label - 2) : 6 + 6 * (label - 2)] += 120
    return x.astype("uint8"), y


(x_train, y_train), (x_test, y_test) = load_data(480, 0), load_data(160, 1)

if K.image_data_format() == "channels_first":
    x_train = x_train.reshape(x_train.shape[0], 1, img_rows, img_cols)
    x_test = x_test.reshape(x_test.shape[0], 1, img_rows, img_cols)
    input_shape = (1, img_rows, img_cols)
else:
    x_train = x_train.reshape(x_train.shape[0], img_rows, img_cols, 1)
    x_test = x_test.reshape(x_test.shape[0], img_rows, img_cols, 1)
    input_shape = (img_rows, img_cols, 1)

x_train = x_train.astype("float32")
x_test = x_test.astype("float32")
x_train /= 255
x_test /= 255
print("x_train shape:", x_train.shape)

y_train = keras.utils.to_categorical(y_train, num_classes)
y_test = keras.utils.to_categorical(y_test, num_classes)

model = Sequential()
model.add(Conv2D(8, kernel_size=(3, 3), activation="relu", input_shape=input_shape))
model.add(Conv2D(16, (3, 3), activation="relu"))
model.add(MaxPooling2D(pool_size=(2, 2)))
model.add(Dropout(0.25))
model.add(Flatten())
model.add(Dense(32, activation="relu"))
model.add(Dropout(0.5))
model.add(Dense(num_classes, activation="softmax"))

model.compile(
    loss=keras.losses.categorical_crossentropy,
    optimizer=keras.optimizers.Adadelta(1.0),
    metrics=["accuracy"],
)

history = model.fit(
    x_train,
    y_train,
    batch_size=batch_size,
    epochs=epochs,
    verbose=2,
    validation_data=(x_test, y_test),
)
score = model.evaluate(x_test, y_test, verbose=0)
print("Test loss:", score[0])
print("Test accuracy:", score[1])

assert score[1] > 0.9, score
assert len(history.history["val_accuracy"]) == epochs
